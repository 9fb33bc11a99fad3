"""A value kept for each scenario while the scenario is in use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import ref

from .model import Scenario

__all__ = ["ScenarioCache"]

_Value = TypeVar("_Value")


class ScenarioCache(Generic[_Value]):
    """Makes a value once for each scenario. Scenarios hold mappings and so do not hash: they are distinguished by
    identity, and a weak reference drops the value with its scenario."""

    def __init__(self, make: Callable[[Scenario], _Value]) -> None:
        self._make = make
        self._kept: dict[int, tuple[ref[Scenario], _Value]] = {}

    def get(self, scenario: Scenario) -> _Value:
        """The value of a scenario; what making it raises is raised, and nothing is kept."""
        key = id(scenario)
        kept = self._kept.get(key)
        if kept is not None and kept[0]() is scenario:
            return kept[1]
        value = self._make(scenario)
        self._kept[key] = (ref(scenario, lambda gone: self._drop(key, gone)), value)
        return value

    def _drop(self, key: int, gone: ref[Scenario]) -> None:
        # Another scenario may have taken the identity over in the meantime.
        if (kept := self._kept.get(key)) is not None and kept[0] is gone:
            del self._kept[key]

    def __len__(self) -> int:
        return len(self._kept)
