"""The names that somebody probably meant: the one place for every "did you mean"."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

__all__ = ["close_matches", "did_you_mean", "nearest"]

# Nobody mistypes a page of text, and comparing takes long: input that is nothing but mistakes must not use that up.
_LONGEST_WORD = 100
_MOST_KNOWN = 1000  # known names that one word is compared with
_MOST_KNOWN_IN_FILES = 100  # the same where one file can ask many times
_SHORT_LIST = 14  # known names that an error lists in full
_LIKENESS = 0.6  # of 1


def close_matches(word: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known names most like `word`, best first; by their whole or by the last part behind a slash.

    At most `most` (default: 3). A word of more than 100 characters is like none.
    """
    if len(word) > _LONGEST_WORD:
        return []
    by_part: dict[str, list[str]] = {}
    for name in islice(known, _MOST_KNOWN):
        for part in {name, name.rpartition("/")[2]}:
            by_part.setdefault(part, []).append(name)
    found = get_close_matches(word, by_part, most * 2, _LIKENESS) or get_close_matches(
        word.rpartition("/")[2], by_part, most * 2, _LIKENESS
    )
    return list(dict.fromkeys(name for part in found for name in by_part[part]))[:most]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant, or None."""
    close = close_matches(word, islice(known, _MOST_KNOWN_IN_FILES), 1)
    return close[0] if close else None


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)`; or the known names, where none is near and they are few; or nothing."""
    names = list(islice(known, _MOST_KNOWN_IN_FILES))
    if close := nearest(str(word), names):
        return f" (did you mean {close!r}?)"
    return f" (available: {', '.join(names)})" if 0 < len(names) <= _SHORT_LIST else ""
