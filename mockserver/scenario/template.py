"""Templates: strings with `{placeholders}` inside YAML or JSON values, compiled once and filled in for each request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .placeholders import PLACEHOLDERS

__all__ = ["OMIT", "Lookup", "Template", "compile_template", "names"]

Lookup = Callable[[str, str | None], object]

# As the value of a mapping's key it takes the key away.
OMIT = "{omit}"

# `{name}` or `{name:argument}`; doubled braces around one stand for single ones, and all other braces for themselves,
# so that a text of JSON can be written as it is.
_WORD = r"[a-z_][a-z0-9_]*"
_ARGUMENT = r"[A-Za-z0-9_.-]+"
_PLACEHOLDER = re.compile(rf"\{{(\{{{_WORD}(?::{_ARGUMENT})?\}})\}}|\{{({_WORD})(?::({_ARGUMENT}))?\}}")

_Render = Callable[[Lookup], Any]


class Template:
    """A value that may hold placeholders. One without any is handed out as it is: treat what you get as read-only."""

    __slots__ = ("_render", "_value")

    def __init__(self, value: Any, render: _Render | None) -> None:
        self._value = value
        self._render = render

    def render(self, lookup: Lookup) -> Any:
        """The value with every placeholder filled in; `lookup(name, argument)` is asked only for those that occur."""
        return self._value if self._render is None else self._render(lookup)


def compile_template(value: Any) -> Template:
    """Make a value of mappings, lists and scalars ready to be filled in. Keys are taken literally."""
    static, made = _compile(value)
    return Template(None, made) if not static else Template(made, None)


def names(value: Any) -> Iterator[tuple[str, str | None]]:
    """Every placeholder in a value, as (name, argument), in order; `{omit}` is one of them."""
    if isinstance(value, str):
        for found in _PLACEHOLDER.finditer(value):
            if found[2] is not None:
                yield found[2], found[3]
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from names(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from names(part)


def _compile(value: Any) -> tuple[bool, Any]:
    """(True, the value) where nothing is to be filled in, else (False, how to render it)."""
    if isinstance(value, str):
        return _compile_text(value)
    if isinstance(value, Mapping):
        return _compile_mapping(value)
    if isinstance(value, list | tuple):
        parts = [_compile(part) for part in value]
        if all(static for static, _ in parts):
            return True, [made for _, made in parts]
        return False, lambda lookup: [made if static else made(lookup) for static, made in parts]
    return True, value


def _compile_mapping(value: Mapping[Any, Any]) -> tuple[bool, Any]:
    parts = {key: _compile(part) for key, part in value.items() if part != OMIT}
    static = {key: made for key, (is_static, made) in parts.items() if is_static}
    if len(static) == len(parts):
        return True, static
    moving = {key: made for key, (is_static, made) in parts.items() if not is_static}
    order = dict.fromkeys(parts)

    def render(lookup: Lookup) -> dict[Any, Any]:
        filled = {**order, **static}
        for key, made in moving.items():
            filled[key] = made(lookup)
        return filled

    return False, render


def _compile_text(text: str) -> tuple[bool, Any]:
    pieces: list[str | tuple[str, str | None]] = []
    end = 0
    for found in _PLACEHOLDER.finditer(text):
        pieces.append(text[end : found.start()])
        pieces.append((found[2], found[3]) if found[2] is not None else found[1])
        end = found.end()
    pieces.append(text[end:])
    pieces = [piece for piece in pieces if piece != ""]
    placeholders = [piece for piece in pieces if isinstance(piece, tuple)]
    if not placeholders:
        return True, "".join(piece for piece in pieces if isinstance(piece, str))
    if len(pieces) == 1:
        name, argument = placeholders[0]
        if name in PLACEHOLDERS and PLACEHOLDERS[name].numeric:
            return False, lambda lookup: lookup(name, argument)
        return False, lambda lookup: str(lookup(name, argument))

    def render(lookup: Lookup) -> str:
        return "".join(piece if isinstance(piece, str) else str(lookup(*piece)) for piece in pieces)

    return False, render
