"""JSON text to data with lines, by JSON's own rules."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from typing import Any

from .problems import Path
from .source_text import StopReading, TextReader

__all__ = ["JsonReader"]


class _NumberText(str):
    """A number of JSON as it is written."""

    __slots__ = ()


_SCALARS = json.JSONDecoder(parse_int=_NumberText, parse_float=_NumberText, parse_constant=_NumberText)
_BLANKS = re.compile(r"[ \t\r\n]*")


class JsonReader(TextReader):
    """Reads JSON: the module `json` knows neither lines nor duplicate keys. Positions count characters from 0."""

    def read(self) -> None:
        self._ends = [found.start() for found in re.finditer("\n", self.text)]
        try:
            data, at = self._value(self._skip(0), (), 0)
            if at < len(self.text):
                raise json.JSONDecodeError("Extra data", self.text, at)
        except json.JSONDecodeError as error:
            what = error.msg.removesuffix(" at")
            raise StopReading(f"invalid JSON: {what} at column {error.colno}", error.lineno) from None
        self.located.data = data

    def _value(self, at: int, path: Path, depth: int) -> tuple[Any, int]:
        """The value that begins at a position, and the position of what follows it."""
        line = self._line(at)
        self.enter(path, line, depth)
        if self.text.startswith("{", at):
            return self._mapping(at, path, depth)
        if self.text.startswith("[", at):
            return self._sequence(at, path, depth)
        value, at = _SCALARS.raw_decode(self.text, at)
        if isinstance(value, _NumberText):
            if value.lstrip("-") in ("NaN", "Infinity"):
                self.wrong(path, f"{value} is not a valid JSON number", line)
                value = 0
            else:
                value = self.resolved(value, path, line)
        return value, self._skip(at)

    def _sequence(self, at: int, path: Path, depth: int) -> tuple[list[Any], int]:
        values: list[Any] = []
        at = self._skip(at + 1)
        while not self.text.startswith("]", at):
            if values:
                at = self._after(",", at)
            value, at = self._value(at, (*path, len(values)), depth + 1)
            values.append(value)
        return values, self._skip(at + 1)

    def _mapping(self, at: int, path: Path, depth: int) -> tuple[dict[str, Any], int]:
        values: dict[str, Any] = {}
        at = self._skip(at + 1)
        while not self.text.startswith("}", at):
            if values:
                at = self._after(",", at)
            if not self.text.startswith('"', at):
                raise json.JSONDecodeError("Expecting property name enclosed in double quotes", self.text, at)
            line = self._line(at)
            key, at = _SCALARS.raw_decode(self.text, at)
            self.check_unique(values, key, path, line)
            at = self._after(":", self._skip(at))
            values[key], at = self._value(at, (*path, key), depth + 1)
            self.located.lines[(*path, key)] = line
        return values, self._skip(at + 1)

    def _after(self, mark: str, at: int) -> int:
        if not self.text.startswith(mark, at):
            raise json.JSONDecodeError(f"Expecting {mark!r} delimiter", self.text, at)
        return self._skip(at + 1)

    def _skip(self, at: int) -> int:
        found = _BLANKS.match(self.text, at)
        return found.end() if found else at

    def _line(self, at: int) -> int:
        return bisect_left(self._ends, at) + 1
