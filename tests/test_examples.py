"""The clients under examples/ are run as their users run them, through good days and bad."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mockserver.edges.server import ServedFake
from mockserver.library import Library
from mockserver.testing import video_server
from mockserver.timeline import timeline

EXAMPLES = Path(__file__).parent.parent / "examples"
CLIENTS = {
    "httpx": [sys.executable, str(EXAMPLES / "httpx_client.py")],
    "curl": ["sh", str(EXAMPLES / "curl_client.sh")],
    "node": ["node", str(EXAMPLES / "fetch_client.mjs")],
    "openai": [sys.executable, str(EXAMPLES / "openai_client.py")],
}
# Node is an extra; the others are there wherever the tests are.
MISSING = set() if shutil.which("node") else {"node"}

ALL = ("httpx", "curl", "node", "openai")
BY_URL = ("httpx", "curl", "node")  # the openai package knows /content alone
WITH_JSON = ("httpx", "node")
TABLE = {
    "lifecycle/plain": ALL,
    "download/truncated": BY_URL,
    "download/url_403_expired": BY_URL,
    "download/reset_in_the_middle": BY_URL,
    "download/connection_refused": BY_URL,
    "download/stalled_in_the_middle": WITH_JSON,
    "download/stalled_before_headers": ("curl",),  # its measure of silence is slower in the middle
    "download/html_200": BY_URL,
    "urls/none_at_all": BY_URL,
    "urls/relative": WITH_JSON,
    "urls/only_last_good": WITH_JSON,
    "content/content_redirects": ALL,  # who takes the key along is refused there
    "content/content_late_409": BY_URL,
    "content/content_truncated_once": ("openai",),
    "payload/status_capitals": BY_URL,
    "polling/mixed_errors": BY_URL,
    # No clip is to be had.
    "lifecycle/failed_moderation": ALL,
    "lifecycle/stuck_processing": ALL,
    "urls/all_bad": BY_URL,
    "content/content_404": ("openai",),
    "auth/poll_401": ALL,
    "create/reply_lost": ALL,
}


def start(client: str, fake: ServedFake, output: Path, **environment: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ, "VIDEO_BASE_URL": fake.base_url, "VIDEO_API_KEY": "sk-any", "VIDEO_OUTPUT": str(output),
        "VIDEO_PAUSE": "0.01", "VIDEO_TIMEOUT": "1", **environment,
    }  # fmt: skip
    return subprocess.Popen(
        CLIENTS[client], env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def said(process: subprocess.Popen[str]) -> str:
    try:
        return process.communicate(timeout=60)[0]
    finally:
        process.kill()


@pytest.mark.parametrize("scenario", TABLE)
def test_each_client_ends_as_the_contract_says(scenario: str, library: Library, tmp_path: Path) -> None:
    expected = library.find(scenario).expect
    assert expected is not None
    deadline = "1" if expected.outcome == "no_end" else "60"
    with contextlib.ExitStack() as stack:
        # Side by side, each with a fake and a folder of its own.
        running = []
        for client in TABLE[scenario]:
            if client in MISSING:
                continue
            fake = stack.enter_context(video_server(scenario, speed=100))
            folder = tmp_path / client
            folder.mkdir()
            process = start(client, fake, folder / "clip.mp4", VIDEO_DEADLINE=deadline)
            running.append((client, fake, folder, stack.enter_context(process)))
        for client, fake, folder, process in running:
            story = f"{client} said {said(process)!r} and did\n{timeline(fake.journal)}"
            if expected.outcome == "clip":
                assert process.returncode == 0, story
                assert [path.name for path in folder.iterdir()] == ["clip.mp4"], story
                assert (folder / "clip.mp4").read_bytes() == fake.clip, story
            else:
                assert process.returncode == 1, story
                assert "no clip: " in story
                assert list(folder.iterdir()) == [], story
            assert "Traceback" not in story
            assert len(fake.bill) == 1, story
            assert not any(exchange.header("authorization") for exchange in fake.journal.query(host="download")), story


@pytest.mark.parametrize("client", BY_URL)
def test_a_task_of_before_is_fetched_whatever_its_id(client: str, tmp_path: Path) -> None:
    if client in MISSING:
        pytest.skip(f"{client} is not installed")
    with video_server() as fake:
        task = fake.task("download/url_404", id="grok:a/b c%20?#d")
        with start(client, fake, tmp_path / "clip.mp4", VIDEO_TASK_ID=task.id) as process:
            story = said(process)
        assert process.returncode == 0, story
        assert (tmp_path / "clip.mp4").read_bytes() == fake.clip
        assert fake.bill == []


@pytest.mark.parametrize("profile", ["openai", "new-api"])
def test_the_openai_example_works_with_the_other_dialects_too(profile: str, tmp_path: Path) -> None:
    with video_server(profile=profile) as fake:
        with start("openai", fake, tmp_path / "clip.mp4") as process:
            story = said(process)
        assert process.returncode == 0, story
        assert (tmp_path / "clip.mp4").read_bytes() == fake.clip


def test_every_example_is_run() -> None:
    run_here = {Path(command[-1]).name for command in CLIENTS.values()}
    # The reference client is run through every scenario by the test of the edges.
    assert {path.name for path in EXAMPLES.iterdir() if path.is_file()} == {*run_here, "reference_client.py"}
