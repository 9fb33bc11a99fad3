"""One task, and the store of all tasks of a fake."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from ..api.dialects import Dialect
from ..api.messages import Clip, Origins, Reply
from ..scenario import machine
from ..scenario.compiled import CompiledScenario, CompiledState, compiled_scenario
from ..scenario.model import Scenario

__all__ = ["CreateParams", "Task", "TaskStore"]


@dataclass(frozen=True, slots=True)
class CreateParams:
    """What a client asked a task for, as text; `made_by` is the operation that made the task."""

    model: str
    prompt: str
    seconds: str
    size: str
    aspect_ratio: str = ""
    remixed_from: str | None = None
    made_by: str = "create"


@dataclass(slots=True, eq=False)
class Task:
    """A task and where it stands. Read it; only its `TaskStore` moves it."""

    id: str
    params: CreateParams
    scenario: Scenario
    compiled: CompiledScenario
    dialect: Dialect
    clip: Clip
    created_at: float
    position: machine.Position
    random_seed: str
    billed: bool = True
    deleted: bool = False
    request_counts: dict[tuple[int, str], int] = field(default_factory=dict)
    cached_poll: tuple[tuple[str, int, int, Origins], Reply] | None = None

    @property
    def state(self) -> str:
        """The name of the state that the task is in, as of the last time that the fake was asked about it."""
        return self.position.state

    @property
    def current(self) -> CompiledState:
        """The compiled form of the state that the task is in."""
        return self.compiled.states[self.position.state]

    @property
    def ended(self) -> bool:
        """Whether the task has come to an end."""
        return machine.is_end(self.scenario, self.position)

    def count_request(self, route: str) -> int:
        """How often `route` was asked in this visit of this state before; counts this time."""
        key = (self.position.moves, route)
        count = self.request_counts.get(key, 0)
        if not count:
            # Counts of states that were left are never read again.
            self.request_counts = {
                known: n for known, n in self.request_counts.items() if known[0] == self.position.moves
            }
        self.request_counts[key] = count + 1
        return count

    def __repr__(self) -> str:
        return f"<Task {self.id} {self.scenario.name} [{self.state}]>"


class TaskStore:
    """The tasks of one fake by id, in the order of their making. Ids and chance follow from the seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._tasks: dict[str, Task] = {}
        self._made: dict[str, int] = {}
        self._count = 0
        self._live = 0

    def make(
        self,
        scenario: Scenario,
        params: CreateParams,
        dialect: Dialect,
        clip: Clip,
        now: float,
        *,
        id: str | None = None,
        billed: bool = True,
    ) -> Task:
        """A new task at the start of its scenario."""
        self._count += 1
        nth = self._made[scenario.name] = self._made.get(scenario.name, 0) + 1
        task = Task(
            id=id or self._scripted_id(scenario, nth) or self._new_id(params),
            params=params,
            scenario=scenario,
            compiled=compiled_scenario(scenario),
            dialect=dialect,
            clip=clip,
            created_at=now,
            position=machine.begin(scenario, now),
            random_seed=f"{self.seed}:{scenario.seed}:{nth}",
            billed=billed,
        )
        self._tasks[task.id] = task
        self._live += 1
        return task

    def _scripted_id(self, scenario: Scenario, nth: int) -> str | None:
        if scenario.task_id is None:
            return None
        id = scenario.task_id if nth == 1 else f"{scenario.task_id}-{nth}"
        return None if id in self._tasks else id

    def _new_id(self, params: CreateParams) -> str:
        digest = hashlib.sha256(f"{self.seed}:{self._count}".encode()).hexdigest()
        # The remix, extend and unified pages show ids with the maker's name and a colon; the others `video_...`.
        match params.made_by:
            case "unified_create" if params.model.startswith("sora"):
                return f"{params.model}:task_{digest[:26]}"
            case "remix" | "extend" | "extensions" | "unified_create":
                return f"grok:{uuid.UUID(hex=digest[:32], version=4)}"
            case _:
                return f"video_{digest[:24]}"

    def get(self, id: str) -> Task | None:
        """The task of this id, deleted ones left out."""
        task = self._tasks.get(id)
        return None if task is None or task.deleted else task

    def newest(self, most: int) -> list[str]:
        """The ids of the tasks made last, newest first, deleted ones left out."""
        return [id for id in islice(reversed(self._tasks), most) if not self._tasks[id].deleted]

    def existed(self, id: str) -> bool:
        """Whether there was ever a task of this id, deleted since or not."""
        return id in self._tasks

    def delete(self, task: Task) -> None:
        """Make a task unknown; it stays on the bill."""
        task.deleted = True
        self._live -= 1

    def discard(self, task: Task) -> None:
        """Unmake the task that was made last, as if nobody had asked for it."""
        if self._tasks.pop(task.id, None) is task:
            self._live -= 1

    def step(self, task: Task, trigger: machine.Trigger) -> None:
        """Move a task on by one trigger."""
        task.position = machine.step(task.scenario, task.position, trigger, task.random_seed)

    def settle(self, task: Task, now: float) -> None:
        """Let the time up to `now` pass for a task."""
        if task.current.timed:
            self.step(task, machine.Tick(now))

    def move(self, task: Task, state: str, now: float) -> None:
        """Put a task into a state of its scenario, whatever the transitions say. Raises KeyError for another."""
        if state not in task.compiled.states:
            raise KeyError(state)
        task.position = machine.Position(state, now, moves=task.position.moves + 1)

    def bill(self) -> list[Task]:
        """The tasks that clients made, oldest first: each would have cost money. Deleted ones count."""
        return [task for task in self._tasks.values() if task.billed]

    def clear(self) -> None:
        """Forget every task; ids begin again."""
        self._tasks.clear()
        self._made.clear()
        self._count = self._live = 0

    def __iter__(self) -> Iterator[Task]:
        return iter([task for task in self._tasks.values() if not task.deleted])

    def __len__(self) -> int:
        return self._live
