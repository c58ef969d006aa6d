import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { prefixLines } from '../../src/run/stream-array.ts';
import { chunks } from '../fake-host.ts';

async function prefixed(parts: readonly (string | Uint8Array)[]): Promise<string> {
  let text = '';
  for await (const part of prefixLines(chunks(parts), '[7] ')) text += part;
  return text;
}

describe('prefixLines', () => {
  it('prefixes whole lines however the chunks are cut', async () => {
    assert.equal(await prefixed(['one\ntwo\n']), '[7] one\n[7] two\n');
    assert.equal(await prefixed(['o', 'ne\nt', 'wo', '\n']), '[7] one\n[7] two\n');
  });

  it('ends a last line and keeps empty ones', async () => {
    assert.equal(await prefixed(['a\n\nb']), '[7] a\n[7] \n[7] b\n');
    assert.equal(await prefixed([]), '');
  });

  it('keeps a character that is cut in two', async () => {
    const bytes = Buffer.from('ä\n');
    assert.equal(await prefixed([bytes.subarray(0, 1), bytes.subarray(1)]), '[7] ä\n');
  });
});
