"""httpx2 without sockets, by respx's own extension point: a mocker for the transport below it.

respx works with httpx: a request of httpcore2 is given to its routers as httpx's, their response is handed back as
httpcore2's, and an exception of httpx on the way becomes httpcore2's of the same name, which httpx2 raises as its own.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, ClassVar

import httpcore2
import httpx
from respx.mocks import AbstractRequestMocker
from respx.patterns import parse_url

from ..compat import HTTPCORE2_METHODS, HTTPCORE2_TARGETS, check_httpcore2

__all__ = ["HTTPCore2Mocker"]


class HTTPCore2Mocker(AbstractRequestMocker):
    """Mocks the connections of httpcore2, sync and async; `respx.mock(using="httpcore2")` uses it too."""

    name = "httpcore2"
    targets: ClassVar[list[str]] = list(HTTPCORE2_TARGETS)
    target_methods: ClassVar[list[str]] = list(HTTPCORE2_METHODS)
    replaced: ClassVar[list[tuple[Any, str, Any]]] = []

    @classmethod
    def start(cls) -> None:
        """Take the transports over. As respx's own does it, in a hundredth of the time: their names are known."""
        if cls.replaced:
            return
        for (_, method), owner in check_httpcore2().items():
            original = vars(owner)[method]
            cls.replaced.append((owner, method, original))
            setattr(owner, method, _translating(cls.mock(original)))  # type: ignore[no-untyped-call]

    @classmethod
    def stop(cls, force: bool = False) -> None:
        """Give the transports back, unless a router is still registered."""
        if cls.routers and not force:
            return
        while cls.replaced:
            owner, method, original = cls.replaced.pop()
            setattr(owner, method, original)

    @classmethod
    def prepare_sync_request(cls, httpx_request: httpx.Request, **kwargs: Any) -> Any:
        """Read the body, and put it where the real transport would look for it."""
        httpx_request.read()
        kwargs["request"].stream = httpx_request.stream
        return httpx_request, kwargs

    @classmethod
    async def prepare_async_request(cls, httpx_request: httpx.Request, **kwargs: Any) -> Any:
        """Read the body, and put it where the real transport would look for it."""
        await httpx_request.aread()
        kwargs["request"].stream = httpx_request.stream
        return httpx_request, kwargs

    @classmethod
    def to_httpx_request(cls, **kwargs: Any) -> httpx.Request:
        """A request of httpcore2 as respx knows them."""
        request: httpcore2.Request = kwargs["request"]
        url = request.url
        return httpx.Request(
            request.method.decode("ascii"),
            parse_url((url.scheme, url.host, url.port, url.target)),
            headers=request.headers,
            stream=_Passed(request.stream),
            extensions=dict(request.extensions),
        )

    @classmethod
    def from_sync_httpx_response(cls, httpx_response: httpx.Response, target: Any, **kwargs: Any) -> Any:
        """An answer of respx as httpcore2's."""
        return httpcore2.Response(
            status=httpx_response.status_code,
            headers=httpx_response.headers.raw,
            content=_Returned(httpx_response.stream),
            extensions=httpx_response.extensions,
        )

    @classmethod
    async def from_async_httpx_response(cls, httpx_response: httpx.Response, target: Any, **kwargs: Any) -> Any:
        """An answer of respx as httpcore2's."""
        return cls.from_sync_httpx_response(httpx_response, target, **kwargs)


def _translating(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of respx's whose exceptions of httpx become httpcore2's."""
    if inspect.iscoroutinefunction(method):

        @functools.wraps(method)
        async def handle_async_request(*args: Any, **options: Any) -> Any:
            with _translated():
                return await method(*args, **options)

        return handle_async_request

    @functools.wraps(method)
    def handle_request(*args: Any, **options: Any) -> Any:
        with _translated():
            return method(*args, **options)

    return handle_request


class _Passed(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A request's body on its way from httpcore2 to respx."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            yield piece


class _Returned:
    """An answer's body on its way from respx to httpcore2."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with _translated():
            yield from self._stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _translated():
            async for piece in self._stream:
                yield piece

    def close(self) -> None:
        """Nothing is held open."""

    async def aclose(self) -> None:
        """Nothing is held open."""


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except httpx.TransportError as error:
        own = getattr(httpcore2, type(error).__name__, httpcore2.NetworkError)
        raise own(str(error)) from None
