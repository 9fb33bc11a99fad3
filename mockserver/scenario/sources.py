"""How an unchanged client picks a scenario: with a header, its model, a word in its prompt, or a task's id."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Protocol

from .model import Scenario

__all__ = [
    "SCENARIO_HEADER", "NoScenarios", "ScenarioSource", "UnknownScenario", "asked_for", "matching_names", "near",
    "split_model",
]  # fmt: skip

SCENARIO_HEADER = "x-mock-scenario"
_WORD = re.compile(r"(?<!\S)scenario:([\w./-]+)")


class UnknownScenario(LookupError):
    """No scenario of this name; the message lists near ones."""

    def __init__(self, name: str, names: Iterable[str]) -> None:
        self.name = name
        self.near = near(name, names)
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


def near(name: str, names: Iterable[str], most: int = 3) -> list[str]:
    """The names most like `name`, by their whole or by their last part, best first."""
    by_part: dict[str, list[str]] = {}
    for known in names:
        for part in {known, known.rpartition("/")[2]}:
            by_part.setdefault(part, []).append(known)
    found = get_close_matches(name, by_part, most * 2, 0.6) or get_close_matches(
        name.rpartition("/")[2], by_part, most * 2, 0.6
    )
    return list(dict.fromkeys(known for match in found for known in by_part[match]))[:most]


def matching_names(asked: str, names: Iterable[str]) -> list[str]:
    """The names that a name, the last part of one, a folder or a pattern stands for."""
    asked = asked.rstrip("/")
    patterns = (asked, f"*/{asked}", f"{asked}/*")
    return [name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)]


def split_model(model: str) -> tuple[str, str | None]:
    """`grok-video-3@url_404` as the model and the scenario it asks for."""
    base, at, scenario = model.partition("@")
    return (base, scenario) if at and scenario else (model, None)


def asked_for(header: str | None, model: str | None, prompt: str | None) -> str | None:
    """The scenario that a create asks for: the header wins over the model, the model over the prompt."""
    if header and header.strip():
        return header.strip()
    if model and (scenario := split_model(model)[1]):
        return scenario
    if prompt and (found := _WORD.search(prompt)):
        return found[1].rstrip(".")
    return None
