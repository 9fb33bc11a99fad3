"""A client that keeps the contract and bears with a bad day, written once for every way of sending.

`deliver` is the client without any I/O: a generator that yields what it wants done (an `Ask` or a `Pause`) and is
sent the answer (a `Got`, or None when no whole answer came). `with_client` and `with_async_client` carry it out with
httpx or httpx2, `time.sleep` and `asyncio.sleep`. This project's tests run it through every scenario.
"""

import asyncio
import base64
import binascii
import json
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

URL_FIELDS = ("output.url", "video_url", "url", "detail.url")
ENDS_WELL = ("completed", "succeeded", "success", "done")
ENDS_BADLY = ("failed", "failure", "cancelled", "canceled", "expired")
DEADLINE = 2 * 3600.0  # seconds of polling before a task is given up
LARGEST = 16 * 1024 * 1024  # bytes; a film that is larger never ends


class NoClip(Exception):
    """There is no clip to be had; the first argument is why: failed, no_clip, no_end or refused."""


@dataclass
class Ask:
    """A request to send."""

    method: str
    url: str
    headers: dict[str, str]
    json: Any = None


@dataclass
class Pause:
    """Seconds to wait."""

    seconds: float


@dataclass
class Got:
    """A whole answer."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""

    def json(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None


Steps = Generator[Ask | Pause, Got | None, bytes]


def deliver(base_url: str, api_key: str, task_id: str | None = None) -> Steps:
    """Create a task (unless there is one), poll it to its end, get the clip. Raises `NoClip`."""
    key = {"Authorization": f"Bearer {api_key}"}
    if task_id is None:
        task_id = yield from _create(f"{base_url}/videos", key)
    task_url = f"{base_url}/videos/{quote(task_id, safe='')}"
    video = yield from _poll(task_url, key)
    for url in result_urls(video):
        clip = yield from _download(urljoin(task_url, url), {}, base_url)
        if clip is not None:
            return clip
    for attempt in range(6):
        clip = yield from _download(f"{task_url}/content", key, base_url)
        if clip is not None:
            return clip
        yield Pause(5 * 1.2**attempt)
    raise NoClip("no_clip")


def result_urls(video: dict[str, Any]) -> Iterator[str]:
    """The result URLs in the documented order; absent is no key, null, blank text, anything but a text."""
    for name in URL_FIELDS:
        value: Any = video
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, str) and value.strip():
            yield value.strip()


def _create(url: str, key: dict[str, str]) -> Generator[Ask | Pause, Got | None, str]:
    # A create that failed for a reason unknown is not repeated: the task may exist, and a second one would be paid for.
    for attempt in range(6):
        got = yield Ask("POST", url, key, {"model": "grok-video-3", "prompt": "a fox in the snow"})
        if got is not None and got.status in (429, 503):
            yield Pause(_asked(got) or 5 * 1.2**attempt)
            continue
        task = got.json() if got is not None and got.status < 300 else None
        if isinstance(task, dict) and isinstance(task.get("id"), str):
            return str(task["id"])
        break
    raise NoClip("refused")


def _poll(url: str, key: dict[str, str]) -> Generator[Ask | Pause, Got | None, dict[str, Any]]:
    waited, unknown, attempt = 0.0, 0, 0
    while waited < DEADLINE:
        got = yield Ask("GET", url, key)
        video = got.json() if got is not None else None
        if got is not None and got.status in (401, 403):
            raise NoClip("refused")
        if got is not None and (
            got.status == 404 or (isinstance(video, dict) and video.get("code") == "task_not_exist")
        ):
            unknown += 1  # a new task may be unknown for a moment
            if unknown == 4:
                raise NoClip("refused")
        if got is not None and got.status == 200 and isinstance(video, dict):
            status = str(video.get("status")).strip().lower()
            if status in ENDS_BADLY:
                raise NoClip("failed", video.get("error"))
            if status in ENDS_WELL:
                return video
        pause = max(min(5 * 1.2**attempt, 60.0), _asked(got) if got is not None else 0.0)
        yield Pause(pause)
        waited, attempt = waited + pause, attempt + 1
    raise NoClip("no_end")


def _download(url: str, headers: dict[str, str], base_url: str) -> Generator[Ask | Pause, Got | None, bytes | None]:
    if url.startswith("data:"):
        try:
            return _film(base64.b64decode(url.partition(";base64,")[2], validate=True))
        except binascii.Error:
            return None
    for _ in range(10):
        if urlsplit(url).netloc != urlsplit(base_url).netloc:
            headers = {}  # the key is for the API's origin alone
        got = yield Ask("GET", url, headers)
        if got is None or got.status not in (301, 302, 303, 307, 308) or "location" not in got.headers:
            return _film(got.content) if got is not None and got.status == 200 else None
        url = urljoin(url, got.headers["location"])
    return None


def _asked(got: Got) -> float:
    after = got.headers.get("retry-after", "")
    return float(after) if got.status in (429, 503) and after.isascii() and after.isdecimal() else 0.0


def _film(content: bytes) -> bytes | None:
    return content if content[4:8] == b"ftyp" else None


def with_client(client: Any, steps: Steps) -> bytes:
    """Carry the steps out with `httpx.Client` or `httpx2.Client`."""
    answer: Got | None = None
    while True:
        try:
            step = steps.send(answer)
        except StopIteration as end:
            return bytes(end.value)
        answer = None
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            continue
        try:
            with client.stream(step.method, step.url, headers=step.headers, json=step.json) as reply:
                content = bytearray()
                for piece in reply.iter_bytes():
                    content += piece
                    if len(content) > LARGEST:
                        break
                else:
                    answer = Got(reply.status_code, dict(reply.headers), bytes(content))
        except _errors(client):
            continue


async def with_async_client(client: Any, steps: Steps) -> bytes:
    """Carry the steps out with `httpx.AsyncClient` or `httpx2.AsyncClient`."""
    answer: Got | None = None
    while True:
        try:
            step = steps.send(answer)
        except StopIteration as end:
            return bytes(end.value)
        answer = None
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
            continue
        try:
            async with client.stream(step.method, step.url, headers=step.headers, json=step.json) as reply:
                content = bytearray()
                async for piece in reply.aiter_bytes():
                    content += piece
                    if len(content) > LARGEST:
                        break
                else:
                    answer = Got(reply.status_code, dict(reply.headers), bytes(content))
        except _errors(client):
            continue


def _errors(client: Any) -> Any:
    """What the client's own library raises when no whole answer came."""
    library = __import__(type(client).__module__.partition(".")[0])
    return (library.HTTPError, library.InvalidURL)
