"""Where scenarios come from by name, and the names that a pattern stands for."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Protocol

from ..api.suggest import close_matches
from .model import Scenario

__all__ = ["NoScenarios", "ScenarioSource", "UnknownScenario", "matching_names"]


class UnknownScenario(LookupError):
    """No scenario of this name; the message lists near ones."""

    def __init__(self, name: str, names: Iterable[str]) -> None:
        self.name = name
        self.near = close_matches(name, names)
        hint = f" (did you mean {', '.join(map(repr, self.near))}?)" if self.near else ""
        super().__init__(f"no scenario {name!r}{hint}")


class ScenarioSource(Protocol):
    """Where scenarios come from."""

    def find(self, name: str) -> Scenario:
        """The scenario of this name, or of this last part of a name. Raises `UnknownScenario`."""

    def names(self) -> list[str]:
        """Every full name, sorted."""


class NoScenarios:
    """A source without any."""

    def find(self, name: str) -> Scenario:
        raise UnknownScenario(name, ())

    def names(self) -> list[str]:
        return []


def matching_names(asked: str, names: Iterable[str]) -> list[str]:
    """The names that a name, the last part of one, a folder or a pattern stands for."""
    asked = asked.rstrip("/")
    patterns = (asked, f"*/{asked}", f"{asked}/*")
    return [name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)]
