"""Faults where they happen in life: on the socket.

ASGI has no message for dropping a connection, so a mixin over uvicorn's two HTTP protocols puts a `Wire` into each
request's scope by way of their per-connection state. It is used for faults alone; every other reply takes uvicorn's
ordinary path. A `Wire` writes the reply itself: the steps of `video_mockserver.api.faults`, literally.

What this takes of uvicorn's that is not documented, alike in both protocols: `app_state`, `access_log`, `connections`,
`cycle`, `flow.drain`, `server_state.default_headers`, `_unset_keepalive_if_required`, `_unsupported_upgrade_warning`.
The edge beside it sets a cycle's `disconnected`, and the server looks at `server_state.connections`,
`server_state.tasks` and a connection's `server` and `transport`.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
import sys
from collections.abc import Awaitable, Callable, Iterator
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ...api import faults
from ...api.messages import Reply

# What is mixed into is one of two classes of uvicorn's; both are protocols of asyncio's.
if TYPE_CHECKING:
    from ...fake.fake import Fake

    _Protocol = asyncio.Protocol
else:
    _Protocol = object

__all__ = ["LENGTHLESS", "WIRE", "Wire", "encoded_headers", "wired"]

WIRE = "video_mockserver.wire"

_LINGER_NOT = struct.pack("ii", 1, 0)
_FLUSH_PAUSE = 0.001
_BLIND_PAUSE = 0.02  # seconds for what was sent to arrive, where the kernel cannot be asked whether it has
_FLUSH_PATIENCE = 5.0  # seconds in which a client takes nothing of what was sent; it loses the rest then
_LEAVE_PATIENCE = 1.0  # seconds for a client to close its side after our FIN
_CAN_ASK = sys.platform in ("linux", "darwin")

# Replies with these statuses have no body, and no Content-Length either (RFC 9110, 8.6; a 304 may go without).
LENGTHLESS = frozenset({204, 304})

_ASKS_FOR_ANOTHER = re.compile(rb"[A-Z]+ \S+ HTTP/1\.1\r\n(?:[^\r\n]+\r\n)*?upgrade:", re.IGNORECASE)

Sleep = Callable[[float], Awaitable[None]]


class Wire:
    """One connection, below HTTP.

    `lost` is set when it has ended, whoever ended it. `busy_with` is the fake whose reply takes its time here.
    """

    __slots__ = ("_protocol", "busy_with", "lost", "transport")

    def __init__(self, protocol: Any, transport: asyncio.Transport) -> None:
        self._protocol = protocol
        self.transport = transport
        self.lost = asyncio.Event()
        self.busy_with: Fake | None = None

    @property
    def gone(self) -> bool:
        """Whether there is nobody to write to any more; known a little before `lost` is set."""
        return self.lost.is_set() or self.transport.is_closing()

    async def play(
        self,
        reply: Reply,
        steps: Iterator[faults.Step],
        *,
        bodiless: bool,
        old: bool = False,
        sleep: Sleep,
        sending: Callable[[int], None],
    ) -> None:
        """Carry the steps of a fault out; the connection has ended then.

        `bodiless` is for replies that have no body by definition, `old` for HTTP/1.0, which knows no chunks.
        `sending` is told the bytes of body so far before they are sent, so that who got them finds them counted.
        """
        self._take_over()
        chunked = False
        sent = 0
        sending(sent)
        for step in steps:
            if self.gone:
                break
            match step:
                case faults.Head(length):
                    chunked = length is None and not old and reply.status not in LENGTHLESS
                    self.transport.write(self._head(reply, length, chunked=chunked))
                case faults.Data(data):
                    if not bodiless and data:
                        sent += len(data)
                        sending(sent)
                        self.transport.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
                        await self._protocol.flow.drain()
                case faults.Raw(data):
                    self.transport.write(data)
                case faults.Wait() if bodiless:
                    await self._close()  # what comes slowly, or for ever, is a body
                    return
                case faults.Wait(seconds):
                    await sleep(seconds)
                case faults.Hold():
                    await self.lost.wait()
                case faults.Reset():
                    await self._reset()
                case faults.Close():
                    await self._close()

    def _head(self, reply: Reply, length: int | None, *, chunked: bool) -> bytes:
        lines = [b"HTTP/1.1 %d %b" % (reply.status, _phrase(reply.status))]
        lines += [b"%b: %b" % pair for pair in [*self._protocol.server_state.default_headers, *encoded_headers(reply)]]
        if chunked:
            lines.append(b"transfer-encoding: chunked")
        elif length is not None and reply.status not in LENGTHLESS:
            lines.append(b"content-length: %d" % length)
        lines.append(b"connection: close")
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def _take_over(self) -> None:
        # A fault ends the connection, so nothing that the client still sends is read as HTTP. It must be read all the
        # same, or nobody would notice that the client has left: uvicorn stops reading at a pipelined request.
        self.transport.set_protocol(_Deaf(self._protocol))
        self.transport.resume_reading()

    async def _reset(self) -> None:
        await self._flushed()
        sock = self.transport.get_extra_info("socket")
        if sock is not None and not self.gone:
            with contextlib.suppress(OSError):  # it has left this very moment
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self.transport.abort()
        await self.lost.wait()

    async def _close(self) -> None:
        # A half-close lets the client read everything and then the end, whatever it has sent meanwhile; closing both
        # ways at once would turn into a reset when something unread is waiting here.
        await self._flushed()
        if not self.gone and self.transport.can_write_eof():
            # TimeoutError: it keeps its side open, ours is done. Any other: it has left this very moment.
            with contextlib.suppress(OSError):
                self.transport.write_eof()
                await asyncio.wait_for(self.lost.wait(), _LEAVE_PATIENCE)
        self.transport.abort()
        await self.lost.wait()

    async def _flushed(self) -> None:
        """Wait until the client's side has everything that was written, or has stopped taking it."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _FLUSH_PATIENCE
        left = self._unsent()
        while left and not self.lost.is_set() and loop.time() < until:
            await asyncio.sleep(_FLUSH_PAUSE)
            before, left = left, self._unsent()
            if left < before:
                until = loop.time() + _FLUSH_PATIENCE
        if not _CAN_ASK:
            await asyncio.sleep(_BLIND_PAUSE)

    def _unsent(self) -> int:
        """How many bytes have not arrived at the client's side, as far as it can be known."""
        sock = self.transport.get_extra_info("socket")
        if sock is None or sock.fileno() < 0:
            return 0
        return self.transport.get_write_buffer_size() + _in_kernel(sock)


