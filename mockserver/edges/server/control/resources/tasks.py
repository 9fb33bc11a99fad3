"""Tasks: made, looked at, moved and signalled by a test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .....api.suggest import close_matches
from .....fake.tasks import Task
from ..errors import ControlError
from ..requests import ControlRequest, ControlResponse, Handler
from ..routes import CREATE_PARAMETERS

__all__ = ["HANDLERS"]


def _task_data(request: ControlRequest, task: Task) -> dict[str, Any]:
    document = request.fake.document(task, request.origins)
    return {
        "id": task.id,
        "scenario": task.scenario.name,
        "state": task.state,
        "ended": task.ended,
        "polls": task.position.polls,
        "dialect": task.dialect.name,
        "billed": task.billed,
        "created_at": task.created_at,
        "document": document,
    }


def _list_tasks(request: ControlRequest) -> ControlResponse:
    return ControlResponse({"tasks": [_task_data(request, task) for task in request.fake.tasks]})


def _make_task(request: ControlRequest) -> ControlResponse:
    body = request.body
    parameters = {field.name: body[field.name] for field in CREATE_PARAMETERS if field.name in body}
    scenario = request.scenario(body.get("scenario") or request.fake.settings.scenario)
    try:
        task = request.fake.task(scenario.name, id=body.get("id"), dialect=body.get("dialect"), **parameters)
    except ValueError as error:
        # Either the id is taken, or the scenario asks for a clip that is not there.
        raise ControlError(409 if str(error).startswith("id:") else 422, str(error)) from None
    return ControlResponse(_task_data(request, task), 201)


def _show_task(request: ControlRequest) -> ControlResponse:
    return ControlResponse(_task_data(request, request.task()))


def _move_task(request: ControlRequest) -> ControlResponse:
    task, state = request.task(), request.body["state"]
    try:
        request.fake.move(task, state)
    except ValueError as error:
        raise ControlError(400, str(error), close_matches(state, task.compiled.states)) from None
    return ControlResponse(_task_data(request, task))


def _signal_task(request: ControlRequest) -> ControlResponse:
    task, signal = request.task(), request.body["signal"]
    known = sorted(
        {transition.signal for state in task.scenario.states.values() for transition in state.next if transition.signal}
    )
    if signal not in known:
        available = f"available: {', '.join(known)}" if known else "it waits for no signal"
        raise ControlError(
            400,
            f"{task.scenario.name} does not wait for the signal {signal!r} ({available})",
            close_matches(signal, known),
        )
    moves = task.position.moves
    request.fake.signal(task, signal)
    return ControlResponse({**_task_data(request, task), "moved": task.position.moves != moves})


HANDLERS: Mapping[str, Handler] = {
    "list_tasks": _list_tasks,
    "make_task": _make_task,
    "show_task": _show_task,
    "move_task": _move_task,
    "signal_task": _signal_task,
}
