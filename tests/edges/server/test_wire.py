"""Faults where they happen: what a raw socket sees of each, and what the usual client libraries make of it."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests

from support.sockets import (
    PATIENCE,
    POLL,
    TEXT,
    Client,
    ended,
    ends_with,
    eventually,
    request,
    scripted,
)
from video_mockserver.api.faults import FAULTS, describe
from video_mockserver.api.messages import Fault
from video_mockserver.edges.server.limits import ServerLimits
from video_mockserver.edges.server.registry import ServedFake
from video_mockserver.edges.server.video_server import VideoServer
from video_mockserver.fake.clip_files import load_clip, shipped_clips
from video_mockserver.fake.clips import ClipStore
from video_mockserver.fake.clock import ManualClock
from video_mockserver.scenario.model import ReplyTemplate, Scenario, State

pytestmark = pytest.mark.usefixtures("expected_log")

BODY = TEXT.encode()
TIMED_OUT = 28  # curl's exit code
CLIP_SIZE = 5 * 1024 * 1024
KEY = {"Authorization": "Bearer sk-mock"}


def curl(fake: ServedFake, timeout: float) -> int:
    """curl's exit code for a poll."""
    command = ["curl", "-q", "-s", "-o", "-", "--noproxy", "*", "--max-time", str(timeout), "-H"]
    done = subprocess.run(
        [*command, "Authorization: Bearer sk-mock", fake.origin + POLL], stdout=subprocess.DEVNULL, check=False
    )
    return done.returncode


