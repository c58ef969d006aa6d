/** `<data dir>/endpoint.json`: where the fog of this user listens, and the token that lets its commands in. */
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { replacePrivateFile } from '@fog/kernel/files';
import { z } from 'zod';

const Endpoint = z.object({
  url: z.url(),
  token: z.string().min(1).max(1024),
  pid: z.int().positive(),
});
export type Endpoint = z.infer<typeof Endpoint>;

export function endpointFile(dataDir: string): string {
  return path.join(dataDir, 'endpoint.json');
}

/** Undefined when no fog wrote one, or it is damaged. */
export async function readEndpoint(dataDir: string): Promise<Endpoint | undefined> {
  try {
    return Endpoint.parse(JSON.parse(await readFile(endpointFile(dataDir), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Whole or not at all, readable by this user only. The answer removes it again, if it is still ours. */
export async function writeEndpoint(
  dataDir: string,
  endpoint: Endpoint,
): Promise<() => Promise<void>> {
  const file = endpointFile(dataDir);
  await replacePrivateFile(file, `${JSON.stringify(endpoint)}\n`);
  return async () => {
    if ((await readEndpoint(dataDir))?.pid === endpoint.pid) await rm(file, { force: true });
  };
}
