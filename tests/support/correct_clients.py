"""Clients that keep the contract, as functions of this process, each in a style of its own; all with httpx.

`fetch_sync` and `fetch_async` are written as one would for the real service: polls some seconds apart, ten minutes for
a clip, half a minute for an answer. `fetch_sync` tries every URL before /content, and survives any reply to a poll
until its time is over; `fetch_async` asks /content after the first URL that failed, and gives up after four bad polls
in a row. The others say what is special about them.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urljoin

import httpx

from support.careful_client import Answer, Careful, Failure, as_object

URL_FIELDS = ("output.url", "video_url", "url", "detail.url")
GOOD_ENDS = ("completed", "succeeded", "success", "done")
BAD_ENDS = ("failed", "failure", "cancelled", "canceled", "expired")
TIMEOUT = 30.0  # seconds of silence
DEADLINE = 600.0  # seconds for the whole of it
LARGEST = 16 * 1024 * 1024  # bytes; a clip that is larger never ends
CREATE = {"model": "grok-video-3", "prompt": "a fox in the snow"}


class NoClip(Exception):
    """There is no clip to be had, and why."""


def fetch_sync(base_url: str, api_key: str, task_id: str | None = None) -> bytes:
    """The clip of a task, or of a new one. Raises `NoClip`, or httpx.HTTPError when the create got no answer."""
    until = time.monotonic() + DEADLINE
    with (
        httpx.Client(headers=_key(api_key), timeout=TIMEOUT, follow_redirects=True) as api,
        httpx.Client(timeout=TIMEOUT, follow_redirects=True) as anyone,  # the key is for the API alone
    ):
        if task_id is None:
            task_id = _id_of(api.post(f"{base_url}/videos", json=CREATE))
        task_url = f"{base_url}/videos/{quote(task_id, safe='')}"
        video = _wait(api, task_url, until)
        for url in _urls(video):
            clip = _download(anyone, urljoin(task_url, url))
            if clip is not None:
                return clip
        for pause in (2, 5, 10, 20):  # it may come a little later than the end of the task
            clip = _download(api, f"{task_url}/content")
            if clip is not None:
                return clip
            time.sleep(pause)
    raise NoClip("the task is completed, but its clip cannot be had")


def _wait(api: httpx.Client, task_url: str, until: float) -> dict[str, Any]:
    pause, unknown = 5.0, 0
    while time.monotonic() < until:
        asked = 0.0
        try:
            reply = api.get(task_url)
        except httpx.HTTPError:
            pass  # the next poll may get through
        else:
            asked = _retry_after(reply)
            unknown += _is_unknown(reply)
            if reply.status_code in (401, 403) or unknown > 3:
                raise NoClip(f"refused: {reply.status_code} {reply.text[:200]}")
            video = _object(reply)
            if reply.is_success and _has_ended(video):
                return video
        time.sleep(max(pause, asked))
        pause = min(pause * 1.3, 30.0)
    raise NoClip("the task did not end in time")


def _download(client: httpx.Client, url: str) -> bytes | None:
    if url.startswith("data:"):
        return _inline(url)
    body = bytearray()
    try:
        with client.stream("GET", url) as reply:
            for piece in reply.iter_bytes():
                body += piece
                if len(body) > LARGEST:
                    return None
    except (httpx.HTTPError, httpx.InvalidURL):
        return None
    return _clip_in(reply, bytes(body))


async def fetch_async(base_url: str, api_key: str, task_id: str | None = None) -> bytes:
    """The clip of a task, or of a new one. Raises `NoClip`, or httpx.HTTPError when the create got no answer."""
    async with (
        httpx.AsyncClient(headers=_key(api_key), timeout=TIMEOUT, follow_redirects=True) as api,
        httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=True) as anyone,
    ):
        if task_id is None:
            task_id = _id_of(await api.post(f"{base_url}/videos", json=CREATE))
        task_url = f"{base_url}/videos/{quote(task_id, safe='')}"
        try:
            async with asyncio.timeout(DEADLINE):
                video = await _wait_async(api, task_url)
        except TimeoutError:
            raise NoClip("the task did not end in time") from None
        first = next(_urls(video), None)
        clip = None if first is None else await _download_async(anyone, urljoin(task_url, first))
        for pause in (0, 3, 6, 12):
            if clip is not None:
                return clip
            await asyncio.sleep(pause)
            clip = await _download_async(api, f"{task_url}/content")
    if clip is None:
        raise NoClip("the task is completed, but its clip cannot be had")
    return clip


async def _wait_async(api: httpx.AsyncClient, task_url: str) -> dict[str, Any]:
    pause, bad = 5.0, 0
    while True:
        asked = 0.0
        try:
            reply = await api.get(task_url)
            asked = _retry_after(reply)
            video = _object(reply)
            if reply.status_code in (401, 403):
                raise NoClip(f"refused: {reply.status_code} {reply.text[:200]}")
            bad = 0 if reply.status_code == 202 or (reply.is_success and video) else bad + 1  # 202: it is pending
            if reply.is_success and _has_ended(video):
                return video
        except httpx.HTTPError:
            bad += 1
        if bad > 3:
            raise NoClip("too many bad answers in a row")
        await asyncio.sleep(max(pause, asked))
        pause = min(pause * 1.2, 20.0)


async def _download_async(client: httpx.AsyncClient, url: str) -> bytes | None:
    if url.startswith("data:"):
        return _inline(url)
    body = bytearray()
    try:
        async with client.stream("GET", url) as reply:
            async for piece in reply.aiter_bytes():
                body += piece
                if len(body) > LARGEST:
                    return None
    except (httpx.HTTPError, httpx.InvalidURL):
        return None
    return _clip_in(reply, bytes(body))


# --- what both need ---------------------------------------------------------------------------------------------------


def _key(api_key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {api_key}"}


def _object(reply: httpx.Response) -> dict[str, Any]:
    """The body if it is a JSON object, else an empty one: a proxy's page comes with 200, too."""
    try:
        data = reply.json()
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _id_of(reply: httpx.Response) -> str:
    """The id that a create gave. It is not tried again: the task may exist, and a second one costs money."""
    task_id = _object(reply).get("id")
    if not reply.is_success or not isinstance(task_id, str) or not task_id:
        raise NoClip(f"create: {reply.status_code} {reply.text[:200]}")
    return task_id


