"""What is wrong with a scenario, as data: `Problem` and `ScenarioError`; and how messages describe values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .limits import MAX_DEPTH, MAX_INTEGER, MIN_INTEGER

__all__ = ["Path", "Problem", "ScenarioError", "data_problems", "describe", "not_a_string", "short"]

Path = tuple[str | int, ...]
_LONE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where (keys and list positions from the top), and what would be right.

    `line` counts from 1; None where there is no text.
    """

    path: Path
    message: str
    line: int | None = None

    def __str__(self) -> str:
        where = ".".join(short(str(part)) for part in self.path)
        return f"{where}: {self.message}" if where else self.message


class ScenarioError(ValueError):
    """A scenario that cannot be used. `problems` holds everything that is wrong with it, in the order of the file.

    Its text has one line a problem: `scenarios/x.yaml:12: states.queued.next.state: no state 'complete' (...)`.
    `where` is the file, or the scenario's name where there is none.
    """

    def __init__(self, problems: Iterable[Problem], where: str) -> None:
        self.problems = list(problems)
        self.where = where
        super().__init__(
            "\n".join(
                f"{where}:{problem.line}: {problem}" if problem.line else f"{where}: {problem}"
                for problem in self.problems
            )
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems, self.where)


def short(text: str, length: int = 40) -> str:
    """A text that fits into a line of an error: cut where it is long, with escapes for what cannot be printed."""
    text = text if len(text) <= length else text[: length - 3] + "..."
    return text if text.isprintable() else repr(text)[1:-1]


def describe(value: object) -> str:
    """A value as an error message names it, cut where it is long."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case str():
            return repr(value if len(value) <= 40 else value[:37] + "...")
        case int() | float():
            return short(repr(value))
        case _:
            return f"a Python {type(value).__name__}"


def not_a_string(value: object) -> str:
    """The message for a value that should be a string."""
    return f"must be a string, not {describe(value)}" + ("; put it in quotes" if isinstance(value, int | float) else "")


def data_problems(value: object, path: Path) -> Iterator[Problem]:
    """What in a value is not JSON: other types, NaN, keys that are no strings, lone surrogates, too deep a nesting."""
    if len(path) >= MAX_DEPTH:
        yield Problem(path[:MAX_DEPTH], f"nested more than {MAX_DEPTH} levels deep")
    elif isinstance(value, str):
        if found := _LONE.search(value):
            yield Problem(path, f"lone surrogate {found[0]!r}: not a valid character")
    elif isinstance(value, Mapping):
        for key, part in value.items():
            if not isinstance(key, str):
                yield Problem(path, f"keys must be strings, not {describe(key)}")
                continue
            if _LONE.search(key):
                yield Problem(path, f"lone surrogate in the key {describe(key)}: not a valid character")
                continue
            yield from data_problems(part, (*path, key))
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from data_problems(part, (*path, index))
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield Problem(path, f"{value!r} is not a valid JSON number")
    elif isinstance(value, int):
        if not MIN_INTEGER <= value <= MAX_INTEGER:
            yield Problem(path, f"{describe(value)} is out of range: integers must fit in 64 bits")
    elif value is not None:
        yield Problem(path, f"{describe(value)} is not a JSON value")
