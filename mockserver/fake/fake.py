"""The fake itself: `handle(Request) -> Reply`. It opens nothing, never sleeps and reads no clock but its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any, Unpack

from ..api.contract import DOWNLOAD_ROUTE, Route
from ..api.messages import Clip, Origins, Reply, Request
from ..api.redaction import mask
from ..api.routing import Match, RouteTree, api_routes
from ..api.suggest import did_you_mean
from ..scenario import machine
from ..scenario.model import Scenario
from ..scenario.sources import ScenarioSource
from ..scenario.validation import validate
from . import views
from .clips import ClipStore
from .clock import Clock, ManualClock, RealClock, checked_speed
from .context import RequestContext
from .journal import Exchange, Journal
from .operations.table import OPERATIONS
from .options import FakeOptions, SettingsOptions, check_option_names, checked_keys
from .responses import error_reply, storage_reply
from .state import FakeState, Refusal, Settings
from .tasks import Task, TaskStore

__all__ = ["Fake", "Intercept"]

Intercept = Callable[[RequestContext, Callable[[], Reply]], Reply]

_DOWNLOADS = RouteTree(
    [DOWNLOAD_ROUTE, Route("download", "HEAD", DOWNLOAD_ROUTE.path, "The clip's headers.", DOWNLOAD_ROUTE.source)]
)
_NOWHERE = Route("", "", "", "", "")


class Fake:
    """One fake of the service: its own tasks, clock, journal and bill; nothing is shared with another.

    Everything may be called from any thread: a state change is atomic with the reply that causes it.

    - `scenarios`, `clip_store`: where scenarios and clips come from.
    - `scenario`: the default one, a name or a `Scenario` built in Python.
    - `clock`: default: real time, which runs `speed` times as fast (default: 1).
    - `keys`: the API keys that are accepted; None accepts any.
    - `watch`: called with each exchange, in the thread that answers.
    - `intercept`: called in the fake's place with each request, its route and task, and the fake's own answer as a
      function; returns the reply. It runs under the fake's lock. For whoever answers some requests themselves.
    - `dialect`, `unknown_tasks`, `strict`, `seed`, `poll_after_ms`: see `state.Settings`.

    Raises TypeError for an unknown option, ValueError for a wrong value, `UnknownScenario` for an unknown scenario.
    """

    def __init__(
        self,
        scenarios: ScenarioSource,
        clip_store: ClipStore,
        *,
        name: str = "default",
        scenario: str | Scenario | None = None,
        clock: Clock | None = None,
        speed: float = 1.0,
        keys: Iterable[str] | None = None,
        journal: Journal | None = None,
        watch: Callable[[Exchange], None] | None = None,
        intercept: Intercept | None = None,
        **settings: Unpack[SettingsOptions],
    ) -> None:
        check_option_names(settings, (*FakeOptions.__annotations__, "scenario", "name"))
        self.name = name
        checked_speed(speed)
        self.clock: Clock = clock if clock is not None else RealClock(speed)
        self.journal = journal if journal is not None else Journal()
        chosen = Settings(keys=checked_keys(keys), **settings)
        self.watch = watch
        self._intercept = intercept
        self._state = FakeState(chosen, scenarios, clip_store, self.clock, TaskStore(chosen.seed))
        self._lock = threading.RLock()
        if scenario is not None:
            self.use(scenario)
        self._first_default = chosen.scenario

    # --- what an edge calls ---

    def handle(self, request: Request) -> Reply:
        """Answer one request and write it down. Never raises for anything that a client sends."""
        return self._handle(request, None)

    def refuse(self, request: Request, case: str) -> Reply:
        """Answer a request with an error of the dialect (such as `body_too_large`), and write it down."""
        return self._handle(request, Refusal(case))

    def _handle(self, request: Request, refusal: Refusal | None) -> Reply:
        state = self._state
        with self._lock:
            context = RequestContext(request, _NOWHERE, {}, self.clock.now())
            state.requests += 1
            try:
                if refusal is not None:
                    raise refusal
                reply = self._answer(context)
            except Refusal as refusal:
                dialect = context.task.dialect if context.task is not None else state.dialect
                reply = error_reply(state, dialect, context, refusal)
            exchange = self.journal.record(context.now, request, reply)
            exchange.operation = context.route.operation
            exchange.note = context.note
            exchange.unknown_fields = context.unknown_fields
            if context.task is not None:
                exchange.task_id = context.task.id
                exchange.state = context.state
                exchange.state_after = context.task.position.state
            reply.delivery = exchange
        if self.watch is not None:
            self.watch(exchange)
        return reply

    def _answer(self, context: RequestContext) -> Reply:
        request = context.request
        tree = _DOWNLOADS if request.host == "download" else api_routes(self._state.settings.dialect)
        match = tree.find(request.method, request.path)
        if match is not None and match.route is not None:
            context.route = match.route
            context.path_params = match.params
        if self._intercept is None:
            return self._own_answer(context, tree, match)
        return self._intercept(context, lambda: self._own_answer(context, tree, match))

    def _own_answer(self, context: RequestContext, tree: RouteTree, match: Match | None) -> Reply:
        request = context.request
        if match is None or match.route is None:
            return self._unmatched(context, tree, match)
        if request.host != "download":
            self._authorize(request)
        return OPERATIONS[match.route.operation](self._state, context)

    def _unmatched(self, context: RequestContext, tree: RouteTree, match: Match | None) -> Reply:
        request = context.request
        if match is None:
            near = tree.near(request.path)
            hint = f" (did you mean {', '.join(near)}?)" if near else ""
            context.note = f"no route {request.path} on the {request.host} host{hint}"
            if request.host == "download":
                return storage_reply(404)
            raise Refusal("unknown_route", context.note)
        allowed = ", ".join(match.allowed)
        context.note = f"{request.path} does not support {request.method} (allowed: {allowed})"
        if request.host == "download":
            reply = storage_reply(405)
        else:
            reply = error_reply(self._state, self._state.dialect, context, Refusal("method_not_allowed", context.note))
        reply.headers += (("allow", allowed),)
        return reply

    def _authorize(self, request: Request) -> None:
        scheme, _, key = (request.header("authorization") or "").partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer" or not key:
            raise Refusal("no_key", "send the header 'Authorization: Bearer KEY'")
        keys = self._state.settings.keys
        if keys is not None and key not in keys:
            raise Refusal("bad_key", f"the key {mask(key)} is not one of the {len(keys)} accepted keys", key=mask(key))

    # --- what a test calls ---

    @property
    def settings(self) -> Settings:
        """How the fake behaves; to be changed before requests come in."""
        return self._state.settings

    @property
    def api_key(self) -> str:
        """A key that this fake accepts."""
        keys = self.settings.keys
        return min(keys) if keys else "sk-mock"

    def use(self, scenario: str | Scenario) -> None:
        """Make a scenario the default of this fake.

        Raises `UnknownScenario` for an unknown name, `ScenarioError` for an invalid scenario.
        """
        if isinstance(scenario, Scenario):
            self.add_scenario(scenario)
            self.settings.scenario = scenario.name
        else:
            self.settings.scenario = self._state.scenario(scenario).name

    def add_scenario(self, scenario: Scenario) -> None:
        """Give this fake a scenario of its own; it comes before one of the same name in the library.

        Raises `ScenarioError` when it is invalid.
        """
        with self._lock:
            own = self._state.own_scenarios
            if own.get(scenario.name) is not scenario:
                own[scenario.name] = validate(scenario)

    def scenario(self, name: str) -> Scenario:
        """A scenario as this fake knows it. Raises `UnknownScenario`."""
        return self._state.scenario(name)

    def scenario_names(self) -> list[str]:
        """The names of every scenario that this fake knows, sorted."""
        return self._state.scenario_names()

    def task(
        self,
        scenario: str | Scenario | None = None,
        *,
        id: str | None = None,
        dialect: str | None = None,
        **params: str,
    ) -> Task:
        """Make a task without a request; it is not on the bill. `params` may name model, prompt, seconds, size, ...

        Raises `UnknownScenario`, and ValueError for an id that is taken or an unknown dialect.
        """
        with self._lock:
            state = self._state
            if isinstance(scenario, Scenario):
                self.add_scenario(scenario)
                found = scenario
            else:
                found = state.scenario(scenario or state.settings.scenario)
            if id is not None and state.tasks.existed(id):
                raise ValueError(f"id: there is a task {id!r} already")
            asked = state.default_params(state.dialect_of(found, dialect), **params)
            return state.make(found, asked, self.clock.now(), id=id, billed=False, dialect=dialect)

    def find_task(self, id: str) -> Task | None:
        """The task of this id as of now, or None."""
        with self._lock:
            task = self._state.tasks.get(id)
            if task is not None:
                self._state.tasks.settle(task, self.clock.now())
            return task

    @property
    def tasks(self) -> list[Task]:
        """Every task as of now, oldest first."""
        with self._lock:
            self._settle()
            return list(self._state.tasks)

    @property
    def bill(self) -> list[Task]:
        """The tasks that clients made, oldest first: each would have cost money."""
        with self._lock:
            now = self.clock.now()
            bill = self._state.tasks.bill()
            for task in bill:
                self._state.tasks.settle(task, now)
            return bill

    def document(self, task: Task | str, origins: Origins) -> dict[str, Any]:
        """The task object as a poll would show it now, without being one."""
        with self._lock:
            task = self._known(task)
            now = self.clock.now()
            self._state.tasks.settle(task, now)
            return views.document(task, self._state.poll_lookup(task, origins, now), now)

    def signal(self, task: Task | str, name: str) -> str:
        """Send a signal to a task; returns the state that it is in then. A signal that its state does not know is
        ignored. Raises KeyError for an unknown task."""
        with self._lock:
            task = self._known(task)
            now = self.clock.now()
            self._state.tasks.settle(task, now)
            self._state.tasks.step(task, machine.Signal(name, now))
            return task.state

    def move(self, task: Task | str, state: str) -> None:
        """Put a task into a state of its scenario. Raises KeyError for an unknown task, ValueError for a state that
        its scenario does not have."""
        with self._lock:
            task = self._known(task)
            try:
                self._state.tasks.move(task, state, self.clock.now())
            except KeyError:
                hint = did_you_mean(state, task.compiled.states)
                raise ValueError(f"{task.scenario.name} has no state {state!r}{hint}") from None

    def advance(self, seconds: float) -> float:
        """Move the fake's clock on by hand; what falls due happens in order. Returns the new time in Unix seconds.

        Raises TypeError when the clock is not a `ManualClock`, ValueError for a negative time.
        """
        if not isinstance(self.clock, ManualClock):
            raise TypeError("this fake's time passes by itself; make it with clock=ManualClock() to advance it")
        # Not under the lock: whoever waits for this moment may want to ask the fake something.
        now = self.clock.advance(seconds)
        with self._lock:
            self._settle()
        return now

    def reset(self) -> None:
        """As new: no tasks, journal, bill or own scenarios, the first default again, a manual clock set back."""
        with self._lock:
            state = self._state
            state.tasks.clear()
            state.creates.clear()
            state.characters.clear()
            state.settings.scenario = self._first_default
            state.own_scenarios = {
                name: scenario for name, scenario in state.own_scenarios.items() if name == self._first_default
            }
            state.requests = 0
            self.journal.clear()
            self.clock.reset()

    @property
    def clip(self) -> bytes:
        """What a client should end with: the clip of the newest task, or the one that a default create would get."""
        with self._lock:
            state = self._state
            newest = next(reversed(list(state.tasks)), None)
            return state.clip_store.read(
                newest.clip if newest else state.clip(None, state.default_params(state.dialect))
            )

    def read_clip(self, clip: Clip) -> bytes:
        """The bytes of a clip, as a client should get them."""
        return self._state.clip_store.read(clip)

    def _known(self, task: Task | str) -> Task:
        if isinstance(task, Task):
            return task
        found = self._state.tasks.get(task)
        if found is None:
            raise KeyError(f"no task {task!r}")
        return found

    def _settle(self) -> None:
        now = self.clock.now()
        for task in self._state.tasks:
            self._state.tasks.settle(task, now)

    def __repr__(self) -> str:
        return f"<Fake {self.name}: {len(self._state.tasks)} tasks, {self.journal.total} exchanges>"
