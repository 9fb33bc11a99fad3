"""`fake.verify()`: what a test's client did is judged, as far as its end is known."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from support import ROOT
from support.careful_client import TLS, Careful, NoClip
from video_mockserver import video_clock, video_mock, video_server
from video_mockserver.judge.reports.terminal import case_lines
from video_mockserver.judge.verdict import ContractBroken

SCHEMA = ROOT / "mockserver" / "judge" / "reports" / "check.schema.json"
URL_404 = "download/url_404"


@pytest.fixture(params=["server", "mock"])
def fake(request: pytest.FixtureRequest) -> Iterator[Any]:
    make = video_server if request.param == "server" else video_mock
    with video_clock() as clock, make(URL_404, clock=clock) as made:
        yield made


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(verify=TLS, trust_env=False, headers={"Authorization": "Bearer sk-mine"}) as made:
        yield made


def poll(fake: Any, client: httpx.Client, task_id: str) -> Any:
    while (video := client.get(f"{fake.base_url}/videos/{task_id}").json())["status"] != "completed":
        time.sleep(5)
    return video


def test_a_client_that_keeps_the_contract_is_verified(fake: Any) -> None:
    clip = Careful()(fake.base_url, fake.api_key, None)
    report = fake.verify(clip=clip)
    assert report.ok
    assert [verdict.scenario.name for verdict in report.verdicts] == [URL_404]
    Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(report.to_data())


def test_what_went_over_the_wire_is_judged_without_being_told_the_outcome(fake: Any, client: httpx.Client) -> None:
    video = poll(fake, client, fake.task().id)
    client.get(video["video_url"])
    with pytest.raises(ContractBroken, match="no-key-to-other-hosts") as broken:
        fake.verify()
    assert "fallback-download" in str(broken.value)  # the download failed, and that was the end


def test_what_the_test_says_is_judged_too(fake: Any, client: httpx.Client) -> None:
    poll(fake, client, fake.task().id)
    assert fake.verify().ok  # it may go on
    with pytest.raises(ContractBroken, match="must deliver: the client gave up after"):
        fake.verify(failed=True)
    with pytest.raises(ContractBroken, match="must whole-clip: the client delivered 4 bytes that are not a clip"):
        fake.verify(clip=b"clip")


def test_the_terms_are_the_tests(fake: Any, client: httpx.Client) -> None:
    video = poll(fake, client, fake.task().id)
    client.get(video["video_url"])
    assert fake.verify(level="must", ignore={"fallback-download": "this test ends here"}).ok


def test_each_task_is_judged_by_its_own_scenario(fake: Any, client: httpx.Client) -> None:
    client.get(f"{fake.base_url}/videos/{fake.task('lifecycle/failed_moderation').id}")
    client.get(f"{fake.base_url}/videos/{fake.task('lifecycle/plain').id}")
    assert [verdict.scenario.name for verdict in fake.verify().verdicts] == [
        "lifecycle/failed_moderation", "lifecycle/plain",
    ]  # fmt: skip


def test_a_second_create_for_one_clip_is_found(fake: Any, client: httpx.Client) -> None:
    create = {"model": "grok-video-3", "prompt": "a fox"}
    for _ in range(2):
        client.post(f"{fake.base_url}/videos", json=create)
    assert fake.verify().ok  # the test may have asked for two clips
    with pytest.raises(ContractBroken, match="one-task: the client created 2 tasks for one clip"):
        fake.verify(failed=True)


def test_a_client_that_asks_for_the_wrong_task_is_told_though_there_is_none(fake: Any, client: httpx.Client) -> None:
    client.get(f"{fake.base_url}/videos/None")
    with pytest.raises(ContractBroken, match="task-id"):
        fake.verify()


def test_who_did_nothing_broke_nothing(fake: Any) -> None:
    assert fake.verify().verdicts == []


def test_a_client_that_asked_somebody_else_is_told(fake: Any) -> None:
    with pytest.raises(ContractBroken, match="no request came in: the client did not use this fake's base_url"):
        fake.verify(clip=fake.clip)


def test_a_clock_that_is_moved_by_hand_says_nothing_of_pauses(client: httpx.Client) -> None:
    with video_mock("lifecycle/many_polls") as fake:
        with pytest.raises(NoClip):
            Careful.no_clip(Careful())
        task = fake.task().id
        for _ in range(12):
            client.get(f"{fake.base_url}/videos/{task}")
        assert fake.verify().ok


def test_real_time_shows_a_client_without_pauses(client: httpx.Client) -> None:
    with video_server("lifecycle/many_polls") as fake:
        task = fake.task().id
        for _ in range(8):
            client.get(f"{fake.base_url}/videos/{task}")
        for exchange in fake.journal:
            exchange.at = 0.0  # however slow this machine is
        with pytest.raises(ContractBroken, match="poll-pause"):
            fake.verify()


def test_a_clip_is_bytes(fake: Any) -> None:
    with pytest.raises(TypeError, match=r"^clip: expected the delivered bytes, not str$"):
        fake.verify(clip="clip.mp4")


def test_a_clip_and_a_failure_exclude_each_other(fake: Any) -> None:
    with pytest.raises(ValueError, match=r"^pass clip= or failed=, not both$"):
        fake.verify(clip=b"", failed=True)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"level": "musst"}, ValueError, "level: no 'musst' (did you mean 'must'?)"),
        ({"url_order": "url"}, ValueError, "url_order: no 'url' (available: output.url, video_url)"),
        ({"levels": {"delivr": "must"}}, ValueError, "levels: no 'delivr' (did you mean 'deliver'?)"),
        ({"levels": {"deliver": 1}}, ValueError, "levels.deliver: no 1 (available: must, should)"),
        ({"ignore": {"deliver": " "}}, ValueError, "ignore.deliver: expected the reason, a text that is not empty"),
        ({"lvel": "must"}, TypeError, "no option 'lvel' (did you mean 'level'?)"),
    ],
)
def test_wrong_terms_are_refused_at_once(
    fake: Any, options: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        fake.verify(**options)


def test_a_report_says_when_the_end_of_the_client_is_unknown(fake: Any, client: httpx.Client) -> None:
    poll(fake, client, fake.task().id)
    [verdict] = fake.verify().verdicts
    assert verdict.outcome.ended == "unknown"
    assert "the client: verify() was not told how the client ended: pass clip= or failed=" in "\n".join(
        case_lines(verdict.to_data(), fake.verify().to_data())
    )
