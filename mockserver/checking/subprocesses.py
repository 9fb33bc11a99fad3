"""One client program for one case: run, watched, stopped in time, and ended with all that it started.

A program may hang, flood, ignore signals, or leave children behind that hold its output open; none of it may hold up a
verdict, and nothing may be left running. `run_program` can be called from several threads at once.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

__all__ = ["CompletedRun", "NotRunnable", "run_program", "stop_all"]

# Every program has a token of its own in this variable. What it starts inherits it, in whatever session it hides. A
# program that is itself such a judge hands on both tokens, its own and the one it was given.
_MARK = "VIDEO_MOCKSERVER_CASE"

_TICK = 0.1  # seconds between two looks at whether there was enough, and whether all shall stop
_GRACE = 0.3  # seconds from the polite signal to the one that nobody can ignore
_PATIENCE = 2.0  # seconds for the dead to be gone; what then still lives is not ours to end, as a set-uid program

_HEAD, _TAIL = 16 * 1024, 48 * 1024  # bytes of the output that are kept
_PIECE = 64 * 1024
_LEFT_IN_PIPE = 1024 * 1024  # bytes that are still read when somebody holds the pipe of a program that has ended

# How long to wait for a process to show its environment: one that is just becoming another program has none for a
# moment, and some have none at all.
_UNCLEAR = (0.001, 0.004, 0.016)
_SHORT = 1.0  # seconds in which the system cannot have given out all its process ids

# Another object after every `stop_all`.
_stops = object()


class NotRunnable(Exception):
    """The program cannot be started, and why."""


@dataclass(frozen=True, slots=True)
class CompletedRun:
    """How a program ended.

    `code` is its exit code, below 0 the signal that ended it, and None when we stopped it. `output` is stdout and
    stderr as they came; of a long one the beginning and the end, with a line between them.
    """

    code: int | None
    seconds: float
    output: str


def run_program(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    timeout: float,
    cwd: Path | None = None,
    enough: Callable[[], bool] | None = None,
) -> CompletedRun:
    """Run a program to its end, for at most `timeout` seconds, or until `enough()` is true.

    `enough` is asked in the calling thread, about every 100 ms; it must not block. Whatever way this returns or raises
    (KeyboardInterrupt, too), the program and what it started have been ended. Raises `NotRunnable`.
    """
    stops = _stops
    began = time.monotonic()
    with _Program(arguments, env, cwd) as program:
        program.start()
        stopped = _must_stop(program, began + timeout, stops, enough)
        if stopped:
            program.stop()
        seconds = time.monotonic() - began
    return CompletedRun(None if stopped else program.code, seconds, program.output)


def stop_all() -> None:
    """Have every program that runs now stopped: its `run_program` returns soon, with code None.

    Does not wait, and does not touch programs that are started later. So who ends a pool of threads says it until the
    last one is done:

        pool.shutdown(wait=False, cancel_futures=True)
        while not all(future.done() for future in futures):  # `wait` never sees the cancelled ones as done
            stop_all()
            time.sleep(0.05)
    """
    global _stops
    _stops = object()


def _must_stop(program: _Program, deadline: float, stops: object, enough: Callable[[], bool] | None) -> bool:
    """Wait until the program has ended (False), or is to be stopped (True)."""
    while not program.ended(min(_TICK, max(0.0, deadline - time.monotonic()))):
        if time.monotonic() >= deadline or _stops is not stops or (enough is not None and enough()):
            return True
    return False


class _Program:
    """A running program. Leaving the `with` block ends it and all that it started; `code` and `output` are there then.

    `code` is None for one that could not be ended.
    """

    def __init__(self, arguments: Sequence[str], env: Mapping[str, str], cwd: Path | None) -> None:
        self._token = secrets.token_hex(16)
        mark = f"{env[_MARK]}:{self._token}" if env.get(_MARK) else self._token
        self._began = time.monotonic()
        try:
            self._process = _popen(arguments, {**env, _MARK: mark}, cwd)
        except NotRunnable:
            raise
        except BaseException:  # a Ctrl-C when the program may have been started already
            _end_marked(self._token, 0)
            raise
        self._exit = _Exit(self._process)
        self._output = _Output(self._process.stdout)
        self.code: int | None = None
        self.output = ""

    def __enter__(self) -> _Program:
        return self

    def start(self) -> None:
        """Begin to read the output, and to watch for the end."""
        self._output.start()
        self._exit.start()

    def ended(self, seconds: float) -> bool:
        """Whether the program itself ends within so many seconds."""
        return self._exit.within(seconds)

    def stop(self) -> None:
        """Ask the program and its group to end, and give it a moment to do so."""
        self._signal(hard=False)
        self.ended(_GRACE)

    def __exit__(self, *_: object) -> None:
        try:
            # Before it is reaped: until then its id, and so that of its group, cannot become somebody else's.
            self._signal(hard=True)
            _end_marked(self._token, self._older())
            gone = self.ended(_PATIENCE)
        except BaseException:
            gone = False
            raise
        finally:
            self._output.close()
            self.output = self._output.text()
            self._exit.close()
            if gone:
                self.code = self._process.wait()
            else:
                # Somebody must be there for it whenever it ends, or it stays as a zombie.
                threading.Thread(target=self._process.wait, name="video-mockserver undead", daemon=True).start()

    def _signal(self, *, hard: bool) -> None:
        if sys.platform == "win32":
            # Windows has nothing polite for a program without a window; and a tree is found only while its root lives.
            command = ["taskkill", "/F", "/T", "/PID", str(self._process.pid)]
            subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603
            return
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL if hard else signal.SIGTERM)

    def _older(self) -> int:
        """A process id; what the program started has a greater one, unless all ids may have been given out since."""
        pid = self._process.pid
        return pid if time.monotonic() - self._began < _SHORT and _last_pid() >= pid else 0


class _Exit:
    """Tells when a process has ended, to the moment: `Popen.wait` with a timeout naps for up to 50 ms.

    Linux gives a handle to poll; elsewhere a thread waits.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._handle = -1
        self._poll: Callable[[float], object] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._handle = _process_handle(self._process.pid)
        if sys.platform != "win32" and self._handle >= 0:
            poll = select.poll()
            poll.register(self._handle, select.POLLIN)
            self._poll = poll.poll
        else:
            self._thread = threading.Thread(target=self._process.wait, name="video-mockserver exit", daemon=True)
            self._thread.start()

    def within(self, seconds: float) -> bool:
        if self._poll is not None:
            return bool(self._poll(seconds * 1000))
        if self._thread is not None:
            self._thread.join(seconds)
            return not self._thread.is_alive()
        # Only when something went wrong before `start`: how long it takes is no matter.
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)


