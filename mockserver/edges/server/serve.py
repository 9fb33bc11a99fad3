"""A server in the foreground, until a signal ends it: what `video-mockserver serve` runs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import Callable, Iterator
from typing import Literal, TypedDict, Unpack

from ...fake.clip_files import shipped_clips
from ...fake.clips import ClipStore
from ...fake.journal import Exchange
from ...scenario.library import Library
from ...scenario.model import Scenario
from ..compat import Parser
from .app import build_app
from .limits import ServerLimits
from .options import ServedFakeOptions, check_fake_options, check_token
from .registry import DEFAULT, FakeRegistry, listen
from .uvicorn_server import UvicornServer

__all__ = ["LOG_FORMATS", "LogFormat", "ServerAddresses", "serve"]

LogFormat = Literal["text", "json", "none"]
LOG_FORMATS: tuple[LogFormat, ...] = ("text", "json", "none")


class ServerAddresses(TypedDict):
    """Where a served fake is reached."""

    base_url: str
    origin: str
    download_origin: str
    api_key: str
    port: int
    download_port: int


async def serve(
    *,
    scenario: str | Scenario | None = None,
    host: str,
    port: int,
    download_port: int = 0,
    one_port: bool = False,
    public_url: str | None = None,
    download_url: str | None = None,
    library: Library | None = None,
    clip_store: ClipStore | None = None,
    token: str | None = None,
    parser: Parser = "auto",
    limits: ServerLimits | None = None,
    log_format: LogFormat = "none",
    on_ready: Callable[[ServerAddresses], None] = lambda addresses: None,
    **fake_options: Unpack[ServedFakeOptions],
) -> None:
    """Serve one fake (and those below its `/t/<name>`) in the main thread until SIGINT or SIGTERM.

    - `port`, `download_port`: 0 takes a free one.
    - `public_url`, `download_url`: what the fake's URLs begin with, instead of the Host that was asked.
    - `log_format`: how each request is logged on standard output: `"text"`, `"json"`, or `"none"` for no log.
    - `on_ready`: called with the addresses once requests are answered.
    - the others are those of `VideoServer`.

    Raises `PortTaken`, or OSError for an address that is not this machine's; for wrong options as `VideoServer` does.
    """
    if log_format not in LOG_FORMATS:
        raise ValueError(f"log_format: {log_format!r} must be 'text', 'json' or 'none'")
    check_token(token)
    library, limits = library or Library(), limits or ServerLimits()
    check_fake_options(fake_options, scenario=scenario, library=library, clip_store=clip_store)
    if log_format != "none":
        fake_options["watch"] = _request_log(log_format)
    with contextlib.ExitStack() as cleanup:
        sockets = [cleanup.enter_context(listen(host, port))]
        if not one_port:
            sockets.append(cleanup.enter_context(listen(host, download_port)))
        registry = FakeRegistry(
            library, clip_store or shipped_clips(), {**fake_options, "scenario": scenario},
            host=host, public_url=public_url, download_url=download_url, one_port=one_port,
            on_close=lambda fake: server.drop(fake),
        )  # fmt: skip
        cleanup.callback(registry.shut)
        fake = registry.make(name=DEFAULT)
        ports = [sock.getsockname()[1] for sock in sockets]
        registry.attach(fake, ports[0], ports[-1])
        app = build_app(registry, host=host, token=token, public_url=public_url, limits=limits)
        server = UvicornServer(app, parser, limits)
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
        with contextlib.suppress(OSError):  # nobody reads the log any more; that must not fail a client's request
            print(line, flush=True)

    return write


@contextlib.contextmanager
def _ended_by_signals(server: UvicornServer) -> Iterator[None]:
    def end(number: int, frame: object) -> None:
        server.loop.call_soon_threadsafe(server.stopped.set)

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
