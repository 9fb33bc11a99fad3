"""What a server promises beside its faults: fakes that never meet, names below a prefix, ends that come whatever goes
on, and nothing of the process it runs in touched. `test_server.py` and `test_asgi.py` have the plain life."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.testclient import TestClient

from support import COMMAND
from support.sockets import FOR_EVER, PATIENCE, POLL, TEXT, Client, ended, eventually, request, scripted
from video_mockserver.api.messages import Fault
from video_mockserver.edges.server.app import build_app
from video_mockserver.edges.server.asgi import ApiApp
from video_mockserver.edges.server.process import ServerProcess
from video_mockserver.edges.server.registry import FakeRegistry, ServedFake
from video_mockserver.edges.server.sending import FaultWithoutSocket
from video_mockserver.edges.server.video_server import VideoServer
from video_mockserver.fake.clip_files import load_clip, shipped_clips
from video_mockserver.fake.clips import ClipStore
from video_mockserver.fake.clock import ManualClock
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.model import ReplyTemplate, Scenario, State, Transition
from video_mockserver.scenario.writer import write_scenario

JSON = "Content-Type: application/json"
CREATE = b'{"model": "grok-video-3", "prompt": "a fox in the snow"}'
ORIGINS = "{origin} {download_origin} {refused_url}"


@pytest.fixture
def server() -> Iterator[VideoServer]:
    with VideoServer(unknown_tasks="create") as server:
        yield server


@pytest.fixture(autouse=True)
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """What must be in the log, and no thread left; nothing unless a test puts it here."""
    caplog.set_level(logging.WARNING)
    expected: list[str] = []
    before = set(threading.enumerate())
    yield expected
    assert [record.getMessage() for record in caplog.get_records("call")] == expected
    assert "video-mockserver" not in [thread.name for thread in set(threading.enumerate()) - before]


def get(client: Client, path: str = POLL, *headers: str, **how: Any) -> Any:
    """Ask, and read the JSON of the answer."""
    client.ask(path, *headers, **how)
    return json.loads(client.reply()[2])


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return True
    return False


def busy(server: VideoServer) -> int:
    """How many requests are being answered."""
    return server.activity().requests


# --- fakes that never meet --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["ports", "prefixes"])
def test_what_happens_to_one_fake_happens_to_no_other(where: str) -> None:
    by_time = Scenario(
        "told", "Told by a test.", "waiting",
        {"waiting": State(video={"status": "queued"}, next=(Transition("done", seconds=10),)), "done": State()},
        never_ends=True,
    )  # fmt: skip
    with VideoServer(manual_clock=True) as server:
        home = server.fake()
        one, other = (
            (server.fake(), server.fake())
            if where == "ports"
            else (child(server, home, "one"), child(server, home, "b"))
        )
        for fake in (one, other):
            fake.add_scenario(by_time)
            fake.task("told", id="video_x")
        url = urlsplit(one.base_url)
        assert url.port is not None
        with Client(url.port) as client:
            client.ask(url.path + "/videos", JSON, method="POST", body=CREATE)
            client.reply()
            one.use("told")
            one.advance(60)
            assert get(client, url.path + "/videos/video_x")["id"] == "video_x"
        assert (len(one.bill), len(other.bill)) == (1, 0)
        assert [task.id for task in other.tasks] == ["video_x"]
        assert (one.journal.total, other.journal.total, home.journal.total) == (2, 0, 0)
        assert (one.clock.now() - other.clock.now(), other.tasks[0].state) == (60, "waiting")
        assert other.settings.scenario != "told"
        one.reset()
        assert (len(one.tasks), len(other.tasks)) == (0, 1)


def child(server: VideoServer, home: ServedFake, name: str) -> ServedFake:
    """The fake below a fake's prefix, after its first request."""
    with Client(home.ports[0]) as client:
        client.ask(f"/t/{name}/_mock/health")
        assert client.reply()[0] == 200
    short, long = (server.fakes().get(known) for known in (name, f"{home.name}/{name}"))
    found = long or short
    assert isinstance(found, ServedFake)
    return found


def test_polls_that_arrive_together_move_a_task_on_once_each(server: VideoServer) -> None:
    first = State(
        video={"status": "processing"},
        poll=tuple(ReplyTemplate(text=f"poll {number}") for number in range(120)),
        next=(Transition("second", polls=120),),
    )
    second = State(video={"status": "completed"}, poll=(ReplyTemplate(text="over"),))
    with server.fake(Scenario("told", "Told by a test.", "first", {"first": first, "second": second})) as fake:

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


