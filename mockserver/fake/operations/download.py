"""The two places that a clip is downloaded from: `/content` and the download host."""

from __future__ import annotations

from urllib.parse import parse_qs

from ...api.contract import GATEWAY_STATUSES, Phase
from ...api.messages import Reply
from ...scenario import machine
from ...scenario.compiled import CompiledReply
from .. import presigned
from ..context import RequestContext
from ..responses import clip_reply, error_reply, json_reply, scripted_reply, storage_reply
from ..state import FakeState, Refusal, signed_path
from .shared import clip_named, compiled_reply_to, placeholder_lookup, requested_task, settle

__all__ = ["content", "download"]

_CACHE = {"cache-control": "public, max-age=86400"}  # as the gateway sends with /content


def content(state: FakeState, context: RequestContext) -> Reply:
    """`GET` and `HEAD /v1/videos/{task_id}/content`: the clip itself, once the task is completed."""
    try:
        task = requested_task(state, context)
    except Refusal as refusal:
        if refusal.case != "task_not_exist":
            raise
        raise Refusal("content_unknown_task", refusal.note, **refusal.values) from None
    variant = parse_qs(context.request.query).get("variant", ["video"])[-1]
    if variant != "video" and variant not in state.clip_store.pictures:
        known = ", ".join(("video", *state.clip_store.pictures))
        raise Refusal("invalid_request", f"variant {variant!r} is not one of {known}")

    def clip(name: str) -> Reply:
        own = clip_named(state, task, name)
        return clip_reply(context, own if variant == "video" else state.clip_store.pictures[variant], _CACHE)

    def default_reply(reply: CompiledReply | None) -> Reply:
        if task.current.phase is Phase.SUCCEEDED or reply is not None:
            return clip("clip")
        status = task.current.status
        shown_status = task.dialect.statuses.get(status, status) if status else status
        refusal = Refusal("content_not_completed", gateway_status=GATEWAY_STATUSES.of(status), status=shown_status)
        return error_reply(state, task.dialect, context, refusal)

    scripted = task.current.content[task.count_request("content")]
    if scripted is None:
        reply = default_reply(None)
    else:
        lookup = placeholder_lookup(state, context, task)
        reply = compiled_reply_to(state, context, task, scripted, lookup, default_reply, clip)
    state.tasks.step(task, machine.Event("content", context.now))
    return reply


def download(state: FakeState, context: RequestContext) -> Reply:
    """`GET` and `HEAD` of a clip at the download host, strict as presigned storage is."""
    request = context.request
    id = context.path_params["task_id"]
    task = state.tasks.get(id)
    link, dot, ending = context.path_params["link"].rpartition(".")
    if not dot or ending != "mp4":
        context.note = "paths of clips end in .mp4"
        return storage_reply(404)
    if task is not None:
        settle(state, context, task)
    relative = parse_qs(request.query).get("relative") == ["1"]
    bearer = bool(request.header("authorization"))
    authorization = task.scenario.download_auth if task is not None else "strict"
    refused = presigned.refusal(
        state.secret,
        signed_path(id, link, relative=relative),
        request.query,
        now=context.now,
        authorization=bearer and authorization == "strict" and not relative,
    )
    if task is None:
        # Storage looks at the signature first: who has none does not learn what is there.
        context.note = f"no task {id!r}"
        return storage_reply(*refused) if refused else storage_reply(404)
    if refused:
        context.note = refused[2]
        return storage_reply(*refused)
    if authorization == "bearer" and not bearer:
        # 64 bytes of JSON where the clip should be, as such hosts are known to send.
        return json_reply({"error": {"message": "Unauthorized", "type": "unauthorized_error"}}, 401)
    current = task.current
    sequence = current.download if link == "video" else current.downloads.get(link)
    scripted = sequence[task.count_request(f"download:{link}")] if sequence is not None else None

    def clip(name: str) -> Reply:
        return clip_reply(context, clip_named(state, task, name), {})

    reply = (
        clip("clip")
        if scripted is None
        else scripted_reply(
            scripted,
            lookup=placeholder_lookup(state, context, task),
            default_reply=lambda reply: clip("clip"),
            clip=clip,
            error=storage_reply,
            enveloped_error=lambda status, error: storage_reply(
                status, error.get("code", ""), error.get("message", "")
            ),
        )
    )
    state.tasks.step(task, machine.Event("download", context.now))
    return reply