def _has_ended(video: dict[str, Any]) -> bool:
    """Whether a task has ended well. Raises `NoClip` when it failed; a word that is not known is no end."""
    status = str(video.get("status")).strip().lower()
    if status in BAD_ENDS:
        raise NoClip(f"the task ended as {status}: {video.get('error')}")
    return status in GOOD_ENDS


def _is_unknown(reply: httpx.Response) -> bool:
    """Whether the service says that it does not know the task; a new one may be unknown for a moment."""
    return reply.status_code == 404 or _object(reply).get("code") == "task_not_exist"


def _retry_after(reply: httpx.Response) -> float:
    """The seconds of a Retry-After; 0 for a date or nonsense."""
    after = reply.headers.get("retry-after", "")
    return float(after) if after.isascii() and after.isdecimal() else 0.0


def _urls(video: dict[str, Any]) -> Iterator[str]:
    """The result URLs in the documented order; absent is no key, null, blank text, anything but a text."""
    for field in URL_FIELDS:
        value: Any = video
        for key in field.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str) and value.strip():
            yield value.strip()


def _inline(url: str) -> bytes | None:
    try:
        return base64.b64decode(url.partition(";base64,")[2], validate=True)
    except ValueError:
        return None


def _clip_in(reply: httpx.Response, body: bytes) -> bytes | None:
    """A whole clip: a page or an error with status 200 is none."""
    return body if reply.status_code == 200 and body[4:8] == b"ftyp" else None


class GoesOn(Careful):
    """Goes on from an object in place of the clip to the URL that it names, and polls again after each failure."""

    def fetch(self, video: dict[str, Any]) -> bytes:
        for url in self.urls(video):
            try:
                return self.download(url)
            except Failure as failure:
                named = as_object(failure.answer).get("url") if failure.answer is not None else None
                if isinstance(named, str):
                    return self.download(named)
            self.look()
        return self.content()


class InParts(Careful):
    """Asks with HEAD how long the clip is, and fetches it by Range, part by part; a broken part once more."""

    part = 8 * 1024

    def download(self, url: str) -> bytes:
        address = urljoin(self.task_url(), url)
        head = self.send("HEAD", address) if address.startswith("http") else None
        if head is None or head.status != 200 or not head.headers.get("accept-ranges"):
            return super().download(url)
        clip = b""
        while not clip or len(clip) < int(head.headers.get("content-length", 0)):
            part = self.part_of(address, len(clip))
            if part.status != 206 or not part.body:
                raise Failure("no clip", part)
            clip += part.body
        return self.clip_in(Answer(address, 200, head.headers, clip))

    def part_of(self, address: str, start: int) -> Answer:
        """A part of the clip; raises `Failure` when it breaks twice."""
        ask = {"Range": f"bytes={start}-{start + self.part - 1}", **self.headers(address, address)}
        for pause in (2.0, 0.0):
            with contextlib.suppress(httpx.HTTPError), self.http.stream("GET", address, headers=ask) as reply:
                return Answer(address, reply.status_code, reply.headers, self.read(reply))
            time.sleep(pause)
        raise Failure("cut")


async def fetch_until_cancelled(base_url: str, api_key: str, task_id: str | None = None) -> bytes:
    """As `fetch_async`, with a pause that could be cut short: it waits for an event with a timeout."""
    stopped = asyncio.Event()
    async with httpx.AsyncClient(headers=_key(api_key), timeout=TIMEOUT) as api:
        if task_id is None:
            task_id = _id_of(await api.post(f"{base_url}/videos", json=CREATE))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), 30)
    return await fetch_async(base_url, api_key, task_id)


CORRECT: dict[str, Callable[..., Any]] = {
    "careful": Careful(),
    "sync": fetch_sync,
    "async": fetch_async,
    "goes on": GoesOn(),
    "in parts": InParts(),
    "until cancelled": fetch_until_cancelled,
}
