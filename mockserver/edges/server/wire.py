"""Faults where they happen with the real service: on the socket.

ASGI has no message for dropping a connection, so each request finds the `Wire` of its connection in its scope
(`edges/compat` puts it there). It is used for faults alone; every other reply takes uvicorn's ordinary path. A `Wire`
writes the reply itself: the steps of `api/faults`, literally.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
from collections.abc import Awaitable, Callable, Iterator
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ...api import faults
from ...api.messages import Reply
from ..compat import Connection
from .limits import ServerLimits

if TYPE_CHECKING:
    from ...fake.fake import Fake

__all__ = ["LENGTHLESS", "WIRE", "Wire", "encoded_headers"]

WIRE = "video_mockserver.wire"

_LINGER_NOT = struct.pack("ii", 1, 0)
_FLUSH_PAUSE = 0.001
_BLIND_PAUSE = 0.02  # seconds for what was sent to arrive, where the kernel cannot be asked whether it has
_CAN_ASK = sys.platform in ("linux", "darwin")

# Replies with these statuses have no body, and no Content-Length either (RFC 9110, 8.6; a 304 may go without).
LENGTHLESS = frozenset({204, 304})

Sleep = Callable[[float], Awaitable[None]]


class Wire:
    """One connection, below HTTP.

    `lost` is set when it has ended, whoever ended it. `busy_with` is the fake whose reply takes its time here.
    """

    __slots__ = ("_connection", "_limits", "busy_with", "lost", "transport")

    def __init__(self, connection: Connection, limits: ServerLimits) -> None:
        self._connection = connection
        self._limits = limits
        self.transport = connection.transport
        self.lost = asyncio.Event()
        self.busy_with: Fake | None = None

    @property
    def gone(self) -> bool:
        """Whether the connection has ended or is ending; true a little before `lost` is set."""
        return self.lost.is_set() or self.transport.is_closing()

    async def play(
        self,
        reply: Reply,
        steps: Iterator[faults.Step],
        *,
        bodiless: bool,
        http_1_0: bool = False,
        sleep: Sleep,
        sending: Callable[[int], None],
    ) -> None:
        """Carry the steps of a fault out; the connection has ended then.

        `bodiless` is for replies that have no body by definition, `http_1_0` for clients that know no chunks.
        `sending` is called with the bytes of body so far before they are sent: whoever has them finds them counted.
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
                    chunked = length is None and not http_1_0 and reply.status not in LENGTHLESS
                    self.transport.write(self._head(reply, length, chunked=chunked))
                case faults.Data(data):
                    if not bodiless and data:
                        sent += len(data)
                        sending(sent)
                        self.transport.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
                        await self._connection.drain()
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
        lines += [b"%b: %b" % pair for pair in [*self._connection.default_headers, *encoded_headers(reply)]]
        if chunked:
            lines.append(b"transfer-encoding: chunked")
        elif length is not None and reply.status not in LENGTHLESS:
            lines.append(b"content-length: %d" % length)
        lines.append(b"connection: close")
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def _take_over(self) -> None:
        # A fault ends the connection, so nothing that the client still sends is read as HTTP. It must be read all the
        # same, or nobody would notice that the client has left: uvicorn stops reading at a pipelined request.
        self._connection.ignore_input()

    async def _reset(self) -> None:
        await self._flushed()
        sock = self.transport.get_extra_info("socket")
        if sock is not None and not self.gone:
            with contextlib.suppress(OSError):  # the client has just left
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self.transport.abort()
        await self.lost.wait()

    async def _close(self) -> None:
        # A half-close lets the client read everything and then the end, whatever it has sent meanwhile; closing both
        # ways at once would turn into a reset when something unread is waiting here.
        await self._flushed()
        if not self.gone and self.transport.can_write_eof():
            # TimeoutError: the client keeps its half open, ours is closed. Any other error: it has just left.
            with contextlib.suppress(OSError):
                self.transport.write_eof()
                await asyncio.wait_for(self.lost.wait(), self._limits.close_timeout)
        self.transport.abort()
        await self.lost.wait()

    async def _flushed(self) -> None:
        """Wait until everything that was written has arrived, or the client has stopped reading."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._limits.flush_timeout
        left = self._unsent()
        while left and not self.lost.is_set() and loop.time() < until:
            await asyncio.sleep(_FLUSH_PAUSE)
            before, left = left, self._unsent()
            if left < before:
                until = loop.time() + self._limits.flush_timeout
        if not _CAN_ASK:
            await asyncio.sleep(_BLIND_PAUSE)

    def _unsent(self) -> int:
        """How many bytes have not arrived at the client, as far as it can be known."""
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
