import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { Errno, ProcExit } from '../../../src/guest/wasi/errno.ts';
import { WASI_SIGNATURES, type WasiFunctionName } from '../../../src/guest/wasi/signatures.ts';
import { WasiHost } from '../../../src/guest/wasi/wasi-host.ts';

const MEMORY_BYTES = 4 * 65_536;
const PATH = 1024;
const PATH_2 = 2048;
const RESULT = 64;
const VECTOR = 128;
const DATA = 4096;

const ALL = (1n << 28n) - 1n;
const CREATE = 1;
const DIRECTORY = 2;
const EXCLUSIVE = 4;
const TRUNCATE = 8;

/** Drives the host functions as a guest would, with a memory of our own. */
class Driver {
  readonly output: string[] = [];
  readonly buffer = new ArrayBuffer(MEMORY_BYTES);
  readonly view = new DataView(this.buffer);
  readonly bytes = new Uint8Array(this.buffer);
  nowNs = 5_000_000_000n;
  readonly host = new WasiHost({
    output: (stream, bytes) => void this.output.push(`${stream}:${Buffer.from(bytes).toString()}`),
    idle: () => {},
    realtimeNs: () => 1_000_000_000n + this.nowNs,
    monotonicNs: () => this.nowNs,
    fillRandom: (bytes) => void bytes.fill(42),
    waitMs: (durationMs) => {
      this.nowNs += BigInt(Math.round(durationMs * 1e6));
    },
  });

  begin(inputs: Record<string, string> = {}): void {
    this.host.begin({
      args: ['p'],
      env: {},
      stdin: Buffer.from('input'),
      inputs: new Map(
        Object.entries(inputs).map(([path, text]) => [path, new Uint8Array(Buffer.from(text))]),
      ),
      quota: { maxBytes: 10_000, maxInodes: 20 },
    });
    this.host.bind({ buffer: this.buffer });
  }

  call(name: WasiFunctionName, ...args: readonly (number | bigint)[]): number {
    return (this.host.imports[name] as (...values: unknown[]) => number)(...args);
  }

  /** Puts text at an address and gives the two parameters that name it. */
  text(text: string, at = PATH): [number, number] {
    const bytes = Buffer.from(text);
    this.bytes.set(bytes, at);
    return [at, bytes.length];
  }

  u32(at = RESULT): number {
    return this.view.getUint32(at, true);
  }

  open(path: string, oflags = 0, more: { rights?: bigint; fd?: number; flags?: number } = {}) {
    const { rights = ALL, fd = 3, flags = 0 } = more;
    const [at, length] = this.text(path);
    const errno = this.call('path_open', fd, 1, at, length, oflags, rights, ALL, flags, RESULT);
    return { errno, fd: errno === Errno.SUCCESS ? this.u32() : -1 };
  }

  write(fd: number, text: string): number {
    const [at, length] = this.text(text, DATA);
    this.view.setUint32(VECTOR, at, true);
    this.view.setUint32(VECTOR + 4, length, true);
    return this.call('fd_write', fd, VECTOR, 1, RESULT);
  }

  read(fd: number, size = 100): string {
    this.view.setUint32(VECTOR, DATA, true);
    this.view.setUint32(VECTOR + 4, size, true);
    assert.equal(this.call('fd_read', fd, VECTOR, 1, RESULT), Errno.SUCCESS);
    return Buffer.from(this.bytes.subarray(DATA, DATA + this.u32())).toString();
  }

  names(fd: number, cookie = 0n, size = 1000): string[] {
    assert.equal(this.call('fd_readdir', fd, DATA, size, cookie, RESULT), Errno.SUCCESS);
    const end = DATA + this.u32();
    const names: string[] = [];
    for (let at = DATA; at + 24 <= end;) {
      const length = this.u32(at + 16);
      if (at + 24 + length > end) break;
      names.push(Buffer.from(this.bytes.subarray(at + 24, at + 24 + length)).toString());
      at += 24 + length;
    }
    return names;
  }
}

