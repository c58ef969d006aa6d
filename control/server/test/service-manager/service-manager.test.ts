import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FogError, type Health, type Service, silentLogger } from '@fog/kernel';
import { VirtualClock, waitFor } from '@fog/testkit';
import { createServiceManager, type ServiceManager } from '@fog/server';

interface Part extends Service {
  readonly log: string[];
  healthNow: Health;
  failStarts: number;
  error: Error;
  hangs: boolean;
}

function part(
  name: string,
  log: string[],
  edges: { requires?: string[]; wants?: string[]; restartable?: boolean } = {},
): Part {
  const self: Part = {
    name,
    log,
    ...edges,
    healthNow: { state: 'healthy' },
    failStarts: 0,
    error: new Error(`${name} is broken`),
    hangs: false,
    start: async () => {
      log.push(`+${name}`);
      if (self.hangs) await new Promise(() => {});
      if (self.failStarts > 0) {
        self.failStarts -= 1;
        throw self.error;
      }
    },
    stop: async () => {
      log.push(`-${name}`);
    },
    health: async () => self.healthNow,
  };
  return self;
}

const live = new AbortController().signal;

function manage(
  clock: VirtualClock,
  services: Service[],
  essential: string[] = [],
): ServiceManager {
  return createServiceManager(services, { clock, logger: silentLogger }, { essential });
}

function stateOf(manager: ServiceManager, name: string): string {
  const status = manager.status(name);
  return `${status?.state}/${status?.health}`;
}

describe('the order of services', () => {
  it('starts what is required first and stops in reverse', async () => {
    const log: string[] = [];
    const manager = manage(new VirtualClock(), [
      part('api', log, { requires: ['coordinator'] }),
      part('coordinator', log, { requires: ['store'] }),
      part('store', log),
    ]);
    await manager.start(live);
    await manager.stop();
    assert.deepEqual(log, ['+store', '+coordinator', '+api', '-api', '-coordinator', '-store']);
    await manager.stop();
    assert.equal(log.length, 6);
  });

  it('starts unrelated services side by side', async () => {
    const log: string[] = [];
    const gate = Promise.withResolvers<void>();
    const slow = { ...part('slow', log), start: () => gate.promise };
    const quick = part('quick', log);
    const manager = manage(new VirtualClock(), [slow, quick]);
    const started = manager.start(live);
    await waitFor('quick runs', () => stateOf(manager, 'quick') === 'running/healthy');
    assert.equal(manager.status('slow')?.state, 'starting');
    gate.resolve();
    await started;
    assert.equal(stateOf(manager, 'slow'), 'running/healthy');
  });

  it('does not wait for those in the background', async () => {
    const log: string[] = [];
    const slow = part('slow', log, { requires: ['api'] });
    const started = Promise.withResolvers<void>();
    slow.start = () => started.promise;
    const manager = createServiceManager(
      [part('api', log), slow, part('after', log, { requires: ['slow'] })],
      { clock: new VirtualClock(), logger: silentLogger },
      { essential: ['api'], background: ['slow', 'after'] },
    );
    await manager.start(live);
    assert.equal(stateOf(manager, 'api'), 'running/healthy');
    assert.notEqual(manager.status('slow')?.state, 'running');
    started.resolve();
    await waitFor('the last one', () => manager.status('after')?.state === 'running');
    await manager.stop();
    assert.deepEqual(log, ['+api', '+after', '-after', '-slow', '-api']);
  });

  it('names a cycle', () => {
    const services = [
      part('a', [], { requires: ['b'] }),
      part('b', [], { wants: ['c'] }),
      part('c', [], { requires: ['a'] }),
    ];
    assert.throws(() => manage(new VirtualClock(), services), {
      code: 'SERVICE_CYCLE',
      message: /a → b → c → a/,
    });
  });

  it('refuses unknown requirements and double names, and ignores unknown wants', () => {
    const clock = new VirtualClock();
    assert.throws(() => manage(clock, [part('a', [], { requires: ['zebra'] })]), {
      code: 'SERVICE_UNKNOWN_REQUIREMENT',
      message: /"a" requires "zebra"/,
    });
    assert.throws(() => manage(clock, [part('a', []), part('a', [])]), {
      code: 'SERVICE_DUPLICATE',
    });
    manage(clock, [part('a', [], { wants: ['zebra'] })]);
  });
});

