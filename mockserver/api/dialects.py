"""The family of gateways as data: statuses, fields and how absence looks, the URL's place, errors.

One more gateway is one more table here. `octopusx` is the documentation, literally; where it is silent it follows
`new-api`, the gateway that it runs; `openai` is the Videos API that both imitate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

__all__ = ["DIALECTS", "OMIT", "Dialect", "ErrorCase", "enveloped"]


class _Omit:
    """Stands for "the key is not there"."""

    def __repr__(self) -> str:
        return "OMIT"


OMIT: Final = _Omit()


@dataclass(frozen=True, slots=True)
class ErrorCase:
    """One error as it is answered. `envelope` names the shape of the body:

    - `gateway`: `{"error": {"message", "type", "code"}}`
    - `openai`: `{"error": {"message", "type", "param", "code"}}`
    - `task`: `{"code", "message", "data": null}`
    - `content`: `{"error": {"message", "type"}}`

    `message` may hold `{placeholders}` that the fake fills.
    """

    status: int
    envelope: Literal["gateway", "openai", "task", "content"]
    code: str | None
    message: str
    type: str = "invalid_request_error"


def enveloped(case: ErrorCase, message: str) -> dict[str, Any]:
    """A message in its case's envelope."""
    match case.envelope:
        case "task":
            return {"code": case.code, "message": message, "data": None}
        case "content":
            return {"error": {"message": message, "type": case.type}}
        case "gateway":
            return {"error": {"message": message, "type": case.type, "code": case.code}}
        case _:
            # new-api writes "" for an absent param beside a "" code, OpenAI null beside null.
            param = "" if case.code == "" else None
            return {"error": {"message": message, "type": case.type, "param": param, "code": case.code}}


@dataclass(frozen=True, slots=True)
class Dialect:
    """One gateway's dialect.

    `statuses` maps a scenario's status to the gateway's; one that is not there is shown as it is. `fields` are
    the keys of the task object in order, each with what stands there while there is no value (`OMIT`: no key).
    `url_field` is the dotted place where a scenario's `video_url` is shown (None: nowhere). `create_fields` are the
    keys of a create reply. `expires` says when `expires_at` has a value: `"always"` or `"completed"`.
    """

    name: str
    summary: str
    statuses: Mapping[str, str]
    fields: tuple[tuple[str, Any], ...]
    create_fields: tuple[str, ...]
    url_field: str | None
    expires: Literal["always", "completed"]
    default_model: str | None
    default_seconds: str
    default_size: str
    models: tuple[str, ...]
    errors: Mapping[str, ErrorCase]
    allowed_seconds: tuple[str, ...] = ()
    allowed_sizes: tuple[str, ...] = ()
    allowed_aspect_ratios: tuple[str, ...] = field(default=("16:9", "9:16", "2:3", "3:2", "1:1"))


_NO_ERROR = {"message": "", "code": ""}

# new-api's errors, read in its source, with the cases that OctopusX's pages leave open.
_GATEWAY_ERRORS: Mapping[str, ErrorCase] = {
    "no_key": ErrorCase(401, "gateway", "", "No token provided (request id: {request_id})", "new_api_error"),
    "bad_key": ErrorCase(401, "gateway", "", "Invalid token (request id: {request_id})", "new_api_error"),
    "forbidden": ErrorCase(403, "gateway", "", "No permission (request id: {request_id})", "new_api_error"),
    "model_not_found": ErrorCase(
        503, "gateway", "model_not_found",
        "No available channel for model {model} (request id: {request_id})", "new_api_error",
    ),
    "unknown_route": ErrorCase(404, "openai", "", "Invalid URL ({method} {path})"),
    "method_not_allowed": ErrorCase(405, "openai", "", "Method not allowed ({method} {path})"),
    "body_too_large": ErrorCase(413, "openai", "", "The request's body is too large"),
    "task_not_exist": ErrorCase(400, "task", "task_not_exist", "task_not_exist"),
    "prompt_required": ErrorCase(400, "task", "invalid_request", "prompt is required"),
    "missing_model": ErrorCase(400, "task", "missing_model", "model field is required"),
    "invalid_request": ErrorCase(400, "task", "invalid_request", "{why}"),
    "invalid_json": ErrorCase(400, "task", "invalid_json", "{why}"),
    "invalid_multipart_form": ErrorCase(400, "task", "invalid_multipart_form", "{why}"),
    "quota": ErrorCase(403, "task", "insufficient_user_quota", "The quota of this account is used up"),
    "too_many_requests": ErrorCase(429, "task", "too_many_requests", "Too many requests, try again later"),
    "content_unknown_task": ErrorCase(404, "content", None, "Task not found"),
    "content_not_completed": ErrorCase(
        400, "content", None, "Task is not completed yet, current status: {gateway_status}"
    ),
    "content_upstream": ErrorCase(502, "content", None, "Failed to fetch video content", "server_error"),
    "unknown_scenario": ErrorCase(400, "task", "unknown_scenario", "{why}"),
    "wrong_scenario": ErrorCase(400, "task", "wrong_scenario", "{why}"),
    "already_ended": ErrorCase(400, "task", "task_already_ended", "The task has ended, current status: {status}"),
    "not_found": ErrorCase(404, "openai", "", "Not found"),
    "server_error": ErrorCase(500, "gateway", "", "{phrase} (request id: {request_id})", "new_api_error"),
}  # fmt: skip


def _openai_error(status: int, message: str, code: str | None = None, type: str = "invalid_request_error") -> ErrorCase:
    return ErrorCase(status, "openai", code, message, type)


