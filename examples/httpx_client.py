"""A client that keeps the contract, with httpx: create, poll, take the URL in the documented order, else /content.

VIDEO_BASE_URL=http://127.0.0.1:8080/v1 VIDEO_API_KEY=sk-any VIDEO_OUTPUT=clip.mp4 python examples/httpx_client.py
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import httpx

PAUSE = float(os.environ.get("VIDEO_PAUSE", "2"))  # seconds between polls
DEADLINE = float(os.environ.get("VIDEO_DEADLINE", "600"))  # seconds until a task is given up
TIMEOUT = float(os.environ.get("VIDEO_TIMEOUT", "30"))  # seconds of silence until a connection is given up
LARGEST = 200 * 1024 * 1024  # bytes; a film that is larger never ends
URL_FIELDS = ("output.url", "video_url", "url", "detail.url")


class NoClip(Exception):
    """There is no clip to be had, and why."""


def as_json(reply: httpx.Response) -> dict[str, Any]:
    """The body if it is a JSON object, else an empty one: a proxy's page comes with 200, too."""
    try:
        data = reply.json()
    except ValueError:
        data = None
    return data if isinstance(data, dict) else {}


def create(api: httpx.Client) -> str:
    """A new task's id. Not tried again: the task may have been made all the same, and a second one costs money."""
    reply = api.post("videos", json={"model": "grok-video-3", "prompt": "a fox in the snow"})
    task_id = as_json(reply).get("id")
    if not reply.is_success or not isinstance(task_id, str) or not task_id:
        raise NoClip(f"create: {reply.status_code} {reply.text[:200]}")
    return task_id


def wait_for_end(api: httpx.Client, task_url: str) -> dict[str, Any]:
    """The completed task. A bad answer is worth another poll, a key that is not good is not."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        try:
            reply = api.get(task_url)
        except httpx.HTTPError:
            video = {}
        else:
            if reply.status_code in (401, 403):
                raise NoClip(f"refused: {reply.status_code} {reply.text[:200]}")
            video = as_json(reply) if reply.is_success else {}
        status = str(video.get("status")).strip().lower()
        if status in ("completed", "succeeded", "success", "done"):
            return video
        if status in ("failed", "failure", "cancelled", "canceled", "expired"):
            raise NoClip(f"the task ended as {status}: {video.get('error')}")
        time.sleep(PAUSE)
    raise NoClip("the task did not end in time")


def result_urls(video: dict[str, Any]) -> Iterator[str]:
    """The result URLs of a task, best first; absent is no key, null, an empty text, or anything but a text."""
    for field in URL_FIELDS:
        value: Any = video
        for key in field.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str) and value.strip():
            yield value.strip()


def download(client: httpx.Client, url: str, path: Path) -> bool:
    """Whether a whole film came: half of one, a page, or an error that came with 200 is none."""
    try:
        with client.stream("GET", url, follow_redirects=True) as reply, path.open("wb") as file:
            for piece in reply.iter_bytes():
                file.write(piece)
                if file.tell() > LARGEST:
                    return False
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
    with path.open("rb") as file:
        return reply.status_code == 200 and file.read(8)[4:] == b"ftyp"


def fetch(base_url: str, api_key: str, path: Path) -> None:
    """Make a task and write its clip. Raises `NoClip`, or httpx.HTTPError when the create got no answer."""
    with (
        httpx.Client(base_url=base_url, headers={"Authorization": f"Bearer {api_key}"}, timeout=TIMEOUT) as api,
        httpx.Client(timeout=TIMEOUT) as anyone,  # the key is for the API alone, not for where the result lies
    ):
        task_url = f"videos/{quote(os.environ.get('VIDEO_TASK_ID') or create(api), safe='')}"
        for url in result_urls(wait_for_end(api, task_url)):
            if download(anyone, urljoin(base_url, url), path):
                return
        for _ in range(4):  # it may come a little later than the end of the task
            if download(api, f"{task_url}/content", path):
                return
            time.sleep(PAUSE)
    raise NoClip("the task is completed, but its clip cannot be had")


def main() -> None:
    """Write the clip to VIDEO_OUTPUT: whole, or not at all."""
    output = Path(os.environ["VIDEO_OUTPUT"])
    part = output.with_name(output.name + ".part")
    try:
        fetch(os.environ["VIDEO_BASE_URL"], os.environ["VIDEO_API_KEY"], part)
        part.replace(output)
    except (NoClip, httpx.HTTPError) as error:
        raise SystemExit(f"no clip: {error}") from None
    finally:
        part.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
