"""The names that somebody probably meant: the one place for every "did you mean"."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

__all__ = ["close_matches", "did_you_mean", "nearest"]

# Nobody mistypes a page of text, and comparing takes long: input that is nothing but mistakes must not use that up.
_LONGEST_NAME = 100
_MOST_KNOWN = 1000  # known names that one name is compared with
_MOST_KNOWN_IN_FILES = 100  # the same where one file can ask many times
_SHORT_LIST = 14  # known names that an error lists in full
_LIKENESS = 0.6  # of 1


def close_matches(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known names most like `name`, best first; by the whole or by the part after the last slash.

    At most `most` (default: 3). Nothing is like a name of more than 100 characters.
    """
    if len(name) > _LONGEST_NAME:
        return []
    by_part: dict[str, list[str]] = {}
    for other in islice(known, _MOST_KNOWN):
        for part in {other, other.rpartition("/")[2]}:
            by_part.setdefault(part, []).append(other)
    found = get_close_matches(name, by_part, most * 2, _LIKENESS) or get_close_matches(
        name.rpartition("/")[2], by_part, most * 2, _LIKENESS
    )
    return list(dict.fromkeys(other for part in found for other in by_part[part]))[:most]


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant, or None."""
    close = close_matches(name, islice(known, _MOST_KNOWN_IN_FILES), 1)
    return close[0] if close else None


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)`; or the known names, where none is near and they are few; or nothing."""
    names = list(islice(known, _MOST_KNOWN_IN_FILES))
    if close := nearest(str(name), names):
        return f" (did you mean {close!r}?)"
    return f" (available: {', '.join(names)})" if 0 < len(names) <= _SHORT_LIST else ""
