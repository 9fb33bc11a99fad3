"""Programs that are run for a case: how they end, what they say, and that nothing of them is left."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from video_mockserver.checking import subprocesses as programs
from video_mockserver.checking.subprocesses import CompletedRun, NotRunnable, run_program, stop_all

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the programs here are of POSIX")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

LONG = 30.0  # seconds that no program here takes, for each is stopped or ends by itself
SHORT = 0.3  # seconds, where a program is to be stopped by its timeout
PATIENCE = 60.0

# Has a last word when it is asked to end.
POLITE = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: print("bye") or sys.exit(0))
pathlib.Path(sys.argv[1]).touch()
time.sleep(60)
"""
# A process in a session of its own, which nobody waits for; it holds the output and sleeps. Its parent ends at once
# when the child has told its id.
HIDE = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        with open(sys.argv[1] + ".new", "w") as file:
            file.write(str(os.getpid()))
        os.rename(sys.argv[1] + ".new", sys.argv[1])
        time.sleep(60)
    os._exit(0)
os.wait()
while not os.path.exists(sys.argv[1]):
    time.sleep(0.005)
print("started it", flush=True)
"""
# The same, and nobody can tell where it came from.
HIDE_WELL = HIDE.replace("        time.sleep(60)", '        os.execve("/bin/sleep", ["sleep", "60"], {})')


def run(*arguments: str, timeout: float = LONG, env: dict[str, str] | None = None, **how: Any) -> CompletedRun:
    return run_program(arguments, env={**os.environ, **(env or {})}, timeout=timeout, **how)


def sh(script: str, *more: str, **how: Any) -> CompletedRun:
    return run("/bin/sh", "-c", script, "sh", *more, **how)


def python(script: str, *more: str, **how: Any) -> CompletedRun:
    return run(sys.executable, "-S", "-c", script, *more, **how)


def lives(pid: int) -> bool:
    """Whether there is such a process and it can still do something; one that is dead may not be buried yet."""
    try:
        os.kill(pid, 0)
        return sys.platform != "linux" or not Path(f"/proc/{pid}/statm").read_text().startswith("0 ")
    except (ProcessLookupError, FileNotFoundError):
        return False


def told_pid(file: Path) -> int:
    """The id that a program writes to a file, once it is there."""
    until = time.monotonic() + PATIENCE
    while not (file.exists() and file.read_text().strip()):
        assert time.monotonic() < until, f"nobody wrote {file.name}"
        time.sleep(0.005)
    return int(file.read_text())


def told(file: Path) -> Callable[[], bool]:
    """Enough is: something is in the file."""
    return lambda: file.exists() and bool(file.read_text())


def descriptors() -> int:
    return len(list(Path("/proc/self/fd" if sys.platform == "linux" else "/dev/fd").iterdir()))


def children() -> set[str]:
    """The processes that this one has, zombies among them."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
            found |= set((task / "children").read_text().split())
    return found


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No thread of ours, and no file descriptor or child more than before."""
    before = descriptors()
    mine = children() if sys.platform == "linux" else set()
    threads = set(threading.enumerate())  # of other tests' servers
    yield
    assert "video-mockserver" not in [thread.name.partition(" ")[0] for thread in set(threading.enumerate()) - threads]
    assert descriptors() == before
    assert sys.platform != "linux" or children() <= mine


@pytest.fixture(params=["told by the system", "waited for by a thread"])
def each_exit(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to learn that a program has ended: Linux's handle of a process, and what is left elsewhere."""
    if request.param == "waited for by a thread":
        monkeypatch.setattr(programs, "_process_handle", lambda pid: -1)


# --- how it ends ---


@pytest.mark.usefixtures("each_exit")
@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_a_program_has_its_exit_code(code: int) -> None:
    ran = sh(f"exit {code}")
    assert (ran.code, ran.output) == (code, "")
    assert 0 < ran.seconds < LONG


