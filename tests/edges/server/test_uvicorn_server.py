"""Servers: fakes come and go on ports of their own, and the end comes at once, whatever is under way."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from support import COMMAND
from support.sockets import FOR_EVER, POLL, TEXT, Client, ended, eventually, request, scripted, without_waiting
from video_mockserver.api.messages import Fault
from video_mockserver.edges.server.process import ServerProcess
from video_mockserver.edges.server.registry import PortTaken, ServedFake
from video_mockserver.edges.server.serve import serve
from video_mockserver.edges.server.video_server import VideoServer
from video_mockserver.fake.clip_files import load_clip, shipped_clips
from video_mockserver.fake.clips import ClipStore
from video_mockserver.fake.clock import ManualClock
from video_mockserver.scenario.sources import UnknownScenario

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def server() -> Iterator[VideoServer]:
    with VideoServer(unknown_tasks="create") as server:
        yield server


@pytest.fixture(autouse=True)
def quiet_logs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No end of a server or fake is worth a warning, and none leaves its thread behind."""
    caplog.set_level(logging.WARNING)
    before = set(threading.enumerate())
    yield
    assert [record.getMessage() for record in caplog.get_records("call")] == []
    assert "video-mockserver" not in [thread.name for thread in set(threading.enumerate()) - before]


def answers(fake: ServedFake) -> bool:
    with Client(fake.ports[0]) as client:
        client.ask()
        return client.reply()[0] == 200


def listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


# --- fakes ------------------------------------------------------------------------------------------------------------


def test_a_fake_has_addresses_of_its_own(server: VideoServer) -> None:
    fake, other = server.fake(), server.fake("lifecycle/at_once")
    assert fake.base_url == f"{fake.origin}/v1"
    assert fake.origin == f"http://127.0.0.1:{fake.ports[0]}"
    assert fake.download_origin == f"http://127.0.0.1:{fake.ports[1]}"
    assert len({*fake.ports, *other.ports}) == 4
    reply = httpx.get(f"{fake.base_url}/videos/video_x", headers={"authorization": f"Bearer {fake.api_key}"})
    assert reply.json()["status"] == "queued"
    reply = httpx.get(f"{other.base_url}/videos/video_x", headers={"authorization": "Bearer anything"})
    assert reply.json()["video_url"].startswith(other.download_origin + "/")
    assert httpx.get(reply.json()["video_url"]).headers["content-type"] == "video/mp4"


def test_the_key_of_a_fake_is_a_good_one(server: VideoServer) -> None:
    fake = server.fake(scripted(), keys=["sk-b", "sk-a"])
    assert fake.api_key == "sk-a"
    for key, status in [("sk-a", 200), ("sk-b", 200), ("sk-mock", 401)]:
        assert httpx.get(fake.origin + POLL, headers={"authorization": f"Bearer {key}"}).status_code == status


def test_the_options_of_a_server_are_those_of_its_fakes() -> None:
    with VideoServer(scenario="lifecycle/at_once", keys=["sk-one"], manual_clock=True) as server:
        fake, other = server.fake(), server.fake(keys=["sk-two"])
        assert fake.settings.scenario == "lifecycle/at_once"
        assert (fake.api_key, other.api_key) == ("sk-one", "sk-two")
        assert fake.advance(5) == other.clock.now() + 5


def test_a_fake_answers_from_the_moment_it_is_there(server: VideoServer) -> None:
    for _ in range(50):
        assert answers(server.fake(scripted()))


def test_a_fake_that_is_closed_listens_no_more(server: VideoServer) -> None:
    with server.fake(scripted()) as fake:
        assert answers(fake)
    assert not any(listening(port) for port in fake.ports)
    fake.close()


def test_neither_does_one_that_is_closed_at_once(server: VideoServer) -> None:
    fakes = [server.fake() for _ in range(20)]
    for fake in fakes:
        fake.close()
    for _ in range(20):
        fake = server.fake()
        fakes.append(fake)
        fake.close()
    assert not any(listening(port) for fake in fakes for port in fake.ports)


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


def test_a_name_is_taken_once(server: VideoServer) -> None:
    fake = server.fake(name="mine")
    files = open_files()
    with pytest.raises(ValueError, match="there is a fake 'mine' already"):
        server.fake(name="mine")
    assert open_files() == files
    fake.close()
    assert server.fake(name="mine").name == "mine"


