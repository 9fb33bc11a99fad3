"""httpx without sockets: a fake behind respx, for the sync and the async client alike.

Every request of httpx to the fake's origins reaches the fake. What else httpx asks is for the routes that a test adds
to `VideoMock.router`; they come first, so a test can answer for the fake too. Where httpx2 is installed (the openai
package uses it), it is served by the same routers, through `video_mockserver.edges.inprocess.httpx2`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Unpack

import httpx
import respx
from respx.mocks import HTTPCoreMocker, Mocker
from respx.models import AllMockedAssertionError, PassThrough

from ...fake.clip_files import shipped_clips
from ...fake.clock import ManualClock
from ...fake.options import FakeOptions, check_option_names
from ...judge.verify import JudgedFake
from ...scenario.library import Library
from ...scenario.model import Scenario
from ..compat import check_httpcore2, check_respx
from .calls import API_ORIGIN, FailureKind, InProcessFake, Received, TransportError

__all__ = ["VideoMock"]

_SCHEMES = ("http", "https")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_EXCEPTIONS: dict[FailureKind, Callable[[str], httpx.TransportError]] = {
    "connect": httpx.ConnectError,
    "read": httpx.ReadError,
    "protocol": httpx.RemoteProtocolError,
    "timeout": httpx.ReadTimeout,
}


class VideoMock(JudgedFake):
    """A fake without sockets; use it as a context manager, which mocks httpx (and httpx2) as long as it is open.

        with VideoMock(scenario="download/truncated") as video_mock:
            run_my_client(video_mock.base_url, video_mock.api_key)

    - `base_url`: what the client is given (default `https://octopusx.ai/v1`); its origin is the fake's.
    - `library`: the scenarios (default: the shipped ones).
    - `clock`: a `ManualClock` unless another is given: delays and stalls move it instead of passing.
    - `options`: the others are those of `Fake`.

    A fault surfaces as httpx's own exception: `ReadError`, `RemoteProtocolError`, `ReadTimeout`, `ConnectError`.

    Raises TypeError for an option that is none, ValueError for a wrong value, `UnknownScenario` for a scenario that is
    not there, `UnsupportedVersion` when the installed respx lacks what is needed.
    """

    def __init__(
        self,
        scenario: str | Scenario | None = None,
        *,
        base_url: str = f"{API_ORIGIN}/v1",
        library: Library | None = None,
        **options: Unpack[FakeOptions],
    ) -> None:
        check_respx()
        check_option_names(options, (*FakeOptions.__annotations__, "scenario", "base_url", "library"))
        if options.get("clock") is None:
            options["clock"] = ManualClock()
        super().__init__(library if library is not None else Library(), shipped_clips(), scenario=scenario, **options)
        url = httpx.URL(base_url)
        if url.scheme not in _SCHEMES or not url.host:
            raise ValueError(f"base_url: {base_url!r} must be a URL such as https://octopusx.ai/v1")
        self.base_url = base_url.rstrip("/")
        self.origin = _origin(url)
        self._in_process = InProcessFake(self, self.origin)
        self._router: respx.MockRouter | None = None
        self._mockers: list[type[Mocker]] = []

    @property
    def router(self) -> respx.MockRouter:
        """respx's own router, for routes of the test; they come before the fake's. Made when it is first asked for."""
        if self._router is None:
            self._router = respx.MockRouter(assert_all_called=False)
            for mocker in self._mockers:
                mocker.routers.insert(0, self._router)
        return self._router

    @property
    def download_origin(self) -> str:
        """The origin of download URLs."""
        return self._in_process.origins.download

    def open(self) -> None:
        """Begin to mock. Opening twice is an error."""
        if self._mockers:
            raise RuntimeError("this VideoMock is open already")
        mockers: list[type[Mocker]] = [HTTPCoreMocker]
        if importlib.util.find_spec("httpcore2") is not None:
            check_httpcore2()
            from .httpx2 import HTTPCore2Mocker

            mockers.append(HTTPCore2Mocker)
        self._mockers = mockers
        for mocker in self._mockers:
            for router in self._routers():
                mocker.register(router)
            mocker.start()

    def close(self) -> None:
        """End mocking. Closing twice is fine."""
        for mocker in self._mockers:
            for router in self._routers():
                mocker.unregister(router)
            mocker.stop()
        self._mockers = []

    def _routers(self) -> list[Any]:
        # The fake itself answers as a router of respx's does: by `handler` and `async_handler`.
        return [router for router in (self._router, self) if router is not None]

    def handler(self, request: httpx.Request) -> httpx.Response:
        """Answer a request as respx's routers do.

        Raises respx's `AllMockedAssertionError` for one to elsewhere, `PassThrough` for one to this machine.
        """
        if request.url.scheme not in _SCHEMES:
            raise httpx.UnsupportedProtocol(f"Request URL has an unsupported protocol '{request.url.scheme}://'.")
        origin = _origin(request.url)
        if not self._in_process.reaches(origin):
            if request.url.host in _LOOPBACK:
                # No route of respx's has decided this, so there is none to name.
                raise PassThrough("a server on this machine", request=request, origin=None)  # type: ignore[arg-type]
            raise AllMockedAssertionError(
                f"RESPX: {request!r} not mocked: no route of video_mock.router matches, the fake is at {self.origin}"
            )
        timeout = request.extensions.get("timeout") or {}
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
        try:
            received = self._in_process.ask(
                request.method,
                origin,
                request.url.raw_path.decode("latin-1"),
                headers,
                request.content,
                read_timeout=timeout.get("read"),
            )
        except TransportError as error:
            raise _EXCEPTIONS[error.kind](str(error)) from None
        return httpx.Response(
            received.status, headers=received.headers, stream=_Stream(received), extensions=_extensions(received)
        )

    async def async_handler(self, request: httpx.Request) -> httpx.Response:
        """The same for respx's async routers."""
        return self.handler(request)

    def __enter__(self) -> VideoMock:
        self.open()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class _Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body as it arrives; what fails on the way is httpx's own exception."""

    def __init__(self, received: Received) -> None:
        self._pieces = received.pieces

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._pieces
        except TransportError as error:
            raise _EXCEPTIONS[error.kind](str(error)) from None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


def _extensions(received: Received) -> dict[str, Any]:
    return {"http_version": b"HTTP/1.1", "reason_phrase": received.reason.encode("latin-1")}


def _origin(url: httpx.URL) -> str:
    port = "" if url.port is None else f":{url.port}"
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"{url.scheme}://{host}{port}"
