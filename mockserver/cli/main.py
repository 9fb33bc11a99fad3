"""The command: `video-mockserver serve`, `check`, `rules`, `scenarios` and `demo`.

Exit codes: 0 fine, 1 something is wrong, 2 cannot.

Heavy imports stand in the functions that need them: `--help` and `scenarios list` start no server machinery.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable, Sequence
from functools import partial

from .check import add_check, add_rules
from .common import UsageError, turn_stdout_away, version_line
from .scenarios import add_scenarios
from .serve import add_serve

__all__ = ["main"]


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
    add_serve(commands)
    add_check(commands)
    add_rules(commands)
    add_scenarios(commands)
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
        print(version_line())
        parser.exit()


def _demo(arguments: argparse.Namespace) -> int:
    from ..scenario.sources import UnknownScenario
    from .demo import run

    try:
        return run(arguments.scenario)
    except UnknownScenario as error:
        raise UsageError(f"--scenario: {error}") from None
