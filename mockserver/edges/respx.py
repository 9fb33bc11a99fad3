"""httpx without sockets: a fake behind respx, for the sync and the async client alike.

Every request of httpx to the fake's origins reaches the fake. What else httpx asks is for the routes that a test adds
to `VideoMock.router`; they come first, so a test can answer for the fake too. Where httpx2 is installed (the openai
package uses it), it is served by the same routers, through `mockserver.edges.httpx2`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import respx
from respx.mocks import HTTPCoreMocker, Mocker

from mockserver.clock import ManualClock
from mockserver.edges.inproc import API_ORIGIN, Broken, Inproc, Received
from mockserver.fake import Fake
from mockserver.library import Library, shipped_shelf
from mockserver.scenario import Scenario

__all__ = ["VideoMock"]

_SCHEMES = ("http", "https")
_EXCEPTIONS: dict[str, Callable[[str], httpx.TransportError]] = {
    "connect": httpx.ConnectError,
    "read": httpx.ReadError,
    "protocol": httpx.RemoteProtocolError,
    "timeout": httpx.ReadTimeout,
}


class VideoMock(Fake):
    """A fake without sockets; use it as a context manager, which mocks httpx (and httpx2) as long as it is open.

        with VideoMock(scenario="download/truncated") as video_mock:
            run_my_client(video_mock.base_url, video_mock.api_key)

    - `base_url`: what the client is given (default `https://octopusx.ai/v1`); its origin is the fake's.
    - `library`: the scenarios (default: the shipped ones).
    - `clock`: a `ManualClock` unless another is given: delays and stalls move it instead of passing.
    - the other options are those of `Fake`.

    A fault surfaces as httpx's own exception for it: `ReadError`, `RemoteProtocolError`, `ReadTimeout`, `ConnectError`.
    """

    def __init__(
        self,
        scenario: str | Scenario | None = None,
        *,
        base_url: str = f"{API_ORIGIN}/v1",
        library: Library | None = None,
        **options: Any,
    ) -> None:
        options.setdefault("clock", ManualClock())
        super().__init__(library if library is not None else Library(), shipped_shelf(), scenario=scenario, **options)
        url = httpx.URL(base_url)
        if url.scheme not in _SCHEMES or not url.host:
            raise ValueError(f"base_url: {base_url!r} is not a URL such as https://octopusx.ai/v1")
        self.base_url = base_url.rstrip("/")
        self.origin = _origin(url)
        self.router = respx.MockRouter(assert_all_called=False)
        self._inproc = Inproc(self, self.origin)
        self._own = respx.MockRouter(assert_all_called=False)
        self._own.route(_Reached(self._inproc)).mock(side_effect=self._over_respx)
        self._mockers: list[type[Mocker]] = []

    @property
    def download_origin(self) -> str:
        """The origin of download URLs."""
        return self._inproc.origins.download

    @property
    def api_key(self) -> str:
        """A key that this fake takes."""
        keys = self.settings.keys
        return min(keys) if keys else "sk-mock"

    def open(self) -> None:
        """Begin to mock. Opening twice is an error."""
        if self._mockers:
            raise RuntimeError("this fake is open already")
        self._mockers = [HTTPCoreMocker]
        if importlib.util.find_spec("httpcore2") is not None:
            from mockserver.edges.httpx2 import HTTPCore2Mocker

            self._mockers.append(HTTPCore2Mocker)
        for mocker in self._mockers:
            for router in (self.router, self._own):
                mocker.register(router)
            mocker.start()

    def close(self) -> None:
        """End mocking. Closing twice is fine."""
        for mocker in self._mockers:
            for router in (self.router, self._own):
                mocker.unregister(router)
            mocker.stop()
        self._mockers = []

    def __enter__(self) -> VideoMock:
        self.open()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _over_respx(self, request: httpx.Request) -> httpx.Response:
        if request.url.scheme not in _SCHEMES:
            raise httpx.UnsupportedProtocol(f"Request URL has an unsupported protocol '{request.url.scheme}://'.")
        timeout = request.extensions.get("timeout") or {}
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
        try:
            received = self._inproc.ask(
                request.method,
                _origin(request.url),
                request.url.raw_path.decode("latin-1"),
                headers,
                request.content,
                read_timeout=timeout.get("read"),
            )
        except Broken as broken:
            raise _EXCEPTIONS[broken.kind](str(broken)) from None
        return httpx.Response(
            received.status, headers=received.headers, stream=_Stream(received), extensions=_extensions(received)
        )


class _Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body as it arrives; what fails on the way is httpx's own exception."""

    def __init__(self, received: Received) -> None:
        self._pieces = received.pieces

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._pieces
        except Broken as broken:
            raise _EXCEPTIONS[broken.kind](str(broken)) from None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


class _Reached(respx.patterns.Pattern):
    """Matches the requests that are for a fake; what is under way to nowhere is answered as httpx would."""

    key = "video_mockserver"

    def __init__(self, inproc: Inproc) -> None:
        super().__init__(inproc)
        self._inproc = inproc

    def match(self, request: httpx.Request) -> Any:
        """Whether the request's origin is one of the fake's, or one that httpx would refuse to go to."""
        reached = request.url.scheme not in _SCHEMES or self._inproc.reaches(_origin(request.url))
        return respx.patterns.Match(reached)

    def __hash__(self) -> int:
        return id(self._inproc)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reached) and other._inproc is self._inproc


def _extensions(received: Received) -> dict[str, Any]:
    return {"http_version": b"HTTP/1.1", "reason_phrase": received.reason.encode("latin-1")}


def _origin(url: httpx.URL) -> str:
    port = "" if url.port is None else f":{url.port}"
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"{url.scheme}://{host}{port}"
