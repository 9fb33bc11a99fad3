"""The fake without sockets, below the client libraries: origins, time-outs, what the journal is told."""

from __future__ import annotations

import pytest

from video_mockserver import video_clock
from video_mockserver.api.faults import describe
from video_mockserver.api.messages import Fault
from video_mockserver.edges.inprocess.calls import (
    API_ORIGIN,
    DOWNLOAD_ORIGIN,
    NO_TIMEOUT,
    REFUSED_ORIGIN,
    InProcessFake,
    TransportError,
)
from video_mockserver.fake.clip_files import shipped_clips
from video_mockserver.fake.clock import ManualClock, RealClock
from video_mockserver.fake.fake import Fake
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.model import ReplyTemplate, Scenario, State

KEY = [("Authorization", "Bearer sk")]


def fake_with(reply: ReplyTemplate, clock: ManualClock | RealClock | None = None) -> Fake:
    story = Scenario("story", "One reply.", "done", {"done": State({"status": "completed"}, content=(reply,))})
    fake = Fake(Library(), shipped_clips(), scenario=story, clock=clock or ManualClock())
    fake.task(id="video_x")
    return fake


def content(fake: Fake, *, method: str = "GET", read_timeout: float | None = 5) -> bytes:
    received = InProcessFake(fake).ask(
        method, API_ORIGIN, "/v1/videos/video_x/content", KEY, b"", read_timeout=read_timeout
    )  # fmt: skip
    return b"".join(received.pieces)


def test_a_delay_moves_the_clock_up_to_the_clients_patience() -> None:
    fake = fake_with(ReplyTemplate(clip="clip", delay=3))
    before = fake.clock.now()
    assert content(fake) == fake.clip
    assert fake.clock.now() - before == 3
    with pytest.raises(TransportError, match="timed out") as error:
        content(fake, read_timeout=2)
    assert (error.value.kind, fake.clock.now() - before) == ("timeout", 5)
    assert fake.journal[-1].ended == "client left"


@pytest.mark.parametrize(("reply", "ended"), [
    (ReplyTemplate(status=403), "whole"),
    (ReplyTemplate(text="no film"), "whole"),
    (ReplyTemplate(clip="clip"), "client left"),
])  # fmt: skip
def test_a_body_that_nobody_reads_was_sent_all_the_same_unless_it_is_a_film(reply: ReplyTemplate, ended: str) -> None:
    fake = fake_with(reply)
    received = InProcessFake(fake).ask("GET", API_ORIGIN, "/v1/videos/video_x/content", KEY, b"", read_timeout=5)
    assert (fake.journal[-1].status, fake.journal[-1].ended) == (received.status, ended)
    assert (fake.journal[-1].sent == 0) == (ended == "client left")


def test_a_clock_that_the_client_moves_is_moved_once() -> None:
    with video_clock() as clock:
        fake = fake_with(ReplyTemplate(clip="clip", delay=3), clock)
        assert content(fake) == fake.clip
        assert clock.offset == 3


def test_real_time_passes_where_the_clock_is_real() -> None:
    fake = fake_with(ReplyTemplate(clip="clip", delay=3), RealClock(speed=1000))
    before = fake.clock.now()
    assert content(fake) == fake.clip
    assert fake.clock.now() - before >= 3


@pytest.mark.parametrize(
    ("fault", "kind", "sent"),
    [
        (Fault("reset"), "read", 0),
        (Fault("reset", at=100), "read", 100),
        (Fault("close"), "protocol", 0),
        (Fault("truncate", at=100), "protocol", 100),
        (Fault("stall"), "timeout", 0),
        (Fault("stall", at=100), "timeout", 100),
        (Fault("wrong_length", amount=7), "protocol", -1),
        (Fault("unended"), "protocol", -1),
        (Fault("garbage"), "protocol", 0),
    ],
    ids=lambda value: describe(value) if isinstance(value, Fault) else "",
)
def test_a_fault_ends_as_it_would_on_a_socket(fault: Fault, kind: str, sent: int) -> None:
    fake = fake_with(ReplyTemplate(clip="clip", fault=fault))
    with pytest.raises(TransportError) as error:
        content(fake)
    assert error.value.kind == kind
    assert (fake.journal[-1].sent, fake.journal[-1].ended) == (sent if sent >= 0 else len(fake.clip), "fault")


def test_a_stall_ends_even_for_a_client_without_patience_limits() -> None:
    fake = fake_with(ReplyTemplate(clip="clip", fault=Fault("stall", at=100)))
    before = fake.clock.now()
    with pytest.raises(TransportError):
        content(fake, read_timeout=None)
    assert fake.clock.now() - before == NO_TIMEOUT


def test_a_drip_comes_whole_unless_a_pause_is_longer_than_the_clients_patience() -> None:
    fake = fake_with(ReplyTemplate(clip="clip", fault=Fault("drip", amount=1000)))
    before = fake.clock.now()
    assert content(fake) == fake.clip
    assert fake.clock.now() - before == pytest.approx(len(fake.clip) / 1000, abs=0.2)
    with pytest.raises(TransportError) as error:
        content(fake, read_timeout=0.05)
    assert error.value.kind == "timeout"


def test_faults_that_are_none_to_the_client_arrive() -> None:
    whole = fake_with(ReplyTemplate(clip="clip")).clip
    assert content(fake_with(ReplyTemplate(clip="clip", fault=Fault("empty")))) == b""
    short = Fault("wrong_length", amount=-7)
    assert content(fake_with(ReplyTemplate(clip="clip", fault=short))) == whole[:-7]
    assert content(fake_with(ReplyTemplate(clip="clip", fault=Fault("truncate", at=9))), method="HEAD") == b""


def test_a_client_that_leaves_is_noted() -> None:
    fake = fake_with(ReplyTemplate(text="x" * 200_000))
    received = InProcessFake(fake).ask("GET", API_ORIGIN, "/v1/videos/video_x/content", KEY, b"", read_timeout=5)
    next(received.pieces)
    assert (fake.journal[-1].sent, fake.journal[-1].ended) == (64 * 1024, "client left")


def test_the_origins() -> None:
    fake = fake_with(ReplyTemplate(clip="clip"))
    reachable = InProcessFake(fake, "https://api.test:8443/")
    assert [reachable.reaches(origin) for origin in ("https://api.test:8443", DOWNLOAD_ORIGIN, REFUSED_ORIGIN)] == [
        True
    ] * 3
    assert not reachable.reaches("https://api.test")
    with pytest.raises(TransportError) as error:
        reachable.ask("GET", REFUSED_ORIGIN, "/", [], b"", read_timeout=1)
    assert error.value.kind == "connect"
    video = fake.document("video_x", reachable.origins)
    assert video["status"] == "completed"
