"""Replies on their way out: whole, delayed, streamed from a file, and faults where there is no socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from support.servers import open_files
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
from video_mockserver.api.faults import describe
from video_mockserver.api.messages import Fault
from video_mockserver.edges.server.asgi import ApiApp
from video_mockserver.edges.server.registry import FakeRegistry, ServedFake
from video_mockserver.edges.server.sending import FaultWithoutSocket
from video_mockserver.edges.server.video_server import VideoServer
from video_mockserver.fake.clip_files import load_clip, shipped_clips
from video_mockserver.fake.clips import ClipStore
from video_mockserver.fake.clock import ManualClock
from video_mockserver.scenario.library import Library
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


@pytest.fixture
def fresh_server() -> Iterator[VideoServer]:
    with VideoServer(unknown_tasks="create") as server:
        yield server


@pytest.fixture
def clip_server(tmp_path: Path) -> Iterator[VideoServer]:
    clip_store = shipped_clips()
    clips = dict(clip_store.clips)
    for name, size in (("film", 1_000_000), ("empty", 0)):
        path = tmp_path / f"{name}.mp4"
        path.write_bytes(bytes(range(250)) * (size // 250))
        clips[name] = load_clip(path, name=name)
    with VideoServer(
        clip_store=ClipStore(clips, clip_store.read, clip_store.pictures), unknown_tasks="create"
    ) as server:
        yield server


def content_of(clip: str, **more: Any) -> Scenario:
    done = State(video={"status": "completed"}, content=(ReplyTemplate(clip=clip, **more),))
    return Scenario("told", "Told by a test.", "done", {"done": done})


@pytest.fixture
def registry(clip_store: ClipStore) -> Iterator[FakeRegistry]:
    registry = FakeRegistry(Library(), clip_store, {"unknown_tasks": "create"})
    yield registry
    registry.shut()


def told_in_process(
    registry: FakeRegistry, scenario: Scenario, method: str = "GET", path: str = POLL, **options: Any
) -> Any:
    """One request to a fake through the ASGI interface alone; the reply, or what was raised, and how it ended."""
    fake = registry.make(scenario=scenario, **options)
    registry.attach(fake, 8001, 8002)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(ApiApp(registry))
        async with httpx.AsyncClient(transport=transport, base_url="http://mock.test:8001") as client:
            return await client.request(method, path, headers={"authorization": "Bearer sk-mock"})

    try:
        return asyncio.run(ask()), fake.journal[-1]
    except FaultWithoutSocket as error:
        return error, fake.journal[-1]


@pytest.fixture
def in_process() -> Iterator[Callable[..., tuple[TestClient, ServedFake]]]:
    """Fakes behind Starlette's test client: no server, no socket."""
    registry = FakeRegistry(Library(), shipped_clips(), {"unknown_tasks": "create"})

    def make(*args: Any, **options: Any) -> tuple[TestClient, ServedFake]:
        fake = registry.make(scenario=args[0], **options)
        registry.attach(fake, 80, 8080)
        return TestClient(ApiApp(registry), headers={"authorization": "Bearer k"}), fake

    yield make
    registry.shut()


def test_replies_say_how_long_they_are(server: VideoServer) -> None:
    with server.fake(clip_scenario()) as fake, Client(fake.ports[0]) as client:
        path = POLL + "/content"
        client.ask(path, method="HEAD")
        status, headers = client.head()
        assert (status, headers["content-length"]) == (200, str(len(FILM)))
        client.ask(path, f"If-None-Match: {headers['etag']}")
        status, headers = client.head()
        assert status == 304
        assert "content-length" not in headers
        client.ask(path, "Range: bytes=100-199")
        status, headers, part = client.reply()
        assert (status, headers["content-range"], part) == (206, f"bytes 100-199/{len(FILM)}", FILM[100:200])
        assert [exchange.sent for exchange in fake.journal] == [0, 0, 100]
        assert {exchange.ended for exchange in fake.journal} == {"whole"}


