import { PythonGuest, TaskStreams } from './python-guest.ts';
import { startInterpreter } from './python-interpreter.ts';
import { prepareProcess } from './python-lockdown.ts';
import { PythonWorld } from './python-world.ts';
import { serve } from './serve.ts';

await serve(async ({ files }) => {
  prepareProcess();
  const streams = new TaskStreams();
  const world = new PythonWorld();
  world.install();
  const interpreter = await startInterpreter({
    libraryDir: files['library'] ?? '',
    snapshot: files['snapshot'] ?? '',
    streams,
    world,
  });
  // The library's source and what its start left behind need not wait for V8's leisure.
  globalThis.gc?.();
  return new PythonGuest(interpreter, streams, world);
});