describe('WasiHost', () => {
  let wasi: Driver;
  beforeEach(() => {
    wasi = new Driver();
    wasi.begin({ 'a/b.txt': 'bee', 'c.txt': 'sea' });
  });

  it('offers every function of the interface and no other', () => {
    assert.deepEqual(Object.keys(wasi.host.imports).sort(), Object.keys(WASI_SIGNATURES).sort());
  });

  it('preopens the root as descriptor 3', () => {
    assert.equal(wasi.call('fd_prestat_get', 3, RESULT), Errno.SUCCESS);
    assert.equal(wasi.u32(RESULT + 4), 1);
    assert.equal(wasi.call('fd_prestat_dir_name', 3, DATA, 1), Errno.SUCCESS);
    assert.equal(wasi.bytes[DATA], '/'.charCodeAt(0));
    assert.equal(wasi.call('fd_prestat_dir_name', 3, DATA, 0), Errno.NAMETOOLONG);
    assert.equal(wasi.call('fd_prestat_get', 4, RESULT), Errno.BADF);
    assert.equal(wasi.call('fd_prestat_get', 1, RESULT), Errno.BADF);
  });

  it('reads, seeks and tells', () => {
    const { fd } = wasi.open('a/b.txt');
    assert.equal(wasi.read(fd, 2), 'be');
    assert.equal(wasi.read(fd), 'e');
    assert.equal(wasi.read(fd), '');
    assert.equal(wasi.call('fd_seek', fd, -2n, 2, RESULT), Errno.SUCCESS);
    assert.equal(wasi.read(fd), 'ee');
    assert.equal(wasi.call('fd_seek', fd, -9n, 0, RESULT), Errno.INVAL);
    assert.equal(wasi.call('fd_seek', fd, 0n, 7, RESULT), Errno.INVAL);
    assert.equal(wasi.call('fd_tell', fd, RESULT), Errno.SUCCESS);
    assert.equal(wasi.view.getBigUint64(RESULT, true), 3n);
    assert.equal(wasi.call('fd_pread', fd, VECTOR, 1, 1n, RESULT), Errno.SUCCESS);
    assert.equal(wasi.u32(), 2);
    assert.equal(wasi.call('fd_seek', 1, 0n, 0, RESULT), Errno.SPIPE);
    assert.equal(wasi.read(0), 'input');
  });

  it('writes, appends, truncates and extends with zeros', () => {
    const { fd } = wasi.open('new', CREATE);
    assert.equal(wasi.write(fd, 'hello'), Errno.SUCCESS);
    assert.equal(wasi.call('fd_seek', fd, 7n, 0, RESULT), Errno.SUCCESS);
    wasi.write(fd, '!');
    const appended = wasi.open('new', 0, { flags: 1 });
    wasi.write(appended.fd, '?');
    assert.equal(wasi.read(wasi.open('new').fd), 'hello\0\0!?');
    assert.equal(wasi.call('fd_filestat_set_size', fd, 2n), Errno.SUCCESS);
    assert.equal(wasi.call('fd_filestat_set_size', fd, 4n), Errno.SUCCESS);
    assert.equal(wasi.read(wasi.open('new').fd), 'he\0\0');
    wasi.open('new', TRUNCATE);
    assert.equal(wasi.read(wasi.open('new').fd), '');
    assert.equal(wasi.open('new', CREATE | EXCLUSIVE).errno, Errno.EXIST);
    assert.equal(wasi.write(fd, 'x'.repeat(20)), Errno.SUCCESS);
  });

  it('keeps streams apart and refuses to write to stdin', () => {
    wasi.write(1, 'out');
    wasi.write(2, 'err');
    assert.deepEqual(wasi.output, ['stdout:out', 'stderr:err']);
    assert.equal(wasi.write(0, 'x'), Errno.BADF);
    assert.equal(wasi.write(3, 'x'), Errno.NOTCAPABLE);
  });

  it('lists folders sorted and resumes at a cookie', () => {
    assert.deepEqual(wasi.names(3), ['.', '..', 'a', 'c.txt']);
    assert.deepEqual(wasi.names(3, 3n), ['c.txt']);
    assert.deepEqual(wasi.names(3, 9n), []);
    assert.deepEqual(wasi.names(3, 0n, 52), ['.', '..']);
  });

  it('keeps a guest inside of the folder it opened', () => {
    const { fd } = wasi.open('a', DIRECTORY);
    assert.equal(wasi.open('b.txt', 0, { fd }).errno, Errno.SUCCESS);
    assert.equal(wasi.open('../c.txt', 0, { fd }).errno, Errno.NOTCAPABLE);
    assert.equal(wasi.open('/c.txt', 0, { fd }).errno, Errno.NOTCAPABLE);
    wasi.call('path_symlink', ...wasi.text('/c.txt', PATH_2), fd, ...wasi.text('up'));
    assert.equal(wasi.open('up', 0, { fd }).errno, Errno.NOTCAPABLE);
    assert.equal(wasi.open('a/up').errno, Errno.SUCCESS);
    assert.equal(wasi.open('/../../c.txt').errno, Errno.SUCCESS);
  });

  it('names what is wrong with a path', () => {
    const cases: readonly (readonly [string, number, number])[] = [
      ['nothing', 0, Errno.NOENT],
      ['', 0, Errno.NOENT],
      ['c.txt/x', 0, Errno.NOTDIR],
      ['c.txt', DIRECTORY, Errno.NOTDIR],
      ['c.txt/', 0, Errno.NOTDIR],
      ['a', 0, Errno.ISDIR],
      ['n'.repeat(256), CREATE, Errno.NAMETOOLONG],
      ['n/'.repeat(3000), CREATE, Errno.NAMETOOLONG],
      ['a\0b', 0, Errno.INVAL],
      ['new/', CREATE, Errno.INVAL],
    ];
    for (const [path, oflags, errno] of cases) assert.equal(wasi.open(path, oflags).errno, errno);
    wasi.bytes.set([0xff, 0xfe], PATH);
    const errno = wasi.call('path_open', 3, 1, PATH, 2, 0, ALL, ALL, 0, RESULT);
    assert.equal(errno, Errno.ILSEQ);
  });

  it('follows links a bounded number of times', () => {
    const link = (target: string, path: string): number =>
      wasi.call('path_symlink', ...wasi.text(target, PATH_2), 3, ...wasi.text(path));
    assert.equal(link('loop', 'loop'), Errno.SUCCESS);
    assert.equal(wasi.open('loop').errno, Errno.LOOP);
    assert.equal(link('a', 'alias'), Errno.SUCCESS);
    assert.equal(link('x', 'alias'), Errno.EXIST);
    assert.equal(wasi.read(wasi.open('alias/b.txt').fd), 'bee');
    assert.equal(
      wasi.call('path_readlink', 3, ...wasi.text('alias'), DATA, 100, RESULT),
      Errno.SUCCESS,
    );
    assert.equal(wasi.u32(), 1);
    assert.equal(
      wasi.call('path_readlink', 3, ...wasi.text('c.txt'), DATA, 100, RESULT),
      Errno.INVAL,
    );
  });

  it('makes, renames and removes', () => {
    assert.equal(wasi.call('path_create_directory', 3, ...wasi.text('d')), Errno.SUCCESS);
    assert.equal(wasi.call('path_create_directory', 3, ...wasi.text('d')), Errno.EXIST);
    const rename = (from: string, to: string): number =>
      wasi.call('path_rename', 3, ...wasi.text(from), 3, ...wasi.text(to, PATH_2));
    assert.equal(rename('c.txt', 'd/c.txt'), Errno.SUCCESS);
    assert.equal(rename('d', 'd/e'), Errno.INVAL);
    assert.equal(rename('d', 'a'), Errno.NOTEMPTY);
    assert.equal(rename('a/b.txt', 'd'), Errno.ISDIR);
    assert.equal(rename('gone', 'x'), Errno.NOENT);
    assert.equal(wasi.call('path_remove_directory', 3, ...wasi.text('d')), Errno.NOTEMPTY);
    assert.equal(wasi.call('path_unlink_file', 3, ...wasi.text('d')), Errno.ISDIR);
    assert.equal(wasi.call('path_unlink_file', 3, ...wasi.text('d/c.txt')), Errno.SUCCESS);
    assert.equal(wasi.call('path_remove_directory', 3, ...wasi.text('d')), Errno.SUCCESS);
    assert.equal(wasi.call('path_remove_directory', 3, ...wasi.text('/')), Errno.NOTEMPTY);
    const linked = wasi.call(
      'path_link',
      3,
      0,
      ...wasi.text('a/b.txt'),
      3,
      ...wasi.text('l', PATH_2),
    );
    assert.equal(linked, Errno.SUCCESS);
    wasi.call('path_unlink_file', 3, ...wasi.text('a/b.txt'));
    assert.equal(wasi.read(wasi.open('l').fd), 'bee');
  });

  it('reads through a descriptor whose file was replaced', () => {
    const { fd } = wasi.open('c.txt');
    wasi.call('path_unlink_file', 3, ...wasi.text('c.txt'));
    assert.equal(wasi.read(fd), '');
    assert.equal(wasi.write(fd, 'still'), Errno.SUCCESS);
  });

  it('counts bytes and inodes against the quota', () => {
    const { fd } = wasi.open('big', CREATE);
    assert.equal(wasi.call('fd_filestat_set_size', fd, 20_000n), Errno.NOSPC);
    assert.equal(wasi.call('fd_allocate', fd, 0n, 1n << 40n), Errno.NOSPC);
    assert.equal(wasi.call('fd_allocate', fd, 0n, -1n), Errno.INVAL);
    assert.equal(wasi.call('fd_filestat_set_size', fd, 9_000n), Errno.SUCCESS);
    assert.equal(wasi.open('other', CREATE).errno, Errno.SUCCESS);
    assert.equal(wasi.write(wasi.open('other').fd, 'x'.repeat(2000)), Errno.NOSPC);
    wasi.call('path_unlink_file', 3, ...wasi.text('big'));
    assert.equal(wasi.write(wasi.open('other').fd, 'x'.repeat(2000)), Errno.SUCCESS);
    let errno: number = Errno.SUCCESS;
    for (let index = 0; errno === Errno.SUCCESS; index += 1) {
      errno = wasi.call('path_create_directory', 3, ...wasi.text(`d${index}`));
    }
    assert.equal(errno, Errno.NOSPC);
    assert.ok(wasi.host.tree.inodes.refused);
  });

  it('bounds open descriptors', () => {
    let opened = wasi.open('c.txt');
    for (let count = 0; count < 2000 && opened.errno === 0; count += 1) opened = wasi.open('c.txt');
    assert.equal(opened.errno, Errno.MFILE);
  });

  it('keeps rights that were given up', () => {
    const { fd } = wasi.open('c.txt', 0, { rights: 2n });
    assert.equal(wasi.write(fd, 'x'), Errno.NOTCAPABLE);
    assert.equal(wasi.call('fd_fdstat_set_rights', fd, ALL, 0n), Errno.NOTCAPABLE);
    assert.equal(wasi.call('fd_fdstat_set_rights', 3, 0n, 0n), Errno.SUCCESS);
    assert.equal(wasi.open('c.txt').errno, Errno.NOTCAPABLE);
  });

  it('describes descriptors and files', () => {
    const { fd } = wasi.open('c.txt');
    assert.equal(wasi.call('fd_fdstat_get', fd, RESULT), Errno.SUCCESS);
    assert.equal(wasi.bytes[RESULT], 4);
    assert.equal(wasi.call('fd_fdstat_get', 1, RESULT), Errno.SUCCESS);
    assert.equal(wasi.bytes[RESULT], 2);
    assert.equal(wasi.call('fd_fdstat_set_flags', 1, 1), Errno.NOTCAPABLE);
    assert.equal(wasi.call('fd_filestat_get', fd, DATA), Errno.SUCCESS);
    assert.equal(wasi.view.getBigUint64(DATA + 32, true), 3n);
    const [at, length] = wasi.text('a');
    assert.equal(wasi.call('path_filestat_get', 3, 0, at, length, DATA), Errno.SUCCESS);
    assert.equal(wasi.bytes[DATA + 16], 3);
    const times = wasi.call('path_filestat_set_times', 3, 0, at, length, 5n, 6n, 5);
    assert.equal(times, Errno.SUCCESS);
    wasi.call('path_filestat_get', 3, 0, at, length, DATA);
    assert.equal(wasi.view.getBigUint64(DATA + 48, true), 6n);
    assert.equal(wasi.call('fd_filestat_set_times', fd, 0n, 0n, 3), Errno.INVAL);
    assert.equal(wasi.call('fd_filestat_set_times', fd, 0n, 0n, 10), Errno.SUCCESS);
    for (const name of ['fd_sync', 'fd_datasync'] as const) {
      assert.equal(wasi.call(name, fd), Errno.SUCCESS);
    }
    assert.equal(wasi.call('fd_advise', fd, 0n, 0n, 0), Errno.SUCCESS);
  });

  it('closes and renumbers', () => {
    const first = wasi.open('c.txt').fd;
    const second = wasi.open('a/b.txt').fd;
    assert.equal(wasi.call('fd_renumber', first, second), Errno.SUCCESS);
    assert.equal(wasi.read(second), 'sea');
    assert.equal(wasi.call('fd_close', first), Errno.BADF);
    assert.equal(wasi.call('fd_renumber', second, 77), Errno.BADF);
    assert.equal(wasi.call('fd_close', second), Errno.SUCCESS);
  });

  it('tells the time and waits for the first of several clocks', () => {
    assert.equal(wasi.call('clock_time_get', 1, 0n, RESULT), Errno.SUCCESS);
    assert.equal(wasi.view.getBigUint64(RESULT, true), 5_000_000_000n);
    assert.equal(wasi.call('clock_time_get', 0, 0n, RESULT), Errno.SUCCESS);
    assert.equal(wasi.view.getBigUint64(RESULT, true), 6_000_000_000n);
    assert.equal(wasi.call('clock_time_get', 2, 0n, RESULT), Errno.SUCCESS);
    assert.equal(wasi.view.getBigUint64(RESULT, true), 0n);
    assert.equal(wasi.call('clock_time_get', 9, 0n, RESULT), Errno.INVAL);
    assert.equal(wasi.call('clock_res_get', 0, RESULT), Errno.SUCCESS);
    const subscribe = (index: number, userdata: bigint, timeoutNs: bigint, flags = 0): void => {
      const at = DATA + index * 48;
      wasi.bytes.fill(0, at, at + 48);
      wasi.view.setBigUint64(at, userdata, true);
      wasi.view.setUint32(at + 16, 1, true);
      wasi.view.setBigUint64(at + 24, timeoutNs, true);
      wasi.view.setUint16(at + 40, flags, true);
    };
    subscribe(0, 11n, 900_000_000n);
    subscribe(1, 22n, 5_300_000_000n, 1);
    assert.equal(wasi.call('poll_oneoff', DATA, PATH, 2, RESULT), Errno.SUCCESS);
    assert.equal(wasi.u32(), 1);
    assert.equal(wasi.view.getBigUint64(PATH, true), 22n);
    assert.equal(wasi.nowNs, 5_300_000_000n);
    assert.equal(wasi.call('poll_oneoff', DATA, PATH, 0, RESULT), Errno.INVAL);
  });

  it('polls descriptors at once, absent ones with an error', () => {
    wasi.bytes.fill(0, DATA, DATA + 96);
    wasi.bytes[DATA + 8] = 1;
    wasi.bytes[DATA + 48 + 8] = 2;
    wasi.view.setUint32(DATA + 48 + 16, 99, true);
    assert.equal(wasi.call('poll_oneoff', DATA, PATH, 2, RESULT), Errno.SUCCESS);
    assert.equal(wasi.u32(), 2);
    assert.equal(wasi.view.getUint16(PATH + 32 + 8, true), Errno.BADF);
  });

  it('has randomness, an exit, no signals and no sockets', () => {
    assert.equal(wasi.call('random_get', DATA, 4), Errno.SUCCESS);
    assert.equal(wasi.bytes[DATA + 3], 42);
    assert.throws(
      () => wasi.call('proc_exit', -1),
      (error) => error instanceof ProcExit,
    );
    assert.equal(wasi.call('sched_yield'), Errno.SUCCESS);
    assert.equal(wasi.call('proc_raise', 9), Errno.NOTSUP);
    assert.equal(wasi.call('sock_send', 3, 0, 0, 0, RESULT), Errno.NOTSUP);
    assert.equal(wasi.call('sock_recv', 3, 0, 0, 0, RESULT, RESULT), Errno.NOTSUP);
    assert.equal(wasi.call('sock_accept', 3, 0, RESULT), Errno.NOTSUP);
    assert.equal(wasi.call('sock_shutdown', 3, 0), Errno.NOTSUP);
  });

  it('answers EFAULT to pointers outside of the memory', () => {
    assert.equal(wasi.call('random_get', MEMORY_BYTES - 2, 4), Errno.FAULT);
    assert.equal(wasi.call('fd_write', 1, -8, 1, RESULT), Errno.FAULT);
    assert.equal(wasi.call('fd_write', 1, 0, -1, RESULT), Errno.FAULT);
    assert.equal(wasi.call('path_create_directory', 3, -1, 2 ** 31), Errno.FAULT);
    assert.equal(wasi.call('poll_oneoff', DATA, MEMORY_BYTES, 1, RESULT), Errno.FAULT);
  });

  it('answers any call with any numbers by an error number or an exit', () => {
    const names = Object.keys(WASI_SIGNATURES) as WasiFunctionName[];
    const pointer = fc.oneof(fc.nat(200), fc.integer(), fc.constant(PATH), fc.constant(RESULT));
    const values = fc.array(pointer, { minLength: 9, maxLength: 9 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...names), values), { maxLength: 20 }),
        (calls) => {
          wasi.begin({ a: 'x' });
          wasi.text('a/../b');
          for (const [name, numbers] of calls) {
            const types = WASI_SIGNATURES[name].split('>')[0] ?? '';
            const args = types.split('').map((type, index) => {
              const value = numbers[index] ?? 0;
              return type === 'I' ? BigInt(value) : value;
            });
            try {
              assert.ok((wasi.call(name, ...args) ?? 0) < 77);
            } catch (error) {
              if (!(error instanceof ProcExit)) throw error;
            }
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
