"""What the commands share: errors of usage, and options that several of them have."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..scenario.library import Library

__all__ = ["UsageError", "add_folders", "open_library", "positive", "turn_stdout_away", "version_line"]


_MOST = 1_000_000  # with a faster clock a fake's time leads past the year 9999 within the hour


class UsageError(Exception):
    """Something that the user can correct: one line on standard error, exit code 2."""


def add_folders(to: Any) -> None:
    """Add the option `--scenario-dir`."""
    to.add_argument(
        "--scenario-dir", action="append", type=Path, metavar="DIR", dest="scenario_dirs",
        help="folder of your own scenarios; they take precedence over the shipped ones (repeatable)",
    )  # fmt: skip


def positive(text: str) -> float:
    """The number above 0, at most 1,000,000, that an option is set to. Raises ArgumentTypeError."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number <= _MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0 and at most {_MOST}")
    return number


def turn_stdout_away() -> None:
    """Let what could not be written go nowhere, so that the interpreter's exit stays quiet."""
    with contextlib.suppress(OSError), Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def open_library(folders: Sequence[Path] | None) -> Library:
    """The scenarios of some folders, then the shipped ones. Raises `UsageError` for a folder that is not there."""
    from ..scenario.library import Library

    try:
        return Library(folders or ())
    except NotADirectoryError as error:
        raise UsageError(f"--scenario-dir: {error}") from None


def version_line() -> str:
    """The name and the version of the command, as `--version` prints it."""
    from ..api.version import tool_version

    return f"video-mockserver {tool_version()}"