def test_whoever_watches_sees_each_exchange_before_its_reply_arrives(server: VideoServer) -> None:
    seen = []
    with server.fake(scripted(), watch=lambda exchange: seen.append((exchange.number, exchange.status))) as fake:
        with Client(fake.ports[0]) as client:
            for number in range(1, 4):
                client.ask()
                client.reply()
                assert seen[-1] == (number, 200)
        assert seen == [(1, 200), (2, 200), (3, 200)]


def test_whoever_watches_may_ask_and_close_the_fake(server: VideoServer) -> None:
    def watch(exchange: object) -> None:
        fake.task(id="video_new")
        assert fake.find_task("video_new") is not None
        made.append(server.fake(scripted()))
        fake.close()

    made: list[ServedFake] = []
    fake = server.fake(scripted(), watch=watch)
    with Client(fake.ports[0]) as client:
        client.ask()
        client.rest()
    eventually(lambda: all(refuses(port) for port in fake.ports))
    with Client(made[0].ports[0]) as client:
        client.ask()
        assert client.reply()[0] == 200


def test_names_are_found_for_fakes_that_have_none(server: VideoServer) -> None:
    server.fake(name="fake-2")
    with ThreadPoolExecutor(8) as threads:
        fakes = list(threads.map(lambda _: server.fake(), range(100)))
    names = {fake.name for fake in fakes}
    assert len(names) == 100
    assert "fake-2" not in names


def test_a_name_with_a_slash_is_one_below_a_prefix(server: VideoServer) -> None:
    with pytest.raises(ValueError, match="name: 'a/b' has a slash"):
        server.fake(name="a/b")


# --- fakes below a prefix ---------------------------------------------------------------------------------------------


def test_every_url_that_a_fake_below_a_prefix_gives_stays_below_it(server: VideoServer) -> None:
    home = server.fake("lifecycle/plain", name="default")
    base = f"{home.origin}/t/job-1"
    with httpx.Client(headers={"authorization": "Bearer k"}, trust_env=False, base_url=base) as client:
        made = client.post("/v1/videos", json={"model": "grok-video-3", "prompt": "a fox"}).json()
        task: dict[str, Any] = {}
        while task.get("status") != "completed":
            task = client.get(f"/v1/videos/{made['id']}").json()
        assert task["video_url"].startswith(f"{base}/_download/")
        clip = client.get(f"/v1/videos/{made['id']}/content").content
        assert clip[4:8] == b"ftyp"
        assert httpx.get(task["video_url"], trust_env=False).content == clip
        assert client.get("/openapi.json").json()["servers"][0]["url"].startswith(base)
        addresses = client.get("/_mock/ready").json()
        assert {addresses[name] for name in ("origin", "base_url", "download_origin")} == {
            base, f"{base}/v1", f"{base}/_download",
        }  # fmt: skip
    assert home.journal.total == 0


def test_a_prefix_takes_nobody_s_name(server: VideoServer) -> None:
    home, away = server.fake(name="default"), server.fake(name="away")
    assert child(server, home, "default").name == "default/default"
    assert child(server, home, "away").name == "default/away"
    assert child(server, home, "free").name == "free"
    assert child(server, away, "free").name == "away/free"
    assert child(server, away, "only").name == "away/only"
    known = server.fakes()
    assert (known["default"], known["away"]) == (home, away)
    with Client(home.ports[0]) as client:
        client.ask("/_mock/fakes", "Host: 127.0.0.1", JSON, method="POST", body=b'{"name": "new"}')
        status, _, body = client.reply()
        assert (status, json.loads(body)["origin"]) == (201, f"{home.origin}/t/new")
    away.close()
    assert all(refuses(port) for port in away.ports)


@pytest.mark.parametrize("name", [".", "..", "...", "-", "_", "a.b-c_D9", "x" * 64])
def test_names_that_clients_would_take_out_of_a_path_are_none(server: VideoServer, name: str) -> None:
    home = server.fake(name="default")
    with Client(home.ports[0]) as client:
        for path in (f"/t/{name}/v1/models", f"/t/{name}"):
            client.ask(path)
            status, _, body = client.reply()
            assert (b"but not '.' or '..'" in body) == (name in (".", ".."))
            assert status == (200 if path.endswith("models") and name not in (".", "..") else 404)
        client.ask("/_mock/fakes", "Host: 127.0.0.1", JSON, method="POST", body=b'{"name": "%b"}' % name.encode())
        assert client.reply()[0] == (400 if name in (".", "..") else 200)


