import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { Logger, LogFields } from '@fog/kernel';
import { pino, type Logger as Pino } from 'pino';

/** With the one kept from before at most twice this: months of a quiet fog, hours of a busy one. */
const MAX_LOG_BYTES = 10 * 1024 * 1024;
/** A second wall: callers do not log secrets. */
const REDACTED = [
  'token',
  'httpToken',
  'joinCode',
  'code',
  'authorization',
  'password',
  'secret',
  'seed',
];

export interface LogOptions {
  /** The log goes to `<dataDir>/logs/fog.log`. */
  readonly dataDir: string;
  /** Everything, to stderr, in place of the file. */
  readonly verbose: boolean;
}

/** Made on disk only when needed; `flush` before the process ends. */
export interface OpenLog {
  readonly logger: Logger;
  flush(): void;
}

export function openLog(options: LogOptions): OpenLog {
  const target = options.verbose
    ? pino.destination({ dest: 2, sync: true })
    : rotatingFile(path.join(options.dataDir, 'logs', 'fog.log'));
  const log = pino(
    {
      level: options.verbose ? 'debug' : 'info',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err, cause: pino.stdSerializers.err },
      redact: { paths: REDACTED.flatMap((name) => [name, `*.${name}`]), censor: '[secret]' },
    },
    target,
  );
  return { logger: adapt(log), flush: () => target.flushSync() };
}

function adapt(log: Pino): Logger {
  return {
    debug: (message, fields = {}) => log.debug(fields, message),
    info: (message, fields = {}) => log.info(fields, message),
    warn: (message, fields = {}) => log.warn(fields, message),
    error: (message, fields = {}) => log.error(fields, message),
    child: (fields: LogFields) => adapt(log.child(fields)),
  };
}

interface Target {
  write(line: string): void;
  flushSync(): void;
}

/** Synchronous, so that the last words of a crash are there. A disk that takes nothing costs lines, not the process. */
function rotatingFile(file: string): Target {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  if (existsSync(file)) chmodSync(file, 0o600);
  let sizeBytes = existsSync(file) ? statSync(file).size : 0;
  if (sizeBytes > MAX_LOG_BYTES) sizeBytes = keepOld(file);
  let fd = openSync(file, 'a', 0o600);
  let lost = 0;
  const append = (text: string): void => {
    const bytes = Buffer.from(text);
    sizeBytes += writeAll(fd, bytes);
    if (sizeBytes <= MAX_LOG_BYTES) return;
    sizeBytes = keepOld(file);
    closeSync(fd);
    fd = openSync(file, 'a', 0o600);
  };
  return {
    write: (line) => {
      try {
        if (lost > 0) append(`\n${lostText(lost)}\n`);
        lost = 0;
        append(line);
      } catch {
        lost += 1;
      }
    },
    flushSync: () => {},
  };
}

function keepOld(file: string): number {
  renameSync(file, `${file}.1`);
  return 0;
}

function writeAll(fd: number, bytes: Uint8Array): number {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
  return bytes.length;
}

function lostText(count: number): string {
  return JSON.stringify({ level: 'warn', count, msg: 'lines were lost: the disk took none' });
}
