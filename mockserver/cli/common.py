"""What the commands share: how they say sorry, and options that several of them have."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from pathlib import Path
from typing import Any

__all__ = ["UsageError", "add_folders", "positive", "turn_stdout_away"]


_MOST = 1_000_000  # with a faster clock a fake's time leads past the year 9999 within the hour


class UsageError(Exception):
    """Something the user can put right: one line on standard error, exit code 2."""


def add_folders(to: Any) -> None:
    """Add the option `--scenarios`."""
    to.add_argument(
        "--scenarios", action="append", type=Path, metavar="DIR",
        help="folder of your own scenarios, before the shipped ones (repeatable)",
    )  # fmt: skip


def positive(text: str) -> float:
    """A number above 0 and not beyond all measure, of an option. Raises ArgumentTypeError."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number <= _MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0, and at most {_MOST}")
    return number


def turn_stdout_away() -> None:
    """Let what could not be written go nowhere, so that the interpreter's exit stays quiet."""
    with contextlib.suppress(OSError), Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
