"""What fog adds to the interpreter of a task. Part of the memory snapshot, so it costs a task nothing to load.

`prepare` runs once while the snapshot is made, `lock` once in every fresh process, `run` once for the program.
Nothing here is a security boundary: a hostile program may undo all of it. What it must not reach is cut off
below, in the functions the interpreter is linked with (python-gates.ts), and by the process around it.
"""

import asyncio
import asyncio.base_events
import asyncio.events
import asyncio.runners
import atexit
import base64
import bisect
import collections
import contextlib
import copy
import csv
import dataclasses
import datetime
import decimal
import enum
import errno
import fractions
import functools
import gc
import hashlib
import heapq
import io
import itertools
import json
import linecache
import logging
import math
import os
import pathlib
import pickle
import random
import re
import secrets
import select
import signal
import socket
import statistics
import string
import struct
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import traceback
import types
import typing
import uuid
import warnings
import zipimport

WORK = "/work"
#: File name of this source in tracebacks; frames of it are left out of what the user sees.
OWN_FILE = "<fog>"
#: Freed before an uncaught error is reported, so that a MemoryError can still be put into words.
BALLAST_BYTES = 1 << 20
#: Frames of a MemoryError that are reported.
TRACE_FRAMES = 20
#: What CPython says when a size does not fit the 32-bit address space: no memory limit could satisfy it.
OVERSIZE = "cannot fit 'int' into an index-sized integer"

_ONE_PROCESS = "split the work into tasks with --count or --each"
_NO_TERMINAL = "a task has no screen and no terminal; write results to stdout or hand back files with --output"
_NO_SYSTEM = "it needs an operating system, which the sandbox does not offer; send data and pure-Python modules with --input"

NO_THREADS = f"fog's Python has no threads: a task is one thread; {_ONE_PROCESS}, or use asyncio"
NO_SUBPROCESS = (
    "fog's Python has no subprocess: a task cannot start programs; "
    "send pure-Python modules and data with --input instead"
)
NO_NETWORK = "fog's Python has no network: a task cannot open a socket; send the data it needs with --input"

#: Modules that do not exist here -> why, and what to do instead.
MISSING = {
    "multiprocessing": f"a task is one process; {_ONE_PROCESS}, and share modules and data with --input",
    "tkinter": _NO_TERMINAL,
    "turtle": _NO_TERMINAL,
    "curses": _NO_TERMINAL,
    "readline": _NO_TERMINAL,
    "idlelib": _NO_TERMINAL,
    "dbm": "use sqlite3 on a file sent with --input",
    "js": "JavaScript is out of reach; send pure-Python modules with --input",
    "pyodide_js": "JavaScript is out of reach; send pure-Python modules with --input",
    "pyodide": "JavaScript is out of reach; send pure-Python modules with --input",
    "micropip": "a task has no network; send pure-Python modules with --input",
    "pip": "a task has no network; send pure-Python modules with --input",
    "ensurepip": "a task has no network; send pure-Python modules with --input",
    "venv": "a task has no network; send pure-Python modules with --input",
}
_HIDDEN = ("js", "pyodide_js", "pyodide", "_pyodide", "_pyodide_core", "multiprocessing")

_native_sleep = time.sleep
_native_asyncio_run = asyncio.runners.run
_ballast = None


# -- what is not here says so ---------------------------------------------------------------------


def _refuse(error, message):
    def refused(*_args, **_kwargs):
        raise error(message)

    return refused


def _refuse_processes():
    subprocess.Popen.__init__ = _refuse(OSError, NO_SUBPROCESS)
    # Popen.__del__ reads this from objects whose __init__ never ran.
    subprocess.Popen._child_created = False
    names = [name for name in dir(os) if name.startswith(("exec", "spawn", "posix_spawn", "fork"))]
    for name in (*names, "system", "popen"):
        if hasattr(os, name):
            setattr(os, name, _refuse(OSError, NO_SUBPROCESS))


def _refuse_sockets():
    socket.socket.__init__ = _refuse(OSError, NO_NETWORK)
    socket.socket.__del__ = lambda self: None
    names = ("create_connection", "create_server", "socketpair", "fromfd", "getaddrinfo", "gethostbyname")
    for name in (*names, "gethostbyname_ex", "gethostbyaddr", "getnameinfo"):
        if hasattr(socket, name):
            setattr(socket, name, _refuse(OSError, NO_NETWORK))


