import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Clock, errorMessage, formatDuration } from '@fog/kernel';
import { openStore } from '@fog/store';
import { type Check, failed, ok } from './check.ts';

/** Opens a store of its own below `scratch`, makes all tables and commits once. */
export async function checkStore(scratch: string, clock: Clock): Promise<Check> {
  const dir = path.join(scratch, 'store');
  try {
    const store = await openStore({ dir });
    const startedAt = clock.monotonicMs();
    try {
      await store.write(async () => {});
    } finally {
      await store.close();
    }
    const commit = formatDuration(clock.monotonicMs() - startedAt);
    const mode = journalMode(path.join(dir, 'fog.db'));
    return ok('store', `SQLite ${process.versions.sqlite}, journal ${mode}, one commit ${commit}`);
  } catch (error) {
    return failed(
      'store',
      errorMessage(error),
      'Check the permissions and the disk of the data directory.',
    );
  }
}

function journalMode(file: string): string {
  const database = new DatabaseSync(file);
  try {
    const row = database.prepare('pragma journal_mode').get();
    return String(row?.['journal_mode']);
  } finally {
    database.close();
  }
}
