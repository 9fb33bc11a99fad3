"""A client that keeps the contract, with the openai package: create, poll, take the clip from /content.

VIDEO_BASE_URL=http://127.0.0.1:8080/v1 VIDEO_API_KEY=sk-any VIDEO_OUTPUT=clip.mp4 python examples/openai_client.py

It works with every dialect. The package's own `create_and_poll` does for OpenAI's alone: OctopusX's `processing` is a
word that it does not know, and it stops waiting there.
"""

import os
import time
import warnings
from pathlib import Path

import openai

PAUSE = float(os.environ.get("VIDEO_PAUSE", "2"))  # seconds between polls
DEADLINE = float(os.environ.get("VIDEO_DEADLINE", "600"))  # seconds until a task is given up
TIMEOUT = float(os.environ.get("VIDEO_TIMEOUT", "30"))  # seconds of silence until a connection is given up
ENDS_BADLY = {"failed", "cancelled", "expired"}

warnings.simplefilter("ignore", DeprecationWarning)  # the package marks its whole Videos API so


class NoClip(Exception):
    """There is no clip to be had, and why."""


def fetch(client: openai.OpenAI) -> bytes:
    """Make a task and return its clip. Raises `NoClip` and openai.OpenAIError."""
    # Not tried again: the task may have been made all the same, and a second one costs money.
    video = client.with_options(max_retries=0).videos.create(model="sora-2", prompt="a fox in the snow")
    deadline = time.monotonic() + DEADLINE
    while video.status != "completed":
        if video.status in ENDS_BADLY:
            raise NoClip(f"the task ended as {video.status}: {video.error.message if video.error else ''}")
        if time.monotonic() > deadline:
            raise NoClip("the task did not end in time")
        time.sleep(PAUSE)
        video = client.videos.retrieve(video.id)
    clip = client.videos.download_content(video.id).read()
    if clip[4:8] != b"ftyp":
        raise NoClip(f"no film, but {clip[:40]!r}")
    return clip


def main() -> None:
    """Write the clip to VIDEO_OUTPUT."""
    client = openai.OpenAI(
        base_url=os.environ["VIDEO_BASE_URL"], api_key=os.environ["VIDEO_API_KEY"], timeout=TIMEOUT, max_retries=4
    )
    try:
        clip = fetch(client)
    except (NoClip, openai.OpenAIError) as error:
        raise SystemExit(f"no clip: {error}") from None
    Path(os.environ["VIDEO_OUTPUT"]).write_bytes(clip)


if __name__ == "__main__":
    main()