def _refuse_threads():
    import _thread

    refused = _refuse(RuntimeError, NO_THREADS)
    for module in (_thread, threading):
        for name in ("start_new_thread", "start_new", "start_joinable_thread"):
            for attribute in (name, f"_{name}"):
                if hasattr(module, attribute):
                    setattr(module, attribute, refused)


def _hide_modules():
    """Takes modules out of the standard library's archive: they do not exist, and asking for them is no error."""
    for files in zipimport._zip_directory_cache.values():
        for path in list(files):
            if path.split("/", 1)[0].removesuffix(".py") in _HIDDEN:
                del files[path]


# -- time -----------------------------------------------------------------------------------------


def _make_sleep():
    waiter = select.poll()

    @functools.wraps(_native_sleep)
    def sleep(seconds, /):
        if not isinstance(seconds, (int, float)):
            seconds = seconds.__index__() if hasattr(seconds, "__index__") else float(seconds)
        if seconds != seconds:
            raise ValueError("Invalid value NaN (not a number)")
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) >= 0.001:
            waiter.poll(int(min(left, 3600) * 1000))
        _native_sleep(max(left, 0))

    return sleep


class _NoEvents:
    """Stands where an event loop keeps its selector: here nothing but time wakes a task."""

    def select(self, timeout):
        if timeout is None:
            raise RuntimeError("every asyncio task waits for another and nothing can wake them")
        if timeout > 0:
            time.sleep(timeout)
        return []


class _Loop(asyncio.base_events.BaseEventLoop):
    def __init__(self):
        super().__init__()
        self._selector = _NoEvents()

    def _process_events(self, _events):
        pass

    def _write_to_self(self):
        pass


class _LoopPolicy(asyncio.events._BaseDefaultEventLoopPolicy):
    _loop_factory = _Loop


# -- life of the interpreter ----------------------------------------------------------------------


def prepare():
    """Runs before the snapshot: everything that holds for every task."""
    _refuse_processes()
    _refuse_sockets()
    _refuse_threads()
    sys.executable = ""
    sys.stdout.reconfigure(line_buffering=True)
    gc.collect()
    gc.freeze()


def _ctypes_addresses():
    """Functions of the interpreter itself that ctypes calls by address: the only ones it may."""
    import _ctypes

    names = ("_memmove_addr", "_memset_addr", "_string_at_addr", "_cast_addr", "_wstring_at_addr", "_memoryview_at_addr")
    return [getattr(_ctypes, name) for name in names if hasattr(_ctypes, name)]


def lock():
    """Runs in every fresh process once the interpreter is up; gives the addresses ctypes may call, as JSON."""
    global _ballast
    time.sleep = _make_sleep()
    asyncio.run = _native_asyncio_run
    asyncio.events._event_loop_policy = _LoopPolicy()
    asyncio.events._set_running_loop(None)
    sys.meta_path[:] = [finder for finder in sys.meta_path if "pyodide" not in _module_of(finder)]
    for name in list(sys.modules):
        if name.split(".", 1)[0] in _HIDDEN:
            _empty_of_proxies(sys.modules.pop(name))
    _hide_modules()
    # The host's source of randomness is looked up at its first use; later there is nothing to be looked up.
    os.urandom(1)
    sys.modules.pop("_fog_guest", None)
    _ballast = bytearray(BALLAST_BYTES)
    return json.dumps(_ctypes_addresses())


def _module_of(finder):
    return getattr(finder, "__module__", None) or type(finder).__module__


def _empty_of_proxies(module):
    for name, value in list(getattr(module, "__dict__", {}).items()):
        if type(value).__name__.startswith("JsProxy") or name == "jsfinder":
            if name == "jsfinder":
                value.jsproxies.clear()
            else:
                module.__dict__.pop(name, None)


def run(request_json):
    """Runs the program; gives {exitCode, kind, summary} as JSON. kind: exit | error | memory | disk."""
    request = json.loads(request_json)
    _set_up(request)
    try:
        end = _run_program(request)
    except BaseException as error:
        end = _end_of(error)
    try:
        atexit._run_exitfuncs()
    except BaseException as error:
        end = _end_of(error)
    flushed = _flush()
    return json.dumps(end if end["exitCode"] != 0 or flushed is None else flushed)


def _set_up(request):
    os.environ.clear()
    os.environ.update(sorted(request["env"].items()))
    sys.argv = [request["name"], *request["args"]]
    sys.orig_argv = list(sys.argv)
    sys.path[:] = [WORK, *(path for path in sys.path if path not in ("", WORK))]
    sys.excepthook = sys.__excepthook__
    random.seed(request["seed"])
    linecache.clearcache()


