"""The other operations: list, delete, cancel, characters and models."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import parse_qs

from ...api.contract import Phase
from ...api.messages import Reply
from ...scenario import machine
from ...scenario.model import CANCELLED
from .. import views
from ..context import RequestContext
from ..responses import json_reply
from ..state import FakeState, Refusal
from .shared import placeholder_lookup, read_form, requested_task

__all__ = ["cancel", "character", "create_character", "delete", "list_tasks", "models"]

_LIST_LIMIT = 100


def list_tasks(state: FakeState, context: RequestContext) -> Reply:
    """`GET /v1/videos?after&limit&order`: cursor pages, newest first unless `order=asc`. No poll: nothing moves."""
    asked = {name: values[-1] for name, values in parse_qs(context.request.query).items()}
    limit, order, after = asked.get("limit", "20"), asked.get("order", "desc"), asked.get("after")
    if not re.fullmatch(r"\d{1,6}", limit, re.ASCII) or not 1 <= int(limit) <= _LIST_LIMIT:
        raise Refusal("invalid_request", f"limit {limit!r} is not a number from 1 to {_LIST_LIMIT}")
    if order not in ("asc", "desc"):
        raise Refusal("invalid_request", f"order {order!r} must be 'asc' or 'desc'")
    tasks = list(state.tasks)
    if order == "desc":
        tasks.reverse()
    if after is not None:
        ids = [task.id for task in tasks]
        if after not in ids:
            raise Refusal("invalid_request", f"after: no task {after!r}")
        tasks = tasks[ids.index(after) + 1 :]
    page = tasks[: int(limit)]
    for task in page:
        state.tasks.settle(task, context.now)
    data = [views.document(task, placeholder_lookup(state, context, task), context.now) for task in page]
    return json_reply(
        {
            "object": "list",
            "data": data,
            "first_id": page[0].id if page else None,
            "last_id": page[-1].id if page else None,
            "has_more": len(tasks) > len(page),
        }
    )


def delete(state: FakeState, context: RequestContext) -> Reply:
    """`DELETE /v1/videos/{id}`: from then on the task is unknown; what it cost stays on the bill."""
    task = requested_task(state, context)
    state.tasks.delete(task)
    return json_reply({"id": task.id, "object": "video.deleted", "deleted": True})


def cancel(state: FakeState, context: RequestContext) -> Reply:
    """`POST /v1/videos/{id}/cancel`: the task moves, then it is shown; a task that has ended cannot be cancelled."""
    task = requested_task(state, context)
    if not task.ended:
        state.tasks.step(task, machine.Event("cancel", context.now))
    elif task.current.phase is Phase.PENDING:
        # Its scenario has no way out of this state, but to the client it is a task in progress like any other.
        state.tasks.move(task, CANCELLED, context.now)
    else:
        raise Refusal("already_ended", f"the task {task.id!r} has ended in {task.state!r}", status=task.current.status)
    return json_reply(views.document(task, placeholder_lookup(state, context, task), context.now))


def create_character(state: FakeState, context: RequestContext) -> Reply:
    """`POST /v1/videos/characters`: a name and a clip."""
    form = read_form(context)
    name = form.text("name")
    if not name:
        raise Refusal("invalid_request", "name is required")
    if not form.files and not form.fields.get("video"):
        raise Refusal("invalid_request", "video is required: a file")
    digest = hashlib.sha256(f"{state.settings.seed}:character:{len(state.characters)}".encode()).hexdigest()
    made = {"id": f"char_{digest[:24]}", "object": "character", "created_at": int(context.now), "name": name}
    state.characters[made["id"]] = made  # type: ignore[index]
    return json_reply(made)


def character(state: FakeState, context: RequestContext) -> Reply:
    """`GET /v1/videos/characters/{id}`."""
    found = state.characters.get(context.path_params["character_id"])
    if found is None:
        raise Refusal("not_found", f"no character {context.path_params['character_id']!r} was created here")
    return json_reply(found)


def models(state: FakeState, context: RequestContext) -> Reply:
    """`GET /v1/models`: the models that the dialect's pages name."""
    data = [
        {"id": model, "object": "model", "created": 1735689600, "owned_by": state.dialect.name}
        for model in state.dialect.models
    ]
    return json_reply({"object": "list", "data": data})
