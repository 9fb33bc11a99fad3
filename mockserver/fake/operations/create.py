"""Operations that create a task: one function each, `(state, context) -> Reply`."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from ...api.contract import CREATE_FIELDS, FIXED_SECONDS
from ...api.dialects import Dialect
from ...api.messages import Reply
from ...api.suggest import close_matches
from ...scenario.compiled import CompiledReply
from ...scenario.model import Scenario
from .. import views
from ..context import RequestContext
from ..request_bodies import Form
from ..responses import json_reply
from ..selection import SCENARIO_HEADER, asked_for, split_model
from ..state import FakeState, Refusal
from ..tasks import CreateParams, Task
from .shared import compiled_reply_to, find_scenario, make_task, placeholder_lookup, read_form, requested_task

__all__ = ["create", "extensions", "remix", "unified_create", "wrapped_create"]

_UNKNOWN_FIELDS, _UNKNOWN_LENGTH = 50, 1000  # how much of unknown fields is written down


def create(state: FakeState, context: RequestContext) -> Reply:
    """`POST /v1/videos`: the OpenAI format."""
    form = read_form(context)
    return _create(state, context, form, lambda task, document: views.create_view(task, document))


def unified_create(state: FakeState, context: RequestContext) -> Reply:
    """`POST /v1/video/create`: the unified entry."""

    def view(task: Task, document: Mapping[str, Any]) -> dict[str, Any]:
        other = uuid.UUID(hex=hashlib.sha256(f"other:{task.id}".encode()).hexdigest()[:32], version=4)
        return views.unified_create_view(task, document, str(other))

    return _create(state, context, read_form(context), view)


def wrapped_create(state: FakeState, context: RequestContext) -> Reply:
    """`POST /v1/video/generations`: the wrapped form."""
    return _create(
        state,
        context,
        read_form(context),
        lambda task, document: views.wrapped_view(task, document, placeholder_lookup(state, context, task)),
    )


def remix(state: FakeState, context: RequestContext) -> Reply:
    """`POST /v1/videos/{id}/remix` and `/extend`: a new task from the one in the path."""
    source = requested_task(state, context)
    context.task = context.state = None
    return _create(state, context, read_form(context), _remix_view, source)


def extensions(state: FakeState, context: RequestContext) -> Reply:
    """`POST /v1/videos/extensions` and `/edits`: a new task from the one named in the body, or from an upload."""
    form = read_form(context)
    video = form.fields.get("video")
    if isinstance(video, Mapping):
        # OctopusX puts the task's id into `url`, OpenAI into `id`.
        video = video.get("id") or video.get("url")
    named = video if isinstance(video, str) else form.text("video[id]") or form.text("video[url]")
    if not named and not any(upload.name == "video" for upload in form.files):
        raise Refusal("invalid_request", "video is required: the id of a task, or a file")
    source = requested_task(state, context, named) if named else None
    context.task = context.state = None
    return _create(state, context, form, _remix_view, source)


def _remix_view(task: Task, document: Mapping[str, Any]) -> dict[str, Any]:
    # Only OctopusX documents the short reply; its relatives answer as they do to a create.
    return (
        views.task_made_view(task, document) if task.dialect.name == "octopusx" else views.create_view(task, document)
    )


def _create(
    state: FakeState,
    context: RequestContext,
    form: Form,
    view: Callable[[Task, Mapping[str, Any]], Mapping[str, Any]],
    source: Task | None = None,
) -> Reply:
    context.unknown_fields = _unknown_fields(form)
    scenario = _selected_scenario(state, context, form)
    params = _create_params(state.dialect_of(scenario), context, form, source)
    if state.settings.strict:
        _check_documented(state.dialect, context, params)
    task = make_task(state, scenario, params, context)
    nth = state.creates[scenario.name] = state.creates.get(scenario.name, 0) + 1
    scripted = task.compiled.create[nth - 1]
    context.task, context.state = task, task.state
    lookup = placeholder_lookup(state, context, task)

    def default_reply(reply: CompiledReply | None) -> Reply:
        document = views.document(task, lookup, context.now, reply.video if reply else None)
        return json_reply(view(task, document))

    if scripted is None:
        return default_reply(None)
    made: bool | None = False
    try:
        reply = compiled_reply_to(state, context, task, scripted, lookup, default_reply)
        made = scripted.source.made
        if made is None:
            made = reply.fault is not None or reply.status < 400
    finally:
        if not made:
            state.tasks.discard(task)
            context.task = context.state = None
    return reply


def _unknown_fields(form: Form) -> dict[str, Any] | None:
    """The fields that no create has, as the journal keeps them: not too many, and long ones cut."""
    names = [name for name in form.fields if name.partition("[")[0] not in CREATE_FIELDS]
    unknown = {}
    for name in names[:_UNKNOWN_FIELDS]:
        text = json.dumps(form.fields[name], ensure_ascii=False)
        long = len(text) > _UNKNOWN_LENGTH
        unknown[name] = f"{text[:_UNKNOWN_LENGTH]}... ({len(text)} characters)" if long else form.fields[name]
    return unknown or None


def _selected_scenario(state: FakeState, context: RequestContext, form: Form) -> Scenario:
    asked = asked_for(context.request.header(SCENARIO_HEADER), form.text("model"), form.text("prompt"))
    return find_scenario(state, asked or state.settings.scenario)


def _create_params(dialect: Dialect, context: RequestContext, form: Form, source: Task | None) -> CreateParams:
    prompt = form.text("prompt") or ""
    model = split_model((form.text("model") or "").strip())[0]
    if not model:
        model = (source.params.model if source else "") or dialect.default_model or ""
    if not model:
        raise Refusal("missing_model")
    if not prompt.strip():
        raise Refusal("prompt_required")
    seconds = form.text("seconds") or form.text("duration") or (source.params.seconds if source else "")
    return CreateParams(
        model=model,
        prompt=prompt,
        seconds=FIXED_SECONDS.get(model) or seconds or dialect.default_seconds,
        size=form.text("size")
        or form.text("resolution")
        or (source.params.size if source else "")
        or dialect.default_size,
        aspect_ratio=form.text("aspect_ratio") or (source.params.aspect_ratio if source else ""),
        remixed_from=source.id if source else None,
        made_by=context.route.operation,
    )


def _check_documented(dialect: Dialect, context: RequestContext, params: CreateParams) -> None:
    if context.unknown_fields:
        name = next(iter(context.unknown_fields))
        close = close_matches(name, CREATE_FIELDS)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        raise Refusal("invalid_request", f"unknown field {name!r}{hint}")
    for name, value, allowed in (
        ("seconds", params.seconds, dialect.allowed_seconds),
        ("size", params.size, dialect.allowed_sizes),
        ("aspect_ratio", params.aspect_ratio, dialect.allowed_aspect_ratios),
    ):
        if value and allowed and value not in allowed:
            raise Refusal("invalid_request", f"{name} {value!r} is not one of {', '.join(allowed)}")
    if not re.fullmatch(r"\d{1,3}", params.seconds, re.ASCII):
        raise Refusal("invalid_request", f"seconds {params.seconds!r} is not a whole number")
