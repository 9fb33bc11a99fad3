"""Client programs of a few lines."""

from __future__ import annotations

import sys
import textwrap

CLIENT = """
import json, os, sys, urllib.request

ENV = os.environ

def get(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5) as reply:
        return reply.read()

def api(path):
    return get(ENV["VIDEO_BASE_URL"] + path, Authorization="Bearer " + ENV["VIDEO_API_KEY"])

def poll():
    while True:
        video = json.loads(api("/videos/" + ENV["VIDEO_TASK_ID"]))
        if video["status"] == "completed":
            return video

def deliver(clip):
    with open(ENV["VIDEO_OUTPUT"], "wb") as file:
        file.write(clip)

"""


def python(body: str) -> list[str]:
    """A client in Python, as a command."""
    return [sys.executable, "-S", "-c", CLIENT + textwrap.dedent(body)]
