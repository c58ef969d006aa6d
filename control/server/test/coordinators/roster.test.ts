import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '@fog/kernel';
import { type Live, openLive } from '@fog/live';
import { createRoster, type Roster } from '@fog/server';
import { VirtualClock } from '@fog/testkit';
import { MAX_ADDRESSES } from '@fog/wire';

const FOG = 'a'.repeat(26);
const ONE = `https://${FOG}@one.example.org:7700`;
const TWO = `https://${FOG}@two.example.org:7700`;

interface World {
  readonly live: Live;
  readonly roster: (id: string, leader?: string) => Roster;
}

async function world(): Promise<World> {
  const clock = new VirtualClock();
  const live = await openLive({ namespace: 'test' }, { clock, logger: silentLogger });
  return {
    live,
    roster: (id, leader) => createRoster({ id, coordinator: { leader }, live, clock }),
  };
}

describe('the roster of coordinators', () => {
  it('lists all, the leader first', async () => {
    const { roster } = await world();
    const standby = roster('1', TWO);
    const leader = roster('2');
    await standby.join(ONE);
    await leader.join(TWO);
    for (const each of [standby, leader]) {
      assert.deepEqual(
        each.coordinators.map(({ id, address, leads }) => [id, address, leads]),
        [
          ['2', TWO, true],
          ['1', ONE, false],
        ],
      );
      assert.deepEqual(each.addresses([]), [TWO, ONE]);
    }
    await leader.leave();
    assert.deepEqual(
      standby.coordinators.map(({ id }) => id),
      ['1'],
    );
  });

  it('names its own addresses while it is alone', async () => {
    const { roster } = await world();
    const sole = roster('1');
    assert.deepEqual(sole.addresses([]), []);
    await sole.join('http://127.0.0.1:7700');
    assert.deepEqual(sole.addresses([]), []);
    assert.deepEqual(sole.addresses([ONE]), [ONE]);
  });

  it('knows the leader from the database when nothing is heard of it', async () => {
    const { roster } = await world();
    const standby = roster('1', TWO);
    await standby.join(`${ONE},other.example.org:1`);
    assert.deepEqual(standby.addresses([]), [TWO, ONE, `https://${FOG}@other.example.org:1`]);
  });

  it('leads nobody out of TLS', async () => {
    const { roster } = await world();
    const local = roster('1', 'http://127.0.0.1:7700');
    await local.join(ONE);
    assert.deepEqual(local.addresses([ONE]), [ONE]);
  });

  it('leads nobody to another key, whatever is announced', async () => {
    const { live, roster } = await world();
    const own = roster('1');
    await own.join(ONE);
    for (const [at, address] of [
      ONE.replaceAll('a', 'b'),
      'https://bare.example.org:1',
    ].entries()) {
      const value = JSON.stringify({ address, since: 0 });
      await live.join('coordinators', { id: `x${at}`, value });
      await live.join('coordinators', { id: '1', value });
    }
    assert.deepEqual(own.addresses([ONE]), [ONE]);
  });

  it('takes what others announce for what it is: text', async () => {
    const { live, roster } = await world();
    const own = roster('1');
    await own.join(ONE);
    for (const [at, value] of ['', '{', '{"address":1}', '[]'].entries()) {
      await live.join('coordinators', { id: `bad${at}`, value });
    }
    const many = Array.from({ length: 20 }, (_, at) => `host${at}:1`).join(',');
    for (const [at, address] of ['nonsense', `https://${many}`, TWO].entries()) {
      await live.join('coordinators', {
        id: `x${at}`,
        value: JSON.stringify({ address, since: 9 }),
      });
    }
    assert.equal(own.coordinators.length, 4);
    const found = own.addresses([]);
    assert.deepEqual(found, [ONE, TWO]);
    assert.ok(found.length <= MAX_ADDRESSES);
  });
});
