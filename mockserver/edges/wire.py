"""Faults where they happen in life: on the socket.

ASGI has no message for dropping a connection, so a mixin over uvicorn's two HTTP protocols puts a `Wire` into each
request's scope by way of their per-connection state. It is used for faults alone; every other reply takes uvicorn's
ordinary path. A `Wire` writes the reply itself: the steps of `mockserver.faults`, literally.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import socket
import struct
import sys
from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mockserver import faults
from mockserver.reply import Reply

# What is mixed into is one of two classes of uvicorn's; both are protocols of asyncio's.
if TYPE_CHECKING:
    _Protocol = asyncio.Protocol
else:
    _Protocol = object

__all__ = ["WIRE", "Wire", "wired"]

WIRE = "mockserver.wire"

_LINGER_NOT = struct.pack("ii", 1, 0)
_FLUSH_PAUSE = 0.001
_FLUSH_PATIENCE = 5.0  # seconds for a client to take what was sent before a reset; one that does not read loses it
_LEAVE_PATIENCE = 1.0  # seconds for a client to close its side after our FIN

Sleep = Callable[[float], Awaitable[None]]


class Wire:
    """One connection, below HTTP. `lost` is set when it has ended, whoever ended it."""

    __slots__ = ("_protocol", "lost", "transport")

    def __init__(self, protocol: Any, transport: asyncio.Transport) -> None:
        self._protocol = protocol
        self.transport = transport
        self.lost = asyncio.Event()

    async def play(
        self,
        reply: Reply,
        steps: Iterator[faults.Step],
        *,
        bodiless: bool,
        sleep: Sleep,
        sending: Callable[[int], None],
    ) -> None:
        """Carry the steps of a fault out; the connection has ended then.

        `sending` is told the bytes of body so far before they are sent, so that who got them finds them counted.
        """
        chunked = False
        sent = 0
        sending(sent)
        for step in steps:
            if self.lost.is_set():
                break
            match step:
                case faults.Head(length):
                    chunked = length is None
                    self.transport.write(_head(reply, length))
                case faults.Data(data):
                    if not bodiless and data:
                        sent += len(data)
                        sending(sent)
                        self.transport.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
                        await self._protocol.flow.drain()
                case faults.Raw(data):
                    self.transport.write(data)
                case faults.Wait(seconds):
                    await sleep(seconds)
                case faults.Hold():
                    await self.lost.wait()
                case faults.Reset():
                    await self._reset()
                case faults.Close():
                    await self._close()

    async def _reset(self) -> None:
        await self._flushed()
        sock = self.transport.get_extra_info("socket")
        if sock is not None and not self.lost.is_set():
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self.transport.abort()
        await self.lost.wait()

    async def _close(self) -> None:
        # A half-close lets the client read everything and then the end, whatever it has sent meanwhile; closing both
        # ways at once would turn into a reset when something unread is waiting here.
        await self._flushed()
        if not self.lost.is_set() and self.transport.can_write_eof():
            self.transport.write_eof()
            with contextlib.suppress(TimeoutError):  # it keeps its side open; ours is done
                await asyncio.wait_for(self.lost.wait(), _LEAVE_PATIENCE)
        self.transport.close()
        await self.lost.wait()

    async def _flushed(self) -> None:
        """Wait until the client's side has everything that was written."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _FLUSH_PATIENCE
        while not self.lost.is_set() and loop.time() < until:
            if self.transport.get_write_buffer_size() == 0 and _unsent(self.transport) == 0:
                return
            await asyncio.sleep(_FLUSH_PAUSE)


def _unsent(transport: asyncio.Transport) -> int:
    """How many bytes the kernel has not handed over yet; 0 where it cannot be asked."""
    sock = transport.get_extra_info("socket")
    if sock is None or sock.fileno() < 0:
        return 0
    if sys.platform == "linux":
        import termios

        waiting = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
        return int(struct.unpack("i", waiting)[0])
    if sys.platform == "darwin":
        return int(sock.getsockopt(socket.SOL_SOCKET, 0x1024))  # SO_NWRITE
    return 0


def _head(reply: Reply, length: int | None) -> bytes:
    phrase = HTTPStatus(reply.status).phrase if reply.status in HTTPStatus._value2member_map_ else ""
    lines = [f"HTTP/1.1 {reply.status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    lines.append("transfer-encoding: chunked" if length is None else f"content-length: {length}")
    lines.append("connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class _Wired(_Protocol):
    """Mixed into a protocol of uvicorn's: each request of the connection finds the connection in its scope."""

    app_state: dict[str, Any]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.wire = Wire(self, transport)
        # uvicorn copies this into `scope["state"]` of each request.
        self.app_state = {**self.app_state, WIRE: self.wire}

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.wire.lost.set()


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
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as Base
    elif parser == "h11":
        from uvicorn.protocols.http.h11_impl import H11Protocol as Base  # type: ignore[assignment]
    else:
        raise ValueError(f"parser: {parser!r} is not 'auto', 'httptools' or 'h11'")
    return type(f"Wired{Base.__name__}", (_Wired, Base), {})
