"""What the operations of one fake share: its settings, tasks, films, scenarios and the values for templates."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from ..api.contract import Route
from ..api.dialects import DIALECTS, Dialect, enveloped
from ..api.messages import Clip, Origins, Request
from ..scenario.compiled import Lookup
from ..scenario.model import Scenario
from ..scenario.sources import ScenarioSource, UnknownScenario
from . import presigned as storage
from . import views
from .clips import ClipShelf
from .clock import Clock
from .tasks import CreateParams, Task, TaskStore

__all__ = ["Call", "FakeState", "Refusal", "Settings"]

DOWNLOAD_ALIAS = "/_download"  # the download host below the API's own base, for servers with one port


@dataclass(slots=True)
class Settings:
    """How a fake behaves apart from its scenarios.

    - `scenario`: the scenario of a create that asks for none.
    - `dialect`: the gateway's dialect, a name of `dialects.DIALECTS`.
    - `keys`: the API keys that are good; None takes any.
    - `unknown_tasks`: `"refuse"` (as the service does) or `"create"`: an id that was never made comes to life in the
      default scenario on first sight.
    - `strict`: refuse unknown fields and values that the documentation does not name.
    - `seed`: ids, signatures and chance follow from it.
    - `poll_after_ms`: sent as `openai-poll-after-ms` with each status, milliseconds; None sends none.
    """

    scenario: str = "lifecycle/plain"
    dialect: str = "octopusx"
    keys: frozenset[str] | None = None
    unknown_tasks: str = "refuse"
    strict: bool = False
    seed: int = 0
    poll_after_ms: int | None = None

    def __post_init__(self) -> None:
        if self.dialect not in DIALECTS:
            raise ValueError(f"dialect: no {self.dialect!r}; there are {', '.join(DIALECTS)}")
        if self.unknown_tasks not in ("refuse", "create"):
            raise ValueError(f"unknown_tasks: {self.unknown_tasks!r} is neither 'refuse' nor 'create'")


class Refusal(Exception):
    """An operation that ends in an error: which case of the dialect, what fills its message, and why in words."""

    def __init__(self, case: str, note: str | None = None, **values: object) -> None:
        super().__init__(case)
        self.case = case
        self.note = note
        self.values = values


@dataclass(slots=True)
class Call:
    """One request on its way: its route, what the path held, and what the journal is to know of it."""

    request: Request
    route: Route
    params: Mapping[str, str]
    now: float
    task: Task | None = None
    state: str | None = None
    note: str | None = None
    unknown_fields: dict[str, Any] | None = None


@dataclass(slots=True)
class FakeState:
    """The state of one fake. No locking here: `Fake` sees to it."""

    settings: Settings
    scenarios: ScenarioSource
    shelf: ClipShelf
    clock: Clock
    book: TaskStore
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
            raise ValueError(f"dialect: no {name!r}; there are {', '.join(DIALECTS)}")
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
        wish: CreateParams,
        now: float,
        *,
        id: str | None = None,
        billed: bool,
        dialect: str | None = None,
    ) -> Task:
        """A new task, with the film that fits it."""
        shown_in = self.dialect_of(scenario, dialect)
        clip = self.clip(scenario.clip, wish)
        return self.book.make(scenario, wish, shown_in, clip, now, id=id, billed=billed)

    def clip(self, name: str | None, wish: CreateParams) -> Clip:
        """The film of this name, or the one that fits a wish. Raises ValueError for an unknown name."""
        if name is None or name == "clip":
            return self.shelf.fitting(wish.size, wish.aspect_ratio, wish.seconds)
        clip = self.shelf.named(name)
        if clip is None:
            raise ValueError(f"clip: no {name!r}; there are {', '.join(sorted(self.shelf.clips))}")
        return clip

    def default_params(self, dialect: Dialect, **asked: str) -> CreateParams:
        """A wish with the dialect's defaults where nothing was asked."""
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
        """The values of the templates for one task and one request."""
        return _Values(self, task, origins, now)

    def download_path(self, task: Task, link: str, *, relative: bool = False) -> str:
        """Path and query of a presigned URL, below the download host's base."""
        path = f"/clips/{quote(task.id, safe=':')}/{quote(link, safe='')}.mp4"
        expires = int(task.position.since + task.scenario.link_lifetime)
        signed = storage.sign(self.secret, signed_path(task.id, link, relative=relative), expires)
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
        told = dialect.errors[case]
        message = told.message.format_map({"request_id": self.request_id(), **values})
        return told.status, enveloped(told, message)


def signed_path(task_id: str, link: str, *, relative: bool) -> str:
    """What a URL's signature covers; a relative one is not good as an absolute one."""
    return f"/clips/{task_id}/{link}" + ("?relative" if relative else "")


class _Values:
    """Looks a template's name up; what is expensive is made only when it is asked for."""

    __slots__ = ("_desk", "_now", "_origins", "_task")

    def __init__(self, desk: FakeState, task: Task, origins: Origins, now: float) -> None:
        self._desk = desk
        self._task = task
        self._origins = origins
        self._now = now

    def __call__(self, name: str, argument: str | None) -> object:
        task, origins = self._task, self._origins
        match name:
            case "download_url":
                return origins.download + self._desk.download_path(task, argument or "video")
            case "download_path":
                below = urlsplit(origins.api).path + DOWNLOAD_ALIAS
                return below + self._desk.download_path(task, argument or "video", relative=True)
            case "content_url":
                return f"{origins.api}/v1/videos/{quote(task.id, safe=':')}/content"
            case "refused_url":
                return origins.refused + self._desk.download_path(task, argument or "video")
            case "clip_data_url":
                data = base64.b64encode(self._desk.shelf.read(task.clip)).decode()
                return f"data:{task.clip.media_type};base64,{data}"
            case "origin":
                return origins.api
            case "download_origin":
                return origins.download
            case "task_id":
                return task.id
            case "model" | "prompt" | "seconds" | "size":
                return getattr(task.wish, name)
            case "now":
                return int(self._now)
            case "now_ms":
                return int(self._now * 1000)
            case "now_iso":
                return views.iso(self._now)
            case "created_at":
                return int(task.created_at)
            case "created_at_ms":
                return int(task.created_at * 1000)
            case "created_at_iso":
                return views.iso(task.created_at)
            case "completed_at":
                return views.completed_at(task)
            case "expires_at":
                return int(task.created_at) + views.LIFETIME
            case _:
                raise KeyError(name)  # the check of scenarios lets no other name through
