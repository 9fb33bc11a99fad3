"""What is wrong with a reply, and what is undocumented about a task object."""

from __future__ import annotations

from typing import Any

import pytest

from support.asking import ask
from video_mockserver.api.messages import Fault
from video_mockserver.fake.clip_files import shipped_clips
from video_mockserver.fake.fake import Fake
from video_mockserver.fake.journal import Exchange
from video_mockserver.judge.anomalies import (
    as_json,
    bad_reply_kinds,
    document_anomalies,
    is_bad_reply,
    is_unknown_task,
    retry_after,
)
from video_mockserver.judge.observations import Case, Outcome
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.model import Expect, ReplyTemplate, Scenario, State

TASK: dict[str, Any] = {
    "id": "video_1", "object": "video", "model": "grok-video-3", "status": "processing", "progress": 50,
    "created_at": 1735689600, "completed_at": 0, "expires_at": 0, "seconds": "6", "size": "1280x720",
    "remixed_from_video_id": "", "error": {"message": "", "code": ""}, "video_url": "",
}  # fmt: skip


def polled(reply: ReplyTemplate) -> tuple[Case, Exchange]:
    """A case of one poll that is answered so."""
    scenario = Scenario("mine", "one poll", "done", {"done": State({"status": "completed"}, poll=(reply,))})
    fake = Fake(Library(), shipped_clips(), scenario=scenario)
    ask(fake, "GET", f"/v1/videos/{fake.task().id}")
    [exchange] = fake.journal
    return Case(scenario, Expect("clip"), [exchange], Outcome("unknown")), exchange


@pytest.mark.parametrize(
    ("reply", "kinds"),
    [
        (ReplyTemplate(), set()),
        (ReplyTemplate(status=429), {"429"}),
        (ReplyTemplate(status=503), {"5xx"}),
        (ReplyTemplate(status=408), {"connection"}),
        (ReplyTemplate(status=404), {"404"}),
        (ReplyTemplate(html="<h1>502</h1>", status=502), {"html"}),
        (ReplyTemplate(html="<h1>hello</h1>"), {"html"}),
        (ReplyTemplate(text="no JSON"), {"json"}),
        (ReplyTemplate(json=[], has_json=True), {"json"}),
        (ReplyTemplate(fault=Fault("reset")), {"connection"}),
        (ReplyTemplate(fault=Fault("empty")), {"json"}),
    ],
)
def test_a_bad_reply_has_a_kind(reply: ReplyTemplate, kinds: set[str]) -> None:
    case, exchange = polled(reply)
    assert bad_reply_kinds(case, exchange) == kinds
    assert is_bad_reply(case, exchange) == bool(kinds)


@pytest.mark.parametrize(
    ("status", "value", "seconds"),
    [(429, "7", 7.0), (503, "0", 0.0), (429, "soon", None), (429, "Thu, 01 Jan 2026 00:00:00 GMT", None),
     (500, "7", None), (429, "1234567890", None)],
)  # fmt: skip
def test_retry_after_is_a_number_of_seconds(status: int, value: str, seconds: float | None) -> None:
    _, exchange = polled(ReplyTemplate(status=status, headers={"Retry-After": value}))
    assert retry_after(exchange) == seconds


def test_task_not_exist_is_the_gateways_404() -> None:
    _, exchange = polled(ReplyTemplate(status=400, json={"code": "task_not_exist"}, has_json=True))
    assert is_unknown_task(exchange)
    _, exchange = polled(ReplyTemplate(status=400, json={"code": "other"}, has_json=True))
    assert not is_unknown_task(exchange)


def test_the_documented_task_object_has_no_anomaly() -> None:
    assert list(document_anomalies(TASK, "video_1")) == []


@pytest.mark.parametrize(
    ("change", "rule", "words"),
    [
        ({"metadata": {}}, "unknown-fields", "the field 'metadata' is undocumented"),
        ({"status": "SUCCESS"}, "unknown-status", "the status is 'SUCCESS' (documented on other pages)"),
        ({"status": "baking"}, "unknown-status", "the status is 'baking'"),
        ({"status": None}, "odd-types", "the status is null"),
        ({"status": ...}, "odd-types", "there is no status"),
        ({"progress": "50%"}, "odd-types", 'progress is "50%"'),
        ({"progress": 101}, "odd-types", "progress is 101"),
        ({"progress": ...}, "odd-types", "progress is missing"),
        ({"created_at": 1735689600000}, "odd-types", "created_at is 1735689600000"),
        ({"created_at": True}, "odd-types", "created_at is true"),
        ({"seconds": 6}, "odd-types", "seconds is 6"),
        ({"error": {"code": "x"}}, "odd-types", 'error is {"code": "x"}'),
        ({"error": ""}, "odd-types", 'error is ""'),
        ({"id": "video_2"}, "odd-types", 'the id is "video_2", not the requested one'),
    ],
)
def test_an_anomaly_has_a_rule_and_is_described(change: dict[str, object], rule: str, words: str) -> None:
    document = {name: value for name, value in {**TASK, **change}.items() if value is not ...}
    assert list(document_anomalies(document, "video_1")) == [(rule, words)]


def test_long_values_are_cut() -> None:
    assert as_json("x" * 100) == '"' + "x" * 59 + "..."
