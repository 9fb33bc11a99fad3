"""Faults among everything else that HTTP allows: heads, old versions, uploads, connections used before, clocks moved by
hand. `test_wire.py` has what each fault looks like to a plain GET."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.sockets import (
    POLL,
    TEXT,
    Client,
    ended,
    eventually,
    request,
    scripted,
    without_waiting,
)
from video_mockserver.api.faults import FAULTS
from video_mockserver.api.messages import Fault
from video_mockserver.edges.server.video_server import VideoServer
from video_mockserver.fake.clip_files import load_clip, shipped_clips
from video_mockserver.fake.clips import ClipStore
from video_mockserver.fake.clock import RealClock
from video_mockserver.scenario.model import ReplyTemplate, Scenario, State
from video_mockserver.scenario.writer import write_scenario

pytestmark = pytest.mark.usefixtures("expected_log")

BODY = TEXT.encode()
GARBAGE = b"\x16\x03\x01 this is not HTTP \x00\xff\xfe\r\n\r\n"
# One of each kind, and what comes of a body of 1024 bytes on a clock that does not move: the framing (a length,
# "chunked", or None where there is no head), the bytes, and the end of the connection.
EACH: dict[str, tuple[Fault, int | str | None, bytes, str | None]] = {
    "reset": (Fault("reset"), None, b"", "reset"),
    "reset_at": (Fault("reset", 100), 1024, BODY[:100], "reset"),
    "close": (Fault("close"), None, b"", "eof"),
    "truncate": (Fault("truncate", 0.5), 1024, BODY[:512], "eof"),
    "stall": (Fault("stall"), None, b"", None),
    "stall_at": (Fault("stall", 100), 1024, BODY[:100], None),
    "drip": (Fault("drip", amount=1000), 1024, BODY[:100], None),
    "empty": (Fault("empty"), 0, b"", "eof"),
    "wrong_length": (Fault("wrong_length", amount=9), 1033, BODY, "eof"),
    "unended": (Fault("unended"), "chunked", b"400\r\n" + BODY + b"\r\n", "eof"),
    "endless": (Fault("endless"), "chunked", b"400\r\n" + BODY + b"\r\n", None),
    "garbage": (Fault("garbage"), None, GARBAGE, "eof"),
}
each_kind = pytest.mark.parametrize("kind", EACH)
CREATE = b'{"model": "grok-video-3", "prompt": "a fox in the snow"}'
JSON = "Content-Type: application/json"


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


@pytest.fixture(scope="module", params=["httptools", "h11"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VideoServer]:
    path = tmp_path_factory.mktemp("clips") / "text.mp4"
    path.write_bytes(BODY)
    clip_store = shipped_clips()
    clip_store = ClipStore(
        {**clip_store.clips, "text": load_clip(path, name="text")}, clip_store.read, clip_store.pictures
    )
    with VideoServer(parser=request.param, clip_store=clip_store, unknown_tasks="create", manual_clock=True) as server:
        yield server


def content_scenario(fault: Fault) -> Scenario:
    """A finished task whose clip is the 1024 bytes, with a fault."""
    done = State(video={"status": "completed"}, content=(ReplyTemplate(clip="text", fault=fault),))
    return Scenario("told", "Told by a test.", "done", {"done": done})


def test_every_kind_is_tried_here() -> None:
    assert {fault.kind for fault, *_ in EACH.values()} == set(FAULTS)


@each_kind
def test_a_connection_may_have_been_used_before(server: VideoServer, kind: str) -> None:
    fault, *seen = EACH[kind]
    fine = ReplyTemplate(text="fine", times=3)
    with (
        server.fake(polls_scenario(fine, ReplyTemplate(text=TEXT, fault=fault))) as fake,
        Client(fake.ports[0]) as client,
    ):
        for _ in range(3):
            client.ask()
            assert client.reply()[2] == b"fine"
        client.ask()
        sees(client, *seen)
        eventually(lambda: [exchange.ended for exchange in fake.journal] == ["whole"] * 3 + ["fault"])


@each_kind
def test_a_request_behind_the_fault_is_never_answered(server: VideoServer, kind: str) -> None:
    fault, *seen = EACH[kind]
    with server.fake(scripted(fault)) as fake, Client(fake.ports[0]) as client:
        client.send(request() * 3)
        eventually(lambda: fake.journal.total)
        sees(client, *seen)
        assert fake.journal.total == 1


@each_kind
def test_a_head_request_gets_the_same_head_and_no_body(server: VideoServer, kind: str) -> None:
    fault, length, body, ending = EACH[kind]
    with server.fake(content_scenario(fault)) as fake, Client(fake.ports[0]) as client:
        client.ask(POLL + "/content", method="HEAD")
        # What would come slowly, or for ever, is a body: without one there is nothing to wait for.
        ending = "eof" if kind in ("drip", "endless") else ending
        sees(client, length, b"" if length is not None else body, ending)
        eventually(lambda: fake.journal.total and (ended(fake), fake.journal[-1].sent) == ("fault", 0))


@each_kind
def test_a_client_of_http_1_0_gets_no_chunks_and_the_rest_as_it_is(server: VideoServer, kind: str) -> None:
    fault, length, body, ending = EACH[kind]
    with server.fake(scripted(fault)) as fake, Client(fake.ports[0]) as client:
        client.ask(version="1.0")
        if length == "chunked":
            assert framing(client.head()[1]) is None
            sees(client, None, BODY, ending)
        else:
            sees(client, length, body, ending)


@each_kind
def test_a_client_that_waits_for_100_is_let_on_first(server: VideoServer, kind: str) -> None:
    fault, length, body, ending = EACH[kind]
    create = ReplyTemplate(status=200, text=TEXT, fault=fault)
    scenario = Scenario("told", "Told by a test.", "s", {"s": State()}, create=(create,), never_ends=True)
    with server.fake(scenario) as fake, Client(fake.ports[0]) as client:
        whole = request("/v1/videos", JSON, "Expect: 100-continue", method="POST", body=CREATE)
        client.send(whole[: -len(CREATE)])
        assert client.take(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert client.silent()
        client.send(CREATE)
        sees(client, length, body, ending)
        eventually(lambda: len(fake.bill) == 1)


@each_kind
def test_a_reply_that_has_no_body_keeps_none(server: VideoServer, kind: str) -> None:
    fault, length, _, ending = EACH[kind]
    with server.fake(scripted(fault, status=204)) as fake, Client(fake.ports[0]) as client:
        client.ask()
        if length is not None:
            status, headers = client.head()
            assert (status, framing(headers)) == (204, None)
        sees(client, None, GARBAGE if kind == "garbage" else b"", "eof" if kind in ("drip", "endless") else ending)


@each_kind
def test_a_fault_comes_on_the_download_host_as_well(server: VideoServer, kind: str) -> None:
    fault, *seen = EACH[kind]
    done = State(
        video={"status": "completed", "video_url": "{download_url}"},
        download=(ReplyTemplate(clip="text", fault=fault),),
    )
    scenario = Scenario("told", "Told by a test.", "done", {"done": done})
    with server.fake(scenario) as fake, Client(fake.ports[0]) as api, Client(fake.ports[1]) as download:
        api.ask(POLL, f"Host: 127.0.0.1:{fake.ports[0]}")
        url = json.loads(api.reply()[2])["video_url"]
        assert url.startswith(fake.download_origin + "/")
        path = url.removeprefix(fake.download_origin)
        download.send(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{fake.ports[1]}\r\n\r\n".encode())
        sees(download, *seen)
        eventually(lambda: (fake.journal[-1].host, ended(fake)) == ("download", "fault"))


def test_the_head_before_a_fault_is_that_of_any_reply(server: VideoServer) -> None:
    headers: dict[str, str | None] = {"x-request-id": "r-1", "Retry-After": "7"}
    polls = (
        ReplyTemplate(text=TEXT, headers=headers),
        ReplyTemplate(text=TEXT, headers=headers, fault=Fault("truncate", 1)),
    )
    with server.fake(polls_scenario(*polls)) as fake, Client(fake.ports[0]) as client:
        client.ask(POLL, "Origin: https://app.test")
        whole = client.head()
        client.take(1024)
        client.ask(POLL, "Origin: https://app.test")
        status, cut = client.head()
        assert cut.pop("connection") == "close"
        assert set(cut) == set(whole[1]) >= {"date", "x-request-id", "retry-after", "access-control-allow-origin"}
        assert (status, {**cut, "date": ""}) == (200, {**whole[1], "date": ""})


@pytest.mark.parametrize("fault", [None, Fault("reset", 7)], ids=["whole", "reset"])
def test_white_space_around_a_header_s_value_is_left_out(server: VideoServer, fault: Fault | None) -> None:
    with server.fake(scripted(fault, headers={"x-prompt": " {prompt} "})) as fake, Client(fake.ports[0]) as client:
        client.ask(f"/v1/videos/{fake.task(prompt=' a  fox ').id}")
        status, headers = client.head()
        assert (status, headers["x-prompt"]) == (200, "a  fox")


def test_a_clock_moved_far_at_once_lets_a_whole_drip_through(server: VideoServer) -> None:
    with server.fake(scripted(Fault("drip", amount=10))) as fake, Client(fake.ports[0]) as client:
        client.ask()
        client.head()
        assert client.take(1) == BODY[:1]
        assert client.silent()
        fake.advance(102.15)  # its last byte is due 102.3 s after the first
        assert client.take(1021) == BODY[1:1022]
        assert client.silent()
        fake.advance(3600)
        assert (client.rest(), client.ending) == (BODY[1022:], "eof")


def test_an_endless_body_goes_on_with_the_clock(server: VideoServer) -> None:
    with server.fake(scripted(Fault("endless"))) as fake, Client(fake.ports[0]) as client:
        client.ask()
        client.head()
        assert client.chunk() == BODY
        assert client.silent()
        fake.advance(1.05)
        assert [client.chunk() for _ in range(10)] == [BODY] * 10
        assert client.silent()
        assert fake.journal[-1].sent == 11 * 1024


@pytest.mark.parametrize("fault", [None, Fault("truncate", 5)], ids=["whole", "truncate"])
def test_a_delay_counts_from_the_answer(server: VideoServer, fault: Fault | None) -> None:
    # The test sees an exchange before the edge does; a clock that it moves then has moved for the reply too.
    with server.fake(scripted(fault, delay=30)) as fake, Client(fake.ports[0]) as client:
        fake.watch = lambda exchange: print(fake.advance(30))
        client.ask()
        assert client.head()[0] == 200
        assert client.take(1024) == (BODY[:5] if fault else BODY)


def test_a_drip_that_is_behind_catches_up(server: VideoServer) -> None:
    with server.fake(scripted(Fault("drip", amount=1000), delay=10)) as fake, Client(fake.ports[0]) as client:
        client.ask()
        eventually(lambda: fake.journal.total)
        assert client.silent()
        fake.advance(10.35)
        client.head()
        assert client.take(400) == BODY[:400]
        assert client.silent()


@each_kind
def test_a_client_that_leaves_at_once_leaves_nothing_behind(server: VideoServer, kind: str) -> None:
    with server.fake(scripted(EACH[kind][0])) as fake:
        for rudely in (False, True):
            with Client(fake.ports[0]) as client:
                client.ask()
                client.leave(rudely=rudely)
        eventually(lambda: not server.activity().requests)
        assert {exchange.ended for exchange in fake.journal} <= {"fault", "client left"}


def test_a_client_that_leaves_during_the_delay_did_not_meet_the_fault(server: VideoServer) -> None:
    with server.fake(scripted(Fault("reset", 5), delay=30)) as fake:
        with Client(fake.ports[0]) as client:
            client.ask()
            eventually(lambda: fake.journal.total == 1)
            assert ended(fake) is None
        eventually(lambda: not server.activity().requests)
        assert (ended(fake), fake.journal[-1].sent) == ("client left", 0)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_endless_bodies_take_no_memory_from_a_server(server: VideoServer) -> None:
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    clock = RealClock(speed=1e9)
    with server.fake(scripted(Fault("endless"), clip="text"), clock=clock) as fake, server.fake(scripted()) as other:
        before = resident()
        clients = [Client(fake.ports[0], window=4096) for _ in range(20)]
        for client in clients:
            client.ask()
            client.head()

        def stand_still() -> bool:
            sent = [exchange.sent for exchange in fake.journal]
            with Client(other.ports[0]) as client:  # so that time passes
                for _ in range(50):
                    client.ask()
                    client.reply()
            return server.activity().paused == 20 and [exchange.sent for exchange in fake.journal] == sent

        eventually(stand_still)
        assert resident() - before < 16 * 1024 * 1024
        for client in clients:
            client.leave()
        eventually(lambda: not server.activity().requests)
        assert {exchange.ended for exchange in fake.journal} == {"fault"}


def test_the_command_has_nothing_to_say_about_faults(tmp_path: Path) -> None:
    folder = tmp_path / "scenarios"
    folder.mkdir()
    for kind, (fault, *_) in EACH.items():
        scenario = scripted(fault, name=kind)
        (folder / f"{kind}.json").write_text(write_scenario(scenario, format="json"))
    ready = tmp_path / "ready.json"
    command = [
        sys.executable,
        "-m",
        "video_mockserver",
        "serve",
        "--port",
        "0",
        "--ready-file",
        str(ready),
        "--manual-clock",
    ]
    more = ["--scenario-dir", str(folder), "--log-format", "none"]
    with subprocess.Popen([*command, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            eventually(ready.exists)
            told: dict[str, Any] = json.loads(ready.read_text())
            port = httpx.URL(told["origin"]).port or 0
            for kind, (_, *seen) in EACH.items():
                for leave in (False, True):
                    with Client(port) as client:
                        client.send(request(f"/v1/videos/video_{kind}") * (1 + leave))
                        if not leave:
                            sees(client, *seen)
            with Client(port) as client:
                client.ask("/v1/videos/video_stall_at")
                client.head()
                process.send_signal(signal.SIGTERM)
                with without_waiting():
                    out, err = process.communicate()
        finally:
            process.kill()
    assert (process.returncode, err) == (0, b"")
    assert b"Traceback" not in out
