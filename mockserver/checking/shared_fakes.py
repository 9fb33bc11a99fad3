"""Fakes for one test each: one server in a thread serves all of a process, each with ports of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..scenario.library import Library

if TYPE_CHECKING:
    from ..edges.inprocess.respx import VideoMock
    from ..edges.server.registry import ServedFake
    from ..edges.server.video_server import VideoServer
    from ..edges.virtual_time import VideoClock
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
def video_server(scenario: str | Scenario | None = None, **options: Any) -> Iterator[ServedFake]:
    """A fake over real sockets, its ports its own. `options` are those of `Fake`, and `library`.

    With a `VideoClock` as its clock, the server's thread is left in real time.
    """
    from ..edges.virtual_time import VideoClock

    server = shared_server()
    clock = options.get("clock")
    if isinstance(clock, VideoClock) and server.thread_id is not None:
        clock.exclude_thread(server.thread_id)
    with server.fake(scenario, **options) as fake:
        yield fake


def video_mock(scenario: str | Scenario | None = None, *, library: Library | None = None, **options: Any) -> VideoMock:
    """A fake without sockets, for httpx and httpx2 in this process. `options` are those of `VideoMock`.

    Raises ImportError, with what to install, when respx or httpx is missing.
    """
    try:
        from ..edges.inprocess.respx import VideoMock
    except ImportError as error:
        raise ImportError(
            f"video_mock needs httpx and respx ({error}): pip install 'video-mockserver[pytest]'"
        ) from None
    return VideoMock(scenario, library=library, **options)


def video_clock() -> VideoClock:
    """A clock that this process's waiting moves; give it to a fake as its `clock`."""
    from ..edges.virtual_time import VideoClock

    return VideoClock()
