import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { errorMessage } from '@fog/kernel';
import type { HostPort, ListenOptions } from '@fog/server';
import { fail } from '../errors.ts';

export interface ListenFlags {
  readonly listen: readonly string[];
  readonly public: readonly string[];
  readonly 'tls-cert': string | undefined;
  readonly 'tls-key': string | undefined;
}

/** Of TCP. */
export const MAX_PORT = 65_535;

/** Undefined: this machine alone finds the fog. Throws FOG_USAGE. */
export async function readListen(flags: ListenFlags): Promise<ListenOptions | undefined> {
  const cert = flags['tls-cert'];
  const key = flags['tls-key'];
  if ((cert === undefined) !== (key === undefined)) {
    throw wrong('--tls-cert and --tls-key belong together: give both, or neither.');
  }
  const addresses = flags.listen.map((text) => hostPort('--listen', text));
  if (addresses.length === 0) {
    const [idle] = [
      ...flags.public.map(() => '--public'),
      ...(cert === undefined ? [] : ['--tls-cert']),
    ];
    if (idle === undefined) return undefined;
    throw wrong(
      `${idle} needs --listen HOST:PORT; --listen 0.0.0.0:7700 takes all of this machine's addresses.`,
    );
  }
  const port = addresses[0]?.port;
  const names = flags.public.map((text) => hostPort('--public', text, port));
  if (cert === undefined || key === undefined) return { addresses, public: names };
  const certificate = {
    key: await readPem('--tls-key', key),
    certificate: await readPem('--tls-cert', cert),
  };
  return { addresses, public: names, certificate };
}

function hostPort(flag: string, text: string, fallback?: number): HostPort {
  const isBareV6 = isIP(text) === 6;
  const [, host = '', digits] = isBareV6
    ? [text, `[${text}]`, undefined]
    : (/^(\[[^\]]+\]|[^:/@,\s]+)(?::(\d{1,5}))?$/.exec(text) ?? []);
  const port = digits === undefined ? fallback : Number(digits);
  const isHost = host !== '' && URL.canParse(`https://${host}:1`);
  if (isHost && port !== undefined && port <= MAX_PORT) return { host: host.toLowerCase(), port };
  const form = fallback === undefined ? 'HOST:PORT like 0.0.0.0:7700' : 'HOST or HOST:PORT';
  throw wrong(`${flag} ${text}: must be ${form}, an IPv6 address in brackets.`);
}

async function readPem(flag: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw wrong(`${flag} ${file}: ${errorMessage(error)}.`);
  }
}

function wrong(message: string): Error {
  return fail('FOG_USAGE', { message });
}