@pytest.mark.usefixtures("each_exit")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_program_that_a_signal_ends_has_it_below_zero(number: int) -> None:
    assert sh(f"kill -{int(number)} $$; sleep 60").code == -number


@pytest.mark.usefixtures("each_exit")
def test_a_program_that_hangs_is_stopped(tmp_path: Path) -> None:
    ran = sh("sleep 60", timeout=SHORT)
    assert (ran.code, ran.output) == (None, "")
    assert SHORT <= ran.seconds < LONG


def test_a_program_is_asked_before_it_is_killed(tmp_path: Path) -> None:
    ran = python(POLITE, str(tmp_path / "ready"), enough=(tmp_path / "ready").exists)
    assert (ran.code, ran.output) == (None, "bye\n")


def test_what_it_started_is_asked_too(tmp_path: Path) -> None:
    """A shell waits for the client that it runs; both are asked, and the client's last words are heard."""
    shell = 'trap : TERM; "$@" & wait; wait'
    ready = tmp_path / "ready"
    ran = sh(shell, sys.executable, "-S", "-c", POLITE, str(ready), enough=ready.exists)
    assert (ran.code, ran.output) == (None, "bye\n")


@pytest.mark.usefixtures("each_exit")
def test_a_program_that_ignores_the_polite_signal_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    ran = sh(
        'trap "" TERM INT HUP; echo ready; echo $$ > "$1"; while :; do sleep 1; done', str(file), enough=told(file)
    )
    assert (ran.code, ran.output) == (None, "ready\n")
    assert not lives(told_pid(file))


