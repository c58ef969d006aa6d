/** Checks a consensus here, with the code of any reader: signatures, form, and the draw of its relays. */
import path from 'node:path';
import { type MixNetwork, openSignedConsensus, verifyLottery } from '@fog/mixnet';
import type { MixConsensus } from '@fog/wire';
import { fail } from '../errors.ts';
import { readNetworkFile } from './network-file.ts';

export interface CheckedLottery {
  readonly epoch: number;
  readonly revision: number;
  readonly signers: readonly string[];
  readonly threshold: number;
  readonly sharedRandom: string;
  readonly relays: number;
  readonly active: number;
  readonly drawn: number;
  readonly maxActive: number;
  /** Where the keys of the authorities came from: from the fog alone it could be all made up. */
  readonly keysFrom: 'file' | 'fog';
}

/** Throws FOG_LOTTERY with what does not hold. `dataDir` is looked at for the keys of this network. */
export async function checkLottery(
  answer: MixConsensus,
  dataDir: string | undefined,
): Promise<CheckedLottery> {
  const pinned = dataDir === undefined ? undefined : await pinnedNetwork(dataDir, answer.network);
  const verdict = openSignedConsensus(
    {
      document: bytes(answer.document),
      signatures: answer.signatures.map(({ authority, signature }) => ({
        authority,
        signature: bytes(signature),
      })),
    },
    pinned ?? networkOf(answer),
  );
  if (!verdict.ok) throw refused(verdict.reason);
  const { consensus, signers } = verdict.opened;
  const draw = verifyLottery(consensus);
  if (!draw.ok) throw refused(`relay ${draw.relay}: ${draw.reason}`);
  return {
    epoch: consensus.epoch,
    revision: consensus.revision,
    signers,
    threshold: answer.threshold,
    sharedRandom: Buffer.from(consensus.sharedRandom).toString('hex'),
    relays: consensus.relays.length,
    active: draw.active,
    drawn: draw.drawn,
    maxActive: consensus.maxActive,
    keysFrom: pinned === undefined ? 'fog' : 'file',
  };
}

async function pinnedNetwork(dataDir: string, name: string): Promise<MixNetwork | undefined> {
  const file = path.join(dataDir, 'mixnet', 'network.json');
  const network = await readNetworkFile(file).catch(() => undefined);
  return network?.name === name ? network : undefined;
}

function networkOf({ network, threshold, epochMs, authorities }: MixConsensus): MixNetwork {
  return {
    name: network,
    threshold,
    epochMs,
    authorities: authorities.map(({ id, key, vrfKey, url }) => ({
      id,
      url,
      key: bytes(key),
      vrfKey: bytes(vrfKey),
    })),
  };
}

function refused(reason: string): Error {
  return fail('FOG_LOTTERY', { message: `The consensus does not stand the check: ${reason}.` });
}

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}
