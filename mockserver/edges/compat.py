"""Everything that is used of other packages without their documenting it, and the check that it is there.

Each part is checked once, when it is first used. A version that lacks something is refused in one sentence, which names
the package, its version and the versions that were tested.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from starlette.types import Receive

    # What is mixed into is one of two classes of uvicorn's; both are protocols of asyncio's.
    _Protocol = asyncio.Protocol
else:
    _Protocol = object

__all__ = [
    "HTTPCORE2_METHODS",
    "HTTPCORE2_TARGETS",
    "PARSERS",
    "Connection",
    "Parser",
    "UnsupportedVersion",
    "Wire",
    "check_asyncio",
    "check_httpcore2",
    "check_respx",
    "check_uvicorn",
    "http_protocol",
    "mark_disconnected",
    "require",
    "selector_of",
    "timers_of",
]

# The versions that the tests have run with, from the lowest promised to the latest.
TESTED: Mapping[str, str] = {
    "uvicorn": "0.30 to 0.54",
    "respx": "0.22 to 0.23.1",
    "httpcore2": "2.16.2",
    "asyncio": "Python 3.11 to 3.13",
}

Parser = Literal["auto", "httptools", "h11"]
PARSERS: tuple[Parser, ...] = ("auto", "httptools", "h11")


class UnsupportedVersion(RuntimeError):
    """The installed version of another package lacks something that is needed of it."""


def require(package: str, owner: object, names: Iterable[str]) -> None:
    """Raise `UnsupportedVersion` unless `owner` has all of these attributes.

    A class also has what one of its `__init__` methods sets on `self`.
    """
    missing = [name for name in names if not _has(owner, name)]
    if missing:
        where: str = getattr(owner, "__qualname__", "") or getattr(owner, "__name__", type(owner).__qualname__)
        raise _unsupported(package, where, missing)


def _unsupported(package: str, where: str, missing: Iterable[str]) -> UnsupportedVersion:
    return UnsupportedVersion(
        f"{package} {_version(package)} is not supported: {where} has no {', '.join(missing)} "
        f"(tested: {TESTED[package]}); install a tested version, or a newer video-mockserver"
    )


def _has(owner: object, name: str) -> bool:
    if hasattr(owner, name):
        return True
    if not isinstance(owner, type):
        return False
    codes = (getattr(vars(base).get("__init__"), "__code__", None) for base in owner.__mro__)
    return any(code is not None and name in code.co_names for code in codes)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        import platform

        return f"of Python {platform.python_version()}"


# --- uvicorn ----------------------------------------------------------------------------------------------------------

_PROTOCOL_ATTRIBUTES = (
    "access_log", "app_state", "config", "connection_lost", "connection_made", "connections", "cycle", "data_received",
    "flow", "pause_writing", "resume_writing", "server", "server_state", "transport", "_unset_keepalive_if_required",
    "_unsupported_upgrade_warning",
)  # fmt: skip
_SERVER_ATTRIBUTES = ("capture_signals", "main_loop", "on_tick", "serve", "server_state", "shutdown")

# A request that asks for another protocol, up to that header.
_UPGRADE_REQUEST = re.compile(rb"[A-Z]+ \S+ HTTP/1\.1\r\n(?:[^\r\n]+\r\n)*?upgrade:", re.IGNORECASE)


@functools.cache
def check_uvicorn() -> None:
    """Raise `UnsupportedVersion` when uvicorn's server lacks something; `http_protocol` checks the protocols."""
    import uvicorn
    from uvicorn.protocols.http.flow_control import FlowControl
    from uvicorn.server import ServerState

    require("uvicorn", uvicorn.Server, _SERVER_ATTRIBUTES)
    require("uvicorn", ServerState, ("connections", "default_headers", "tasks"))
    require("uvicorn", FlowControl, ("drain", "write_paused"))


def check_protocol(protocol: type, cycle: type) -> None:
    """Raise `UnsupportedVersion` when a protocol of uvicorn's, or its class for one request, lacks something."""
    require("uvicorn", protocol, _PROTOCOL_ATTRIBUTES)
    require("uvicorn", cycle, ("disconnected", "response_complete"))


