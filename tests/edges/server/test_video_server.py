"""A server for tests: fakes come and go on ports of their own, and nothing of it is left at its end."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
import pytest

from support.servers import open_files, refuses
from support.sockets import (
    PATIENCE,
    POLL,
    Client,
    eventually,
    scripted,
)
from video_mockserver.api.messages import Fault
from video_mockserver.edges.server.registry import ServedFake
from video_mockserver.edges.server.video_server import VideoServer
from video_mockserver.scenario.sources import UnknownScenario

pytestmark = pytest.mark.usefixtures("expected_log")


@pytest.fixture
def server() -> Iterator[VideoServer]:
    with VideoServer(unknown_tasks="create") as server:
        yield server


def answers(fake: ServedFake) -> bool:
    with Client(fake.ports[0]) as client:
        client.ask()
        return client.reply()[0] == 200


def make_fakes(server: VideoServer) -> None:
    for _ in range(50):
        server.fake()


def noting_errors(work: Callable[[], object], errors: list[BaseException]) -> None:
    try:
        work()
    except BaseException as error:
        errors.append(error)


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
    assert all(refuses(port) for port in fake.ports)
    fake.close()


def test_neither_does_one_that_is_closed_at_once(server: VideoServer) -> None:
    fakes = [server.fake() for _ in range(20)]
    for fake in fakes:
        fake.close()
    for _ in range(20):
        fake = server.fake()
        fakes.append(fake)
        fake.close()
    assert all(refuses(port) for fake in fakes for port in fake.ports)


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
        eventually(lambda: all(refuses(port) for port in fake.ports))


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


def test_two_hundred_servers_leave_nothing_behind() -> None:
    def live() -> None:
        with VideoServer() as server:
            server.fake()

    live()
    threads, files = threading.active_count(), open_files()
    for _ in range(200):
        live()
    # What others left running may have ended in the meantime; a leak would be two hundred more.
    assert threading.active_count() <= threads
    assert open_files() <= files


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


def test_a_server_is_not_stopped_by_its_own_thread(server: VideoServer, expected_log: list[str]) -> None:
    fake = server.fake(scripted(), watch=lambda exchange: server.stop())
    with Client(fake.ports[0]) as client:
        client.ask()
        status, _, body = client.reply()
        assert (status, b"RuntimeError" in body) == (500, True)
        fake.watch = None
        client.ask()
        assert client.reply()[0] == 200
    expected_log.append(f"GET {POLL} could not be answered")


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
