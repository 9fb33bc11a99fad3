"""Connections and listeners: they end with their fake and with the server, whatever is under way; and what is asked of
uvicorn besides: another protocol, and silence in the logs."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support.servers import open_files, refuses
from support.sockets import (
    FOR_EVER,
    POLL,
    TEXT,
    Client,
    ended,
    eventually,
    request,
    scripted,
    without_waiting,
)
from video_mockserver.api.messages import Fault
from video_mockserver.edges.server.limits import ServerLimits
from video_mockserver.edges.server.registry import ServedFake
from video_mockserver.edges.server.video_server import VideoServer
from video_mockserver.fake.clip_files import load_clip, shipped_clips
from video_mockserver.fake.clips import ClipStore
from video_mockserver.fake.clock import ManualClock
from video_mockserver.scenario.model import ReplyTemplate, Scenario, State

pytestmark = pytest.mark.usefixtures("expected_log")

CREATE = b'{"model": "grok-video-3", "prompt": "a fox in the snow"}'
JSON = "Content-Type: application/json"
UPGRADE = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAAB")
BODY = TEXT.encode()


def idle(client: Client, fake: ServedFake) -> None:
    client.ask("/v1/models")
    client.reply()


@pytest.fixture
def server() -> Iterator[VideoServer]:
    with VideoServer(unknown_tasks="create") as server:
        yield server


def stalled(client: Client, fake: ServedFake) -> None:
    client.ask()
    client.head()


def half_asked(client: Client, fake: ServedFake) -> None:
    client.send(request()[:20])


def half_uploaded(client: Client, fake: ServedFake) -> None:
    client.send(request("/v1/videos", "Content-Length: 100", method="POST") + b"{")


def pipelined(client: Client, fake: ServedFake) -> None:
    client.send(request() * 5)
    client.head()


def waiting(client: Client, fake: ServedFake) -> None:
    client.ask()
    eventually(lambda: fake.journal.total == 1)


@pytest.fixture(scope="module")
def film_shelf(tmp_path_factory: pytest.TempPathFactory) -> ClipStore:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    path.write_bytes(bytes(8_000_000))
    clip_store = shipped_clips()
    return ClipStore({**clip_store.clips, "film": load_clip(path, name="film")}, clip_store.read, clip_store.pictures)


@pytest.fixture(scope="module", params=["httptools", "h11"])
def manual_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VideoServer]:
    path = tmp_path_factory.mktemp("clips") / "text.mp4"
    path.write_bytes(BODY)
    clip_store = shipped_clips()
    clip_store = ClipStore(
        {**clip_store.clips, "text": load_clip(path, name="text")}, clip_store.read, clip_store.pictures
    )
    with VideoServer(parser=request.param, clip_store=clip_store, unknown_tasks="create", manual_clock=True) as server:
        yield server


def polls_scenario(*polls: ReplyTemplate) -> Scenario:
    """A task that is never finished, and what its polls are answered, one by one."""
    states = {"told": State(video={"status": "processing"}, poll=polls)}
    return Scenario("told", "Told by a test.", "told", states, never_ends=True)


def framing(headers: dict[str, str]) -> int | str | None:
    """How a head says where its body ends."""
    assert not {"content-length", "transfer-encoding"} <= set(headers)
    length = headers.get("content-length")
    return int(length) if length is not None else headers.get("transfer-encoding")


def sees(client: Client, length: int | str | None, body: bytes, ending: str | None) -> None:
    """Assert that just this comes now."""
    if length is not None:
        status, headers = client.head()
        assert (status, framing(headers)) == (200, length)
    if ending is None:
        assert client.take(len(body)) == body
        assert client.silent()
        assert client.ending is None
    else:
        assert (client.rest(), client.ending) == (body, ending)


@pytest.fixture
def own_server(manual_server: VideoServer) -> Iterator[VideoServer]:
    """A manual_server that no other test has left anything in."""
    limits = ServerLimits(keep_alive_timeout=1)
    with VideoServer(parser=manual_server.parser, unknown_tasks="create", manual_clock=True, limits=limits) as own:
        yield own


UNDER_WAY: dict[str, tuple[dict[str, Any], dict[str, Any], Callable[[Client, ServedFake], None]]] = {
    "a stall before the headers": ({"fault": Fault("stall")}, {}, waiting),
    "a stall": ({"fault": Fault("stall", 9)}, {}, stalled),
    "a pipelined stall": ({"fault": Fault("stall", 9)}, {}, pipelined),
    "a drip": ({"fault": Fault("drip", amount=10)}, {}, stalled),
    "a drip by hand": ({"fault": Fault("drip", amount=10)}, {"manual_clock": True}, stalled),
    "an endless body": ({"fault": Fault("endless"), "clip": "film"}, {"speed": 1e6}, stalled),
    "an end that nobody notices": ({"fault": Fault("truncate", 9)}, {}, stalled),
    "a cut body that nobody reads": ({"fault": Fault("reset", 0.9), "clip": "film"}, {}, stalled),
    "a delay": ({"delay": FOR_EVER}, {}, waiting),
    "a delay by hand": ({"delay": FOR_EVER}, {"manual_clock": True}, waiting),
    "a download that nobody reads": ({"clip": "film"}, {}, stalled),
    "a reply that nobody reads": ({"text": "x" * 8_000_000}, {}, stalled),
    "half a request": ({}, {}, half_asked),
    "half an upload": ({}, {}, half_uploaded),
    "an idle connection": ({}, {}, idle),
    "a connection without a request": ({}, {}, lambda client, fake: None),
}


def test_a_fake_takes_its_own_connections_along_and_no_others(server: VideoServer) -> None:
    stalled, other = server.fake(scripted(Fault("stall", 5))), server.fake(scripted(Fault("stall", 5)))
    clients = {fake: [Client(fake.ports[0]), Client(fake.ports[1]), Client(fake.ports[0])] for fake in (stalled, other)}
    for stuck, unused, idle in clients.values():
        stuck.ask()
        stuck.head()
        assert stuck.take(5) == TEXT[:5].encode()
        idle.ask("/v1/models")
        idle.reply()
        assert unused.silent()
    stalled.close()
    for client in clients[stalled]:
        assert client.rest() == b""
        assert client.ending in ("eof", "reset")
        client.leave()
    for client in clients[other]:
        assert client.silent()
        client.leave()


def test_a_connection_to_a_closed_fake_is_told_so_by_its_end(server: VideoServer) -> None:
    fake = server.fake(scripted())
    with Client(fake.ports[0]) as client:
        client.ask()
        client.reply()
        fake.close()
        assert (client.rest(), client.ending) == (b"", "eof")


def test_no_connection_gets_lost_between_a_fake_and_its_end(server: VideoServer) -> None:
    for _ in range(300):
        fake = server.fake()
        with Client(fake.ports[0]) as client:
            fake.close()
            assert client.rest() == b""


@pytest.mark.parametrize("parser", ["httptools", "h11"])
@pytest.mark.parametrize("case", UNDER_WAY)
def test_the_end_does_not_wait_for(case: str, parser: str, film_shelf: ClipStore) -> None:
    reply, options, begin = UNDER_WAY[case]
    server = VideoServer(parser=parser, clip_store=film_shelf, unknown_tasks="create")
    server.start()
    fake = server.fake(scripted(**reply), **options)
    with Client(fake.ports[0], window=4096) as client:
        begin(client, fake)
        with without_waiting():
            server.stop()
        client.rest()
        assert client.ending in ("eof", "reset")
        assert refuses(fake.ports[0])
        if fake.journal.total:
            assert ended(fake) is not None


@pytest.mark.parametrize("case", UNDER_WAY)
def test_neither_does_the_end_of_a_fake(case: str, film_shelf: ClipStore) -> None:
    reply, options, begin = UNDER_WAY[case]
    with VideoServer(clip_store=film_shelf, unknown_tasks="create") as server:
        fake = server.fake(scripted(**reply), **options)
        with Client(fake.ports[0], window=4096) as client:
            begin(client, fake)
            with without_waiting():
                fake.close()
            client.rest()
        eventually(lambda: not server.activity().requests)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_connections_leave_nothing_behind(server: VideoServer) -> None:
    fake = server.fake(scripted(Fault("stall")))
    files = open_files()
    for _ in range(50):
        with Client(fake.ports[0]) as client:
            client.ask()
    eventually(lambda: open_files() == files)
    assert fake.journal.total <= 50


def test_moving_a_clock_by_hand_outlives_the_server() -> None:
    class Noting(ManualClock):
        def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
            callbacks.append(callback)
            stop = super().subscribe(callback)
            return lambda: (stop(), stopped.append(callback))[0]

    callbacks: list[Callable[[], None]] = []
    stopped: list[Callable[[], None]] = []
    with VideoServer(unknown_tasks="create") as server:
        fake = server.fake(scripted(delay=60), clock=Noting())
        client = Client(fake.ports[0])
        client.ask()
        eventually(lambda: callbacks)
    client.leave()
    fake.advance(100)
    assert stopped == callbacks
    [late] = callbacks
    late()  # the clock was being moved in another thread while the server stopped


@pytest.mark.parametrize("size", [len(CREATE), 300_000])
def test_a_body_is_not_lost_to_a_protocol_that_is_not_spoken(manual_server: VideoServer, size: int) -> None:
    body = CREATE[:-2] + b"x" * (size - len(CREATE)) + CREATE[-2:]
    with manual_server.fake() as fake, Client(fake.ports[0]) as client:
        for _ in range(3):
            client.ask("/v1/videos", *UPGRADE, JSON, method="POST", body=body)
            assert client.reply()[0] == 200
            client.ask("/v1/models")
            assert client.reply()[0] == 200
        assert len(fake.bill) == 3
        assert fake.journal[0].body == body[: 64 * 1024]
        assert fake.journal[0].header("upgrade") == "h2c"


def test_such_a_client_meets_faults_like_any_other(manual_server: VideoServer) -> None:
    polls = (ReplyTemplate(text="fine"), ReplyTemplate(text=TEXT, fault=Fault("reset", 7)))
    with manual_server.fake(polls_scenario(*polls)) as fake, Client(fake.ports[0]) as client:
        client.ask()
        assert client.reply()[2] == b"fine"
        client.ask(POLL, *UPGRADE)
        sees(client, 1024, BODY[:7], "reset")


@pytest.mark.slow
def test_such_a_connection_is_counted_and_timed_once(own_server: VideoServer) -> None:
    server = own_server
    polls = (ReplyTemplate(text="fine"), ReplyTemplate(text=TEXT, delay=60))
    with server.fake(polls_scenario(*polls)) as fake, Client(fake.ports[0]) as client:
        client.ask()
        assert client.reply()[2] == b"fine"
        client.ask(POLL, *UPGRADE)
        eventually(lambda: fake.journal.total == 2)
        assert server.activity().connections == 1
        with Client(fake.ports[0]) as idle:
            idle.ask("/v1/models")
            idle.reply()
            assert (idle.rest(), idle.ending) == (b"", "eof")  # its time is over; that of the other began before
        fake.advance(60)
        assert client.reply()[2] == BODY
        client.leave()
        eventually(lambda: not server.activity().connections)


def test_a_word_of_it_in_a_body_is_a_word(manual_server: VideoServer) -> None:
    prompt = "GET / HTTP/1.1\\r\\nUpgrade: h2c"
    with manual_server.fake() as fake, Client(fake.ports[0]) as client:
        body = b'{"model": "grok-video-3", "prompt": "%b",\r\nupgrade: }' % prompt.encode()
        whole = request("/v1/videos", JSON, method="POST", body=body)
        client.send(whole[: -len(body)])
        eventually(lambda: manual_server.activity().requests)
        client.send(body)
        assert client.reply()[0] == 400  # it is no JSON
        assert fake.journal[0].body == body


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on this machine")
def test_curl_may_ask_for_http_2(manual_server: VideoServer) -> None:
    with manual_server.fake() as fake:
        command = ["curl", "-q", "-sS", "--http2", "--noproxy", "*", "-H", JSON, "-H", "Authorization: Bearer k"]
        done = subprocess.run(
            [*command, "-d", CREATE.decode(), f"{fake.base_url}/videos"], capture_output=True, check=True
        )
        assert json.loads(done.stdout)["object"] == "video"
        assert len(fake.bill) == 1


def test_the_logging_of_other_servers_is_left_alone() -> None:
    names = ["uvicorn", "uvicorn.access", "uvicorn.error", "uvicorn.asgi", "asyncio"]
    loggers = [logging.getLogger(name) for name in names]
    handler = logging.NullHandler()
    access = logging.getLogger("uvicorn.access")
    access.addHandler(handler)
    try:
        before = [(logger.level, logger.propagate, list(logger.handlers)) for logger in loggers]
        with VideoServer(unknown_tasks="create") as server, Client(server.fake(scripted()).ports[0]) as client:
            client.ask()
            client.reply()
        assert [(logger.level, logger.propagate, list(logger.handlers)) for logger in loggers] == before
        assert handler in access.handlers
    finally:
        access.removeHandler(handler)


def test_requests_are_not_logged_by_uvicorn(server: VideoServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Client(server.fake(scripted()).ports[0]) as client:
        client.ask()
        client.reply()
    assert [record.name for record in caplog.records if record.name == "uvicorn.access"] == []
    caplog.clear()
