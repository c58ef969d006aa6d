import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  concatBytes,
  defineErrors,
  errorMessage,
  FogError,
  fromUtf8,
  isFogError,
  silentLogger,
  systemClock,
  utf8,
} from '../src/index.ts';

const fail = defineErrors({
  DEMO_GONE: { message: 'It is gone.', kind: 'not-found' },
  DEMO_BUSY: { message: 'It is busy.', kind: 'unavailable', retryable: true },
});

test('an error carries code, kind, retryable, details and cause', () => {
  const cause = new Error('below');
  const error = fail('DEMO_BUSY', { message: 'Door 3 is busy.', details: { door: 3 }, cause });
  assert(error instanceof FogError);
  assert.deepEqual(
    [error.code, error.kind, error.retryable, error.message, error.details, error.cause],
    ['DEMO_BUSY', 'unavailable', true, 'Door 3 is busy.', { door: 3 }, cause],
  );
  const plain = fail('DEMO_GONE');
  assert.deepEqual([plain.message, plain.retryable, plain.details], ['It is gone.', false, {}]);
  assert.equal(isFogError(plain), true);
  assert.equal(isFogError(plain, 'DEMO_BUSY'), false);
  assert.equal(isFogError(cause), false);
});

test('any thrown value has a one-line text', () => {
  assert.equal(errorMessage(new Error('a')), 'a');
  assert.equal(errorMessage(7), '7');
});

test('bytes join and turn to text and back', () => {
  assert.equal(fromUtf8(concatBytes([utf8('fö'), utf8(''), utf8('g')])), 'fög');
});

test('the system clock runs and cancels timers, and does not hold the process', async () => {
  assert(Math.abs(systemClock.now() - Date.now()) < 1_000);
  const cancelled = systemClock.after(0, () => assert.fail('cancelled'));
  cancelled();
  await new Promise<void>((resolve) => {
    const keepAlive = setTimeout(() => {}, 10_000);
    const stop = systemClock.every(1, () => {
      stop();
      systemClock.after(0, () => {
        clearTimeout(keepAlive);
        resolve();
      });
    });
  });
  assert(systemClock.monotonicMs() > 0);
});

test('the silent logger takes everything and says nothing', () => {
  const logger = silentLogger.child({ module: 'x' });
  logger.debug('a');
  logger.info('b', { c: 1 });
  logger.warn('d');
  logger.error('e');
});
