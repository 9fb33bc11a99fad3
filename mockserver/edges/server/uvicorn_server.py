"""uvicorn with listeners that come and go, and an end that does not wait for stalled clients."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import uvicorn

from ..compat import Connection, Parser, http_protocol
from .asgi import ApiApp
from .limits import ServerLimits
from .registry import ServedFake
from .wire import WIRE, Wire

__all__ = ["ServerActivity", "UvicornServer"]


@dataclass(frozen=True, slots=True)
class ServerActivity:
    """What a server is doing: for tests, and to find out why a client waits.

    - `requests`: how many are being answered.
    - `connections`: how many are open.
    - `paused`: how many of these have a client that takes less than is sent.
    - `unsent`: bytes that wait in this process for clients to take them.
    """

    requests: int
    connections: int
    paused: int
    unsent: int


class UvicornServer(uvicorn.Server):
    """One event loop's server. Made in that loop.

    Raises ValueError for a parser that is none, `UnsupportedVersion` when the installed uvicorn lacks what is needed.
    """

    def __init__(self, app: ApiApp, parser: Parser, limits: ServerLimits) -> None:
        self._limits = limits
        self._http_protocol: Any = http_protocol(parser, self._wire, WIRE)
        config = uvicorn.Config(
            app, http=self._http_protocol, ws="none", lifespan="off", log_config=None,
            server_header=False, proxy_headers=False, loop="asyncio",
            timeout_keep_alive=limits.keep_alive_timeout,  # type: ignore[arg-type]
        )  # fmt: skip
        super().__init__(config)
        self.stopped = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._listeners: dict[int, asyncio.Server] = {}
        # A fake may be closed before its listeners are there; the lock keeps the two in order.
        self._listeners_lock = asyncio.Lock()
        # Work that is submitted before the end is done before it; afterwards none is taken.
        self._submit_lock = threading.Lock()
        self._over = False
        self._work: set[Future[None]] = set()

    def _wire(self, connection: Connection) -> Wire:
        return Wire(connection, self._limits)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Whoever runs this handles signals."""
        yield

    def submit(self, work: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> Future[None] | None:
        """Have something done on the loop, by any thread and in order; None when the server has ended."""
        with self._submit_lock:
            if self._over:
                return None
            done = asyncio.run_coroutine_threadsafe(work(*args), self.loop)
            self._work.add(done)
            done.add_done_callback(self._work.discard)
            return done

    def drop(self, fake: ServedFake) -> None:
        """Stop listening for a fake, and end every connection of it. By any thread; only the server's own goes on
        before it is done."""
        done = self.submit(self._close, fake)
        if done is not None and threading.get_ident() != self._thread:
            done.result()

    async def open(self, sockets: list[socket.socket]) -> None:
        """Take connections from sockets that already listen."""
        async with self._listeners_lock:
            for sock in sockets:
                port = sock.getsockname()[1]
                self._listeners[port] = await self.loop.create_server(self._protocol, sock=sock, backlog=2048)

    def activity(self) -> ServerActivity:
        """What the server is doing now. By any thread."""
        connections = self._connections()
        return ServerActivity(
            requests=len(self.server_state.tasks),
            connections=len(connections),
            paused=sum(connection.is_paused for connection in connections),
            unsent=sum(connection.transport.get_write_buffer_size() for connection in connections),
        )

    def _connections(self) -> list[Connection]:
        return [Connection(protocol) for protocol in list(self.server_state.connections)]

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self._http_protocol(config=self.config, server_state=self.server_state, app_state={})
        return made

    async def _close(self, fake: ServedFake) -> None:
        async with self._listeners_lock:
            await self._shut(fake.ports)
        for connection in self._connections():
            # Fakes below a prefix share their connections: closed are those that are busy with this one.
            if connection.port in fake.ports or connection.wire.busy_with is fake:
                connection.transport.abort()  # closing would wait for a client that does not take what was sent

    async def _shut(self, ports: Iterable[int]) -> None:
        # asyncio takes two turns of its loop to set an accepted connection up. One whose listener is closed in between
        # is lost: nobody reads or closes it. So accept no more, let those that are under way arrive, then close.
        listeners = [self._listeners.pop(port) for port in ports if port in self._listeners]
        with contextlib.suppress(NotImplementedError):  # a proactor has no readers
            for listener in listeners:
                for sock in listener.sockets:
                    self.loop.remove_reader(sock.fileno())
        for _ in range(3):
            await asyncio.sleep(0)
        for listener in listeners:
            listener.close()

    async def main_loop(self) -> None:
        tick = 0
        while not self.stopped.is_set():
            await self.on_tick(tick * 10)  # once a second: the Date header
            tick += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopped.wait(), 1.0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        with self._submit_lock:
            self._over = True
            work = [asyncio.wrap_future(done) for done in self._work]
        await asyncio.gather(*work, return_exceptions=True)
        await self._shut(tuple(self._listeners))
        for connection in self._connections():
            connection.transport.abort()
        if self.server_state.tasks:
            _, late = await asyncio.wait(self.server_state.tasks, timeout=self._limits.stop_timeout)
            for task in late:
                task.cancel()
        # One turn of the loop for every transport to be closed.
        await asyncio.sleep(0)
