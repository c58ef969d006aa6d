/** `node agent-to-kill.ts DIR runtime|watchdog LEVEL`: an agent with a spinning program, to be killed by a test. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { silentLogger, systemClock } from '@fog/kernel';
import { createRuntime } from '@fog/runtime';
import { spinModule } from '@fog/testkit';
import { launchHostile } from './hostile-process.ts';

const [dir = '', kind = '', level = 'process'] = process.argv.slice(2);
const wanted = level === 'os' ? 'os' : 'process';

if (kind === 'watchdog') {
  // Without setpriv a thread of the process has to notice that the agent is gone.
  const child = await launchHostile(
    dir,
    wanted,
    `import { writeSync } from 'node:fs';
    import { watchLifeline } from './lifeline.js';
    watchLifeline();
    setTimeout(() => { writeSync(1, 'spinning'); for (;;); }, 200);`,
    { setpriv: undefined },
  );
  child.stdout?.once('data', () => process.stdout.write('ready\n'));
} else {
  const runtime = createRuntime(
    { dataDir: path.join(dir, 'runtime'), slots: 1, level: wanted },
    { clock: systemClock, logger: silentLogger },
  );
  await runtime.start(AbortSignal.timeout(60_000));
  const hostPath = path.join(dir, 'spin.wasm');
  writeFileSync(hostPath, spinModule());
  void runtime.run(
    {
      owner: 'ann',
      runtime: 'wasm',
      module: { content: 'spin', hostPath },
      moduleName: 'spin.wasm',
      args: [],
      env: {},
      seed: 'jspin/0',
      inputs: [],
      outputs: [],
      memoryBytes: 2 ** 20,
      timeoutMs: 3_600_000,
    },
    { running: () => process.stdout.write('ready\n'), output: () => {}, file: () => {} },
    new AbortController().signal,
  );
}