def test_a_program_that_stands_still_is_ended(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    assert sh('echo $$ > "$1"; kill -STOP $$', str(file), enough=told(file)).code is None
    assert not lives(told_pid(file))


def test_no_time_at_all_still_runs_and_stops() -> None:
    assert sh("sleep 60", timeout=0).code is None


def test_enough_stops_a_program(tmp_path: Path) -> None:
    file = tmp_path / "enough"
    ran = sh('echo began; : > "$1"; sleep 60', str(file), enough=file.exists)
    assert (ran.code, ran.output) == (None, "began\n")


def test_not_enough_lets_it_end() -> None:
    asked = 0

    def enough() -> bool:
        nonlocal asked
        asked += 1
        return False

    assert sh("sleep 0.25; exit 4", enough=enough).code == 4
    assert asked


def test_a_program_that_cannot_be_ended_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that runs as somebody else; here nobody sends it the signals."""
    monkeypatch.setattr(programs._Program, "_signal", lambda self, *, hard: None)
    monkeypatch.setattr(programs, "_end_marked", lambda token, older: None)
    monkeypatch.setattr(programs, "_GRACE", 0.0)
    monkeypatch.setattr(programs, "_PATIENCE", 0.1)
    threads = set(threading.enumerate())
    file = tmp_path / "pid"
    ran = sh('echo $$ > "$1"; exec sleep 60', str(file), enough=told(file))
    pid = told_pid(file)
    assert ran.code is None
    assert lives(pid)
    os.kill(pid, signal.SIGKILL)
    for thread in set(threading.enumerate()) - threads:
        thread.join(PATIENCE)  # who reaps it


# --- what it is given, and what it says ---


def test_both_outputs_come_as_one_and_in_order() -> None:
    assert sh("echo one; echo two >&2; echo three; printf four >&2").output == "one\ntwo\nthree\nfour"


def test_a_program_has_its_arguments_environment_and_folder_and_nothing_to_read(tmp_path: Path) -> None:
    script = 'echo "$1|$2|$WORD"; pwd; cat'
    ran = sh(script, "a b", "$HOME", env={"WORD": "a fox"}, cwd=tmp_path)
    assert ran.output == f"a b|$HOME|a fox\n{tmp_path.resolve()}\n"


def test_a_program_has_only_the_environment_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OURS", "1")
    ran = run_program(["/bin/sh", "-c", "echo ${OURS-none}"], env={}, timeout=LONG)
    assert ran.output == "none\n"


def test_what_is_no_text_is_replaced() -> None:
    assert sh(r"printf 'f\374chse \360\237\246\212'").output == "f\ufffdchse \U0001f98a"


def test_an_output_that_just_fits_is_whole() -> None:
    ran = python("import sys; sys.stdout.write('0123456789abcdef' * 4096)")
    assert ran.output == "0123456789abcdef" * 4096  # 64 KiB


def test_of_a_long_output_the_beginning_and_the_end_are_kept() -> None:
    ran = python("import sys; sys.stdout.write(''.join(f'{n:07}\\n' for n in range(40000)))")
    lines = ran.output.split("\n")
    middle = lines.index("... 254464 bytes left out ...")  # 320000 - 65536
    assert lines[:middle] == [*(f"{n:07}" for n in range(2048)), ""]
    assert lines[middle + 1 :] == [*(f"{n:07}" for n in range(40000 - 6144, 40000)), ""]


def test_of_a_long_output_that_is_no_text_both_ends_are_kept() -> None:
    output = sh(r"printf '\377'; head -c 100000 /dev/zero; printf '\377'").output
    assert (output[:2], output[-2:]) == ("\ufffd\0", "\0\ufffd")


def test_one_byte_too_many_is_left_out() -> None:
    ran = python("import sys; sys.stdout.write('a' * 16384 + 'b' + 'c' * 49152)")
    assert ran.output == "a" * 16384 + "\n... 1 bytes left out ...\n" + "c" * 49152


def test_a_flood_is_read_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    most = 0

    class Watched(programs._Output):
        def _keep(self, data: bytes) -> None:
            nonlocal most
            super()._keep(data)
            most = max(most, len(self._head) + len(self._tail))

    monkeypatch.setattr(programs, "_Output", Watched)
    ran = sh("head -c 67108864 /dev/zero; echo; echo done")
    assert ran.code == 0
    assert ran.output.endswith("\ndone\n")
    assert f"... {67108864 + 6 - 65536} bytes left out ..." in ran.output
    assert most < 512 * 1024


def test_a_flood_without_end_is_stopped(tmp_path: Path) -> None:
    file = tmp_path / "began"
    ran = sh('echo yes; : > "$1"; while :; do echo yes yes yes; done', str(file), enough=file.exists)
    assert ran.code is None
    assert ran.output.startswith("yes\n")


def test_a_program_may_close_its_output_and_go_on() -> None:
    assert sh("echo said; exec >&- 2>&-; sleep 0.2; exit 5").code == 5


# --- what it leaves behind ---


@pytest.mark.usefixtures("each_exit")
def test_what_is_left_in_the_background_is_ended(tmp_path: Path) -> None:
    ran = sh('sleep 60 & echo $! > "$1"; echo done', str(tmp_path / "pid"))
    assert (ran.code, ran.output) == (0, "done\n")
    assert not lives(told_pid(tmp_path / "pid"))


@on_linux
@pytest.mark.usefixtures("each_exit")
def test_what_hides_in_a_session_of_its_own_is_ended(tmp_path: Path) -> None:
    ran = python(HIDE, str(tmp_path / "pid"))
    assert (ran.code, ran.output) == (0, "started it\n")
    assert not lives(told_pid(tmp_path / "pid"))


@on_linux
def test_what_hides_is_ended_after_a_program_that_hangs(tmp_path: Path) -> None:
    file, ready = tmp_path / "pid", tmp_path / "ready"
    script = HIDE + "open(sys.argv[2], 'w').close()\ntime.sleep(60)"
    ran = python(script, str(file), str(ready), enough=ready.exists)
    assert (ran.code, ran.output) == (None, "started it\n")
    assert not lives(told_pid(file))


@pytest.fixture
def looked_above(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Above which ids processes were looked for."""
    pids, asked = programs._pids, []

    def watched(older: int) -> list[int]:
        asked.append(older)
        return pids(older)

    monkeypatch.setattr(programs, "_pids", watched)
    return asked


@on_linux
def test_what_hides_is_ended_whatever_ids_the_system_gives_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looked_above: list[int]
) -> None:
    """As when it has come around to the small ones: the program's own is not below its children's then."""
    monkeypatch.setattr(programs, "_last_pid", lambda: 1)
    python(HIDE, str(tmp_path / "pid"))
    assert not lives(told_pid(tmp_path / "pid"))
    assert set(looked_above) == {0}


