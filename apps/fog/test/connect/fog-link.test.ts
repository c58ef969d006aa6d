import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FogError, isFogError } from '@fog/kernel';
import { VirtualClock } from '@fog/testkit';
import { createFogLink, type FogLink } from '../../src/connect/fog-link.ts';
import type { FogTarget } from '../../src/connect/find-fog.ts';
import { scriptedClient, unreachable } from '../fake-client.ts';

const TARGET: FogTarget = { url: 'http://127.0.0.1:1', token: 't', source: 'local' };

interface Fixture {
  readonly link: FogLink;
  readonly clock: VirtualClock;
  readonly told: string[];
  readonly abort: AbortController;
}

function link(locate: () => Promise<FogTarget | undefined> = async () => TARGET): Fixture {
  const clock = new VirtualClock();
  const told: string[] = [];
  const abort = new AbortController();
  const tell = (text: string): void => void told.push(text);
  const made = createFogLink(TARGET, scriptedClient({ url: TARGET.url }), {
    clock,
    signal: abort.signal,
    tell,
    locate,
  });
  return { link: made, clock, told, abort };
}

describe('createFogLink', () => {
  it('tries again until the fog is back, and says so once each way', async () => {
    const { link: fog, clock, told } = link();
    let calls = 0;
    const answer = fog.call(async () => {
      calls += 1;
      if (calls < 4) throw unreachable();
      return 'here';
    });
    await clock.advanceAsync(5_000);
    assert.equal(await answer, 'here');
    assert.equal(calls, 4);
    assert.deepEqual(told, [
      'lost the connection to the fog at http://127.0.0.1:1; trying again for 2 minutes',
      'connected again',
    ]);
  });

  it('gives up after two minutes', async () => {
    const { link: fog, clock } = link();
    const answer = fog.call(async () => {
      throw unreachable();
    });
    const failed = assert.rejects(answer, (error) => isFogError(error, 'FOG_CONNECTION_LOST'));
    await clock.advanceAsync(125_000);
    await failed;
  });

  it('goes where the fog is now', async () => {
    const moved: FogTarget = { url: 'http://127.0.0.1:2', token: 'u', source: 'local' };
    const { link: fog, clock } = link(async () => moved);
    const seen: string[] = [];
    const answer = fog.call(async (client) => {
      seen.push(client.url);
      if (client.url === TARGET.url) throw unreachable();
    });
    await clock.advanceAsync(1_000);
    await answer;
    assert.deepEqual(seen, ['http://127.0.0.1:1', 'http://127.0.0.1:2']);
  });

  it('repeats a call of which nobody knows whether it was stored', async () => {
    const { link: fog, clock } = link();
    let calls = 0;
    const answer = fog.call(async () => {
      calls += 1;
      if (calls > 1) return;
      const row = { message: 'The connection was lost.', kind: 'unavailable' } as const;
      throw new FogError('STORE_COMMIT_UNKNOWN', row);
    });
    await clock.advanceAsync(1_000);
    await answer;
    assert.equal(calls, 2);
  });

  it('does not repeat what cannot help', async () => {
    const { link: fog, told } = link();
    await assert.rejects(
      fog.call(async () => {
        throw new Error('bad spec');
      }),
      /bad spec/,
    );
    assert.deepEqual(told, []);
  });

  it('stops waiting when told', async () => {
    const { link: fog, clock, abort } = link();
    const answer = fog.call(async () => {
      throw unreachable();
    });
    const failed = assert.rejects(answer, { name: 'AbortError' });
    await clock.advanceAsync(10);
    abort.abort();
    await failed;
  });
});
