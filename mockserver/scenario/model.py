"""A scenario as data: the script that a fake's task follows.

These are plain, frozen values: they compare by content, can be built in Python, and `reader` and `writer` turn them
from YAML or JSON text and back without loss. What makes one *right* (no dead ends, no unknown names) is checked by
`validation`, for files and for Python alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..api.messages import Fault

__all__ = [
    "BUILT_IN_STATES",
    "CANCELLED",
    "EVENTS",
    "Expect",
    "ReplyTemplate",
    "Scenario",
    "State",
    "Transition",
    "is_ramp",
]

# What a client does to a task besides polling it; a state can be left `on` one of these.
EVENTS: Mapping[str, str] = {
    "content": "the clip was asked for at /content",
    "download": "the clip was asked for at its download URL",
    "cancel": "the task was cancelled",
}

# Where a cancel leads to when the state does not say; the state need not be declared.
CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ReplyTemplate:
    """One scripted reply: what a route answers once (or `times` times; the last of a sequence stays).

    At most one of `video`, `json`, `text`, `html`, `clip`, `error` and `redirect` says what the body is. With none of
    them the body is the route's own: the task object, the clip, or the documented error for an error `status`.

    - `video`: laid over the task object of this state, key by key.
    - `json`, `text`, `html`: the whole body, as written.
    - `clip`: the name of a clip; `"clip"` is the task's own, `"decoy"` another film.
    - `error`: `code` and `message`, in the dialect's error envelope.
    - `redirect`: the URL for a `Location` header (`status` 302 unless said).

    `status` is None where nothing was said: 302 for a redirect, 500 for an error, else 200. `headers` are laid over the
    route's own; None takes one away. `delay` is in seconds of the fake's clock. `made` is for create replies: whether
    the task exists although the reply is an error (default: yes for a fault, no for an error status).
    """

    status: int | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    video: Mapping[str, Any] | None = None
    json: Any = None
    has_json: bool = False  # `json: null` is a body too
    text: str | None = None
    html: str | None = None
    clip: str | None = None
    error: Mapping[str, str] | None = None
    redirect: str | None = None
    delay: float = 0.0
    fault: Fault | None = None
    times: int = 1
    made: bool | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """A way out of a state, taken at exactly one trigger.

    `polls`: after that many polls were answered in the state. `seconds`: after that long in it. `on`: at an event
    (`EVENTS`). `signal`: when the test sends it. `chance` below 1 is rolled each time the trigger comes, with the
    scenario's seed; a lost roll lets the next transition in the list have its turn.
    """

    state: str
    polls: int | None = None
    seconds: float | None = None
    on: str | None = None
    signal: str | None = None
    chance: float = 1.0


@dataclass(frozen=True, slots=True)
class State:
    """What each route answers while a task is in this state, and how the state is left.

    `video` is laid over the documented task object; `unified` and `wrapped` over what those two routes make of it.
    `poll`, `content` and `download` are sequences of replies, one a request; empty means the route's own answer.
    `downloads` holds the replies of named links (`{download_url:NAME}`).
    """

    video: Mapping[str, Any] = field(default_factory=dict)
    unified: Mapping[str, Any] = field(default_factory=dict)
    wrapped: Mapping[str, Any] = field(default_factory=dict)
    poll: tuple[ReplyTemplate, ...] = ()
    content: tuple[ReplyTemplate, ...] = ()
    download: tuple[ReplyTemplate, ...] = ()
    downloads: Mapping[str, tuple[ReplyTemplate, ...]] = field(default_factory=dict)
    next: tuple[Transition, ...] = ()


# States that every scenario has without declaring them; one of the same name in the scenario takes their place.
BUILT_IN_STATES: Mapping[str, State] = {CANCELLED: State(video={"status": "cancelled"})}


@dataclass(frozen=True, slots=True)
class Expect:
    """What a client that keeps the contract ends with: an outcome of `contract.OUTCOMES`, and where the clip is from.

    `sources` are dotted URL fields or `"content"`; any of them is right. Empty when there is no clip.
    """

    outcome: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Scenario:
    """The script of a task: named states, the way from one to the next, and what each route answers meanwhile.

    `source` is the sentence of the documentation, or the report, that the scenario stands for. `create` are the
    replies to the requests that make the task. `never_ends` must be said where a task can get stuck in a state that is
    not an end. `download_auth` is how the download host treats an Authorization header: `"strict"` refuses it as
    presigned storage does, `"lenient"` ignores it, `"bearer"` demands it. `link_lifetime` is how long a download URL
    lives, in seconds (default: 12 hours). `clip` names the clip to serve instead of the one that fits the task's size.
    `task_id` is the id of the first task that follows the scenario (the others have `-2`, `-3`, ... behind it).
    """

    name: str
    summary: str
    start: str
    states: Mapping[str, State]
    source: str = ""
    create: tuple[ReplyTemplate, ...] = ()
    expect: Expect | None = None
    seed: int = 0
    dialect: str | None = None
    clip: str | None = None
    never_ends: bool = False
    download_auth: str = "strict"
    link_lifetime: float = 43200.0
    task_id: str | None = None


def is_ramp(progress: object) -> bool:
    """Whether a state's `progress` is a ramp: two whole numbers, such as `[10, 90]`."""
    return (
        isinstance(progress, list | tuple)
        and len(progress) == 2
        and all(isinstance(end, int) and not isinstance(end, bool) for end in progress)
    )
