"""Status polls a second through the whole stack against a bare Starlette JSONResponse route under the same uvicorn.

    python benchmarks/polls.py [--json] [--rounds N]     # wanted: 0.8 or more

State machine and journal are on. Server and load have a core each; the rounds of the two alternate. `processing` is a
task under way, whose document stays the same; `completed` has a signed URL, made for each poll.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics

from load import bare, cores, fake, pin, ratio, requests_a_second, serving

REQUEST = (
    b"GET /v1/videos/video_abc123 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer sk-benchmark\r\n"
    b"Accept: application/json\r\nUser-Agent: benchmark\r\n\r\n"
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    pin(cores()[1])
    told = {}
    cases = {"processing": "lifecycle/stuck_processing", "completed": "lifecycle/at_once"}
    for http, (case, scenario) in itertools.product(("httptools", "h11"), cases.items()):
        with serving(fake(http, scenario)) as ours, serving(bare(http)) as theirs:
            for served in (ours, theirs):
                requests_a_second(served.port, REQUEST, seconds=0.5)
            pairs = [
                (requests_a_second(ours.port, REQUEST), requests_a_second(theirs.port, REQUEST))
                for _ in range(arguments.rounds)
            ]
        a, b = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        told[f"{http}, {case}"] = {
            "fake": round(statistics.median(a)),
            "bare": round(statistics.median(b)),
            "ratio": round(ratio(a, b), 2),
        }
    if arguments.json:
        print(json.dumps(told))
        return
    print(f"{'':21} {'fake/s':>8} {'bare/s':>8} {'ratio':>6}")
    for http, figures in told.items():
        print(f"{http:21} {figures['fake']:8} {figures['bare']:8} {figures['ratio']:6}")


if __name__ == "__main__":
    main()
