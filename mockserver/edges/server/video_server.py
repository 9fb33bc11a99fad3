"""A server for tests: uvicorn in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Unpack

from ...fake.clip_files import shipped_clips
from ...fake.clips import ClipStore
from ...scenario.library import Library
from ...scenario.model import Scenario
from ..compat import PARSERS, Parser
from .app import build_app
from .limits import ServerLimits
from .options import ServedFakeOptions, check_fake_options, check_token
from .registry import FakeRegistry, ServedFake, listen
from .uvicorn_server import ServerActivity, UvicornServer

__all__ = ["VideoServer"]


_OPTIONS = ("scenario", "host", "library", "scenario_dirs", "shelf", "one_port", "token", "parser", "limits")


class VideoServer:
    """A server for tests: uvicorn in a thread, with as many fakes as you like, each on ports of its own.

        with VideoServer() as server:
            fake = server.fake(scenario="download/truncated")
            client = MyClient(fake.base_url, fake.api_key)

    - `scenario`: the default scenario of each fake, a name or a `Scenario` built in Python.
    - `host`: the address to listen on (default 127.0.0.1).
    - `scenario_dirs`: folders of your own scenarios; they are looked up before the shipped ones.
    - `library`, `clip_store`: other scenarios and clips than the shipped ones; a library replaces `scenario_dirs`.
    - `one_port`: give downloads the API's port, below `/_download`.
    - `token`: with it, and only with it, requests may use `/_mock/`. Without a token `/_mock/` is on where the server
      listens on loopback.
    - `parser`: uvicorn's HTTP parser: `"auto"` (default: the faster one that is installed), `"httptools"` or `"h11"`.
    - `limits`: at which sizes and times the server gives up.
    - `fake_options`: options of each fake (see `Fake`): dialect, keys, speed, clock, strict, ...; `manual_clock=True`
      gives each fake a `ManualClock` of its own.

    Raises TypeError for an option that is none, ValueError for a wrong value, `UnknownScenario` for a scenario that is
    not there. Starting and stopping takes a few milliseconds. Fakes that are left open are closed with the server.
    """

    def __init__(
        self,
        *,
        scenario: str | Scenario | None = None,
        host: str = "127.0.0.1",
        library: Library | None = None,
        scenario_dirs: Sequence[str | Path] = (),
        clip_store: ClipStore | None = None,
        one_port: bool = False,
        token: str | None = None,
        parser: Parser = "auto",
        limits: ServerLimits | None = None,
        **fake_options: Unpack[ServedFakeOptions],
    ) -> None:
        if parser not in PARSERS:
            raise ValueError(f"parser: {parser!r} must be 'auto', 'httptools' or 'h11'")
        check_token(token)
        self.library = library if library is not None else Library(list(scenario_dirs))
        check_fake_options(
            fake_options, scenario=scenario, library=self.library, clip_store=clip_store, others=_OPTIONS
        )
        self.parser = parser
        self._clip_store = clip_store
        self._host = host
        self._one_port = one_port
        self._token = token
        self._limits = limits or ServerLimits()
        self._fake_options = {**fake_options, "scenario": scenario}
        self._thread: threading.Thread | None = None
        self._uvicorn: UvicornServer | None = None
        self._registry: FakeRegistry | None = None
        self._error: BaseException | None = None

    @property
    def thread_id(self) -> int | None:
        """The identifier of the server's thread; None when it does not run."""
        return self._thread.ident if self._thread is not None else None

    def start(self) -> None:
        """Start the thread; returns when the server runs. Raises RuntimeError when it runs already."""
        if self._thread is not None:
            raise RuntimeError("the server is running already")
        registry = FakeRegistry(
            self.library, self._clip_store or shipped_clips(), self._fake_options,
            host=self._host, one_port=self._one_port, on_close=self._drop,
        )  # fmt: skip
        started = threading.Event()
        thread = threading.Thread(target=self._run, args=(registry, started), name="video-mockserver", daemon=True)
        self._error = None
        try:
            thread.start()
            started.wait()
            if self._error is not None:
                thread.join()
                raise self._error
        except BaseException:
            registry.shut()
            raise
        self._thread, self._registry = thread, registry

    def _run(self, registry: FakeRegistry, started: threading.Event) -> None:
        app = build_app(registry, host=self._host, token=self._token, limits=self._limits)

        async def main() -> None:
            server = UvicornServer(app, self.parser, self._limits)
            # The caller goes on as soon as the loop turns: sockets queue their connections until they are taken.
            self._uvicorn = server
            server.loop.set_default_executor(ThreadPoolExecutor(thread_name_prefix="video-mockserver reader"))
            server.loop.call_soon(started.set)
            await server.serve(sockets=[])

        try:
            # Not the loop of the process's policy: resets and closed listeners are proven on this one.
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(main())
        except BaseException as error:
            self._error = error
        finally:
            started.set()

    def stop(self) -> None:
        """Close every fake and connection, and end the thread. Stopping twice is fine.

        Raises RuntimeError in the server's own thread, in which `watch` is called: it would wait for itself.
        """
        thread, server, registry = self._thread, self._uvicorn, self._registry
        if thread is None or server is None or registry is None:
            return
        if threading.current_thread() is thread:
            raise RuntimeError("the server cannot be stopped by its own thread, such as in 'watch'")
        with contextlib.suppress(RuntimeError):  # the loop has ended by itself
            server.loop.call_soon_threadsafe(server.stopped.set)
        thread.join()
        registry.shut()
        error, self._error = self._error, None
        self._thread = self._uvicorn = self._registry = None
        if error is not None:
            raise error

    def fakes(self) -> Mapping[str, ServedFake]:
        """Every open fake by name, those below a prefix included: a snapshot. Empty when the server does not run."""
        return self._registry.fakes() if self._registry is not None else {}

    def activity(self) -> ServerActivity:
        """What the server is doing now: for tests, and to find out why a client waits."""
        return self._uvicorn.activity() if self._uvicorn is not None else ServerActivity(0, 0, 0, 0)

    def fake(
        self,
        scenario: str | Scenario | None = None,
        *,
        name: str | None = None,
        library: Library | None = None,
        **options: Unpack[ServedFakeOptions],
    ) -> ServedFake:
        """A new fake on two ports of its own; close it, or leave that to the server.

        What is not given here is as it was given to the server. Raises RuntimeError when the server does not run,
        TypeError for an option that is none, ValueError for a wrong value or a name that is taken, `UnknownScenario`.
        """
        server, registry, thread = self._uvicorn, self._registry, self._thread
        if server is None or registry is None or thread is None or not thread.is_alive():
            raise RuntimeError("the server does not run: use 'with VideoServer() as server:' or server.start()")
        fake = registry.make(name=name, scenario=scenario, library=library, **options)
        with contextlib.ExitStack() as unless_served:
            sockets = [unless_served.enter_context(listen(self._host, 0))]
            if not self._one_port:
                sockets.append(unless_served.enter_context(listen(self._host, 0)))
            ports = [sock.getsockname()[1] for sock in sockets]
            registry.attach(fake, ports[0], ports[-1])
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