class Wire(Protocol):
    """What is made for each connection, and found in the scope of its requests."""

    lost: asyncio.Event


class Connection:
    """A connection of uvicorn's, below HTTP."""

    __slots__ = ("_protocol",)

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol

    @property
    def transport(self) -> asyncio.Transport:
        """asyncio's transport."""
        transport: asyncio.Transport = self._protocol.transport
        return transport

    @property
    def port(self) -> int:
        """The port that the client reached."""
        port: int = self._protocol.server[1]
        return port

    @property
    def wire(self) -> Any:
        """What `http_protocol` was given to make for it."""
        return self._protocol.wire

    @property
    def is_paused(self) -> bool:
        """Whether the client takes so little that writing waits for it."""
        flow = self._protocol.flow
        return bool(flow is not None and flow.write_paused)

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        """The headers that uvicorn puts before those of each reply."""
        headers: list[tuple[bytes, bytes]] = self._protocol.server_state.default_headers
        return headers

    async def drain(self) -> None:
        """Wait until the client has taken enough for more to be written."""
        await self._protocol.flow.drain()

    def ignore_input(self) -> None:
        """Read on, but drop what is read, so that the end of the connection is noticed."""
        self.transport.set_protocol(_Deaf(self._protocol))
        self.transport.resume_reading()


class _Deaf(asyncio.Protocol):
    """Is notified only when a connection can take more and when it ends; passes both on."""

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)


class _Wired(_Protocol):
    """Mixed into a protocol of uvicorn's: each request of the connection finds its wire in its scope."""

    make_wire: Callable[[Connection], Wire]
    state_key: str

    if TYPE_CHECKING:  # what both protocols of uvicorn's have
        app_state: dict[str, Any]
        config: Any
        connections: set[Any]
        cycle: Any
        server_state: Any
        transport: asyncio.Transport
        _unset_keepalive_if_required: Callable[[], None]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.wire = type(self).make_wire(Connection(self))
        # uvicorn copies this into `scope["state"]` of each request.
        self.app_state = {**self.app_state, self.state_key: self.wire}
        # Off for us alone: the setting of uvicorn's silences the logger of every server in the process.
        self.access_log = False

    def connection_lost(self, exc: Exception | None) -> None:
        self.wire.lost.set()
        super().connection_lost(exc)

    def _unsupported_upgrade_warning(self) -> None:
        """To go on in HTTP/1.1 is right (RFC 9110, 7.8): Java's client asks for HTTP/2 in each of its requests."""


class _WiredHttptools(_Wired):
    """httptools takes the body of a request that asks for another protocol for that protocol's, and it is lost. h11
    does not: a connection with such a request goes on with that."""

    with_h11: Callable[..., Any]

    def data_received(self, data: bytes) -> None:
        is_idle = self.cycle is None or self.cycle.response_complete
        if not (is_idle and b"pgrade:" in data and _UPGRADE_REQUEST.match(data)):
            super().data_received(data)
            return
        self._unset_keepalive_if_required()
        self.connections.discard(self)
        other = type(self).with_h11()(
            config=self.config, server_state=self.server_state, app_state=self.app_state
        )  # fmt: skip
        other.connection_made(self.transport)
        self.transport.set_protocol(other)
        other.data_received(data)


def http_protocol(parser: Parser, make_wire: Callable[[Connection], Wire], state_key: str) -> type[asyncio.Protocol]:
    """uvicorn's HTTP protocol, with a wire for each connection in `scope["state"][state_key]` of its requests.

    `parser` is `"httptools"`, `"h11"`, or `"auto"`, the faster one that is installed. Raises ValueError for another,
    `UnsupportedVersion` when uvicorn lacks what is needed.
    """
    if parser not in PARSERS:
        raise ValueError(f"parser: {parser!r} must be 'auto', 'httptools' or 'h11'")
    check_uvicorn()
    if parser == "auto":
        try:
            import httptools  # noqa: F401
        except ImportError:
            parser = "h11"
        else:
            parser = "httptools"
    common = {"make_wire": staticmethod(make_wire), "state_key": state_key}
    if parser == "h11":
        from uvicorn.protocols.http import h11_impl

        check_protocol(h11_impl.H11Protocol, h11_impl.RequestResponseCycle)
        return type("WiredH11Protocol", (_Wired, h11_impl.H11Protocol), common)
    from uvicorn.protocols.http import httptools_impl

    check_protocol(httptools_impl.HttpToolsProtocol, httptools_impl.RequestResponseCycle)
    with_h11 = functools.cache(lambda: http_protocol("h11", make_wire, state_key))
    common["with_h11"] = staticmethod(with_h11)
    return type("WiredHttpToolsProtocol", (_WiredHttptools, httptools_impl.HttpToolsProtocol), common)


