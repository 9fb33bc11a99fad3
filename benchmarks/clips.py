"""A 5 MB clip through the fake against Starlette's FileResponse under the same uvicorn, and the memory it takes.

python benchmarks/clips.py [--json] [--rounds N]     # wanted: 0.8 or more, and memory that stays as it is
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from pathlib import Path

from load import bare, cores, fake, pin, ratio, requests_a_second, serving

SIZE = 5 * 1024 * 1024
REQUEST = b"GET /v1/videos/video_big/content HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer sk-benchmark\r\n\r\n"
SCENARIO = """
from video_mockserver.scenario.model import ReplyTemplate, Scenario, State
big = State({"status": "completed"}, content=(ReplyTemplate(clip="big"),))
SCENARIO = Scenario("big", "a large clip", "completed", {"completed": big})
"""


def resident_mb(process: int) -> float | None:
    """The most memory a process has had, in MB; None where it cannot be asked."""
    status = Path(f"/proc/{process}/status")
    if not status.exists():
        return None
    line = next(line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1e3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    pin(cores()[1])
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "big.mp4"
        film.write_bytes(os.urandom(SIZE))
        code = SCENARIO + fake("auto", "SCENARIO").replace("'SCENARIO'", "SCENARIO")
        with serving(code, str(film)) as ours, serving(bare("auto"), str(film)) as theirs:
            for served in (ours, theirs):
                requests_a_second(served.port, REQUEST, connections=1, seconds=0.5)
            before = resident_mb(ours.process)
            pairs = [
                (
                    requests_a_second(ours.port, REQUEST, connections=2),
                    requests_a_second(theirs.port, REQUEST, connections=2),
                )
                for _ in range(arguments.rounds)
            ]
            after = resident_mb(ours.process)
    a, b = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    told = {
        "fake_mb_per_second": round(statistics.median(a) * SIZE / 1e6),
        "file_response_mb_per_second": round(statistics.median(b) * SIZE / 1e6),
        "ratio": round(ratio(a, b), 2),
        "peak_mb_before": before,
        "peak_mb_after": after,
    }
    if arguments.json:
        print(json.dumps(told))
    else:
        print("\n".join(f"{name:28} {value}" for name, value in told.items()))


if __name__ == "__main__":
    main()
