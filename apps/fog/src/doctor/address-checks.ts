import { errorMessage } from '@fog/kernel';
import { createClient } from '@fog/server/client';
import type { FoundFog } from '../connect/find-fog.ts';
import { type Check, ok, warn } from './check.ts';

/** A firewall that drops packets answers nothing at all. */
const ANSWER_MS = 5_000;

/** Calls the fog at each address it tells to other machines, with the key that stands there. */
export async function* checkAddresses(
  { target, client }: FoundFog,
  signal: AbortSignal,
): AsyncGenerator<Check> {
  const { addresses = [] } = await client.status({ signal });
  for (const url of addresses) {
    const timely = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
    try {
      await createClient({ url, token: target.token }).status({ signal: timely });
      yield ok('address', `${url} answers`);
    } catch (error) {
      signal.throwIfAborted();
      const remedy =
        'Other machines are told this address: check the firewall, --listen and --public.';
      yield warn('address', `${url}: ${errorMessage(error)}`, remedy);
    }
  }
}
