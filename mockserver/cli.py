"""The command: `video-mockserver serve`, `scenarios` and `demo`. Exit codes: 0 fine, 1 found something wrong, 2 cannot.

Heavy imports stand in the functions that need them: `--help` and `scenarios list` start no server machinery.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from mockserver.profiles import PROFILES

if TYPE_CHECKING:
    from mockserver.library import Library

__all__ = ["main"]


class _Sorry(Exception):
    """Something the user can put right: one line on standard error, exit code 2."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        run: Callable[[argparse.Namespace], int] = arguments.run
        return run(arguments)
    except _Sorry as sorry:
        print(f"video-mockserver: {sorry}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader of our output has left, as `| head` does; point stdout elsewhere so that the exit stays quiet.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="video-mockserver",
        description="A fake of OctopusX's asynchronous video API: scripted tasks, real faults, one journal.",
        epilog="Start with: video-mockserver demo",
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_serve(commands)
    _add_scenarios(commands)
    demo = commands.add_parser(
        "demo",
        help="watch a client get its clip through a broken download",
        description="Start a fake on a free port, run a small client against it, and print what happened on the wire.",
    )
    demo.add_argument("--scenario", default="truncated", metavar="NAME", help="which scenario (default: %(default)s)")
    demo.set_defaults(run=_demo)
    return parser


def _version() -> str:
    from importlib.metadata import version

    return f"video-mockserver {version('video-mockserver')}"


# --- serve ------------------------------------------------------------------------------------------------------------


def _add_serve(commands: Any) -> None:
    serve = commands.add_parser(
        "serve",
        help="serve the fake until it is stopped",
        description="Serve the fake until SIGTERM or Ctrl-C. Prints the base URL, a key and a curl line to paste.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    where = serve.add_argument_group("where")
    where.add_argument("--host", default="127.0.0.1", help="address to listen on")
    where.add_argument("--port", type=_port, default=8080, help="port of the API; 0 takes a free one")
    where.add_argument("--download-port", type=_port, default=0, help="port of the download host; 0 takes a free one")
    where.add_argument(
        "--one-port", action="store_true", help="serve downloads below the API's port too, for containers"
    )
    where.add_argument(
        "--public-url", type=_url, metavar="URL", default=argparse.SUPPRESS,
        help="base of the API's URLs in replies (default: the Host that was asked)",
    )  # fmt: skip
    where.add_argument(
        "--download-url", type=_url, metavar="URL", default=argparse.SUPPRESS,
        help="base of download URLs in replies (default: the same host, the download port)",
    )  # fmt: skip
    where.add_argument(
        "--ready-file", type=Path, metavar="FILE", default=argparse.SUPPRESS,
        help="write the URLs and ports there, as JSON, once requests are answered",
    )  # fmt: skip
    what = serve.add_argument_group("what")
    what.add_argument(
        "--scenario", default="lifecycle/plain", metavar="NAME", help="scenario of creates that ask for none"
    )
    what.add_argument(
        "--scenarios", action="append", type=Path, metavar="DIR", default=argparse.SUPPRESS,
        help="folder of your own scenarios, before the shipped ones (repeatable)",
    )  # fmt: skip
    what.add_argument("--profile", choices=list(PROFILES), default="octopusx", help="the gateway's dialect")
    what.add_argument(
        "--key", action="append", dest="keys", metavar="KEY", default=argparse.SUPPRESS,
        help="an API key that is good (repeatable; default: any)",
    )  # fmt: skip
    what.add_argument(
        "--unknown-tasks", choices=("refuse", "create"), default="refuse",
        help="what becomes of ids that were never made; create: they come to life on first sight",
    )  # fmt: skip
    what.add_argument("--strict", action="store_true", help="refuse unknown fields and undocumented values in creates")
    what.add_argument("--seed", type=int, default=0, help="ids, signatures and chance follow from it")
    time = serve.add_argument_group("time")
    clocks = time.add_mutually_exclusive_group()
    clocks.add_argument("--speed", type=_speed, default=1.0, metavar="N", help="how much faster than real time passes")
    clocks.add_argument(
        "--manual-clock", action="store_true", help="time stands still until POST /_mock/clock/advance moves it"
    )
    control = serve.add_argument_group("control and logs")
    control.add_argument(
        "--token", default=os.environ.get("VIDEO_MOCKSERVER_TOKEN") or argparse.SUPPRESS, metavar="TOKEN",
        help="allow /_mock/ to who sends it, from anywhere (default: $VIDEO_MOCKSERVER_TOKEN, else loopback only)",
    )  # fmt: skip
    control.add_argument("--log-format", choices=("text", "json", "none"), default="text", help="a line a request")
    serve.set_defaults(run=_serve)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to 65535)")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return speed


def _url(text: str) -> str:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and not parts.fragment
        _ = parts.port
    except ValueError:
        right = False
    if not right:
        raise argparse.ArgumentTypeError(f"{text!r} is not a URL such as http://mock.example:8080")
    return text.rstrip("/")


def _library(folders: Sequence[Path]) -> Library:
    from mockserver.library import Library

    try:
        return Library(folders)
    except NotADirectoryError as error:
        raise _Sorry(f"--scenarios: {error}") from None


def _serve(arguments: argparse.Namespace) -> int:
    import asyncio

    from mockserver.choice import UnknownScenario
    from mockserver.edges.server import PortTaken, serve
    from mockserver.scenario_check import ScenarioError

    told = vars(arguments)
    library = _library(told.get("scenarios", []))
    try:
        library.find(arguments.scenario)
    except (UnknownScenario, ScenarioError) as error:
        raise _Sorry(f"--scenario: {error}") from None
    if "ready_file" in told and not arguments.ready_file.absolute().parent.is_dir():
        raise _Sorry(f"--ready-file: no folder {str(arguments.ready_file.absolute().parent)!r}")
    fake_options: dict[str, Any] = {
        name: told[name]
        for name in ("scenario", "profile", "keys", "unknown_tasks", "strict", "seed", "speed", "manual_clock")
        if name in told
    }
    try:
        asyncio.run(
            serve(
                host=arguments.host,
                port=arguments.port,
                download_port=arguments.download_port,
                one_port=arguments.one_port,
                public_url=told.get("public_url"),
                download_url=told.get("download_url"),
                library=library,
                token=told.get("token"),
                log_format=arguments.log_format,
                on_ready=lambda addresses: _ready(arguments, addresses),
                **fake_options,
            )
        )
    except PortTaken as error:
        raise _Sorry(f"{error.strerror}; --port 0 takes a free one") from None
    except OSError as error:
        raise _Sorry(f"cannot listen on {arguments.host}: {error.strerror or error}") from None
    return 0


def _ready(arguments: argparse.Namespace, addresses: dict[str, Any]) -> None:
    """Say where the fake is: to people, and to the program that started it."""
    key = addresses["api_key"]
    model = PROFILES[arguments.profile].models[0]
    print(
        f"video-mockserver {_version().split()[-1]}: {arguments.scenario} in the dialect of {arguments.profile}\n"
        f"  base URL  {addresses['base_url']}\n"
        f"  downloads {addresses['download_origin']}\n"
        f"  API key   {key}{'' if 'keys' in vars(arguments) else ' (any works)'}\n"
        f"  control   {addresses['origin']}/_mock/\n\n"
        f"  curl {addresses['base_url']}/videos -H 'Authorization: Bearer {key}' "
        f"-F model={model} -F prompt='a fox in the snow'\n",
        flush=True,
    )
    if "ready_file" in vars(arguments):
        # Whole or not at all: a program that waits for the file must never read half of it.
        part = arguments.ready_file.with_name(arguments.ready_file.name + ".part")
        part.write_text(json.dumps(addresses, indent=1) + "\n", "utf-8")
        part.replace(arguments.ready_file)


# --- scenarios --------------------------------------------------------------------------------------------------------


def _add_scenarios(commands: Any) -> None:
    scenarios = commands.add_parser(
        "scenarios",
        help="list, show or check scenarios",
        description="Look at the shipped scenarios, or check your own.",
    )
    actions = scenarios.add_subparsers(required=True, metavar="ACTION")
    folder = argparse.ArgumentParser(add_help=False)
    folder.add_argument(
        "--scenarios", action="append", type=Path, metavar="DIR", default=[],
        help="folder of your own scenarios, before the shipped ones (repeatable)",
    )  # fmt: skip

    listing = actions.add_parser("list", parents=[folder], help="names and summaries")
    listing.add_argument("pattern", nargs="?", default="*", metavar="GLOB", help="such as 'download/*' (default: all)")
    listing.add_argument("--json", action="store_true", help="as JSON")
    listing.set_defaults(run=_list)

    show = actions.add_parser("show", parents=[folder], help="one scenario, as its file or drawn")
    show.add_argument("name", metavar="NAME", help="such as download/truncated, or only truncated")
    form = show.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON instead of YAML")
    form.add_argument("--mermaid", action="store_true", help="the states as a Mermaid diagram")
    show.set_defaults(run=_show)

    validate = actions.add_parser(
        "validate", help="check files or folders; every error at once",
        description="Check scenario files. Exit code 0: all are right, 1: something is wrong, 2: a path is not there.",
    )  # fmt: skip
    validate.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a scenario file, or a folder of them")
    validate.set_defaults(run=_validate)


def _list(arguments: argparse.Namespace) -> int:
    from fnmatch import fnmatchcase

    from mockserver.scenario_check import ScenarioError

    library = _library(arguments.scenarios)
    names = [name for name in library.names() if fnmatchcase(name, arguments.pattern)]
    if not names:
        raise _Sorry(f"no scenario matches {arguments.pattern!r}; 'scenarios list' shows all {len(library)}")
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
    from mockserver.choice import UnknownScenario
    from mockserver.scenario_check import ScenarioError

    library = _library(arguments.scenarios)
    try:
        scenario = library.find(arguments.name)
    except UnknownScenario as error:
        raise _Sorry(str(error)) from None
    except ScenarioError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.mermaid:
        from mockserver.mermaid import diagram

        print(diagram(scenario))
    elif arguments.json:
        from mockserver.scenario_file import write

        print(write(scenario, format="json"), end="")
    else:
        print(library.files[scenario.name].read_text("utf-8"), end="")
    return 0


def _validate(arguments: argparse.Namespace) -> int:
    from mockserver.library import scenario_files
    from mockserver.scenario_check import ScenarioError
    from mockserver.scenario_file import read

    checked = wrong = 0
    for path in arguments.paths:
        if not path.exists():
            raise _Sorry(f"no file or folder {str(path)!r}")
        found = scenario_files(path) if path.is_dir() else {path.stem: path}
        if not found:
            raise _Sorry(f"no scenario in the folder {str(path)!r}: files that end in .yaml, .yml or .json")
        for name, file in found.items():
            checked += 1
            try:
                read(file.read_text("utf-8"), name=name, file=str(file))
            except ScenarioError as error:
                print(error, file=sys.stderr)
                wrong += 1
            except UnicodeDecodeError as error:
                print(f"{file}: not UTF-8 text: {error.reason} at byte {error.start}", file=sys.stderr)
                wrong += 1
    print(f"{checked} scenarios checked, {wrong} wrong" if wrong else f"{checked} scenarios checked, all right")
    return 1 if wrong else 0


def _demo(arguments: argparse.Namespace) -> int:
    from mockserver.choice import UnknownScenario
    from mockserver.demo import run

    try:
        return run(arguments.scenario)
    except UnknownScenario as error:
        raise _Sorry(f"--scenario: {error}") from None


def _exit() -> NoReturn:
    sys.exit(main())


if __name__ == "__main__":
    _exit()