@on_linux
def test_after_a_long_run_all_processes_are_looked_through(
    monkeypatch: pytest.MonkeyPatch, looked_above: list[int]
) -> None:
    monkeypatch.setattr(programs, "_SHORT", 0.0)
    sh("exit 0")
    assert set(looked_above) == {0}


@on_linux
def test_it_is_looked_until_nothing_new_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that died had started another, which was just becoming a program, and that started one more."""
    looks: list[dict[int, str]] = [
        {7: "dead", 3: "other"},
        {7: "dead", 8: "unclear", 3: "other"},
        {7: "dead", 8: "marked", 3: "other"},
        {8: "dead", 9: "marked", 3: "other"},
        {3: "other", 9: "dead"},
        {3: "other", 9: "dead"},
    ]
    killed = []
    monkeypatch.setattr(programs, "_sight", lambda pid, marked: look[pid])
    monkeypatch.setattr(os, "kill", lambda pid, number: killed.append(pid))
    look: dict[int, str] = {}

    def pids(older: int) -> list[int]:
        nonlocal look
        look = looks.pop(0)
        return list(look)

    monkeypatch.setattr(programs, "_pids", pids)
    programs._end_marked("token", 1)
    assert killed == [8, 9]
    assert not looks


@on_linux
def test_what_follows_one_another_is_ended(tmp_path: Path) -> None:
    """Each starts the next and ends, so that a look sees one that is no longer there when it is killed."""
    script = HIDE.replace(
        "        time.sleep(60)",
        """        for _ in range(3000):
            if os.fork():
                os._exit(0)
            with open(sys.argv[1] + ".last", "w") as file:
                file.write(str(os.getpid()))
            time.sleep(0.02)""",
    )
    ran = python(script, str(tmp_path / "pid"))
    assert ran.code == 0
    last = tmp_path / "pid.last"
    told = last.read_text() if last.exists() else ""
    time.sleep(0.1)  # in which another would have come
    assert (last.read_text() if last.exists() else "") == told


@on_linux
def test_who_holds_the_output_and_cannot_be_found_holds_nobody_up(tmp_path: Path) -> None:
    ran = python(HIDE_WELL, str(tmp_path / "pid"))
    pid = told_pid(tmp_path / "pid")
    assert (ran.code, ran.output) == (0, "started it\n")
    assert lives(pid)
    os.kill(pid, signal.SIGKILL)


@on_linux
def test_who_floods_the_output_and_cannot_be_found_holds_nobody_up(tmp_path: Path) -> None:
    script = HIDE.replace("        time.sleep(60)", '        os.execve("/usr/bin/yes", ["yes"], {})')
    ran = python(script.replace('print("started it", flush=True)', ""), str(tmp_path / "pid"))
    assert ran.code == 0
    pid = told_pid(tmp_path / "pid")
    with contextlib.suppress(ProcessLookupError):  # it ends by itself, for nobody reads any more
        os.kill(pid, signal.SIGKILL)


@on_linux
def test_what_a_judge_below_us_started_is_ours_too(tmp_path: Path) -> None:
    """A program that is a judge itself, and killed so that it cannot end its own."""
    script = (
        "import os, sys\nfrom video_mockserver.checking.subprocesses import run_program\n"
        "run_program(['/bin/sh', '-c', 'echo $$ > \"$1\"; sleep 60', 'sh', sys.argv[1]], env=os.environ, timeout=60)"
    )
    file = tmp_path / "pid"
    ran = run(sys.executable, "-c", script, str(file), cwd=tmp_path, enough=told(file))
    assert ran.code is None
    assert not lives(told_pid(file))


@on_linux
def test_others_are_left_alone(tmp_path: Path) -> None:
    """Neither what runs beside, nor who was given a token of its own."""
    with subprocess.Popen(["sleep", "60"], env={**os.environ, "VIDEO_MOCKSERVER_CASE": "0" * 32}) as beside:
        with ThreadPoolExecutor(1) as pool:
            file = tmp_path / "enough"
            other = pool.submit(sh, 'while [ ! -e "$1" ]; do sleep 0.01; done; exit 6', str(file))
            python(HIDE, str(tmp_path / "pid"))
            file.touch()
            assert other.result().code == 6
        assert beside.poll() is None
        beside.kill()


# --- what cannot be run ---


def refusal(*arguments: str, **how: Any) -> str:
    with pytest.raises(NotRunnable) as caught:
        run(*arguments, **how)
    return str(caught.value)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a text that is not executable, one that is but names no interpreter, and one that names none
    that exists."""
    (tmp_path / "plain").write_text("exit 0\n")
    (tmp_path / "bare").write_text("exit 0\n")
    (tmp_path / "lost").write_text("#!/nowhere/sh\nexit 0\n")
    (tmp_path / "folder").mkdir()
    for name in ("bare", "lost"):
        (tmp_path / name).chmod(0o755)
    return tmp_path


