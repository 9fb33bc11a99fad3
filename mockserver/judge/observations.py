"""What a client did in one case: its exchanges, read the way that the client itself could read them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, get_args
from urllib.parse import unquote, urljoin, urlsplit

from ..api.contract import (
    DOWNLOAD_ALIAS,
    OCTOPUSX_STATUSES,
    ROUTES,
    STATUS_PHASES,
    URL_FIELDS,
    Phase,
    phase_of,
    result_urls,
)
from ..api.faults import FAULTS
from ..api.messages import ClipPart
from ..fake.journal import Exchange
from ..scenario.model import Expect, Scenario

__all__ = [
    "CREATES",
    "POLLS",
    "Case",
    "Ended",
    "Ending",
    "Outcome",
    "ResultUrl",
    "UrlMisuse",
    "is_clip",
    "location",
    "undocumented_end",
]  # fmt: skip

POLLS = frozenset(route.operation for route in ROUTES if route.poll)
CREATES = frozenset(route.operation for route in ROUTES if route.creates)
# The terminal status words on the page of the task query. Others are read as ends too, but no client has to know them.
_DOCUMENTED_ENDS = frozenset(name for name in OCTOPUSX_STATUSES if phase_of(name) is not Phase.PENDING)

Ended = Literal["delivered", "reported", "stopped", "unknown"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a client ended.

    - `ended`: `"delivered"` (it claims success), `"reported"` (a failure), `"stopped"` (it did not finish and was
      stopped) or `"unknown"`. Raises ValueError for anything else.
    - `description`: the same in words, such as `exit 1` or `raised TimeoutError`.
    - `clip`: the bytes that it delivered; None when it delivered nothing.
    - `leftover_bytes`: size of the files that it left at its output although it reported a failure; None without any.
    """

    ended: Ended
    description: str = ""
    clip: bytes | None = None
    leftover_bytes: int | None = None

    def __post_init__(self) -> None:
        if self.ended not in get_args(Ended):
            raise ValueError(f"ended: {self.ended!r} must be one of {', '.join(get_args(Ended))}")


@dataclass(frozen=True, slots=True)
class ResultUrl:
    """A result URL of a task's document: its field, and its path when it leads to the fake (else None).

    `text` is what the field holds, `url` the same made absolute.
    """

    field: str
    text: str
    url: str
    path: str | None
    task_id: str | None

    @property
    def is_relative(self) -> bool:
        """Whether it has to be resolved against the address of the document."""
        return not urlsplit(self.text).scheme


@dataclass(frozen=True, slots=True)
class UrlMisuse:
    """A field that a request was built from although it holds no absolute URL, and its value.

    `is_url`: the value is a relative URL. `is_resolved`: the request went to the address that it resolves to.
    """

    field: str
    value: object
    is_url: bool
    is_resolved: bool


@dataclass(frozen=True, slots=True)
class Ending:
    """The first reply from which the client could learn that its task had ended."""

    exchange: Exchange
    document: Mapping[str, Any]
    phase: Phase
    documented: bool


