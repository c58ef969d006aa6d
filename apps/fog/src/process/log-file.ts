import { chmodSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
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

function rotatingFile(file: string): Target {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  if (existsSync(file)) chmodSync(file, 0o600);
  let sizeBytes = existsSync(file) ? statSync(file).size : 0;
  const keepOld = (): void => {
    renameSync(file, `${file}.1`);
    sizeBytes = 0;
  };
  if (sizeBytes > MAX_LOG_BYTES) keepOld();
  const target = pino.destination({ dest: file, mode: 0o600, sync: true });
  return {
    write: (line) => {
      target.write(line);
      sizeBytes += Buffer.byteLength(line);
      if (sizeBytes <= MAX_LOG_BYTES) return;
      keepOld();
      target.reopen();
    },
    flushSync: () => target.flushSync(),
  };
}
