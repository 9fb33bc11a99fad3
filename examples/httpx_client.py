"""A client that keeps the contract, with httpx: create, poll, take the URL in the documented order, else /content.

VIDEO_BASE_URL=http://127.0.0.1:8080/v1 VIDEO_API_KEY=sk-any VIDEO_OUTPUT=clip.mp4 python examples/httpx_client.py
"""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

URL_FIELDS = ("output.url", "video_url", "url", "detail.url")
TIMEOUT = float(os.environ.get("VIDEO_TIMEOUT", "30"))
PAUSE = float(os.environ.get("VIDEO_PAUSE", "0.05"))


def result_urls(video: dict[str, Any]) -> Iterator[str]:
    """The result URLs of a task, best first; absent is no key, null, an empty string, or anything but a string."""
    for field in URL_FIELDS:
        value: Any = video
        for key in field.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str) and value:
            yield value


def get_clip(client: httpx.Client, url: str, headers: dict[str, str]) -> bytes | None:
    """The film at a URL, or None: a page, an error that came with 200 or half a film is none."""
    try:
        reply = client.get(url, headers=headers, follow_redirects=True)
    except (httpx.HTTPError, httpx.InvalidURL):
        return None
    return reply.content if reply.status_code == 200 and reply.content[4:8] == b"ftyp" else None


def poll(client: httpx.Client, url: str, headers: dict[str, str]) -> dict[str, Any]:
    """The task at its end. A bad answer is worth another try, a refusal is not."""
    refused, deadline = 0, time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        try:
            reply = client.get(url, headers=headers)
            video = reply.json()
        except (httpx.HTTPError, ValueError):
            reply, video = None, None
        if reply is not None and reply.status_code in (400, 401, 403, 404):
            refused += 1 if reply.status_code in (400, 404) else 4
            if refused >= 4:
                raise SystemExit(f"refused: {reply.status_code} {reply.text[:200]}")
        elif isinstance(video, dict):
            status = str(video.get("status")).strip().lower()
            if status in ("failed", "failure", "cancelled", "canceled", "expired"):
                raise SystemExit(f"the task is {status}: {video.get('error')}")
            if status in ("completed", "succeeded", "success", "done"):
                return video
        time.sleep(PAUSE)
    raise SystemExit("the task did not end in time")


def main() -> None:
    """Make a task (or take the one in VIDEO_TASK_ID) and write its clip to VIDEO_OUTPUT."""
    base, output = os.environ["VIDEO_BASE_URL"], Path(os.environ["VIDEO_OUTPUT"])
    key = {"Authorization": f"Bearer {os.environ['VIDEO_API_KEY']}"}
    with httpx.Client(timeout=2) as client:
        task_id = os.environ.get("VIDEO_TASK_ID")
        if not task_id:
            wish = {"model": os.environ.get("VIDEO_MODEL", "grok-video-3"), "prompt": "a fox in the snow"}
            task_id = client.post(f"{base}/videos", json=wish, headers=key).raise_for_status().json()["id"]
        task_url = f"{base}/videos/{task_id}"
        for url in result_urls(poll(client, task_url, key)):
            if clip := get_clip(client, url, {}):
                break
        else:
            for _ in range(4):
                if clip := get_clip(client, f"{task_url}/content", key):
                    break
                time.sleep(PAUSE)
    if not clip:
        raise SystemExit("the clip cannot be had")
    output.write_bytes(clip)
    print(f"{len(clip)} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
