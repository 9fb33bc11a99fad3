"""A scenario as data: the script that a task of a fake follows.

These are plain, frozen values: they compare by content, can be built in Python, and `reader` and `writer` turn them
from YAML or JSON text and back without loss. What makes one *right* (no dead ends, no unknown names) is checked by
`validation`, for files and for Python alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..api.contract import OUTCOMES, OutcomeName
from ..api.dialects import DIALECTS
from ..api.messages import Fault
from .keys import about
from .limits import DOWNLOAD_AUTH, MAX_INTEGER, MIN_INTEGER, STATUSES, TASK_ID, WORD, DownloadAuth

__all__ = [
    "BUILT_IN_STATES",
    "CANCELLED",
    "EVENTS",
    "Event",
    "Expect",
    "ReplyTemplate",
    "Scenario",
    "State",
    "Transition",
    "is_ramp",
    "usual_status",
]

# What a client does to a task besides polling it; a state can be left `on` one of these.
Event = Literal["content", "download", "cancel"]
EVENTS: Mapping[Event, str] = {
    "content": "the clip was asked for at /content",
    "download": "the clip was asked for at its download URL",
    "cancel": "the task was cancelled",
}

# The state after a cancel where no transition names another; it need not be declared.
CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ReplyTemplate:
    """One scripted reply: what a route answers once (or `times` times; the last of a sequence stays).

    At most one of `video`, `json`, `text`, `html`, `clip`, `error` and `redirect` says what the body is. With none of
    them the body is the route's own: the task object, the clip, or the documented error for an error `status`.

    - `video`: merged into the task object of this state, key by key.
    - `json`, `text`, `html`: the whole body, as written.
    - `clip`: the name of a clip; `"clip"` is the task's own, `"decoy"` another one.
    - `error`: `code` and `message`, in the dialect's error envelope.
    - `redirect`: the URL for a `Location` header (default `status`: 302).

    `status` is None for the default: 302 for a redirect, 500 for an error, else 200. `headers` are merged into the
    route's own; None removes one. `delay` is in seconds of the fake's clock. `made` is for create replies: whether
    the task exists although the reply is an error (default: yes for a fault, no for an error status).
    """

    status: int | None = field(
        default=None,
        metadata=about(
            "integer",
            "The HTTP status. Default: 302 for a redirect, 500 for an error, else 200.",
            minimum=STATUSES.start,
            maximum=STATUSES.stop - 1,
        ),
    )
    headers: Mapping[str, str | None] = field(
        default_factory=dict,
        metadata=about(
            "headers",
            "Merged into the route's own headers; null removes one.",
        ),
    )
    video: Mapping[str, Any] | None = field(
        default=None,
        metadata=about(
            "video",
            "Merged into the task object of this state, key by key.",
            is_body=True,
        ),
    )
    json: Any = field(default=None, metadata=about("any", "The whole body.", is_body=True))
    has_json: bool = False  # `json: null` is a body too
    text: str | None = field(default=None, metadata=about("text", "The whole body, as text/plain.", is_body=True))
    html: str | None = field(default=None, metadata=about("text", "The whole body, as text/html.", is_body=True))
    clip: str | None = field(
        default=None,
        metadata=about(
            "text",
            "The name of a clip: `clip` is the task's own, `decoy` is another one.",
            is_body=True,
        ),
    )
    error: Mapping[str, str] | None = field(
        default=None,
        metadata=about(
            "error",
            "A code and a message in the dialect's error envelope.",
            is_body=True,
        ),
    )
    redirect: str | None = field(
        default=None,
        metadata=about(
            "text",
            "The URL of a Location header.",
            is_body=True,
        ),
    )
    delay: float = field(default=0.0, metadata=about("duration", "How long the reply takes to come. Default: none."))
    fault: Fault | None = field(default=None, metadata=about("fault", "How the reply goes wrong on the wire."))
    times: int = field(
        default=1,
        metadata=about(
            "integer",
            "For how many requests. The last reply of a list stays. Default: 1.",
            minimum=1,
            maximum=MAX_INTEGER,
        ),
    )
    made: bool | None = field(
        default=None,
        metadata=about(
            "flag",
            "Whether the task exists all the same. Default: after a fault yes, after an error status no.",
        ),
    )


@dataclass(frozen=True, slots=True)
class Transition:
    """How a task leaves a state, by exactly one trigger.

    `polls`: after that many polls were answered in the state. `seconds`: after that long in it. `on`: at an event
    (`EVENTS`). `signal`: when the test sends it. `chance` is the probability, decided each time the trigger comes
    with the scenario's seed; where it fails, the next transition in the list has its turn.
    """

    state: str = field(metadata=about("text", "The state that comes next.", pattern=WORD))
    polls: int | None = field(
        default=None,
        metadata=about(
            "after",
            "So many polls were answered in the state (`2 polls`), or that much time has passed in it (`45s`).",
            name="after",
        ),
    )
    seconds: float | None = None  # the other form of `after`
    on: Event | None = field(
        default=None,
        metadata=about(
            "text",
            "The client does something else than polling.",
            choices=EVENTS,
        ),
    )
    signal: str | None = field(default=None, metadata=about("text", "The test sends this signal.", pattern=WORD))
    chance: float = field(
        default=1.0,
        metadata=about(
            "number",
            "The probability of the transition when its time comes, above 0 and up to 1. Default: 1.",
            minimum=0,
            maximum=1,
        ),
    )


@dataclass(frozen=True, slots=True)
class State:
    """What each route answers while a task is in this state, and how the state is left.

    `video` is merged into the documented task object; `unified` and `wrapped` into what those two routes make of it.
    `poll`, `content` and `download` are sequences of replies, one a request; empty means the route's own answer.
    `downloads` holds the replies of named links (`{download_url:NAME}`).
    """

    video: Mapping[str, Any] = field(
        default_factory=dict,
        metadata=about(
            "overlay",
            "Merged into the documented task object, key by key.",
        ),
    )
    unified: Mapping[str, Any] = field(
        default_factory=dict,
        metadata=about(
            "mapping",
            "Merged into what /v1/video/query makes of the task.",
        ),
    )
    wrapped: Mapping[str, Any] = field(
        default_factory=dict,
        metadata=about(
            "mapping",
            "Merged into what /v1/video/generations makes of the task.",
        ),
    )
    poll: tuple[ReplyTemplate, ...] = field(
        default=(),
        metadata=about(
            "replies",
            "The replies to status polls. Default: the task object.",
        ),
    )
    download: tuple[ReplyTemplate, ...] = field(
        default=(),
        metadata=about(
            "replies",
            "The replies of the download host. Default: the clip.",
        ),
    )
    downloads: Mapping[str, tuple[ReplyTemplate, ...]] = field(
        default_factory=dict,
        metadata=about(
            "links",
            "The replies of named links, `{download_url:NAME}`, by name.",
        ),
    )
    content: tuple[ReplyTemplate, ...] = field(
        default=(),
        metadata=about(
            "replies",
            "The replies of /content. Default: the clip of a completed task, else an error.",
        ),
    )
    next: tuple[Transition, ...] = field(
        default=(),
        metadata=about(
            "transitions",
            "How the state is left. A state without it is an end.",
        ),
    )


# States that every scenario has without declaring them; one of the same name in the scenario takes their place.
BUILT_IN_STATES: Mapping[str, State] = {CANCELLED: State(video={"status": "cancelled"})}


@dataclass(frozen=True, slots=True)
class Expect:
    """What a client that keeps the contract ends with: an outcome of `contract.OUTCOMES`, and where the clip is from.

    `sources` are dotted URL fields or `"content"`; any of them is right. Empty when there is no clip.
    """

    outcome: OutcomeName = field(metadata=about("text", "How it ends.", choices=OUTCOMES))
    sources: tuple[str, ...] = field(
        default=(),
        metadata=about(
            "sources",
            "Where the clip is from: a dotted field of the task object, or content; any of a list is right.",
            name="from",
        ),
    )


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Scenario:
    """The script of a task: named states, transitions between them, and what each route answers meanwhile.

    `source` is the sentence of the documentation, or the report, that the scenario stands for. `create` are the
    replies to the requests that make the task. `never_ends` must be true where a task can get stuck in a state that is
    not an end. `download_auth` is how the download host treats an Authorization header: `"strict"` refuses it as
    presigned storage does, `"lenient"` ignores it, `"bearer"` demands it. `link_lifetime` is how long a download URL
    lives, in seconds (default: 12 hours). `clip` names the clip to serve instead of the one that fits the task's size.
    `task_id` is the id of the first task that follows the scenario (the others have `-2`, `-3`, ... behind it).
    """

    name: str
    summary: str = field(metadata=about("text", "What happens, in one line.", pattern=r"[^ \t\r\n]"))
    start: str = field(metadata=about("text", "The state that a new task is in.", pattern=WORD, place=1))
    states: Mapping[str, State] = field(metadata=about("states", "The states by name.", place=3))
    source: str = field(
        default="",
        metadata=about(
            "text",
            "The sentence of the documentation, or the report, that the scenario stands for.",
        ),
    )
    dialect: str | None = field(
        default=None,
        metadata=about(
            "text",
            "The dialect that the fake uses, where the scenario is about one.",
            choices={name: dialect.summary for name, dialect in DIALECTS.items()},
        ),
    )
    clip: str | None = field(
        default=None,
        metadata=about(
            "text",
            "The clip to serve instead of the one that fits the task's size.",
        ),
    )
    task_id: str | None = field(
        default=None,
        metadata=about(
            "text",
            "The id of the first task; the others have -2, -3 and so on behind it. Default: made by the fake.",
            pattern=TASK_ID,
        ),
    )
    seed: int = field(
        default=0,
        metadata=about(
            "integer",
            "Random seed of the scenario's probabilities. Default: 0.",
            place=2,
            minimum=MIN_INTEGER,
            maximum=MAX_INTEGER,
        ),
    )
    never_ends: bool = field(
        default=False,
        metadata=about(
            "flag",
            "The task gets stuck in a state that is no end, and that is meant. Default: false.",
            place=2,
        ),
    )
    download_auth: DownloadAuth = field(
        default="strict",
        metadata=about(
            "text",
            "How the download host treats an Authorization header. Default: strict.",
            place=2,
            choices=DOWNLOAD_AUTH,
        ),
    )
    link_lifetime: float = field(
        default=43200.0,
        metadata=about(
            "duration",
            "How long a download URL lives. Default: 12h.",
            place=2,
        ),
    )
    create: tuple[ReplyTemplate, ...] = field(
        default=(),
        metadata=about(
            "replies",
            "The replies to the requests that create the task.",
            place=2,
        ),
    )
    expect: Expect | None = field(
        default=None,
        metadata=about(
            "expect",
            "What a client that keeps the contract ends with.",
            place=4,
        ),
    )


def usual_status(*, is_start: bool) -> str:
    """The status of a state whose `video` has none: a task under way."""
    return "queued" if is_start else "processing"


def is_ramp(progress: object) -> bool:
    """Whether a state's `progress` is a ramp: two whole numbers, such as `[10, 90]`."""
    return (
        isinstance(progress, list | tuple)
        and len(progress) == 2
        and all(isinstance(end, int) and not isinstance(end, bool) for end in progress)
    )
