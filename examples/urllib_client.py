"""With nothing but Python's standard library; takes care of the key where a redirect leads to another host.

VIDEO_BASE_URL, VIDEO_API_KEY and VIDEO_OUTPUT say where and with what; VIDEO_TASK_ID names a task that is there.
"""

import http.client
import json
import os
import sys
import time
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import DataHandler, HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

PAUSE = float(os.environ.get("VIDEO_PAUSE", "2"))  # seconds between polls
DEADLINE = float(os.environ.get("VIDEO_DEADLINE", "600"))  # seconds until a task is given up
TIMEOUT = float(os.environ.get("VIDEO_TIMEOUT", "30"))  # seconds of silence until a connection is given up
LARGEST = 32 * 1024 * 1024  # bytes; a film that is larger never ends
BASE_URL = os.environ.get("VIDEO_BASE_URL", "")
API_KEY = os.environ.get("VIDEO_API_KEY", "")

BROKEN = (OSError, http.client.HTTPException)  # what urllib raises when no whole answer comes


class NoClip(Exception):
    """There is no clip to be had, and why."""


class Redirects(HTTPRedirectHandler):
    """Redirects that leave the key behind when they lead to another origin, and never to anything but HTTP."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> Request | None:
        """The next request."""
        if urlsplit(newurl).scheme not in ("http", "https"):
            return None
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request is not None and urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
            request.remove_header("Authorization")
        return request


def opener() -> OpenerDirector:
    """Asks for URLs; a proxy of the environment is none of its business."""
    return build_opener(ProxyHandler({}), Redirects(), DataHandler())


def ask(url: str, *, key: bool = True, data: dict[str, Any] | None = None) -> tuple[int, Message, bytes]:
    """Status, headers and body of an answer, whatever the status. Raises what is in `BROKEN`."""
    headers = {"Authorization": f"Bearer {API_KEY}"} if key else {}
    body = None if data is None else json.dumps(data).encode()
    if body is not None:
        headers["Content-Type"] = "application/json"
    if urlsplit(url).scheme not in ("http", "https", "data"):
        raise OSError(f"{url}: not for HTTP")
    try:
        with opener().open(Request(url, body, headers), timeout=TIMEOUT) as reply:  # noqa: S310 - see above
            return reply.status or 200, reply.headers, read(reply)
    except HTTPError as error:
        with error:
            return error.code, error.headers, error.read(64 * 1024)


def read(reply: http.client.HTTPResponse) -> bytes:
    """The whole body; `read(amount)` does not say when one is short of its length, so that is looked at here."""
    body = bytearray()
    while piece := reply.read(64 * 1024):
        body += piece
        if len(body) > LARGEST:
            raise OSError("this has no end")
    length = reply.headers.get("Content-Length")
    if length is not None and length != str(len(body)):
        raise OSError(f"{len(body)} bytes of {length}")
    return bytes(body)


def as_object(body: bytes) -> dict[str, Any]:
    """A JSON object, an empty one when the body is none."""
    try:
        data = json.loads(body)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def create() -> str:
    """A new task's id. Not tried again: the task may have been made all the same, and a second one costs money."""
    try:
        status, _, body = ask(f"{BASE_URL}/videos", data={"model": "grok-video-3", "prompt": "a fox in the snow"})
    except BROKEN as error:
        raise NoClip(f"create: {error!r}") from None
    task_id = as_object(body).get("id")
    if status >= 300 or not isinstance(task_id, str) or not task_id:
        raise NoClip(f"create: {status} {body[:200]!r}")
    return task_id


def wait_for_end(task_url: str) -> dict[str, Any]:
    """The completed task."""
    deadline = time.monotonic() + DEADLINE
    unknown = 0
    while time.monotonic() < deadline:
        pause = PAUSE
        try:
            status, headers, body = ask(task_url)
        except BROKEN:
            time.sleep(PAUSE)
            continue
        video = as_object(body)
        if status in (401, 403):
            raise NoClip(f"refused: {status}")
        if status == 404 or video.get("code") == "task_not_exist":
            unknown += 1
            if unknown > 4:
                raise NoClip("no such task")
        if status in (429, 503) and (headers.get("Retry-After") or "").isdecimal():
            pause = max(pause, min(float(headers["Retry-After"]), 60.0))
        word = str(video.get("status")).strip().lower() if status < 300 else ""
        if word in ("completed", "succeeded", "success", "done"):
            return video
        if word in ("failed", "failure", "cancelled", "canceled", "expired"):
            raise NoClip(f"the task ended as {word}: {video.get('error')}")
        if time.monotonic() + pause > deadline:
            break
        time.sleep(pause)
    raise NoClip("the task did not end in time")


def result_urls(video: dict[str, Any]) -> Iterator[str]:
    """The result URLs of a task, best first; absent is no key, null, a blank text, or anything but a text."""
    for field in ("output.url", "video_url", "url", "detail.url"):
        value: Any = video
        for key in field.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str) and value.strip():
            yield value.strip()


def film(url: str, *, key: bool = False) -> bytes | None:
    """A whole film, or None."""
    try:
        status, _, body = ask(url, key=key)
    except (*BROKEN, ValueError):  # a ValueError is a URL that is none
        return None
    return body if status == 200 and body[4:8] == b"ftyp" else None


def fetch(task_id: str) -> bytes:
    """The clip of a task. Raises `NoClip`."""
    task_url = f"{BASE_URL}/videos/{quote(task_id, safe='')}"
    for url in result_urls(wait_for_end(task_url)):
        clip = film(urljoin(task_url, url))
        if clip is not None:
            return clip
    for attempt in range(4):
        clip = film(f"{task_url}/content", key=True)
        if clip is not None:
            return clip
        time.sleep(max(1.2, PAUSE * 2**attempt))  # it may come later; this is longer than a usual Retry-After
    raise NoClip("the task is completed, but its clip cannot be had")


def main() -> None:
    """Write the clip to VIDEO_OUTPUT."""
    try:
        clip = fetch(os.environ.get("VIDEO_TASK_ID") or create())
    except NoClip as error:
        sys.exit(f"no clip: {error}")
    Path(os.environ["VIDEO_OUTPUT"]).write_bytes(clip)


if __name__ == "__main__":
    main()