@dataclass(frozen=True)
class Case:
    """A fault, and how it looks from the other side.

    `length` is the Content-Length (None: no head at all, "chunked" otherwise), `body` what comes of the body and
    `ending` how the connection ends. `httpx` and `requests` are an exception or a length of body, `curl` an exit code.
    """

    fault: Fault
    length: int | str | None
    body: bytes
    ending: str | None
    httpx: Any
    requests: Any
    curl: int


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    path.write_bytes(bytes(range(256)) * (CLIP_SIZE // 256))
    return path


@pytest.fixture(scope="module")
def film_shelf(film: Path) -> ClipStore:
    clip_store = shipped_clips()
    return ClipStore({**clip_store.clips, "film": load_clip(film, name="film")}, clip_store.read, clip_store.pictures)


@pytest.fixture(scope="module", params=["httptools", "h11"])
def server(request: pytest.FixtureRequest, film_shelf: ClipStore) -> Iterator[VideoServer]:
    with VideoServer(parser=request.param, clip_store=film_shelf, unknown_tasks="create") as server:
        yield server


def stands_still(server: VideoServer, fake: ServedFake) -> bool:
    """Whether a fake sends nothing to its client while others are served."""
    sent = fake.journal[-1].sent
    with server.fake(scripted()) as other, Client(other.ports[0]) as client:
        for _ in range(20):
            client.ask()
            client.reply()
    return server.activity().paused == 1 and fake.journal[-1].sent == sent


@pytest.fixture
def impatient_server(server: VideoServer, film_shelf: ClipStore) -> Iterator[VideoServer]:
    """A server that soon gives up on clients that stay, or take nothing."""
    limits = ServerLimits(flush_timeout=0.02, close_timeout=0.02)
    with VideoServer(parser=server.parser, clip_store=film_shelf, unknown_tasks="create", limits=limits) as impatient:
        yield impatient


CASES = [
    Case(Fault("reset"), None, b"", "reset", httpx.ReadError, requests.ConnectionError, 56),
    Case(Fault("reset", 0), 1024, b"", "reset", httpx.ReadError, requests.exceptions.ChunkedEncodingError, 56),
    Case(Fault("reset", 100), 1024, BODY[:100], "reset", httpx.ReadError,
         requests.exceptions.ChunkedEncodingError, 56),
    Case(Fault("reset", 0.5), 1024, BODY[:512], "reset", httpx.ReadError,
         requests.exceptions.ChunkedEncodingError, 56),
    Case(Fault("reset", 9999), 1024, BODY[:1023], "reset", httpx.ReadError,
         requests.exceptions.ChunkedEncodingError, 56),
    Case(Fault("close"), None, b"", "eof", httpx.RemoteProtocolError, requests.ConnectionError, 52),
    Case(Fault("truncate", 0.25), 1024, BODY[:256], "eof", httpx.RemoteProtocolError,
         requests.exceptions.ChunkedEncodingError, 18),
    Case(Fault("truncate", 1000), 1024, BODY[:1000], "eof", httpx.RemoteProtocolError,
         requests.exceptions.ChunkedEncodingError, 18),
    Case(Fault("stall"), None, b"", None, httpx.ReadTimeout, requests.ReadTimeout, TIMED_OUT),
    Case(Fault("stall", 100), 1024, BODY[:100], None, httpx.ReadTimeout, requests.ConnectionError, TIMED_OUT),
    Case(Fault("drip", amount=20_000), 1024, BODY, "eof", 1024, 1024, 0),
    Case(Fault("empty"), 0, b"", "eof", 0, 0, 0),
    Case(Fault("wrong_length", amount=10), 1034, BODY, "eof", httpx.RemoteProtocolError,
         requests.exceptions.ChunkedEncodingError, 18),
    Case(Fault("wrong_length", amount=-10), 1014, BODY, "eof", 1014, 1014, 0),
    Case(Fault("unended"), "chunked", b"400\r\n" + BODY + b"\r\n", "eof", httpx.RemoteProtocolError,
         requests.exceptions.ChunkedEncodingError, 18),
    Case(Fault("garbage"), None, b"\x16\x03\x01 this is not HTTP \x00\xff\xfe\r\n\r\n", "eof",
         httpx.RemoteProtocolError, requests.ConnectionError, 1),
]  # fmt: skip

each_fault = pytest.mark.parametrize("case", CASES, ids=lambda case: describe(case.fault).replace(" ", "_"))


def test_every_kind_of_fault_is_tried_here() -> None:
    assert {case.fault.kind for case in CASES} | {"endless"} == set(FAULTS)


@each_fault
def test_a_socket_sees_exactly_this(server: VideoServer, case: Case) -> None:
    with server.fake(scripted(case.fault)) as fake, Client(fake.ports[0]) as client:
        client.ask()
        if case.length is not None:
            status, headers = client.head()
            assert status == 200
            assert headers["content-type"].startswith("text/plain")
            assert headers.get("content-length", headers.get("transfer-encoding")) == str(case.length)
            assert headers["connection"] == "close"
        if case.ending is None:
            assert client.take(len(case.body)) == case.body
            assert client.silent()
        else:
            assert client.rest() == case.body
        assert client.ending == case.ending
        eventually(lambda: ended(fake) == "fault")
        assert fake.journal[-1].fault == describe(case.fault)
        arrived = case.body.count(BODY) * len(BODY) or len(case.body)
        assert fake.journal[-1].sent == (0 if case.fault.kind == "garbage" else arrived)


def test_an_endless_body_comes_in_whole_chunks_again_and_again(server: VideoServer) -> None:
    with server.fake(scripted(Fault("endless")), speed=1000) as fake, Client(fake.ports[0]) as client:
        client.ask()
        assert client.head()[1]["transfer-encoding"] == "chunked"
        assert [client.chunk() for _ in range(20)] == [BODY] * 20
        assert client.ending is None
        assert ended(fake) == "fault"


@pytest.mark.parametrize("kind", ["reset", "truncate"])
def test_a_large_body_is_cut_at_the_very_byte(server: VideoServer, film: Path, kind: str) -> None:
    scenario = scripted(Fault(kind, 3_000_001), clip="film")
    with server.fake(scenario) as fake, Client(fake.ports[0], window=4096) as client:
        client.ask()
        assert client.head()[1]["content-length"] == str(CLIP_SIZE)
        assert client.rest() == film.read_bytes()[:3_000_001]
        assert client.ending == ("reset" if kind == "reset" else "eof")


def test_a_drip_follows_the_clock_of_the_fake(server: VideoServer) -> None:
    clock = ManualClock()
    with server.fake(scripted(Fault("drip", amount=4000)), clock=clock) as fake, Client(fake.ports[0]) as client:
        client.ask()
        assert client.head()[1]["content-length"] == "1024"
        assert client.take(400) == BODY[:400]
        assert client.silent()
        fake.advance(0.1)
        assert client.take(400) == BODY[400:800]
        assert client.silent()
        fake.advance(5)
        assert client.rest() == BODY[800:]
        assert client.ending == "eof"


def test_a_fault_waits_for_its_delay(server: VideoServer) -> None:
    with (
        server.fake(scripted(Fault("reset", 10), delay=30), clock=ManualClock()) as fake,
        Client(fake.ports[0]) as client,
    ):
        client.ask()
        eventually(lambda: fake.journal.total)
        assert client.silent()
        fake.advance(30)
        client.head()
        assert (client.rest(), client.ending) == (BODY[:10], "reset")


def test_an_upload_is_taken_whole_before_the_fault(server: VideoServer) -> None:
    create = ReplyTemplate(fault=Fault("reset"))
    scenario = Scenario("told", "Told by a test.", "s", {"s": State()}, create=(create,), never_ends=True)
    body = b'{"model": "grok-video-3", "prompt": "%s"}' % (b"fox " * 50_000)
    with server.fake(scenario) as fake, Client(fake.ports[0]) as client:
        client.ask("/v1/videos", "Content-Type: application/json", "Expect: 100-continue", method="POST", body=body)
        assert client.take(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert (client.rest(), client.ending) == (b"", "reset")
        assert len(fake.bill) == 1  # the task is there although the client never heard of it


def test_requests_pipelined_behind_a_fault_are_lost_with_the_connection(server: VideoServer) -> None:
    polls = (ReplyTemplate(text="fine"), ReplyTemplate(text=TEXT, fault=Fault("reset", 4)), ReplyTemplate(text="late"))
    states = {"told": State(video={"status": "processing"}, poll=polls)}
    scenario = Scenario("told", "Told by a test.", "told", states, never_ends=True)
    with server.fake(scenario) as fake, Client(fake.ports[0]) as client:
        client.send(request() * 4)
        assert client.reply()[2] == b"fine"
        assert client.head()[1]["content-length"] == "1024"
        assert (client.rest(), client.ending) == (BODY[:4], "reset")
        assert [exchange.ended for exchange in fake.journal] == ["whole", "fault"]


@pytest.mark.parametrize("rudely", [False, True], ids=["fin", "rst"])
@pytest.mark.parametrize("pipelined", [1, 3])
@pytest.mark.parametrize(
    "fault",
    [Fault("stall"), Fault("stall", 9), Fault("drip", amount=1), Fault("endless")],
    ids=lambda fault: describe(fault).replace(" ", "_"),
)
def test_a_client_may_leave_in_the_middle(server: VideoServer, fault: Fault, pipelined: int, rudely: bool) -> None:
    with server.fake(scripted(fault)) as fake, Client(fake.ports[0]) as client:
        client.send(request() * pipelined)
        if fault != Fault("stall"):
            client.head()
        eventually(lambda: fake.journal.total == 1)
        assert server.activity().requests == 1
        client.leave(rudely=rudely)
        eventually(lambda: server.activity().requests == 0)
        assert ended(fake) == "fault"


def test_what_a_client_sends_after_its_request_changes_nothing(server: VideoServer) -> None:
    with server.fake(scripted(Fault("stall", 9))) as fake, Client(fake.ports[0]) as client:
        client.ask()
        client.head()
        assert client.take(9) == BODY[:9]
        client.send(b"this is not HTTP\r\n\r\n" + request())
        assert client.silent()
        assert fake.journal.total == 1


def test_an_endless_body_stops_for_a_client_that_does_not_read(server: VideoServer) -> None:
    with server.fake(scripted(Fault("endless"), clip="decoy"), speed=1e9) as fake:
        with Client(fake.ports[0], window=4096) as client:
            client.ask()
            client.head()
            eventually(lambda: stands_still(server, fake))
            assert client.silent() is False
            assert server.activity().unsent < 200_000
        eventually(lambda: server.activity().requests == 0)


def test_a_client_that_stays_after_the_end_is_let_go(impatient_server: VideoServer) -> None:
    server = impatient_server
    with server.fake(scripted(Fault("truncate", 5))) as fake, Client(fake.ports[0]) as client:
        client.ask()
        client.head()
        assert (client.rest(), client.ending) == (BODY[:5], "eof")
        eventually(lambda: server.activity().requests == 0)


@pytest.mark.parametrize("kind", ["reset", "truncate"])
def test_a_client_that_takes_nothing_is_let_go(impatient_server: VideoServer, kind: str) -> None:
    server = impatient_server
    with server.fake(scripted(Fault(kind, 60_000), clip="film")) as fake, Client(fake.ports[0], window=4096) as client:
        client.ask()
        client.head()
        eventually(lambda: server.activity().requests == 0)


def test_a_slow_client_gets_every_byte_before_the_reset(server: VideoServer, film: Path) -> None:
    scenario = scripted(Fault("reset", 600_000), clip="film")
    with server.fake(scenario) as fake, Client(fake.ports[0], window=4096) as client:
        client.ask()
        client.head()
        taken = b""
        while client.ending is None:
            taken += client.take(20_000)
            time.sleep(0.001)
        assert taken == film.read_bytes()[:600_000]
        assert client.ending == "reset"


def test_many_faults_and_whole_replies_go_on_side_by_side(server: VideoServer) -> None:
    with (
        server.fake(scripted(Fault("stall", 8))) as stalled,
        server.fake(scripted()) as fine,
        server.fake(scripted(Fault("reset", 8))) as reset,
    ):
        clients = {fake: [Client(fake.ports[0]) for _ in range(40)] for fake in (stalled, fine, reset)}
        for three in zip(*clients.values(), strict=True):
            for client in three:
                client.ask()
        for client in clients[reset]:
            client.head()
            assert (client.rest(), client.ending) == (BODY[:8], "reset")
        for client in clients[fine]:
            assert client.reply()[2] == BODY
        for client in clients[stalled]:
            client.head()
            assert client.take(8) == BODY[:8]
        for client in (client for some in clients.values() for client in some):
            client.leave()
    assert [len(fake.journal) for fake in clients] == [40, 40, 40]


@each_fault
def test_httpx(server: VideoServer, case: Case) -> None:
    with server.fake(scripted(case.fault), speed=100) as fake, httpx.Client(headers=KEY, trust_env=False) as client:
        expected = BODY[: case.httpx] if isinstance(case.httpx, int) else case.httpx
        ends_with(expected, lambda timeout: client.get(fake.origin + POLL, timeout=timeout).content)


@each_fault
def test_requests(server: VideoServer, case: Case) -> None:
    with server.fake(scripted(case.fault), speed=100) as fake, requests.Session() as session:
        session.trust_env = False
        session.headers.update(KEY)
        expected = BODY[: case.requests] if isinstance(case.requests, int) else case.requests
        ends_with(expected, lambda timeout: session.get(fake.origin + POLL, timeout=timeout).content)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on this machine")
@each_fault
def test_curl(server: VideoServer, case: Case) -> None:
    with server.fake(scripted(case.fault), speed=100) as fake:
        ends_with(case.curl, lambda timeout: curl(fake, timeout))


@pytest.mark.parametrize("library", ["httpx", "requests", "curl"])
def test_an_endless_body_is_the_clients_own_to_end(server: VideoServer, library: str) -> None:
    with server.fake(scripted(Fault("endless")), speed=100) as fake:
        if library == "httpx":
            with httpx.stream("GET", fake.origin + POLL, headers=KEY, trust_env=False) as reply:
                taken = b"".join(chunk for chunk, _ in zip(reply.iter_bytes(), range(5), strict=False))
        elif library == "requests":
            with requests.get(fake.origin + POLL, headers=KEY, timeout=PATIENCE, stream=True) as answer:
                taken = b"".join(chunk for chunk, _ in zip(answer.iter_content(1024), range(5), strict=False))
        else:
            if shutil.which("curl") is None:
                pytest.skip("curl is not on this machine")
            assert curl(fake, 0.2) == TIMED_OUT
            taken = BODY
        assert taken.startswith(BODY)
        eventually(lambda: server.activity().requests == 0)
        assert ended(fake) == "fault"
