"""Terms, verdicts and reports."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from support.asking import ask
from video_mockserver.fake.clip_files import shipped_clips
from video_mockserver.fake.clock import ManualClock
from video_mockserver.fake.fake import Fake
from video_mockserver.judge.expectation import case_of, expected
from video_mockserver.judge.observations import Outcome
from video_mockserver.judge.rules.table import RULES
from video_mockserver.judge.verdict import ContractBroken, Report, Terms, Verdict, judge, new_report
from video_mockserver.scenario.library import Library

LIBRARY = Library()


def judged(name: str, outcome: Outcome, polls: int = 1, terms: Terms | None = None) -> Verdict:
    """The verdict on a client that polled so often, five seconds apart."""
    terms = terms or Terms()
    clock = ManualClock()
    fake = Fake(LIBRARY, shipped_clips(), scenario=name, clock=clock)
    task = fake.task()
    for _ in range(polls):
        ask(fake, "GET", f"/v1/videos/{task.id}")
        clock.advance(5)
    case = case_of(fake, task.scenario, expected(task.scenario, terms.order), outcome, terms=terms, given=task.id)
    return judge(replace(case, speed=1.0), terms)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": "may"}, "level: no 'may' (available: must, should)"),
        ({"url_order": "output"}, "url_order: no 'output' (did you mean 'output.url'?)"),
        ({"levels": {"retry_after": "must"}}, "levels: no 'retry_after' (did you mean 'retry-after'?)"),
        ({"levels": {"retry-after": "may"}}, "levels.retry-after: no 'may' (available: must, should)"),
        ({"ignore": {"key-stays-home": "x"}}, "ignore: no 'key-stays-home'"),
        ({"ignore": {"retry-after": ""}}, "ignore.retry-after: expected the reason, a text that is not empty"),
        ({"ignore": {"retry-after": 1}}, "ignore.retry-after: expected the reason, a text that is not empty"),
    ],
)
def test_wrong_terms_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        Terms(**options)


def test_terms_choose_the_rules() -> None:
    assert [rule.id for rule in Terms().rules()] == list(RULES)
    must = [rule.id for rule in RULES.values() if rule.level == "must"]
    assert [rule.id for rule in Terms("must").rules()] == must
    changed = Terms("must", levels={"retry-after": "must", "deliver": "should"}, ignore={"url-order": "one field"})
    assert {rule.id for rule in changed.rules()} == {*must, "retry-after"} - {"deliver", "url-order"}
    assert changed.level_of(RULES["retry-after"]) == "must"


def test_a_violation_fails_a_case() -> None:
    verdict = judged("lifecycle/plain", Outcome("reported", "exit 1"))
    assert (verdict.status, [each.rule.id for each in verdict.violations]) == ("fail", ["poll-to-end"])
    assert verdict.violations[0].message == "the client gave up while the task was 'queued' (#1)"
    assert verdict.to_data()["violations"][0]["exchange"] == 1


def test_must_comes_before_should_as_the_terms_say() -> None:
    client = Outcome("stopped")
    first, second = judged("polling/poll_stalled", client, 5).violations
    assert (first.level, second.level) == ("must", "must")
    terms = Terms(levels={first.rule.id: "should"})
    changed = judged("polling/poll_stalled", client, 5, terms).violations
    assert [(each.rule.id, each.level) for each in changed] == [(second.rule.id, "must"), (first.rule.id, "should")]


@pytest.mark.parametrize(
    ("name", "polls", "status", "note"),
    [
        ("lifecycle/plain", 1, "error", "not judged: give the case more time, or let the client pause less"),
        ("polling/poll_stalled", 1, "error", "not judged: give the case more time, or the client a shorter timeout"),
        ("polling/poll_429_minutes", 1, "pass", "stopped while honouring Retry-After: "),
    ],
)
def test_a_client_that_was_stopped_in_the_middle_has_violated_nothing(
    name: str, polls: int, status: str, note: str
) -> None:
    verdict = judged(name, Outcome("stopped", "stopped after 1 s"), polls)
    assert (verdict.status, verdict.violations) == (status, ())
    assert verdict.note.startswith(note)
    assert verdict.to_data()["outcome"]["description"] == f"stopped after 1 s; {verdict.note}"


def report(*verdicts: Verdict) -> Report:
    made = new_report("mine", Terms(), {}, 0.0, flow="poll", seed=0, timeout=1.0, speed=1.0)
    made.verdicts += verdicts
    return made


def test_the_worst_verdict_is_that_of_the_report() -> None:
    failed = judged("lifecycle/plain", Outcome("reported", "exit 1"))
    stopped = judged("lifecycle/plain", Outcome("stopped", "stopped"))
    passed = judged("lifecycle/plain", Outcome("unknown"))
    assert (report(passed).status, report(passed, stopped).status, report(stopped, failed, passed).status) == (
        "pass", "error", "fail",
    )  # fmt: skip
    assert report(stopped, failed, passed).failed == [stopped, failed]
    assert list(report(failed, failed).violations().items()) == [("poll-to-end", [failed, failed])]


def test_a_report_that_ended_early_is_not_ok() -> None:
    early = report(judged("lifecycle/plain", Outcome("unknown")))
    assert early.ok
    early.ended_early = "interrupted"
    assert (early.status, early.ok) == ("error", False)


def test_a_report_raises_for_violations() -> None:
    report(judged("lifecycle/plain", Outcome("unknown"))).raise_for_violations()
    with pytest.raises(ContractBroken, match="must poll-to-end: the client gave up while the task was 'queued'"):
        report(judged("lifecycle/plain", Outcome("reported", "exit 1"))).raise_for_violations()


def test_the_data_has_totals() -> None:
    made = report(judged("lifecycle/plain", Outcome("reported")), judged("lifecycle/plain", Outcome("unknown")))
    summary = made.to_data()["summary"]
    assert (summary["verdict"], summary["cases"], summary["pass"], summary["fail"]) == ("fail", 2, 1, 1)
    assert [(each["rule"], each["cases"]) for each in summary["violations"]] == [("poll-to-end", ["lifecycle/plain"])]
    assert made.started_at == "1970-01-01T00:00:00Z"