def test_a_fake_below_a_prefix_takes_what_it_is_busy_with_along(server: VideoServer) -> None:
    home = server.fake(name="default")
    one, other = child(server, home, "one"), child(server, home, "other")
    for fake in (one, other):
        fake.use(scripted(Fault("stall", 5)))
    with Client(home.ports[0]) as client, Client(home.ports[0]) as neighbour, Client(home.ports[0]) as idle:
        one.task("lifecycle/at_once", id="video_done")
        idle.ask("/t/one/v1/videos/video_done/content")
        assert idle.reply()[0] == 200  # busy with it it was, but is no more
        for at, name in ((client, "one"), (neighbour, "other")):
            at.ask(f"/t/{name}{POLL}")
            at.head()
            assert at.take(5) == TEXT[:5].encode()
        assert httpx.delete(f"{home.origin}/_mock/fakes/one").status_code == 200
        assert client.rest() == b""
        assert neighbour.silent()
        assert get(idle, "/t/one/v1/models")  # made anew
    assert server.fakes()["one"] is not one


def test_the_end_of_a_fake_is_the_end_of_those_below_its_prefixes(server: VideoServer) -> None:
    home = server.fake(scripted(Fault("stall", 5)))
    one = child(server, home, "one")
    one.use(scripted(Fault("stall", 5)))
    with Client(home.ports[0]) as client:
        client.ask(f"/t/one{POLL}")
        client.head()
        home.close()
        assert client.rest() in (b"", TEXT[:5].encode())
    assert not server.fakes()
    one.close()
    assert not server.fakes()


def test_a_prefix_is_one_of_the_api_s_port_alone(server: VideoServer) -> None:
    home = server.fake()
    with Client(home.ports[1]) as client:
        client.ask("/t/one/v1/models")
        status, headers, _ = client.reply()
        assert (status, headers["content-type"]) == (404, "application/xml")
    assert len(server.fakes()) == 1


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.1 alone is this machine's")
def test_who_names_no_host_is_told_the_address_that_it_reached() -> None:
    with VideoServer(host="0.0.0.0", unknown_tasks="create") as server:
        fake = server.fake(scripted(text=ORIGINS))
        assert fake.origin == f"http://127.0.0.1:{fake.ports[0]}"
        for address in ("127.0.0.1", "127.0.0.2", "127.0.0.1"):
            for header in ("", "Host: a/../b\r\n"):
                with Client(fake.ports[0], address) as client:
                    client.send(f"GET {POLL} HTTP/1.0\r\n{header}Authorization: Bearer k\r\n\r\n".encode())
                    client.head()
                    api, download, _ = client.rest().decode().split(" ")
                    assert api == f"http://{address}:{fake.ports[0]}"
                    assert download == f"http://{address}:{fake.ports[1]}"


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_an_address_of_either_version_is_told_as_one() -> None:
    with VideoServer(host="::", unknown_tasks="create") as server:
        fake = server.fake(scripted(text=ORIGINS))
        assert fake.origin == f"http://[::1]:{fake.ports[0]}"
        for address, told in (("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")):
            with Client(fake.ports[0], address) as client:
                client.send(f"GET {POLL} HTTP/1.0\r\nAuthorization: Bearer k\r\n\r\n".encode())
                client.head()
                assert client.rest().startswith(f"http://{told}:{fake.ports[0]} http://{told}:".encode())


@pytest.mark.parametrize(
    "host",
    [
        "user@evil.test",
        "evil.test/x",
        "evil.test:80:80",
        "a<b>",
        '"',
        "evil.test:99999999",
        "[::1",
        "%41",
        "a?b",
        "a#b",
    ],
)
def test_a_host_that_is_none_gets_into_no_url(server: VideoServer, host: str) -> None:
    fake = server.fake(scripted(text=ORIGINS))
    with Client(fake.ports[0]) as client:
        client.ask(POLL, f"Host: {host}")
        assert client.reply()[2].decode().split(" ")[:2] == [fake.origin, fake.download_origin]


