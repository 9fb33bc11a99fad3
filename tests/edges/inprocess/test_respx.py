"""A fake behind respx: its base URL, its options, and that it takes over and gives back."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from video_mockserver.edges.inprocess.calls import DOWNLOAD_ORIGIN
from video_mockserver.edges.inprocess.respx import VideoMock
from video_mockserver.fake.clock import ManualClock, RealClock
from video_mockserver.scenario.sources import UnknownScenario


@pytest.mark.parametrize("base_url", ["octopusx.ai/v1", "ftp://octopusx.ai/v1", "https:///v1"])
def test_a_base_url_that_is_none_is_refused(base_url: str) -> None:
    with pytest.raises(ValueError, match="must be a URL such as"):
        VideoMock(base_url=base_url)


def test_a_mock_opens_once_and_gives_everything_back() -> None:
    with VideoMock(base_url="http://[::1]:9/v1", keys=["sk-good"]) as mock:
        assert mock.api_key == "sk-good"
        assert mock.download_origin == DOWNLOAD_ORIGIN
        assert httpx.get("http://[::1]:9/v1/models", headers={"Authorization": "Bearer sk-good"}).status_code == 200
        with pytest.raises(RuntimeError, match="open already"):
            mock.open()
    mock.close()
    with pytest.raises(httpx.ConnectError):
        httpx.get("http://127.0.0.1:9/v1/models")


def test_two_mocks_at_once_answer_each_for_their_own_origin() -> None:
    with VideoMock(base_url="https://a.test/v1") as one, VideoMock(base_url="https://b.test/v1") as two:
        for mock in (one, two):
            task = mock.task()
            reply = httpx.get(f"{mock.base_url}/videos/{task.id}", headers={"Authorization": "Bearer sk"})
            assert reply.json()["id"] == task.id
        assert len(one.journal) == len(two.journal) == 1


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"spede": 2}, TypeError, "no option 'spede' (did you mean 'speed'?)"),
        ({"base_ulr": "https://a.test"}, TypeError, "no option 'base_ulr' (did you mean 'base_url'?)"),
        ({"scenario": "trunkated"}, UnknownScenario, "did you mean 'download/truncated'"),
    ],
)
def test_a_wrong_option_is_refused_at_once(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as raised:
        VideoMock(**options)
    assert message in str(raised.value)


def test_its_clock_is_manual_unless_another_is_given() -> None:
    assert isinstance(VideoMock().clock, ManualClock)
    assert isinstance(VideoMock(clock=None).clock, ManualClock)
    clock = RealClock()
    assert VideoMock(clock=clock).clock is clock
