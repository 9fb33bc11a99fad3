"""`video-mockserver demo`: a small client meets a broken download, and the journal tells the story.

The client is the contract in thirty lines of standard library; it knows nothing of the fake but its URL.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import Any

from mockserver.edges.server import VideoServer
from mockserver.journal import Exchange

__all__ = ["run"]

_URL_FIELDS = ("output.url", "video_url", "url", "detail.url")


def run(scenario: str) -> int:
    """Run the client through one scenario on a real socket and print what happened; 0 when the clip arrived.

    Raises `UnknownScenario`.
    """
    with VideoServer() as server:
        fake = server.fake(scenario=scenario)
        told = fake.scenario(fake.settings.scenario)
        print(f"The fake listens at {fake.base_url}; its tasks follow {told.name}:\n  {told.summary}\n")
        try:
            clip, source = fetch(fake.base_url, fake.api_key)
        except (OSError, http.client.HTTPException, LookupError) as error:
            clip, source = b"", ""
            print(f"The client gave up: {error}")
        whole = bool(clip) and any(clip == fake.read_clip(task.clip) for task in fake.bill)
        if clip:
            print(f"The client got {len(clip)} bytes from {source}: {'the clip, whole' if whole else 'not the clip'}.")
    print("\nOn the wire:")
    for exchange in fake.journal:
        print(f"  {_line(exchange)}")
    print(f"\nTasks on the bill: {len(fake.bill)}")
    return 0 if whole else 1


def _line(exchange: Exchange) -> str:
    sent = f", {exchange.sent} bytes" if exchange.sent else ""
    return f"{exchange}{sent}"


def fetch(base_url: str, api_key: str) -> tuple[bytes, str]:
    """Create a task, poll it to its end, and get the clip: by its URL, else from /content."""
    key = {"Authorization": f"Bearer {api_key}"}
    wish = json.dumps({"model": "grok-video-3", "prompt": "a fox in the snow"}).encode()
    task = json.loads(_get(f"{base_url}/videos", {**key, "Content-Type": "application/json"}, wish))
    video: dict[str, Any] = task
    while video["status"] in ("queued", "processing"):
        video = json.loads(_get(f"{base_url}/videos/{task['id']}", key))
    if video["status"] != "completed":
        raise LookupError(f"the task is {video['status']}: {video.get('error')}")
    for field in _URL_FIELDS:
        value: Any = video
        for part in field.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if value:
            try:
                return _get(value, {}), field
            except (OSError, http.client.HTTPException) as error:
                print(f"The download from {field} failed: {error}; falling back to /content.")
    return _get(f"{base_url}/videos/{task['id']}/content", key), "/content"


def _get(url: str, headers: dict[str, str], body: bytes | None = None) -> bytes:
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - the fake's own URLs
    with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: S310
        return bytes(reply.read())
