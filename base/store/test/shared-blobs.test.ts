import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { tempDir } from '@fog/testkit';
import { openBlobs } from '../src/index.ts';
import { chunks, read } from './blobs-suite.ts';

test('processes that share a directory leave the uploads of each other alone', async () => {
  await using dir = await tempDir();
  const first = await openBlobs({ dir: dir.path, incoming: 'incoming-a' });
  const source = new PassThrough();
  const coming = first.put(source, { maxBytes: 100 });
  source.write('half ');
  const second = await openBlobs({ dir: dir.path, incoming: 'incoming-b' });
  source.end('and half');
  const { content } = await coming;
  assert.equal((await read(second, content)).toString(), 'half and half');
  const again = await second.put(chunks('half and half'), { maxBytes: 100 });
  assert.equal(again.content, content);
});
