"""The options of a fake: their names and types, and their check where they are given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Literal, TypedDict

from ..api.suggest import did_you_mean

if TYPE_CHECKING:
    from ..api.messages import Reply
    from .clock import Clock
    from .context import RequestContext
    from .journal import Exchange, Journal

__all__ = ["FakeOptions", "SettingsOptions", "UnknownTasks", "check_option_names", "checked_keys"]

UnknownTasks = Literal["refuse", "create"]


class SettingsOptions(TypedDict, total=False):
    """The options that are kept as `state.Settings`, which has their meaning."""

    dialect: str
    unknown_tasks: UnknownTasks
    strict: bool
    seed: int
    poll_after_ms: int | None


class FakeOptions(SettingsOptions, total=False):
    """The options of every fake, whatever reaches it; `fake.Fake` has their meaning.

    The default scenario is an argument of its own.
    """

    clock: Clock | None
    speed: float
    keys: Iterable[str] | None
    journal: Journal | None
    watch: Callable[[Exchange], None] | None
    intercept: Callable[[RequestContext, Callable[[], Reply]], Reply] | None


def check_option_names(options: Mapping[str, object], known: Iterable[str]) -> None:
    """Raise TypeError for an option that is not known, with the one that was probably meant."""
    names = list(known)
    for option in options:
        if option not in names:
            hint = did_you_mean(option, names) or f" (available: {', '.join(names)})"
            raise TypeError(f"no option {option!r}{hint}")


def checked_keys(keys: Iterable[str] | None) -> frozenset[str] | None:
    """API keys as a set, or None, which accepts any key. Raises ValueError for anything but a list of keys."""
    if keys is None:
        return None
    if isinstance(keys, str) or not isinstance(keys, Iterable):
        raise ValueError(f"keys: {keys!r} must be a list of API keys, such as ['sk-good']")
    found = frozenset(keys)
    for key in found:
        if not isinstance(key, str) or not key.strip():
            raise ValueError(f"keys: {key!r} must be a non-empty string")
    return found
