"""One request to control, read and checked, and what its handler returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ....api.messages import Origins
from ....api.suggest import close_matches
from ....fake.fake import Fake
from ....fake.tasks import Task
from ....scenario.model import Scenario
from ....scenario.problems import ScenarioError
from ....scenario.sources import UnknownScenario
from .errors import ControlError, wrong_scenario
from .provider import FakeProvider

__all__ = ["ControlRequest", "ControlResponse", "Handler"]


@dataclass(slots=True)
class ControlRequest:
    """One request, read and checked, as its handler gets it. `fake` is the one whose origin was asked."""

    fakes: FakeProvider
    fake: Fake
    origins: Origins
    params: Mapping[str, str]
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    text: str

    def task(self) -> Task:
        """The task in the path, as of now."""
        id = self.params["id"]
        task = self.fake.find_task(id)
        if task is None:
            close = close_matches(id, [known.id for known in self.fake.tasks])
            raise ControlError(404, f"no task {id!r} in the fake {self.fake.name!r}", close)
        return task

    def scenario(self, name: str, status: int = 400) -> Scenario:
        """A scenario by name; `status` is that of an unknown one."""
        try:
            return self.fake.scenario(name)
        except UnknownScenario as error:
            raise ControlError(status, str(error), error.near) from None
        except ScenarioError as error:
            raise wrong_scenario(error) from None


@dataclass(slots=True)
class ControlResponse:
    """What a handler returns: data for JSON, or text of another type."""

    data: Any
    status: int = 200
    text: str | None = None
    media_type: str = "application/json"


Handler = Callable[[ControlRequest], ControlResponse]