def test_a_wrong_wish_opens_nothing(server: VideoServer) -> None:
    files = open_files()
    with pytest.raises(UnknownScenario):
        server.fake("no/such")
    with pytest.raises(ValueError, match="dialect"):
        server.fake(dialect="no_such")
    with pytest.raises(TypeError):
        server.fake(no_such=1)
    assert open_files() == files


def test_control_closes_a_fake_with_ports_too(server: VideoServer) -> None:
    home, fake = server.fake(), server.fake(scripted(Fault("stall")), name="away")
    with Client(fake.ports[0]) as client:
        client.ask()
        eventually(lambda: fake.journal.total == 1)
        assert httpx.delete(f"{home.origin}/_mock/fakes/away").status_code == 200
        assert client.rest() == b""
        eventually(lambda: not any(listening(port) for port in fake.ports))


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


def test_fakes_may_come_and_go_in_many_threads(server: VideoServer) -> None:
    def live(number: int) -> int:
        with server.fake(scripted(text=str(number))) as fake, Client(fake.ports[0]) as client:
            client.ask()
            return int(client.reply()[2])

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(live, range(100))) == list(range(100))


def test_a_hundred_fakes_at_once(server: VideoServer) -> None:
    fakes = [server.fake(scripted(text=str(number))) for number in range(100)]
    for number, fake in enumerate(fakes):
        with Client(fake.ports[0]) as client:
            client.ask()
            assert client.reply()[2] == str(number).encode()


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_a_server_may_be_on_ipv6() -> None:
    with VideoServer(host="::1", unknown_tasks="create") as server:
        fake = server.fake(scripted(text="{origin} {download_origin}"))
        assert fake.origin == f"http://[::1]:{fake.ports[0]}"
        with Client(fake.ports[0], "::1") as client:
            client.ask(POLL, f"Host: [::1]:{fake.ports[0]}")
            assert client.reply()[2].decode() == f"{fake.origin} {fake.download_origin}"


# --- the end ----------------------------------------------------------------------------------------------------------


def stalled(client: Client, fake: ServedFake) -> None:
    client.ask()
    client.head()


def waiting(client: Client, fake: ServedFake) -> None:
    client.ask()
    eventually(lambda: fake.journal.total == 1)


def half_asked(client: Client, fake: ServedFake) -> None:
    client.send(request()[:20])


def half_uploaded(client: Client, fake: ServedFake) -> None:
    client.send(request("/v1/videos", "Content-Length: 100", method="POST") + b"{")


def pipelined(client: Client, fake: ServedFake) -> None:
    client.send(request() * 5)
    client.head()


def idle(client: Client, fake: ServedFake) -> None:
    client.ask("/v1/models")
    client.reply()


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


@pytest.fixture(scope="module")
def film_shelf(tmp_path_factory: pytest.TempPathFactory) -> ClipStore:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    path.write_bytes(bytes(8_000_000))
    clip_store = shipped_clips()
    return ClipStore({**clip_store.clips, "film": load_clip(path, name="film")}, clip_store.read, clip_store.pictures)


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
        assert not listening(fake.ports[0])
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


def open_files() -> int:
    """How many files and sockets this process has open; 0 where that cannot be asked."""
    gc.collect()
    return len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0  # noqa: PTH208 - no entry is of interest


def test_two_hundred_servers_leave_nothing_behind() -> None:
    def live() -> None:
        with VideoServer() as server:
            server.fake()

    live()
    threads, files = threading.active_count(), open_files()
    for _ in range(200):
        live()
    assert threading.active_count() == threads
    assert open_files() == files


@LINUX
def test_connections_leave_nothing_behind(server: VideoServer) -> None:
    fake = server.fake(scripted(Fault("stall")))
    files = open_files()
    for _ in range(50):
        with Client(fake.ports[0]) as client:
            client.ask()
    eventually(lambda: open_files() == files)
    assert fake.journal.total <= 50


def test_two_servers_know_nothing_of_each_other() -> None:
    with VideoServer(unknown_tasks="create") as one, VideoServer(unknown_tasks="create") as two:
        fake, other = one.fake(scripted(), name="same"), two.fake(scripted(), name="same")
        assert answers(fake)
        assert other.journal.total == 0
        one.stop()
        assert answers(other)


def test_a_server_runs_again_after_its_end() -> None:
    server = VideoServer(unknown_tasks="create")
    for _ in range(2):
        with server:
            assert answers(server.fake(scripted()))
    server.stop()


def test_a_server_starts_once() -> None:
    with VideoServer() as server, pytest.raises(RuntimeError, match="is running already"):
        server.start()


