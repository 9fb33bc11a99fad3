"""The reference client: it finds out what a client that keeps the contract ends with in a scenario.

A careful client without I/O runs the scenario against a fake whose clock it moves itself. It polls to the end, tries
the result URLs in the documented order, and falls back to `/content`. It survives network and gateway errors, and gives
up where nothing more can come.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from ..api import faults
from ..api.contract import URL_FIELDS, OutcomeName, Phase, phase_of, result_urls
from ..api.messages import Origins, Request
from ..fake.clips import ClipStore
from ..fake.clock import ManualClock
from ..fake.fake import Fake
from ..fake.responses import body_bytes
from ..scenario.model import Expect, Scenario
from ..scenario.sources import ScenarioSource

__all__ = ["expectation"]

_ORIGINS = Origins("http://api.mock", "http://download.mock", "http://refused.mock")
_KEY = ("authorization", "Bearer sk-mock")

# Limits of the reference client in seconds and tries. They are generous: it gives up only what never comes.
_TIMEOUT = 60.0
_DEADLINE = 12 * 3600.0
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 60.0
_UNKNOWN_POLLS = 4
_TRIES = 6
_REDIRECTS = 10
_ENDLESS = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Received:
    """A reply that arrived whole."""

    url: str
    status: int
    headers: dict[str, str]
    body: bytes


class _NoOutcome(Exception):
    def __init__(self, outcome: OutcomeName) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def expectation(
    scenario: Scenario, scenarios: ScenarioSource, clip_store: ClipStore, order: tuple[str, ...] = URL_FIELDS
) -> Expect:
    """What a client that keeps the contract ends with when it reads the result URLs in `order`."""
    clock = ManualClock()
    fake = Fake(scenarios, clip_store, scenario=scenario, clock=clock)
    client = _Client(fake, clock, clip_store, order)
    try:
        body, source = client.run()
    except _NoOutcome as end:
        return Expect(end.outcome)
    bill = fake.bill
    if not bill or body != clip_store.read(bill[0].clip):
        raise ValueError(f"{scenario.name}: a client that keeps the contract gets a wrong clip from {source}")
    return Expect("clip", (source,))


class _Client:
    def __init__(self, fake: Fake, clock: ManualClock, clip_store: ClipStore, order: tuple[str, ...]) -> None:
        self._fake = fake
        self._clock = clock
        self._clip_store = clip_store
        self._order = order

    def run(self) -> tuple[bytes, str]:
        task_id = self._create()
        document = self._poll(task_id)
        for found in result_urls(document, self._order):
            body = self._download(found.url, task_id)
            if body is not None:
                return body, found.field
        body = self._content(task_id)
        if body is None:
            raise _NoOutcome("no_clip")
        return body, "content"

    def _create(self) -> str:
        # A create whose reply was lost, or that failed for an unknown reason, is not repeated: the task may exist and
        # would be paid for twice. Only what certainly created nothing (a 429, a 503) is repeated.
        for attempt in range(_TRIES):
            got = self._send("POST", f"{_ORIGINS.api}/v1/videos", b'{"model": "grok-video-3", "prompt": "a fox"}')
            if got is not None and got.status in (429, 503):
                self._pause(attempt, got)
                continue
            document = _json(got) if got is not None and got.status < 300 else None
            if isinstance(document, dict) and isinstance(document.get("id"), str):
                return str(document["id"])
            break
        raise _NoOutcome("refused")

    def _poll(self, task_id: str) -> dict[str, Any]:
        url = f"{_ORIGINS.api}/v1/videos/{quote(task_id, safe='')}"
        began = self._clock.now()
        unknown = 0
        attempt = 0
        while self._clock.now() - began < _DEADLINE:
            got = self._send("GET", url)
            document = _json(got) if got is not None else None
            if got is not None and got.status in (401, 403):
                raise _NoOutcome("refused")
            if got is not None and (got.status == 404 or (got.status == 400 and _code(document) == "task_not_exist")):
                unknown += 1
                if unknown >= _UNKNOWN_POLLS:
                    raise _NoOutcome("refused")
            if got is not None and got.status == 200 and isinstance(document, dict):
                phase = phase_of(document.get("status"))
                if phase is Phase.FAILED:
                    raise _NoOutcome("failed")
                if phase is Phase.SUCCEEDED:
                    return document
            self._pause(attempt, got)
            attempt += 1
        raise _NoOutcome("no_end")

    def _download(self, url: str, task_id: str) -> bytes | None:
        if url.startswith("data:"):
            return _clip(_data(url))
        poll_url = f"{_ORIGINS.api}/v1/videos/{quote(task_id, safe='')}"
        got = self._follow(urljoin(poll_url, url), ())
        return _clip(got.body) if got is not None and got.status == 200 else None

    def _content(self, task_id: str) -> bytes | None:
        for attempt in range(_TRIES):
            url = f"{_ORIGINS.api}/v1/videos/{quote(task_id, safe='')}/content"
            got = self._follow(url, (_KEY,))
            if got is not None and got.status == 200 and (clip := _clip(got.body)) is not None:
                return clip
            if got is not None and got.status in (401, 403):
                return None
            self._pause(attempt, got)
        return None

    def _follow(self, url: str, headers: tuple[tuple[str, str], ...]) -> _Received | None:
        for _ in range(_REDIRECTS):
            if urlsplit(url).netloc != urlsplit(_ORIGINS.api).netloc:
                headers = ()  # the key is for the API's origin alone
            got = self._send("GET", url, headers=headers)
            if got is None or got.status not in (301, 302, 303, 307, 308) or "location" not in got.headers:
                return got
            url = urljoin(url, got.headers["location"])
        return None

    def _pause(self, attempt: int, got: _Received | None) -> None:
        pause = min(_FIRST_PAUSE * 1.2**attempt, _LONGEST_PAUSE)
        wanted = got.headers.get("retry-after", "") if got is not None and got.status in (429, 503) else ""
        self._clock.advance(max(pause, float(wanted)) if wanted.isascii() and wanted.isdecimal() else pause)

    def _send(
        self, method: str, url: str, body: bytes = b"", headers: tuple[tuple[str, str], ...] = (_KEY,)
    ) -> _Received | None:
        """One request; None when no whole reply came, where a client library would raise an exception."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        path, host = parts.path, "download" if origin == _ORIGINS.download else "api"
        if origin not in (_ORIGINS.api, _ORIGINS.download):
            return None
        if host == "api" and path.startswith("/_download/"):
            path, host = path.removeprefix("/_download"), "download"
        if body:
            headers = (*headers, ("content-type", "application/json"))
        reply = self._fake.handle(Request(method, path, _ORIGINS, parts.query, headers, body, host))
        if reply.delay > _TIMEOUT:
            self._clock.advance(_TIMEOUT)
            return None
        self._clock.advance(reply.delay)
        whole = body_bytes(reply, self._clip_store.read)
        received: bytes | None = whole
        if reply.fault is not None:
            received = self._receive(faults.steps(reply.fault, whole))
        if received is None:
            return None
        return _Received(url, reply.status, dict(reply.headers), received)

    def _receive(self, steps: Iterator[faults.Step]) -> bytes | None:
        promised: int | None = None
        begun = False
        received = bytearray()
        for step in steps:
            match step:
                case faults.Head(length):
                    begun, promised = True, length
                case faults.Data(data):
                    received += data
                    if len(received) > _ENDLESS:
                        return None
                case faults.Wait(seconds):
                    self._clock.advance(seconds)
                case faults.Hold():
                    self._clock.advance(_TIMEOUT)
                    return None
                case faults.Reset() | faults.Raw():
                    return None
                case faults.Close():
                    break
        # A chunked body that ends by closing is incomplete; one with a length must be that long.
        return bytes(received[:promised]) if begun and promised is not None and len(received) >= promised else None


def _json(got: _Received | None) -> Any:
    if got is None:
        return None
    try:
        return json.loads(got.body)
    except ValueError:
        return None


def _code(document: Any) -> Any:
    return document.get("code") if isinstance(document, dict) else None


def _clip(body: bytes | None) -> bytes | None:
    """A body that can be a clip; None for a page or an error with status 200, whatever its Content-Type."""
    return body if body is not None and body[4:8] == b"ftyp" else None


def _data(url: str) -> bytes | None:
    head, comma, data = url.partition(",")
    if not comma or not head.endswith(";base64"):
        return None
    try:
        return base64.b64decode(data, validate=True)
    except ValueError:
        return None
