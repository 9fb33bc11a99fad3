"""The report for a terminal: what broke first, in words, where, what stands behind it, and how to run it again."""

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

_CASES = 1  # cases told in full for each broken rule
_NAMED = 12  # other cases of a rule that are named
_LINES = 24  # lines of a case's story
_OUTPUT = (500, 1500)  # characters of a program's output: its beginning, and its end
_IN_TIME = 3  # cases that could not be judged, told in full


def render(report: Report, *, everything: bool = False) -> str:
    """The whole report as text. With `everything` each case that is no pass is told in full."""
    cases = {case["scenario"]: case for case in report["cases"]}
    shown: set[str] = set()
    lines: list[str] = []
    for broken in report["summary"]["violations"]:
        others = []
        fresh = 0
        for name in broken["cases"]:
            if name not in shown and (everything or fresh < _CASES):
                shown.add(name)
                fresh += 1
                lines += [*case_lines(cases[name], report), ""]
            elif name not in shown:
                others.append(name)
        if others and not everything:
            lines += [f"{broken['rule']} was broken in {counted(len(others), 'more case')}: {_named(others)}", ""]
    unjudged = [case for case in report["cases"] if case["verdict"] == "error" and case["scenario"] not in shown]
    for case in unjudged if everything else unjudged[:_IN_TIME]:
        lines += [*case_lines(case, report), ""]
    return "\n".join([*lines, *_summary(report)])


def _named(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _summary(report: Report) -> Iterator[str]:
    summary = report["summary"]
    for ignored in report["ignored"]:
        yield f"left out: {ignored['rule']} ({printable(ignored['reason'])})"
    if summary["violations"]:
        width = max(len(broken["rule"]) for broken in summary["violations"])
        yield "Broken promises:"
        for broken in summary["violations"]:
            yield (
                f"  {broken['level']:6} {broken['rule']:{width}}  {counted(len(broken['cases']), 'case')}: "
                + printable(broken["sentence"])
            )
    # Why cases were not run is told last, once.
    reasons = Counter(skipped["reason"] for skipped in report["skipped"])
    reasons.pop(f"not run: {summary['ended_early']}", None)
    for reason, count in reasons.items():
        yield f"left out: {counted(count, 'case')}: {printable(reason)}"
    yield from _remarks(report["cases"])
    gave_up = sum(case["verdict"] == "pass" and _gave_up(case) for case in report["cases"])
    words = [f"{counted(summary['cases'], 'case')} in {report['seconds']:.1f} s: {summary['pass']} passed"]
    if gave_up:
        words[0] += f" ({gave_up} of them without the clip that could be had, as the contract allows)"
    if summary["fail"]:
        words.append(f"{summary['fail']} broke a promise")
    if summary["error"]:
        words.append(f"{summary['error']} could not be judged")
    if summary["skipped"]:
        words.append(f"{summary['skipped']} left out")
    yield ", ".join(words)
    if summary["ended_early"]:
        yield f"Not every case was run: {printable(summary['ended_early'])}"


def _gave_up(case: Data) -> bool:
    return bool(case["expected"]["outcome"] == "clip" and case["outcome"]["ended"] == "reported")


def _remarks(cases: list[Data]) -> Iterator[str]:
    """What lies in how the check is run, rather than in a rule."""
    if len(cases) > 1 and not any(case["exchanges"] for case in cases):
        yield "No request came in, in any case: does the client start, and ask at {base_url} or VIDEO_BASE_URL?"
    stopped = sum(case["outcome"]["ended"] == "stopped" for case in cases)
    if stopped:
        yield f"{counted(stopped, 'case')} ran until the client was stopped: a deadline of its own makes it quicker"


def case_lines(case: Data, report: Report) -> Iterator[str]:
    """One case: what was scripted and expected, what broke, what the client did, and how to run it again."""
    yield f"{case['verdict'].upper()} {case['scenario']}: {printable(case['summary'])}"
    sentences = {rule["rule"]: rule["sentence"] for rule in report["rules"]}
    for broken in case["violations"]:
        yield f"  {broken['level']} {broken['rule']}: {printable(broken['message'])}"
        yield f'      "{printable(sentences.get(broken["rule"], ""))}" ({printable(broken["source"])})'
    yield f"  expected: {expected(case)}; the client: {printable(ended(case))}"
    yield from (f"  {each}" for each in _story(case, report))
    if case["output"].strip():
        yield "  it printed:"
        output = frames_folded(plain(case["output"])).strip("\n")
        yield from (f"    {each}" for each in cut(output, *_OUTPUT).splitlines())
    if case["rerun"]:
        yield f"  again: {printable(case['rerun'])}"


def _story(case: Data, report: Report) -> Iterator[str]:
    exchanges = case["exchanges"]
    if not exchanges:
        yield "no request came in"
        return
    shown = {broken["exchange"] for broken in case["violations"] if broken["exchange"] is not None}
    download = on_download(exchanges)
    for run in folded(runs(exchanges, shown), _LINES, shown):
        if isinstance(run, Gap):
            yield f"   ... {counted(run.exchanges, 'more exchange')} ..."
            continue
        mark = ">" if run.first["number"] in shown else " "
        yield f"{mark} {line(run, exchanges[0]['at'], report['options']['speed'], download(run.first))}"
