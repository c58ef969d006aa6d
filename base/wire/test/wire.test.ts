import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFogError } from '@fog/kernel';
import {
  agentAuthBytes,
  arrayItem,
  Capabilities,
  DeploymentSpec,
  FAILURES,
  failedOutcome,
  FromAgent,
  isTerminal,
  JobSpec,
  NodeName,
  NodeProfile,
  Outcome,
  parseWith,
  RouteRequest,
  specContents,
  taskCount,
} from '../src/index.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const minimal = { runtime: 'wasm', module: A, moduleName: 'hello.wasm' };

test('a minimal spec gets its defaults', () => {
  const spec = JobSpec.parse(minimal);
  assert.deepEqual(
    [spec.args, spec.env, spec.inputs, spec.outputs, spec.resources.memoryBytes, spec.timeoutMs],
    [[], {}, [], [], 512 * 2 ** 20, 3_600_000],
  );
  assert.equal(taskCount(spec), 1);
  assert.equal(arrayItem(spec, 0), undefined);
});

test('a wrong spec names every wrong field', () => {
  const wrong = { ...minimal, module: 'x', timeoutMs: 0, flavour: 'mint' };
  assert.throws(
    () => parseWith(JobSpec, wrong, 'job spec'),
    (error) => {
      assert(isFogError(error, 'WIRE_INVALID'));
      assert.match(error.message, /^job spec: .*module.*timeoutMs.*flavour/);
      return true;
    },
  );
});

test('guest paths that could leave their place are refused', () => {
  const bad = ['', '/', '../x', 'a/../b', './a', 'a//b', 'a/', 'a\\b', 'a\0b', '/a/..'];
  for (const path of bad) {
    const parsed = JobSpec.safeParse({ ...minimal, outputs: [path] });
    assert.equal(parsed.success, false, JSON.stringify(path));
  }
  for (const path of ['a', '/a', 'a/b.txt', '/output', '.hidden', 'a..b']) {
    assert.equal(JobSpec.safeParse({ ...minimal, outputs: [path] }).success, true, path);
  }
});

test('environment: names are checked and FOG_ is reserved', () => {
  for (const env of [{ '1A': '' }, { 'A B': '' }, { FOG_INDEX: '7' }]) {
    assert.equal(JobSpec.safeParse({ ...minimal, env }).success, false, JSON.stringify(env));
  }
  assert.deepEqual(JobSpec.parse({ ...minimal, env: { LANG: 'C' } }).env, { LANG: 'C' });
});

test('arguments are bounded together', () => {
  const args = Array.from({ length: 1000 }, () => 'x'.repeat(200));
  assert.equal(JobSpec.safeParse({ ...minimal, args }).success, false);
});

test('arrays: by count or by items, with every content the spec reads', () => {
  assert.equal(taskCount(JobSpec.parse({ ...minimal, array: { count: 7 } })), 7);
  const input = { path: 'in/x', content: B, sizeBytes: 1 };
  const spec = JobSpec.parse({
    ...minimal,
    stdin: 'c'.repeat(64),
    inputs: [{ ...input, content: 'd'.repeat(64) }],
    array: { items: [{ value: 'one' }, { value: 'two', input }] },
  });
  assert.equal(taskCount(spec), 2);
  assert.equal(arrayItem(spec, 1)?.value, 'two');
  assert.deepEqual([...specContents(spec)].toSorted(), [A, B, 'c'.repeat(64), 'd'.repeat(64)]);
});

test('every failure makes a valid outcome of its class and code', () => {
  for (const code of Object.keys(FAILURES) as (keyof typeof FAILURES)[]) {
    const outcome = Outcome.parse(failedOutcome(code));
    assert.equal(outcome.exitCode, FAILURES[code].exitCode);
    assert.equal(outcome.failure?.class, FAILURES[code].class);
  }
  assert.equal(failedOutcome('TIMEOUT', 'too long').failure?.message, 'too long');
});

test('the signed bytes bind domain, fog, nonce and both keys in order', () => {
  const text = new TextDecoder().decode(
    agentAuthBytes({ fogId: 'f', nonce: 'n', serverKey: 's', nodeKey: 'k' }),
  );
  assert.equal(text, 'fog-agent-auth/1\nf\nn\ns\nk');
});

