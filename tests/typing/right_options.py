"""What a user writes, strictly typed: a type checker finds nothing here."""

from __future__ import annotations

from typing import Any

from video_mockserver import (
    ClientContract,
    ManualClock,
    Report,
    ServedFake,
    VideoClock,
    VideoMock,
    VideoServer,
    check,
    video_clock,
    video_mock,
    video_server,
)


def client(base_url: str, api_key: str, task_id: str | None) -> bytes:
    return b""


def with_a_server() -> ServedFake:
    with VideoServer(scenario="download/truncated", speed=60.0, strict=True, keys=["sk-good"]) as server:
        return server.fake(dialect="openai", clock=ManualClock())


def with_contexts() -> None:
    with video_clock() as clock, video_server("plain", clock=clock) as fake, video_mock(seed=1) as mock:
        print(fake.base_url, mock.clip, clock.slept)


def judged() -> Report:
    return check(client, scenarios="download/*", level="must", url_order="video_url", flow="create", transport="mock")


class TestMyClient(ClientContract):
    level = "must"
    flow = "create"

    def client(self, base_url: str, api_key: str, task_id: str | None) -> Any:
        return client(base_url, api_key, task_id)


def test_fixtures(video_server: ServedFake, video_mock: VideoMock, video_clock: VideoClock) -> None:
    assert video_server.verify(clip=video_mock.clip, level="should").ok
