"""A server in the foreground, until a signal ends it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from support import COMMAND
from support.servers import open_files
from support.sockets import (
    FOR_EVER,
    PATIENCE,
    POLL,
    TEXT,
    Client,
    eventually,
    request,
    scripted,
    without_waiting,
)
from video_mockserver.api.messages import Fault
from video_mockserver.edges.server.registry import PortTaken
from video_mockserver.edges.server.serve import serve
from video_mockserver.scenario.writer import write_scenario

pytestmark = pytest.mark.usefixtures("expected_log")

STALLED: dict[str, tuple[dict[str, Any], bool]] = {
    "stall": ({"fault": Fault("stall", 5)}, True),
    "drip": ({"fault": Fault("drip", amount=1)}, True),
    "endless": ({"fault": Fault("endless")}, True),
    "delay": ({"delay": FOR_EVER}, False),
}


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
