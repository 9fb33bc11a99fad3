"""`video-mockserver serve`: the fake as a server of its own, until it is stopped."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..api.dialects import DIALECTS
from .common import UsageError, add_folders, open_library, positive, version_line

if TYPE_CHECKING:
    from ..edges.server.serve import ServerAddresses

__all__ = ["add_serve", "announce"]

_TOKEN_VARIABLE = "VIDEO_MOCKSERVER_TOKEN"  # noqa: S105 - a name


def add_serve(commands: Any) -> None:
    serve = commands.add_parser(
        "serve",
        allow_abbrev=False,
        help="run the mock server",
        description="Run the mock server until SIGTERM or Ctrl-C. Prints the base URL, an API key and a curl command.",
    )
    where = serve.add_argument_group("addresses")
    where.add_argument(
        "--host", type=_host, default="127.0.0.1", metavar="ADDRESS",
        help="address to listen on; 0.0.0.0 listens on all addresses of this machine (default: %(default)s)",
    )  # fmt: skip
    where.add_argument(
        "--port", type=_port, default=8080, help="port of the API; 0 picks a free port (default: %(default)s)"
    )
    downloads = where.add_mutually_exclusive_group()
    downloads.add_argument(
        "--download-port",
        type=_port,
        default=0,
        metavar="PORT",
        help="port of the download host (default: a free port)",
    )
    downloads.add_argument(
        "--one-port", action="store_true",
        help="serve downloads on the API's port, for example in a container that exposes one port",
    )  # fmt: skip
    where.add_argument(
        "--public-url", type=_url, metavar="URL",
        help="origin of the API's URLs in replies (default: from the request's Host header)",
    )  # fmt: skip
    where.add_argument(
        "--download-url", type=_url, metavar="URL",
        help="origin of download URLs in replies (default: from the request's Host header, with the download port)",
    )  # fmt: skip
    where.add_argument(
        "--ready-file", type=Path, metavar="FILE",
        help="write the URLs and ports to this file, as JSON, when the server is ready; it is removed at the end",
    )  # fmt: skip
    what = serve.add_argument_group("behaviour")
    what.add_argument(
        "--scenario", default="lifecycle/plain", metavar="NAME",
        help="the scenario of tasks that do not choose one (default: %(default)s)",
    )  # fmt: skip
    add_folders(what)
    what.add_argument(
        "--dialect", choices=list(DIALECTS), default="octopusx", help="the gateway's dialect (default: %(default)s)"
    )
    what.add_argument(
        "--key", action="append", type=_key, dest="keys", metavar="KEY",
        help="a valid API key (repeatable; default: every key is valid)",
    )  # fmt: skip
    what.add_argument(
        "--unknown-tasks", choices=("refuse", "create"), default="refuse",
        help="unknown task ids: refuse, or create a task on the first request (default: %(default)s)",
    )  # fmt: skip
    what.add_argument(
        "--strict", action="store_true", help="refuse create requests with unknown fields or undocumented values"
    )
    what.add_argument(
        "--seed", type=int, default=0, metavar="N",
        help="random seed for ids, signatures and probabilities (default: %(default)s)",
    )  # fmt: skip
    clocks = serve.add_argument_group("time").add_mutually_exclusive_group()
    clocks.add_argument(
        "--speed", type=positive, default=1.0, metavar="N", help="how many times faster time passes (default: 1)"
    )
    clocks.add_argument(
        "--manual-clock", action="store_true", help="time stands still until POST /_mock/clock/advance moves the clock"
    )
    control = serve.add_argument_group("control and logs")
    control.add_argument(
        "--token", default=os.environ.get(_TOKEN_VARIABLE) or None, metavar="TOKEN",
        help=f"allow requests with this token to use /_mock/ (default: ${_TOKEN_VARIABLE}; without a token, /_mock/ "
        "is available only when the server listens on a loopback address)",
    )  # fmt: skip
    control.add_argument(
        "--log-format", choices=("text", "json", "none"), default="text",
        help="format of the line that is printed for each request; with json the start message goes to standard error "
        "(default: %(default)s)",
    )  # fmt: skip
    serve.set_defaults(run=_serve)


def _host(text: str) -> str:
    host = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if not host:
        raise argparse.ArgumentTypeError("the address is empty; 0.0.0.0 listens on all addresses of this machine")
    return host


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to 65535)")
    return int(text)


def _url(text: str) -> str:
    # Host and port as the server reads them in a Host header.
    found = re.fullmatch(r"https?://(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?(?:/[^\s?#]*)?", text, re.ASCII)
    if found is None or int(found[1] or 0) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a URL such as http://mock.example:8080")
    return text.rstrip("/")


def _key(text: str) -> str:
    if not re.fullmatch(r"[!-~]+", text):
        raise argparse.ArgumentTypeError("a key must be visible ASCII characters without spaces, at least one")
    return text


def _serve(arguments: argparse.Namespace) -> int:
    import asyncio

    from ..edges.server.registry import PortTaken
    from ..edges.server.serve import serve
    from ..scenario.problems import ScenarioError
    from ..scenario.sources import UnknownScenario

    library = open_library(arguments.scenario_dirs)
    try:
        arguments.scenario = library.find(arguments.scenario).name
    except (UnknownScenario, ScenarioError) as error:
        raise UsageError(f"--scenario: {error}") from None
    if arguments.token is not None and not re.fullmatch(r"[!-~]+", arguments.token):
        raise UsageError(
            f"--token or ${_TOKEN_VARIABLE}: must be visible ASCII characters without spaces, at least one"
        )
    if not arguments.one_port and arguments.port and arguments.port == arguments.download_port:
        raise UsageError(
            f"--download-port {arguments.port}: already the port of the API; use --one-port to serve both on it"
        )
    if arguments.ready_file is not None:
        _make_way(arguments.ready_file)
    try:
        asyncio.run(
            serve(
                host=arguments.host,
                port=arguments.port,
                download_port=arguments.download_port,
                one_port=arguments.one_port,
                public_url=arguments.public_url,
                download_url=arguments.download_url,
                library=library,
                token=arguments.token,
                log_format=arguments.log_format,
                on_ready=lambda addresses: announce(arguments, addresses),
                scenario=arguments.scenario,
                dialect=arguments.dialect,
                keys=arguments.keys,
                unknown_tasks=arguments.unknown_tasks,
                strict=arguments.strict,
                seed=arguments.seed,
                speed=arguments.speed,
                manual_clock=arguments.manual_clock,
            )
        )
    except PortTaken as error:
        raise UsageError(f"{error.strerror}; --port 0 picks a free port") from None
    except OSError as error:
        raise UsageError(f"cannot listen on {arguments.host}: {error.strerror or error}") from None
    finally:
        if arguments.ready_file is not None:
            arguments.ready_file.unlink(missing_ok=True)
    return 0


def _make_way(ready_file: Path) -> None:
    """Nobody may take the addresses of a server that has ended for those of the next one."""
    if not ready_file.absolute().parent.is_dir():
        raise UsageError(f"--ready-file: no such folder: {str(ready_file.absolute().parent)!r}")
    if ready_file.is_symlink() or (ready_file.exists() and not ready_file.is_file()):
        raise UsageError(f"--ready-file: not a regular file: {str(ready_file)!r}")
    ready_file.unlink(missing_ok=True)


def announce(arguments: argparse.Namespace, addresses: ServerAddresses) -> None:
    """Say where the fake is: to people, and to the program that started it."""
    control = f"{addresses['origin']}/_mock/"
    if arguments.token is not None:
        control += " (with the token)"
    elif not _is_loopback(arguments.host):
        control = "off (set --token TOKEN to turn it on)"
    model = DIALECTS[arguments.dialect].models[0]
    curl = ["curl", f"{addresses['base_url']}/videos", "-H", f"Authorization: Bearer {addresses['api_key']}"]
    curl += ["-F", f"model={model}", "-F", "prompt=a fox in the snow"]
    with contextlib.suppress(OSError):  # nobody reads it, but somebody may ask the fake
        print(
            f"{version_line()}: scenario {arguments.scenario}, dialect {arguments.dialect}\n"
            f"  base URL  {addresses['base_url']}\n"
            f"  downloads {addresses['download_origin']}\n"
            f"  API key   {addresses['api_key']}{'' if arguments.keys else ' (any key is valid)'}\n"
            f"  control   {control}\n\n"
            f"  {shlex.join(curl)}\n\n"
            f"  for another scenario, add @NAME to the model: {model}@truncated ('scenarios list' shows the names)\n",
            file=sys.stderr if arguments.log_format == "json" else sys.stdout,
            flush=True,
        )
    if arguments.ready_file is not None:
        # Whole or not at all: a program that waits for the file must never read half of it.
        part = arguments.ready_file.with_name(arguments.ready_file.name + ".part")
        try:
            part.write_text(json.dumps(addresses, indent=1) + "\n", "utf-8")
            part.replace(arguments.ready_file)
        except OSError as error:
            raise UsageError(f"--ready-file: {error}") from None


def _is_loopback(host: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
