import { isFogError } from '@fog/kernel';
import { createClient, type FogClient } from '@fog/server/client';
import { defaultDataDir } from '../../bin/data-dir.js';
import { fail } from '../errors.ts';
import { readEndpoint } from './endpoint.ts';
import { completeAddress, rememberFog } from './known-address.ts';

export interface FogChoice {
  /** `--fog`. */
  readonly fog: string | undefined;
  readonly dataDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

export interface FogTarget {
  readonly url: string;
  readonly token: string;
  /** `given`: the user named it. `local`: the endpoint file did. */
  readonly source: 'given' | 'local';
}

/** A fog that does not answer its own status in this time is not there. */
const ALIVE_MS = 5_000;

/** `--fog`, then FOG_URL, then the endpoint file of a running `fog up`; undefined when there is none. */
export async function findTarget(choice: FogChoice): Promise<FogTarget | undefined> {
  const { env, dataDir } = choice;
  const given = choice.fog ?? (env['FOG_URL'] || undefined);
  const endpoint = await readEndpoint(dataDir);
  if (given === undefined) return endpoint === undefined ? undefined : local(endpoint);
  const token =
    env['FOG_TOKEN'] || (sameOrigin(given, endpoint?.url) ? endpoint?.token : undefined);
  if (token !== undefined) {
    return { url: await completeAddress(given, dataDir), token, source: 'given' };
  }
  throw fail('FOG_NEEDS_TOKEN', {
    message: `No token is known for the fog at ${given}. Set FOG_TOKEN to what is in the token file that its "fog up" names.`,
    details: { url: given },
  });
}

function local({ url, token }: { url: string; token: string }): FogTarget {
  return { url, token, source: 'local' };
}

function sameOrigin(a: string, b: string | undefined): boolean {
  if (b === undefined || !URL.canParse(a)) return false;
  return new URL(a).origin === new URL(b).origin;
}

export interface FoundFog {
  readonly target: FogTarget;
  readonly client: FogClient;
}

/**
 * The fog to use, asked whether it is alive; undefined when none was named and none runs here. A fog the
 * user named must answer: its error is thrown.
 */
export async function findFog(choice: FogChoice): Promise<FoundFog | undefined> {
  const target = await findTarget(choice);
  if (target === undefined) return undefined;
  const client = createClient(target);
  try {
    const status = await client.status({
      signal: AbortSignal.any([choice.signal, AbortSignal.timeout(ALIVE_MS)]),
    });
    if (target.source === 'given') await rememberFog(target.url, status.addresses, choice.dataDir);
    return { target, client };
  } catch (error) {
    choice.signal.throwIfAborted();
    if (target.source === 'local' && isAbsent(error)) return undefined;
    throw error;
  }
}

/** What a killed `fog up` left behind: nobody listens, or somebody else does. */
function isAbsent(error: unknown): boolean {
  return ['CLIENT_UNREACHABLE', 'CLIENT_UNAUTHORISED', 'CLIENT_BAD_ANSWER'].some((code) =>
    isFogError(error, code),
  );
}

/** As `findFog`, for commands that make no fog of their own. Throws FOG_NONE_RUNNING. */
export async function needFog(choice: FogChoice, self: string): Promise<FoundFog> {
  const found = await findFog(choice);
  if (found !== undefined) return found;
  const isUsual = choice.dataDir === defaultDataDir(choice.env);
  const up = isUsual ? `${self} up` : `${self} up --data-dir ${choice.dataDir}`;
  throw fail('FOG_NONE_RUNNING', {
    message: `No fog runs on ${choice.dataDir}. Start one with "${up}", or name one with --fog URL.`,
    details: { dataDir: choice.dataDir },
  });
}
