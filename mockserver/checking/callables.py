"""Run a client of this process through scenarios and judge it: `video_mockserver.check(client)`.

Time does not pass while a client waits (`edges/virtual_time`), so that ten minutes of polling take milliseconds. A
client that does not end is stopped: by what it sleeps or asks in the fake's time, or by real time.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

from ..api.suggest import did_you_mean
from ..judge.expectation import case_of, chosen, judgeable
from ..judge.observations import Outcome
from ..judge.rules.rule import Level
from ..judge.verdict import Report, Terms, UrlOrder, Verdict, judge, new_report
from ..scenario.library import Library
from ..scenario.model import Expect, Scenario
from ..scenario.sources import ScenarioSource
from .watchdog import Stopped, Watchdog, WatchedClock, request_watcher

if TYPE_CHECKING:
    from ..edges.inprocess.respx import VideoMock
    from ..edges.server.registry import ServedFake

__all__ = ["FLOWS", "TRANSPORTS", "Client", "Flow", "Transport", "check", "check_flow_and_transport"]

Client = Callable[[str, str, str | None], Any]

Flow = Literal["poll", "create"]
Transport = Literal["server", "mock"]
FLOWS: tuple[Flow, ...] = get_args(Flow)
TRANSPORTS: tuple[Transport, ...] = get_args(Transport)
API_KEY = "sk-check-5f0c2a"


def check(
    client: Client,
    *,
    scenarios: str | Scenario | Iterable[str | Scenario] = "*",
    library: ScenarioSource | None = None,
    transport: Transport = "server",
    flow: Flow = "poll",
    seed: int = 0,
    timeout: float = 40.0,
    terms: Terms | None = None,
    level: Level | None = None,
    url_order: UrlOrder | None = None,
    levels: Mapping[str, Level] | None = None,
    ignore: Mapping[str, str] | None = None,
    on_verdict: Callable[[Verdict], None] | None = None,
) -> Report:
    """Run a client through scenarios, one after the other, and judge what it does.

    `client(base_url, api_key, task_id)` is a function or a coroutine function that returns the clip as bytes; any
    Exception reports a failure. `task_id` is None with the flow `create`.

    - `scenarios`: names, patterns such as `download/*`, or `Scenario`s (default: all).
    - `library`: where names are looked up (default: the shipped scenarios).
    - `transport`: `"server"` (the default) for real sockets, `"mock"` for httpx and httpx2 without any.
    - `flow`: `"poll"` gives the client a task (the default), `"create"` lets it make one.
    - `timeout`: real seconds after which a client is stopped.
    - `level`, `url_order`, `levels`, `ignore`: the rules (see `Terms`), or all of them as `terms`, not both.
    - `on_verdict`: called with each verdict as it comes.

    Raises `UnknownScenario`, ValueError for a wrong option, TypeError for a client that returns anything but bytes,
    RuntimeError inside of a running event loop.
    """
    terms = _terms(terms, level=level, url_order=url_order, levels=levels, ignore=ignore)
    check_flow_and_transport(flow, transport)
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
    cases, left_out = judgeable(chosen(library, scenarios), flow, terms)
    if not cases and not left_out:
        raise ValueError("scenarios: none was chosen")
    began = time.perf_counter()
    report = new_report(_name(client), terms, left_out, time.time(), flow=flow, seed=seed, timeout=timeout, speed=1.0)
    for scenario, expect in cases:
        with fake_for(scenario, transport, seed) as (fake, watchdog):
            verdict = _judged(client, fake, watchdog, scenario, expect, flow=flow, terms=terms, timeout=timeout)
        report.verdicts.append(verdict)
        if on_verdict is not None:
            on_verdict(verdict)
    report.seconds = time.perf_counter() - began
    return report


def _terms(terms: Terms | None, **given: Any) -> Terms:
    single = {name: value for name, value in given.items() if value is not None}
    if terms is None:
        return Terms(**single)
    if single:
        raise ValueError(f"terms: give either terms or {', '.join(single)}, not both")
    return terms


def check_flow_and_transport(flow: str, transport: str) -> None:
    """Raise ValueError for a flow or a transport that there is not."""
    _known("transport", transport, TRANSPORTS)
    _known("flow", flow, FLOWS)


def _known(what: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise ValueError(f"{what}: no {value!r}{did_you_mean(value, known)}")


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


# --- one case ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def fake_for(scenario: Scenario, transport: str, seed: int) -> Iterator[tuple[ServedFake | VideoMock, Watchdog]]:
    """A fake for one case, with a clock that the client's waiting moves, and the watchdog of the client."""
    from . import shared_fakes as shared

    watchdog = Watchdog()
    clock = WatchedClock(watchdog)
    options: dict[str, Any] = {
        "clock": clock,
        "keys": [API_KEY],
        "seed": seed,
        "watch": request_watcher(watchdog, clock),
    }
    make = shared.video_mock if transport == "mock" else shared.video_server
    with clock, make(scenario, **options) as fake:
        yield fake, watchdog


def _judged(
    client: Client,
    fake: ServedFake | VideoMock,
    watchdog: Watchdog,
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
    ended_at: float | None = None

    def stop() -> None:
        # What the client waits for in real time, as for a socket on which nothing comes, the fake's clock does not
        # know; and what it does when its fake is gone is not looked at.
        nonlocal ended_at
        ended_at = fake.clock.now() + time.monotonic() - watchdog.asked_at
        fake.close()

    outcome = _run(client, fake, given, watchdog, timeout, stop)
    case = case_of(fake, scenario, expect, outcome, terms=terms, given=given, ended_at=ended_at)
    verdict = judge(case, terms)
    verdict.seconds = time.perf_counter() - began
    return verdict


def _run(
    client: Client,
    fake: ServedFake | VideoMock,
    given: str | None,
    watchdog: Watchdog,
    timeout: float,
    stop: Callable[[], None],
) -> Outcome:
    try:
        with watchdog.around_client(timeout, stop):
            clip = client(fake.base_url, fake.api_key, given)
            if inspect.isawaitable(clip):
                clip = asyncio.run(_awaited(clip))
    except Stopped:
        return Outcome("stopped", watchdog.reason or "stopped")
    except NotImplementedError:
        raise  # no client's word
    except (Exception, SystemExit) as error:
        if watchdog.reason is not None:
            return Outcome("stopped", watchdog.reason)
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
