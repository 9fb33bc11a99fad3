"""The command as its users type it: what it prints, what it says of a mistake, how it ends. Never a traceback."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mockserver.cli import main
from mockserver.library import Library

COMMAND = [sys.executable, "-m", "mockserver"]
WRONG = "summary: Wrong.\nstart: a\nstates:\n  a: {next: {state: b, after: 1 poll}}\n  c: {vide: {}}\n"
RIGHT = "summary: Right.\nstart: a\nstates:\n  a: {video: {status: completed}}\n"


@contextlib.contextmanager
def served(tmp_path: Path, *arguments: str) -> Iterator[tuple[dict[str, Any], subprocess.Popen[str]]]:
    """`video-mockserver serve` in a process of its own; the ready file, and the process."""
    ready = tmp_path / "ready.json"
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", "--ready-file", str(ready), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        until = time.monotonic() + 20
        while not ready.exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.005)
        assert ready.exists(), process.communicate(timeout=5)[0]
        yield json.loads(ready.read_text("utf-8")), process
    finally:
        process.kill()
        process.communicate()


def ask(url: str, key: str | None = "sk-secret-of-mine", data: bytes | None = None) -> Any:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(url, data, headers)
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ("serve", "scenarios", "demo", "--version")),
        (("serve",), ("--port", "--ready-file", "--scenario", "--speed", "--log-format", "--token", "--one-port")),
        (("scenarios",), ("list", "show", "validate")),
        (("scenarios", "list"), ("GLOB", "--json")),
        (("scenarios", "show"), ("--mermaid", "NAME")),
        (("scenarios", "validate"), ("PATH", "Exit code 0")),
        (("demo",), ("--scenario",)),
    ],
)
def test_help_names_what_there_is(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert all(word in said for word in words)
    assert "SUPPRESS" not in said


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert re.fullmatch(r"video-mockserver \d+\.\d+\.\d+\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve", "--scenario", "trunkated"], "no scenario 'trunkated' (did you mean 'download/truncated'"),
        (["serve", "--scenarios", "nowhere"], "--scenarios: no scenarios folder 'nowhere'"),
        (["serve", "--ready-file", "nowhere/ready.json"], "--ready-file: no folder"),
        (["serve", "--speed", "0"], "'0' is not a number above 0"),
        (["serve", "--speed", "fast"], "'fast' is not a number above 0"),
        (["serve", "--port", "70000"], "'70000' is not a port (0 to 65535)"),
        (["serve", "--port", "-1"], "is not a port"),
        (["serve", "--public-url", "mock.test"], "'mock.test' is not a URL such as http://mock.example:8080"),
        (["serve", "--download-url", "ftp://x"], "is not a URL"),
        (["serve", "--public-url", "http://[::1"], "is not a URL"),
        (["serve", "--speed", "2", "--manual-clock"], "not allowed with"),
        (["serve", "--profile", "sora"], "invalid choice: 'sora'"),
        (["serve", "--host", "203.0.113.7", "--port", "0"], "cannot listen on 203.0.113.7"),
        (["scenarios", "list", "downlaod/*"], "no scenario matches 'downlaod/*'"),
        (["scenarios", "show", "trunkated"], "did you mean 'download/truncated'"),
        (["scenarios", "validate", "nowhere.yaml"], "no file or folder 'nowhere.yaml'"),
        (["demo", "--scenario", "trunkated"], "did you mean 'download/truncated'"),
        ([], "the following arguments are required"),
    ],
)
def test_a_mistake_is_told_in_one_line_and_ends_with_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # argparse ends the process by itself; so does a caller with what `main` returns.
    with pytest.raises(SystemExit) as ended:
        sys.exit(main(arguments))
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


def test_a_taken_port_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 2
    assert capsys.readouterr().err == (
        f"video-mockserver: port {port} on 127.0.0.1 is in use; --port 0 takes a free one\n"
    )


def test_serve_says_where_it_is_and_its_curl_line_works_as_it_is_pasted(tmp_path: Path) -> None:
    with served(tmp_path) as (told, process):
        assert told["base_url"] == f"{told['origin']}/v1" == f"http://127.0.0.1:{told['port']}/v1"
        assert told["port"] != told["download_port"]
        banner = []
        assert process.stdout is not None
        for line in process.stdout:
            banner.append(line)
            if line.strip().startswith("curl"):
                break
        assert any(told["base_url"] in line for line in banner)
        done = subprocess.run(["sh", "-c", banner[-1]], capture_output=True, text=True, timeout=20, check=True)
        assert json.loads(done.stdout)["status"] == "queued"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_a_second_even_with_stalled_connections(tmp_path: Path, number: int) -> None:
    with served(tmp_path, "--scenario", "download/stalled_in_the_middle", "--log-format", "none") as (told, process):
        task = ask(f"{told['base_url']}/videos", data=b'{"model": "m", "prompt": "p"}')
        while (video := ask(f"{told['base_url']}/videos/{task['id']}"))["status"] != "completed":
            pass
        reply = urllib.request.urlopen(video["video_url"], timeout=10)
        reply.read(100)
        began = time.monotonic()
        process.send_signal(number)
        assert process.wait(10) == 0
        assert time.monotonic() - began < 3  # a second, and what a busy machine adds
        reply.close()


def test_the_log_is_a_line_a_request_with_keys_hidden(tmp_path: Path) -> None:
    for form in ("text", "json", "none"):
        folder = tmp_path / form
        folder.mkdir()
        with served(folder, "--log-format", form, "--scenario", "lifecycle/at_once") as (told, process):
            task = ask(f"{told['base_url']}/videos", data=b'{"model": "m", "prompt": "p"}')
            video = ask(f"{told['base_url']}/videos/{task['id']}")
            with urllib.request.urlopen(video["video_url"], timeout=10) as reply:
                reply.read()
            process.terminate()
            said, _ = process.communicate(timeout=10)
        log = said.partition("prompt='a fox in the snow'\n")[2].strip()
        assert "secret-of-mine" not in log
        assert "Warning" not in log
        if form == "json":
            lines = [json.loads(line) for line in log.splitlines() if line]
            assert [line["operation"] for line in lines] == ["create", "poll", "download"]
        elif form == "text":
            assert len(log.splitlines()) == 3
            assert f"GET /v1/videos/{task['id']} -> 200" in log
        else:
            assert log == ""


def test_options_reach_the_fake(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "mine.yaml").write_text(RIGHT, "utf-8")
    options = (
        "--scenarios", str(tmp_path / "ours"), "--scenario", "mine", "--unknown-tasks", "create", "--key", "sk-good",
        "--one-port", "--public-url", "http://mock.test:1", "--manual-clock", "--profile", "new-api",
        "--token", "t0ken",
    )  # fmt: skip
    with served(tmp_path, *options) as (told, _):
        at = f"http://127.0.0.1:{told['port']}"
        assert told["api_key"] == "sk-good"
        assert told["port"] == told["download_port"]
        with pytest.raises(urllib.error.HTTPError, match="401") as refused:
            ask(f"{at}/v1/videos/anything")
        refused.value.close()
        video = ask(f"{at}/v1/videos/anything", "sk-good")
        assert (video["status"], video["task_id"]) == ("completed", "anything")
        with pytest.raises(urllib.error.HTTPError, match=r"40[13]") as refused:
            ask(f"{at}/_mock/clock")
        refused.value.close()
        before = ask(f"{at}/_mock/clock", "t0ken")["now"]
        ask(f"{at}/_mock/clock/advance", "t0ken", b'{"seconds": 60}')
        assert ask(f"{at}/_mock/clock", "t0ken")["now"] == before + 60


def test_scenarios_are_listed_by_glob_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scenarios", "list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(Library())
    assert main(["scenarios", "list", "auth/*", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {entry["name"].partition("/")[0] for entry in told} == {"auth"}
    assert all(entry["summary"] and entry["source"] for entry in told)


def test_a_scenario_is_shown_as_its_file_as_json_and_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scenarios", "show", "truncated"]) == 0
    assert capsys.readouterr().out.startswith("# yaml-language-server: $schema=")
    assert main(["scenarios", "show", "truncated", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["start"] == "processing"
    assert main(["scenarios", "show", "truncated", "--mermaid"]) == 0
    assert capsys.readouterr().out.startswith("stateDiagram-v2\n")


def test_files_and_folders_are_checked_with_every_error_at_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "right.yaml").write_text(RIGHT, "utf-8")
    assert main(["scenarios", "validate", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "1 scenarios checked, all right\n"
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(WRONG, "utf-8")
    (tmp_path / "latin.yaml").write_bytes(b"summary: caf\xe9\n")
    assert main(["scenarios", "validate", str(tmp_path), str(wrong)]) == 1
    said = capsys.readouterr()
    assert said.out == "4 scenarios checked, 3 wrong\n"
    assert f"{wrong}:4: states.a.next.state: no state 'b'" in said.err
    assert f"{wrong}:5: states.c.vide: unknown key (did you mean 'video'?)" in said.err
    assert "latin.yaml: not UTF-8 text" in said.err
    empty = tmp_path / "empty"
    empty.mkdir()
    assert main(["scenarios", "validate", str(empty)]) == 2


def test_a_wrong_scenario_of_ones_own_is_told_wherever_it_is_met(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "wrong.yaml").write_text(WRONG, "utf-8")
    assert main(["scenarios", "show", "wrong", "--scenarios", str(tmp_path)]) == 1
    assert main(["scenarios", "list", "wrong", "--scenarios", str(tmp_path)]) == 1
    assert main(["serve", "--scenario", "wrong", "--scenarios", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("wrong.yaml:4: states.a.next.state: no state 'b'") == 3


def test_the_demo_shows_a_client_getting_its_clip_through_a_broken_download(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["demo"]) == 0
    said = capsys.readouterr().out
    for words in (
        "truncate after 50% of the body",
        "falling back to /content",
        "the clip, whole",
        "Tasks on the bill: 1",
    ):
        assert words in said
    assert main(["demo", "--scenario", "lifecycle/failed_moderation"]) == 1
    assert "The client gave up" in capsys.readouterr().out


def test_a_reader_that_leaves_is_no_error() -> None:
    shell = f"{' '.join(COMMAND)} scenarios list | head -n 1"
    done = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, env=os.environ, check=False)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""