def test_a_server_that_does_not_run_has_no_fakes() -> None:
    with pytest.raises(RuntimeError, match="with VideoServer"):
        VideoServer().fake()


def test_what_goes_wrong_in_the_thread_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_loop() -> None:
        raise ZeroDivisionError

    files = open_files()
    server = VideoServer()
    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "SelectorEventLoop", no_loop)
        with pytest.raises(ZeroDivisionError):
            server.start()
    assert open_files() == files
    server.stop()
    with server:
        assert server.fake().origin


# --- in the foreground ------------------------------------------------------------------------------------------------


def served(on_ready: Callable[[dict[str, Any]], None], **options: Any) -> None:
    """Serve in this thread until the signal that `on_ready` sees to."""
    options = {"host": "127.0.0.1", "port": 0, "unknown_tasks": "create", **options}
    asyncio.run(serve(on_ready=on_ready, **options))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_served_fake_and_its_stalled_clients(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    clients: list[Client] = []

    def ask_and_end(addresses: dict[str, Any]) -> None:
        def ask() -> None:
            client = Client(addresses["port"])
            clients.append(client)
            client.ask()
            client.head()
            os.kill(os.getpid(), number)

        threading.Thread(target=ask).start()

    files = open_files()
    with without_waiting():
        served(ask_and_end, scenario=scripted(Fault("stall", 9)))
    assert clients[0].rest() == TEXT[:9].encode()
    clients[0].leave()
    assert signal.getsignal(number) == before
    assert open_files() == files


def test_a_served_fake_tells_its_addresses() -> None:
    told: dict[str, Any] = {}

    def note(addresses: dict[str, Any]) -> None:
        told.update(addresses)
        os.kill(os.getpid(), signal.SIGTERM)

    served(note, one_port=True)
    assert told["base_url"] == f"http://127.0.0.1:{told['port']}/v1"
    assert told["download_origin"] == f"{told['origin']}/_download"
    assert told["download_port"] == told["port"]
    assert told["api_key"] == "sk-mock"


@pytest.mark.parametrize("which", ["port", "download_port"])
def test_a_port_that_is_taken_is_named(which: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        files = open_files()
        with pytest.raises(PortTaken, match=f"^.*port {port} on 127.0.0.1 is in use$") as raised:
            served(lambda addresses: None, **{which: port})
        assert isinstance(raised.value, OSError)
        assert open_files() == files


def test_an_address_of_another_machine_is_an_os_error() -> None:
    with pytest.raises(OSError, match=r"(?i)assign|address") as raised:
        served(lambda addresses: None, host="192.0.2.1")
    assert not isinstance(raised.value, PortTaken)


def test_a_wrong_option_leaves_nothing_open() -> None:
    files = open_files()
    with pytest.raises(ValueError, match="dialect"):
        served(lambda addresses: None, dialect="no_such")
    assert open_files() == files


@pytest.mark.parametrize("log_format", ["text", "json", "none"])
def test_a_line_a_request(log_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    def ask_and_end(addresses: dict[str, Any]) -> None:
        def ask() -> None:
            with Client(addresses["port"]) as client:
                client.ask(POLL, "X-Api-Key: sk-very-secret")
                client.reply()
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=ask).start()

    served(ask_and_end, scenario=scripted(), log_format=log_format)
    said = capsys.readouterr().out
    assert "secret" not in said
    if log_format == "json":
        assert json.loads(said)["request"]["url"].endswith(POLL)
    else:
        assert said == ("" if log_format == "none" else f"#1 GET {POLL} -> 200 [told]\n")


# --- a process of its own ---------------------------------------------------------------------------------------------


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
        assert not listening(port or 0)
    server.stop()


def test_a_process_that_does_not_start_says_why() -> None:
    with pytest.raises(RuntimeError, match="no_such_scenario"):
        ServerProcess("--scenario", "no_such_scenario").start()


def test_the_command_ends_at_a_signal_with_clients_stalled(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    command = [*COMMAND, "serve", "--port", "0", "--ready-file", str(ready)]
    scenario = ["--scenario", "lifecycle/plain", "--unknown-tasks", "create", "--log-format", "none"]
    with subprocess.Popen([*command, *scenario], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        eventually(ready.exists)
        with Client(httpx.URL(json.loads(ready.read_text())["origin"]).port or 0) as client:
            client.send(request()[:30])
            process.send_signal(signal.SIGTERM)
            with without_waiting():
                assert process.wait() == 0
            assert process.stderr is not None
            assert process.stderr.read() == b""


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