describe('a service that fails', () => {
  it('takes down only what requires it', async () => {
    const log: string[] = [];
    const broken = part('broken', log);
    broken.failStarts = 9;
    const manager = manage(new VirtualClock(), [
      broken,
      part('needs', log, { requires: ['broken'] }),
      part('likes', log, { wants: ['broken'] }),
    ]);
    await manager.start(live);
    assert.equal(stateOf(manager, 'broken'), 'failed/unhealthy');
    assert.equal(manager.status('broken')?.detail, 'broken is broken');
    assert.equal(stateOf(manager, 'needs'), 'waiting/unknown');
    assert.match(manager.status('needs')?.detail ?? '', /"broken": broken is broken/);
    assert.equal(stateOf(manager, 'likes'), 'running/healthy');
  });

  it('ends the start with its own error when it is essential, and stops the rest', async () => {
    const log: string[] = [];
    const store = part('store', log);
    store.failStarts = 1;
    store.error = new FogError('X_LOCKED', { message: 'locked', kind: 'conflict' });
    const manager = manage(
      new VirtualClock(),
      [store, part('other', log), part('api', log, { requires: ['store'] })],
      ['api'],
    );
    await assert.rejects(manager.start(live), { code: 'X_LOCKED' });
    assert.equal(manager.status('other')?.state, 'stopped');
    assert.ok(log.includes('-other') && !log.includes('+api'));
  });

  it('is tried again after 2, 4 and 8 seconds, then left', async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const flaky = part('flaky', log, { restartable: true });
    flaky.failStarts = 9;
    const manager = manage(clock, [flaky]);
    const started = manager.start(live);
    const starts = (): number => log.filter((line) => line === '+flaky').length;
    await clock.advanceAsync(1_999);
    assert.equal(starts(), 1);
    await clock.advanceAsync(1);
    assert.equal(starts(), 2);
    await clock.advanceAsync(4_000);
    assert.equal(starts(), 3);
    await clock.advanceAsync(8_000);
    assert.equal(starts(), 4);
    await started;
    assert.equal(stateOf(manager, 'flaky'), 'failed/unhealthy');
    assert.equal(manager.status('flaky')?.restarts, 3);
  });

  it('is not tried again when the error says that cannot help', async () => {
    const log: string[] = [];
    const taken = part('api', log, { restartable: true });
    taken.failStarts = 1;
    taken.error = new FogError('X_PORT', { message: 'taken', kind: 'conflict' });
    const manager = manage(new VirtualClock(), [taken], ['api']);
    await assert.rejects(manager.start(live), { code: 'X_PORT' });
  });

  it('fails when its start hangs or its first check is bad', async () => {
    const clock = new VirtualClock();
    const hanging = part('hanging', []);
    hanging.hangs = true;
    const sick = part('sick', []);
    sick.healthNow = { state: 'unhealthy', detail: 'no disk' };
    const manager = manage(clock, [hanging, sick]);
    const started = manager.start(live);
    await clock.advanceAsync(30_000);
    await started;
    assert.match(manager.status('hanging')?.detail ?? '', /did not start within 30 s/);
    assert.match(manager.status('sick')?.detail ?? '', /no disk/);
    const again = manage(clock, [part('ok', []), sick], ['sick']);
    await assert.rejects(again.start(live), { code: 'SERVICE_UNHEALTHY' });
    const once = manage(clock, [hanging], ['hanging']);
    const rejected = assert.rejects(once.start(live), { code: 'SERVICE_START_TIMEOUT' });
    await clock.advanceAsync(30_000);
    await rejected;
  });

  it('cannot keep the rest from stopping', async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const stuck = { ...part('stuck', log), stop: () => new Promise<void>(() => {}) };
    const manager = manage(clock, [part('below', log), stuck]);
    await manager.start(live);
    const stopped = manager.stop();
    await clock.advanceAsync(30_000);
    await stopped;
    assert.ok(log.includes('-below'));
  });
});

