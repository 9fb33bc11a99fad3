"""What a request to control is refused with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ....scenario.problems import ScenarioError

__all__ = ["MAX_SHOWN", "ControlError", "wrong_scenario"]

MAX_SHOWN = 80  # characters of a wrong value that are worth repeating


@dataclass(slots=True)
class ControlError(Exception):
    """A request that is answered with an error."""

    status: int
    message: str
    near: Iterable[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)


def wrong_scenario(error: ScenarioError) -> ControlError:
    """The refusal of a scenario that is wrong: every problem, with its line."""
    problems = [
        {"line": problem.line, "path": ".".join(map(str, problem.path)), "message": problem.message}
        for problem in error.problems
    ]
    return ControlError(422, str(error), more={"problems": problems})
