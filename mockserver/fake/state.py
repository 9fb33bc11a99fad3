"""The state of one fake, which its operations share: settings, tasks, clips, scenarios."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args
from urllib.parse import quote

from ..api.dialects import DIALECTS, Dialect, enveloped
from ..api.messages import Clip, Origins
from ..api.suggest import did_you_mean
from ..scenario.compiled import Lookup
from ..scenario.model import Scenario
from ..scenario.sources import ScenarioSource, UnknownScenario
from . import presigned
from .clips import ClipStore
from .clock import Clock
from .options import UnknownTasks
from .placeholder_values import PlaceholderValues
from .tasks import CreateParams, Task, TaskStore

__all__ = ["FakeState", "Refusal", "Settings", "signed_path"]


@dataclass(slots=True)
class Settings:
    """How a fake behaves apart from its scenarios.

    - `scenario`: the scenario of a create that asks for none.
    - `dialect`: the gateway's dialect, a name of `dialects.DIALECTS`.
    - `keys`: the API keys that are accepted; None accepts any.
    - `unknown_tasks`: unknown task ids: `"refuse"` them (as the service does), or `"create"` a task in the default
      scenario on the first request.
    - `strict`: refuse unknown fields and values that the documentation does not name.
    - `seed`: random seed for ids, signatures and probabilities.
    - `poll_after_ms`: sent as `openai-poll-after-ms` with each status, milliseconds; None sends none.
    """

    scenario: str = "lifecycle/plain"
    dialect: str = "octopusx"
    keys: frozenset[str] | None = None
    unknown_tasks: UnknownTasks = "refuse"
    strict: bool = False
    seed: int = 0
    poll_after_ms: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.dialect, str) or self.dialect not in DIALECTS:
            raise ValueError(f"dialect: no {self.dialect!r}{did_you_mean(self.dialect, DIALECTS)}")
        if self.unknown_tasks not in get_args(UnknownTasks):
            raise ValueError(f"unknown_tasks: {self.unknown_tasks!r} must be 'refuse' or 'create'")
        if not isinstance(self.strict, bool):
            raise ValueError(f"strict: {self.strict!r} must be True or False")
        if not _is_integer(self.seed):
            raise ValueError(f"seed: {self.seed!r} must be a whole number")
        if self.poll_after_ms is not None and (not _is_integer(self.poll_after_ms) or self.poll_after_ms < 0):
            raise ValueError(f"poll_after_ms: {self.poll_after_ms!r} must be a whole number of milliseconds, or None")


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


class Refusal(Exception):
    """An operation that ends in an error: which case of the dialect, what fills its message, and why in words."""

    def __init__(self, case: str, note: str | None = None, **values: object) -> None:
        super().__init__(case)
        self.case = case
        self.note = note
        self.values = values


@dataclass(slots=True)
class FakeState:
    """The state of one fake. No locking here: `Fake` sees to it."""

    settings: Settings
    scenarios: ScenarioSource
    clip_store: ClipStore
    clock: Clock
    tasks: TaskStore
    own_scenarios: dict[str, Scenario] = field(default_factory=dict)
    creates: dict[str, int] = field(default_factory=dict)
    characters: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: int = 0

    @property
    def dialect(self) -> Dialect:
        """The fake's own dialect; a task may have another."""
        return DIALECTS[self.settings.dialect]

    def dialect_of(self, scenario: Scenario, name: str | None = None) -> Dialect:
        """The dialect of a task: the one named for it, the scenario's, or the fake's. Raises ValueError for another."""
        name = name or scenario.dialect or self.settings.dialect
        if name not in DIALECTS:
            raise ValueError(f"dialect: no {name!r}{did_you_mean(name, DIALECTS)}")
        return DIALECTS[name]

    def scenario(self, name: str) -> Scenario:
        """A scenario by name; the fake's own come before the library's.

        Raises `UnknownScenario`, and `ScenarioError` when its file is wrong.
        """
        own = self.own_scenarios.get(name)
        if own is not None:
            return own
        try:
            return self.scenarios.find(name)
        except UnknownScenario:
            ends = [known for known in self.own_scenarios if known.rpartition("/")[2] == name]
            if len(ends) == 1:
                return self.own_scenarios[ends[0]]
            raise UnknownScenario(name, ends or self.scenario_names()) from None

    def scenario_names(self) -> list[str]:
        """Every name that `scenario` knows, sorted."""
        return sorted({*self.own_scenarios, *self.scenarios.names()})

    def make(
        self,
        scenario: Scenario,
        params: CreateParams,
        now: float,
        *,
        id: str | None = None,
        billed: bool,
        dialect: str | None = None,
    ) -> Task:
        """A new task, with the clip that fits it."""
        own_dialect = self.dialect_of(scenario, dialect)
        clip = self.clip(scenario.clip, params)
        return self.tasks.make(scenario, params, own_dialect, clip, now, id=id, billed=billed)

    def clip(self, name: str | None, params: CreateParams) -> Clip:
        """The clip of this name, or the one that fits what was asked for. Raises ValueError for an unknown name."""
        if name is None or name == "clip":
            return self.clip_store.fitting(params.size, params.aspect_ratio, params.seconds)
        clip = self.clip_store.named(name)
        if clip is None:
            raise ValueError(f"clip: no {name!r}{did_you_mean(name, sorted(self.clip_store.clips))}")
        return clip

    def default_params(self, dialect: Dialect, **asked: str) -> CreateParams:
        """Create parameters, with the dialect's defaults where nothing was asked."""
        return CreateParams(
            **{
                "model": dialect.default_model or dialect.models[0],
                "prompt": "",
                "seconds": dialect.default_seconds,
                "size": dialect.default_size,
                **asked,
            }
        )

    def poll_lookup(self, task: Task, origins: Origins, now: float) -> Lookup:
        """The values of the placeholders for one task and one request."""
        return PlaceholderValues(task, origins, now, self.download_path, self.clip_store.read)

    def download_path(self, task: Task, link: str, relative: bool = False) -> str:
        """Path and query of a presigned URL, below the download host's base."""
        path = f"/clips/{quote(task.id, safe=':')}/{quote(link, safe='')}.mp4"
        expires = int(task.position.since + task.scenario.link_lifetime)
        signed = presigned.sign(self.secret, signed_path(task.id, link, relative=relative), expires)
        return f"{path}?{signed}" + ("&relative=1" if relative else "")

    @property
    def secret(self) -> str:
        """What signatures of this fake are made with."""
        return f"mock-secret-{self.settings.seed}"

    def request_id(self) -> str:
        """An id for error messages, as the gateway writes it; it follows from the order of requests."""
        return f"mock{self.settings.seed:04d}{self.requests:012d}"

    def error(self, dialect: Dialect, case: str, values: Mapping[str, object]) -> tuple[int, dict[str, Any]]:
        """Status and body of an error in a dialect's words."""
        error = dialect.errors[case]
        message = error.message.format_map({"request_id": self.request_id(), **values})
        return error.status, enveloped(error, message)


def signed_path(task_id: str, link: str, *, relative: bool) -> str:
    """What a URL's signature covers; a relative one is not good as an absolute one."""
    return f"/clips/{task_id}/{link}" + ("?relative" if relative else "")