describe('health', () => {
  it('is down after three bad checks and up after two good ones', async () => {
    const clock = new VirtualClock();
    const one = part('one', []);
    const manager = manage(clock, [one]);
    await manager.start(live);
    one.healthNow = { state: 'unhealthy', detail: 'slow disk' };
    await clock.advanceAsync(60_000);
    assert.equal(stateOf(manager, 'one'), 'running/healthy');
    await clock.advanceAsync(30_000);
    assert.equal(stateOf(manager, 'one'), 'running/unhealthy');
    one.healthNow = { state: 'healthy' };
    await clock.advanceAsync(30_000);
    assert.equal(stateOf(manager, 'one'), 'running/unhealthy');
    await clock.advanceAsync(30_000);
    assert.equal(stateOf(manager, 'one'), 'running/healthy');
  });

  it('shows within seconds that something degraded is well again', async () => {
    const clock = new VirtualClock();
    const one = part('one', []);
    one.healthNow = { state: 'degraded', detail: 'it waits' };
    const manager = manage(clock, [one]);
    await manager.start(live);
    assert.equal(stateOf(manager, 'one'), 'running/degraded');
    one.healthNow = { state: 'healthy' };
    await clock.advanceAsync(3_000);
    assert.equal(stateOf(manager, 'one'), 'running/healthy');
    await manager.stop();
  });

  it('counts a check that throws or hangs as a bad one', async () => {
    const clock = new VirtualClock();
    const one = part('one', []);
    const manager = manage(clock, [one]);
    await manager.start(live);
    one.health = () => new Promise(() => {});
    await clock.advanceAsync(40_000);
    one.health = () => Promise.reject(new Error('no answer'));
    await clock.advanceAsync(60_000);
    assert.equal(manager.status('one')?.health, 'unhealthy');
    assert.equal(manager.status('one')?.detail, 'no answer');
  });

  it('restarts a service that is down, with all that require it', async () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const base = part('base', log, { restartable: true });
    const user = part('user', log, { requires: ['base'], restartable: true });
    const manager = manage(clock, [base, user, part('apart', log)]);
    await manager.start(live);
    log.length = 0;
    base.healthNow = { state: 'unhealthy' };
    const seen: string[] = [];
    manager.onChange((status) => {
      seen.push(`${status.name}:${status.state}`);
      base.healthNow = { state: 'healthy' };
    });
    await clock.advanceAsync(90_000);
    assert.deepEqual(log, ['-user', '-base', '+base', '+user']);
    assert.equal(manager.status('base')?.restarts, 1);
    assert.ok(seen.includes('user:stopped') && seen.includes('user:running'));
  });
});

describe('a restart on demand', () => {
  it('brings a failed service back, and what waited for it', async () => {
    const log: string[] = [];
    const base = part('base', log, { restartable: true });
    base.failStarts = 1;
    base.error = new FogError('X', { message: 'x', kind: 'conflict' });
    const manager = manage(new VirtualClock(), [base, part('user', log, { requires: ['base'] })]);
    await manager.start(live);
    assert.equal(manager.status('user')?.state, 'waiting');
    const status = await manager.restart('base');
    assert.equal(status.state, 'running');
    assert.equal(status.restarts, 1);
    assert.equal(stateOf(manager, 'user'), 'running/healthy');
  });

  it('is refused for unknown services and where one could not start again', async () => {
    const manager = manage(new VirtualClock(), [
      part('base', [], { restartable: true }),
      part('user', [], { requires: ['base'] }),
    ]);
    await manager.start(live);
    await assert.rejects(manager.restart('zebra'), { code: 'SERVICE_UNKNOWN' });
    await assert.rejects(manager.restart('base'), {
      code: 'SERVICE_NOT_RESTARTABLE',
      message: /"user" cannot/,
    });
  });
});