@dataclass
class Case:
    """One client in one scenario: what was scripted, what is expected, what the client did, and how it ended.

    - `clips`: the right clips; `other_clips`: clips that are wrong here.
    - `bill`: how many tasks the client created.
    - `given`: the id of the task that the client was given; None where it creates the task itself.
    - `api_key`: the only valid key; None: any key is valid.
    - `order`: the fields of the result URL in the order of the project's reading.
    - `speed`: seconds of the fake's clock (as in `Exchange.at`) in one second of the client; None when the two clocks
      are unrelated.
    - `ended_at`: when the client ended, by the fake's clock.
    """

    scenario: Scenario
    expect: Expect
    exchanges: Sequence[Exchange]
    outcome: Outcome
    clips: Sequence[bytes] = ()
    other_clips: Sequence[bytes] = ()
    bill: int = 0
    given: str | None = None
    api_key: str | None = None
    order: tuple[str, ...] = URL_FIELDS
    speed: float | None = 1.0
    ended_at: float | None = None
    _bodies: dict[int, bytes | None] = field(default_factory=dict, repr=False)

    # --- what arrived ---

    def arrived(self, exchange: Exchange) -> bytes | None:
        """A reply's body if the client could receive all of it; None when it could not.

        The bytes of clips are not kept: for a clip that arrived whole this is the beginning of any clip.
        """
        if exchange.number not in self._bodies:
            self._bodies[exchange.number] = _arrived(exchange)
        return self._bodies[exchange.number]

    def document(self, exchange: Exchange) -> Mapping[str, Any] | None:
        """The task object in a reply; None for anything else."""
        if not 200 <= exchange.status < 300:
            return None
        try:
            data = json.loads(self.arrived(exchange) or b"")
        except ValueError:
            return None
        if exchange.operation == "wrapped_query" and isinstance(data, dict):
            data = data.get("data")
        return data if isinstance(data, dict) and data else None

    def has_clip(self, exchange: Exchange) -> bool:
        """Whether a reply brought a whole clip."""
        body = self.arrived(exchange)
        return exchange.status in (200, 206) and exchange.method == "GET" and body is not None and is_clip(body)

    # --- what was requested ---

    @cached_property
    def polls(self) -> list[Exchange]:
        """The status polls of known tasks."""
        return [exchange for exchange in self.exchanges if exchange.operation in POLLS and exchange.task_id]

    @cached_property
    def creates(self) -> list[Exchange]:
        """The requests that create a task."""
        return [exchange for exchange in self.exchanges if exchange.operation in CREATES]

    @cached_property
    def contents(self) -> list[Exchange]:
        """The requests for `/content`."""
        return [exchange for exchange in self.exchanges if exchange.operation == "content"]

    @cached_property
    def downloads(self) -> list[Exchange]:
        """The requests to the download host, those after a redirect included."""
        return [exchange for exchange in self.exchanges if exchange.host == "download"]

    @property
    def last(self) -> Exchange | None:
        """The last exchange of all."""
        return self.exchanges[-1] if self.exchanges else None

    def seconds(self, first: Exchange, second: Exchange) -> float:
        """The client's seconds from one request to another; infinite when unknown."""
        return self.passed(first, second.at)

    def passed(self, since: Exchange, until: float) -> float:
        """The client's seconds from a request to a moment of the fake's clock; infinite when unknown."""
        return math.inf if self.speed is None else (until - since.at) / self.speed

    # --- how the task ended ---

    @cached_property
    def ending(self) -> Ending | None:
        """Where the client could first read that its task had ended, by the contract's table of status words."""
        for exchange in self.exchanges:
            if exchange.operation not in POLLS and exchange.operation not in CREATES:
                continue
            document = self.document(exchange)
            if document is None:
                continue
            status = document.get("status")
            phase = phase_of(status)
            if phase is not Phase.PENDING:
                return Ending(exchange, document, phase, status in _DOCUMENTED_ENDS)
        return None

    @cached_property
    def hinted_end(self) -> int | None:
        """The number of the first exchange that a lenient client may take for the end: a status in a nested object."""
        for exchange in self.polls:
            document = self.document(exchange)
            if document is None:
                continue
            candidates = [document] if "status" in document else list(_nested(document))
            if any(phase_of(each.get("status")) is not Phase.PENDING for each in candidates):
                return exchange.number
        return self.ending.exchange.number if self.ending else None

    def urls(self, exchange: Exchange) -> list[ResultUrl]:
        """The usable result URLs in the task object of a reply, best first."""
        document = self.document(exchange)
        found = []
        for result in result_urls(document, self.order) if document is not None else ():
            url = urljoin(exchange.url, result.url)
            origins = (f"{exchange.origins.download}/", f"{exchange.origins.api}/")
            reaches = url.startswith(origins) and not url.startswith(exchange.origins.refused)
            path = _link(urlsplit(url).path) if reaches else None
            found.append(ResultUrl(result.field, result.url, url, path, exchange.task_id))
        return found

    @cached_property
    def result_urls(self) -> list[ResultUrl]:
        """The usable result URLs of every completed task object, best first, each path once."""
        found: dict[tuple[str, str], ResultUrl] = {}
        for exchange in self.polls:
            document = self.document(exchange)
            if document is not None and phase_of(document.get("status")) is Phase.SUCCEEDED:
                found.update({(url.field, url.url): url for url in self.urls(exchange)})
        return sorted(found.values(), key=lambda url: self.order.index(url.field))

    @cached_property
    def first_requests(self) -> dict[str, Exchange]:
        """The first request for each path, at either host."""
        first: dict[str, Exchange] = {}
        for exchange in self.exchanges:
            first.setdefault(_link(exchange.path), exchange)
        return first

    @cached_property
    def redirect_targets(self) -> frozenset[str]:
        """The paths that redirects led to."""
        return frozenset(_link(urlsplit(target).path) for each in self.exchanges if (target := location(each)))

    # --- how the client ended ---

    @property
    def ended_itself(self) -> bool:
        """Whether the client finished by itself, as far as is known."""
        return self.outcome.ended in ("delivered", "reported")

    @cached_property
    def got_clip(self) -> bool:
        """Whether the client has the right clip; where its end is unknown, whether it was sent a whole one."""
        if self.outcome.ended == "unknown":
            return any(self.has_clip(exchange) for exchange in (*self.downloads, *self.contents))
        return self.outcome.clip is not None and self.outcome.clip in self.clips

    def referenced_by(self, exchange: Exchange) -> list[Exchange]:
        """The earlier exchanges whose replies name a request's path: then the client did not make it up."""
        path = exchange.path.encode()
        return [
            earlier
            for earlier in self.exchanges
            if earlier.number < exchange.number
            and (
                (isinstance(earlier.reply_body, bytes) and path in earlier.reply_body)
                or any(exchange.path in value for _, value in earlier.reply_headers)
            )
        ]

    def url_misuse(self, exchange: Exchange) -> UrlMisuse | None:
        """The field of the task object that a request to the API was built from, where it holds no absolute URL."""
        end = self.ending
        if end is None or exchange.number <= end.exchange.number or exchange.host != "api":
            return None
        has_key = exchange.header("authorization") is not None
        if has_key and exchange.operation and exchange.task_id is not None:
            return None  # a valid request, whatever a field holds
        path, polled = unquote(exchange.path), unquote(end.exchange.path)
        for name in self.order:
            value: object = end.document
            for key in name.split("."):
                value = value.get(key, _MISSING) if isinstance(value, Mapping) else _MISSING
            text = value.strip() if isinstance(value, str) else ""
            if isinstance(value, str) and not text:
                # A blank reference resolves to the document that it is in.
                taken = not has_key and path.strip() in (polled, f"{polled.rpartition('/')[0]}/", "/v1/", "/v1", "/")
            elif text and not urlsplit(text).scheme:
                taken = path.endswith(f"/{unquote(urlsplit(text).path).lstrip('/')}")
            else:  # the value as text, as in `/None`
                made = value is not _MISSING and not text
                taken = made and path.endswith((f"/{value}", f"/{json.dumps(value)}"))
            if taken:
                target = unquote(urlsplit(urljoin(end.exchange.url, text)).path)
                return UrlMisuse(name, value, bool(text), path == target)
        return None


