/**
 * Programs written by hand for the inside of a sandbox process, as if a guest had broken out of its interpreter.
 * They print one JSON object: attempt → what came of it.
 */

export interface Target {
  /** Port on this machine's loopback that somebody listens on. */
  readonly port: number;
  /** A process of this machine that must live. */
  readonly pid: number;
  /** A file of this machine, and a place where none must appear. */
  readonly secretPath: string;
  readonly writePath: string;
}

const HEAD = `
import fs, { writeSync } from 'node:fs';
const found = {};
const attempt = async (name, action) => {
  try { found[name] = 'reached: ' + String(await action()).slice(0, 200); }
  catch (error) { found[name] = 'refused: ' + (error?.code ?? error?.message ?? error); }
};
const end = () => { writeSync(1, JSON.stringify(found)); process.reallyExit(0); };
`;

/** Before anything is locked: only the process sandbox stands. */
export function openProgram(target: Target): string {
  const { port, pid, secretPath, writePath } = target;
  return `${HEAD}
import net from 'node:net';
import { spawnSync } from 'node:child_process';
await attempt('host file', () => fs.readFileSync(${JSON.stringify(secretPath)}, 'utf8'));
await attempt('password file', () => fs.readFileSync('/etc/passwd', 'utf8'));
await attempt('processes', () => fs.readdirSync('/proc').join());
await attempt('write', () => fs.writeFileSync(${JSON.stringify(writePath)}, 'x'));
await attempt('write to own root', () => fs.writeFileSync('/x', 'x'));
await attempt('program', () => { const ran = spawnSync('/bin/sh', ['-c', 'id']); if (ran.error) throw ran.error; return ran.stdout; });
await attempt('environment', () => { if (Object.keys(process.env).length > 0) return Object.keys(process.env); throw new Error('empty'); });
await attempt('signal', () => process.kill(${pid}, 0));
await attempt('network', () => new Promise((resolve, reject) => {
  net.connect(${port}, '127.0.0.1', () => resolve('connected')).on('error', reject);
}));
end();
`;
}

/** After the lock that every Python process puts on itself. */
export function lockedProgram(target: Target): string {
  return `${HEAD}
import { lockProcess, prepareProcess } from './python-lockdown.js';
prepareProcess();
const { createRequire } = await import('node:module');
const require = createRequire(import.meta.url);
lockProcess();
await attempt('eval', () => (0, eval)('1 + 1'));
await attempt('Function', () => new Function('return 1')());
await attempt('AsyncFunction', () => (async () => {}).constructor('return 1')());
await attempt('import of a module', () => import('node:child_process'));
await attempt('import of text', () => import('data:text/javascript,export default 1'));
await attempt('require', () => require('node:child_process').spawnSync('id').stdout);
await attempt('require of a loaded module', () => require('node:fs').readFileSync('/etc/passwd'));
await attempt('fs held before', () => fs.readFileSync('/etc/passwd'));
await attempt('process.binding', () => process.binding('spawn_sync'));
await attempt('process.binding of fs', () => process.binding('fs'));
await attempt('process._linkedBinding', () => process._linkedBinding('fs'));
await attempt('process.getBuiltinModule', () => process.getBuiltinModule('fs'));
await attempt('process.dlopen', () => process.dlopen({ exports: {} }, '/lib/x.node'));
await attempt('process.execve', () => process.execve('/bin/sh', ['sh'], {}));
await attempt('process.kill', () => process.kill(${target.pid}, 0));
await attempt('process.chdir', () => process.chdir('/tmp'));
await attempt('process.mainModule', () => process.mainModule.require('fs'));
await attempt('process.env', () => { process.env.X = '1'; });
await attempt('fetch', () => fetch('http://127.0.0.1:${target.port}'));
await attempt('WebSocket', () => new WebSocket('ws://127.0.0.1:${target.port}'));
await attempt('Worker', () => new Worker('data:text/javascript,1'));
end();
`;
}
