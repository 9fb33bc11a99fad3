"""What the pytest plugin costs: installed and unused, set-up and tear-down of its fixtures, ten minutes of polling.

    python benchmarks/plugin.py [--json] [--rounds N]

Wanted: unused at most 15 ms a run; video_server at most 2 ms a test; video_mock at most 0.3 ms on top of respx_mock,
600 polls a second apart, with the openai package, under 2 s. Beside them in the same run: pytest-httpserver and
a uvicorn started for each test.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TESTS = 200

HEAD = """
import asyncio, contextlib, threading, time
import pytest

async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})

@pytest.fixture
def uvicorn_server():
    import uvicorn
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.001)
    yield server
    server.should_exit = True
    thread.join()

@pytest.fixture
def nothing():
    yield
"""

POLLS = """
import time, warnings, openai
from video_mockserver.scenario.model import Scenario, State, Transition

STORY = Scenario("ten_minutes", "Ten minutes.", "processing", {
    "processing": State({"status": "processing"}, next=(Transition("completed", polls=600),)),
    "completed": State({"status": "completed"}),
})

def test_it(video_mock, video_clock):
    warnings.simplefilter("ignore")
    task = video_mock.task(STORY, dialect="openai")
    client = openai.OpenAI(base_url=video_mock.base_url, api_key="sk")
    import video_mockserver.edges.virtual_time as waiting
    real = waiting.REAL_PERF_COUNTER
    start = real()
    client.videos.poll(task.id)
    print("SECONDS", real() - start, "POLLS", len(video_mock.journal), "SLEPT", video_clock.slept)
"""


def run(code: str, folder: Path, *arguments: str) -> tuple[float, str]:
    """Seconds that a run of pytest over a file took, and what it said."""
    path = folder / "test_it.py"
    path.write_text(code, "utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        str(path),
        *arguments,
    ]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return time.perf_counter() - began, done.stdout


def many(fixture: str, tests: int = TESTS) -> str:
    """A file of tests that do nothing but ask for a fixture."""
    return f"{HEAD}\n@pytest.mark.parametrize('n', range({tests}))\ndef test_it({fixture}, n):\n    pass\n"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    fixtures = ("nothing", "respx_mock", "video_mock", "video_server", "httpserver")
    taken: dict[str, list[float]] = {fixture: [] for fixture in fixtures}
    unused: list[float] = []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        empty = "def test_it():\n    pass\n"
        run(empty, folder)
        for _ in range(arguments.rounds * 2):
            unused.append(run(empty, folder)[0] - run(empty, folder, "-p", "no:video_mockserver")[0])
        for _ in range(arguments.rounds):
            for fixture in fixtures:
                # What the first test imports and starts is no part of what each test costs.
                taken[fixture].append(run(many(fixture), folder)[0] - run(many(fixture, 1), folder)[0])
        # A uvicorn of its own for each test takes so long that a tenth of the tests says enough.
        few, plain = many("uvicorn_server", TESTS // 10), many("nothing", TESTS // 10)
        own = [run(few, folder)[0] - run(plain, folder)[0] for _ in range(3)]
        said = run(POLLS, folder, "-s")[1]
    each = {
        fixture: statistics.median(a - b for a, b in zip(times, taken["nothing"], strict=True)) / TESTS * 1e3
        for fixture, times in taken.items()
        if fixture != "nothing"
    }
    told = {
        "unused_ms_a_run": round(statistics.median(unused) * 1e3, 1),
        **{f"{fixture}_ms_a_test": round(cost, 2) for fixture, cost in each.items()},
        "uvicorn_for_each_test_ms_a_test": round(statistics.median(own) / (TESTS // 10) * 1e3, 1),
        "video_mock_over_respx_mock_ms": round(each["video_mock"] - each["respx_mock"], 2),
        "openai_600_polls_seconds": round(float(said.split("SECONDS")[1].split()[0]), 2),
    }
    if arguments.json:
        print(json.dumps(told))
    else:
        print("\n".join(f"{name:32} {value}" for name, value in told.items()))


if __name__ == "__main__":
    main()
