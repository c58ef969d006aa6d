import { readFileSync } from 'node:fs';
import { PythonGuest, TaskStreams } from './python-guest.ts';
import { startInterpreter } from './python-interpreter.ts';
import { replaceProcessBinding } from './python-lockdown.ts';
import { serve } from './serve.ts';

await serve(async ({ files }) => {
  replaceProcessBinding();
  const streams = new TaskStreams();
  const interpreter = await startInterpreter({
    libraryDir: files['library'] ?? '',
    snapshot: readFileSync(files['snapshot'] ?? ''),
    streams,
  });
  return new PythonGuest(interpreter, streams);
});