_MISSING = object()


def location(exchange: Exchange) -> str | None:
    """The absolute target of a redirect; None when the reply is no redirect, or leads outside of HTTP."""
    if exchange.status not in (301, 302, 303, 307, 308):
        return None
    target = next((value for name, value in exchange.reply_headers if name == "location"), "")
    if not target:
        return None
    url = urljoin(exchange.url, target)
    return url if urlsplit(url).scheme in ("http", "https") else None


def is_clip(body: bytes) -> bool:
    """Whether bytes begin as a clip does (ISO base media)."""
    return body[4:8] == b"ftyp"


_CLIP_START = b"\x00\x00\x00\x20ftyp"


def _arrived(exchange: Exchange) -> bytes | None:
    if exchange.ended == "client left":
        return None
    body = exchange.reply_body
    whole = (_CLIP_START if body.start == 0 else b"") if isinstance(body, ClipPart) else body
    fault = exchange.scripted_fault
    arrives = "whole" if fault is None else FAULTS[fault.kind].arrives
    if arrives == "whole":
        return whole
    if arrives == "without body":
        return b""
    missing = fault.amount or 0 if fault is not None else 0
    if arrives == "by length" and missing <= 0:
        return b"" if isinstance(body, ClipPart) else whole[: len(body) + missing]
    return None


def _link(path: str) -> str:
    """A path of the download host, however it was reached and quoted."""
    return unquote(path.partition(DOWNLOAD_ALIAS)[2] or path)


def _nested(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for value in document.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, Mapping) and "status" in each:
                yield each
            elif isinstance(each, Mapping):
                yield from _nested(each)


def undocumented_end(document: Mapping[str, Any]) -> str | None:
    """A terminal status of a task object that the page of the task query does not name; None for any other."""
    status = document.get("status")
    if not isinstance(status, str) or status in _DOCUMENTED_ENDS:
        return None
    return status if STATUS_PHASES.get(status.strip().casefold()) not in (None, Phase.PENDING) else None