def test_a_served_fake_has_the_public_addresses_that_it_was_given() -> None:
    options = ["--public-url", "https://video.test/", "--download-url", "https://clips.test:8443"]
    with ServerProcess("--unknown-tasks", "create", "--scenario", "lifecycle/at_once", *options) as process:
        assert process.origin == "https://video.test"
        assert process.download_origin == "https://clips.test:8443"
        assert process.base_url == "https://video.test/v1"


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1", 200), ("127.0.0.2", 200), ("localhost", 200), ("0.0.0.0", 403)],
)
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.1 alone is this machine's")
def test_control_is_on_where_only_this_machine_can_reach_it(host: str, status: int) -> None:
    with VideoServer(host=host) as server:
        fake = server.fake()
        with Client(fake.ports[0], host if host != "0.0.0.0" else "127.0.0.1") as client:
            client.ask("/_mock/fakes", f"Host: 127.0.0.1:{fake.ports[0]}")
            assert client.reply()[0] == status


def test_every_kind_of_loopback_is_known(tmp_path: Path) -> None:
    async def status(host: str) -> int:
        transport = httpx.ASGITransport(build_app(registry, host=host))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8001") as client:
            return (await client.get("/_mock/fakes")).status_code

    registry = FakeRegistry(Library(), shipped_clips(), {})
    registry.attach(registry.make(), 8001, 8002)
    try:
        for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost"):
            assert asyncio.run(status(host)) == 200
        for host in ("0.0.0.0", "::", "::1234", "", "localhost.evil.test", "127.evil.test", "192.0.2.1"):
            assert asyncio.run(status(host)) == 403
    finally:
        registry.shut()


# --- clips over the wire ----------------------------------------------------------------------------------------------


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
        eventually(lambda: not busy(clip_server))
        eventually(lambda: open_files() == before)


def open_files() -> int:
    """How many files and sockets this process has open; 0 where that cannot be asked."""
    return len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0  # noqa: PTH208 - no entry is of interest


def test_a_length_beside_chunks_does_not_count() -> None:
    with VideoServer(parser="h11") as server, server.fake() as fake, Client(fake.ports[0]) as client:
        for lengths in (
            ["Content-Length: 0", "Transfer-Encoding: chunked"],
            ["Transfer-Encoding: chunked", "Content-Length: 0"],
        ):
            client.ask("/v1/videos", JSON, *lengths, method="POST")
            client.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(CREATE), CREATE))
            assert client.reply()[0] == 200


# --- the end ----------------------------------------------------------------------------------------------------------


def test_a_server_is_not_stopped_by_its_own_thread(server: VideoServer, logged: list[str]) -> None:
    fake = server.fake(scripted(), watch=lambda exchange: server.stop())
    with Client(fake.ports[0]) as client:
        client.ask()
        status, _, body = client.reply()
        assert (status, b"RuntimeError" in body) == (500, True)
        fake.watch = None
        client.ask()
        assert client.reply()[0] == 200
    logged.append(f"GET {POLL} could not be answered")


def test_a_thread_that_cannot_start_is_told_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_more(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    server = VideoServer()
    files = open_files()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_more)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            server.start()
    assert open_files() == files
    with pytest.raises(RuntimeError, match="does not run"):
        server.fake()
    with server:
        assert server.fake().origin


def test_the_end_comes_while_fakes_come_and_go() -> None:
    with VideoServer() as server:
        server.fake()
    files = open_files()
    for _ in range(30):
        server = VideoServer()
        server.start()
        wrong: list[BaseException] = []
        work: list[Callable[[], object]] = [server.fake().close for _ in range(4)]
        work.append(partial(make_fakes, server))
        threads = [threading.Thread(target=noting_errors, args=(one, wrong), daemon=True) for one in work]
        for thread in threads:
            thread.start()
        server.stop()
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
        assert {type(error) for error in wrong} <= {RuntimeError}
        assert all(str(error).startswith("the server ") for error in wrong)
    assert open_files() == files


def make_fakes(server: VideoServer) -> None:
    for _ in range(50):
        server.fake()


def noting_errors(work: Callable[[], object], errors: list[BaseException]) -> None:
    try:
        work()
    except BaseException as error:
        errors.append(error)


