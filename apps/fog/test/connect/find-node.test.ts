import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FogNode } from '@fog/wire';
import { findNode } from '../../src/connect/find-node.ts';

const NODES = ['attic', 'cellar', 'cellar'].map(
  (name, at) => ({ id: `${'abc'[at]}${'x'.repeat(25)}`, name }) as FogNode,
);

describe('findNode', () => {
  it('takes an id, the beginning of one, or a name', () => {
    assert.equal(findNode(NODES, NODES[0]?.id ?? ''), NODES[0]);
    assert.equal(findNode(NODES, 'bx'), NODES[1]);
    assert.equal(findNode(NODES, 'attic'), NODES[0]);
  });

  it('says which there are when it is none or several', () => {
    const none = { code: 'FOG_NO_NODE', message: /no node "roof"\. There are attic \(axxxxxxx\)/ };
    assert.throws(() => findNode(NODES, 'roof'), none);
    assert.throws(() => findNode(NODES, 'cellar'), {
      message: /several nodes: cellar \(bxxxxxxx\)/,
    });
    assert.throws(() => findNode(NODES, ''), { message: /no node ""/ });
    assert.throws(() => findNode([], 'roof'), { message: /No machine has joined yet/ });
  });

  it('lets no control character of a name through', () => {
    const odd = { id: 'd'.repeat(26), name: '\u001b[31mred\nfog: all is well' } as FogNode;
    assert.throws(() => findNode([odd], 'roof'), { message: /There are ·\[31mred·fog: all is/ });
  });
});
