"""httpx2 without sockets, by respx's own extension point: a mocker for the transport below it.

respx speaks httpx: a request of httpcore2 is shown to its routers as httpx's, their answer is handed back as
httpcore2's, and an exception of httpx on the way becomes httpcore2's of the same name, which httpx2 then tells as its
own.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import pkgutil
from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar

import httpcore2
import httpx
from respx.mocks import AbstractRequestMocker
from respx.patterns import parse_url

__all__ = ["HTTPCore2Mocker"]


class HTTPCore2Mocker(AbstractRequestMocker):
    """Mocks the connections of httpcore2, sync and async; `respx.mock(using="httpcore2")` uses it too."""

    name = "httpcore2"
    targets: ClassVar[list[str]] = [
        "httpcore2._sync.connection.HTTPConnection",
        "httpcore2._sync.connection_pool.ConnectionPool",
        "httpcore2._sync.http_proxy.HTTPProxy",
        "httpcore2._async.connection.AsyncHTTPConnection",
        "httpcore2._async.connection_pool.AsyncConnectionPool",
        "httpcore2._async.http_proxy.AsyncHTTPProxy",
    ]
    target_methods: ClassVar[list[str]] = ["handle_request", "handle_async_request"]

    @classmethod
    def start(cls) -> None:
        """Take the transports over. As respx's own does it, in a hundredth of the time: their names are known."""
        if not cls._patches:
            pairs = itertools.product(cls.targets, cls.target_methods)
            cls._patches += [_Patch(cls, *pair) for pair in pairs]  # type: ignore[misc]

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
    def _send_sync_request(cls, httpx_request: httpx.Request, *, target_spec: Any, instance: Any, **kwargs: Any) -> Any:
        with _translated():
            return super()._send_sync_request(  # type: ignore[no-untyped-call]
                httpx_request, target_spec=target_spec, instance=instance, **kwargs
            )

    @classmethod
    async def _send_async_request(
        cls, httpx_request: httpx.Request, *, target_spec: Any, instance: Any, **kwargs: Any
    ) -> Any:
        with _translated():
            return await super()._send_async_request(  # type: ignore[no-untyped-call]
                httpx_request, target_spec=target_spec, instance=instance, **kwargs
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


class _Patch:
    """One method taken over; `stop` gives it back."""

    def __init__(self, mocker: type[HTTPCore2Mocker], target: str, method: str) -> None:
        self._owner = _resolved(target)
        self._method = method
        self._original = vars(self._owner).get(method)
        if self._original is not None:
            setattr(self._owner, method, mocker.mock(self._original))  # type: ignore[no-untyped-call]

    def stop(self) -> None:
        """Give the method back."""
        if self._original is not None:
            setattr(self._owner, self._method, self._original)


@functools.cache
def _resolved(target: str) -> Any:
    return pkgutil.resolve_name(target)


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
        told = getattr(httpcore2, type(error).__name__, httpcore2.NetworkError)
        raise told(str(error)) from None
