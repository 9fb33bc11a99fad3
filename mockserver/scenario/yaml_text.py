"""YAML text to data with lines, from the events of YAML's parser; strict where surprises would come in.

Only what a scenario needs is supported: mappings with string keys, lists, strings, numbers, true, false and null.
`yes`, `on` and dates stay strings. Aliases, tags and several documents are refused, so a small file cannot become a
large one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from .limits import MAX_DEPTH
from .problems import Path, short
from .source_text import StopReading, TextReader

__all__ = ["LOADER", "YamlReader"]

# The parser: the fast one in C, where PyYAML was built with it.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Parts of the messages of the parser, and the usual cause.
_HINTS = {
    "mapping values are not allowed": (
        "text with a colon and a space needs quotes, and keys of one mapping need the same indentation"
    ),
    "expected ',' or '}'": "a brace is not closed, or text with braces or a comma needs quotes",
    "expected ',' or ']'": "a bracket is not closed, or text with brackets or a comma needs quotes",
    "could not find expected ':'": "a key must end with a colon and a space",
    "expected key": "keys of one mapping need the same indentation",
    "block mapping": "keys of one mapping need the same indentation",
    "cannot start any token": "text that starts with this character needs quotes",
}
# What YAML cannot hold, and what only some parsers take for a space or the end of a line.
_ODD = re.compile("[^\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_DIRECTIVE = re.compile(r"(?:[ \r\n]|#[^\r\n]*[\r\n])*%")
_BREAK = re.compile(r"\r\n|\r|\n")


class YamlReader(TextReader):
    """Builds data from the events of YAML's parser; nothing is built that the text does not spell out."""

    def read(self) -> None:
        if odd := _ODD.search(self.text):
            line = _line_after(self.text[: odd.start()])
            if odd[0] == "\t":
                raise StopReading(
                    "tabs are not allowed: indent with spaces, and write \\t in double quotes for a tab in a string",
                    line,
                )
            if "\ud800" <= odd[0] <= "\udfff":
                raise StopReading(f"lone surrogate {odd[0]!r}: not a valid character", line)
            raise StopReading(f"character {odd[0]!r} is not allowed: write it as an escape in double quotes", line)
        if found := _DIRECTIVE.match(self.text):
            message = "directives such as %YAML are not supported: start with the keys of the scenario"
            raise StopReading(message, _line_after(found[0]))
        self._in_brackets = False
        self._events: Iterator[Any] = iter(yaml.parse(self.text, Loader=LOADER))
        self._take()  # the stream starts
        if isinstance(self._take(), yaml.StreamEndEvent):
            raise StopReading("the file is empty: a scenario starts with 'summary:'", 1)
        self.located.data = self._value(self._take(), (), 0)
        self._take()  # the document ends
        if not isinstance(event := self._take(), yaml.StreamEndEvent):
            raise StopReading(
                "multiple documents are not supported: one file holds one scenario", event.start_mark.line + 1
            )

    def _take(self) -> Any:
        try:
            return next(self._events)
        # The last two come from the parser in Python, for the escape of a character that there is not.
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
            where = f" at column {mark.column + 1}" if mark else ""
            what = short(str(getattr(error, "problem", None) or error), 100)
            line = mark.line + 1 if mark else max(self.located.lines.values(), default=1)
            if "maximum nesting depth" in what:  # a limit of newer parsers, above ours
                raise StopReading(f"nested more than {MAX_DEPTH} levels deep", line) from None
            hint = next((f"; {hint}" for part, hint in _HINTS.items() if part in what), "")
            raise StopReading(f"invalid YAML: {what}{where}{hint}", line) from None

    def _value(self, event: Any, path: Path, depth: int) -> Any:
        line = event.start_mark.line + 1
        self.enter(path, line, depth)
        self._refuse_references(event, path, line)
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_question(event, path, line)
            return self.resolved(event.value, path, line) if event.implicit[0] else event.value
        is_in_brackets, self._in_brackets = self._in_brackets, event.flow_style
        is_list = isinstance(event, yaml.SequenceStartEvent)
        values = self._sequence(path, depth) if is_list else self._mapping(path, depth)
        self._in_brackets = is_in_brackets
        return values

    def _refuse_question(self, event: Any, path: Path, line: int) -> None:
        # One parser takes it for a part of the text, the other for a key.
        if self._in_brackets and event.implicit[0] and "?" in event.value:
            raise StopReading("text with a question mark needs quotes inside brackets or braces", line, path)

    def _refuse_references(self, event: Any, path: Path, line: int) -> None:
        if isinstance(event, yaml.AliasEvent):
            raise StopReading(
                f"aliases such as *{short(str(event.anchor))} are not supported: write the value out", line, path
            )
        if event.anchor:
            raise StopReading(
                f"anchors such as &{short(event.anchor)} are not supported: write the value out", line, path
            )
        if event.tag:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise StopReading(f"tags such as {short(tag)} are not supported", line, path)

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
                raise StopReading("a key must be a string, not a list or a mapping", line, path)
            self._refuse_question(event, path, line)
            key = event.value
            if key == "<<" and event.implicit[0]:
                raise StopReading("merge keys '<<' are not supported: write the values out", line, path)
            self.check_unique(values, key, path, line)
            event = self._take()
            if self._in_brackets and isinstance(event, yaml.ScalarEvent) and event.implicit[0] and not event.value:
                bare[key] = line
            values[key] = self._value(event, (*path, key), depth + 1)
            self.located.lines[(*path, key)] = line
        # Only now: where the braces are not closed, that is what is wrong.
        for key, line in bare.items():
            message = f'the key {short(key)!r} has no value; a placeholder needs quotes: "{{{short(key)}}}"'
            self.wrong(path, message, line)
        return values


def _line_after(text: str) -> int:
    return len(_BREAK.findall(text)) + 1
