"""Operations that ask for a task's status: one function each, `(state, context) -> Reply`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from ...api.messages import Reply
from ...scenario import machine
from ...scenario.compiled import CompiledReply
from .. import views
from ..context import RequestContext
from ..responses import json_reply
from ..state import FakeState, Refusal
from ..tasks import Task
from .shared import compiled_reply_to, placeholder_lookup, requested_task

__all__ = ["poll", "unified_query", "wrapped_query"]


def poll(state: FakeState, context: RequestContext) -> Reply:
    """`GET /v1/videos/{task_id}`: the Grok task query."""
    return _poll(state, context, requested_task(state, context), lambda task, document: document)


def unified_query(state: FakeState, context: RequestContext) -> Reply:
    """`GET /v1/video/query?id=`: the unified query."""
    asked = parse_qs(context.request.query).get("id", [""])[-1]
    if not asked:
        raise Refusal("invalid_request", "id is required: /v1/video/query?id=TASK_ID")
    task = requested_task(state, context, asked)
    return _poll(
        state,
        context,
        task,
        lambda task, document: views.unified_view(task, document, placeholder_lookup(state, context, task)),
    )


def wrapped_query(state: FakeState, context: RequestContext) -> Reply:
    """`GET /v1/video/generations/{task_id}`: the wrapped query."""
    task = requested_task(state, context)
    return _poll(
        state,
        context,
        task,
        lambda task, document: views.wrapped_view(task, document, placeholder_lookup(state, context, task)),
    )


def _poll(
    state: FakeState, context: RequestContext, task: Task, view: Callable[[Task, Mapping[str, Any]], Mapping[str, Any]]
) -> Reply:
    lookup = placeholder_lookup(state, context, task)
    scripted = task.current.poll[task.position.polls]

    def default_reply(reply: CompiledReply | None) -> Reply:
        document = views.document(task, lookup, context.now, reply.video if reply else None)
        after = state.settings.poll_after_ms
        return json_reply(view(task, document), 200, (("openai-poll-after-ms", str(after)),) if after else ())

    if scripted is not None:
        reply = compiled_reply_to(state, context, task, scripted, lookup, default_reply)
    elif task.current.fixed:
        # The same document until the task moves: it is made and encoded once. This is the hot path of the fake.
        progress = task.current.progress(task.position, context.now)
        key = (context.route.operation, task.position.moves, progress, context.request.origins)
        if task.cached_poll is None or task.cached_poll[0] != key:
            task.cached_poll = (key, default_reply(None))
        cached = task.cached_poll[1]
        reply = Reply(cached.status, cached.headers, cached.body)
    else:
        reply = default_reply(None)
    state.tasks.step(task, machine.Poll(context.now))
    return reply
