import { errorMessage, FogError } from '@fog/kernel';
import type { ServiceStatus } from '@fog/wire';
import { findFog, type FogChoice, type FoundFog } from '../connect/find-fog.ts';
import { type Check, failed, ok, warn } from './check.ts';

export interface FogChecks {
  readonly check: Check;
  readonly found?: FoundFog;
  /** As the running fog tells it; undefined when it told nothing. */
  readonly store?: Check;
  /** It runs, whatever it can do. */
  readonly runs: boolean;
}

/** Asks the fog that is named or runs here. */
export async function checkFog(choice: FogChoice): Promise<FogChecks> {
  try {
    const found = await findFog(choice);
    if (found === undefined) {
      const detail = `none runs on ${choice.dataDir}; "fog run" works without one`;
      return { check: ok('fog', detail), runs: false };
    }
    const { nodes, services } = await found.client.status({ signal: choice.signal });
    // The status comes from memory; this needs the database.
    await found.client.jobs({ limit: 1, signal: choice.signal });
    const check = ok('fog', `${found.client.url} answers, nodes online: ${nodes.online}`);
    const store = services.find(({ name }) => name === 'store');
    return { check, found, runs: true, ...(store && { store: storeCheck(store) }) };
  } catch (error) {
    choice.signal.throwIfAborted();
    return refusal(error);
  }
}

/** Errors of this side: nothing that is a fog answered to the token. */
const OWN = /^(?:CLIENT|CRYPTO|FOG)_/;

function refusal(error: unknown): FogChecks {
  const cause = errorMessage(error);
  if (!(error instanceof FogError) || OWN.test(error.code)) {
    return { check: failed('fog', cause, 'Check --fog, FOG_URL and FOG_TOKEN.'), runs: false };
  }
  const remedy = 'The fog runs and says so itself: mend that, and it goes on.';
  return { check: failed('fog', `it answers: ${cause}`, remedy), runs: true };
}

function storeCheck({ health, detail = health }: ServiceStatus): Check {
  if (health === 'healthy') return ok('store', `of the running fog: ${detail}`);
  const say = health === 'degraded' ? warn : failed;
  return say('store', detail, 'The running fog says so: "fog status" shows when it is mended.');
}
