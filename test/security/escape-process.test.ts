/**
 * Hand-written hostile JavaScript in a sandbox process, as if V8 had been escaped: what the process itself keeps from
 * it. Level `process` is the weaker one, and its expected results say where: it does not keep a program
 * from the network, and it does not hide that the agent exists.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { atLevel, descendants, tempDir, type TempDir, waitFor } from '@fog/testkit';
import { confess } from './hostile-process.ts';

interface Probe {
  readonly name: string;
  /** Body of an async function; `fs` and `require` are there. */
  readonly body: string;
  readonly os: RegExp;
  readonly process: RegExp;
}

const DENIED = /^ERR_ACCESS_DENIED/;

function probes(secretPath: string, port: number): readonly Probe[] {
  return [
    {
      name: 'a file of the machine',
      body: `return fs.readFileSync('/etc/passwd', 'utf8')`,
      os: /^ENOENT/,
      process: DENIED,
    },
    {
      name: 'the data of the agent',
      body: `return fs.readFileSync(${JSON.stringify(secretPath)}, 'utf8')`,
      os: /^ENOENT/,
      process: DENIED,
    },
    {
      name: 'the folders of the machine',
      body: `return fs.readdirSync('/').sort().join()`,
      os: /^fog(,lib|,lib64|,usr)*$/,
      process: DENIED,
    },
    {
      name: 'processes by /proc',
      body: `return fs.readdirSync('/proc').join()`,
      os: /^ENOENT/,
      process: DENIED,
    },
    {
      name: 'a file by its descriptor',
      body: `const kinds = [];
        for (let fd = 3; fd < 64; fd += 1) {
          try {
            const stat = fs.fstatSync(fd);
            if (stat.isFile() || stat.isSocket() || stat.isDirectory()) kinds.push(fd);
          } catch {}
        }
        return 'open: ' + kinds.join()`,
      os: /^open: $/,
      process: /^open: $/,
    },
    {
      name: 'writing a file',
      body: `fs.writeFileSync('/tmp/escaped', 'x'); return 'written'`,
      os: /^(ENOENT|EROFS)/,
      process: DENIED,
    },
    {
      name: 'writing into the root, which would be memory',
      body: `fs.writeFileSync('/escaped', 'x'); return 'written'`,
      os: /^EROFS/,
      process: DENIED,
    },
    {
      name: 'the environment',
      body: `return 'names: ' + Object.keys(process.env).filter((name) => name !== 'PWD').join()`,
      os: /^names: $/,
      process: /^names: $/,
    },
    {
      name: 'a server on this machine',
      body: `return new Promise((resolve) => {
        const socket = require('node:net').connect(${port}, '127.0.0.1', () => resolve('connected'));
        socket.on('error', (error) => resolve(error.code));
      })`,
      os: /^EPERM$/,
      process: /^connected$/,
    },
    {
      name: 'a datagram',
      body: `return new Promise((resolve) => {
        const socket = require('node:dgram').createSocket('udp4');
        socket.on('error', (error) => resolve(error.code));
        socket.send('x', ${port}, '127.0.0.1', (error) => resolve(error ? error.code : 'sent'));
      })`,
      os: /^EPERM$/,
      process: /^sent$/,
    },
    {
      name: 'a shell',
      body: `return require('node:child_process').execFileSync('/bin/sh', ['-c', 'id']).toString()`,
      os: /^(EPERM|ENOENT|EACCES)/,
      process: DENIED,
    },
    {
      name: 'another process of itself',
      body: `const { spawnSync } = require('node:child_process');
        const { error, stdout } = spawnSync(process.execPath, ['--version']);
        return error ? error.code : String(stdout)`,
      os: /^(EPERM|ENOENT|EACCES)/,
      process: DENIED,
    },
    {
      name: 'a process by the internals of Node',
      body: `const { spawn } = process.binding('spawn_sync');
        const { error } = spawn({ file: process.execPath, args: ['node', '--version'], stdio: [{ type: 'ignore' }] });
        return 'error ' + error`,
      os: /^error -\d+$/,
      process: DENIED,
    },
    {
      name: 'a fork bomb',
      body: `let started = 0;
        for (let count = 0; count < 50; count += 1) {
          try {
            const child = require('node:child_process').spawn(process.execPath, ['-e', '0']);
            child.on('error', () => {});
            if (child.pid !== undefined) started += 1;
          } catch {}
        }
        return 'started ' + started`,
      os: /^started 0$/,
      process: /^started 0$/,
    },
    {
      name: 'the agent itself',
      body: `return String(process.kill(${process.pid}, 0))`,
      os: /^ESRCH/,
      process: /^true$/,
    },
    {
      name: 'its own debugger',
      body: `const inspector = require('node:inspector'); inspector.open(0); return String(inspector.url())`,
      os: /^undefined$/,
      process: DENIED,
    },
    {
      name: 'native code',
      body: `process.dlopen({ exports: {} }, '/lib/x86_64-linux-gnu/libc.so.6'); return 'loaded'`,
      os: /^ERR_DLOPEN_FAILED/,
      process: /^ERR_(DLOPEN_DISABLED|ACCESS_DENIED)/,
    },
    {
      name: 'more memory than the limits',
      body: `let mib = 0; const kept = [];
        try {
          for (; mib < 8192; mib += 64) {
            const piece = Buffer.allocUnsafeSlow(64 * 2 ** 20);
            for (let at = 0; at < piece.length; at += 4096) piece[at] = 1;
            kept.push(piece);
          }
        } catch {}
        return mib < 1408 ? 'bounded' : 'took ' + mib + ' MiB'`,
      // Where V8 itself finds no memory it ends the process without a word.
      os: /^(bounded)?$/,
      process: /^(bounded)?$/,
    },
    {
      name: 'open files without end',
      body: `let count = 0;
        try { for (; count < 1000; count += 1) fs.openSync(process.argv[1]); } catch (error) {
          return count < 64 ? 'bounded: ' + error.code : count;
        }`,
      os: /^bounded: EMFILE$/,
      process: /^bounded: EMFILE$/,
    },
  ];
}

for (const level of ['os', 'process'] as const) {
  describe(`hostile code in a sandbox process at level ${level}`, atLevel(level), () => {
    let dir: TempDir;
    let server: Server;
    let all: readonly Probe[] = [];

    before(async () => {
      dir = await tempDir();
      const secretPath = dir.file('identity.key');
      await writeFile(secretPath, 'secret');
      server = createServer((socket) => socket.destroy());
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      all = probes(secretPath, typeof address === 'object' ? (address?.port ?? 0) : 0);
    });
    after(async () => {
      server.close();
      await dir[Symbol.asyncDispose]();
      await waitFor('the last process to end', () => descendants(process.pid).length === 0);
    });

    for (const { name } of probes('', 0)) {
      it(`reaches for ${name}`, async () => {
        const probe = all.find((each) => each.name === name) ?? assert.fail();
        assert.match(await confess(dir.path, level, probe.body), probe[level]);
      });
    }
  });
}
