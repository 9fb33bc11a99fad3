"""A client that keeps the contract in every respect, and is easy to break in one."""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote, urljoin, urlsplit

import httpx

from video_mockserver.checking.callables import Flow

URL_FIELDS = ("output.url", "video_url", "url", "detail.url")
LARGEST = 16 * 1024 * 1024  # bytes; a clip that is larger never ends
REDIRECTS = (301, 302, 303, 307, 308)
TLS = ssl.create_default_context()  # made once: it takes longer than a whole scenario
DOCUMENTED = frozenset({
    "id", "object", "model", "status", "progress", "created_at", "completed_at", "expires_at", "seconds", "size",
    "remixed_from_video_id", "error", "video_url", "url", "output", "detail",
})  # fmt: skip


class NoClip(Exception):
    """The client ends without a clip, and says why."""


class Failure(Exception):
    """One request failed, in one of these kinds.

    `status` (the wrong one), `refused`, `reset`, `stalled`, `cut` (short of its length), `garbage` (not HTTP),
    `address` (not a URL for HTTP), `loop` (of redirects), `endless`, `no clip`.
    """

    def __init__(self, kind: str, answer: Answer | None = None) -> None:
        super().__init__(kind if answer is None else f"{kind} {answer.status} {answer.body[:80]!r}")
        self.kind = kind
        self.answer = answer