def test_a_fake_of_an_ended_server_harms_nobody(server: VideoServer) -> None:
    old = server.fake(scripted())
    server.stop()
    assert all(refuses(port) for port in old.ports)
    server.start()
    new = server.fake(scripted())
    new.ports = old.ports = (*new.ports, *old.ports)  # as if the system had given the same ports again
    old.close()
    with Client(new.ports[0]) as client:
        client.ask()
        assert client.reply()[0] == 200


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_process_that_was_forked_off_has_no_server(server: VideoServer) -> None:
    fake = server.fake(scripted())
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer Pythons warn of any fork beside a thread
        process = os.fork()
    if not process:
        try:
            try:
                server.fake()
            except RuntimeError as error:
                os.write(writer, str(error).encode()[:26])
            fake.close()
            server.stop()
            os.write(writer, b" and stops")
        finally:
            os._exit(0)
    os.close(writer)
    try:
        said = b""
        while select.select([reader], [], [], PATIENCE)[0] and (more := os.read(reader, 100)):
            said += more
        assert said == b"the server does not run: u and stops"
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(reader)
    with Client(fake.ports[0]) as client:
        client.ask()
        assert client.reply()[0] == 200


STALLED: dict[str, tuple[dict[str, Any], bool]] = {
    "stall": ({"fault": Fault("stall", 5)}, True),
    "drip": ({"fault": Fault("drip", amount=1)}, True),
    "endless": ({"fault": Fault("endless")}, True),
    "delay": ({"delay": FOR_EVER}, False),
}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_a_signal_ends_the_command_whatever_its_clients_do(tmp_path: Path, number: signal.Signals) -> None:
    for name, (reply, _) in STALLED.items():
        (tmp_path / f"{name}.json").write_text(write_scenario(scripted(name=name, **reply), format="json"))
    ready = tmp_path / "ready"
    command = [*COMMAND, "serve", "--port", "0", "--ready-file", str(ready)]
    more = ["--scenario-dir", str(tmp_path), "--log-format", "none"]
    with subprocess.Popen([*command, *more], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        clients = []
        try:
            eventually(ready.exists)
            port = urlsplit(json.loads(ready.read_text())["origin"]).port or 0
            for name, (_, answers) in STALLED.items():
                client = Client(port, window=4096)
                clients.append(client)
                client.ask(f"/v1/videos/video_{name}")
                if answers:
                    client.head()
            half = Client(port)
            half.send(request()[:30])
            clients.append(half)
            process.send_signal(number)
            _, said = process.communicate(timeout=PATIENCE)  # a stall lasts for ever
            assert (process.returncode, said) == (0, b"")
        finally:
            process.kill()
            for client in clients:
                client.leave()


# --- the process it runs in -------------------------------------------------------------------------------------------


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


def test_a_loop_that_the_process_prefers_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def preferred() -> Any:
        raise AssertionError("the policy's loop")

    monkeypatch.setattr(asyncio.get_event_loop_policy(), "new_event_loop", preferred, raising=False)
    with VideoServer(unknown_tasks="create") as server, Client(server.fake(scripted()).ports[0]) as client:
        client.ask()
        assert client.reply()[0] == 200


def test_what_only_some_systems_have_is_not_imported_until_it_is_used() -> None:
    code = """
import sys
for name in ("fcntl", "termios", "resource", "pwd", "grp", "tty", "pty"):
    sys.modules[name] = None
from video_mockserver.cli import demo, main
from video_mockserver.edges.server import app, asgi, process, serve, video_server
from video_mockserver.edges.server.control import app
from video_mockserver.edges.server.openapi import document
with video_server.VideoServer() as server:
    print(server.fake().origin)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stderr, done.stdout[:17]) == ("", "http://127.0.0.1:")


def test_a_script_may_forget_to_stop_its_server() -> None:
    code = """
from video_mockserver.edges.server.video_server import VideoServer
from urllib.request import urlopen
server = VideoServer(scenario="lifecycle/plain")
server.start()
print(urlopen(server.fake().origin + "/_mock/health").status)
"""
    environment = {**os.environ, "no_proxy": "*"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment, timeout=PATIENCE
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "200\n")


# --- a process of its own ---------------------------------------------------------------------------------------------


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


def server_without_token(server: ServerProcess) -> ServerProcess:
    other = ServerProcess(token="")
    other.origin = server.origin
    return other


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


# --- other servers ----------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("server", [None, ("/run/mock.sock", None), ("testserver", 81)])
def test_a_port_that_leads_to_no_fake_is_a_404_that_says_so(server: Any) -> None:
    registry = FakeRegistry(Library(), shipped_clips(), {})
    said = []

    async def send(message: Any) -> None:
        said.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/v1/models",
        "headers": [],
        "query_string": b"",
        "server": server,
    }
    try:
        asyncio.run(ApiApp(registry)(scope, None, send))  # type: ignore[arg-type]
    finally:
        registry.shut()
    assert said[0]["status"] == 404
    assert b"there is no fake on this port" in said[1]["body"]
