"""Run a client of this process through scenarios and judge it: `check(client)`, the one in `mockserver.testing`.

Time does not pass while a client waits (`edges/waiting.py`), so that ten minutes of polling take milliseconds. A client
that does not end is stopped: by what it sleeps or asks in the fake's time, or by real time.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import inspect
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from mockserver.cases import case_of, expected
from mockserver.choice import ScenarioSource, UnknownScenario
from mockserver.edges.waiting import VideoClock
from mockserver.evidence import Outcome
from mockserver.judge import Report, Terms, Verdict, judge, new_report
from mockserver.library import Library
from mockserver.scenario import Expect, ReplyTemplate, Scenario

if TYPE_CHECKING:
    from mockserver.edges.respx import VideoMock
    from mockserver.edges.server import ServedFake
    from mockserver.journal import Exchange

__all__ = ["FLOWS", "TRANSPORTS", "Client", "case_of", "check", "chosen", "expected", "judged", "new_report", "skipped"]

Client = Callable[[str, str, str | None], Any]

FLOWS = ("poll", "create")
TRANSPORTS = ("server", "mock")
API_KEY = "sk-check-5f0c2a"

# A client in the fake's time: what nobody needs who ever gives up.
_LONGEST = 24 * 3600.0  # seconds
_MOST_REQUESTS = 5000
_MOST_AT_ONCE = 300  # requests without any waiting between
_MOST_MOVES = 20_000  # of the clock, without a request: an endless download


class Stopped(BaseException):
    """Raised inside of a client that does not end; not an Exception, so that it is not taken for a failure."""


def check(
    client: Client,
    *,
    scenarios: str | Scenario | Iterable[str | Scenario] = "*",
    library: ScenarioSource | None = None,
    transport: str = "server",
    flow: str = "poll",
    seed: int = 0,
    timeout: float = 40.0,
    terms: Terms | None = None,
    on_verdict: Callable[[Verdict], None] | None = None,
    **terms_options: Any,
) -> Report:
    """Run a client through scenarios, one after the other, and judge what it does.

    `client(base_url, api_key, task_id)` is a function or a coroutine function that returns the clip as bytes; any
    Exception reports a failure. `task_id` is None with the flow `create`.

    - `scenarios`: names, patterns such as `download/*`, or `Scenario`s (default: all).
    - `library`: where names are looked up (default: the shipped scenarios).
    - `transport`: `"server"` (the default) for real sockets, `"mock"` for httpx and httpx2 without any.
    - `flow`: `"poll"` gives the client a task (the default), `"create"` lets it make one.
    - `timeout`: real seconds after which a client is stopped.
    - `terms`, or its parts `level`, `url_order`, `levels`, `ignore`: what the client is held to.
    - `on_verdict`: called with each verdict as it comes.

    Raises `UnknownScenario`, ValueError for a wrong option, TypeError for a client that returns anything but bytes,
    RuntimeError inside of a running event loop.
    """
    terms = terms if terms is not None else Terms(**terms_options)
    _known("transport", transport, TRANSPORTS)
    _known("flow", flow, FLOWS)
    _callable(client)
    if not isinstance(timeout, (int, float)) or not timeout > 0:
        raise ValueError(f"timeout: {timeout!r} is not a number of seconds above 0")
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        raise RuntimeError("check() runs event loops of its own; from inside of one use asyncio.to_thread(check, ...)")
    library = library if library is not None else Library()
    names, left_out = skipped(chosen(library, scenarios), flow, terms)
    if not names and not left_out:
        raise ValueError("scenarios: none was chosen")
    began = time.perf_counter()
    report = new_report(_name(client), terms, left_out, time.time(), flow=flow, seed=seed, timeout=timeout, speed=1.0)
    for scenario, expect in names:
        with fake_for(scenario, transport, seed) as (fake, leash):
            verdict = judged(client, fake, leash, scenario, expect, flow=flow, terms=terms, timeout=timeout)
        report.verdicts.append(verdict)
        if on_verdict is not None:
            on_verdict(verdict)
    report.seconds = time.perf_counter() - began
    return report


def _known(what: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise ValueError(f"{what}: {value!r} is not one of {', '.join(known)}")


def _callable(client: object) -> None:
    if not callable(client):
        raise TypeError(f"client: {client!r} is no function; it is called with (base_url, api_key, task_id)")
    try:
        signature = inspect.signature(client)
    except ValueError:
        return  # one of C
    try:
        signature.bind("", "", "")
    except TypeError as error:
        raise TypeError(f"client: it is called with (base_url, api_key, task_id), and {error}") from None


def _name(client: Client) -> str:
    named = client if hasattr(client, "__qualname__") else type(client)
    return f"{getattr(named, '__module__', '?')}.{getattr(named, '__qualname__', named)}"


# --- which scenarios, and what is expected ----------------------------------------------------------------------------


def chosen(library: ScenarioSource, asked: str | Scenario | Iterable[str | Scenario]) -> list[Scenario]:
    """The scenarios that names, last parts of names, folders and patterns stand for, each once.

    Raises `UnknownScenario` for one that stands for none, `ScenarioError` for a file that is wrong.
    """
    found: dict[str, Scenario] = {}
    names: list[str] = []
    for each in [asked] if isinstance(asked, (str, Scenario)) else asked:
        if isinstance(each, Scenario):
            found[each.name] = each
            continue
        names = names or library.names()
        patterns = (each, f"*/{each}", f"{each.rstrip('/')}/*")
        matching = [name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)]
        if not matching:
            raise UnknownScenario(each, names)
        found.update((name, library.find(name)) for name in matching if name not in found)
    return [found[name] for name in sorted(found)]


def skipped(
    scenarios: Iterable[Scenario], flow: str, terms: Terms
) -> tuple[list[tuple[Scenario, Expect]], dict[str, str]]:
    """The scenarios that can be judged, each with what is expected, and the others by name with the reason."""
    judgeable, left_out = [], {}
    for scenario in scenarios:
        # A scenario that only says how its task looks at first is about more than that.
        if flow == "poll" and any(reply != ReplyTemplate(video=reply.video) for reply in scenario.create):
            left_out[scenario.name] = "it is about creating, and the client is given a task"
            continue
        try:
            judgeable.append((scenario, expected(scenario, terms.order)))
        except ValueError:
            left_out[scenario.name] = f"whoever reads {terms.url_order} first gets another film"
    return judgeable, left_out


# --- one case ---------------------------------------------------------------------------------------------------------


class Leash:
    """Ends a client that does not end by itself.

    Its fake is closed first, so that it gets out of what it waits for; if that does not end it, `Stopped` is raised in
    its thread. In this order: while that is on its way to a thread that waits outside of Python, Python 3.11 lets every
    other thread spin that is traced.
    """

    _GRACE = 0.3  # seconds for a client to end by itself when its fake is gone

    def __init__(self) -> None:
        self.reason: str | None = None
        self._lock = threading.Lock()
        self._thread: int | None = None
        self._armed = 0

    @contextlib.contextmanager
    def around_client(self, timeout: float, on_stop: Callable[[], None]) -> Iterator[None]:
        """Run the client inside of this."""
        self._thread = threading.get_ident()

        def late() -> None:
            with self._lock:
                if self._thread is None:
                    return
                self.reason = self.reason or f"stopped after {timeout:g} s"
            on_stop()
            self._armed = _WATCHDOG.arm(time.monotonic() + self._GRACE, self._throw)

        self._armed = _WATCHDOG.arm(time.monotonic() + timeout, late)
        try:
            yield
        finally:
            with self._lock:
                self._thread = None
            _WATCHDOG.disarm(self._armed)
            if self.reason is not None:
                _let_arrive()

    def pull(self, reason: str) -> None:
        """Stop the client, from any thread, soon."""
        with self._lock:
            if self._thread is None or self.reason is not None:
                return
            self.reason = reason
        _WATCHDOG.hurry(self._armed)

    def _throw(self) -> None:
        with self._lock:
            if self._thread is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), ctypes.py_object(Stopped))

    def stop_here(self, reason: str) -> None:
        """Stop the client in whose thread this is called."""
        self.reason = self.reason or reason
        raise Stopped(reason)

    def holds_this_thread(self) -> bool:
        """Whether the caller is the client."""
        return self._thread == threading.get_ident()


def _let_arrive() -> None:
    """Let what was thrown into this thread and has not arrived yet arrive here, and not in the judge.

    It cannot be taken back: Python 3.11 would spin for ever then, in the next function that is traced.
    """
    with contextlib.suppress(Stopped):
        for _ in range(100):  # it arrives where a loop turns
            pass


class _Watchdog:
    """One thread that looks after every client of the process: a timer for each would cost more than a short case."""

    _TICK = 0.1  # seconds between two looks
    _IDLE = 50  # looks without a client until the thread ends

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: dict[int, tuple[float, Callable[[], None]]] = {}
        self._count = 0
        self._thread: threading.Thread | None = None

    def arm(self, deadline: float, late: Callable[[], None]) -> int:
        """Call `late` once when a moment of the monotonic clock has passed; returns what `disarm` takes."""
        with self._lock:
            self._count += 1
            self._armed[self._count] = (deadline, late)
            if self._thread is None or not self._thread.is_alive():  # not alive: in a process that was forked off
                self._thread = threading.Thread(target=self._watch, name="check watchdog", daemon=True)
                self._thread.start()
            return self._count

    def hurry(self, number: int) -> None:
        """Call it at the next look."""
        with self._lock:
            if number in self._armed:
                self._armed[number] = (0.0, self._armed[number][1])

    def disarm(self, number: int) -> None:
        """Do not call it any more."""
        with self._lock:
            self._armed.pop(number, None)

    def _watch(self) -> None:
        idle = 0
        pause = threading.Event()
        while True:
            pause.wait(self._TICK)
            now = time.monotonic()
            with self._lock:
                idle = 0 if self._armed else idle + 1
                if idle > self._IDLE:
                    self._thread = None
                    return
                due = [number for number, (deadline, _) in self._armed.items() if deadline <= now]
                late = [self._armed.pop(number)[1] for number in due]
            for call in late:
                call()


_WATCHDOG = _Watchdog()


class _LeashedClock(VideoClock):
    """A client's waiting, as long as it makes sense."""

    def __init__(self, leash: Leash) -> None:
        super().__init__()
        self._leash = leash
        self._slept = 0.0
        self.moves = 0

    def advance(self, seconds: float) -> float:
        """Move on, and stop the client when it has waited too long."""
        now = super().advance(seconds)
        # What is slept has a limit of its own; this one is for what is read.
        self.moves = self.moves + 1 if self.slept == self._slept else 0
        self._slept = self.slept
        if self._leash.holds_this_thread():
            if self.offset > _LONGEST:
                self._leash.stop_here(f"stopped after {_LONGEST / 3600:.0f} hours of its time")
            if self.moves > _MOST_MOVES:
                self._leash.stop_here("stopped: what it read had no end")
        return now

    def reach(self, offset: float) -> None:
        """Move on by an event loop: its sleepers are stopped one by one, as they wake."""
        VideoClock.advance(self, max(0.0, offset - self.offset))

    async def _sleep(self, delay: float, result: Any) -> Any:
        slept = await super()._sleep(delay, result)
        if self.offset > _LONGEST:
            self._leash.stop_here(f"stopped after {_LONGEST / 3600:.0f} hours of its time")
        return slept


