"""`video-mockserver demo`: a client meets a broken download over real sockets, and the journal tells the story.

The client keeps the contract, with the standard library alone; it knows nothing of the fake but a URL and a key.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import time
import urllib.error
from typing import Any
from urllib.parse import quote, urljoin
from urllib.request import ProxyHandler, Request, build_opener

from ..api.contract import Phase, phase_of, result_urls
from ..edges.server.video_server import VideoServer
from ..fake.timeline import timeline

__all__ = ["run"]

SPEED = 60.0  # a minute passes in a second, for the fake and for the client alike
_PAUSE = 5.0  # seconds between polls
_DEADLINE = 600.0  # seconds until a task is given up
_TRIES = 4  # of /content
_TIMEOUT = 60.0  # seconds without a byte until a connection is given up
_LARGEST = 16 * 1024 * 1024  # bytes; a clip that is larger never ends
_FAILURES = (OSError, http.client.HTTPException, LookupError, ValueError)


def run(scenario: str) -> int:
    """Run the client through one scenario and print what happened; 0 when the clip arrived, else 1.

    Raises `UnknownScenario`.
    """
    with VideoServer(speed=SPEED) as server:
        fake = server.fake(scenario)
        told = fake.scenario(fake.settings.scenario)
        print(f"A fake listens at {fake.base_url}; a minute of its time passes in a second.")
        print(f"Its tasks follow {told.name}:\n  {told.summary}\n")
        clip = b""
        try:
            clip, source = fetch(fake.base_url, fake.api_key)
        except _FAILURES as error:
            print(f"The client gave up: {_in_words(error)}")
        whole = bool(clip) and any(clip == fake.read_clip(task.clip) for task in fake.bill)
        if clip:
            print(f"The client got {len(clip)} bytes from {source}: {'the clip, whole' if whole else 'not the clip'}.")
    print(f"\nWhat it did:\n{timeline(fake.journal)}\n\nTasks on the bill: {len(fake.bill)}")
    return 0 if whole else 1


def fetch(base_url: str, api_key: str) -> tuple[bytes, str]:
    """Create a task, poll it to its end, and get the clip: by its URLs in the documented order, else from /content.

    Returns the clip and where it came from. Raises OSError, HTTPException, LookupError or ValueError.
    """
    body = json.dumps({"model": "grok-video-3", "prompt": "a fox in the snow"}).encode()
    task_id = json.loads(_get(f"{base_url}/videos", api_key, body))["id"]
    task_url = f"{base_url}/videos/{quote(task_id, safe='')}"
    video = _ended(task_url, api_key)
    if phase_of(video["status"]) is Phase.FAILED:
        raise LookupError(_why(video))
    for found in result_urls(video):
        try:
            return _clip_of(_get(urljoin(task_url, found.url))), found.field
        except _FAILURES as error:
            print(f"{found.field} failed: {_in_words(error)}")
    for _ in range(_TRIES - 1):
        with contextlib.suppress(*_FAILURES):  # it may come a little later than the end of the task
            return _clip_of(_get(f"{task_url}/content", api_key)), "/content"
        time.sleep(_PAUSE / SPEED)
    return _clip_of(_get(f"{task_url}/content", api_key)), "/content"


def _ended(task_url: str, api_key: str) -> dict[str, Any]:
    """The task at its end. A bad answer is worth another try, as long as the key is good."""
    failure: Exception = TimeoutError("the task does not end")
    for _ in range(int(_DEADLINE / _PAUSE)):
        try:
            video = json.loads(_get(task_url, api_key))
        except _FAILURES as error:
            if isinstance(error, urllib.error.HTTPError) and error.code in (401, 403):
                raise
            failure = error
        else:
            if isinstance(video, dict) and phase_of(video.get("status")) is not Phase.PENDING:
                return video
        time.sleep(_PAUSE / SPEED)
    raise failure


def _why(video: dict[str, Any]) -> str:
    error = video.get("error")
    message = error.get("message") if isinstance(error, dict) else error
    return f"the task ended as {video['status']!r}" + (f": {message}" if message else "")


def _clip_of(content: bytes) -> bytes:
    if content[4:8] != b"ftyp":
        raise ValueError(f"no clip, but {content[:40]!r}")
    return content


def _get(url: str, api_key: str | None = None, body: bytes | None = None) -> bytes:
    """A whole body. `api_key` is for the API alone: it is not sent along to where a redirect leads."""
    request = Request(url, body)  # noqa: S310 - the fake's own URLs
    if body is not None:
        request.add_header("Content-Type", "application/json")
    if api_key is not None:
        request.add_unredirected_header("Authorization", f"Bearer {api_key}")
    try:
        # No proxy leads to this machine.
        with build_opener(ProxyHandler({})).open(request, timeout=_TIMEOUT / SPEED) as reply:
            content = bytes(reply.read(_LARGEST))
            if len(content) == _LARGEST:
                raise ValueError("it does not end")
            missing = int(reply.headers.get("Content-Length", len(content))) - len(content)
            if missing > 0:
                raise http.client.IncompleteRead(content, missing)
            return content
    except urllib.error.HTTPError as error:
        error.close()
        raise


def _in_words(error: Exception) -> str:
    if isinstance(error, http.client.IncompleteRead):
        return f"it ended after {len(error.partial)} of {len(error.partial) + (error.expected or 0)} bytes"
    return str(error) or type(error).__name__