@dataclass
class Answer:
    """A whole reply."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class Careful:
    """A client that keeps the contract. An instance is the client, and can be called as often as one likes."""

    # Of a broken client that derives from this one: the rule that it violates, where its defect lies (in the `data` of
    # a reply, the `order` of requests, the `wire`, the `time`, or the `create`), and a scenario that shows it.
    rule: ClassVar[str] = ""
    lies_in: ClassVar[str] = ""
    found_in: ClassVar[str] = ""
    flow: ClassVar[Flow] = "poll"

    fields: ClassVar[tuple[str, ...]] = URL_FIELDS
    deadline: ClassVar[float] = 2 * 3600.0  # seconds of polling
    polls: ClassVar[float] = 250
    timeout: ClassVar[float | None] = 10.0  # seconds of silence on a connection
    tries: ClassVar[int] = 6  # of the create, and of /content
    hops: ClassVar[float] = 10  # redirects in a row

    base_url: str
    api_key: str
    task_id: str
    http: httpx.Client

    def __init_subclass__(cls, rule: str = "", lies_in: str = "", found_in: str = "", flow: Flow = "poll") -> None:
        cls.rule, cls.lies_in = rule or cls.rule, lies_in or cls.lies_in
        cls.found_in, cls.flow = found_in or cls.found_in, flow

    def __call__(self, base_url: str, api_key: str, task_id: str | None = None) -> bytes:
        run = type(self)()  # nothing of one run is left for the next
        run.base_url, run.api_key = base_url, api_key
        with httpx.Client(timeout=self.timeout, verify=TLS, trust_env=False) as run.http:
            run.task_id = run.begin(task_id)
            return run.run()

    def begin(self, task_id: str | None) -> str:
        """The id of the task to wait for."""
        return self.create() if task_id is None else task_id

    def run(self) -> bytes:
        """Wait for the task and fetch its clip."""
        video = self.wait()
        return self.failed(video) if self.phase(video) == "failed" else self.fetch(video)

    # --- the create ---

    def create(self) -> str:
        """The id of a new task. Only what surely made nothing (a 429, a 503) is tried again."""
        for attempt in range(self.tries):
            try:
                answer = self.send("POST", f"{self.base_url}/videos", json=self.create_parameters())
            except Failure as failure:
                return self.create_failed(failure)
            if answer.status not in (429, 503):
                break
            self.pause(attempt, answer)
        return self.made(answer)

    def create_parameters(self) -> dict[str, Any]:
        """What is asked for."""
        return {"model": "grok-video-3", "prompt": "a fox in the snow"}

    def made(self, answer: Answer) -> str:
        """The id in the reply to the create."""
        task = as_object(answer) if answer.status < 300 else {}
        if not isinstance(task.get("id"), str) or not task["id"]:
            return self.create_failed(Failure("status", answer))
        return str(task["id"])

    def create_failed(self, failure: Failure) -> str:
        """What is done about a create without an id. The task may exist, and another would be paid for."""
        raise NoClip(f"create: {failure}")

    # --- waiting for the end ---

    def wait(self) -> dict[str, Any]:
        """The task as it is at its end."""
        began, unknown, attempt = time.monotonic(), 0, 0
        while time.monotonic() - began < self.deadline and attempt < self.polls:
            answer = self.look()
            video = self.video(answer)
            if answer is not None and answer.status in (401, 403):
                self.refused(answer)
            if answer is not None and (answer.status == 404 or video.get("code") == "task_not_exist"):
                unknown += 1  # a new task may be unknown for a moment
                self.unknown(unknown)
            if answer is not None and answer.status == 200 and self.phase(video) != "pending":
                return video
            self.pause(attempt, answer)
            attempt += 1
        raise NoClip("the task did not end in time")

    def look(self) -> Answer | None:
        """One poll; None when no whole answer came."""
        try:
            return self.follow(self.task_url())
        except Failure as failure:
            return self.look_failed(failure)

    def look_failed(self, failure: Failure) -> Answer | None:
        """What is done about a poll without a whole answer: the next one may get it."""
        return None

    def video(self, answer: Answer | None) -> dict[str, Any]:
        """The object that a poll showed; an empty one when it showed none."""
        return {} if answer is None else as_object(answer)

    def refused(self, answer: Answer) -> None:
        """What is done about a 401 or 403 to a poll."""
        raise NoClip(f"refused: {answer.status}")

    def unknown(self, times: int) -> None:
        """What is done when the service does not know the task."""
        if times >= 4:
            raise NoClip("the task is not known")

    def phase(self, video: dict[str, Any]) -> str:
        """`pending`, `completed` or `failed`; a word that nobody knows is no end."""
        return phase_of(video.get("status"))

    def failed(self, video: dict[str, Any]) -> bytes:
        """What is done about a task that failed."""
        raise NoClip(f"the task ended as {video.get('status')}: {video.get('error')}")

    def pause(self, attempt: int, answer: Answer | None = None) -> None:
        """Wait before the next request of the same."""
        time.sleep(max(min(5 * 1.2**attempt, 60.0), self.asked(answer)))

    def asked(self, answer: Answer | None) -> float:
        """The seconds of a Retry-After; 0 for a date, nonsense, or none."""
        after = answer.headers.get("retry-after", "") if answer is not None and answer.status in (429, 503) else ""
        return float(after) if after.isascii() and after.isdecimal() else 0.0

    # --- the clip ---

    def fetch(self, video: dict[str, Any]) -> bytes:
        """The clip of a completed task: from its URLs in their order, then from /content."""
        for url in self.urls(video):
            try:
                return self.download(url)
            except Failure as failure:
                self.download_failed(failure)
        return self.content()

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        """The result URLs, best first; absent is no key, null, blank text, anything but a text."""
        for field in self.fields:
            value = inside(video, field)
            if isinstance(value, str) and value.strip():
                yield value.strip()

    def download(self, url: str) -> bytes:
        """The clip at a result URL. Raises `Failure`."""
        if url.startswith("data:"):
            with contextlib.suppress(binascii.Error):
                return base64.b64decode(url.partition(";base64,")[2], validate=True)
            raise Failure("address")
        return self.clip_in(self.follow(urljoin(self.task_url(), url)))

    def download_failed(self, failure: Failure) -> None:
        """What is done about a URL that did not give the clip: the next one may, and /content."""

    def content(self) -> bytes:
        """The clip at /content; it may come a little later than the end of the task."""
        for attempt in range(self.tries):
            answer = None
            try:
                answer = self.follow(self.content_url())
                return self.clip_in(answer)
            except Failure:
                if answer is not None and answer.status in (401, 403):
                    break
            self.pause(attempt, answer)
        return self.no_clip()

    def no_clip(self) -> bytes:
        """What is done when the clip cannot be had."""
        raise NoClip("the task is completed, but its clip cannot be had")

    def clip_in(self, answer: Answer) -> bytes:
        """The body when it is a clip: a page, or an error that came with 200, is none."""
        if answer.status != 200:
            raise Failure("status", answer)
        if answer.body[4:8] != b"ftyp":
            raise Failure("no clip", answer)
        return answer.body

    # --- requests ---

    def task_url(self) -> str:
        """Where the task is asked for."""
        return f"{self.base_url}/videos/{self.quoted(self.task_id)}"

    def content_url(self) -> str:
        """Where the clip is asked for when there is no URL."""
        return f"{self.task_url()}/content"

    def quoted(self, task_id: str) -> str:
        """An id as one segment of a path."""
        return quote(task_id, safe="")

    def is_api(self, url: str) -> bool:
        """Whether a URL is on the API's own origin."""
        return urlsplit(url)[:2] == urlsplit(self.base_url)[:2]

    def headers(self, url: str, start: str) -> dict[str, str]:
        """The headers for a URL, to which a chain of redirects led from `start`. The key is for the API alone."""
        return self.key() if self.is_api(url) else {}

    def key(self) -> dict[str, str]:
        """The header with the API's key."""
        return {"Authorization": f"Bearer {self.api_key}"}

    def follow(self, url: str) -> Answer:
        """The answer to a GET at the end of its redirects. Raises `Failure`."""
        start, hops = url, 0
        while hops <= self.hops:
            answer = self.send("GET", url, start)
            target = self.target(answer)
            if target is None:
                return answer
            url, hops = target, hops + 1
        raise Failure("loop")

    def target(self, answer: Answer) -> str | None:
        """Where a redirect leads to; None for any other answer."""
        if answer.status not in REDIRECTS or "location" not in answer.headers:
            return None
        return urljoin(answer.url, answer.headers["location"])

    def send(self, method: str, url: str, start: str | None = None, **options: Any) -> Answer:
        """One request and its whole answer. Raises `Failure`."""
        kind = "garbage"
        headers = self.headers(url, url if start is None else start)
        try:
            with self.http.stream(method, url, headers=headers, **options) as reply:
                kind = "cut"
                return Answer(url, reply.status_code, reply.headers, self.read(reply))
        except httpx.TimeoutException as error:
            raise Failure("stalled") from error
        except httpx.ConnectError as error:
            raise Failure("refused") from error
        except httpx.NetworkError as error:
            raise Failure("reset") from error
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise Failure("address") from error
        except httpx.HTTPError as error:
            raise Failure(kind) from error

    def read(self, reply: httpx.Response) -> bytes:
        """The whole body."""
        body = bytearray()
        for piece in reply.iter_bytes():
            body += piece
            if len(body) > LARGEST:
                raise Failure("endless")
        return bytes(body)


def as_object(answer: Answer) -> dict[str, Any]:
    """A body as a JSON object; an empty one when it is none."""
    try:
        data = json.loads(answer.body)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def inside(document: Any, field: str) -> Any:
    """What a dotted field holds; None when it is not there."""
    for key in field.split("."):
        document = document.get(key) if isinstance(document, dict) else None
    return document


def phase_of(status: Any) -> str:
    """What a status word stands for; case and blanks around it do not count."""
    word = str(status).strip().lower()
    if word in ("completed", "succeeded", "success", "done"):
        return "completed"
    return "failed" if word in ("failed", "failure", "cancelled", "canceled", "expired") else "pending"