class _Output:
    """What comes out of a pipe: all of it read, as fast as it comes, and its beginning and end kept."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        assert pipe is not None
        self._pipe = pipe
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read, name="video-mockserver output", daemon=True)
        self._size = 0
        self._head = bytearray()
        self._tail = bytearray()

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Read what is in the pipe by now, and no more, whoever still holds it."""
        self._over.set()
        if self._thread.ident is not None:
            # On Windows nothing ends a read, and closing the pipe would wait for it, too.
            self._thread.join(_PATIENCE if sys.platform == "win32" else None)
        if not self._thread.is_alive():
            self._pipe.close()

    def text(self) -> str:
        """What was kept; UTF-8, and what is none replaced."""
        tail = bytes(self._tail[-_TAIL:])
        left_out = self._size - len(self._head) - len(tail)
        if not left_out:
            return (self._head + tail).decode(errors="replace")
        head = self._head.decode(errors="replace")
        return f"{head}\n... {left_out} bytes left out ...\n{tail.decode(errors='replace')}"

    def _read(self) -> None:
        pipe = self._pipe.fileno()
        if sys.platform == "win32":
            while data := os.read(pipe, _PIECE):
                self._keep(data)
            return
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        left = _LEFT_IN_PIPE
        while left > 0:
            over = self._over.is_set()  # asked first: what was written until then is in the pipe now
            if poll.poll(0 if over else _TICK * 1000):
                data = os.read(pipe, _PIECE)
                if not data:
                    return
                self._keep(data)
                left -= len(data) if over else 0
            elif over:
                return

    def _keep(self, data: bytes) -> None:
        self._size += len(data)
        room = _HEAD - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > 4 * _TAIL:  # not every time: it moves the whole end
            del self._tail[:-_TAIL]


def _popen(arguments: Sequence[str], env: Mapping[str, str], cwd: Path | None) -> subprocess.Popen[bytes]:
    if not arguments:
        raise NotRunnable("no program is named")
    command = list(arguments)
    if sys.platform == "win32":
        # As a shell would find it: `npm` is `npm.cmd`.
        command[0] = shutil.which(command[0], path=env.get("PATH")) or command[0]
        flags = subprocess.CREATE_NEW_PROCESS_GROUP
    else:
        flags = 0
    try:
        return subprocess.Popen(  # noqa: S603 - whoever runs us says what to run
            command,
            bufsize=0,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=env,
            # No function of ours between fork and exec: with threads about, that is not safe.
            start_new_session=True,
            creationflags=flags,
        )
    except (OSError, ValueError) as error:  # a ValueError is a NUL in an argument
        raise NotRunnable(_why(error, command[0], env, cwd)) from error