def test_a_program_that_is_not_on_the_path() -> None:
    assert refusal("no-such-client") == "no program 'no-such-client' on the PATH"
    assert refusal("") == "no program '' on the PATH"


def test_the_path_is_that_of_the_environment_given(files: Path) -> None:
    (files / "client").write_text("#!/bin/sh\nexit 7\n")
    (files / "client").chmod(0o755)
    assert run("client", env={"PATH": str(files)}).code == 7
    assert refusal("sh", env={"PATH": str(files)}) == "no program 'sh' on the PATH"


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("./nothing", "no program ./nothing"),
        ("./plain/deeper", "./plain/deeper: Not a directory"),
        ("./plain", "./plain is not executable"),
        ("./folder", "./folder is a folder"),
        ("./bare", "./bare: Exec format error"),
        ("./lost", "./lost: the interpreter that its first line names is not there"),
    ],
)
def test_a_file_that_is_no_program(files: Path, program: str, why: str) -> None:
    assert refusal(program, cwd=files) == why


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("plain", "{}/plain is not executable"),
        ("folder", "no program 'folder' on the PATH"),
        ("bare", "bare: Exec format error"),
        ("lost", "{}/lost: the interpreter that its first line names is not there"),
    ],
)
def test_a_file_on_the_path_that_is_no_program(files: Path, program: str, why: str) -> None:
    assert refusal(program, env={"PATH": str(files)}) == why.format(files)


def test_a_folder_to_run_in_that_is_none(files: Path) -> None:
    assert refusal("sh", "-c", "exit 0", cwd=files / "gone") == f"no folder {files / 'gone'}"
    assert refusal("sh", "-c", "exit 0", cwd=files / "plain") == f"{files / 'plain'} is not a folder"


def test_arguments_that_nothing_can_be_given() -> None:
    assert refusal() == "no program is named"
    assert refusal("sh", "a\0b") == "'sh': embedded null byte"
    assert refusal("sh", "-c", "exit 0", "x" * 4_000_000) == "sh: Argument list too long"


# --- many, and the end of all ---


def test_many_at_once_do_not_meet(tmp_path: Path) -> None:
    def one(number: int) -> None:
        file = tmp_path / str(number)
        ran = sh('sleep 60 & echo $! > "$1"; echo "I am $2"; exit "$2"', str(file), str(number))
        assert (ran.code, ran.output) == (number, f"I am {number}\n")
        assert not lives(told_pid(file))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(40)))


