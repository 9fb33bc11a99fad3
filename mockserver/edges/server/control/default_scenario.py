"""The default scenario of a fake, as several resources set it."""

from __future__ import annotations

from ....fake.fake import Fake
from ....scenario.problems import ScenarioError
from ....scenario.sources import UnknownScenario
from .errors import ControlError, wrong_scenario

__all__ = ["use_scenario"]


def use_scenario(fake: Fake, scenario: str) -> None:
    """Make a scenario the default of a fake. Raises `ControlError` for one that is unknown or wrong."""
    try:
        fake.use(scenario)
    except UnknownScenario as error:
        raise ControlError(400, str(error), error.near) from None
    except ScenarioError as error:
        raise wrong_scenario(error) from None
