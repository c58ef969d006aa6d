import type { TaskOutcome } from '@fog/wire';
import type { RunSession } from './run-session.ts';
import { prepareOutputDir, saveOutput } from './save-outputs.ts';

/** Where the files of one task of an array go. */
export function indexDir(outputDir: string | undefined, index: number): string | undefined {
  return outputDir === undefined ? undefined : `${outputDir}/${index}`;
}

/** Saves what the task handed back; answers the paths written. */
export async function saveTask(
  session: Pick<RunSession, 'id' | 'link' | 'signal'>,
  { index, outcome }: Pick<TaskOutcome, 'index' | 'outcome'>,
  directory: string | undefined,
): Promise<string[]> {
  if (directory === undefined) return [];
  const root = await prepareOutputDir(directory);
  const saved: string[] = [];
  for (const file of outcome.files) {
    const { path, bytes } = file;
    // The whole file again when the connection breaks: it is written whole or not at all.
    const target = await session.link.call(async (client) => {
      const source =
        bytes.data === undefined
          ? await client.readFile(session.id, index, path, { signal: session.signal })
          : oneChunk(Buffer.from(bytes.data, 'base64'));
      return saveOutput(root, path, source);
    });
    saved.push(target);
  }
  return saved;
}

async function* oneChunk(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}
