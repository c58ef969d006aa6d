import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isFogError, systemClock } from '@fog/kernel';
import { RedisConnection } from '../src/redis/redis-connection.ts';

it('is lost once, by its first failure, which says why', async () => {
  const lost: unknown[] = [];
  const connection = new RedisConnection(
    { url: 'redis://127.0.0.1:1', prefix: 'fog:test:' },
    { clock: systemClock, onMessage: () => {}, onLost: (_, error) => lost.push(error) },
  );
  const isUnreachable = (error: unknown): boolean =>
    isFogError(error, 'LIVE_UNREACHABLE') && error.retryable;
  await assert.rejects(connection.open(), (error: Error) => {
    assert.match(error.message, /ECONNREFUSED/);
    return isUnreachable(error);
  });
  await assert.rejects(connection.ping(), isUnreachable);
  connection.close();
  assert.equal(lost.length, 1);
});
