"""Control as a server serves it, and every line of its guide."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support import ROOT
from support.control import GOOD, check
from support.fakes import Scenarios, memory_clips
from support.sockets import PATIENCE, eventually
from video_mockserver.edges.server.video_server import VideoServer
from video_mockserver.scenario.model import Scenario, State, Transition


@pytest.fixture(scope="module")
def server() -> Iterator[VideoServer]:
    looping = Scenario(
        "lifecycle/looping", "Round and round.", "a",
        {"a": State(next=(Transition("b", seconds=1),)), "b": State(next=(Transition("a", seconds=1),))},
        never_ends=True,
    )  # fmt: skip
    with VideoServer(library=Scenarios([looping]), clip_store=memory_clips(), clock=None, manual_clock=True) as server:
        yield server


def test_each_port_is_its_own_fakes_control(server: VideoServer, document: dict[str, Any]) -> None:
    with server.fake() as one, server.fake() as two, httpx.Client() as client:
        made = client.post(f"{one.origin}/_mock/tasks", json={"id": "grok:a/b", "scenario": "url_404"})
        check(document, "POST", "/tasks", made)
        assert made.json()["id"] == "grok:a/b"
        assert client.get(f"{one.origin}/_mock/tasks/grok:a%2Fb").status_code == 200
        assert client.get(f"{two.origin}/_mock/tasks/grok:a%2Fb").status_code == 404
        ready = client.get(f"{one.origin}/_mock/ready").json()
        assert ready["base_url"] == one.base_url
        assert client.get(f"{ready['base_url']}/models", headers={"authorization": "Bearer k"}).status_code == 200
        assert client.get(f"{one.origin}/_mock/journal").json()["total"] == 1
        assert client.post(f"{one.origin}/_mock/clock/advance", json={"seconds": 60}).json()["now"] == one.clock.now()
        assert client.post(f"{one.origin}/_mock/reset").json() == {"reset": [one.name]}
        assert one.tasks == []


def test_a_prefix_has_a_control_of_its_own(server: VideoServer) -> None:
    with server.fake() as fake, httpx.Client() as client:
        assert client.post(f"{fake.origin}/t/job/_mock/tasks", json={"id": "video_a"}).status_code == 201
        assert client.get(f"{fake.origin}/t/job/_mock/tasks/video_a").status_code == 200
        assert client.get(f"{fake.origin}/_mock/tasks/video_a").status_code == 404


def test_a_fake_can_be_closed_from_outside(server: VideoServer) -> None:
    fake, other = server.fake(), server.fake()
    with other, httpx.Client() as client:
        assert client.delete(f"{other.origin}/_mock/fakes/{fake.name}").json() == {"closed": fake.name}
        with pytest.raises(httpx.ConnectError):
            client.get(f"{fake.origin}/_mock/health")
        assert fake.name not in [told["name"] for told in client.get(f"{other.origin}/_mock/fakes").json()["fakes"]]


def test_pages_and_other_names_are_kept_out_on_the_socket_too(server: VideoServer) -> None:
    with server.fake() as fake, httpx.Client() as client:
        fake.task()
        for headers in ({"origin": "http://evil.example"}, {"host": "evil.example"}, {"sec-fetch-site": "same-site"}):
            answer = client.post(f"{fake.origin}/_mock/reset", headers=headers)
            assert answer.status_code == 403
            assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert len(fake.tasks) == 1


def test_a_server_with_a_token_wants_it(document: dict[str, Any]) -> None:
    with (
        VideoServer(library=Scenarios(), clip_store=memory_clips(), token=GOOD) as server,
        server.fake() as fake,
        httpx.Client() as client,
    ):
        assert client.get(f"{fake.origin}/_mock/tasks").status_code == 401
        assert client.get(f"{fake.origin}/_mock/tasks", headers={"x-mock-token": GOOD}).status_code == 200
        assert client.get(f"{fake.origin}/_mock/ready").status_code == 200


@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="the guide is written for curl")
def test_every_line_of_the_guide_works(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "control.md").read_text("utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", guide, re.DOTALL | re.MULTILINE)
    assert blocks[0] == "video-mockserver serve --port 8080 --manual-clock\n"
    ready = tmp_path / "ready.json"
    command = ["-m", "video_mockserver", "serve", "--port", "0", "--manual-clock", "--ready-file", str(ready)]
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL) as serving:
        try:
            eventually(ready.exists)
            origin = json.loads(ready.read_text("utf-8"))["origin"]
            # A failed request ends the script, and each answer stands on a line of its own.
            script = "\n".join(["set -euo pipefail", *blocks[1:]]).replace("curl -s", "curl -sS --fail-with-body")
            done = subprocess.run(
                ["bash", "-c", script.replace("http://127.0.0.1:8080", origin)],
                cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False,
            )  # fmt: skip
        finally:
            serving.terminate()
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"moved": true' in done.stdout
    assert '"reset": ["default"]' in done.stdout
    assert json.loads((tmp_path / "journal.har").read_text("utf-8"))["log"]["version"] == "1.2"
