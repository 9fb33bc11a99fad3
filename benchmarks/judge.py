"""How far the judge can be trusted, and what it costs.

    python benchmarks/judge.py [--json] [--programs]

Found of the broken: each broken client goes through the library until the rule that names its defect is broken.
False alarms of the correct: they go through the whole library, in both flows; with `--programs` the examples do so as
programs, too (some minutes). In process the baseline is the same client in the same fakes, with nobody judging it;
wanted: the library in at most 3 s. As a program it is a process that does nothing, as often and as many at a time;
wanted: the library in at most 30 s on two processors.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.broken_clients import BROKEN_CLIENTS  # noqa: E402
from support.careful_client import Careful  # noqa: E402
from support.correct_clients import CORRECT  # noqa: E402
from video_mockserver import check  # noqa: E402
from video_mockserver.checking.callables import API_KEY, fake_for  # noqa: E402
from video_mockserver.judge.expectation import chosen, judgeable  # noqa: E402
from video_mockserver.judge.verdict import Terms  # noqa: E402
from video_mockserver.scenario.library import Library  # noqa: E402

RUNS_WITH = {".py": sys.executable, ".sh": "sh", ".mjs": "node"}
IMPATIENT = {"VIDEO_PAUSE": "0.05", "VIDEO_TIMEOUT": "1", "VIDEO_DEADLINE": "3"}


def found(library: Library) -> list[str]:
    """The broken clients that are not found."""
    missed = []
    for name, client in BROKEN_CLIENTS.items():
        scenarios, _ = judgeable(chosen(library, "*"), client.flow, Terms())
        reports = (
            check(client(), scenarios=scenario, library=library, transport="mock", flow=client.flow)
            for scenario, _ in scenarios
        )
        if not any(client.rule in report.violations() for report in reports):
            missed.append(name)
    return missed


def alarms(library: Library) -> list[str]:
    """The false alarms about the correct functions."""
    return [
        f"{name}, {flow}: {verdict.scenario.name}"
        for name, client in CORRECT.items()
        for flow in ("poll", "create")
        for verdict in check(client, library=library, transport="mock", flow=flow).failed
    ]


def program_alarms() -> dict[str, list[str]]:
    """The false alarms about the examples, by client and flow."""
    told = {}
    for path in sorted((ROOT / "examples").iterdir()):
        if path.suffix not in RUNS_WITH or path.name == "reference_client.py":
            continue
        for flow in ("poll", "create"):
            told[f"{path.name}, {flow}"] = [
                case["scenario"] for case in report_of(path, flow) if case["verdict"] != "pass"
            ]
    return told


def report_of(path: Path, flow: str) -> list[dict[str, Any]]:
    """The cases of a check of a program."""
    command = [sys.executable, "-m", "video_mockserver", "check", "--flow", flow, "--json", "/dev/stderr", "--"]
    done = subprocess.run(
        [*command, RUNS_WITH[path.suffix], str(path)],
        capture_output=True, text=True, check=False, env={**os.environ, **IMPATIENT},
    )  # fmt: skip
    cases: list[dict[str, Any]] = json.loads(done.stderr)["cases"]
    return cases


def in_process(library: Library) -> tuple[float, float]:
    """Seconds for the library, with and without the judge."""
    client = Careful()
    began = time.perf_counter()
    check(client, library=library, transport="mock")
    judged = time.perf_counter() - began
    scenarios, _ = judgeable(chosen(library, "*"), "poll", Terms())
    began = time.perf_counter()
    for scenario, _ in scenarios:
        with fake_for(scenario, "mock", 0) as (fake, _):
            try:
                client(fake.base_url, API_KEY, fake.task(scenario).id)
            except Exception:  # noqa: S112 - as it is meant to
                continue
    return judged, time.perf_counter() - began


def as_a_program(library: Library) -> tuple[float, float]:
    """Seconds for the library with a client of Python's standard library, and for as many processes of nothing."""
    began = time.perf_counter()
    cases = report_of(ROOT / "examples" / "urllib_client.py", "poll")
    judged = time.perf_counter() - began
    began = time.perf_counter()
    with ThreadPoolExecutor(6 * (os.cpu_count() or 1)) as pool:
        list(pool.map(lambda _: subprocess.run([sys.executable, "-c", ""], check=True), cases))
    return judged, time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--programs", action="store_true")
    arguments = parser.parse_args()
    library = Library()
    missed = found(library)
    in_one, alone = in_process(library)
    program, nothing = as_a_program(library)
    told: dict[str, Any] = {
        "broken clients": len(BROKEN_CLIENTS),
        "found": len(BROKEN_CLIENTS) - len(missed),
        "missed": missed,
        "false alarms": alarms(library),
        "library in process": {"seconds": round(in_one, 2), "ratio": round(in_one / alone, 2)},
        "library as a program": {"seconds": round(program, 1), "ratio": round(program / nothing, 2)},
    }
    if arguments.programs:
        told["false alarms of programs"] = program_alarms()
    if arguments.json:
        print(json.dumps(told))
        return
    for what, figure in told.items():
        print(f"{what}: {figure}")


if __name__ == "__main__":
    main()
