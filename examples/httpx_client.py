"""With httpx: tries a download twice, then the next URL, then /content; backs off after every bad answer.

VIDEO_BASE_URL, VIDEO_API_KEY and VIDEO_OUTPUT say where and with what; VIDEO_TASK_ID names a task that is there.
"""

import base64
import binascii
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
LARGEST = 32 * 1024 * 1024  # bytes; a film that is larger never ends
URL_FIELDS = ("output.url", "video_url", "url", "detail.url")


class NoClip(Exception):
    """There is no clip to be had, and why."""


def as_object(reply: httpx.Response) -> dict[str, Any]:
    """The body if it is a JSON object, else an empty one."""
    try:
        data = reply.json()
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def create(api: httpx.Client) -> str:
    """A new task's id. A 429 made no task, so that is asked again; anything else may have, and a second costs money."""
    for attempt in range(4):
        reply = api.post("videos", json={"model": "grok-video-3", "prompt": "a fox in the snow", "seconds": 6})
        if reply.status_code != 429:
            break
        back_off(attempt, reply)
    task_id = as_object(reply).get("id")
    if not reply.is_success or not isinstance(task_id, str) or not task_id:
        raise NoClip(f"create: {reply.status_code} {reply.text[:200]}")
    return task_id


def back_off(attempt: int, reply: httpx.Response | None) -> None:
    """Wait a little longer each time, and as long as the service asks for; that may be too long."""
    after = reply.headers.get("retry-after", "") if reply is not None else ""
    asked = float(after) if after.isascii() and after.isdecimal() else 0.0
    if asked > DEADLINE:
        raise NoClip(f"asked to wait for {after} seconds")
    time.sleep(max(asked, min(PAUSE * 2**attempt, 20 * PAUSE)))


def wait_for_end(api: httpx.Client, task_url: str) -> dict[str, Any]:
    """The completed task. A bad answer is worth another poll; a key that is not good is not."""
    deadline = time.monotonic() + DEADLINE
    bad = unknown = 0
    while time.monotonic() < deadline:
        reply = None
        try:
            reply = api.get(task_url)
        except httpx.HTTPError:
            video = {}
        else:
            if reply.status_code in (401, 403):
                raise NoClip(f"refused: {reply.status_code} {reply.text[:200]}")
            video = as_object(reply)
            unknown += reply.status_code == 404 or video.get("code") == "task_not_exist"
            if unknown > 5:
                raise NoClip("the service does not know this task")
        if reply is None or not reply.is_success or not video:
            back_off(bad, reply)
            bad += 1
            continue
        bad = 0
        status = str(video.get("status")).strip().lower()
        if status in ("completed", "succeeded", "success", "done"):
            return video
        if status in ("failed", "failure", "cancelled", "canceled", "expired"):
            raise NoClip(f"the task ended as {status}: {video.get('error')}")
        time.sleep(PAUSE)
    raise NoClip("the task did not end in time")


def result_urls(video: dict[str, Any]) -> Iterator[str]:
    """The result URLs of a task, best first; absent is no key, null, a blank text, or anything but a text."""
    for field in URL_FIELDS:
        value: Any = video
        for key in field.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str) and value.strip():
            yield value.strip()


def download(client: httpx.Client, url: str, path: Path, tries: int) -> bool:
    """Whether a whole film came, in so many tries: half of one, a page, or an error that came with 200 is none."""
    for attempt in range(tries):
        reply = None
        try:
            with client.stream("GET", url, follow_redirects=True) as reply, path.open("wb") as file:
                for piece in reply.iter_bytes():
                    file.write(piece)
                    if file.tell() > LARGEST:
                        return False
        except (httpx.UnsupportedProtocol, httpx.InvalidURL):
            return False
        except httpx.HTTPError:
            pass
        else:
            with path.open("rb") as file:
                if reply.status_code == 200 and file.read(8)[4:] == b"ftyp":
                    return True
            if reply.status_code in (401, 403, 410):
                return False  # another try is of no use
        back_off(attempt, reply)
    return False


def inline(url: str, path: Path) -> bool:
    """Whether a data: URL holds a film."""
    try:
        path.write_bytes(base64.b64decode(url.partition(";base64,")[2], validate=True))
    except binascii.Error:
        return False
    return path.read_bytes()[4:8] == b"ftyp"


def fetch(base_url: str, api_key: str, path: Path) -> None:
    """Write the clip of a task. Raises `NoClip`, or httpx.HTTPError when the create got no answer."""
    with (
        httpx.Client(
            base_url=base_url, headers={"Authorization": f"Bearer {api_key}"}, timeout=TIMEOUT, follow_redirects=True
        ) as api,
        httpx.Client(timeout=TIMEOUT) as anyone,  # the key is for the API alone, not for where the result lies
    ):
        task_url = f"videos/{quote(os.environ.get('VIDEO_TASK_ID') or create(api), safe='')}"
        for url in result_urls(wait_for_end(api, task_url)):
            if inline(url, path) if url.startswith("data:") else download(anyone, urljoin(base_url, url), path, 2):
                return
        if download(api, f"{task_url}/content", path, 5):  # it may come a little later than the end of the task
            return
    raise NoClip("the task is completed, but its clip cannot be had")


def main() -> None:
    """Write the clip to VIDEO_OUTPUT: whole, or not at all."""
    output = Path(os.environ["VIDEO_OUTPUT"])
    part = output.with_name(output.name + ".part")
    try:
        fetch(os.environ["VIDEO_BASE_URL"], os.environ["VIDEO_API_KEY"], part)
        part.replace(output)
    except (NoClip, httpx.HTTPError) as error:
        raise SystemExit(f"no clip: {error!r}") from None
    finally:
        part.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
