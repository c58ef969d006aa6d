/** A real PostgreSQL server in a directory and at a port of its own. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { chmod, chown, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { type TempDir, tempDir } from '../temp-dir.ts';
import { freePort } from './free-port.ts';
import { createServerProcess, type TestServer } from './server-process.ts';

const run = promisify(execFile);

export interface PostgresServer extends TestServer {
  readonly user: string;
  readonly password: string;
  /** File of the certificate when it takes TLS. */
  readonly certificate: string | undefined;
  /** With the password: for the environment only. */
  url(database?: string): string;
  /** A new, empty database; returns its URL. */
  createDatabase(name: string): Promise<string>;
  /** Runs SQL as the superuser with the server's own client; gives what it prints, unadorned. */
  sql(database: string, text: string): Promise<string>;
}

export interface PostgresOptions {
  /** `name=value` of postgresql.conf. */
  readonly settings?: readonly string[];
  /** Also takes TLS, with a certificate of its own for 127.0.0.1. */
  readonly tls?: boolean;
}

const VERSIONS = '/usr/lib/postgresql';
const USER = 'fog';
const COMMAND_MS = 60_000;

/** The server refuses to run as root: then it runs as the account that its package makes. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const bin = postgresBinaries();
  const account = process.getuid?.() === 0 ? await serverAccount() : undefined;
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir());
  const password = randomBytes(12).toString('hex');
  const data = dir.file('data');
  await writeFile(dir.file('password'), password, { mode: 0o600 });
  if (account !== undefined) {
    await chown(dir.path, account.uid, account.gid);
    await chown(dir.file('password'), account.uid, account.gid);
  }
  const asServer = (args: readonly string[]): { command: string; args: readonly string[] } => {
    const [command = '', ...rest] = [...demotion(account), ...args];
    return { command, args: rest };
  };
  const who = ['--username', USER, '--pwfile', dir.file('password'), '--auth=scram-sha-256'];
  const form = ['--locale=C', '--encoding=UTF8', '--no-sync'];
  const initdb = asServer([path.join(bin, 'initdb'), '--pgdata', data, ...who, ...form]);
  await run(initdb.command, initdb.args, { cwd: dir.path, timeout: COMMAND_MS });
  const certificate = options.tls === true ? await makeCertificate(dir, account) : undefined;
  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', `port=${port}`];
  // In its directory, so that nothing outlives a kill -9.
  settings.push('dynamic_shared_memory_type=mmap');
  if (certificate !== undefined) {
    settings.push('ssl=on', `ssl_cert_file=${certificate}`, `ssl_key_file=${dir.file('key.pem')}`);
  }
  const flags = [...settings, ...(options.settings ?? [])].flatMap((setting) => ['-c', setting]);
  const server = asServer([path.join(bin, 'postgres'), '-D', data, ...flags]);
  const child = { ...server, cwd: dir.path };
  const ready = /database system is ready to accept connections/;
  const control = stack.use(createServerProcess({ options: child, ready, stopSignal: 'SIGINT' }));
  await control.start();
  const host = '127.0.0.1';
  const url = (database = 'postgres'): string =>
    `postgres://${USER}:${password}@${host}:${port}/${database}`;
  const sql = async (database: string, text: string): Promise<string> => {
    const target = ['-h', host, '-p', String(port), '-U', USER, '-d', database];
    const { stdout } = await run(
      path.join(bin, 'psql'),
      [...target, '-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1', '-c', text],
      { env: { ...process.env, PGPASSWORD: password }, timeout: COMMAND_MS, cwd: '/' },
    );
    return stdout.trim();
  };
  const owned = stack.move();
  return {
    ...control,
    host,
    port,
    user: USER,
    password,
    certificate,
    url,
    sql,
    createDatabase: async (name) => {
      await sql('postgres', `create database "${name}"`);
      return url(name);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function makeCertificate(dir: TempDir, account: ServerAccount | undefined): Promise<string> {
  const [key, certificate] = [dir.file('key.pem'), dir.file('certificate.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const files = ['-keyout', key, '-out', certificate];
  await run('openssl', ['req', '-x509', ...curve, ...names, ...files], { timeout: COMMAND_MS });
  await chmod(key, 0o600);
  if (account !== undefined) await chown(key, account.uid, account.gid);
  return certificate;
}

function postgresBinaries(): string {
  let versions: string[] = [];
  try {
    versions = readdirSync(VERSIONS).filter((name) => /^\d+$/.test(name));
  } catch {
    // Not installed: said below.
  }
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0];
  if (newest !== undefined) return path.join(VERSIONS, newest, 'bin');
  throw new Error(
    `There is no PostgreSQL server in ${VERSIONS}: install Debian's package "postgresql" (apt-get install -y postgresql).`,
  );
}

interface ServerAccount {
  readonly uid: number;
  readonly gid: number;
}

async function serverAccount(): Promise<ServerAccount> {
  const ask = async (flag: string): Promise<number> =>
    Number((await run('id', [flag, 'postgres'])).stdout);
  return { uid: await ask('-u'), gid: await ask('-g') };
}

function demotion(account: ServerAccount | undefined): readonly string[] {
  if (account === undefined) return [];
  return ['setpriv', `--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups', '--'];
}
