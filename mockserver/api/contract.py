"""What the API promises, as tables.

Everything here is a fact of OctopusX's documented video API (or, where a line says so, of the gateway that it runs).
Views, strategies, rules, documentation and the OpenAPI document derive from these tables; nothing else restates them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, NamedTuple

__all__ = [
    "CREATE_FIELDS",
    "DOCUMENTED_STATUSES",
    "DOWNLOAD_ALIAS",
    "DOWNLOAD_ROUTE",
    "FIXED_SECONDS",
    "GATEWAY_STATUSES",
    "OCTOPUSX_STATUSES",
    "OUTCOMES",
    "ROUTES",
    "SEEDANCE_STATUSES",
    "STATUS_PHASES",
    "TASK_QUERY",
    "TASK_STATUSES",
    "URL_FIELDS",
    "URL_FIELDS_TABLE_READING",
    "WRAPPED_STATUSES",
    "FieldFact",
    "FoundUrl",
    "OutcomeName",
    "Phase",
    "PhaseStatuses",
    "Route",
    "StatusFact",
    "is_waiting",
    "phase_of",
    "result_urls",
    "unified_status",
]


class Phase(StrEnum):
    """What a status means to a client: wait, fetch, or give up."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StatusFact:
    """One status of a task: its phase, and where it is documented.

    - `source`: whose pages name it for the task object: `"octopusx"`, or `"openai"` for one that only the API which
      OctopusX imitates has; None: other pages or gateways use it.
    - `waiting`: the work has not started.
    - `unified`: the status of such a task on the pages of the unified interface, where that is another.
    """

    phase: Phase
    source: Literal["octopusx", "openai"] | None = None
    waiting: bool = False
    unified: str | None = None


# Every known status. Any other is read as "not the end yet": a client that stops at an unknown one loses a clip.
TASK_STATUSES: Mapping[str, StatusFact] = {
    "queued": StatusFact(Phase.PENDING, "octopusx", waiting=True, unified="pending"),
    "pending": StatusFact(Phase.PENDING, waiting=True),
    "processing": StatusFact(Phase.PENDING, "octopusx"),
    "in_progress": StatusFact(Phase.PENDING, "openai", unified="processing"),
    "running": StatusFact(Phase.PENDING),
    "submitted": StatusFact(Phase.PENDING, waiting=True),
    "not_start": StatusFact(Phase.PENDING, waiting=True),
    "unknown": StatusFact(Phase.PENDING),
    "completed": StatusFact(Phase.SUCCEEDED, "octopusx"),
    "succeeded": StatusFact(Phase.SUCCEEDED),
    "success": StatusFact(Phase.SUCCEEDED),
    "done": StatusFact(Phase.SUCCEEDED),
    "failed": StatusFact(Phase.FAILED, "octopusx"),
    "failure": StatusFact(Phase.FAILED),
    "cancelled": StatusFact(Phase.FAILED, "octopusx", unified="failed"),
    "canceled": StatusFact(Phase.FAILED),
    "expired": StatusFact(Phase.FAILED, unified="failed"),
}
STATUS_PHASES: Mapping[str, Phase] = {name: fact.phase for name, fact in TASK_STATUSES.items()}
# The statuses of a task object that OctopusX's pages name; and those with the ones of the API that it imitates.
OCTOPUSX_STATUSES = tuple(name for name, fact in TASK_STATUSES.items() if fact.source == "octopusx")
DOCUMENTED_STATUSES = frozenset(name for name, fact in TASK_STATUSES.items() if fact.source is not None)


def phase_of(status: object) -> Phase:
    """The phase a status stands for; case and surrounding blanks do not count, unknown ones are pending."""
    if not isinstance(status, str):
        return Phase.PENDING
    return STATUS_PHASES.get(status.strip().casefold(), Phase.PENDING)


def is_waiting(status: object) -> bool:
    """Whether the work of a task with this status has not started; case and surrounding blanks do not count."""
    fact = TASK_STATUSES.get(status.strip().casefold()) if isinstance(status, str) else None
    return fact is not None and fact.waiting


