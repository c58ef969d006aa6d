/**
 * What a hostile Python program tries, and what must come of it. Each is the text of a program that leaves its
 * finding in `result` or raises.
 */
export interface Probe {
  readonly name: string;
  readonly source: string;
  readonly finds: RegExp;
}

/** A path to JavaScript that needs no import: the interpreter's own C module. */
const CORE = `
import _imp, importlib.machinery, importlib.util
spec = importlib.machinery.ModuleSpec('_pyodide_core', None, origin='built-in')
core = _imp.create_builtin(spec)
_imp.exec_builtin(core)
`;

/** They end the program that tries them, or nothing: all run one after the other in one interpreter. */
export const QUIET_PROBES: readonly Probe[] = [
  { name: 'import js', source: 'import js', finds: /^ModuleNotFoundError/ },
  { name: '__import__ js', source: `__import__('js')`, finds: /^ModuleNotFoundError/ },
  {
    name: 'importlib pyodide_js',
    source: `import importlib; importlib.import_module('pyodide_js')`,
    finds: /^ModuleNotFoundError/,
  },
  {
    name: 'run_js of the library',
    source: `from pyodide.code import run_js; result = run_js('1 + 1')`,
    finds: /^ModuleNotFoundError/,
  },
  {
    name: 'modules that are left in sys.modules',
    source: `import sys; result = [name for name in sys.modules if 'pyodide' in name or name == 'js']`,
    finds: /^\[\]$/,
  },
  {
    name: 'finders that are left in sys.meta_path',
    source: `import sys; result = [str(f) for f in sys.meta_path if 'pyodide' in str(f) or 'Js' in str(f)]`,
    finds: /^\[\]$/,
  },
  {
    name: 'the library out of its archive',
    source: `
import sys, zipimport
zipimport._zip_directory_cache.clear()
loader = zipimport.zipimporter('/lib/python314.zip')
loader.invalidate_caches()
sys.path_importer_cache.clear()
import pyodide.code
result = pyodide.code.run_js('process.version')`,
    finds: /Error/,
  },
  {
    name: 'shell by os',
    source: `import os; result = os.system('id')`,
    finds: /^OSError: fog's Python has no subprocess/,
  },
  {
    name: 'shell by posix',
    source: `import posix; result = posix.fork()`,
    finds: /^(OSError|-52)/,
  },
  {
    name: 'a program by _posixsubprocess',
    source: `
import _posixsubprocess, os
result = _posixsubprocess.fork_exec([b'/bin/sh'], [b'/bin/sh'], True, (), None, None, -1, -1, -1, -1, -1, -1, -1, -1, True, True, 0, None, None, None, -1, None)`,
    finds: /Error/,
  },
  {
    name: 'a program by posix.execv',
    source: `import posix; posix.execv('/bin/sh', ['sh'])`,
    finds: /Error/,
  },
  {
    name: 'a socket below the socket module',
    source: `import _socket; s = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM); s.connect(('127.0.0.1', 80))`,
    finds: /^OSError/,
  },
  {
    name: 'a name looked up below the socket module',
    source: `import _socket; result = _socket.getaddrinfo('localhost', 80)`,
    finds: /error/i,
  },
  { name: 'a pipe', source: 'import os; os.pipe()', finds: /^OSError/ },
  {
    name: 'host password file',
    source: `result = open('/etc/passwd').read()`,
    finds: /^FileNotFound/,
  },
  {
    name: 'host environment',
    source: `result = open('/proc/self/environ').read()`,
    finds: /^FileNotFound/,
  },
  {
    name: 'files of the sandbox process',
    source: `import os; result = [p for p in ('/fog', '/usr', '/etc', '/root', '/sys') if os.path.exists(p)]`,
    finds: /^\[\]$/,
  },
  {
    name: 'own environment',
    source: `import os; result = sorted(os.environ.items())`,
    finds: /^\[\('ONLY', 'this'\)\]$/,
  },
  {
    name: 'the pipe of the agent by a terminal device',
    source: `
import os, stat
os.mknod('/tmp/tty', stat.S_IFCHR | 0o666, os.makedev(5, 0))
result = open('/tmp/tty', 'rb', buffering=0).read(16)`,
    finds: /^AttributeError/,
  },
  {
    name: 'descriptors beyond the three',
    source: `
import os
result = []
for fd in range(3, 64):
    try: result.append((fd, os.read(fd, 1)))
    except OSError: pass`,
    finds: /^\[\]$/,
  },
  {
    name: 'link out of the file system',
    source: `import os; os.symlink('/../../../etc/passwd', '/tmp/up'); result = open('/tmp/up').read()`,
    finds: /^FileNotFound/,
  },
  {
    name: 'symbols by ctypes',
    source: `import ctypes; result = ctypes.CDLL(None).emscripten_run_script_string`,
    finds: /Error/,
  },
  {
    name: 'symbols of the interpreter by ctypes',
    source: `import ctypes; result = ctypes.pythonapi.system`,
    finds: /^AttributeError/,
  },
  {
    name: 'a foreign library',
    source: `import ctypes; ctypes.CDLL('/lib/x86_64-linux-gnu/libc.so.6')`,
    finds: /^OSError/,
  },
  {
    name: 'a foreign library from a file of the guest',
    source: `
import ctypes
open('/tmp/x.so', 'wb').write(b'\\0asm\\1\\0\\0\\0')
ctypes.CDLL('/tmp/x.so')`,
    finds: /^OSError/,
  },
  {
    name: 'signals to other processes',
    source: `
import os, signal
result = []
for pid in (os.getppid(), 1, -1):
    try: os.kill(pid, 0); result.append('reached')
    except OSError: result.append('refused')`,
    finds: /^\['refused', 'refused', 'refused'\]$/,
  },
  {
    name: 'a thread below the threading module',
    source: `import _thread; _thread.start_joinable_thread(print)`,
    finds: /^RuntimeError: fog's Python has no threads/,
  },
  {
    name: 'objects of JavaScript in the collector',
    source: `
import gc
result = [type(o).__name__ for o in gc.get_objects() if type(o).__name__.startswith('JsProxy')]`,
    finds: /^\[\]$/,
  },
];

