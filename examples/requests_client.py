"""With requests: asks with HEAD before it downloads; polls fast at first; /content after the first URL that failed.

VIDEO_BASE_URL, VIDEO_API_KEY and VIDEO_OUTPUT say where and with what; VIDEO_TASK_ID names a task that is there.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import requests

PAUSE = float(os.environ.get("VIDEO_PAUSE", "2"))  # seconds between polls
DEADLINE = float(os.environ.get("VIDEO_DEADLINE", "600"))  # seconds until a task is given up
TIMEOUT = float(os.environ.get("VIDEO_TIMEOUT", "30"))  # seconds of silence until a connection is given up
LARGEST = 32 * 1024 * 1024  # bytes; a film that is larger never ends


class NoClip(Exception):
    """There is no clip to be had, and why."""


class Client:
    """The API of one key, and the rest of the web."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self.base_url = base_url
        self.asked = 0.0  # seconds to wait, as the last answer said
        self.web = requests.Session()
        self.api = requests.Session()  # it drops the key itself where a redirect leads elsewhere
        self.api.headers["Authorization"] = f"Bearer {api_key}"

    def create(self) -> str:
        """A new task's id. Not tried again: the task may have been made all the same, and a second costs money."""
        wish = {"model": "grok-video-3", "prompt": "a fox in the snow", "size": "720P"}
        reply = self.api.post(f"{self.base_url}/videos", json=wish, timeout=TIMEOUT)
        task = as_json(reply)
        if not reply.ok or not isinstance(task, dict) or not isinstance(task.get("id"), str) or not task["id"]:
            raise NoClip(f"create: {reply.status_code} {reply.text[:200]}")
        return str(task["id"])

    def wait(self, task_url: str) -> dict[str, Any]:
        """The completed task."""
        began = time.monotonic()
        pause = PAUSE / 2
        unknown = 0
        while time.monotonic() - began < DEADLINE:
            self.asked = 0.0
            try:
                reply = self.api.get(task_url, timeout=TIMEOUT)
                self.asked = retry_after(reply)
            except requests.RequestException:
                reply = None
            if reply is not None and reply.status_code in (401, 403):
                raise NoClip(f"refused: {reply.status_code}")
            if reply is not None and (reply.status_code == 404 or "task_not_exist" in reply.text):
                unknown += 1
                if unknown > 8:
                    raise NoClip("no such task")
            video = as_json(reply) if reply is not None and reply.ok else None
            if isinstance(video, dict) and isinstance(video.get("status"), str):
                match video["status"].strip().lower():
                    case "completed" | "succeeded" | "success" | "done":
                        return video
                    case "failed" | "failure" | "cancelled" | "canceled" | "expired" as status:
                        raise NoClip(f"the task ended as {status}: {video.get('error')}")
            if time.monotonic() - began + self.asked > DEADLINE:
                raise NoClip("the service asks for more patience than there is")
            time.sleep(max(self.asked, pause))
            pause = min(pause * 1.5, 2 * PAUSE)
        raise NoClip("the task did not end in time")

    def film(self, session: requests.Session, url: str) -> bytes | None:
        """A whole film, or None; where HEAD says that there is none, nothing is downloaded."""
        try:
            head = session.head(url, timeout=TIMEOUT, allow_redirects=True)
            self.asked = retry_after(head)
            if self.asked:
                return None
            if head.status_code in (404, 410) or head.headers.get("Content-Type", "").startswith("text/html"):
                return None
        except requests.RequestException:
            pass  # HEAD is a courtesy; not everybody has it
        body = bytearray()
        try:
            with session.get(url, timeout=TIMEOUT, stream=True) as reply:
                for piece in reply.iter_content(64 * 1024):
                    body += piece
                    if len(body) > LARGEST:
                        return None
                self.asked = retry_after(reply)
                # Before its version 2.32, requests does not say when a body is short of its length.
                length = reply.headers.get("Content-Length", str(len(body)))
        except (requests.RequestException, ValueError):
            return None
        if reply.status_code != 200 or body[4:8] != b"ftyp" or length != str(len(body)):
            return None
        return bytes(body)

    def fetch(self, task_id: str | None) -> bytes:
        """The clip of a task, or of a new one."""
        task_url = f"{self.base_url}/videos/{quote(task_id or self.create(), safe='')}"
        url = result_url(self.wait(task_url))
        clip = self.film(self.web, urljoin(task_url, url)) if url else None
        for attempt in range(5):  # /content may come a little later than the end of the task
            if clip is not None:
                return clip
            if attempt:
                time.sleep(max(self.asked, PAUSE * 2**attempt))
            clip = self.film(self.api, f"{task_url}/content")
        if clip is None:
            raise NoClip("the task is completed, but its clip cannot be had")
        return clip


def retry_after(reply: requests.Response) -> float:
    """The seconds of a Retry-After; 0 for a date, nonsense, or none."""
    after = reply.headers.get("Retry-After", "")
    return float(after) if after.isascii() and after.isdecimal() else 0.0


def as_json(reply: requests.Response) -> Any:
    """The body as JSON, None when it is none."""
    try:
        return reply.json()
    except ValueError:
        return None


def result_url(video: dict[str, Any]) -> str | None:
    """The first result URL in the documented order."""
    output, detail = video.get("output"), video.get("detail")
    candidates = [
        output.get("url") if isinstance(output, dict) else None,
        video.get("video_url"),
        video.get("url"),
        detail.get("url") if isinstance(detail, dict) else None,
    ]
    return next((url.strip() for url in candidates if isinstance(url, str) and url.strip()), None)


def main() -> int:
    """Write the clip to VIDEO_OUTPUT."""
    client = Client(os.environ["VIDEO_BASE_URL"], os.environ["VIDEO_API_KEY"])
    try:
        clip = client.fetch(os.environ.get("VIDEO_TASK_ID"))
    except (NoClip, requests.RequestException) as error:
        print(f"no clip: {error!r}", file=sys.stderr)
        return 2
    Path(os.environ["VIDEO_OUTPUT"]).write_bytes(clip)
    return 0


if __name__ == "__main__":
    sys.exit(main())
