import { findFog, findTarget } from '../connect/find-fog.ts';
import { createFogLink, type FogLink } from '../connect/fog-link.ts';
import { fail } from '../errors.ts';
import { type Host, say } from '../process/host.ts';
import type { SandboxChoice } from './run-flags.ts';

export interface OpenFog extends AsyncDisposable {
  readonly link: FogLink;
  /** True when the fog lives in this process and ends with it. */
  readonly embedded: boolean;
}

export interface OpenFogOptions {
  readonly fog: string | undefined;
  readonly dataDir: string;
  readonly sandbox: SandboxChoice;
  readonly verbose: boolean;
  /** The job shall outlive this command, so the fog must as well. */
  readonly detach: boolean;
}

/** The fog that was named or runs here, else one inside this process. */
export async function openFog(host: Host, options: OpenFogOptions): Promise<OpenFog> {
  const { asked, forced } = host.interrupts;
  const choice = { fog: options.fog, dataDir: options.dataDir, env: host.env, signal: asked };
  const found = await findFog(choice);
  const tell = (text: string): void => void say(host, text);
  const deps = { clock: host.clock, signal: forced, tell };
  if (found !== undefined) {
    const locate = (): ReturnType<typeof findTarget> => findTarget(choice);
    const link = createFogLink(found.target, found.client, { ...deps, locate });
    return { link, embedded: false, [Symbol.asyncDispose]: async () => {} };
  }
  if (options.detach) throw detachEmbedded(host, options.dataDir);
  const { startEmbeddedFog } = await import('../compose/embedded-fog.ts');
  const fog = await startEmbeddedFog(host, options);
  const locate = async (): Promise<undefined> => undefined;
  const link = createFogLink(fog.target, fog.client, { ...deps, locate });
  return { link, embedded: true, [Symbol.asyncDispose]: () => fog[Symbol.asyncDispose]() };
}

function detachEmbedded(host: Host, dataDir: string): Error {
  return fail('FOG_DETACH_EMBEDDED', {
    message: `--detach needs a fog that stays, and none runs on ${dataDir}. Start one with "${host.self} up" in another terminal, or leave --detach out.`,
  });
}
