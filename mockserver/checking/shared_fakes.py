"""Fakes for one test each: one server in a thread serves all of a process, each with ports of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Unpack

from ..scenario.library import Library

if TYPE_CHECKING:
    from ..edges.inprocess.respx import VideoMock
    from ..edges.server.registry import ServedFake
    from ..edges.server.video_server import VideoServer
    from ..edges.virtual_time import VideoClock
    from ..fake.options import FakeOptions
    from ..scenario.model import Scenario

__all__ = ["shared_server", "stop_shared_server", "video_clock", "video_mock", "video_server"]

_lock = threading.Lock()
_server: VideoServer | None = None


def shared_server() -> VideoServer:
    """The server of this process, started on first use. It ends with the process, or at `stop_shared_server`."""
    global _server
    with _lock:
        if _server is None:
            from ..edges.server.video_server import VideoServer

            started = VideoServer()
            started.start()
            _server = started
        return _server


def stop_shared_server() -> None:
    """End the server of this process, if there is one; the next use starts another."""
    global _server
    with _lock:
        server, _server = _server, None
    if server is not None:
        server.stop()


@contextmanager
def video_server(
    scenario: str | Scenario | None = None, *, library: Library | None = None, **options: Unpack[FakeOptions]
) -> Iterator[ServedFake]:
    """A fake over real sockets, on ports of its own, as a context manager.

    `scenario` is the default one (default: the usual case), `library` the scenarios (default: the shipped ones);
    `options` are those of every fake (`FakeOptions`). With a `VideoClock` as its clock, the server's thread stays in
    real time. Raises TypeError for an unknown option, ValueError for a wrong value, `UnknownScenario`.
    """
    from ..edges.virtual_time import VideoClock

    server = shared_server()
    clock = options.get("clock")
    if isinstance(clock, VideoClock) and server.thread_id is not None:
        clock.exclude_thread(server.thread_id)
    with server.fake(scenario, library=library, **options) as fake:
        yield fake


def video_mock(
    scenario: str | Scenario | None = None,
    *,
    base_url: str = "https://octopusx.ai/v1",
    library: Library | None = None,
    **options: Unpack[FakeOptions],
) -> VideoMock:
    """A fake without sockets, for httpx and httpx2 in this process: a `VideoMock`, to be used as a context manager.

    `base_url` is where it answers; `options` are those of every fake (`FakeOptions`). Raises ImportError, with what to
    install, when respx or httpx is missing, TypeError for an unknown option, ValueError for a wrong value.
    """
    try:
        from ..edges.inprocess.respx import VideoMock
    except ImportError as error:
        raise ImportError(
            f"video_mock needs httpx and respx ({error}): pip install 'video-mockserver[pytest]'"
        ) from None
    return VideoMock(scenario, base_url=base_url, library=library, **options)


def video_clock() -> VideoClock:
    """A clock that this process's waiting moves; give it to a fake as its `clock`."""
    from ..edges.virtual_time import VideoClock

    return VideoClock()
