"""Documents a second from the strategies, against `st.fixed_dictionaries` of the documented object's fields.

    python benchmarks/documents.py [--json] [--rounds N]     # wanted: 0.5 or more

The baseline draws each of the thirteen fields from a few values and makes nothing of them. Rounds alternate.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from video_mockserver.strategies import DOCUMENTED, DOCUMENTED_TASK, completed_videos, videos

EXAMPLES = 1000
BASELINE = st.fixed_dictionaries({name: st.sampled_from([value, None]) for name, value in DOCUMENTED_TASK.items()})
CASES = {
    "completed, documented": completed_videos(DOCUMENTED),
    "completed, hostile": completed_videos(),
    "any status, hostile": videos(),
    "any status, unified": videos(view="unified"),
    "any status, wrapped": videos(view="wrapped"),
    "any status, seedance": videos(view="seedance"),
}


def a_second(strategy: st.SearchStrategy[object]) -> float:
    """How many examples Hypothesis makes in a second."""
    count = 0

    @settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    @given(strategy)
    def take(example: object) -> None:
        nonlocal count
        count += 1

    began = time.perf_counter()
    take()
    return count / (time.perf_counter() - began)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    told = {}
    for case, strategy in CASES.items():
        pairs = [(a_second(strategy), a_second(BASELINE)) for _ in range(arguments.rounds)]
        told[case] = {
            "documents": round(statistics.median(ours for ours, _ in pairs)),
            "baseline": round(statistics.median(theirs for _, theirs in pairs)),
            "ratio": round(statistics.median(ours / theirs for ours, theirs in pairs), 2),
        }
    if arguments.json:
        print(json.dumps(told))
        return
    print(f"{'':22} {'documents/s':>12} {'baseline/s':>11} {'ratio':>6}")
    for case, figures in told.items():
        print(f"{case:22} {figures['documents']:12} {figures['baseline']:11} {figures['ratio']:6}")


if __name__ == "__main__":
    main()
