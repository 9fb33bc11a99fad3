"""What several operations do: find the task of a request, create one, and answer with a scripted reply."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...api.dialects import ErrorCase, enveloped
from ...api.messages import Clip, Reply
from ...api.suggest import close_matches
from ...scenario.compiled import CompiledReply, Lookup
from ...scenario.model import Scenario
from ...scenario.problems import ScenarioError
from ...scenario.sources import UnknownScenario
from ..context import RequestContext
from ..request_bodies import Form, FormError, parse_form
from ..responses import clip_reply, json_reply, scripted_reply, status_error
from ..selection import SCENARIO_HEADER
from ..state import FakeState, Refusal
from ..tasks import CreateParams, Task

__all__ = [
    "clip_named",
    "compiled_reply_to",
    "find_scenario",
    "make_task",
    "placeholder_lookup",
    "read_form",
    "requested_task",
    "settle",
]

_NEAR_TASKS = 200  # how many tasks are looked through for an id like an unknown one


def read_form(context: RequestContext) -> Form:
    try:
        return parse_form(context.request)
    except FormError as error:
        raise Refusal(error.case, str(error)) from None


def find_scenario(state: FakeState, name: str) -> Scenario:
    try:
        return state.scenario(name)
    except UnknownScenario as error:
        raise Refusal("unknown_scenario", str(error)) from None
    except ScenarioError as error:
        raise Refusal("wrong_scenario", str(error)) from None


def make_task(
    state: FakeState,
    scenario: Scenario,
    params: CreateParams,
    context: RequestContext,
    *,
    id: str | None = None,
    billed: bool = True,
) -> Task:
    try:
        return state.make(scenario, params, context.now, id=id, billed=billed)
    except ValueError as error:
        raise Refusal("wrong_scenario", f"{scenario.name}: {error}") from None


def clip_named(state: FakeState, task: Task, name: str) -> Clip:
    """The clip that a scenario names for a task: its own, or another."""
    if name == "clip":
        return task.clip
    try:
        return state.clip(name, task.params)
    except ValueError as error:
        raise Refusal("wrong_scenario", f"{task.scenario.name}: {error}") from None


def placeholder_lookup(state: FakeState, context: RequestContext, task: Task) -> Lookup:
    return state.poll_lookup(task, context.request.origins, context.now)


def requested_task(state: FakeState, context: RequestContext, id: str | None = None) -> Task:
    """The task that a request asks for, its time settled; an unknown one is created or refused."""
    id = context.path_params["task_id"] if id is None else id
    task = state.tasks.get(id) or _task_on_first_request(state, context, id)
    settle(state, context, task)
    return task


def settle(state: FakeState, context: RequestContext, task: Task) -> None:
    state.tasks.settle(task, context.now)
    context.task = task
    context.state = task.state


def _task_on_first_request(state: FakeState, context: RequestContext, id: str) -> Task:
    name = id.removeprefix("video_")
    asked = context.request.header(SCENARIO_HEADER)
    if state.tasks.existed(id):
        raise Refusal("task_not_exist", f"the task {id!r} was deleted", task_id=id)
    scenario: Scenario | None = None
    if asked:
        scenario = find_scenario(state, asked.strip())
    elif name != id:
        try:
            scenario = find_scenario(state, name)
        except Refusal as refusal:
            if refusal.case != "unknown_scenario":
                raise
    if scenario is None and state.settings.unknown_tasks == "create":
        scenario = find_scenario(state, state.settings.scenario)
    if scenario is None:
        hints = [f"the task {close!r}" for close in close_matches(id, state.tasks.newest(_NEAR_TASKS))]
        hints += [
            f"the scenario {scenario!r}" for scenario in close_matches(name, state.scenario_names()) if name != id
        ]
        hint = f" (did you mean {', '.join(hints)}?)" if hints else ""
        raise Refusal("task_not_exist", f"no task {id!r} was created here{hint}", task_id=id)
    params = state.default_params(state.dialect_of(scenario))
    return make_task(state, scenario, params, context, id=id, billed=False)


def compiled_reply_to(
    state: FakeState,
    context: RequestContext,
    task: Task,
    scripted: CompiledReply,
    lookup: Lookup,
    default_reply: Callable[[CompiledReply | None], Reply],
    clip: Callable[[str], Reply] | None = None,
) -> Reply:
    def named_clip(name: str) -> Reply:
        return clip_reply(context, clip_named(state, task, name), {})

    def enveloped_error(status: int, error: Mapping[str, str]) -> Reply:
        if context.route.operation == "content":
            usual = task.dialect.errors["content_upstream" if status >= 500 else "content_not_completed"]
        elif status == 401:
            usual = task.dialect.errors["bad_key"]
        else:
            usual = task.dialect.errors["invalid_request" if status < 500 else "server_error"]
        case = ErrorCase(status, usual.envelope, error.get("code", ""), "", usual.type)
        return json_reply(enveloped(case, error.get("message", "")), status)

    return scripted_reply(
        scripted,
        lookup=lookup,
        default_reply=default_reply,
        clip=clip or named_clip,
        error=lambda status: status_error(state, context, status),
        enveloped_error=enveloped_error,
    )