def unified_status(status: Any) -> Any:
    """A status as the unified interface shows it; what is unknown stays as it is."""
    fact = TASK_STATUSES.get(status) if isinstance(status, str) else None
    return status if fact is None or fact.unified is None else fact.unified


class PhaseStatuses(NamedTuple):
    """The four statuses of a page that has no more of them."""

    waiting: str
    processing: str
    succeeded: str
    failed: str

    def of(self, status: object) -> str:
        """The one that stands for any status of the task object."""
        match phase_of(status):
            case Phase.SUCCEEDED:
                return self.succeeded
            case Phase.FAILED:
                return self.failed
        return self.waiting if is_waiting(status) else self.processing


# Task Status, `GET /v1/video/generations/{task_id}`; the same with Seedance's models; and the gateway's `/content`.
WRAPPED_STATUSES = PhaseStatuses("queued", "processing", "succeeded", "failed")
SEEDANCE_STATUSES = PhaseStatuses("SUBMITTED", "IN_PROGRESS", "SUCCESS", "FAILURE")
GATEWAY_STATUSES = PhaseStatuses("NOT_START", "IN_PROGRESS", "SUCCESS", "FAILURE")


# "Polling recommendations", docs.octopusx.ai, Grok Task Query: where a client looks for the result, in this order.
URL_FIELDS: tuple[str, ...] = ("output.url", "video_url", "url", "detail.url")
# The field table of the same page reads `video_url` first; a project may say that it follows that reading.
URL_FIELDS_TABLE_READING: tuple[str, ...] = ("video_url", "output.url", "url", "detail.url")


@dataclass(frozen=True, slots=True)
class FoundUrl:
    """A result URL and the dotted field that held it."""

    field: str
    url: str


def result_urls(document: object, order: tuple[str, ...] = URL_FIELDS) -> Iterator[FoundUrl]:
    """Every usable result URL in `document`, best first: the reference reading of the documented order.

    Absent is: no key, `null`, an empty or blank string, anything that is not a string, an object without the key.
    """
    for field in order:
        value = document
        for key in field.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        if isinstance(value, str) and value.strip():
            yield FoundUrl(field, value.strip())


@dataclass(frozen=True, slots=True)
class FieldFact:
    """One field of the documented task object: its JSON type and what it says."""

    name: str
    type: str
    meaning: str


# Grok Task Query, `GET /v1/videos/{task_id}`: the fields of the reply in the documented order.
TASK_QUERY: tuple[FieldFact, ...] = (
    FieldFact("id", "string", "Task id."),
    FieldFact("object", "string", 'Always "video".'),
    FieldFact("model", "string", "The model that makes the clip."),
    FieldFact("status", "string", "Commonly processing, failed or completed."),
    FieldFact("progress", "integer", "Percentage."),
    FieldFact("created_at", "integer", "Unix seconds."),
    FieldFact("completed_at", "integer", "Unix seconds; 0 until the end."),
    FieldFact("expires_at", "integer", "Unix seconds; when the result expires."),
    FieldFact("seconds", "string", "Duration of the clip in seconds."),
    FieldFact("size", "string", "Resolution tier."),
    FieldFact("remixed_from_video_id", "string", "The task this one was made from; empty when none."),
    FieldFact("error", "object", "Failure reason: message and code, empty strings while there is none."),
    FieldFact("video_url", "string", "The result; empty until completed."),
)


@dataclass(frozen=True, slots=True)
class Route:
    """One route of the API: its operation's name, method, path and where it is documented.

    `poll` marks the routes that count as a status poll, `creates` those that make a task.
    `dialects` is empty for a route that every dialect has.
    """

    operation: str
    method: str
    path: str
    summary: str
    source: str
    poll: bool = False
    creates: bool = False
    dialects: tuple[str, ...] = ()


_VIDEOS = "OctopusX: videos/openai-videos"
_GROK = "OctopusX: videos/grok"
_UNIFIED = "OctopusX: the unified video interface"
_WRAPPED = "OctopusX: tasks/task-status"
_OPENAI = "OpenAI Videos API"