_OPENAI_ERRORS: Mapping[str, ErrorCase] = {
    "no_key": _openai_error(401, "You didn't provide an API key."),
    "bad_key": _openai_error(401, "Incorrect API key provided: {key}.", "invalid_api_key"),
    "forbidden": _openai_error(403, "You have insufficient permissions for this operation."),
    "model_not_found": _openai_error(404, "The model '{model}' does not exist.", "model_not_found"),
    "unknown_route": _openai_error(404, "Invalid URL ({method} {path})"),
    "method_not_allowed": _openai_error(405, "Method not allowed ({method} {path})"),
    "body_too_large": _openai_error(413, "The request's body is too large"),
    "task_not_exist": _openai_error(404, "Video with id '{task_id}' not found."),
    "prompt_required": _openai_error(400, "Missing required parameter: 'prompt'.", "missing_required_parameter"),
    "missing_model": _openai_error(400, "Missing required parameter: 'model'.", "missing_required_parameter"),
    "invalid_request": _openai_error(400, "{why}", "invalid_value"),
    "invalid_json": _openai_error(400, "{why}", "invalid_json"),
    "invalid_multipart_form": _openai_error(400, "{why}", "invalid_multipart_form"),
    "quota": _openai_error(429, "You exceeded your current quota.", "insufficient_quota", "insufficient_quota"),
    "too_many_requests": _openai_error(429, "Rate limit reached.", "rate_limit_exceeded", "rate_limit_error"),
    "content_unknown_task": _openai_error(404, "Video with id '{task_id}' not found."),
    "content_not_completed": _openai_error(404, "The video is not ready yet, current status: {status}"),
    "content_upstream": _openai_error(502, "Failed to fetch video content", None, "server_error"),
    "unknown_scenario": _openai_error(400, "{why}", "unknown_scenario"),
    "wrong_scenario": _openai_error(400, "{why}", "wrong_scenario"),
    "already_ended": _openai_error(400, "The video has ended, current status: {status}"),
    "not_found": _openai_error(404, "Not found"),
    "server_error": _openai_error(500, "{phrase}", None, "server_error"),
}

_GROK_MODELS = ("grok-video-3", "grok-video-3-pro", "grok-video-3-max", "grok-imagine-video")
_GATEWAY_MODELS = (*_GROK_MODELS, "sora-2", "sora-2-pro", "veo_3_1-fast")

DIALECTS: Mapping[str, Dialect] = {
    "octopusx": Dialect(
        name="octopusx",
        summary="OctopusX's documentation, literally (the default)",
        statuses={},
        fields=(
            ("id", OMIT),
            ("object", OMIT),
            ("model", OMIT),
            ("status", OMIT),
            ("progress", OMIT),
            ("created_at", OMIT),
            ("completed_at", 0),
            ("expires_at", OMIT),
            ("seconds", OMIT),
            ("size", OMIT),
            ("remixed_from_video_id", ""),
            ("error", _NO_ERROR),
            ("video_url", ""),
        ),
        create_fields=("id", "object", "model", "status", "progress", "created_at", "size"),
        url_field="video_url",
        expires="always",
        default_model=None,
        default_seconds="6",
        default_size="720P",
        models=_GATEWAY_MODELS,
        errors=_GATEWAY_ERRORS,
        allowed_sizes=("720P", "1080P", "720x1280", "1280x720", "1024x1792", "1792x1024"),
    ),
    "new-api": Dialect(
        name="new-api",
        summary="the gateway that OctopusX runs: the URL in metadata.url, empty fields left out",
        statuses={"processing": "in_progress", "cancelled": "failed", "expired": "failed"},
        fields=(
            ("id", OMIT),
            ("task_id", OMIT),
            ("object", OMIT),
            ("model", OMIT),
            ("status", OMIT),
            ("progress", OMIT),
            ("created_at", OMIT),
            ("completed_at", OMIT),
            ("expires_at", OMIT),
            ("seconds", OMIT),
            ("size", OMIT),
            ("remixed_from_video_id", OMIT),
            ("error", OMIT),
            ("metadata", OMIT),
        ),
        create_fields=("id", "task_id", "object", "model", "status", "progress", "created_at", "seconds", "size"),
        url_field="metadata.url",
        expires="completed",
        default_model=None,
        default_seconds="6",
        default_size="720P",
        models=_GATEWAY_MODELS,
        errors=_GATEWAY_ERRORS,
        allowed_sizes=("720P", "1080P", "720x1280", "1280x720", "1024x1792", "1792x1024"),
    ),
    "openai": Dialect(
        name="openai",
        summary="the OpenAI Videos API: no URL in the object, null for what is absent, list and delete",
        statuses={"processing": "in_progress", "cancelled": "failed", "expired": "failed"},
        fields=(
            ("id", OMIT),
            ("object", OMIT),
            ("created_at", OMIT),
            ("status", OMIT),
            ("completed_at", None),
            ("error", None),
            ("expires_at", None),
            ("model", OMIT),
            ("progress", OMIT),
            ("prompt", None),
            ("remixed_from_video_id", None),
            ("seconds", OMIT),
            ("size", OMIT),
        ),
        create_fields=(
            "id", "object", "created_at", "status", "completed_at", "error", "expires_at", "model", "progress",
            "prompt", "remixed_from_video_id", "seconds", "size",
        ),
        url_field=None,
        expires="completed",
        default_model="sora-2",
        default_seconds="4",
        default_size="720x1280",
        models=("sora-2", "sora-2-pro"),
        errors=_OPENAI_ERRORS,
        allowed_seconds=("4", "8", "12", "16", "20"),
        allowed_sizes=("720x1280", "1280x720", "1024x1792", "1792x1024"),
        allowed_aspect_ratios=(),
    ),
}  # fmt: skip
