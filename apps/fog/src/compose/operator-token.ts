import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { replacePrivateFile } from '@fog/kernel/files';
import type { Credentials } from '@fog/server';

/** The token of this machine's own commands, kept over restarts in a file that only this user can read. */
export function operatorTokenFile(dataDir: string): string {
  return path.join(dataDir, 'operator.token');
}

/** The stored token while the fog takes it, else a new one. */
export async function openOperatorToken(
  dataDir: string,
  credentials: Credentials,
): Promise<string> {
  const operator = await credentials.ensureOperator();
  const file = operatorTokenFile(dataDir);
  const stored = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (stored !== '' && (await credentials.authenticate(stored)) !== undefined) return stored;
  const token = operator.token ?? (await credentials.issueToken(operator.account, 'this machine'));
  await replacePrivateFile(file, `${token}\n`);
  return token;
}