ROUTES: tuple[Route, ...] = (
    Route("create", "POST", "/v1/videos", "Create a task.", _VIDEOS, creates=True),
    Route("list", "GET", "/v1/videos", "List tasks, newest first, by cursor.", _OPENAI),
    Route("poll", "GET", "/v1/videos/{task_id}", "Ask for a task's status.", _GROK + " (Grok Task Query)", poll=True),
    Route("delete", "DELETE", "/v1/videos/{task_id}", "Delete a task.", _OPENAI),
    Route("content", "GET", "/v1/videos/{task_id}/content", "Download the clip.", _GROK + " (Grok Task Query)"),
    Route("content", "HEAD", "/v1/videos/{task_id}/content", "The headers of the clip.", "RFC 9110, 9.3.2"),
    Route("cancel", "POST", "/v1/videos/{task_id}/cancel", "Cancel a task.", "ours: the pages name only the status"),
    Route("remix", "POST", "/v1/videos/{task_id}/remix", "A new task from an old one.", _VIDEOS, creates=True),
    Route("extend", "POST", "/v1/videos/{task_id}/extend", "A longer clip from a task's.", _GROK, creates=True),
    Route("extensions", "POST", "/v1/videos/extensions", "A longer clip from a task's.", _GROK, creates=True),
    Route("edits", "POST", "/v1/videos/edits", "A new task that edits a clip.", _OPENAI, creates=True,
          dialects=("openai",)),
    Route("create_character", "POST", "/v1/videos/characters", "Make a character from a clip.", _OPENAI,
          dialects=("openai",)),
    Route("character", "GET", "/v1/videos/characters/{character_id}", "Look at a character.", _OPENAI,
          dialects=("openai",)),
    Route("unified_create", "POST", "/v1/video/create", "Create a task.", _UNIFIED, creates=True,
          dialects=("octopusx", "new-api")),
    Route("unified_query", "GET", "/v1/video/query", "Ask for a task's status, `?id=`.", _UNIFIED, poll=True,
          dialects=("octopusx", "new-api")),
    Route("wrapped_create", "POST", "/v1/video/generations", "Create a task.", _WRAPPED, creates=True,
          dialects=("octopusx", "new-api")),
    Route("wrapped_query", "GET", "/v1/video/generations/{task_id}", "Ask for a task's status.", _WRAPPED, poll=True,
          dialects=("octopusx", "new-api")),
    Route("models", "GET", "/v1/models", "List the models.", "OpenAI Models API"),
)  # fmt: skip

# The download host's own route: where `{download_url}` points to. Its path is ours; the documentation shows only a URL.
DOWNLOAD_ROUTE = Route("download", "GET", "/clips/{task_id}/{link}", "The clip's file, as presigned storage.", "ours")

# The download host below the API's own base, for servers with one port.
DOWNLOAD_ALIAS = "/_download"

# What a create may carry (any of its routes and relatives); anything else is unknown: kept in the journal, and refused
# only by a strict fake.
CREATE_FIELDS = frozenset({
    "aspect_ratio", "duration", "enhance_prompt", "enable_upsample", "image", "images", "input_reference", "metadata",
    "mode", "model", "name", "private", "prompt", "resolution", "seconds", "size", "style", "video", "watermark",
})  # fmt: skip

# Models whose duration is fixed, whatever was asked (videos/grok).
FIXED_SECONDS: Mapping[str, str] = {"grok-video-3-pro": "10", "grok-video-3-max": "15"}

# What a client that keeps the contract ends with.
OutcomeName = Literal["clip", "failed", "no_clip", "no_end", "refused"]
OUTCOMES: Mapping[OutcomeName, str] = {
    "clip": "it delivers the clip, whole and unchanged",
    "failed": "the task failed, was cancelled or expired, and it says so",
    "no_clip": "the task completed, but the clip cannot be had anywhere, and it says so",
    "no_end": "the task never reaches an end, and it gives up",
    "refused": "the API does not let it in, or does not know the task, and it says so",
}