def test_an_exchange_is_finished_before_its_reply_arrives(server: VideoServer) -> None:
    with server.fake(clip_scenario()) as fake, Client(fake.ports[0]) as client:
        client.ask("/v1/models")
        length = len(client.reply()[2])
        assert (fake.journal[0].sent, fake.journal[0].ended) == (length, "whole")
        client.ask(POLL + "/content")
        assert client.reply()[2] == FILM
        assert (fake.journal[1].sent, fake.journal[1].ended) == (len(FILM), "whole")


@pytest.mark.parametrize("fault", [None, Fault("reset", 1)], ids=["whole", "reset"])
@pytest.mark.parametrize("prompt", ["caf\xe9", "\u20ac", "a\r\nset-cookie: b\0c"], ids=["latin", "wide", "break"])
def test_a_header_may_come_from_a_prompt(server: VideoServer, prompt: str, fault: Fault | None) -> None:
    with server.fake(scripted(fault, headers={"x-prompt": "{prompt}"})) as fake, Client(fake.ports[0]) as client:
        client.ask(f"/v1/videos/{fake.task(prompt=prompt).id}")
        status, headers = client.head()
        assert status == 200
        assert headers["x-prompt"]
        assert "set-cookie" not in headers


@pytest.mark.parametrize("rudely", [False, True], ids=["fin", "rst"])
@pytest.mark.parametrize("pipelined", [1, 2])
def test_a_client_may_leave_in_mid_download(server: VideoServer, pipelined: int, rudely: bool) -> None:
    with server.fake(clip_scenario()) as fake, Client(fake.ports[0], window=4096) as client:
        client.send(request(POLL + "/content") * pipelined)
        client.head()
        client.take(1000)
        client.leave(rudely=rudely)
        eventually(lambda: not server.activity().requests)
        assert ended(fake) == "client left"
        assert 0 < (fake.journal[0].sent or 0) <= len(FILM)
        assert fake.journal.total == 1


def test_a_clip_is_read_as_the_client_takes_it(server: VideoServer) -> None:
    with server.fake(clip_scenario()) as fake, Client(fake.ports[0], window=4096) as client:
        client.ask(POLL + "/content")
        client.head()
        eventually(lambda: server.activity().paused == 1)
        assert server.activity().unsent <= 512 * 1024
        assert (fake.journal[0].sent or 0) < len(FILM)


def test_a_clip_that_shrinks_meanwhile_comes_short(
    server: VideoServer, tmp_path: Path, expected_log: list[str]
) -> None:
    path = tmp_path / "shrinking.mp4"
    path.write_bytes(b"x" * 1000)
    clip_store = shipped_clips()
    clips = {**clip_store.clips, "shrinking": load_clip(path, name="shrinking")}
    path.write_bytes(b"x" * 300)
    clip_store = ClipStore(clips, clip_store.read, clip_store.pictures)
    with VideoServer(parser=server.parser, clip_store=clip_store, unknown_tasks="create") as own:
        fake = own.fake(scripted(clip="shrinking"))
        with Client(fake.ports[0]) as client:
            client.ask()
            assert client.head()[1]["content-length"] == "1000"
            assert client.rest() == b"x" * 300
            assert (ended(fake), fake.journal[0].sent) == ("client left", 300)
    expected_log.append("Exception in ASGI application\n")


def test_a_reply_waits_for_the_clock_of_its_fake(server: VideoServer) -> None:
    with (
        server.fake(scripted(delay=60), clock=ManualClock()) as fake,
        server.fake(scripted(delay=60), clock=ManualClock()) as other,
        Client(fake.ports[0]) as client,
        Client(other.ports[0]) as waiting,
    ):
        client.ask()
        waiting.ask()
        eventually(lambda: fake.journal.total and other.journal.total)
        assert client.silent()
        fake.advance(59.9)
        assert client.silent()
        fake.advance(0.1)
        assert client.reply()[2] == TEXT.encode()
        assert ended(fake) == "whole"
        assert waiting.silent()


def test_a_delay_passes_faster_on_a_faster_clock(server: VideoServer) -> None:
    with (
        server.fake(scripted(delay=FOR_EVER), speed=100_000) as fake,
        Client(fake.ports[0]) as client,
        without_waiting(),
    ):
        client.ask()
        assert client.reply()[2] == TEXT.encode()


