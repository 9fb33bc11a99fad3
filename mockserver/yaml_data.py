"""YAML and JSON text to plain data, with the line of every value; strict where surprises would come in.

Only what a scenario needs is taken: mappings with text keys, lists, text, numbers, true, false and null. `yes`, `on`
and dates stay text. Aliases, tags and several documents are refused, so a small file cannot become a large one.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from mockserver.scenario_check import Path, Problem

__all__ = ["MAX_DEPTH", "MAX_SIZE", "Located", "resolve", "text_to_data"]

MAX_SIZE = 1024 * 1024
MAX_DEPTH = 32

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


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


class _Stop(Exception):
    """Reading ends here: what follows cannot be understood."""

    def __init__(self, message: str, line: int, path: Path = ()) -> None:
        super().__init__(message)
        self.problem = Problem(path, message, line)


def text_to_data(text: str) -> Located:
    """Read a text. What is wrong with it is in `problems` of the result; then its data may be incomplete."""
    located = Located(None)
    try:
        if len(text) > MAX_SIZE:
            raise _Stop(f"the text is longer than {MAX_SIZE // 1024} KiB; a scenario is a page or two", 1)
        if found := _CONTROL.search(text):
            raise _Stop(f"the character {found[0]!r} cannot stand here", text.count("\n", 0, found.start()) + 1)
        is_json = text.lstrip().startswith("{")
        if is_json:
            _check_json(text)
        _Events(text, located).read()
        if is_json and not located.problems:
            # JSON's escapes are its own: the data is JSON's, only the lines are YAML's.
            located.data = json.loads(text)
    except _Stop as stop:
        located.problems.append(stop.problem)
    return located


def _check_json(text: str) -> None:
    def constant(name: str) -> float:
        raise _Stop(f"{name} is not a number that JSON has", _line_of(text, name))

    def number(digits: str) -> int:
        if len(digits) > 20 or not -(2**63) <= int(digits) < 2**64:
            raise _Stop(f"{digits[:25]} is too large a number", _line_of(text, digits))
        return int(digits)

    def decimal(digits: str) -> float:
        if not math.isfinite(float(digits)):
            raise _Stop(f"{digits[:25]} is too large a number", _line_of(text, digits))
        return float(digits)

    try:
        json.loads(text, parse_constant=constant, parse_int=number, parse_float=decimal)
    except json.JSONDecodeError as error:
        if text.lstrip().startswith('{"') or text.lstrip().startswith("{\n"):
            raise _Stop(f"not JSON: {error.msg} at column {error.colno}", error.lineno) from None
    except RecursionError:
        raise _Stop(f"nested more than {MAX_DEPTH} levels deep", 1) from None


def _line_of(text: str, part: str) -> int:
    return text.count("\n", 0, max(0, text.find(part))) + 1


class _Events:
    """Builds data from the parser's events; nothing is built that the text does not spell out."""

    def __init__(self, text: str, located: Located) -> None:
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=_Loader))
        self._located = located

    def read(self) -> None:
        try:
            self._take()  # the stream starts
            event = self._take()
            if isinstance(event, yaml.StreamEndEvent):
                raise _Stop("the file is empty: a scenario begins with 'summary:'", 1)
            self._located.data = self._value(self._take(), (), 0)
            self._take()  # the document ends
            event = self._take()
            if not isinstance(event, yaml.StreamEndEvent):
                raise _Stop("a second document begins here; one file holds one scenario", event.start_mark.line + 1)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            where = f" at column {mark.column + 1}" if mark else ""
            raise _Stop(f"not YAML: {error.problem or error}{where}", mark.line + 1 if mark else 1) from None
        except yaml.YAMLError as error:
            raise _Stop(f"not YAML: {error}", 1) from None

    def _take(self) -> Any:
        return next(self._events)

    def _value(self, event: Any, path: Path, depth: int) -> Any:
        line = event.start_mark.line + 1
        self._located.lines[path] = line
        if isinstance(event, yaml.AliasEvent):
            raise _Stop(f"aliases such as *{event.anchor} are not taken: write the value out", line, path)
        if event.anchor:
            raise _Stop(f"anchors such as &{event.anchor} are not taken: write the value out", line, path)
        if event.tag and event.tag != "!":
            raise _Stop(f"tags such as {event.tag} are not taken", line, path)
        if depth >= MAX_DEPTH:
            raise _Stop(f"nested more than {MAX_DEPTH} levels deep", line)
        if isinstance(event, yaml.ScalarEvent):
            if not event.implicit[0]:
                return str(event.value)
            try:
                return resolve(event.value)
            except ValueError as error:
                self._located.problems.append(Problem(path, str(error), line))
                return 0
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path, depth)
        return self._mapping(path, depth)

    def _sequence(self, path: Path, depth: int) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := self._take(), yaml.SequenceEndEvent):
            values.append(self._value(event, (*path, len(values)), depth + 1))
        return values

    def _mapping(self, path: Path, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := self._take(), yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            if not isinstance(event, yaml.ScalarEvent):
                raise _Stop("a key is a word, not a list, a mapping or an alias", line, path)
            key = str(event.value)
            if key == "<<":
                raise _Stop("merge keys '<<' are not taken: write the values out", line, path)
            if key in values:
                self._located.problems.append(Problem((*path, key), "the key stands here twice", line))
            values[key] = self._value(self._take(), (*path, key), depth + 1)
            self._located.lines[(*path, key)] = line
        return values


def resolve(text: str) -> Any:
    """What a plain, unquoted word stands for. Raises ValueError for a number that is too large."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        if len(text) > 21 or not -(2**63) <= int(text) < 2**64:
            raise ValueError(f"{text[:25]} is too large a number; put it in quotes to make it text")
        return int(text)
    if _FLOAT.fullmatch(text):
        if not math.isfinite(float(text)):
            raise ValueError(f"{text[:25]} is too large a number; put it in quotes to make it text")
        return float(text)
    return text
