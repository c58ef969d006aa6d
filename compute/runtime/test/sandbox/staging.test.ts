import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Guest, GuestModule } from '../../src/sandbox/guest.ts';
import { type RunFrame, toBase64 } from '../../src/sandbox/protocol.ts';
import { Staging } from '../../src/sandbox/staging.ts';

const RUN: RunFrame = {
  type: 'run',
  id: 'm',
  name: 'a.wasm',
  args: ['last'],
  env: { B: '2' },
  seed: 'j/0',
  isStrict: false,
  memoryBytes: 1,
  outputs: [],
  limits: { streamBytes: 1, diskBytes: 1, outputFiles: 1 },
};

function guestThat(load: Guest['load']): Guest {
  return { load, forget: () => {}, run: () => assert.fail('not run here') };
}

const data = (text: string): string => toBase64(Buffer.from(text));
const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

describe('Staging', () => {
  it('joins chunks of the module and loads it once', async () => {
    const loaded: GuestModule[] = [];
    const staging = new Staging(guestThat((module) => void loaded.push(module)));
    const common = {
      type: 'module',
      id: 'm',
      name: 'a.wasm',
      memoryBytes: 7,
      isStrict: false,
      sizeBytes: 4,
    } as const;
    await staging.accept({ ...common, data: data('ab') });
    assert.equal(loaded.length, 0);
    await staging.accept({ ...common, data: data('cd') });
    assert.equal(text(loaded[0]?.bytes), 'abcd');
    assert.equal(staging.failureOf('m'), undefined);
  });

  it('remembers why a module does not load until it is forgotten', async () => {
    const failure = { code: 'BAD_MODULE', message: 'broken' } as const;
    const staging = new Staging(guestThat(async () => failure));
    await staging.accept({
      type: 'module',
      id: 'm',
      name: 'a',
      isStrict: false,
      memoryBytes: 0,
      sizeBytes: 0,
      data: '',
    });
    assert.equal(staging.failureOf('m'), failure);
    await staging.accept({ type: 'forget', id: 'm' });
    assert.equal(staging.failureOf('m'), undefined);
  });

  it('hands a task what was staged for it, and the next one nothing of it', async () => {
    const staging = new Staging(guestThat(() => undefined));
    await staging.accept({ type: 'stdin', sizeBytes: 4, data: data('in') });
    await staging.accept({ type: 'stdin', sizeBytes: 4, data: data('to') });
    await staging.accept({ type: 'input', path: 'x', sizeBytes: 3, data: data('one') });
    await staging.accept({ type: 'input', path: 'y', sizeBytes: 0, data: '' });
    await staging.accept({ type: 'args', args: ['first'] });
    await staging.accept({ type: 'env', env: { A: '1' } });
    const task = staging.task(RUN);
    assert.deepEqual([task.args, task.env], [['first', 'last'], { A: '1', B: '2' }]);
    assert.equal(text(task.stdin), 'into');
    assert.deepEqual([text(task.inputs.get('x')), task.inputs.get('y')?.length], ['one', 0]);
    const next = staging.task(RUN);
    assert.deepEqual([next.args, next.env, next.inputs.size], [['last'], { B: '2' }, 0]);
    assert.equal(next.stdin.length, 0);
  });
});
