"""With the openai package, which retries by itself: its create, retrieve and download_content, and httpx for the URLs.

VIDEO_BASE_URL, VIDEO_API_KEY and VIDEO_OUTPUT say where and with what; VIDEO_TASK_ID names a task that is there.

The package's own `create_and_poll` is of no use here: OctopusX's `processing` is a word that it does not know, and it
stops waiting there. The URLs are in fields that the package does not know either, but keeps.
"""

import base64
import os
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import openai

PAUSE = float(os.environ.get("VIDEO_PAUSE", "2"))  # seconds between polls
DEADLINE = float(os.environ.get("VIDEO_DEADLINE", "600"))  # seconds until a task is given up
TIMEOUT = float(os.environ.get("VIDEO_TIMEOUT", "30"))  # seconds of silence until a connection is given up
LARGEST = 32 * 1024 * 1024  # bytes; a film that is larger never ends

warnings.simplefilter("ignore", DeprecationWarning)  # the package marks its whole Videos API so


class NoClip(Exception):
    """There is no clip to be had, and why."""


def as_object(video: Any) -> dict[str, Any]:
    """The fields of a task, those that the package does not know too; empty when the answer was no task."""
    return video.to_dict() if isinstance(video, openai.BaseModel) else {}


def create(client: openai.OpenAI) -> str:
    """A new task's id. Not tried again: the task may have been made all the same, and a second one costs money."""
    made = client.with_options(max_retries=0).videos.create(model="sora-2", prompt="a fox in the snow")
    task_id = as_object(made).get("id")
    if not isinstance(task_id, str) or not task_id:
        raise NoClip("the create gave no id")
    return task_id


def wait_for_end(client: openai.OpenAI, task_id: str) -> dict[str, Any]:
    """The completed task. Here the package's own retries are off: it does not heed a Retry-After above a minute."""
    client = client.with_options(max_retries=0)
    deadline = time.monotonic() + DEADLINE
    unknown = 0
    while time.monotonic() < deadline:
        pause = PAUSE
        try:
            video = as_object(client.videos.retrieve(task_id))
        except (openai.AuthenticationError, openai.PermissionDeniedError):
            raise
        except (openai.NotFoundError, openai.BadRequestError):
            video = {}
            unknown += 1
            if unknown > 4:
                raise
        except openai.APIStatusError as error:
            video = {}
            pause = max(pause, retry_after(error))
        except (openai.OpenAIError, ValueError):
            video = {}  # a ValueError is a body that is no JSON
        status = str(video.get("status")).strip().lower()
        if status in ("completed", "succeeded", "success", "done"):
            return video
        if status in ("failed", "failure", "cancelled", "canceled", "expired"):
            raise NoClip(f"the task ended as {status}: {video.get('error')}")
        if time.monotonic() + pause > deadline:
            break
        time.sleep(pause)
    raise NoClip("the task did not end in time")


def retry_after(error: openai.APIStatusError) -> float:
    """The seconds of a Retry-After; 0 for a date, nonsense, or none."""
    after = error.response.headers.get("retry-after", "")
    return float(after) if after.isascii() and after.isdecimal() else 0.0


def result_urls(video: dict[str, Any]) -> Iterator[str]:
    """The result URLs of a task, best first; absent is no key, null, a blank text, or anything but a text."""
    for field in ("output.url", "video_url", "url", "detail.url"):
        value: Any = video
        for key in field.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str) and value.strip():
            yield value.strip()


def download(client: httpx.Client, url: str) -> bytes | None:
    """A whole film, or None."""
    if url.startswith("data:"):
        try:
            return base64.b64decode(url.partition(";base64,")[2], validate=True)
        except ValueError:
            return None
    body = bytearray()
    try:
        with client.stream("GET", url) as reply:
            for piece in reply.iter_bytes():
                body += piece
                if len(body) > LARGEST:
                    return None
    except (httpx.HTTPError, httpx.InvalidURL):
        return None
    return bytes(body) if reply.status_code == 200 and body[4:8] == b"ftyp" else None


def content(client: openai.OpenAI, task_id: str) -> bytes | None:
    """The film at /content, or None."""
    try:
        clip = client.videos.download_content(task_id).read()
    except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
        raise NoClip(f"refused: {error}") from None
    except (openai.OpenAIError, httpx.HTTPError, OSError):
        return None  # a body that breaks on the way is not the package's error, but its HTTP library's
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in ("httpx2", "httpcore2"):
            raise
        return None
    return clip if clip[4:8] == b"ftyp" else None


def fetch(client: openai.OpenAI, base_url: str) -> bytes:
    """The clip of a task, or of a new one. Raises `NoClip` and openai.OpenAIError."""
    task_id = os.environ.get("VIDEO_TASK_ID") or create(client)
    video = wait_for_end(client, task_id)
    with httpx.Client(timeout=TIMEOUT, follow_redirects=True) as anyone:  # the key is for the API alone
        for url in result_urls(video):
            if clip := download(anyone, urljoin(f"{base_url}/videos/", url)):
                return clip
    for attempt in range(4):
        if clip := content(client, task_id):
            return clip
        time.sleep(PAUSE * 2**attempt)  # it may come a little later than the end of the task
    raise NoClip("the task is completed, but its clip cannot be had")


def main() -> None:
    """Write the clip to VIDEO_OUTPUT."""
    base_url = os.environ["VIDEO_BASE_URL"]
    client = openai.OpenAI(base_url=base_url, api_key=os.environ["VIDEO_API_KEY"], timeout=TIMEOUT, max_retries=2)
    try:
        clip = fetch(client, base_url)
    except (NoClip, openai.OpenAIError) as error:
        raise SystemExit(f"no clip: {error!r}") from None
    Path(os.environ["VIDEO_OUTPUT"]).write_bytes(clip)


if __name__ == "__main__":
    main()
