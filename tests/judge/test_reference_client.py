"""What the reference client ends with."""

from __future__ import annotations

import pytest

from video_mockserver.api.messages import Fault
from video_mockserver.fake.clip_files import shipped_clips
from video_mockserver.judge.reference_client import expectation
from video_mockserver.scenario.model import Expect, ReplyTemplate, Scenario, State
from video_mockserver.scenario.sources import NoScenarios

DATA = "data:video/mp4;base64,"


def found(**parts: object) -> Expect:
    """What the client ends with in a scenario of one completed state with these parts."""
    video = parts.pop("video", {"status": "completed"})
    create = parts.pop("create", ())
    state = State(video, **parts)  # type: ignore[arg-type]
    return expectation(
        Scenario("mine", "mine", "done", {"done": state}, create=create),
        NoScenarios(),
        shipped_clips(),  # type: ignore[arg-type]
    )


def test_it_finds_the_clip_at_content() -> None:
    assert found() == Expect("clip", ("content",))


@pytest.mark.parametrize(
    ("create", "outcome"),
    [
        ((ReplyTemplate(status=401),), "refused"),
        ((ReplyTemplate(status=500),), "refused"),
        ((ReplyTemplate(status=429), ReplyTemplate()), "clip"),
        ((ReplyTemplate(status=503, headers={"Retry-After": "7"}), ReplyTemplate()), "clip"),
        ((ReplyTemplate(status=503),), "refused"),
    ],
)
def test_it_repeats_a_create_that_certainly_created_nothing(create: tuple[ReplyTemplate, ...], outcome: str) -> None:
    assert found(create=create).outcome == outcome


@pytest.mark.parametrize(
    "reply",
    [
        ReplyTemplate(status=404), ReplyTemplate(html="<h1>no</h1>"), ReplyTemplate(fault=Fault("reset")),
        ReplyTemplate(fault=Fault("stall")), ReplyTemplate(fault=Fault("endless"), clip="clip"),
        ReplyTemplate(fault=Fault("truncate", 0.5), clip="clip"), ReplyTemplate(status=401),
        ReplyTemplate(delay=3600.0),
    ],
)  # fmt: skip
def test_it_gives_up_a_clip_that_cannot_be_obtained(reply: ReplyTemplate) -> None:
    assert found(content=(reply,)) == Expect("no_clip")


@pytest.mark.parametrize("url", [f"{DATA}%%%", "data:video/mp4,abc", f"{DATA}aGVsbG8="])
def test_data_that_is_no_clip_is_not_taken(url: str) -> None:
    assert found(video={"status": "completed", "video_url": url}) == Expect("clip", ("content",))


def test_a_wrong_clip_is_an_error_of_the_scenario() -> None:
    with pytest.raises(ValueError, match=r"^mine: a client that keeps the contract gets a wrong clip from content$"):
        found(content=(ReplyTemplate(clip="decoy"),))