def test_stop_all_ends_what_runs_and_nothing_later(tmp_path: Path) -> None:
    script = 'trap "" TERM; echo $$ > "$1"; sleep 60 & wait; sleep 60'
    files = [tmp_path / name for name in "abc"]
    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(sh, script, str(file)) for file in files]
        pids = [told_pid(file) for file in files]
        stop_all()
        assert [future.result().code for future in running] == [None] * 3
    assert not any(map(lives, pids))
    assert sh("sleep 0.2; exit 8").code == 8


def test_a_pool_is_ended_as_stop_all_says(tmp_path: Path) -> None:
    """The programs of those that have just begun, too."""
    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(sh, 'echo $$ > "$1"; sleep 60', str(tmp_path / str(n))) for n in range(9)]
        told_pid(tmp_path / "0")
        pool.shutdown(wait=False, cancel_futures=True)
        while not all(future.done() for future in futures):
            stop_all()
            time.sleep(0.05)
    assert {future.result().code for future in futures if not future.cancelled()} == {None}
    assert sum(future.cancelled() for future in futures) >= 6
    assert not any(lives(int(file.read_text())) for file in tmp_path.iterdir() if file.read_text())


@pytest.mark.usefixtures("each_exit")
def test_an_exception_ends_everything_and_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "pid"

    def enough() -> bool:
        if file.exists():
            raise LookupError("no such case")
        return False

    with pytest.raises(LookupError, match="no such case"):
        python(HIDE + "time.sleep(60)", str(file), enough=enough)
    assert sys.platform != "linux" or not lives(told_pid(file))


def test_a_thread_that_cannot_be_started_leaves_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = 0

    def start(self: object) -> None:
        nonlocal pid
        pid = told_pid(tmp_path / "pid")
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(programs._Output, "start", start)
    with pytest.raises(RuntimeError, match="can't start"):
        sh('echo $$ > "$1"; sleep 60', str(tmp_path / "pid"))
    assert not lives(pid)


def test_ctrl_c_ends_everything(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys\nfrom video_mockserver.checking.subprocesses import run_program\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "try:\n"
        "    run_program(['/bin/sh', '-c', 'trap \"\" INT TERM; echo $$ > \"$1\"; sleep 60', 'sh', sys.argv[1]],\n"
        "                env=os.environ, timeout=60, enough=lambda: open(sys.argv[2], 'w').close())\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    waits = tmp_path / "waits"
    command = [sys.executable, "-W", "error", "-c", script, str(tmp_path / "pid"), str(waits)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as ours:
        pid = told_pid(tmp_path / "pid")
        until = time.monotonic() + PATIENCE
        while not waits.exists():
            assert time.monotonic() < until
            time.sleep(0.005)
        ours.send_signal(signal.SIGINT)
        assert ours.communicate(timeout=PATIENCE)[0] == "interrupted\n"
    assert ours.returncode == 0
    assert not lives(pid)


def test_ctrl_c_while_it_is_being_started_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform != "linux":
        pytest.skip("found by its mark")
    started: list[subprocess.Popen[bytes]] = []

    def popen(arguments: list[str], env: dict[str, str], cwd: Path | None) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(arguments, env=env, start_new_session=True))
        told_pid(tmp_path / "pid")
        raise KeyboardInterrupt

    monkeypatch.setattr(programs, "_popen", popen)
    with pytest.raises(KeyboardInterrupt):
        sh('echo $$ > "$1"; exec sleep 60', str(tmp_path / "pid"))
    assert started[0].wait(PATIENCE) == -signal.SIGKILL


def test_nothing_piles_up() -> None:
    before, threads = descriptors(), set(threading.enumerate())
    for number in range(30):
        sh(f"exit {number}")
        with contextlib.suppress(NotRunnable):
            run("./no-such-client")
    assert descriptors() == before
    assert set(threading.enumerate()) <= threads  # another test's may have ended meanwhile
