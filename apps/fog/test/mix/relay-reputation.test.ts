import assert from 'node:assert/strict';
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { silentLogger } from '@fog/kernel';
import type { RelayEvidence } from '@fog/coordinator';
import type { ConsensusClient, VerifiedConsensus } from '@fog/mixnet';
import { tempDir, VirtualClock } from '@fog/testkit';
import { createRelayReputation, type RelayBook } from '../../src/mix/relay-reputation.ts';

const NOW = Date.UTC(2030, 0, 1);
const IDS = ['a', 'b', 'c', 'd'];

/** A consensus in which all say of all that nothing is lost, but half of what goes over `bad`. */
function consensus(epoch: number, bad: string): VerifiedConsensus {
  const relays = IDS.map((id) => {
    const peers = IDS.filter((peer) => peer !== id);
    const loss = peers.map((peer) => ({ peer, sent: 100, lost: peer === bad ? 50 : 0 }));
    return { descriptor: { id, loss } };
  });
  const hash = new Uint8Array(32).fill(epoch);
  return { consensus: { network: 'net', epoch, relays }, hash } as unknown as VerifiedConsensus;
}

interface World {
  readonly noted: RelayEvidence[];
  readonly counted: unknown[];
  readonly book: RelayBook;
  tell(verified: VerifiedConsensus): void;
  readonly directory: Pick<ConsensusClient, 'opened' | 'onConsensus'>;
}

function world(lower: (relay: string) => number = () => 0.5, keeps = true): World {
  const noted: RelayEvidence[] = [];
  const listeners = new Set<(verified: VerifiedConsensus) => void>();
  return {
    noted,
    counted: [],
    tell: (verified) => {
      for (const listener of listeners) listener(verified);
    },
    directory: {
      opened: undefined,
      onConsensus: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    book: {
      noteRelays: (findings) => {
        noted.push(...findings);
        return findings;
      },
      relayReputation: (relays) =>
        keeps ? { lower: relays.map(lower), newcomer: 0.009 } : undefined,
    },
  };
}

function serviceOf({ directory, book, counted }: World, file: string) {
  const metrics = {
    count: (name: string, labels?: object, by?: number) => {
      if (by !== 0) counted.push([name, labels]);
    },
    gauge: () => {},
    observe: () => {},
  };
  const clock = new VirtualClock(NOW);
  return createRelayReputation(file, { clock, logger: silentLogger, metrics, directory, book });
}

describe('reputations of relays', () => {
  it('get what a consensus says of losses, and the authorities get the reputations', async () => {
    await using dir = await tempDir();
    const file = dir.file('standing.json');
    const made = world((relay) => (relay === 'c' ? 0.02 : 2));
    const service = serviceOf(made, file);
    await service.start(AbortSignal.timeout(1_000));
    made.tell(consensus(7, 'c'));
    await service.stop();
    made.tell(consensus(8, 'c'));
    const shown = new Set(
      made.noted.map((one) => `${one.relay} ${one.kind} ${one.epoch} ${one.good}`),
    );
    assert.deepEqual(shown, new Set(IDS.map((id) => `${id} relay_loss 7 ${id !== 'c'}`)));
    assert.equal(made.noted.length, IDS.length);
    assert.deepEqual(
      new Set(made.noted.map(({ network, consensus: hash }) => `${network} ${hash}`)),
      new Set([`net ${'07'.repeat(32)}`]),
    );
    assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), {
      version: 1,
      network: 'net',
      time: NOW,
      reputationPpm: { a: 1_000_000, b: 1_000_000, c: 20_000, d: 1_000_000 },
      newcomerPpm: 9_000,
    });
    assert.deepEqual(made.counted[0], [
      'fog_mixnet_relay_findings_total',
      { kind: 'relay_loss', good: 'true' },
    ]);
  });

  it('outlive a coordinator whose term ends', async () => {
    await using dir = await tempDir();
    const made = world();
    const noteRelays = (): never => {
      throw new Error('it stops');
    };
    const service = serviceOf({ ...made, book: { ...made.book, noteRelays } }, dir.file('s.json'));
    await service.start(AbortSignal.timeout(1_000));
    made.tell(consensus(7, 'c'));
    await service.stop();
  });

  it('write nothing while another coordinator keeps them', async () => {
    await using dir = await tempDir();
    const file = dir.file('standing.json');
    const made = world(undefined, false);
    const service = serviceOf(made, file);
    await service.start(AbortSignal.timeout(1_000));
    made.tell(consensus(7, 'c'));
    await service.stop();
    await assert.rejects(readFile(file), { code: 'ENOENT' });
  });

  it('say that they cannot be written, and write once they can', async () => {
    await using dir = await tempDir();
    const file = dir.file('later/standing.json');
    const made = world();
    const service = serviceOf(made, file);
    const signal = AbortSignal.timeout(1_000);
    await service.start(signal);
    made.tell(consensus(7, 'c'));
    await service.stop();
    const { state, detail } = await service.health(signal);
    assert.equal(state, 'degraded');
    assert.match(detail ?? '', /cannot be written/);
    await mkdir(path.dirname(file));
    await service.start(signal);
    made.tell(consensus(8, 'c'));
    await service.stop();
    assert.deepEqual(await service.health(signal), { state: 'healthy' });
    await rm(path.dirname(file), { recursive: true });
  });
});
