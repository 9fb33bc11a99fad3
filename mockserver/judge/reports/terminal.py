"""The report for a terminal: the violations first, each with its case, its source and the command to rerun it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from .data import (
    Data,
    Gap,
    Report,
    counted,
    cut,
    ended,
    expected,
    folded,
    frames_folded,
    line,
    on_download,
    plain,
    printable,
    runs,
)

__all__ = ["case_lines", "render"]

_CASES = 1  # cases in_full in full for each violated rule
_NAMED = 12  # other cases of a rule that are named
_LINES = 24  # lines of a timeline
_OUTPUT = (500, 1500)  # characters of a program's output: its beginning, and its end
_NOT_JUDGED = 3  # cases that could not be judged, in_full in full


def render(report: Report, *, everything: bool = False) -> str:
    """The whole report as text. With `everything` each case that did not pass is in_full in full."""
    cases = {case["scenario"]: case for case in report["cases"]}
    in_full: set[str] = set()
    lines: list[str] = []
    for rule in report["summary"]["violations"]:
        others = []
        fresh = 0
        for name in rule["cases"]:
            if name not in in_full and (everything or fresh < _CASES):
                in_full.add(name)
                fresh += 1
                lines += [*case_lines(cases[name], report), ""]
            elif name not in in_full:
                others.append(name)
        if others and not everything:
            lines += [f"{rule['rule']} was violated in {counted(len(others), 'more case')}: {_named(others)}", ""]
    unjudged = [case for case in report["cases"] if case["verdict"] == "error" and case["scenario"] not in in_full]
    for case in unjudged if everything else unjudged[:_NOT_JUDGED]:
        lines += [*case_lines(case, report), ""]
    return "\n".join([*lines, *_summary(report)])


def _named(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _summary(report: Report) -> Iterator[str]:
    summary = report["summary"]
    for ignored in report["ignored"]:
        yield f"rule not judged: {ignored['rule']} ({printable(ignored['reason'])})"
    if summary["violations"]:
        width = max(len(rule["rule"]) for rule in summary["violations"])
        yield "Violated rules:"
        for rule in summary["violations"]:
            yield (
                f"  {rule['level']:6} {rule['rule']:{width}}  {counted(len(rule['cases']), 'case')}: "
                + printable(rule["sentence"])
            )
    # Why the check ended early is the last line.
    reasons = Counter(skipped["reason"] for skipped in report["skipped"])
    reasons.pop(f"not run: {summary['ended_early']}", None)
    for reason, count in reasons.items():
        yield f"skipped: {counted(count, 'case')}: {printable(reason)}"
    yield from _remarks(report["cases"])
    gave_up = sum(case["verdict"] == "pass" and _gave_up(case) for case in report["cases"])
    parts = [f"{counted(summary['cases'], 'case')} in {report['seconds']:.1f} s: {summary['pass']} passed"]
    if gave_up:
        parts[0] += f" ({gave_up} of them without the clip that could be obtained, as the contract allows)"
    if summary["fail"]:
        parts.append(f"{summary['fail']} failed")
    if summary["error"]:
        parts.append(f"{summary['error']} could not be judged")
    if summary["skipped"]:
        parts.append(f"{summary['skipped']} skipped")
    yield ", ".join(parts)
    if summary["ended_early"]:
        yield f"not every case was run: {printable(summary['ended_early'])}"


def _gave_up(case: Data) -> bool:
    return bool(case["expected"]["outcome"] == "clip" and case["outcome"]["ended"] == "reported")


def _remarks(cases: list[Data]) -> Iterator[str]:
    """Hints about how the check is run."""
    if len(cases) > 1 and not any(case["exchanges"] for case in cases):
        yield "no request came in, in any case: does the client start, and use {base_url} or VIDEO_BASE_URL?"
    stopped = sum(case["outcome"]["ended"] == "stopped" for case in cases)
    if stopped:
        yield f"{counted(stopped, 'case')} ran until the client was stopped: give the client a deadline of its own"


def case_lines(case: Data, report: Report) -> Iterator[str]:
    """One case: what is scripted and expected, the violations, what the client did, and how to rerun it."""
    yield f"{case['verdict'].upper()} {case['scenario']}: {printable(case['summary'])}"
    sentences = {rule["rule"]: rule["sentence"] for rule in report["rules"]}
    for violation in case["violations"]:
        yield f"  {violation['level']} {violation['rule']}: {printable(violation['message'])}"
        yield f'      "{printable(sentences.get(violation["rule"], ""))}" ({printable(violation["source"])})'
    yield f"  expected: {expected(case)}; the client: {printable(ended(case))}"
    yield from (f"  {each}" for each in _timeline(case, report))
    if case["output"].strip():
        yield "  output:"
        output = frames_folded(plain(case["output"])).strip("\n")
        yield from (f"    {each}" for each in cut(output, *_OUTPUT).splitlines())
    if case["rerun"]:
        yield f"  rerun: {printable(case['rerun'])}"


def _timeline(case: Data, report: Report) -> Iterator[str]:
    exchanges = case["exchanges"]
    if not exchanges:
        yield "no request came in"
        return
    hits = {each["exchange"] for each in case["violations"] if each["exchange"] is not None}
    download = on_download(exchanges)
    for run in folded(runs(exchanges, hits), _LINES, hits):
        if isinstance(run, Gap):
            yield f"   ... {counted(run.exchanges, 'more exchange')} ..."
            continue
        mark = ">" if run.first["number"] in hits else " "
        yield f"{mark} {line(run, exchanges[0]['at'], report['options']['speed'], download(run.first))}"
