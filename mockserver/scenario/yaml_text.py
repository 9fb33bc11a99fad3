"""YAML and JSON text to plain data, with the line of every value; strict where surprises would come in.

Only what a scenario needs is taken: mappings with text keys, lists, text, numbers, true, false and null. `yes`, `on`
and dates stay text. Aliases, tags and several documents are refused, so a small file cannot become a large one. A text
that begins with `{"` is JSON and keeps to JSON's rules; any other is YAML.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from .limits import MAX_DEPTH, MAX_PROBLEMS
from .problems import Path, Problem, short

__all__ = ["MAX_SIZE", "MAX_VALUES", "TWICE", "Located", "resolve", "text_to_data"]

MAX_SIZE = 1024 * 1024
MAX_VALUES = 10_000
TWICE = "the key stands here twice"

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}

_IS_JSON = re.compile(r'[ \t\r\n]*\{[ \t\r\n]*(?:["}]|\Z)')
# What the parser says in its own terms, and what it mostly comes from.
_HINTS = {
    "mapping values are not allowed": "a text with a colon and a blank needs quotes, and keys are indented alike",
    "expected ',' or '}'": "a brace is not closed, or a text with braces or a comma in it needs quotes",
    "expected ',' or ']'": "a bracket is not closed, or a text with brackets or a comma in it needs quotes",
    "could not find expected ':'": "a key ends with a colon and a blank",
    "expected key": "keys of one mapping are indented alike",
    "block mapping": "keys of one mapping are indented alike",
    "cannot start any token": "a text that begins with such a character needs quotes",
}
# What YAML cannot hold; and what some parsers of it take for a blank or the end of a line, and others do not.
_ODD = re.compile("[^\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_DIRECTIVE = re.compile(r"(?:[ \r\n]|#[^\r\n]*[\r\n])*%")
_BREAK = re.compile(r"\r\n|\r|\n")


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
    text = text.removeprefix("\ufeff")
    try:
        if len(text) > MAX_SIZE:
            raise _Stop(f"the text is longer than {MAX_SIZE // 1024} KiB; a scenario is a page or two", 1)
        (_Json if _IS_JSON.match(text) else _Yaml)(text, located).read()
    except _Stop as stop:
        located.problems.append(stop.problem)
    return located


class _Reader:
    """What is done with each value, whatever it is written in."""

    def __init__(self, text: str, located: Located) -> None:
        self._text = text
        self._located = located
        self._count = 0

    def _enter(self, path: Path, line: int, depth: int) -> None:
        self._count += 1
        if depth >= MAX_DEPTH:
            raise _Stop(f"nested more than {MAX_DEPTH} levels deep", line)
        if self._count > MAX_VALUES:
            raise _Stop(f"more than {MAX_VALUES} values; a scenario is a page or two", line)
        self._located.lines[path] = line

    def _once(self, values: dict[str, Any], key: str, path: Path, line: int) -> None:
        if key in values:
            self._wrong((*path, key), TWICE, line)

    def _resolved(self, word: str, path: Path, line: int) -> Any:
        try:
            return resolve(word)
        except ValueError as error:
            self._wrong(path, str(error), line)
            return 0

    def _wrong(self, path: Path, message: str, line: int) -> None:
        if len(self._located.problems) < MAX_PROBLEMS:
            self._located.problems.append(Problem(path, message, line))


class _Word(str):
    """A number of JSON as it is written."""

    __slots__ = ()


_SCALARS = json.JSONDecoder(parse_int=_Word, parse_float=_Word, parse_constant=_Word)
_BLANKS = re.compile(r"[ \t\r\n]*")


class _Json(_Reader):
    """Reads JSON: `json` knows neither lines nor keys that stand there twice. Positions count characters from 0."""

    def read(self) -> None:
        self._ends = [found.start() for found in re.finditer("\n", self._text)]
        try:
            data, at = self._value(self._skip(0), (), 0)
            if at < len(self._text):
                raise json.JSONDecodeError("Extra data", self._text, at)
        except json.JSONDecodeError as error:
            what = error.msg.removesuffix(" at")
            raise _Stop(f"not JSON: {what} at column {error.colno}", error.lineno) from None
        self._located.data = data

    def _value(self, at: int, path: Path, depth: int) -> tuple[Any, int]:
        """The value that begins at a position, and the position of what follows it."""
        line = self._line(at)
        self._enter(path, line, depth)
        if self._text.startswith("{", at):
            return self._mapping(at, path, depth)
        if self._text.startswith("[", at):
            return self._sequence(at, path, depth)
        value, at = _SCALARS.raw_decode(self._text, at)
        if isinstance(value, _Word):
            if value.lstrip("-") in ("NaN", "Infinity"):
                self._wrong(path, f"{value} is not a number that JSON has", line)
                value = 0
            else:
                value = self._resolved(value, path, line)
        return value, self._skip(at)

    def _sequence(self, at: int, path: Path, depth: int) -> tuple[list[Any], int]:
        values: list[Any] = []
        at = self._skip(at + 1)
        while not self._text.startswith("]", at):
            if values:
                at = self._behind(",", at)
            value, at = self._value(at, (*path, len(values)), depth + 1)
            values.append(value)
        return values, self._skip(at + 1)

    def _mapping(self, at: int, path: Path, depth: int) -> tuple[dict[str, Any], int]:
        values: dict[str, Any] = {}
        at = self._skip(at + 1)
        while not self._text.startswith("}", at):
            if values:
                at = self._behind(",", at)
            if not self._text.startswith('"', at):
                raise json.JSONDecodeError("Expecting property name enclosed in double quotes", self._text, at)
            line = self._line(at)
            key, at = _SCALARS.raw_decode(self._text, at)
            self._once(values, key, path, line)
            at = self._behind(":", self._skip(at))
            values[key], at = self._value(at, (*path, key), depth + 1)
            self._located.lines[(*path, key)] = line
        return values, self._skip(at + 1)

    def _behind(self, mark: str, at: int) -> int:
        if not self._text.startswith(mark, at):
            raise json.JSONDecodeError(f"Expecting {mark!r} delimiter", self._text, at)
        return self._skip(at + 1)

    def _skip(self, at: int) -> int:
        found = _BLANKS.match(self._text, at)
        return found.end() if found else at

    def _line(self, at: int) -> int:
        return bisect_left(self._ends, at) + 1


class _Yaml(_Reader):
    """Builds data from the events of YAML's parser; nothing is built that the text does not spell out."""

    def read(self) -> None:
        if odd := _ODD.search(self._text):
            line = _line_behind(self._text[: odd.start()])
            if odd[0] == "\t":
                raise _Stop(
                    "a tab cannot stand here: indent with blanks, and write \\t in double quotes for one in a text",
                    line,
                )
            hint = "" if "\ud800" <= odd[0] <= "\udfff" else ": write it as an escape, in double quotes"
            raise _Stop(f"the character {odd[0]!r} cannot stand here{hint}", line)
        if found := _DIRECTIVE.match(self._text):
            message = "directives such as %YAML are not taken: a scenario begins with its keys"
            raise _Stop(message, _line_behind(found[0]))
        self._in_brackets = False
        self._events: Iterator[Any] = iter(yaml.parse(self._text, Loader=_Loader))
        self._take()  # the stream starts
        if isinstance(self._take(), yaml.StreamEndEvent):
            raise _Stop("the file is empty: a scenario begins with 'summary:'", 1)
        self._located.data = self._value(self._take(), (), 0)
        self._take()  # the document ends
        if not isinstance(event := self._take(), yaml.StreamEndEvent):
            raise _Stop("a second document begins here; one file holds one scenario", event.start_mark.line + 1)

    def _take(self) -> Any:
        try:
            return next(self._events)
        # The last two come from the parser in Python, for the escape of a character that there is not.
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
            where = f" at column {mark.column + 1}" if mark else ""
            what = short(str(getattr(error, "problem", None) or error), 100)
            line = mark.line + 1 if mark else max(self._located.lines.values(), default=1)
            hint = next((f"; {hint}" for part, hint in _HINTS.items() if part in what), "")
            raise _Stop(f"not YAML: {what}{where}{hint}", line) from None

    def _value(self, event: Any, path: Path, depth: int) -> Any:
        line = event.start_mark.line + 1
        self._enter(path, line, depth)
        self._refuse_references(event, path, line)
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_question(event, path, line)
            return self._resolved(event.value, path, line) if event.implicit[0] else event.value
        is_in_brackets, self._in_brackets = self._in_brackets, event.flow_style
        is_list = isinstance(event, yaml.SequenceStartEvent)
        values = self._sequence(path, depth) if is_list else self._mapping(path, depth)
        self._in_brackets = is_in_brackets
        return values

    def _refuse_question(self, event: Any, path: Path, line: int) -> None:
        # One parser takes it for a part of the text, the other for a key.
        if self._in_brackets and event.implicit[0] and "?" in event.value:
            raise _Stop("a text with a question mark inside of brackets or braces needs quotes", line, path)

    def _refuse_references(self, event: Any, path: Path, line: int) -> None:
        if isinstance(event, yaml.AliasEvent):
            raise _Stop(f"aliases such as *{short(str(event.anchor))} are not taken: write the value out", line, path)
        if event.anchor:
            raise _Stop(f"anchors such as &{short(event.anchor)} are not taken: write the value out", line, path)
        if event.tag:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise _Stop(f"tags such as {short(tag)} are not taken", line, path)

    def _sequence(self, path: Path, depth: int) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := self._take(), yaml.SequenceEndEvent):
            values.append(self._value(event, (*path, len(values)), depth + 1))
        return values

    def _mapping(self, path: Path, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        bare: dict[str, int] = {}
        while not isinstance(event := self._take(), yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            self._refuse_references(event, path, line)
            if not isinstance(event, yaml.ScalarEvent):
                raise _Stop("a key is a word, not a list or a mapping", line, path)
            self._refuse_question(event, path, line)
            key = event.value
            if key == "<<" and event.implicit[0]:
                raise _Stop("merge keys '<<' are not taken: write the values out", line, path)
            self._once(values, key, path, line)
            event = self._take()
            if self._in_brackets and isinstance(event, yaml.ScalarEvent) and event.implicit[0] and not event.value:
                bare[key] = line
            values[key] = self._value(event, (*path, key), depth + 1)
            self._located.lines[(*path, key)] = line
        # Only now: where the braces are not closed, that is what is wrong.
        for key, line in bare.items():
            said = f'the key {short(key)!r} has no value; a text in braces needs quotes: "{{{short(key)}}}"'
            self._wrong(path, said, line)
        return values


def _line_behind(text: str) -> int:
    return len(_BREAK.findall(text)) + 1


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