@pytest.mark.parametrize("clock", [ManualClock, None], ids=["manual", "real"])
@pytest.mark.parametrize("rudely", [False, True], ids=["fin", "rst"])
def test_a_client_may_leave_during_a_delay(server: VideoServer, clock: Any, rudely: bool) -> None:
    with server.fake(scripted(delay=60), clock=clock and clock()) as fake, Client(fake.ports[0]) as client:
        client.ask()
        eventually(lambda: fake.journal.total == 1 and server.activity().requests)
        client.leave(rudely=rudely)
        eventually(lambda: not server.activity().requests)
        assert (fake.journal[0].sent, fake.journal[0].ended) == (0, "client left")


def test_a_reply_with_an_empty_body_can_wait_too(server: VideoServer) -> None:
    with server.fake(scripted(text="", delay=60), speed=1e6) as fake, Client(fake.ports[0]) as client:
        client.ask()
        assert client.reply()[2] == b""
        assert (fake.journal[0].sent, fake.journal[0].ended) == (0, "whole")


def test_parts_of_a_clip(clip_server: VideoServer) -> None:
    film = bytes(range(250)) * 4000
    with clip_server.fake(content_of("film")) as fake, Client(fake.ports[0]) as client:
        for wish, status, told, body in [
            ("bytes=0-0", 206, "bytes 0-0/1000000", film[:1]),
            ("bytes=999990-", 206, "bytes 999990-999999/1000000", film[-10:]),
            ("bytes=-300000", 206, "bytes 700000-999999/1000000", film[700_000:]),
            ("bytes=5-9999999", 206, "bytes 5-999999/1000000", film[5:]),
            ("bytes=1000000-", 416, "bytes */1000000", None),
            ("bytes=-0", 416, "bytes */1000000", None),
            ("lines=1-2", 200, None, film),
        ]:
            client.ask(POLL + "/content", f"Range: {wish}")
            got, headers, part = client.reply()
            assert (got, headers.get("content-range")) == (status, told)
            assert body is None or part == body
            assert (fake.journal[-1].sent, ended(fake)) == (len(part), "whole")
        client.ask(POLL + "/content", "Range: bytes=5-9", method="HEAD")
        status, headers = client.head()
        assert (status, headers["content-length"]) == (200, "1000000")
        assert client.silent()


@pytest.mark.parametrize("delay", [0, 60])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_empty_clip_is_sent_whole(clip_server: VideoServer, method: str, delay: float) -> None:
    with clip_server.fake(content_of("empty", delay=delay), speed=1e6) as fake, Client(fake.ports[0]) as client:
        client.ask(POLL + "/content", method=method)
        status, headers = client.head()
        assert (status, headers["content-length"]) == (200, "0")
        assert (fake.journal[-1].sent, ended(fake)) == (0, "whole")
        client.ask("/v1/models")
        assert client.reply()[0] == 200


def test_a_clip_s_file_is_closed_when_its_client_leaves(clip_server: VideoServer) -> None:
    with clip_server.fake(content_of("film")) as fake:
        before = open_files()
        for _ in range(10):
            with Client(fake.ports[0], window=4096) as client:
                client.ask(POLL + "/content")
                client.head()
        eventually(lambda: not clip_server.activity().requests)
        eventually(lambda: open_files() == before)


def test_replies_do_not_need_a_socket(registry: FakeRegistry) -> None:
    reply, exchange = told_in_process(registry, clip_scenario(), path=POLL + "/content")
    assert reply.content == FILM
    assert (exchange.sent, exchange.ended) == (len(FILM), "whole")


def test_neither_do_delays(registry: FakeRegistry) -> None:
    reply, _ = told_in_process(registry, scripted(delay=60), speed=1e6)
    assert reply.text == TEXT


