import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isFogError } from '@fog/kernel';
import { VirtualClock } from '@fog/testkit';
import { openStdin, readWholeStdin } from '../../src/run/read-stdin.ts';
import { chunks, createTestHost } from '../fake-host.ts';

async function text(source: AsyncIterable<Uint8Array> | undefined): Promise<string | undefined> {
  if (source === undefined) return undefined;
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe('openStdin', () => {
  it('reads pipes and files to their end', async () => {
    for (const kind of ['pipe', 'file'] as const) {
      const host = createTestHost({ stdin: { kind, read: () => chunks(['he', 'llo']) } });
      assert.equal(await text(await openStdin(host)), 'hello');
    }
  });

  it('takes a terminal, a device and an empty pipe for nothing', async () => {
    for (const kind of ['terminal', 'none'] as const) {
      const host = createTestHost({ stdin: { kind, read: () => chunks(['typed']) } });
      assert.equal(await openStdin(host), undefined);
    }
    const empty = createTestHost({ stdin: { kind: 'pipe', read: () => chunks([]) } });
    assert.equal(await openStdin(empty), undefined);
  });

  it('says that it waits for a silent pipe, and how not to', async () => {
    const gate = Promise.withResolvers<void>();
    const clock = new VirtualClock();
    const silent = async function* (): AsyncGenerator<Uint8Array> {
      await gate.promise;
      yield Buffer.from('late');
    };
    const host = { ...createTestHost({ stdin: { kind: 'pipe', read: silent } }), clock };
    const opening = openStdin(host);
    await clock.advanceAsync(2_900);
    assert.equal(host.err(), '');
    await clock.advanceAsync(200);
    assert.match(host.err(), /waiting for stdin.*<\/dev\/null/);
    gate.resolve();
    assert.equal(await text(await opening), 'late');
    assert.equal(clock.pending, 0);
  });

  it('stops waiting on Ctrl-C', async () => {
    const never = async function* (): AsyncGenerator<Uint8Array> {
      yield await new Promise<Uint8Array>(() => {});
    };
    const host = createTestHost({ stdin: { kind: 'pipe', read: never } });
    const opening = openStdin(host);
    host.press();
    await assert.rejects(opening, { name: 'AbortError' });
  });

  it('bounds what is read whole', async () => {
    const host = createTestHost({ stdin: { kind: 'pipe', read: () => chunks(['1234', '5678']) } });
    await assert.rejects(readWholeStdin(host, 7), (error) => isFogError(error, 'FOG_INPUT'));
  });
});
