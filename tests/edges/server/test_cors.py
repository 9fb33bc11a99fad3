"""Pages of other origins: they may call the API and the download host, and not control."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.sockets import (
    POLL,
    Client,
    scripted,
)
from video_mockserver.edges.server.video_server import VideoServer
from video_mockserver.fake.clip_files import load_clip, shipped_clips
from video_mockserver.fake.clips import ClipStore
from video_mockserver.scenario.model import ReplyTemplate, Scenario, State

pytestmark = pytest.mark.usefixtures("expected_log")

FILM = bytes(range(256)) * 4096 * 5  # 5 MB


def clip_scenario(**content: Any) -> Scenario:
    """A finished task whose clip is five megabytes."""
    done = State(video={"status": "completed"}, content=(ReplyTemplate(clip="film", **content),))
    return Scenario("clip", "Told by a test.", "done", {"done": done})


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    path.write_bytes(FILM)
    return path


@pytest.fixture(scope="module")
def clip_store(film: Path) -> ClipStore:
    clip_store = shipped_clips()
    return ClipStore({**clip_store.clips, "film": load_clip(film, name="film")}, clip_store.read, clip_store.pictures)


@pytest.fixture(scope="module", params=["httptools", "h11"])
def server(request: pytest.FixtureRequest, clip_store: ClipStore) -> Iterator[VideoServer]:
    with VideoServer(parser=request.param, clip_store=clip_store, unknown_tasks="create") as server:
        yield server


def cors(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.startswith("access-control") or name == "vary"}


def test_a_page_of_any_origin_may_read_replies(server: VideoServer) -> None:
    with server.fake(clip_scenario()) as fake:
        for port, path in [(0, POLL), (0, POLL + "/content"), (0, "/nowhere"), (1, "/clips/x/y")]:
            with Client(fake.ports[port]) as client:
                client.ask(path, "Origin: https://app.test")
                headers = client.head()[1]
                assert headers["access-control-allow-origin"] == "https://app.test"
                assert headers["vary"] == "origin"
                assert "openai-poll-after-ms" in headers["access-control-expose-headers"]


def test_a_client_that_is_no_page_gets_none_of_this(server: VideoServer) -> None:
    with server.fake(scripted()) as fake, Client(fake.ports[0]) as client:
        client.ask()
        assert cors(client.head()[1]) == {}


@pytest.mark.parametrize("port", [0, 1], ids=["api", "download"])
def test_a_preflight_names_each_header(server: VideoServer, port: int) -> None:
    with server.fake(scripted()) as fake, Client(fake.ports[port]) as client:
        client.ask(
            POLL, "Origin: https://app.test", "Access-Control-Request-Method: DELETE",
            "Access-Control-Request-Headers: Content-Type, x-stainless-os,authorization", method="OPTIONS",
        )  # fmt: skip
        status, headers = client.head()
        assert status == 204
        assert headers["access-control-allow-origin"] == "https://app.test"
        assert headers["access-control-allow-headers"] == "authorization, content-type, x-stainless-os"
        assert "DELETE" in headers["access-control-allow-methods"]
        assert "content-length" not in headers
        client.ask(POLL, "Origin: https://app.test", "Access-Control-Request-Method: GET", method="OPTIONS")
        assert client.head()[1]["access-control-allow-headers"] == "authorization, content-type"
        assert fake.journal.total == 0


def test_options_without_a_preflight_is_a_request_like_others(server: VideoServer) -> None:
    with server.fake(scripted()) as fake, Client(fake.ports[0]) as client:
        client.ask(POLL, "Origin: https://app.test", method="OPTIONS")
        assert client.reply()[0] == 405
        assert fake.journal.total == 1


def test_control_is_closed_to_pages(server: VideoServer) -> None:
    with server.fake() as fake, Client(fake.ports[0]) as client:
        client.ask("/_mock/state", "Origin: https://app.test")
        assert "access-control-allow-origin" not in client.head()[1]
