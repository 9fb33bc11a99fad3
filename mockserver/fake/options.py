"""The options of a fake, for type checkers and for one check at run time, wherever they are said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Literal, TypedDict

from ..api.suggest import did_you_mean

if TYPE_CHECKING:
    from .clock import Clock
    from .journal import Exchange, Journal

__all__ = ["FakeOptions", "SettingsOptions", "UnknownTasks", "check_option_names"]

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


def check_option_names(options: Mapping[str, object], known: Iterable[str]) -> None:
    """Raise TypeError for an option that is not known, with the one that was probably meant."""
    names = list(known)
    for option in options:
        if option not in names:
            raise TypeError(f"no option {option!r}{did_you_mean(option, names)}")
