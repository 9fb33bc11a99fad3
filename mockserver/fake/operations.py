"""The API's operations, one function each: (desk, call) -> Reply. Data in, data out; the caller writes the journal."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from ..api.contract import CREATE_FIELDS, FIXED_SECONDS, Phase
from ..api.dialects import Dialect, ErrorCase, enveloped
from ..api.messages import Clip, Reply
from ..api.suggest import close_matches
from ..scenario import machine
from ..scenario.compiled import CompiledReply, Lookup
from ..scenario.model import CANCELLED, Scenario
from ..scenario.sources import UnknownScenario
from ..scenario.validation import ScenarioError
from . import presigned as storage
from . import views
from .request_bodies import Form, FormError, parse_form
from .responses import clip_reply, error_reply, json_reply, scripted_reply, status_error, storage_reply
from .selection import SCENARIO_HEADER, asked_for, split_model
from .state import Call, FakeState, Refusal, signed_path
from .tasks import CreateParams, Task

__all__ = ["OPERATIONS", "download"]

_LIST_LIMIT = 100
_UNKNOWN_FIELDS, _UNKNOWN_LENGTH = 50, 1000  # how much of unknown fields is written down
_NEAR_TASKS = 200  # how many tasks are looked through for an id like an unknown one
_CACHE = {"cache-control": "public, max-age=86400"}  # as the gateway sends with /content


# --- making tasks -----------------------------------------------------------------------------------------------------


def create(desk: FakeState, call: Call) -> Reply:
    """`POST /v1/videos`: the OpenAI format."""
    form = _form(call)
    return _make(desk, call, form, lambda task, shown: views.create_view(task, shown))


def unified_create(desk: FakeState, call: Call) -> Reply:
    """`POST /v1/video/create`: the unified entry."""

    def view(task: Task, shown: Mapping[str, Any]) -> dict[str, Any]:
        other = uuid.UUID(hex=hashlib.sha256(f"other:{task.id}".encode()).hexdigest()[:32], version=4)
        return views.unified_create_view(task, shown, str(other))

    return _make(desk, call, _form(call), view)


def wrapped_create(desk: FakeState, call: Call) -> Reply:
    """`POST /v1/video/generations`: the wrapped form."""
    return _make(
        desk, call, _form(call), lambda task, shown: views.wrapped_view(task, shown, _lookup(desk, call, task))
    )


def remix(desk: FakeState, call: Call) -> Reply:
    """`POST /v1/videos/{id}/remix` and `/extend`: a new task from the one in the path."""
    source = _task(desk, call)
    call.task = call.state = None
    return _make(desk, call, _form(call), _remix_view, source)


def extensions(desk: FakeState, call: Call) -> Reply:
    """`POST /v1/videos/extensions` and `/edits`: a new task from the one named in the body, or from an upload."""
    form = _form(call)
    video = form.fields.get("video")
    if isinstance(video, Mapping):
        # OctopusX puts the task's id into `url`, OpenAI into `id`.
        video = video.get("id") or video.get("url")
    named = video if isinstance(video, str) else form.text("video[id]") or form.text("video[url]")
    if not named and not any(upload.name == "video" for upload in form.files):
        raise Refusal("invalid_request", "video is required: the id of a task, or a file")
    source = _task(desk, call, named) if named else None
    call.task = call.state = None
    return _make(desk, call, form, _remix_view, source)


def _remix_view(task: Task, shown: Mapping[str, Any]) -> dict[str, Any]:
    # Only OctopusX documents the short reply; its relatives answer as they do to a create.
    return views.task_made_view(task, shown) if task.dialect.name == "octopusx" else views.create_view(task, shown)


def _form(call: Call) -> Form:
    try:
        return parse_form(call.request)
    except FormError as error:
        raise Refusal(error.case, str(error)) from None


def _make(
    desk: FakeState,
    call: Call,
    form: Form,
    view: Callable[[Task, Mapping[str, Any]], Mapping[str, Any]],
    source: Task | None = None,
) -> Reply:
    call.unknown_fields = _unknown(form)
    scenario = _asked_scenario(desk, call, form)
    wish = _wish(desk.dialect_of(scenario), call, form, source)
    if desk.settings.strict:
        _be_strict(desk.dialect, call, wish)
    task = _made(desk, scenario, wish, call)
    nth = desk.creates[scenario.name] = desk.creates.get(scenario.name, 0) + 1
    scripted = task.script.create[nth - 1]
    call.task, call.state = task, task.state
    lookup = _lookup(desk, call, task)

    def natural(reply: CompiledReply | None) -> Reply:
        shown = views.document(task, lookup, call.now, reply.video if reply else None)
        return json_reply(view(task, shown))

    if scripted is None:
        return natural(None)
    made: bool | None = False
    try:
        reply = _scripted(desk, call, task, scripted, lookup, natural)
        made = scripted.said.made
        if made is None:
            made = reply.fault is not None or reply.status < 400
    finally:
        if not made:
            desk.book.discard(task)
            call.task = call.state = None
    return reply


def _unknown(form: Form) -> dict[str, Any] | None:
    """The fields that no create has, as the journal keeps them: not too many, and long ones cut."""
    names = [name for name in form.fields if name.partition("[")[0] not in CREATE_FIELDS]
    unknown = {}
    for name in names[:_UNKNOWN_FIELDS]:
        text = json.dumps(form.fields[name], ensure_ascii=False)
        long = len(text) > _UNKNOWN_LENGTH
        unknown[name] = f"{text[:_UNKNOWN_LENGTH]}... ({len(text)} characters)" if long else form.fields[name]
    return unknown or None


def _asked_scenario(desk: FakeState, call: Call, form: Form) -> Scenario:
    asked = asked_for(call.request.header(SCENARIO_HEADER), form.text("model"), form.text("prompt"))
    return _find(desk, asked or desk.settings.scenario)


def _find(desk: FakeState, name: str) -> Scenario:
    try:
        return desk.scenario(name)
    except UnknownScenario as error:
        raise Refusal("unknown_scenario", str(error)) from None
    except ScenarioError as error:
        raise Refusal("wrong_scenario", str(error)) from None


def _made(
    desk: FakeState, scenario: Scenario, wish: CreateParams, call: Call, *, id: str | None = None, billed: bool = True
) -> Task:
    try:
        return desk.make(scenario, wish, call.now, id=id, billed=billed)
    except ValueError as error:
        raise Refusal("wrong_scenario", f"{scenario.name}: {error}") from None


def _film(desk: FakeState, task: Task, name: str) -> Clip:
    """A film for a task by the name that its scenario gives it: its own, or another."""
    if name == "clip":
        return task.clip
    try:
        return desk.clip(name, task.wish)
    except ValueError as error:
        raise Refusal("wrong_scenario", f"{task.scenario.name}: {error}") from None


def _wish(dialect: Dialect, call: Call, form: Form, source: Task | None) -> CreateParams:
    prompt = form.text("prompt") or ""
    model = split_model((form.text("model") or "").strip())[0]
    if not model:
        model = (source.wish.model if source else "") or dialect.default_model or ""
    if not model:
        raise Refusal("missing_model")
    if not prompt.strip():
        raise Refusal("prompt_required")
    seconds = form.text("seconds") or form.text("duration") or (source.wish.seconds if source else "")
    return CreateParams(
        model=model,
        prompt=prompt,
        seconds=FIXED_SECONDS.get(model) or seconds or dialect.default_seconds,
        size=form.text("size")
        or form.text("resolution")
        or (source.wish.size if source else "")
        or dialect.default_size,
        aspect_ratio=form.text("aspect_ratio") or (source.wish.aspect_ratio if source else ""),
        remixed_from=source.id if source else None,
        made_by=call.route.operation,
    )


def _be_strict(dialect: Dialect, call: Call, wish: CreateParams) -> None:
    if call.unknown_fields:
        name = next(iter(call.unknown_fields))
        close = close_matches(name, CREATE_FIELDS)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        raise Refusal("invalid_request", f"unknown field {name!r}{hint}")
    for name, value, allowed in (
        ("seconds", wish.seconds, dialect.allowed_seconds),
        ("size", wish.size, dialect.allowed_sizes),
        ("aspect_ratio", wish.aspect_ratio, dialect.allowed_aspect_ratios),
    ):
        if value and allowed and value not in allowed:
            raise Refusal("invalid_request", f"{name} {value!r} is not one of {', '.join(allowed)}")
    if not re.fullmatch(r"\d{1,3}", wish.seconds, re.ASCII):
        raise Refusal("invalid_request", f"seconds {wish.seconds!r} is not a whole number")


# --- asking for tasks -------------------------------------------------------------------------------------------------


def poll(desk: FakeState, call: Call) -> Reply:
    """`GET /v1/videos/{task_id}`: the Grok task query."""
    return _poll(desk, call, _task(desk, call), lambda task, shown: shown)


def unified_query(desk: FakeState, call: Call) -> Reply:
    """`GET /v1/video/query?id=`: the unified query."""
    asked = parse_qs(call.request.query).get("id", [""])[-1]
    if not asked:
        raise Refusal("invalid_request", "id is required: /v1/video/query?id=TASK_ID")
    task = _task(desk, call, asked)
    return _poll(desk, call, task, lambda task, shown: views.unified_view(task, shown, _lookup(desk, call, task)))


def wrapped_query(desk: FakeState, call: Call) -> Reply:
    """`GET /v1/video/generations/{task_id}`: the wrapped query."""
    task = _task(desk, call)
    return _poll(desk, call, task, lambda task, shown: views.wrapped_view(task, shown, _lookup(desk, call, task)))


def _poll(
    desk: FakeState, call: Call, task: Task, view: Callable[[Task, Mapping[str, Any]], Mapping[str, Any]]
) -> Reply:
    lookup = _lookup(desk, call, task)
    scripted = task.scripted.poll[task.position.polls]

    def natural(reply: CompiledReply | None) -> Reply:
        shown = views.document(task, lookup, call.now, reply.video if reply else None)
        after = desk.settings.poll_after_ms
        return json_reply(view(task, shown), 200, (("openai-poll-after-ms", str(after)),) if after else ())

    if scripted is not None:
        reply = _scripted(desk, call, task, scripted, lookup, natural)
    elif task.scripted.fixed:
        # The same document until the task moves: it is made and encoded once. This is the hot path of the fake.
        progress = task.scripted.progress(task.position, call.now)
        shown = (call.route.operation, task.position.moves, progress, call.request.origins)
        if task.shown is None or task.shown[0] != shown:
            task.shown = (shown, natural(None))
        made = task.shown[1]
        reply = Reply(made.status, made.headers, made.body)
    else:
        reply = natural(None)
    desk.book.step(task, machine.Poll(call.now))
    return reply


def content(desk: FakeState, call: Call) -> Reply:
    """`GET` and `HEAD /v1/videos/{task_id}/content`: the clip itself, once the task is completed."""
    try:
        task = _task(desk, call)
    except Refusal as refusal:
        if refusal.case != "task_not_exist":
            raise
        raise Refusal("content_unknown_task", refusal.note, **refusal.values) from None
    variant = parse_qs(call.request.query).get("variant", ["video"])[-1]
    if variant != "video" and variant not in desk.shelf.pictures:
        known = ", ".join(("video", *desk.shelf.pictures))
        raise Refusal("invalid_request", f"variant {variant!r} is not one of {known}")

    def clip(name: str) -> Reply:
        film = _film(desk, task, name)
        return clip_reply(call, film if variant == "video" else desk.shelf.pictures[variant], _CACHE)

    def natural(reply: CompiledReply | None) -> Reply:
        if task.scripted.phase is Phase.SUCCEEDED or reply is not None:
            return clip("clip")
        status = task.scripted.status
        shown = task.dialect.words.get(status, status) if status else status
        refusal = Refusal("content_not_completed", gateway_status=views.gateway_status(status), status=shown)
        return error_reply(desk, task.dialect, call, refusal)

    scripted = task.scripted.content[task.serve("content")]
    lookup = _lookup(desk, call, task)
    reply = (
        natural(None) if scripted is None else _scripted(desk, call, task, scripted, lookup, natural, clip)
    )  # fmt: skip
    desk.book.step(task, machine.Event("content", call.now))
    return reply


def download(desk: FakeState, call: Call) -> Reply:
    """`GET` and `HEAD` of a clip at the download host, strict as presigned storage is."""
    request = call.request
    id = call.params["task_id"]
    task = desk.book.get(id)
    link, dot, ending = call.params["link"].rpartition(".")
    if not dot or ending != "mp4":
        call.note = "links end in .mp4"
        return storage_reply(404)
    if task is not None:
        _look_at(desk, call, task)
    relative = parse_qs(request.query).get("relative") == ["1"]
    bearer = bool(request.header("authorization"))
    manners = task.scenario.download_auth if task is not None else "strict"
    refused = storage.refusal(
        desk.secret,
        signed_path(id, link, relative=relative),
        request.query,
        now=call.now,
        authorization=bearer and manners == "strict" and not relative,
    )
    if task is None:
        # Storage looks at the signature first: who has none does not learn what is there.
        call.note = f"no task {id!r}"
        return storage_reply(*refused) if refused else storage_reply(404)
    if refused:
        call.note = refused[2]
        return storage_reply(*refused)
    if manners == "bearer" and not bearer:
        # 64 bytes of JSON where the film should be, as such hosts are known to send.
        return json_reply({"error": {"message": "Unauthorized", "type": "unauthorized_error"}}, 401)
    state = task.scripted
    sequence = state.download if link == "video" else state.downloads.get(link)
    scripted = sequence[task.serve(f"download:{link}")] if sequence is not None else None

    def clip(name: str) -> Reply:
        return clip_reply(call, _film(desk, task, name), {})

    reply = (
        clip("clip")
        if scripted is None
        else scripted_reply(
            scripted,
            lookup=_lookup(desk, call, task),
            natural=lambda reply: clip("clip"),
            clip=clip,
            error=storage_reply,
            enveloped_error=lambda status, said: storage_reply(status, said.get("code", ""), said.get("message", "")),
        )
    )
    desk.book.step(task, machine.Event("download", call.now))
    return reply


def _lookup(desk: FakeState, call: Call, task: Task) -> Lookup:
    return desk.poll_lookup(task, call.request.origins, call.now)


def _task(desk: FakeState, call: Call, id: str | None = None) -> Task:
    """The task that a request asks for, its time settled; an unknown one comes to life or is refused."""
    id = call.params["task_id"] if id is None else id
    task = desk.book.get(id) or _at_first_sight(desk, call, id)
    _look_at(desk, call, task)
    return task


def _look_at(desk: FakeState, call: Call, task: Task) -> None:
    desk.book.settle(task, call.now)
    call.task = task
    call.state = task.state


def _at_first_sight(desk: FakeState, call: Call, id: str) -> Task:
    name = id.removeprefix("video_")
    asked = call.request.header(SCENARIO_HEADER)
    if desk.book.existed(id):
        raise Refusal("task_not_exist", f"the task {id!r} was deleted", task_id=id)
    scenario: Scenario | None = None
    if asked:
        scenario = _find(desk, asked.strip())
    elif name != id:
        try:
            scenario = _find(desk, name)
        except Refusal as refusal:
            if refusal.case != "unknown_scenario":
                raise
    if scenario is None and desk.settings.unknown_tasks == "create":
        scenario = _find(desk, desk.settings.scenario)
    if scenario is None:
        hints = [f"the task {close!r}" for close in close_matches(id, desk.book.newest(_NEAR_TASKS))]
        hints += [f"the scenario {scenario!r}" for scenario in close_matches(name, desk.scenario_names()) if name != id]
        hint = f"; near it: {', '.join(hints)}" if hints else ""
        raise Refusal("task_not_exist", f"no task {id!r} was made here{hint}", task_id=id)
    wish = desk.default_params(desk.dialect_of(scenario))
    return _made(desk, scenario, wish, call, id=id, billed=False)


def _scripted(
    desk: FakeState,
    call: Call,
    task: Task,
    scripted: CompiledReply,
    lookup: Lookup,
    natural: Callable[[CompiledReply | None], Reply],
    clip: Callable[[str], Reply] | None = None,
) -> Reply:
    def film(name: str) -> Reply:
        return clip_reply(call, _film(desk, task, name), {})

    def enveloped_error(status: int, said: Mapping[str, str]) -> Reply:
        if call.route.operation == "content":
            usual = task.dialect.errors["content_upstream" if status >= 500 else "content_not_completed"]
        elif status == 401:
            usual = task.dialect.errors["bad_key"]
        else:
            usual = task.dialect.errors["invalid_request" if status < 500 else "server_error"]
        case = ErrorCase(status, usual.envelope, said.get("code", ""), "", usual.type)
        return json_reply(enveloped(case, said.get("message", "")), status)

    return scripted_reply(
        scripted,
        lookup=lookup,
        natural=natural,
        clip=clip or film,
        error=lambda status: status_error(desk, call, status),
        enveloped_error=enveloped_error,
    )


# --- the rest ---------------------------------------------------------------------------------------------------------


def list_tasks(desk: FakeState, call: Call) -> Reply:
    """`GET /v1/videos?after&limit&order`: cursor pages, newest first unless `order=asc`. No poll: nothing moves."""
    asked = {name: values[-1] for name, values in parse_qs(call.request.query).items()}
    limit, order, after = asked.get("limit", "20"), asked.get("order", "desc"), asked.get("after")
    if not re.fullmatch(r"\d{1,6}", limit, re.ASCII) or not 1 <= int(limit) <= _LIST_LIMIT:
        raise Refusal("invalid_request", f"limit {limit!r} is not a number from 1 to {_LIST_LIMIT}")
    if order not in ("asc", "desc"):
        raise Refusal("invalid_request", f"order {order!r} is neither 'asc' nor 'desc'")
    tasks = list(desk.book)
    if order == "desc":
        tasks.reverse()
    if after is not None:
        ids = [task.id for task in tasks]
        if after not in ids:
            raise Refusal("invalid_request", f"after: no task {after!r}")
        tasks = tasks[ids.index(after) + 1 :]
    page = tasks[: int(limit)]
    for task in page:
        desk.book.settle(task, call.now)
    data = [views.document(task, _lookup(desk, call, task), call.now) for task in page]
    return json_reply(
        {
            "object": "list",
            "data": data,
            "first_id": page[0].id if page else None,
            "last_id": page[-1].id if page else None,
            "has_more": len(tasks) > len(page),
        }
    )


def delete(desk: FakeState, call: Call) -> Reply:
    """`DELETE /v1/videos/{id}`: from then on the task is unknown; what it cost stays on the bill."""
    task = _task(desk, call)
    desk.book.delete(task)
    return json_reply({"id": task.id, "object": "video.deleted", "deleted": True})


def cancel(desk: FakeState, call: Call) -> Reply:
    """`POST /v1/videos/{id}/cancel`: the task moves, then is shown; one that has ended cannot be cancelled."""
    task = _task(desk, call)
    if not task.ended:
        desk.book.step(task, machine.Event("cancel", call.now))
    elif task.scripted.phase is Phase.PENDING:
        # Stuck for ever as far as its scenario goes, but to the client a task under way as any other.
        desk.book.move(task, CANCELLED, call.now)
    else:
        raise Refusal("already_ended", f"the task {task.id!r} has ended in {task.state!r}", status=task.scripted.status)
    return json_reply(views.document(task, _lookup(desk, call, task), call.now))


def create_character(desk: FakeState, call: Call) -> Reply:
    """`POST /v1/videos/characters`: a name and a clip."""
    form = _form(call)
    name = form.text("name")
    if not name:
        raise Refusal("invalid_request", "name is required")
    if not form.files and not form.fields.get("video"):
        raise Refusal("invalid_request", "video is required: a file")
    digest = hashlib.sha256(f"{desk.settings.seed}:character:{len(desk.characters)}".encode()).hexdigest()
    made = {"id": f"char_{digest[:24]}", "object": "character", "created_at": int(call.now), "name": name}
    desk.characters[made["id"]] = made  # type: ignore[index]
    return json_reply(made)


def character(desk: FakeState, call: Call) -> Reply:
    """`GET /v1/videos/characters/{id}`."""
    found = desk.characters.get(call.params["character_id"])
    if found is None:
        raise Refusal("not_found", f"no character {call.params['character_id']!r} was made here")
    return json_reply(found)


def models(desk: FakeState, call: Call) -> Reply:
    """`GET /v1/models`: the models that the dialect's pages name."""
    data = [
        {"id": model, "object": "model", "created": 1735689600, "owned_by": desk.dialect.name}
        for model in desk.dialect.models
    ]
    return json_reply({"object": "list", "data": data})


Operation = Callable[[FakeState, Call], Reply]

OPERATIONS: Mapping[str, Operation] = {
    "create": create,
    "list": list_tasks,
    "poll": poll,
    "delete": delete,
    "content": content,
    "cancel": cancel,
    "remix": remix,
    "extend": remix,
    "extensions": extensions,
    "edits": extensions,
    "create_character": create_character,
    "character": character,
    "unified_create": unified_create,
    "unified_query": unified_query,
    "wrapped_create": wrapped_create,
    "wrapped_query": wrapped_query,
    "models": models,
    "download": download,
}