@pytest.mark.parametrize(
    ("fault", "method", "length"),
    [
        (Fault("empty"), "GET", 0),
        (Fault("drip", amount=10_000), "GET", 1024),
        (Fault("wrong_length", amount=-4), "GET", 1020),
        (Fault("drip", amount=1), "HEAD", 1024),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_faults_that_need_no_socket_are_as_they_are(
    registry: FakeRegistry, fault: Fault, method: str, length: int
) -> None:
    clock = None if fault.amount == 10_000 else ManualClock()
    done = State(video={"status": "completed"}, content=(ReplyTemplate(text=TEXT, fault=fault),))
    scenario = Scenario("told", "Told by a test.", "done", {"done": done})
    reply, exchange = told_in_process(
        registry, scenario, method, POLL + "/content", **({"clock": clock} if clock else {"speed": 1000})
    )
    assert int(reply.headers["content-length"]) == length
    assert exchange.ended == "fault"


@pytest.mark.parametrize(
    ("fault", "sent"),
    [
        (Fault("reset"), 0),
        (Fault("reset", 100), 100),
        (Fault("close"), 0),
        (Fault("truncate", 0.5), 512),
        (Fault("stall"), 0),
        (Fault("stall", 7), 7),
        (Fault("wrong_length", amount=4), 1024),
        (Fault("unended"), 1024),
        (Fault("garbage"), 0),
    ],
    ids=lambda value: describe(value).replace(" ", "_") if isinstance(value, Fault) else None,
)
def test_the_others_say_that_they_need_one(registry: FakeRegistry, fault: Fault, sent: int) -> None:
    error, exchange = told_in_process(registry, scripted(fault))
    assert isinstance(error, ConnectionError)
    assert str(error) == f"{describe(fault)}: only a server with sockets can do this"
    assert (exchange.sent, exchange.ended) == (sent, "fault")


@pytest.mark.parametrize("kind", ["close", "reset", "garbage"])
def test_a_head_request_without_a_head_needs_one_too(registry: FakeRegistry, kind: str) -> None:
    done = State(video={"status": "completed"}, content=(ReplyTemplate(text=TEXT, fault=Fault(kind)),))
    scenario = Scenario("told", "Told by a test.", "done", {"done": done})
    error, _ = told_in_process(registry, scenario, "HEAD", POLL + "/content")
    assert isinstance(error, FaultWithoutSocket)


def test_a_request_may_be_cancelled_in_process(registry: FakeRegistry) -> None:
    fake = registry.make(scenario=scripted(delay=60), clock=ManualClock())
    registry.attach(fake, 8001, 8002)

    async def ask_and_cancel() -> None:
        answered = asyncio.Event()
        fake.watch = lambda exchange: answered.set()
        transport = httpx.ASGITransport(ApiApp(registry))
        async with httpx.AsyncClient(transport=transport, base_url="http://mock.test:8001") as client:
            asking = asyncio.ensure_future(client.get(POLL, headers={"authorization": "Bearer k"}))
            await answered.wait()
            asking.cancel()
            await asyncio.wait([asking])

    asyncio.run(ask_and_cancel())
    assert (fake.journal[0].sent, fake.journal[0].ended) == (0, "client left")


def test_a_test_client_gets_every_normal_reply(in_process: Callable[..., Any]) -> None:
    client, fake = in_process("lifecycle/plain")
    made = client.post("/v1/videos", json={"model": "grok-video-3", "prompt": "a fox"}).json()
    polls = [client.get(f"/v1/videos/{made['id']}").json()["status"] for _ in range(9)]
    assert (polls[0], polls[-1]) == ("queued", "completed")
    clip = client.get(f"/v1/videos/{made['id']}/content")
    assert (clip.status_code, clip.content[4:8]) == (200, b"ftyp")
    assert client.get(f"/t/one/v1/videos/{made['id']}").status_code == 200
    assert client.get("/nothing").status_code == 404
    assert {exchange.ended for exchange in fake.journal} == {"whole"}


@pytest.mark.parametrize("kind", ["reset", "close", "truncate", "stall", "unended", "endless", "garbage"])
def test_a_test_client_is_told_that_a_fault_needs_a_socket(in_process: Callable[..., Any], kind: str) -> None:
    fault = Fault(kind, 0.5 if kind == "truncate" else None)
    client, fake = in_process(scripted(fault), clock=ManualClock())
    with pytest.raises(FaultWithoutSocket, match=f"^{kind}.*: only a server with sockets can do this$"):
        client.get(POLL)
    assert ended(fake) == "fault"
