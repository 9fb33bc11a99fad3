"""Servers: uvicorn in a thread for tests, in the foreground for the command, or as a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from ...fake.clip_files import shipped_clips
from ...fake.clips import ClipStore
from ...fake.journal import Exchange
from ...scenario.library import Library
from ...scenario.model import Scenario
from .asgi import Edge
from .registry import DEFAULT, FakeRegistry, PortTaken, ServedFake, listen
from .wire import wired

__all__ = ["PortTaken", "ServedFake", "ServerProcess", "VideoServer", "serve"]

_PATIENCE = 0.5  # seconds for what is under way when the server stops
_START_PATIENCE = 30.0


class _Uvicorn(uvicorn.Server):
    """uvicorn with listeners that come and go, and an end that does not wait for stalled clients."""

    def __init__(self, edge: Edge, parser: str) -> None:
        config = uvicorn.Config(
            edge, http=wired(parser), ws="none", lifespan="off", log_config=None,
            server_header=False, proxy_headers=False, loop="asyncio", timeout_keep_alive=75,
        )  # fmt: skip
        super().__init__(config)
        self.stopped = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._listeners: dict[int, asyncio.Server] = {}
        # A fake may be closed before its listeners are there; the lock keeps the two in order.
        self._doors = asyncio.Lock()
        # Whoever comes in by the gate is served before the end; afterwards it is shut.
        self._gate = threading.Lock()
        self._over = False
        self._work: set[Future[None]] = set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the business of whoever runs this."""
        yield

    def submit(self, work: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> Future[None] | None:
        """Have something done on the loop, by any thread and in order; None when the server has ended."""
        with self._gate:
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
        async with self._doors:
            for sock in sockets:
                port = sock.getsockname()[1]
                self._listeners[port] = await self.loop.create_server(self._protocol, sock=sock, backlog=2048)

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made

    async def _close(self, fake: ServedFake) -> None:
        async with self._doors:
            await self._shut(fake.ports)
        connection: Any
        for connection in list(self.server_state.connections):
            # Fakes below a prefix have their connections in common: those go that are busy with this one.
            if connection.server[1] in fake.ports or connection.wire.busy_with is fake:
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
        with self._gate:
            self._over = True
            work = [asyncio.wrap_future(done) for done in self._work]
        await asyncio.gather(*work, return_exceptions=True)
        await self._shut(tuple(self._listeners))
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        if self.server_state.tasks:
            _, late = await asyncio.wait(self.server_state.tasks, timeout=_PATIENCE)
            for task in late:
                task.cancel()
        # One turn of the loop for every transport to be closed.
        await asyncio.sleep(0)


class VideoServer:
    """A server for tests: uvicorn in a thread, with as many fakes as you like, each on ports of its own.

        with VideoServer() as server:
            fake = server.fake(scenario="download/truncated")
            client = MyClient(fake.base_url, fake.api_key)

    - `host`: the address to listen on.
    - `library`, `clip_store`: scenarios and clips (default: the shipped ones).
    - `scenarios`: folders of your own scenarios, before the shipped ones.
    - `one_port`: give downloads the API's port, below `/_download`.
    - `token`: who sends it may use `/_mock/`; without one only a server on loopback has it.
    - `parser`: uvicorn's HTTP parser, `"auto"`, `"httptools"` or `"h11"`.
    - everything else is an option of each fake (`fake.Fake`): scenario, dialect, keys, speed, clock, strict, ...

    Starting and stopping takes a few milliseconds. Fakes that are left open are closed with the server.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        library: Library | None = None,
        scenarios: list[str | Path] | None = None,
        clip_store: ClipStore | None = None,
        one_port: bool = False,
        token: str | None = None,
        parser: str = "auto",
        **fake_options: Any,
    ) -> None:
        self.library = library if library is not None else Library(scenarios or [])
        self._clip_store = clip_store
        self._host = host
        self._one_port = one_port
        self._token = token
        self._parser = parser
        self._fake_options = fake_options
        self._thread: threading.Thread | None = None
        self._uvicorn: _Uvicorn | None = None
        self._hall: FakeRegistry | None = None
        self._error: BaseException | None = None

    @property
    def thread_id(self) -> int | None:
        """The identifier of the server's thread; None when it does not run."""
        return self._thread.ident if self._thread is not None else None

    def start(self) -> None:
        """Start the thread; returns when the server runs. Raises RuntimeError when it runs already."""
        if self._thread is not None:
            raise RuntimeError("the server runs already")
        hall = FakeRegistry(
            self.library, self._clip_store or shipped_clips(), self._fake_options,
            host=self._host, one_port=self._one_port, on_close=self._drop,
        )  # fmt: skip
        begun = threading.Event()
        thread = threading.Thread(target=self._run, args=(hall, begun), name="video-mockserver", daemon=True)
        self._error = None
        try:
            thread.start()
            begun.wait()
            if self._error is not None:
                thread.join()
                raise self._error
        except BaseException:
            hall.shut()
            raise
        self._thread, self._hall = thread, hall

    def _run(self, hall: FakeRegistry, begun: threading.Event) -> None:
        async def main() -> None:
            server = _Uvicorn(_edge(hall, self._host, self._token, None), self._parser)
            # The caller goes on as soon as the loop turns: sockets queue their connections until they are taken.
            self._uvicorn = server
            server.loop.set_default_executor(ThreadPoolExecutor(thread_name_prefix="video-mockserver reader"))
            server.loop.call_soon(begun.set)
            await server.serve(sockets=[])

        try:
            # Not the loop of the process's policy: resets and closed listeners are proven on this one.
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(main())
        except BaseException as error:
            self._error = error
        finally:
            begun.set()

    def stop(self) -> None:
        """Close every fake and connection, and end the thread. Stopping twice is fine.

        Raises RuntimeError in the server's own thread, in which `watch` is called: it would wait for itself.
        """
        thread, server, hall = self._thread, self._uvicorn, self._hall
        if thread is None or server is None or hall is None:
            return
        if threading.current_thread() is thread:
            raise RuntimeError("the server cannot be stopped by its own thread, such as in 'watch'")
        with contextlib.suppress(RuntimeError):  # the loop has ended by itself
            server.loop.call_soon_threadsafe(server.stopped.set)
        thread.join()
        hall.shut()
        error, self._error = self._error, None
        self._thread = self._uvicorn = self._hall = None
        if error is not None:
            raise error

    def fake(self, scenario: str | Scenario | None = None, *, name: str | None = None, **options: Any) -> ServedFake:
        """A fake of its own, with two ports of its own; close it, or leave that to the server.

        Raises `UnknownScenario`, RuntimeError when the server does not run, ValueError for a wrong option.
        """
        server, hall, thread = self._uvicorn, self._hall, self._thread
        if server is None or hall is None or thread is None or not thread.is_alive():
            raise RuntimeError("the server does not run: use 'with VideoServer() as server:' or server.start()")
        if scenario is not None:
            options["scenario"] = scenario
        fake = hall.make(name=name, **options)
        with contextlib.ExitStack() as unless_served:
            sockets = [unless_served.enter_context(listen(self._host, 0))]
            if not self._one_port:
                sockets.append(unless_served.enter_context(listen(self._host, 0)))
            ports = [sock.getsockname()[1] for sock in sockets]
            hall.attach(fake, ports[0], ports[-1])
            if server.submit(server.open, sockets) is None:
                raise RuntimeError("the server has stopped meanwhile")
            unless_served.pop_all()
        return fake

    def _drop(self, fake: ServedFake) -> None:
        # In a process that was forked off, there is nobody to do it.
        if self._uvicorn is not None and self._thread is not None and self._thread.is_alive():
            self._uvicorn.drop(fake)

    def __enter__(self) -> VideoServer:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()


def _edge(hall: FakeRegistry, host: str, token: str | None, public_url: str | None) -> Edge:
    made: ASGIApp | None = None

    def is_loopback() -> bool:
        import ipaddress

        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    async def side(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal made
        if made is None:
            # Half of what there is to import, and most servers are never asked for it.
            from .control import control_app
            from .openapi_route import side_app

            control = control_app(hall, token=token, enabled=is_loopback(), public_url=public_url)
            made = side_app(hall, control)
        await made(scope, receive, send)

    return Edge(hall, side)


async def serve(
    *,
    host: str,
    port: int,
    download_port: int = 0,
    one_port: bool = False,
    public_url: str | None = None,
    download_url: str | None = None,
    library: Library | None = None,
    clip_store: ClipStore | None = None,
    token: str | None = None,
    parser: str = "auto",
    log_format: str = "none",
    on_ready: Callable[[dict[str, Any]], None] = lambda addresses: None,
    **fake_options: Any,
) -> None:
    """Serve one fake (and those below its `/t/<name>`) in the main thread until SIGINT or SIGTERM.

    `port` and `download_port` may be 0, for a free one. `log_format` is that of the line a request on standard output:
    `"text"`, `"json"` or `"none"`. `on_ready` gets the addresses once requests are answered. The other options are
    those of `VideoServer`. Raises `PortTaken`, or OSError for an address that is not this machine's.
    """
    if log_format != "none":
        fake_options["watch"] = _request_log(log_format)
    with contextlib.ExitStack() as cleanup:
        sockets = [cleanup.enter_context(listen(host, port))]
        if not one_port:
            sockets.append(cleanup.enter_context(listen(host, download_port)))
        hall = FakeRegistry(
            library or Library(), clip_store or shipped_clips(), fake_options,
            host=host, public_url=public_url, download_url=download_url, one_port=one_port,
            on_close=lambda fake: server.drop(fake),
        )  # fmt: skip
        cleanup.callback(hall.shut)
        fake = hall.make(name=DEFAULT)
        ports = [sock.getsockname()[1] for sock in sockets]
        hall.attach(fake, ports[0], ports[-1])
        server = _Uvicorn(_edge(hall, host, token, public_url), parser)
        cleanup.enter_context(_ended_by_signals(server))
        serving = asyncio.ensure_future(server.serve(sockets=[]))
        try:
            await server.open(sockets)
            on_ready(
                {
                    "base_url": fake.base_url, "origin": fake.origin, "download_origin": fake.download_origin,
                    "api_key": fake.api_key, "port": ports[0], "download_port": ports[-1],
                }
            )  # fmt: skip
            await serving
        finally:
            server.stopped.set()
            await asyncio.wait([serving])


def _request_log(log_format: str) -> Callable[[Exchange], None]:
    def write(exchange: Exchange) -> None:
        line = json.dumps(exchange.to_data()) if log_format == "json" else str(exchange)
        with contextlib.suppress(OSError):  # who read the log has gone; that is no client's concern
            print(line, flush=True)

    return write


@contextlib.contextmanager
def _ended_by_signals(server: _Uvicorn) -> Iterator[None]:
    def end(number: int, frame: object) -> None:
        server.loop.call_soon_threadsafe(server.stopped.set)

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class ServerProcess:
    """`video-mockserver serve` as a process of its own, for clients that keep the interpreter to themselves.

        with ServerProcess("--scenario", "download/truncated") as server:
            run_my_client(server.base_url, server.api_key)

    `arguments` are those of the command; the port is a free one. `control` speaks to `/_mock/`, with `token` (default:
    $VIDEO_MOCKSERVER_TOKEN) if there is one. Raises RuntimeError with what the command said when it does not start.
    """

    def __init__(self, *arguments: str, token: str | None = None) -> None:
        self._arguments = arguments
        self._token = token or os.environ.get("VIDEO_MOCKSERVER_TOKEN")
        self._process: subprocess.Popen[bytes] | None = None
        self.base_url = self.origin = self.download_origin = self.api_key = ""

    def start(self) -> None:
        """Start the process; returns when it answers. Raises RuntimeError when it runs already."""
        import tempfile

        if self._process is not None:
            raise RuntimeError("the server runs already")
        command = [sys.executable, "-m", "video_mockserver", "serve", "--port", "0", "--log-format", "none"]
        environment = {**os.environ, "VIDEO_MOCKSERVER_TOKEN": self._token or ""}
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Windows keeps files that are in use
            ready = Path(folder) / "ready.json"
            said = Path(folder) / "said.txt"
            with said.open("wb") as output:
                self._process = process = subprocess.Popen(  # noqa: S603 - our own command
                    [*command, "--ready-file", str(ready), *self._arguments],
                    stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment,
                )  # fmt: skip
            try:
                until = time.monotonic() + _START_PATIENCE
                while not ready.exists():
                    if process.poll() is not None or time.monotonic() > until:
                        raise RuntimeError(f"the server did not start: {said.read_text('utf-8', 'replace').strip()}")
                    time.sleep(0.005)
                told = json.loads(ready.read_text("utf-8"))
            except BaseException:
                self.stop()
                raise
        self.base_url, self.origin = told["base_url"], told["origin"]
        self.download_origin, self.api_key = told["download_origin"], told["api_key"]

    def stop(self) -> None:
        """End the process. Stopping twice is fine."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def control(self, method: str, path: str, data: object = None) -> Any:
        """Ask `/_mock/` + `path`; returns the JSON answer. Raises `urllib.error.HTTPError` for an error."""
        from urllib.request import ProxyHandler, Request, build_opener

        body = None if data is None else json.dumps(data).encode()
        headers = {"Content-Type": "application/json", **({"X-Mock-Token": self._token} if self._token else {})}
        request = Request(  # noqa: S310 - our own server
            f"{self.origin}/_mock/{path.lstrip('/')}", body, headers, method=method
        )
        with build_opener(ProxyHandler({})).open(request, timeout=30) as reply:  # no proxy leads to this machine
            return json.loads(reply.read() or b"null")

    def __enter__(self) -> ServerProcess:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
