import { FRAGMENT_ID_BYTES, PAYLOAD_KIND, splitMessage } from '@fog/sphinx';
import { destinationId } from './addresses.ts';
import type { ClientCore } from './client-core.ts';
import { drawBytes } from './draws.ts';
import { LEVELS } from './levels.ts';
import type { MixAddress, SendOptions } from './mix-client-api.ts';

/** Sends all fragments, each its own way; resolves when the gateway has them. */
export async function sendMessage(
  core: ClientCore,
  destination: MixAddress,
  message: Uint8Array,
  { level, hops = LEVELS[level].hops, signal }: SendOptions,
): Promise<void> {
  const id = destinationId(destination);
  const leg = { purpose: `level ${level}`, hops, classAt: () => LEVELS[level].delayClass };
  const fragments = splitMessage(message, drawBytes(core.random, FRAGMENT_ID_BYTES));
  await Promise.all(
    fragments.map((data) =>
      core.outbox.submit((packet, entry) => {
        const route = core.plan({ ...leg, entry, exit: destination.relay });
        core.maker.deliver(packet, route, id, { kind: PAYLOAD_KIND.fragment, surbs: [], data });
      }, signal),
    ),
  );
}