def _why(error: OSError | ValueError, program: str, env: Mapping[str, str], cwd: Path | None) -> str:
    """What is wrong with a program or the folder to run it in."""
    if isinstance(error, OSError):
        with contextlib.suppress(OSError):  # a folder that we may not look into
            if told := _known(error, program, env, cwd):
                return told
        return f"{error.filename or program}: {error.strerror}"
    return f"{program!r}: {error}"


def _known(error: OSError, program: str, env: Mapping[str, str], cwd: Path | None) -> str | None:
    """The usual mistakes; the system has but two words for them."""
    if cwd is not None and not cwd.is_dir():
        return f"{cwd} is not a folder" if cwd.exists() else f"no folder {cwd}"
    if not isinstance(error, FileNotFoundError | PermissionError):
        return None
    path = Path(cwd or "", program)
    if not os.path.dirname(program):  # noqa: PTH120 - Path would drop the `./`
        found = _on_path(program, env)
        if found is None:
            return f"no program {program!r} on the PATH"
        path, program = found, str(found)
    if path.is_dir():
        return f"{program} is a folder"
    if not path.exists():
        return f"no program {program}"
    if isinstance(error, FileNotFoundError):
        return f"{program}: the interpreter that its first line names is not there"
    return None if os.access(path, os.X_OK) else f"{program} is not executable"


def _on_path(program: str, env: Mapping[str, str]) -> Path | None:
    """The first file of that name on the PATH, executable or not."""
    files = (Path(folder, program) for folder in os.get_exec_path(env)) if program else ()
    return next((file for file in files if file.is_file()), None)


def _process_handle(pid: int) -> int:
    """A file descriptor that becomes readable when our child has ended, or -1 where there is no such thing."""
    if sys.platform == "linux" and hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):  # Linux before 5.3, or forbidden in a sandbox
            return os.pidfd_open(pid)
    return -1


def _end_marked(token: str, older: int) -> None:
    """End every process that carries the token and has an id above `older`; on Linux only.

    The others of the program's group are being killed already; this is for those that left it, and it returns when none
    runs any more.
    """
    if sys.platform != "linux":
        return
    marked = token.encode()
    until = time.monotonic() + _PATIENCE
    waits = list(_UNCLEAR)
    dead: set[int] = set()
    while time.monotonic() < until:
        seen = set()
        for pid in _pids(older):
            if pid in dead:
                continue
            is_what = _sight(pid, marked)
            seen.add(is_what)
            if is_what == "marked":
                # Just read, so the id is still that process's: ids are given out in a circle.
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            elif is_what == "dead":
                dead.add(pid)
        if "marked" in seen:
            time.sleep(0.001)
        elif "dead" in seen:
            continue  # it may have started one that was not listed yet; that one is now
        elif "unclear" in seen and waits:
            time.sleep(waits.pop(0))
        else:
            return


def _pids(older: int) -> list[int]:
    """The ids of the processes there are, above `older`."""
    try:
        names = os.listdir("/proc")  # noqa: PTH208 - a hundred paths would cost more than the list
    except OSError:
        return []
    return [pid for name in names if name.isdecimal() and (pid := int(name)) > older]


def _sight(pid: int, marked: bytes) -> Literal["marked", "other", "dead", "unclear"]:
    """What a process is, by the environment it was started with; without memory it is dead, if not yet buried."""
    try:
        with open(f"/proc/{pid}/environ", "rb", buffering=0) as file:  # noqa: PTH123 - once a process
            environment = file.readall()
        if environment:
            return "marked" if marked in environment else "other"
        with open(f"/proc/{pid}/statm", "rb", buffering=0) as file:  # noqa: PTH123
            return "dead" if file.readall().startswith(b"0 ") else "unclear"
    except (FileNotFoundError, ProcessLookupError):
        return "dead"
    except OSError:  # somebody else's
        return "other"


def _last_pid() -> int:
    """The last process id that the system gave out; 0 where that is not told."""
    try:
        with open("/proc/loadavg", "rb", buffering=0) as file:  # noqa: PTH123
            return int(file.readall().split()[4])
    except (OSError, ValueError, IndexError):
        return 0
