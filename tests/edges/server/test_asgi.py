"""HTTP in: what becomes of a request before the fake answers it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.servers import refuses
from support.sockets import (
    POLL,
    TEXT,
    Client,
    eventually,
    request,
    scripted,
)
from video_mockserver.edges.server.asgi import ApiApp, raw_path
from video_mockserver.edges.server.limits import ServerLimits
from video_mockserver.edges.server.registry import FakeRegistry, ServedFake
from video_mockserver.edges.server.video_server import VideoServer
from video_mockserver.fake.clip_files import load_clip, shipped_clips
from video_mockserver.fake.clips import ClipStore
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.model import ReplyTemplate, Scenario, State, Transition

pytestmark = pytest.mark.usefixtures("expected_log")

ORIGINS = "{origin} {download_origin} {refused_url}"
FILM = bytes(range(256)) * 4096 * 5  # 5 MB
JSON = "Content-Type: application/json"
CREATE = b'{"model": "grok-video-3", "prompt": "a fox in the snow"}'


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


def told_origins(client: Client, path: str = POLL, *headers: str, **how: Any) -> list[str]:
    """The three origins of a fake whose scenario tells them."""
    client.ask(path, *headers, **how)
    status, _, body = client.reply()
    assert status == 200, body
    return body.decode().split(" ")


@contextmanager
def limited(server: VideoServer, size: int) -> Iterator[ServedFake]:
    """A fake of a server that takes bodies of so many bytes."""
    own = VideoServer(parser=server.parser, unknown_tasks="create", limits=ServerLimits(body_size=size))
    with own, own.fake() as fake:
        yield fake


@pytest.fixture
def fresh_server() -> Iterator[VideoServer]:
    with VideoServer(unknown_tasks="create") as server:
        yield server


@pytest.fixture
def registry(clip_store: ClipStore) -> Iterator[FakeRegistry]:
    registry = FakeRegistry(Library(), clip_store, {"unknown_tasks": "create"})
    yield registry
    registry.shut()


def test_a_proxy_is_taken_at_no_word(server: VideoServer) -> None:
    with server.fake(scripted(text=ORIGINS)) as fake, Client(fake.ports[0]) as client:
        told = told_origins(
            client, POLL, "X-Forwarded-Proto: https", "X-Forwarded-Host: evil", "X-Forwarded-For: 9.9.9.9"
        )
        assert told[0] == "http://api.test"


def test_a_target_in_absolute_form_is_the_same(server: VideoServer) -> None:
    with server.fake(scripted()) as fake, Client(fake.ports[0]) as client:
        client.ask(f"http://api.test{POLL}?a=1")
        assert client.reply()[0] == 200
        assert (fake.journal[0].path, fake.journal[0].query) == (POLL, "a=1")


def test_a_path_is_handed_over_as_it_came(server: VideoServer) -> None:
    with server.fake(scripted()) as fake, Client(fake.ports[0]) as client:
        for path in ("/v1/videos/grok%3A48a6%2F7", "/v1/videos/grok:48a6", "/v1/videos/%E2%82%AC", "//v1//videos"):
            client.ask(path + "?q=%2f&q")
            client.reply()
        assert [exchange.path for exchange in fake.journal] == [
            "/v1/videos/grok%3A48a6%2F7", "/v1/videos/grok:48a6", "/v1/videos/%E2%82%AC", "//v1//videos",
        ]  # fmt: skip
        assert {exchange.query for exchange in fake.journal} == {"q=%2f&q"}


def test_a_scope_without_a_raw_path_is_quoted() -> None:
    assert raw_path({"path": "/v1/videos/grok:a b€"}) == "/v1/videos/grok:a%20b%E2%82%AC"


def test_headers_are_handed_over_in_order_and_lower_case(server: VideoServer) -> None:
    with server.fake(scripted()) as fake, Client(fake.ports[0]) as client:
        client.ask(POLL, "X-Twice: 1", "Accept: */*", "x-twice: \xe4")
        client.reply()
        assert fake.journal[0].headers[1:4] == (("x-twice", "1"), ("accept", "*/*"), ("x-twice", "\xe4"))


def test_a_get_may_have_a_body(server: VideoServer) -> None:
    with server.fake(scripted()) as fake, Client(fake.ports[0]) as client:
        client.ask(POLL, JSON, body=b'{"task_id": "video_abc"}')
        assert client.reply()[0] == 200
        assert fake.journal[0].body == b'{"task_id": "video_abc"}'


def test_a_body_may_come_in_chunks(server: VideoServer) -> None:
    with server.fake() as fake, Client(fake.ports[0]) as client:
        client.ask("/v1/videos", JSON, "Transfer-Encoding: chunked", method="POST")
        for part in (b'{"model": "grok-', b'video-3", "prompt"', b': "a fox"}'):
            client.send(b"%x\r\n%b\r\n" % (len(part), part))
        client.send(b"0\r\n\r\n")
        assert client.reply()[0] == 200
        assert fake.journal[0].body == b'{"model": "grok-video-3", "prompt": "a fox"}'


def test_a_large_body_arrives_whole(server: VideoServer) -> None:
    prompt = "fox " * 300_000
    with server.fake() as fake, Client(fake.ports[0]) as client:
        body = b'{"model": "grok-video-3", "prompt": "%b"}' % prompt.encode()
        client.ask("/v1/videos", JSON, method="POST", body=body)
        assert client.reply()[0] == 200
        assert fake.tasks[0].params.prompt == prompt


def test_a_client_that_expects_100_continue_gets_it(server: VideoServer) -> None:
    with server.fake() as fake, Client(fake.ports[0]) as client:
        body = b'{"model": "grok-video-3", "prompt": "a fox"}'
        whole = request("/v1/videos", JSON, "Expect: 100-continue", method="POST", body=body)
        client.send(whole[: -len(body)])
        assert client.head()[0] == 100
        client.send(body)
        assert client.reply()[0] == 200
        assert len(fake.tasks) == 1


@pytest.mark.parametrize("rudely", [False, True], ids=["fin", "rst"])
def test_a_client_may_leave_in_mid_upload(server: VideoServer, rudely: bool) -> None:
    with server.fake() as fake, Client(fake.ports[0]) as client:
        client.send(request("/v1/videos", JSON, "Content-Length: 5000", method="POST") + b'{"model": ')
        eventually(lambda: server.activity().requests)
        client.leave(rudely=rudely)
        eventually(lambda: not server.activity().requests)
        assert fake.journal.total == 0


@pytest.mark.parametrize("how", ["declared", "chunked"])
def test_a_body_that_is_too_large_is_answered_and_dropped(server: VideoServer, how: str) -> None:
    with limited(server, 100_000) as fake, Client(fake.ports[0]) as client:
        if how == "declared":
            client.ask("/v1/videos", JSON, method="POST", body=b"x" * 3_000_000)
        else:
            client.ask("/v1/videos", JSON, "Transfer-Encoding: chunked", method="POST")
            for _ in range(30):
                client.send(b"186a0\r\n" + b"x" * 100_000 + b"\r\n")
            client.send(b"0\r\n\r\n")
        status, headers, _ = client.reply()
        assert (status, headers["content-type"]) == (413, "application/json")
        client.ask("/v1/models")  # the connection is as good as before
        assert client.reply()[0] == 200
        assert [exchange.status for exchange in fake.journal] == [413, 200]
        assert fake.journal[0].body == b""


def test_a_body_of_just_the_limit_is_fine(server: VideoServer) -> None:
    body = b'{"model": "grok-video-3", "prompt": "a fox"}'
    with limited(server, len(body)) as fake, Client(fake.ports[0]) as client:
        client.ask("/v1/videos", JSON, method="POST", body=body)
        assert client.reply()[0] == 200
        assert len(fake.tasks) == 1


def test_a_body_that_is_too_large_is_not_asked_for(server: VideoServer) -> None:
    with limited(server, 100) as fake, Client(fake.ports[0]) as client:
        client.send(request("/v1/videos", JSON, "Expect: 100-continue", "Content-Length: 5000", method="POST"))
        assert client.reply()[0] == 413
        assert fake.journal.total == 1


def test_a_connection_is_used_again(server: VideoServer) -> None:
    with server.fake(scripted()) as fake, Client(fake.ports[0]) as client:
        for _ in range(20):
            client.ask()
            assert client.reply()[2] == TEXT.encode()
        assert fake.journal.total == 20


def test_pipelined_requests_are_answered_in_order(server: VideoServer) -> None:
    polls = tuple(ReplyTemplate(text=str(number) * 9) for number in range(9))
    states = {"told": State(video={"status": "processing"}, poll=polls)}
    with (
        server.fake(Scenario("told", "Told by a test.", "told", states, never_ends=True)) as fake,
        Client(fake.ports[0]) as client,
    ):
        client.send(request() * 9)
        assert [client.reply()[2].decode() for _ in range(9)] == [str(number) * 9 for number in range(9)]


def test_http_1_0_gets_its_reply_and_the_end(server: VideoServer) -> None:
    with server.fake(scripted()) as fake, Client(fake.ports[0]) as client:
        client.ask(version="1.0")
        assert client.reply()[2] == TEXT.encode()
        assert (client.rest(), client.ending) == (b"", "eof")


def test_a_client_may_ask_for_the_end(server: VideoServer) -> None:
    with server.fake(scripted()) as fake, Client(fake.ports[0]) as client:
        client.ask(POLL, "Connection: close")
        assert client.reply()[1]["connection"] == "close"
        assert (client.rest(), client.ending) == (b"", "eof")


def test_many_connections_at_once(server: VideoServer) -> None:
    with server.fake(scripted()) as fake:
        clients = [Client(fake.ports[0]) for _ in range(200)]
        for client in clients:
            client.ask()
        assert {client.reply()[2] for client in clients} == {TEXT.encode()}
        for client in clients:
            client.leave()
        assert fake.journal.total == 200
        assert {exchange.ended for exchange in fake.journal} == {"whole"}


def test_a_length_beside_chunks_does_not_count() -> None:
    with VideoServer(parser="h11") as server, server.fake() as fake, Client(fake.ports[0]) as client:
        for lengths in (
            ["Content-Length: 0", "Transfer-Encoding: chunked"],
            ["Transfer-Encoding: chunked", "Content-Length: 0"],
        ):
            client.ask("/v1/videos", JSON, *lengths, method="POST")
            client.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(CREATE), CREATE))
            assert client.reply()[0] == 200


def test_polls_that_arrive_together_move_a_task_on_once_each(fresh_server: VideoServer) -> None:
    first = State(
        video={"status": "processing"},
        poll=tuple(ReplyTemplate(text=f"poll {number}") for number in range(120)),
        next=(Transition("second", polls=120),),
    )
    second = State(video={"status": "completed"}, poll=(ReplyTemplate(text="over"),))
    with fresh_server.fake(Scenario("told", "Told by a test.", "first", {"first": first, "second": second})) as fake:

        def poll(_: int) -> list[str]:
            with Client(fake.ports[0]) as client:
                answers = []
                for _ in range(10):
                    client.ask()
                    answers.append(client.reply()[2].decode())
                return answers

        with ThreadPoolExecutor(12) as threads:
            answers = [answer for some in threads.map(poll, range(12)) for answer in some]
        assert sorted(answers) == sorted(f"poll {number}" for number in range(120))
        assert {exchange.state_after for exchange in fake.journal} == {"first", "second"}
        assert [exchange.state_after for exchange in fake.journal].count("second") == 1


def test_whoever_watches_sees_each_exchange_before_its_reply_arrives(fresh_server: VideoServer) -> None:
    seen = []
    with fresh_server.fake(scripted(), watch=lambda exchange: seen.append((exchange.number, exchange.status))) as fake:
        with Client(fake.ports[0]) as client:
            for number in range(1, 4):
                client.ask()
                client.reply()
                assert seen[-1] == (number, 200)
        assert seen == [(1, 200), (2, 200), (3, 200)]


def test_whoever_watches_may_ask_and_close_the_fake(fresh_server: VideoServer) -> None:
    def watch(exchange: object) -> None:
        fake.task(id="video_new")
        assert fake.find_task("video_new") is not None
        made.append(fresh_server.fake(scripted()))
        fake.close()

    made: list[ServedFake] = []
    fake = fresh_server.fake(scripted(), watch=watch)
    with Client(fake.ports[0]) as client:
        client.ask()
        client.rest()
    eventually(lambda: all(refuses(port) for port in fake.ports))
    with Client(made[0].ports[0]) as client:
        client.ask()
        assert client.reply()[0] == 200


def test_a_defect_is_a_500_that_names_it_and_is_logged_once(
    server: VideoServer, caplog: pytest.LogCaptureFixture, expected_log: list[str]
) -> None:
    def watch(exchange: object) -> None:
        raise ZeroDivisionError("secret")

    with server.fake(scripted(), watch=watch) as fake, Client(fake.ports[0]) as client:
        client.ask(POLL, "Origin: https://app.test")
        status, headers, body = client.reply()
        assert (status, headers["content-type"]) == (500, "application/json")
        assert headers["access-control-allow-origin"] == "https://app.test"
        assert b"ZeroDivisionError" in body
        assert b"secret" not in body
        fake.watch = None
        client.ask()
        assert client.reply()[0] == 200
    [record] = caplog.records
    assert record.exc_info is not None
    expected_log.append(f"GET {POLL} could not be answered")


def test_an_edge_speaks_http_alone(registry: FakeRegistry) -> None:
    with pytest.raises(RuntimeError, match="only HTTP is supported, not websocket"):
        asyncio.run(ApiApp(registry)({"type": "websocket"}, None, None))  # type: ignore[arg-type]


def test_an_edge_starts_and_stops_as_asgi_wants_it(registry: FakeRegistry) -> None:
    asked = iter(["lifespan.startup", "lifespan.shutdown"])
    said = []

    async def receive() -> Any:
        return {"type": next(asked)}

    async def send(message: Any) -> None:
        said.append(message["type"])

    asyncio.run(ApiApp(registry)({"type": "lifespan"}, receive, send))
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
