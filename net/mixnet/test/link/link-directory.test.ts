import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VerifiedConsensus } from '../../src/directory/documents.ts';
import { createLinkDirectory } from '../../src/link/link-directory.ts';
import { seed } from './link-world.ts';

function consensus(keys: Readonly<Record<string, number>>): VerifiedConsensus {
  const relays = Object.entries(keys).map(([id, byte]) => {
    const addresses = [{ host: '127.0.0.1', port: byte }];
    return [id, { descriptor: { id, linkKey: seed(byte), addresses } }] as const;
  });
  return { relays: new Map(relays) } as unknown as VerifiedConsensus;
}

test('keys of the current and the previous consensus are good, addresses are the newest', () => {
  let heard = 0;
  const documents = {
    current: undefined as VerifiedConsensus | undefined,
    previous: undefined as VerifiedConsensus | undefined,
  };
  let listener: (() => void) | undefined;
  const directory = createLinkDirectory({
    current: () => documents.current,
    previous: () => documents.previous,
    onConsensus: (found) => {
      listener = () => found(consensus({}));
      return () => (listener = undefined);
    },
  });
  assert.equal(directory.isLinkKey(seed(1)), false);
  assert.deepEqual(directory.addressesOf('a'), []);
  documents.previous = consensus({ a: 1, b: 2 });
  documents.current = consensus({ a: 3 });
  assert.deepEqual(
    [1, 2, 3, 4].map((byte) => directory.isLinkKey(seed(byte))),
    [true, true, true, false],
  );
  assert.equal(directory.isLinkKeyOf('a', seed(1)), true);
  assert.equal(directory.isLinkKeyOf('a', seed(3)), true);
  assert.equal(directory.isLinkKeyOf('a', seed(2)), false, 'a key of another relay');
  assert.deepEqual(directory.addressesOf('a'), [{ host: '127.0.0.1', port: 3 }]);
  assert.deepEqual(directory.addressesOf('b'), [{ host: '127.0.0.1', port: 2 }]);
  const end = directory.onChange(() => (heard += 1));
  listener?.();
  end();
  assert.deepEqual([heard, listener], [1, undefined]);
});