def mark_disconnected(receive: Receive) -> None:
    """Keep uvicorn from complaining that a response is missing or short: the connection has ended.

    uvicorn knows by itself only of the last request of a connection, which is another one when requests are pipelined.
    """
    cycle = getattr(receive, "__self__", None)
    if hasattr(cycle, "disconnected"):
        cycle.disconnected = True  # type: ignore[union-attr]


# --- respx and httpcore2 ----------------------------------------------------------------------------------------------

HTTPCORE2_TARGETS = (
    "httpcore2._sync.connection.HTTPConnection",
    "httpcore2._sync.connection_pool.ConnectionPool",
    "httpcore2._sync.http_proxy.HTTPProxy",
    "httpcore2._async.connection.AsyncHTTPConnection",
    "httpcore2._async.connection_pool.AsyncConnectionPool",
    "httpcore2._async.http_proxy.AsyncHTTPProxy",
)
HTTPCORE2_METHODS = ("handle_request", "handle_async_request")


@functools.cache
def check_respx() -> None:
    """Raise `UnsupportedVersion` when respx lacks something of its mockers."""
    from respx import mocks, models, patterns

    mocker = ("register", "restart", "routers", "start", "stop", "unregister")
    require("respx", mocks.HTTPCoreMocker, mocker)
    require("respx", mocks, ("AbstractRequestMocker",))
    require("respx", mocks.AbstractRequestMocker, ("from_sync_httpx_response", "mock", "to_httpx_request"))
    require("respx", models, ("AllMockedAssertionError", "PassThrough"))
    require("respx", patterns, ("parse_url",))


@functools.cache
def check_httpcore2() -> Mapping[tuple[str, str], Any]:
    """The class of each of httpcore2's methods that are taken over, by target and method.

    Raises `UnsupportedVersion` when a class is not there, or has neither of the methods.
    """
    owners: dict[tuple[str, str], Any] = {}
    pools: list[type] = []
    for target in HTTPCORE2_TARGETS:
        module, _, name = target.rpartition(".")
        try:
            found = pkgutil.resolve_name(module)
        except ImportError:
            raise _unsupported("httpcore2", "httpcore2", [module.partition(".")[2]]) from None
        require("httpcore2", found, [name])
        owner = getattr(found, name)
        method = HTTPCORE2_METHODS["._async." in target]
        if inspect.isfunction(vars(owner).get(method)):
            owners[target, method] = owner
        elif not issubclass(owner, tuple(pools)):  # a proxy inherits it from its pool
            raise _unsupported("httpcore2", name, [method])
        if name.endswith("ConnectionPool"):
            pools.append(owner)
    return owners


# --- asyncio ----------------------------------------------------------------------------------------------------------


@functools.cache
def check_asyncio() -> None:
    """Raise `UnsupportedVersion` when Python's own event loops lack something."""
    from asyncio import base_events, selector_events

    require("asyncio", base_events.BaseEventLoop, ("_scheduled", "run_forever", "time"))
    require("asyncio", selector_events.BaseSelectorEventLoop, ("_selector",))


def selector_of(loop: asyncio.AbstractEventLoop) -> Any:
    """The selector that an event loop waits with; None for a loop that has none, such as uvloop's."""
    return getattr(loop, "_selector", None)


def timers_of(loop: asyncio.AbstractEventLoop) -> Iterable[asyncio.TimerHandle]:
    """The timers of an event loop; none for a loop that keeps them elsewhere, such as uvloop's."""
    timers: Iterable[asyncio.TimerHandle] = getattr(loop, "_scheduled", ())
    return timers