def _run_program(request):
    path = f"{WORK}/{request['name']}"
    module = types.ModuleType("__main__")
    module.__file__ = path
    module.__builtins__ = sys.modules["builtins"]
    sys.modules["__main__"] = module
    with open(request["program"], "rb") as file:
        source = file.read()
    exec(compile(source, path, "exec", dont_inherit=True), module.__dict__)
    return {"exitCode": 0, "kind": "exit", "summary": ""}


def _flush():
    failed = None
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except ValueError:
            pass  # The program closed it.
        except BaseException as error:
            failed = _end_of(error)
    return failed


# -- how it ends ----------------------------------------------------------------------------------


def _end_of(error):
    global _ballast
    _ballast = None
    if isinstance(error, SystemExit):
        return _end_of_exit(error.code)
    kind = _kind_of(error)
    if kind == "memory":
        _shorten_trace(error)
    _explain(error)
    _print_error(error)
    exit_code = 130 if isinstance(error, KeyboardInterrupt) else 1
    return {"exitCode": exit_code, "kind": kind, "summary": _summary_of(error)}


def _summary_of(error):
    try:
        words = str(error).strip().split("\n", 1)[0][:1000]
    except BaseException:
        words = ""
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _end_of_exit(code):
    if code is None:
        return {"exitCode": 0, "kind": "exit", "summary": ""}
    if isinstance(code, int):
        return {"exitCode": code & 0xFF, "kind": "exit", "summary": ""}
    with contextlib.suppress(BaseException):
        print(code, file=sys.stderr)
    return {"exitCode": 1, "kind": "exit", "summary": ""}


def _kind_of(error):
    if isinstance(error, MemoryError) or (isinstance(error, OverflowError) and str(error) == OVERSIZE):
        return "memory"
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return "memory"
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "disk"
    return "error"


def _print_error(error):
    try:
        _strip_own_frames(error)
        if sys.excepthook is not sys.__excepthook__:
            sys.excepthook(type(error), error, error.__traceback__)
            return
        report = traceback.TracebackException(type(error), error, error.__traceback__, compact=True)
        _leave_out_own_frames(report, set())
        report.print(file=sys.stderr)
    except BaseException:
        with contextlib.suppress(BaseException):
            sys.stderr.write(f"{type(error).__name__}\n")


def _shorten_trace(error):
    """Lets go of the inner frames of a deep trace: what they hold may be the memory that is missing."""
    trace = error.__traceback__
    for _ in range(TRACE_FRAMES):
        if trace is None:
            return
        trace = trace.tb_next
    if trace is not None:
        trace.tb_next = None


def _strip_own_frames(error):
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == OWN_FILE:
        trace = trace.tb_next
    error.__traceback__ = trace


def _leave_out_own_frames(report, seen):
    if report is None or id(report) in seen:
        return
    seen.add(id(report))
    report.stack[:] = [frame for frame in report.stack if frame.filename != OWN_FILE]
    for other in (report.__cause__, report.__context__, *(report.exceptions or ())):
        _leave_out_own_frames(other, seen)


def _explain(error):
    """Adds the remedy to the errors that an absent module or file leaves, as the traceback's last line."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        with contextlib.suppress(BaseException):
            remedy = _remedy_of(error)
            if remedy is not None:
                error.add_note(remedy)
                return
        error = error.__cause__ or error.__context__


def _remedy_of(error):
    if isinstance(error, ModuleNotFoundError) and error.name:
        return _remedy_of_module(error.name)
    if isinstance(error, FileNotFoundError) and isinstance(error.filename, (str, bytes)):
        return _remedy_of_file(os.fsdecode(error.filename))
    return None


def _remedy_of_module(name):
    top = name.split(".", 1)[0]
    if top in MISSING:
        return f"fog's Python has no {top}: {MISSING[top]}"
    if top in sys.stdlib_module_names:
        return f"fog's Python has no {name}: {_NO_SYSTEM}"
    return (
        f"no module named {name!r}: fog's Python has the standard library only; "
        f"send pure-Python modules with --input {top}.py or --input {top}/"
    )


def _remedy_of_file(path):
    relative = os.path.relpath(path, WORK) if path.startswith(f"{WORK}/") else path
    if relative.startswith("/"):
        return f"no file {path!r} in the sandbox: send yours with --input PATH:{path}"
    return f"no file {path!r} in the sandbox: fog sends only the program; send the file with --input {relative}"
