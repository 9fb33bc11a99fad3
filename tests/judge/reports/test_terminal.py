"""The report for a terminal."""

from __future__ import annotations

from typing import Any

from support import report_sample as sample
from video_mockserver.judge.reports.terminal import render

Data = dict[str, Any]


def last_lines(report: Data) -> list[str]:
    return render(report).splitlines()


def test_the_terminal_says_what_lies_in_how_the_check_was_run() -> None:
    report = sample.report()
    lines = last_lines(report)
    assert "skipped: 1 case: it tests creating a task, and this client is given one" in lines
    assert not any("no request came in, in" in line for line in lines)
    silent = [{**case, "exchanges": [], "violations": []} for case in report["cases"]]
    assert any(line.startswith("no request came in, in any case: ") for line in last_lines(sample.gathered(silent)))
    assert not any("no request came in, in" in line for line in last_lines(sample.gathered(silent[:1])))


def test_the_terminal_says_how_many_gave_up_a_clip_and_how_many_were_stopped() -> None:
    report = sample.report()
    passed = next(
        case for case in report["cases"] if case["verdict"] == "pass" and case["expected"]["outcome"] == "clip"
    )
    gave_up = {**passed, "outcome": {**passed["outcome"], "ended": "reported", "bytes": None}}
    stopped = {**passed, "outcome": {**passed["outcome"], "ended": "stopped", "bytes": None}}
    assert "without the clip" not in last_lines(sample.gathered([passed]))[-1]
    assert "(2 of them without the clip" in last_lines(sample.gathered([gave_up, passed, gave_up]))[-1]
    assert "1 case ran until the client was stopped" in render(sample.gathered([stopped, passed]))
    assert "until the client was stopped" not in render(sample.gathered([passed, gave_up]))
