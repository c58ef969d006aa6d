import { FRAGMENT_FRAME_BYTES, FRAGMENT_ID_BYTES, PAYLOAD_KIND, splitMessage } from '@fog/sphinx';
import { destinationOf } from './addresses.ts';
import type { ClientCore } from './client-core.ts';
import { drawBytes } from './draws.ts';
import { LEVELS } from './levels.ts';
import type { MixAddress, SendOptions } from './mix-client-api.ts';
import { sealedRoom } from './sealed-content.ts';

const PART_BYTES = sealedRoom(0) - FRAGMENT_FRAME_BYTES;

/** Sends all fragments, each its own way; resolves when the gateway has them. */
export async function sendMessage(
  core: ClientCore,
  destination: MixAddress,
  message: Uint8Array,
  { level, hops = LEVELS[level].hops, signal }: SendOptions,
): Promise<void> {
  const to = destinationOf(destination);
  const leg = { purpose: `level ${level}`, hops, classAt: () => LEVELS[level].delayClass };
  const fragments = splitMessage(message, drawBytes(core.random, FRAGMENT_ID_BYTES), PART_BYTES);
  await Promise.all(
    fragments.map((data) =>
      core.outbox.submit((packet, entry) => {
        const route = core.plan({ ...leg, entry, exit: to.relay });
        core.maker.deliver(packet, route, to, { kind: PAYLOAD_KIND.fragment, surbs: [], data });
      }, signal),
    ),
  );
}
