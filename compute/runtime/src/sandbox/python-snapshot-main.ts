/** Makes the memory snapshot every Python task starts from: an interpreter with fog's part loaded, and no program. */
import { readFileSync } from 'node:fs';
import type { Guest } from './guest.ts';
import { TaskStreams } from './python-guest.ts';
import { startInterpreter } from './python-interpreter.ts';
import { prepareProcess } from './python-lockdown.ts';
import { PythonWorld } from './python-world.ts';
import { serve } from './serve.ts';

const SOURCE_PATH = '/tmp/fog_guest.py';
/** `<fog>` is the name by which fog's own frames are left out of tracebacks. */
const LOAD_GUEST = `
import os, sys, types
module = types.ModuleType('_fog_guest')
sys.modules['_fog_guest'] = module
with open('${SOURCE_PATH}') as file:
    exec(compile(file.read(), '<fog>', 'exec', dont_inherit=True), module.__dict__)
os.unlink('${SOURCE_PATH}')
module.prepare()
`;

await serve(({ files }): Guest => {
  prepareProcess();
  const world = new PythonWorld();
  world.install();
  return {
    load: () => undefined,
    forget: () => undefined,
    run: async (task, io) => {
      // Two machines make the same snapshot.
      world.begin(task.seed);
      const interpreter = await startInterpreter({
        libraryDir: files['library'] ?? '',
        snapshot: undefined,
        streams: new TaskStreams(),
        world,
      });
      interpreter.fs.writeFile(SOURCE_PATH, readFileSync(files['guest'] ?? ''));
      interpreter.execute(LOAD_GUEST, '<fog>');
      io.running();
      io.file('snapshot', interpreter.memorySnapshot());
      return { exitCode: 0, peakMemoryBytes: interpreter.memory.buffer.byteLength };
    },
  };
});
