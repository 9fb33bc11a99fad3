"""The text of a scenario file to plain data, with the line of every value.

A text that begins with `{"` is JSON and keeps to JSON's rules; any other is YAML.
"""

from __future__ import annotations

import re

from .json_text import JsonReader
from .source_text import MAX_SIZE, Located, StopReading
from .yaml_text import YamlReader

__all__ = ["text_to_data"]

_IS_JSON = re.compile(r'[ \t\r\n]*\{[ \t\r\n]*(?:["}]|\Z)')


def text_to_data(text: str) -> Located:
    """Read a text. What is wrong with it is in `problems` of the result; then its data may be incomplete."""
    located = Located(None)
    text = text.removeprefix("\ufeff")
    try:
        if len(text) > MAX_SIZE:
            raise StopReading(f"the text is longer than {MAX_SIZE // 1024} KiB, which no scenario needs", 1)
        (JsonReader if _IS_JSON.match(text) else YamlReader)(text, located).read()
    except StopReading as stop:
        located.problems.append(stop.problem)
    return located
