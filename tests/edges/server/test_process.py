"""A server as a process of its own."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from support.servers import refuses
from support.sockets import (
    POLL,
    Client,
    without_waiting,
)
from video_mockserver.edges.server.process import ServerProcess
from video_mockserver.edges.server.video_server import VideoServer

pytestmark = pytest.mark.usefixtures("expected_log")


@pytest.fixture
def server() -> Iterator[VideoServer]:
    with VideoServer(unknown_tasks="create") as server:
        yield server


def server_without_token(server: ServerProcess) -> ServerProcess:
    other = ServerProcess(token="")
    other.origin = server.origin
    return other


def test_a_server_may_be_a_process_of_its_own() -> None:
    server = ServerProcess("--scenario", "lifecycle/at_once", "--unknown-tasks", "create")
    with server:
        reply = httpx.get(f"{server.base_url}/videos/x", headers={"authorization": f"Bearer {server.api_key}"})
        assert reply.json()["status"] == "completed"
        assert reply.json()["video_url"].startswith(server.download_origin)
        assert "default" in json.dumps(server.control("GET", "fakes"))
        port = httpx.URL(server.origin).port
        client = Client(port or 0)
        with without_waiting():
            server.stop()
        client.leave()
        assert refuses(port or 0)
    server.stop()


def test_a_process_that_does_not_start_says_why() -> None:
    with pytest.raises(RuntimeError, match="no_such_scenario"):
        ServerProcess("--scenario", "no_such_scenario").start()


def test_control_of_a_process_needs_neither_a_proxy_nor_to_be_told_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("VIDEO_MOCKSERVER_TOKEN", "t0ken")
    with ServerProcess() as server:
        assert server.control("GET", "fakes")["fakes"][0]["name"] == "default"
        assert server.control("POST", "/tasks", {"scenario": "lifecycle/plain"})["state"] == "queued"
        with pytest.raises(RuntimeError, match="is running already"):
            server.start()
        with pytest.raises(Exception, match="401"):
            server_without_token(server).control("GET", "fakes")


def test_a_served_fake_below_a_prefix_takes_what_it_is_busy_with_along() -> None:
    with (
        ServerProcess("--scenario", "polling/poll_stalled_half_way", "--unknown-tasks", "create") as process,
        Client(urlsplit(process.origin).port or 0) as client,
    ):
        client.ask(f"/t/one{POLL}")
        client.head()
        process.control("DELETE", "fakes/one")
        client.rest()
        assert client.ending is not None


def test_a_start_that_is_interrupted_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int | None] = []

    def interrupted(seconds: float) -> None:
        started.append(server.pid)
        patch.undo()
        raise KeyboardInterrupt

    server = ServerProcess()
    with monkeypatch.context() as patch:
        patch.setattr(time, "sleep", interrupted)
        with pytest.raises(KeyboardInterrupt):
            server.start()
    assert server.pid is None
    assert started[0] is not None
    with pytest.raises(ProcessLookupError):
        os.kill(started[0], 0)
    server.stop()


def test_a_served_fake_has_the_public_addresses_that_it_was_given() -> None:
    options = ["--public-url", "https://video.test/", "--download-url", "https://clips.test:8443"]
    with ServerProcess("--unknown-tasks", "create", "--scenario", "lifecycle/at_once", *options) as process:
        assert process.origin == "https://video.test"
        assert process.download_origin == "https://clips.test:8443"
        assert process.base_url == "https://video.test/v1"
