"""HTTP in and out: whom a request is for, what goes into it and what comes back; over sockets, with both parsers."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from support.sockets import FOR_EVER, POLL, TEXT, Client, ended, eventually, request, scripted, without_waiting
from video_mockserver.api.faults import describe
from video_mockserver.api.messages import Fault
from video_mockserver.edges.server.asgi import ApiApp, raw_path
from video_mockserver.edges.server.limits import ServerLimits
from video_mockserver.edges.server.registry import FakeRegistry, ServedFake
from video_mockserver.edges.server.sending import FaultWithoutSocket
from video_mockserver.edges.server.video_server import VideoServer
from video_mockserver.fake.clip_files import load_clip, shipped_clips
from video_mockserver.fake.clips import ClipStore
from video_mockserver.fake.clock import ManualClock
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.model import ReplyTemplate, Scenario, State

ORIGINS = "{origin} {download_origin} {refused_url}"
FILM = bytes(range(256)) * 4096 * 5  # 5 MB
JSON = "Content-Type: application/json"


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


@pytest.fixture(autouse=True)
def warnings(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """What must be in the log: nothing that a client does is worth a warning, so nothing unless a test puts it here."""
    caplog.set_level(logging.WARNING)
    expected: list[str] = []
    yield expected
    assert [record.getMessage() for record in caplog.get_records("call")] == expected


def clip_scenario(**content: Any) -> Scenario:
    """A finished task whose clip is five megabytes."""
    done = State(video={"status": "completed"}, content=(ReplyTemplate(clip="film", **content),))
    return Scenario("clip", "Told by a test.", "done", {"done": done})


# --- whom a request is for --------------------------------------------------------------------------------------------


def told_origins(client: Client, path: str = POLL, *headers: str, **how: Any) -> list[str]:
    """The three origins of a fake whose scenario tells them."""
    client.ask(path, *headers, **how)
    status, _, body = client.reply()
    assert status == 200, body
    return body.decode().split(" ")


def test_urls_follow_the_host_that_was_asked(server: VideoServer) -> None:
    with server.fake(scripted(text=ORIGINS)) as fake, Client(fake.ports[0]) as client:
        api, download = fake.ports
        for host, name in [
            (f"127.0.0.1:{api}", "127.0.0.1"),
            (f"mock:{api}", "mock"),
            (f"[::1]:{api}", "[::1]"),
        ]:
            told = told_origins(client, POLL, f"Host: {host}")
            assert told[:2] == [f"http://{name}:{api}", f"http://{name}:{download}"]
        assert told_origins(client, POLL, "Host: mock")[:2] == ["http://mock", f"http://mock:{download}"]


@pytest.mark.parametrize("host", ["", "Host: \r\n", "Host: a b\r\n", "Host: /etc/passwd\r\n", "Host: [::1\r\n"])
def test_without_a_usable_host_the_socket_s_own_address_serves(server: VideoServer, host: str) -> None:
    with server.fake(scripted(text=ORIGINS)) as fake, Client(fake.ports[0]) as client:
        client.send(f"GET {POLL} HTTP/1.0\r\n{host}Authorization: Bearer k\r\n\r\n".encode())
        status, _ = client.head()
        if status == 400:
            pytest.skip("this parser does not let it through")
        assert client.rest().startswith(f"{fake.origin} {fake.download_origin} ".encode())


def test_nothing_listens_where_a_url_is_to_be_refused(server: VideoServer) -> None:
    with server.fake(scripted(text=ORIGINS)) as fake, Client(fake.ports[0]) as client:
        refused = httpx.URL(told_origins(client)[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((refused.host, refused.port))


def test_each_port_leads_to_a_host_of_its_fake(server: VideoServer) -> None:
    with server.fake("lifecycle/at_once") as fake, server.fake() as other:
        with Client(fake.ports[0]) as api, Client(fake.ports[1]) as download:
            api.ask()
            path = urlsplit(json.loads(api.reply()[2])["video_url"]).path
            download.ask(path)
            assert download.reply()[0] in (400, 403)  # neither a key nor a link without its signature is good there
            assert [exchange.host for exchange in fake.journal] == ["api", "download"]
            api.ask(path)
            assert api.reply()[0] == 404
        assert other.journal.total == 0


def test_the_download_host_knows_the_api_it_belongs_to(server: VideoServer) -> None:
    done = State(video={"status": "completed", "video_url": "{download_url}"}, download=(ReplyTemplate(text=ORIGINS),))
    scenario = Scenario("told", "Told by a test.", "done", {"done": done})
    with server.fake(scenario) as fake, Client(fake.ports[0]) as api, Client(fake.ports[1]) as client:
        api.ask()
        url = urlsplit(json.loads(api.reply()[2])["video_url"])
        host = f"clips:{fake.ports[1]}"
        client.send(f"GET {url.path}?{url.query} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert client.reply()[2].decode().split(" ")[:2] == [f"http://clips:{fake.ports[0]}", f"http://{host}"]


def test_a_prefix_is_a_fake_of_its_own(server: VideoServer) -> None:
    own = VideoServer(parser=server.parser, scenario=scripted(text=ORIGINS), unknown_tasks="create")
    with own, own.fake() as fake, Client(fake.ports[0]) as client:
        told = told_origins(client, f"/t/job-1.a_B{POLL}")
        assert told[:2] == ["http://api.test/t/job-1.a_B", "http://api.test/t/job-1.a_B/_download"]
        told_origins(client, f"/t/job-2{POLL}")
        assert fake.journal.total == 0
        told_origins(client)
        assert [task.id for task in fake.tasks] == ["video_abc"]


def test_downloads_work_below_the_prefix_and_on_the_api_s_port(server: VideoServer) -> None:
    with server.fake("lifecycle/at_once") as fake, Client(fake.ports[0]) as client:
        for prefix in ("", "/t/one"):
            client.ask(f"{prefix}/v1/videos/video_at_once")
            url = urlsplit(json.loads(client.reply()[2])["video_url"])
            path = f"{url.path}?{url.query}"
            path = path if prefix else f"/_download{path}"
            assert path.startswith(f"{prefix}/_download/clips/")
            client.send(f"GET {path} HTTP/1.1\r\nHost: api.test\r\n\r\n".encode())
            status, headers, clip = client.reply()
            assert (status, headers["content-type"], clip[4:8]) == (200, "video/mp4", b"ftyp")


def test_one_port_is_enough(server: VideoServer) -> None:
    with VideoServer(one_port=True, unknown_tasks="create", parser=server.parser) as single:
        fake = single.fake(scripted(text=ORIGINS))
        assert len(fake.ports) == 1
        assert fake.download_origin == f"{fake.origin}/_download"
        with Client(fake.ports[0]) as client:
            assert told_origins(client)[:2] == ["http://api.test", "http://api.test/_download"]


@pytest.mark.parametrize("path", ["/t/", "/t/a%20b/v1/videos/x", "/t/" + "x" * 65 + "/v1/videos/x"])
def test_a_prefix_that_is_no_name_says_so(server: VideoServer, path: str) -> None:
    with server.fake() as fake, Client(fake.ports[0]) as client:
        client.ask(path)
        status, headers, body = client.reply()
        assert (status, headers["content-type"]) == (404, "application/json")
        assert b"1 to 64 letters, digits, dots, dashes and underscores" in body


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


# --- what goes in -----------------------------------------------------------------------------------------------------


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
        eventually(lambda: busy(server))
        client.leave(rudely=rudely)
        eventually(lambda: not busy(server))
        assert fake.journal.total == 0


@contextmanager
def limited(server: VideoServer, size: int) -> Iterator[ServedFake]:
    """A fake of a server that takes bodies of so many bytes."""
    own = VideoServer(parser=server.parser, unknown_tasks="create", limits=ServerLimits(body_size=size))
    with own, own.fake() as fake:
        yield fake


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


# --- what comes back --------------------------------------------------------------------------------------------------


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


def busy(server: VideoServer) -> int:
    """How many requests are being answered."""
    return server.activity().requests


@pytest.mark.parametrize("rudely", [False, True], ids=["fin", "rst"])
@pytest.mark.parametrize("pipelined", [1, 2])
def test_a_client_may_leave_in_mid_download(server: VideoServer, pipelined: int, rudely: bool) -> None:
    with server.fake(clip_scenario()) as fake, Client(fake.ports[0], window=4096) as client:
        client.send(request(POLL + "/content") * pipelined)
        client.head()
        client.take(1000)
        client.leave(rudely=rudely)
        eventually(lambda: not busy(server))
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


def test_a_clip_that_shrinks_meanwhile_comes_short(server: VideoServer, tmp_path: Path, warnings: list[str]) -> None:
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
    warnings.append("Exception in ASGI application\n")


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
        eventually(lambda: fake.journal.total == 1 and busy(server))
        client.leave(rudely=rudely)
        eventually(lambda: not busy(server))
        assert (fake.journal[0].sent, fake.journal[0].ended) == (0, "client left")


# --- browsers ---------------------------------------------------------------------------------------------------------


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


# --- defects ----------------------------------------------------------------------------------------------------------


def test_a_defect_is_a_500_that_names_it_and_is_logged_once(
    server: VideoServer, caplog: pytest.LogCaptureFixture, warnings: list[str]
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
    warnings.append(f"GET {POLL} could not be answered")


# --- other servers ----------------------------------------------------------------------------------------------------


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


# --- addresses that are configured ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "prefix", "api", "download"),
    [
        ({}, "", "http://mock.test:8001", "http://mock.test:8002"),
        ({"public_url": "https://video.test/"}, "", "https://video.test", "http://mock.test:8002"),
        (
            {"public_url": "https://video.test", "download_url": "https://clips.test/"},
            "", "https://video.test", "https://clips.test",
        ),
        ({"public_url": "https://video.test"}, "/t/a", "https://video.test/t/a", "https://video.test/t/a/_download"),
        ({"one_port": True}, "", "http://mock.test:8001", "http://mock.test:8001/_download"),
    ],
)  # fmt: skip
def test_a_public_url_goes_before_the_host(
    clip_store: ClipStore, options: dict[str, Any], prefix: str, api: str, download: str
) -> None:
    registry = FakeRegistry(
        Library(), clip_store, {"unknown_tasks": "create", "scenario": scripted(text=ORIGINS)}, **options
    )
    try:
        registry.attach(registry.make(name="default"), 8001, 8002)
        transport = httpx.ASGITransport(ApiApp(registry))

        async def ask() -> str:
            async with httpx.AsyncClient(transport=transport, base_url="http://mock.test:8001") as client:
                return (await client.get(prefix + POLL, headers={"authorization": "Bearer k"})).text

        assert asyncio.run(ask()).split(" ")[:2] == [api, download]
    finally:
        registry.shut()


def test_a_reply_with_an_empty_body_can_wait_too(server: VideoServer) -> None:
    with server.fake(scripted(text="", delay=60), speed=1e6) as fake, Client(fake.ports[0]) as client:
        client.ask()
        assert client.reply()[2] == b""
        assert (fake.journal[0].sent, fake.journal[0].ended) == (0, "whole")
