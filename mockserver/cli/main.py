"""The command: `video-mockserver serve`, `check`, `rules`, `scenarios` and `demo`.

Exit codes: 0 fine, 1 something is wrong, 2 cannot.

Heavy imports stand in the functions that need them: `--help` and `scenarios list` start no server machinery.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..api.dialects import DIALECTS
from .check import add_check, add_rules
from .common import UsageError, add_folders, positive, turn_stdout_away

if TYPE_CHECKING:
    from ..edges.server.serve import ServerAddresses
    from ..scenario.library import Library

__all__ = ["main"]

_TOKEN_VARIABLE = "VIDEO_MOCKSERVER_TOKEN"  # noqa: S105 - a name


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code. Raises SystemExit for `--help` and for arguments that are not right."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that cannot show a letter is no reason to fail
    try:
        try:
            arguments = _parser().parse_args(argv)
            run: Callable[[argparse.Namespace], int] = arguments.run
            return run(arguments)
        finally:
            if sys.stdout is not None:  # as it is when the process began without one
                sys.stdout.flush()
    except UsageError as sorry:
        return _cannot(sorry)
    except BrokenPipeError:
        turn_stdout_away()  # the reader of our output has left, as `| head` does
        return 0
    except OSError as error:
        turn_stdout_away()  # it may be full
        return _cannot(error)
    except KeyboardInterrupt:
        return 130


def _cannot(why: Exception) -> int:
    print(f"video-mockserver: {why}", file=sys.stderr)
    return 2


# No abbreviated options: one that is added later must not change what a script says.
_Parser = partial(argparse.ArgumentParser, allow_abbrev=False)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="video-mockserver",
        description="A mock server for OctopusX's asynchronous video API: scripted tasks, real faults, a journal.",
        epilog="Start with 'video-mockserver demo'. 'video-mockserver COMMAND --help' shows its options. Exit codes: "
        "0 success, 1 something is wrong, 2 the command could not run.",
    )
    parser.add_argument("--version", action=_Version, help="show the version and exit")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_serve(commands)
    add_check(commands)
    add_rules(commands)
    _add_scenarios(commands)
    demo = commands.add_parser(
        "demo",
        allow_abbrev=False,
        help="watch a client handle a broken download",
        description="Start a fake on a free port, run a small client against it, and print what happened on the wire. "
        "Exit code 0: the client got its clip, 1: it did not.",
    )
    demo.add_argument(
        "--scenario", default="truncated", metavar="NAME",
        help="the scenario, such as url_404 or lifecycle/failed_moderation (default: %(default)s)",
    )  # fmt: skip
    demo.set_defaults(run=_demo)
    return parser


class _Version(argparse.Action):
    """Looks the version up only when it is asked for: that reads the metadata of the installation."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:
        super().__init__(option_strings, dest=argparse.SUPPRESS, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *arguments: object) -> None:
        print(_version())
        parser.exit()


def _version() -> str:
    from ..api.version import tool_version

    return f"video-mockserver {tool_version()}"


# --- serve ------------------------------------------------------------------------------------------------------------


def _add_serve(commands: Any) -> None:
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


def _library(folders: Sequence[Path] | None) -> Library:
    from ..scenario.library import Library

    try:
        return Library(folders or ())
    except NotADirectoryError as error:
        raise UsageError(f"--scenario-dir: {error}") from None


def _serve(arguments: argparse.Namespace) -> int:
    import asyncio

    from ..edges.server.registry import PortTaken
    from ..edges.server.serve import serve
    from ..scenario.problems import ScenarioError
    from ..scenario.sources import UnknownScenario

    library = _library(arguments.scenario_dirs)
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
                on_ready=lambda addresses: _ready(arguments, addresses),
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


def _ready(arguments: argparse.Namespace, addresses: ServerAddresses) -> None:
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
            f"{_version()}: scenario {arguments.scenario}, dialect {arguments.dialect}\n"
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


# --- scenarios --------------------------------------------------------------------------------------------------------


