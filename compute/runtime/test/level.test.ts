import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isFogError } from '@fog/kernel';
import { chooseLevel } from '../src/level.ts';

const TOOLS = {
  node: '/node',
  nodeLibraries: [],
  bwrap: '/usr/bin/bwrap',
  prlimit: '/usr/bin/prlimit',
  setpriv: '/usr/bin/setpriv',
  filterPath: undefined,
};
const works = async (): Promise<void> => {};
const onlyProcess = async (level: string): Promise<void> => {
  if (level === 'os') throw new Error('bwrap: no permissions');
};
const fails = async (): Promise<void> => {
  throw new Error('it just ended');
};

describe(
  'chooseLevel',
  { skip: process.platform !== 'linux' && 'level os exists on Linux' },
  () => {
    it('takes the strongest level that works', async () => {
      assert.deepEqual(await chooseLevel('auto', TOOLS, works), { level: 'os', reason: undefined });
      const weaker = await chooseLevel('auto', TOOLS, onlyProcess);
      assert.equal(weaker.level, 'process');
      assert.match(weaker.reason ?? '', /no permissions \(it needs unprivileged user namespaces\)/);
    });

    it('names the remedy when bubblewrap is missing', async () => {
      const { level, reason } = await chooseLevel('auto', { ...TOOLS, bwrap: undefined }, works);
      assert.equal(level, 'process');
      assert.match(reason ?? '', /bubblewrap/);
    });

    it('says when memory is not capped', async () => {
      const tools = { ...TOOLS, prlimit: undefined };
      const { reason } = await chooseLevel('process', tools, works);
      assert.match(reason ?? '', /prlimit is missing/);
    });

    it('refuses a named level that does not work', async () => {
      const asked = chooseLevel('os', { ...TOOLS, bwrap: undefined }, works);
      await assert.rejects(asked, (error) => isFogError(error, 'RUNTIME_LEVEL'));
    });

    it('fails where nothing works', async () => {
      await assert.rejects(chooseLevel('auto', TOOLS, fails), /it just ended/);
      await assert.rejects(chooseLevel('process', TOOLS, fails), /it just ended/);
    });
  },
);