test('agent frames: unknown types, extra fields and negative tokens are refused', () => {
  const bad = [
    {},
    { type: 'nope' },
    { type: 'heartbeat', held: [-1] },
    { type: 'goodbye', extra: 1 },
    { type: 'output', token: 1, stream: 'stdlog', offset: 0, data: '' },
  ];
  for (const frame of bad) assert.equal(FromAgent.safeParse(frame).success, false);
  assert.equal(FromAgent.safeParse({ type: 'heartbeat', held: [1, 2] }).success, true);
});

test('what a node says of itself stays on the globe, finite and small', () => {
  const profile = { type: 'compute', labels: {} };
  const heartbeat = { type: 'heartbeat', held: [] };
  const good = { cpu: 0.5, freeMemoryBytes: 1 };
  assert.ok(
    NodeProfile.safeParse({ ...profile, coordinates: { latitude: -90, longitude: 180 } }).success,
  );
  assert.ok(FromAgent.safeParse({ ...heartbeat, load: good }).success);
  const many = Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`l${at}`, '']));
  const wrong = [
    { coordinates: { latitude: 90.5, longitude: 0 } },
    { coordinates: { latitude: 0, longitude: -181 } },
    { coordinates: { latitude: Number.NaN, longitude: 0 } },
    { labels: many },
    { labels: { zone: 'x'.repeat(129) } },
    { labels: { '-zone': 'x' } },
    { prices: { cpuHour: 1e308, gbHour: 0, gpuHour: 0, spotDiscount: 0 } },
    { prices: { cpuHour: 0, gbHour: 0, gpuHour: 0, spotDiscount: 1.1 } },
  ];
  for (const each of wrong) assert.ok(!NodeProfile.safeParse({ ...profile, ...each }).success);
  for (const bad of [{ cpu: Number.NaN }, { cpu: 1e308 }, { freeMemoryBytes: 1e308 }]) {
    assert.ok(!FromAgent.safeParse({ ...heartbeat, load: { ...good, ...bad } }).success);
  }
});

test('a strategy that does not exist is refused, for jobs and for single requests', () => {
  assert.throws(() => parseWith(JobSpec, { ...minimal, strategy: 'fastest' }, 'job'), /strategy/);
  assert.throws(() => parseWith(RouteRequest, { strategy: 'greedy' }, 'route'), /strategy/);
});

test('four states are terminal', () => {
  assert.deepEqual(
    (['settled', 'failed', 'cancelled', 'expired', 'running', 'queued'] as const).map(isTerminal),
    [true, true, true, true, false, false],
  );
});

test('no name, label or version that people read has a control character or a bidi override', () => {
  const capabilities = {
    platform: 'linux',
    arch: 'x64',
    cores: 1,
    memoryBytes: 1,
    slots: 1,
    sandboxLevel: 'os',
    runtimes: [],
    version: '1',
  };
  const takes = (text: string): Record<string, boolean> => ({
    node: NodeName.safeParse(text).success,
    job: JobSpec.safeParse({ ...minimal, name: text }).success,
    module: JobSpec.safeParse({ ...minimal, moduleName: text }).success,
    need: JobSpec.safeParse({ ...minimal, needs: [{ job: text }] }).success,
    deployment: DeploymentSpec.safeParse({ name: text, replicas: 1, job: minimal }).success,
    label: NodeProfile.safeParse({ type: 'compute', labels: { zone: text } }).success,
    version: Capabilities.safeParse({ ...capabilities, version: text }).success,
  });
  for (const good of ['attic', 'Dach 日本', 'מחשב', '👩‍💻']) {
    assert(Object.values(takes(good)).every(Boolean), good);
  }
  for (const bad of ['a\nfog: all is well', 'a\u001b[2J', 'a\u0085b', 'a\u202eb', 'a\u2066b']) {
    assert.deepEqual(
      Object.entries(takes(bad)).filter(([, taken]) => taken),
      [],
      JSON.stringify(bad),
    );
  }
});
