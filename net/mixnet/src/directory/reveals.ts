/**
 * Who owes which VRF output. A relay that mixed in an epoch must reveal that epoch's output once its key is
 * erased; one that does not within two epochs of that is not told from one that cheats on its delays.
 */
import { sameBytes, vrfVerify } from '@fog/crypto';
import type { RelayDescriptor, VerifiedConsensus } from './documents.ts';
import { bytes, flag, identityText, integer, list, record, type Shape } from './fields.ts';
import { MAX_COUNTER, MAX_RELAYS, MAX_VALUE_HISTORY, REVEAL_AFTER_EPOCHS } from './limits.ts';
import { SHARED_RANDOM_BYTES, vrfInput } from './vrf-input.ts';

export interface Period {
  readonly epoch: number;
  readonly sharedRandom: Uint8Array;
  readonly relays: readonly Debt[];
}

interface Debt {
  readonly relay: string;
  readonly vrfKey: Uint8Array;
  readonly revealed: boolean;
}

export const periodShape: Shape<Period> = record({
  epoch: integer(0, MAX_COUNTER),
  sharedRandom: bytes(SHARED_RANDOM_BYTES),
  relays: list(
    record({ relay: identityText, vrfKey: bytes(SHARED_RANDOM_BYTES), revealed: flag }),
    0,
    MAX_RELAYS,
  ),
});

export interface Reveals {
  /** The relays that run in this epoch, by the consensus in force. */
  begin(epoch: number, consensus: VerifiedConsensus): void;
  /** Marks what a descriptor reveals, where it is right. */
  take(descriptor: RelayDescriptor): void;
  /** Relays that should have revealed by the time of a consensus of this epoch. */
  silent(epoch: number): Set<string>;
  periods(): readonly Period[];
}

export function createReveals(stored: readonly Period[]): Reveals {
  let periods = new Map(stored.map((period) => [period.epoch, period]));
  return {
    begin: (epoch, { consensus }) => {
      const known = periods.get(epoch);
      const same = known !== undefined && sameBytes(known.sharedRandom, consensus.sharedRandom);
      const owing = new Map(same ? known.relays.map((debt) => [debt.relay, debt]) : []);
      for (const { descriptor, flags } of consensus.relays) {
        if (!flags.includes('Running') || owing.has(descriptor.id)) continue;
        const { id, vrfKey } = descriptor;
        owing.set(id, { relay: id, vrfKey, revealed: false });
      }
      const { sharedRandom } = consensus;
      periods.set(epoch, { epoch, sharedRandom, relays: [...owing.values()] });
      periods = new Map([...periods].filter(([each]) => each > epoch - MAX_VALUE_HISTORY));
    },
    take: ({ id, reveals }) => {
      for (const { epoch, output, proof } of reveals) {
        const period = periods.get(epoch);
        const debt = period?.relays.find(({ relay }) => relay === id);
        if (period === undefined || debt === undefined || debt.revealed) continue;
        const proven = vrfVerify(debt.vrfKey, vrfInput(epoch, period.sharedRandom), proof);
        if (proven === undefined || !sameBytes(proven, output)) continue;
        const relays = period.relays.map((each) =>
          each === debt ? { ...each, revealed: true } : each,
        );
        periods.set(epoch, { ...period, relays });
      }
    },
    silent: (epoch) => silentRelays(periods, epoch),
    periods: () => [...periods.values()],
  };
}

/** When over a third owe theirs, the fault is more likely the network's, and it must not end for that. */
function silentRelays(periods: ReadonlyMap<number, Period>, epoch: number): Set<string> {
  const due = [...periods.values()].filter((period) => period.epoch <= epoch - REVEAL_AFTER_EPOCHS);
  const debts = due.flatMap(({ relays }) => relays);
  const all = new Set(debts.map(({ relay }) => relay));
  const silent = new Set(debts.filter(({ revealed }) => !revealed).map(({ relay }) => relay));
  return silent.size * 3 > all.size ? new Set() : silent;
}