export interface FatalProbe {
  readonly name: string;
  readonly source: string;
  readonly code: string;
  readonly exitCode: number;
  readonly message?: RegExp;
  readonly timeoutMs?: number;
  readonly outputs?: readonly string[];
}

const MIB = 2 ** 20;
export const PROBE_MEMORY_BYTES = 128 * MIB;

/** They end the program that tries them: each in a process of its own. */
export const FATAL_PROBES: readonly FatalProbe[] = [
  ...Object.entries({
    'a property of a JavaScript object': 'core.to_js([1]).constructor',
    'a call of JavaScript': 'core.to_js(lambda: 1)()',
    'the items of a JavaScript object': 'list(core.to_js([1]))',
    'the names in a JavaScript object': 'dir(core.create_proxy(print))',
    'a change of a JavaScript object': 'core.to_js([1]).x = 1',
    'the text of a JavaScript object': 'str(core.to_js([1]))',
  }).map(([name, attempt]): FatalProbe => ({
    name,
    source: `${CORE}\nprint(${attempt.includes(' = ') ? '1' : attempt})\n${attempt}`,
    code: 'TRAP',
    exitCode: 134,
    message: /reached for JavaScript/,
  })),
  {
    name: 'any function of the table by ctypes',
    source: `
import ctypes
for address in range(1, 20000):
    ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(address)(0)`,
    code: 'TRAP',
    exitCode: 134,
    message: /foreign function/,
  },
  {
    name: 'memory by one bytearray of 10 GB',
    source: 'bytearray(10 * 2**30)',
    code: 'MEMORY_LIMIT',
    exitCode: 137,
  },
  {
    name: 'memory by one bytearray',
    source: 'bytearray(2**30)',
    code: 'MEMORY_LIMIT',
    exitCode: 137,
  },
  {
    name: 'memory by a growing list',
    source: 'kept = []\nwhile True: kept.append("x" * 100_000)',
    code: 'MEMORY_LIMIT',
    exitCode: 137,
  },
  {
    name: 'memory by deep recursion',
    source: 'import sys\nsys.setrecursionlimit(10**9)\ndef f(n): return f(n + 1)\nf(0)',
    code: 'MEMORY_LIMIT',
    exitCode: 137,
  },
  {
    name: 'stack by recursion through C',
    source: 'x = []\nfor _ in range(10**6): x = [x]\nrepr(x)',
    code: 'CALL_DEPTH',
    exitCode: 134,
    message: /stack is full/,
  },
  {
    name: 'memory by files',
    source: 'file = open("big", "wb")\nwhile True: file.write(b"x" * 1_000_000)',
    code: 'DISK_LIMIT',
    exitCode: 137,
  },
  {
    name: 'memory by a sparse file',
    source: 'open("big", "wb").truncate(2**32 - 2)',
    code: 'DISK_LIMIT',
    exitCode: 137,
  },
  {
    name: 'memory by names of files',
    source: 'i = 0\nwhile True:\n    open(f"f{i}", "w").close(); i += 1',
    code: 'DISK_LIMIT',
    exitCode: 137,
  },
  {
    name: 'memory by names of links',
    source: 'import os\ni = 0\nwhile True:\n    os.symlink("x" * 4000, f"l{i}"); i += 1',
    code: 'DISK_LIMIT',
    exitCode: 137,
  },
  {
    name: 'memory by an anonymous mapping',
    source: 'import mmap\nkept = [mmap.mmap(-1, 2**26) for _ in range(100)]',
    code: 'MEMORY_LIMIT',
    exitCode: 137,
  },
  {
    name: 'memory by callbacks of ctypes',
    source:
      'import ctypes\nkept = []\nwhile True: kept.append(ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 0))',
    code: 'MEMORY_LIMIT',
    exitCode: 137,
  },
  {
    name: 'a gigabyte of output',
    source: 'line = "x" * 1_000_000\nwhile True: print(line)',
    code: 'OUTPUT_LIMIT',
    exitCode: 137,
  },
  {
    name: 'an endless loop',
    source: 'while True: pass',
    code: 'TIMEOUT',
    exitCode: 124,
    timeoutMs: 1000,
  },
  {
    name: 'an endless sleep',
    source: 'import time\ntime.sleep(10**6)',
    code: 'TIMEOUT',
    exitCode: 124,
    timeoutMs: 1000,
  },
  {
    name: 'a regular expression that never ends',
    source: 'import re\nre.match("(a+)+$", "a" * 60 + "b")',
    code: 'TIMEOUT',
    exitCode: 124,
    timeoutMs: 1000,
  },
  {
    name: 'one instruction that never ends',
    source: 'x = 7 ** (7 ** 9)',
    code: 'TIMEOUT',
    exitCode: 124,
    timeoutMs: 1000,
  },
  {
    name: 'writing over the memory of the interpreter',
    source: 'import ctypes\nctypes.memset(0, 255, 30_000_000)\nprint("alive")',
    code: 'TRAP',
    exitCode: 134,
  },
  { name: 'an abort', source: 'import os\nos.abort()', code: 'TRAP', exitCode: 134 },
  {
    name: 'handing back what a link names',
    source: `
import os
os.makedirs('out')
os.symlink('/dev/urandom', 'out/random')
os.symlink('/', 'out/root')
os.symlink('/proc/self/fd/0', 'out/stdin')
raise SystemExit(5)`,
    code: 'EXIT_CODE',
    exitCode: 5,
    outputs: ['out'],
  },
];
