"""What a client did in one case."""

from __future__ import annotations

import math
from typing import Any

import pytest

from support.asking import ask
from video_mockserver.fake.clip_files import shipped_clips
from video_mockserver.fake.clock import ManualClock
from video_mockserver.fake.fake import Fake
from video_mockserver.judge.observations import Case, Outcome, is_clip, location, undocumented_end
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.model import Expect


def observed(name: str, polls: int) -> tuple[Fake, Case]:
    """A case of so many polls, five seconds apart."""
    clock = ManualClock()
    fake = Fake(Library(), shipped_clips(), scenario=name, clock=clock)
    task = fake.task().id
    for _ in range(polls):
        ask(fake, "GET", f"/v1/videos/{task}")
        clock.advance(5)
    return fake, Case(fake.scenario(name), Expect("clip"), list(fake.journal), Outcome("unknown"), given=task)


@pytest.mark.parametrize("ended", ["delivrd", "", None])
def test_an_outcome_of_another_kind_is_refused(ended: Any) -> None:
    with pytest.raises(ValueError, match="must be one of delivered, reported, stopped, unknown"):
        Outcome(ended)


def test_the_end_is_the_first_terminal_status() -> None:
    _, case = observed("lifecycle/plain", 5)
    assert case.ending is not None
    assert (case.ending.document["status"], str(case.ending.phase), case.ending.documented) == (
        "completed", "succeeded", True,
    )  # fmt: skip
    assert case.hinted_end == case.ending.exchange.number
    assert [url.field for url in case.result_urls] == ["video_url"]


def test_without_a_terminal_status_there_is_no_end() -> None:
    _, case = observed("lifecycle/plain", 1)
    assert (case.ending, case.hinted_end, case.result_urls) == (None, None, [])


def test_seconds_are_the_clients() -> None:
    _, case = observed("lifecycle/plain", 2)
    first, second = case.exchanges
    assert case.seconds(first, second) == 5.0
    case.speed = 10.0
    assert case.seconds(first, second) == 0.5
    case.speed = None
    assert case.seconds(first, second) == math.inf


def test_where_the_end_of_the_client_is_unknown_a_whole_clip_counts() -> None:
    fake, case = observed("lifecycle/plain", 3)
    assert not case.got_clip
    ask(fake, "GET", f"/v1/videos/{fake.tasks[0].id}/content")
    assert Case(case.scenario, case.expect, list(fake.journal), Outcome("unknown")).got_clip
    assert not Case(case.scenario, case.expect, list(fake.journal), Outcome("delivered", clip=b"x")).got_clip


@pytest.mark.parametrize(
    ("status", "headers", "target"),
    [
        (302, [("location", "/v1/x")], "http://api.test/v1/x"),
        (302, [("location", "http://other.test/x")], "http://other.test/x"),
        (302, [("location", "file:///etc/passwd")], None),
        (302, [], None),
        (200, [("location", "/v1/x")], None),
    ],
)
def test_a_redirect_has_a_target(status: int, headers: list[tuple[str, str]], target: str | None) -> None:
    _, case = observed("lifecycle/plain", 1)
    [exchange] = case.exchanges
    exchange.status, exchange.reply_headers = status, tuple(headers)
    api = exchange.origins.api
    assert location(exchange) == (target.replace("http://api.test", api) if target else None)


def test_a_clip_is_told_by_its_beginning() -> None:
    assert is_clip(b"\x00\x00\x00\x20ftypisom")
    assert not is_clip(b"<html>")


@pytest.mark.parametrize(
    ("status", "end"),
    [
        ("SUCCESS", "SUCCESS"),
        ("expired", "expired"),
        ("completed", None),
        ("NOT_START", None),
        ("baking", None),
        (1, None),
    ],
)
def test_other_pages_have_other_terminal_words(status: object, end: str | None) -> None:
    assert undocumented_end({"status": status}) == end