@contextlib.contextmanager
def fake_for(scenario: Scenario, transport: str, seed: int) -> Iterator[tuple[ServedFake | VideoMock, Leash]]:
    """A fake for one case, with a clock that the client's waiting moves, and the leash of the client."""
    from mockserver.edges import shared

    leash = Leash()
    asked = at_once = 0
    slept = 0.0

    def watch(exchange: Exchange) -> None:
        nonlocal asked, at_once, slept
        at_once = at_once + 1 if clock.slept == slept else 0
        slept = clock.slept
        asked += 1
        clock.moves = 0
        if asked > _MOST_REQUESTS or at_once > _MOST_AT_ONCE:
            reason = f"stopped after {asked} requests{' without a pause' if at_once > _MOST_AT_ONCE else ''}"
            if leash.holds_this_thread():
                leash.stop_here(reason)
            leash.pull(reason)

    clock = _LeashedClock(leash)
    options: dict[str, Any] = {"clock": clock, "keys": [API_KEY], "seed": seed, "watch": watch}
    make = shared.video_mock if transport == "mock" else shared.video_server
    with clock, make(scenario, **options) as fake:
        yield fake, leash


def judged(
    client: Client,
    fake: ServedFake | VideoMock,
    leash: Leash,
    scenario: Scenario,
    expect: Expect,
    *,
    flow: str,
    terms: Terms,
    timeout: float,
) -> Verdict:
    """Run a client through one scenario and judge it."""
    given = fake.task(scenario).id if flow == "poll" else None
    began = time.perf_counter()
    outcome = _run(client, fake, given, leash, timeout)
    verdict = judge(case_of(fake, scenario, expect, outcome, terms=terms, given=given), terms)
    verdict.seconds = time.perf_counter() - began
    return verdict


def _run(client: Client, fake: ServedFake | VideoMock, given: str | None, leash: Leash, timeout: float) -> Outcome:
    try:
        with leash.around_client(timeout, fake.close):
            clip = client(fake.base_url, fake.api_key, given)
            if inspect.isawaitable(clip):
                clip = asyncio.run(_awaited(clip))
    except Stopped:
        return Outcome("stopped", leash.reason or "stopped")
    except NotImplementedError:
        raise  # no client's word
    except (Exception, SystemExit) as error:
        if leash.reason is not None:
            return Outcome("stopped", leash.reason)
        if isinstance(error, SystemExit) and error.code in (None, 0):
            return Outcome("delivered", "exit 0")
        return Outcome("reported", f"raised {type(error).__name__}: {error}"[:500])
    if clip is None:
        return Outcome("delivered", "returned None, where a failure is raised")
    if not isinstance(clip, (bytes, bytearray, memoryview)):
        raise TypeError(f"the client returned {type(clip).__name__}, not the clip as bytes; a failure is raised")
    return Outcome("delivered", "returned", bytes(clip))


async def _awaited(awaitable: Any) -> Any:
    return await awaitable
