import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { freePorts } from '../../src/mix/free-ports.ts';

describe('free ports', () => {
  it('are different, and any ones without a first', async () => {
    const ports = await freePorts(undefined, 12);
    assert.equal(new Set(ports).size, 12);
  });

  it('skip what is taken', async () => {
    const [first = 0] = await freePorts(undefined, 1);
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(first, '127.0.0.1', resolve));
    try {
      const ports = await freePorts(first, 2);
      assert.ok(
        ports.every((port) => port > first),
        `${ports.join()} after ${first}`,
      );
    } finally {
      server.close();
    }
  });

  it('end with a clear error when there are too few', async () => {
    await assert.rejects(freePorts(65_534, 3), {
      code: 'FOG_NO_PORTS',
      message: /needs 3 free ports.*--no-mixnet/,
    });
  });
});
