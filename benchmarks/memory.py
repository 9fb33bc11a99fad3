"""How much memory 100,000 tasks and a full journal take, and that the journal stays within its bounds.

python benchmarks/memory.py [--json]
"""

from __future__ import annotations

import argparse
import json
import resource
import sys

from video_mockserver.api.messages import Origins, Request
from video_mockserver.fake.clip_files import shipped_clips
from video_mockserver.fake.fake import Fake
from video_mockserver.scenario.library import Library

TASKS = 100_000
LIMIT_MB = 200


def peak_mb() -> float:
    """The most memory that this process has had, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


def main() -> None:
    """Make the tasks as a client would, poll each once, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    fake = Fake(Library(), shipped_clips())
    origins = Origins("http://127.0.0.1:8080", "http://127.0.0.1:8081", "http://127.0.0.1:9")
    headers = (("authorization", "Bearer sk-benchmark"), ("host", "127.0.0.1:8080"), ("accept", "*/*"))
    before = peak_mb()
    for number in range(TASKS):
        wish = json.dumps({"model": "grok-video-3", "prompt": f"fox number {number} in the snow"}).encode()
        reply = fake.handle(Request("POST", "/v1/videos", origins, "", headers, wish))
        assert isinstance(reply.body, bytes)
        task_id = json.loads(reply.body)["id"]
        fake.handle(Request("GET", f"/v1/videos/{task_id}", origins, "", headers))
    told = {
        "tasks": len(fake.tasks),
        "requests": fake.journal.total,
        "journal_entries": len(fake.journal),
        "journal_dropped": fake.journal.dropped,
        "mb_before": round(before, 1),
        "mb_after": round(peak_mb(), 1),
        "limit_mb": LIMIT_MB,
    }
    if arguments.json:
        print(json.dumps(told))
    else:
        print("\n".join(f"{name:16} {value}" for name, value in told.items()))


if __name__ == "__main__":
    main()
