export { concatBytes, fromUtf8, utf8 } from './bytes.ts';
export { type Clock, systemClock } from './clock.ts';
export {
  defineErrors,
  errorMessage,
  type ErrorFactory,
  type ErrorKind,
  type ErrorRow,
  type ErrorTable,
  FogError,
  type FogErrorInit,
  isFogError,
} from './errors.ts';
export { type Logger, type LogFields, silentLogger } from './logger.ts';
export type { Health, HealthState, Service } from './service.ts';
export { TokenBucket } from './token-bucket.ts';
export { formatDuration, formatSize, parseDuration, parseSize } from './units.ts';
