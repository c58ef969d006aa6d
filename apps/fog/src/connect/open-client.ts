import type { FlagValues } from '../command/command.ts';
import type { FOG_FLAGS } from '../command/shared-flags.ts';
import { dataDirOf } from '../process/data-dir.ts';
import type { Host } from '../process/host.ts';
import { type FoundFog, needFog } from './find-fog.ts';

export interface OpenClient extends FoundFog {
  readonly signal: AbortSignal;
}

/** The client of a command that asks a running fog. Throws FOG_NONE_RUNNING. */
export async function openClient(
  flags: FlagValues<typeof FOG_FLAGS>,
  host: Host,
): Promise<OpenClient> {
  const signal = host.interrupts.asked;
  const dataDir = dataDirOf(flags['data-dir'], host.env);
  const found = await needFog({ fog: flags.fog, dataDir, env: host.env, signal }, host.self);
  return { ...found, signal };
}
