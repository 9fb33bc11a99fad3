"""The keys of a scenario file: metadata on the fields of `model`.

Reader, writer, JSON Schema and the tables of docs/scenarios.md walk the fields. So a new key is one field with its
`about(...)`; only a key of a new kind needs a line in `reader`, `writer` and `schema`, which have a table of kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Any, Literal

__all__ = ["Key", "Kind", "about", "keys_of"]

Kind = Literal[
    "after", "any", "duration", "error", "expect", "fault", "flag", "headers", "integer", "links", "mapping", "number",
    "overlay", "replies", "sources", "states", "text", "transitions", "video",
]  # fmt: skip

_METADATA = "key"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a scenario file.

    - `field`: the field of the dataclass that holds it; `name`: the key itself, where it differs.
    - `kind`: how its value is read, written and described; `meaning`: what it says, in sentences.
    - `place`: keys of a smaller place stand before others in a file (default: 0); else the fields' order counts.
    - `choices`: its possible values, each with its meaning; `pattern`: what a text must match.
    - `minimum`, `maximum`: bounds of a number.
    - `is_body`: of the keys of a reply that are bodies, a reply has one at most.
    """

    name: str
    field: str
    kind: Kind
    meaning: str
    required: bool
    default: Any
    place: int = 0
    choices: Mapping[str, str] | None = None
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    is_body: bool = False


def about(kind: Kind, meaning: str, **more: Any) -> Mapping[str, Any]:
    """The metadata of a field that is a key of scenario files; `more` are the other fields of `Key`."""
    return {_METADATA: {"kind": kind, "meaning": meaning, **more}}


def keys_of(part: type) -> Mapping[str, Key]:
    """The keys of a part of a scenario (a dataclass of `model`), in the order in which they are written."""
    return _keys_of(part)


@cache
def _keys_of(part: Any) -> Mapping[str, Key]:
    found = []
    for field in fields(part):
        metadata = field.metadata.get(_METADATA)
        if metadata is not None:
            default = field.default
            if field.default_factory is not MISSING:
                default = field.default_factory()
            required = default is MISSING
            found.append(
                Key(**{"name": field.name, "field": field.name, "required": required, "default": default, **metadata})
            )
    return {key.name: key for key in sorted(found, key=lambda key: key.place)}
