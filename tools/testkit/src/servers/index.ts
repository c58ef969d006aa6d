export { freePort } from './free-port.ts';
export { type PostgresOptions, type PostgresServer, startPostgres } from './postgres.ts';
export { type RedisServer, startRedis } from './redis.ts';
export { type S3Server, startS3 } from './s3.ts';
export type { TestServer } from './server-process.ts';