def _add_scenarios(commands: Any) -> None:
    scenarios = commands.add_parser(
        "scenarios",
        allow_abbrev=False,
        help="list, show or validate scenarios",
        description="List and show the shipped scenarios, or validate your own.",
    )
    actions = scenarios.add_subparsers(required=True, metavar="ACTION")

    listing = actions.add_parser(
        "list", allow_abbrev=False, help="names and summaries", description="List scenarios by name, with a summary."
    )
    listing.add_argument(
        "pattern", nargs="?", default="*", metavar="GLOB",
        help="a name, a folder or a pattern: truncated, download, 'download/*_once' (default: all)",
    )  # fmt: skip
    listing.add_argument("--json", action="store_true", help="as JSON: name, summary, source")
    add_folders(listing)
    listing.set_defaults(run=_list)

    show = actions.add_parser(
        "show", allow_abbrev=False, help="one scenario, as its file or as a diagram", description="Show one scenario."
    )
    show.add_argument("name", metavar="NAME", help="such as download/truncated, or just the last part: truncated")
    form = show.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON instead of the original file")
    form.add_argument("--mermaid", action="store_true", help="the states as a Mermaid diagram")
    add_folders(show)
    show.set_defaults(run=_show)

    validate = actions.add_parser(
        "validate", allow_abbrev=False, help="check scenario files or folders",
        description="Check scenario files. All errors are reported, each with its line and what is expected. "
        "Exit code 0: all files are valid, 1: a file is not valid, 2: a path does not exist.",
    )  # fmt: skip
    validate.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a scenario file, or a folder of them")
    validate.set_defaults(run=_validate)


def _list(arguments: argparse.Namespace) -> int:
    from ..api.suggest import close_matches
    from ..scenario.problems import ScenarioError
    from ..scenario.sources import matching_names

    library = _library(arguments.scenario_dirs)
    asked = arguments.pattern.rstrip("/")
    names = matching_names(asked, library.names())
    if not names:
        close = ", ".join(map(repr, close_matches(asked, library.names())))
        hint = f"did you mean {close}?" if close else f"'video-mockserver scenarios list' shows all {len(library)}"
        raise UsageError(f"no scenario matches {arguments.pattern!r} ({hint})")
    wrong = 0
    told = []
    for name in names:
        try:
            scenario = library.find(name)
        except ScenarioError as error:
            print(error, file=sys.stderr)
            wrong += 1
            continue
        told.append({"name": name, "summary": scenario.summary, "source": scenario.source})
    if arguments.json:
        print(json.dumps(told, indent=1, ensure_ascii=False))
    else:
        width = max((len(entry["name"]) for entry in told), default=0)
        for entry in told:
            print(f"{entry['name']:{width}}  {entry['summary']}")
    return 1 if wrong else 0


def _show(arguments: argparse.Namespace) -> int:
    from ..scenario.problems import ScenarioError
    from ..scenario.sources import UnknownScenario

    library = _library(arguments.scenario_dirs)
    try:
        scenario = library.find(arguments.name)
    except UnknownScenario as error:
        raise UsageError(f"{error}; 'video-mockserver scenarios list' shows all {len(library)}") from None
    except ScenarioError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.mermaid:
        from ..scenario.mermaid import diagram

        print(diagram(scenario))
    elif arguments.json:
        from ..scenario.writer import write_scenario

        print(write_scenario(scenario, format="json"), end="")
    else:
        print(library.files[scenario.name].read_text("utf-8"), end="")
    return 0


def _validate(arguments: argparse.Namespace) -> int:
    from ..judge.expectation import contradiction
    from ..scenario.library import scenario_files
    from ..scenario.problems import ScenarioError
    from ..scenario.reader import read_scenario

    files: list[Path] = []
    for path in arguments.paths:
        if not path.exists():
            raise UsageError(f"no such file or folder: {str(path)!r}")
        found = list(scenario_files(path).values()) if path.is_dir() else [path]
        if not found:
            raise UsageError(
                f"no scenarios in the folder {str(path)!r}: expected files that end in .yaml, .yml or .json"
            )
        files += found
    wrong = 0
    for file in files:
        try:
            problem = contradiction(read_scenario(file.read_text("utf-8"), name=file.stem, file=str(file)))
            if problem is None:
                continue
            print(ScenarioError([problem], str(file)), file=sys.stderr)
        except ScenarioError as error:
            print(error, file=sys.stderr)
        except UnicodeDecodeError as error:
            print(f"{file}: not UTF-8 text: {error.reason} at byte {error.start}", file=sys.stderr)
        except OSError as error:
            print(f"{file}: cannot be read: {error.strerror}", file=sys.stderr)
        wrong += 1
    checked = f"{len(files)} scenario{'' if len(files) == 1 else 's'} checked"
    print(f"{checked}, {wrong} not valid" if wrong else f"{checked}, all valid")
    return 1 if wrong else 0


# --- demo -------------------------------------------------------------------------------------------------------------


def _demo(arguments: argparse.Namespace) -> int:
    from ..scenario.sources import UnknownScenario
    from .demo import run

    try:
        return run(arguments.scenario)
    except UnknownScenario as error:
        raise UsageError(f"--scenario: {error}") from None