def _in_kernel(sock: Any) -> int:
    """How many bytes the kernel has taken and the other side has not acknowledged; 0 where it cannot be asked."""
    if sys.platform == "linux":
        import fcntl
        import termios

        waiting = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
        return int(struct.unpack("i", waiting)[0])
    if sys.platform == "darwin":
        return int(sock.getsockopt(socket.SOL_SOCKET, 0x1024))  # SO_NWRITE
    return 0


class _Deaf(asyncio.Protocol):
    """Hears of a connection only that it can take more, and that it has ended; passes both on."""

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)


def _phrase(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""


def encoded_headers(reply: Reply) -> list[tuple[bytes, bytes]]:
    """A reply's headers as bytes."""
    return [_encoded(pair) for pair in reply.headers]


@lru_cache(512)  # nearly every reply has one of a few headers
def _encoded(pair: tuple[str, str]) -> tuple[bytes, bytes]:
    # White space around a value is no part of it, and h11 sends none that has some.
    return pair[0].encode("latin-1"), pair[1].strip(" \t").encode("latin-1")


class _Wired(_Protocol):
    """Mixed into a protocol of uvicorn's: each request of the connection finds the connection in its scope."""

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
        self.wire = Wire(self, transport)
        # uvicorn copies this into `scope["state"]` of each request.
        self.app_state = {**self.app_state, WIRE: self.wire}
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

    def data_received(self, data: bytes) -> None:
        is_idle = self.cycle is None or self.cycle.response_complete
        if not (is_idle and b"pgrade:" in data and _ASKS_FOR_ANOTHER.match(data)):
            super().data_received(data)
            return
        self._unset_keepalive_if_required()
        self.connections.discard(self)
        made: Any = wired("h11")
        other = made(config=self.config, server_state=self.server_state, app_state=self.app_state)
        other.connection_made(self.transport)
        self.transport.set_protocol(other)
        other.data_received(data)


def wired(parser: str = "auto") -> type[asyncio.Protocol]:
    """uvicorn's HTTP protocol with a `Wire`: `"httptools"`, `"h11"`, or `"auto"`, the faster one that is there."""
    if parser == "auto":
        try:
            import httptools  # noqa: F401
        except ImportError:
            parser = "h11"
        else:
            parser = "httptools"
    if parser == "httptools":
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

        return type("WiredHttpToolsProtocol", (_WiredHttptools, HttpToolsProtocol), {})
    if parser == "h11":
        from uvicorn.protocols.http.h11_impl import H11Protocol

        return type("WiredH11Protocol", (_Wired, H11Protocol), {})
    raise ValueError(f"parser: {parser!r} is not 'auto', 'httptools' or 'h11'")
