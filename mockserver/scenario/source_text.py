"""What the readers of YAML and of JSON share: data with the line of every value, limits, plain scalars."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

from .limits import MAX_DEPTH, MAX_PROBLEMS
from .problems import Path, Problem

__all__ = ["DUPLICATE_KEY", "MAX_SIZE", "MAX_VALUES", "Located", "StopReading", "TextReader", "resolve"]

MAX_SIZE = 1024 * 1024  # characters
MAX_VALUES = 10_000
DUPLICATE_KEY = "duplicate key"

_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}


@dataclass(slots=True)
class Located:
    """Data, and where each part of it stands: lines (from 1) by path."""

    data: Any
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of what is at `path`, or of the nearest thing around it."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)


class StopReading(Exception):
    """Reading ends here: what follows cannot be understood."""

    def __init__(self, message: str, line: int, path: Path = ()) -> None:
        super().__init__(message)
        self.problem = Problem(path, message, line)


class TextReader:
    """What is done with each value, whatever it is written in."""

    def __init__(self, text: str, located: Located) -> None:
        self.text = text
        self.located = located
        self._count = 0

    def enter(self, path: Path, line: int, depth: int) -> None:
        self._count += 1
        if depth >= MAX_DEPTH:
            raise StopReading(f"nested more than {MAX_DEPTH} levels deep", line)
        if self._count > MAX_VALUES:
            raise StopReading(f"more than {MAX_VALUES} values, which no scenario needs", line)
        self.located.lines[path] = line

    def check_unique(self, values: dict[str, Any], key: str, path: Path, line: int) -> None:
        if key in values:
            self.wrong((*path, key), DUPLICATE_KEY, line)

    def resolved(self, text: str, path: Path, line: int) -> Any:
        try:
            return resolve(text)
        except ValueError as error:
            self.wrong(path, str(error), line)
            return 0

    def wrong(self, path: Path, message: str, line: int) -> None:
        if len(self.located.problems) < MAX_PROBLEMS:
            self.located.problems.append(Problem(path, message, line))


def resolve(text: str) -> Any:
    """The value of a plain, unquoted scalar. Raises ValueError for a number that is too large."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        if len(text) > 21 or not -(2**63) <= int(text) < 2**64:
            raise ValueError(f"{text[:25]} is out of range for a number; put it in quotes to make it a string")
        return int(text)
    if _FLOAT.fullmatch(text):
        if not math.isfinite(float(text)):
            raise ValueError(f"{text[:25]} is out of range for a number; put it in quotes to make it a string")
        return float(text)
    return text
