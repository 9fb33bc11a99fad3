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
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support import COMMAND, ROOT
from video_mockserver.cli import demo
from video_mockserver.cli import serve as serve_command
from video_mockserver.cli.main import main
from video_mockserver.edges.server import serve as server
from video_mockserver.scenario.library import Library

SERVING = ROOT / "docs" / "serving.md"
COMMAND = [*COMMAND]
WRONG = "summary: Wrong.\nstart: a\nstates:\n  a: {next: {state: b, after: 1 poll}}\n  c: {vide: {}}\n"
RIGHT = "summary: Right.\nstart: a\nstates:\n  a: {video: {status: completed}}\n"
CREATE = b'{"model": "grok-video-3", "prompt": "a fox"}'
ID_OF_SEED_0 = "video_ef134f2a180ba05de91ab32d"

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _nothing_of_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIDEO_MOCKSERVER_TOKEN", raising=False)
    monkeypatch.setenv("COLUMNS", "120")


def ended(arguments: list[str]) -> object:
    """The exit code; argparse ends the process by itself, as the caller of `main` does with what it returns."""
    with pytest.raises(SystemExit) as end:
        sys.exit(main(arguments))
    return end.value.code


# --- help and mistakes ------------------------------------------------------------------------------------------------

COMMANDS = {
    "": ("serve", "scenarios", "demo", "--version", "Exit codes: 0 success"),
    "serve": (
        "--host", "--port", "--download-port", "--one-port", "--public-url", "--download-url", "--ready-file",
        "--scenario", "--scenario-dir", "--dialect", "--key", "--unknown-tasks", "--strict", "--seed", "--speed",
        "--manual-clock", "--token", "--log-format",
        "(default: 127.0.0.1)", "(default: 8080)", "(default: lifecycle/plain)", "(default: octopusx)",
        "(default: refuse)", "(default: text)", "$VIDEO_MOCKSERVER_TOKEN",
    ),
    "scenarios": ("list", "show", "validate"),
    "scenarios list": ("GLOB", "--json", "--scenario-dir"),
    "scenarios show": ("NAME", "--json", "--mermaid", "--scenario-dir"),
    "scenarios validate": ("PATH", "Exit code 0"),
    "demo": ("--scenario", "(default: truncated)", "Exit code 0"),
}  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_help_tells_every_option_and_default(capsys: Capture, command: str) -> None:
    assert ended([*command.split(), "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert [word for word in COMMANDS[command] if word not in said] == []
    assert not re.search("SUPPRESS|default: (None|False)|%", said)


def test_the_version(capsys: Capture) -> None:
    assert ended(["--version"]) == 0
    assert re.fullmatch(r"video-mockserver \d+\.\d+\.\d+\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("", "the following arguments are required: COMMAND"),
        ("sreve", "invalid choice: 'sreve'"),
        ("--vers", "the following arguments are required: COMMAND"),
        ("serve --por 0", "unrecognized arguments: --por 0"),
        ("serve now", "unrecognized arguments: now"),
        ("serve --scenario trunkated", "--scenario: no scenario 'trunkated' (did you mean 'download/truncated'"),
        ("serve --scenario-dir nowhere", "--scenario-dir: no scenarios folder 'nowhere'"),
        ("serve --scenario-dir file", "--scenario-dir: no scenarios folder 'file'"),
        ("serve --ready-file nowhere/ready.json", "--ready-file: no such folder"),
        ("serve --ready-file .", "--ready-file: not a regular file: '.'"),
        ("serve --ready-file=", "--ready-file: not a regular file: '.'"),
        ("serve --ready-file link", "--ready-file: not a regular file: 'link'"),
        ("serve --speed 0", "'0' is not a number above 0"),
        ("serve --speed fast", "'fast' is not a number above 0"),
        ("serve --speed nan", "'nan' is not a number above 0"),
        ("serve --speed inf", "'inf' is not a number above 0"),
        ("serve --speed 2 --manual-clock", "--manual-clock: not allowed with argument --speed"),
        ("serve --port 70000", "'70000' is not a port (0 to 65535)"),
        ("serve --port -1", "'-1' is not a port"),
        ("serve --port ٣", "'٣' is not a port"),
        ("serve --download-port x", "'x' is not a port"),
        ("serve --port 9123 --download-port 9123", "already the port of the API; use --one-port to serve both on it"),
        ("serve --one-port --download-port 9123", "--download-port: not allowed with argument --one-port"),
        ("serve --public-url mock.test", "'mock.test' is not a URL such as http://mock.example:8080"),
        ("serve --public-url http://mock.test?", "is not a URL"),
        ("serve --public-url http://me@mock.test", "is not a URL"),
        ("serve --public-url http://mock.test:70000", "is not a URL"),
        ("serve --public-url http://[::1", "is not a URL"),
        ("serve --download-url ftp://x", "is not a URL"),
        ("serve --host=", "the address is empty"),
        ("serve --host 203.0.113.7 --port 0", "cannot listen on 203.0.113.7"),
        ("serve --key=", "a key must be visible ASCII characters"),
        ("serve --key kä", "a key must be visible ASCII characters"),
        ("serve --token=", "--token or $VIDEO_MOCKSERVER_TOKEN: must be visible ASCII characters"),
        ("serve --dialect sora", "invalid choice: 'sora' (choose from"),
        ("serve --log-format xml", "invalid choice: 'xml'"),
        ("serve --seed x", "invalid int value: 'x'"),
        ("scenarios", "the following arguments are required: ACTION"),
        ("scenarios list downlaod/*", "no scenario matches 'downlaod/*'"),
        ("scenarios list trunkated", "did you mean 'download/truncated'"),
        ("scenarios list --scenario-dir nowhere", "--scenario-dir: no scenarios folder 'nowhere'"),
        ("scenarios show trunkated", "did you mean 'download/truncated'"),
        ("scenarios show xyzzy", "no scenario 'xyzzy'; 'video-mockserver scenarios list' shows all"),
        ("scenarios show truncated --json --mermaid", "not allowed with"),
        ("scenarios validate nowhere.yaml", "no such file or folder: 'nowhere.yaml'"),
        ("scenarios validate folder", "no scenarios in the folder 'folder'"),
        ("demo --scenario trunkated", "--scenario: no scenario 'trunkated' (did you mean 'download/truncated'"),
    ],
)
def test_a_mistake_is_told_in_one_line_and_ends_with_2(
    capsys: Capture, arguments: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "folder").mkdir()

    def serves(*_: object) -> None:
        raise AssertionError("it serves")

    monkeypatch.setattr(serve_command, "announce", serves)
    assert ended(arguments.split()) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.err.splitlines()[-1].startswith("video-mockserver")
    assert printed.out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder", "link"]


def test_a_wrong_token_in_the_environment_is_told(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEO_MOCKSERVER_TOKEN", "two words")
    assert main(["serve", "--port", "0"]) == 2
    assert "$VIDEO_MOCKSERVER_TOKEN" in capsys.readouterr().err


def test_a_taken_port_is_told(capsys: Capture) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 2
        assert main(["serve", "--port", "0", "--download-port", str(port)]) == 2
    line = f"video-mockserver: port {port} on 127.0.0.1 is in use; --port 0 picks a free port\n"
    assert capsys.readouterr().err == line * 2


# --- serve ------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def served(
    folder: Path, *arguments: str, stdout: int = subprocess.PIPE
) -> Iterator[tuple[dict[str, Any], subprocess.Popen[str]]]:
    """`video-mockserver serve` in a process of its own; what its ready file says, and the process."""
    ready = folder / "ready.json"
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", "--ready-file", str(ready), *arguments],
        stdout=stdout, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while not ready.exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.005)
        assert ready.exists(), process.communicate(timeout=60)
        yield json.loads(ready.read_text("utf-8")), process
    finally:
        process.kill()
        process.communicate()


def ask(url: str, key: str | None = "sk-secret-of-mine", data: bytes | None = None) -> Any:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=60) as reply:
        return json.load(reply)


def refused(url: str, key: str | None = None) -> int:
    with pytest.raises(urllib.error.HTTPError) as error:
        ask(url, key)
    error.value.close()
    return error.value.code


def test_serve_says_where_it_is_and_its_curl_line_works_as_it_is_pasted(tmp_path: Path) -> None:
    in_the_docs = re.search(r"```json\n(.*?)```", SERVING.read_text("utf-8"), re.DOTALL)
    assert in_the_docs is not None
    with served(tmp_path, "--key", "it's-good", "--scenario", "truncated") as (told, process):
        assert told["base_url"] == f"{told['origin']}/v1" == f"http://127.0.0.1:{told['port']}/v1"
        assert told["download_origin"] == f"http://127.0.0.1:{told['download_port']}"
        assert told["port"] != told["download_port"]
        assert list(told) == list(json.loads(in_the_docs[1]))
        assert process.stdout is not None
        banner = [process.stdout.readline() for _ in range(9)]
        assert banner[0].endswith(": scenario download/truncated, dialect octopusx\n")
        assert [line.split()[-1] for line in banner[1:5]] == [
            told["base_url"], told["download_origin"], "it's-good", f"{told['origin']}/_mock/",
        ]  # fmt: skip
        [pasted] = [line for line in banner if line.strip().startswith("curl")]
        done = subprocess.run(["sh", "-c", pasted], capture_output=True, text=True, timeout=60, check=True)
        assert json.loads(done.stdout)["status"] == "processing"
        process.terminate()
        assert process.wait(60) == 0
        # Nobody is to find a server that is no more.
        assert list(tmp_path.iterdir()) == []


def test_a_ready_file_of_before_is_taken_away_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = tmp_path / "ready.json"
    ready.write_text("{}", "utf-8")
    begun = []

    async def serve(**_: object) -> None:
        begun.append(not ready.exists())

    monkeypatch.setattr(server, "serve", serve)
    assert main(["serve", "--ready-file", str(ready)]) == 0
    assert begun == [True]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_even_with_stalled_connections(tmp_path: Path, number: int) -> None:
    with served(tmp_path, "--scenario", "download/stalled_in_the_middle", "--log-format", "none") as (told, process):
        task = ask(f"{told['base_url']}/videos", data=CREATE)
        while (video := ask(f"{told['base_url']}/videos/{task['id']}"))["status"] != "completed":
            pass
        reply = urllib.request.urlopen(video["video_url"], timeout=60)
        reply.read(100)
        process.send_signal(number)
        assert process.wait(60) == 0  # the download would stall for ever
        reply.close()


@pytest.mark.parametrize("form", ["text", "json", "none"])
def test_the_log_is_a_line_a_request_with_keys_hidden(tmp_path: Path, form: str) -> None:
    with served(tmp_path, "--log-format", form, "--scenario", "lifecycle/at_once") as (told, process):
        task = ask(f"{told['base_url']}/videos", data=CREATE)
        assert process.stdout is not None
        log = []
        if form != "none":
            # Each line is there before the reply, not when a buffer happens to be full.
            for line in process.stdout:
                if "/v1/videos" in line and "base URL" not in line and "curl" not in line:
                    log.append(line)
                    break
        assert task["id"] == ID_OF_SEED_0
        video = ask(f"{told['base_url']}/videos/{task['id']}")
        with urllib.request.urlopen(video["video_url"], timeout=60) as reply:
            reply.read()
        process.terminate()
        rest, errors = process.communicate(timeout=60)
    log += [line for line in rest.splitlines() if form != "none" or "->" in line]
    assert "secret-of-mine" not in "".join(log)
    if form == "json":
        lines = [json.loads(line) for line in log]
        assert [line["operation"] for line in lines] == ["create", "poll", "download"]
        assert lines[0]["request"]["url"] == f"{told['base_url']}/videos"
        assert "base URL" in errors  # what is for people is not between the lines
    elif form == "text":
        assert [line.split(" -> ")[0] for line in log[:2]] == [
            "#1 POST /v1/videos", f"#2 GET /v1/videos/{task['id']}",
        ]  # fmt: skip
        assert log[2].startswith("#3 GET download:/clips/")
        assert len(log) == 3
    else:
        assert log == []
    assert form == "json" or errors == ""


def test_options_reach_the_fake(tmp_path: Path) -> None:
    ours = tmp_path / "ours"
    ours.mkdir()
    (ours / "mine.yaml").write_text(RIGHT, "utf-8")
    options = (
        "--scenario-dir", str(ours), "--scenario", "mine", "--unknown-tasks", "create", "--key", "sk-good",
        "--key", "sk-too", "--one-port", "--public-url", "http://mock.test:1/", "--download-url", "http://clips.test",
        "--manual-clock", "--dialect", "new-api", "--token", "t0ken", "--strict",
    )  # fmt: skip
    with served(tmp_path, *options) as (told, process):
        at = f"http://127.0.0.1:{told['port']}"
        assert (told["base_url"], told["download_origin"]) == ("http://mock.test:1/v1", "http://clips.test")
        assert told["port"] == told["download_port"]
        assert told["api_key"] in ("sk-good", "sk-too")
        assert refused(f"{at}/v1/videos/anything") == 401
        for key in ("sk-good", "sk-too"):
            video = ask(f"{at}/v1/videos/anything", key)
            assert (video["status"], video["task_id"]) == ("completed", "anything")
        assert refused(f"{at}/_mock/clock") == 401
        before = ask(f"{at}/_mock/clock", "t0ken")["now"]
        assert ask(f"{at}/_mock/clock", "t0ken") == {"now": before, "manual": True, "speed": None}
        ask(f"{at}/_mock/clock/advance", "t0ken", b'{"seconds": 60}')
        assert ask(f"{at}/_mock/clock", "t0ken")["now"] == before + 60
        with pytest.raises(urllib.error.HTTPError, match="400") as error:
            ask(f"{at}/v1/videos", "sk-good", b'{"model": "grok-video-3", "prompt": "p", "secnods": 4}')
        error.value.close()
        process.terminate()
        assert "control   http://mock.test:1/_mock/ (with the token)" in process.communicate(timeout=60)[0]


def test_time_may_pass_faster_and_chance_start_elsewhere(tmp_path: Path) -> None:
    with served(tmp_path, "--speed", "1000000", "--scenario", "lifecycle/realistic", "--seed", "7") as (told, _):
        task = ask(f"{told['base_url']}/videos", data=CREATE)
        assert task["id"] != ID_OF_SEED_0
        assert ask(f"{told['base_url']}/videos/{task['id']}")["status"] == "completed"


def test_where_others_can_reach_it_control_is_off_and_the_banner_says_so(tmp_path: Path) -> None:
    with served(tmp_path, "--host", "0.0.0.0") as (told, process):
        assert refused(f"{told['origin']}/_mock/tasks") == 403
        process.terminate()
        assert "  control   off (set --token TOKEN to turn it on)\n" in process.communicate(timeout=60)[0]


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_an_address_may_be_written_as_in_a_url(tmp_path: Path) -> None:
    with served(tmp_path, "--host", "[::1]") as (told, process):
        assert told["origin"] == f"http://[::1]:{told['port']}"
        assert process.stdout is not None
        [pasted] = [line for line in (process.stdout.readline() for _ in range(9)) if line.strip().startswith("curl")]
        done = subprocess.run(["sh", "-c", pasted], capture_output=True, text=True, timeout=60, check=True)
        assert json.loads(done.stdout)["status"] == "queued"


# --- scenarios --------------------------------------------------------------------------------------------------------


def test_all_scenarios_are_listed_with_their_summaries(capsys: Capture, library: Library) -> None:
    assert main(["scenarios", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == library.names()
    assert all(line.endswith(library.find(line.split()[0]).summary) for line in lines)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("truncated", {"download/truncated"}),
        ("download/truncated", {"download/truncated"}),
        ("auth/poll_40[13]", {"auth/poll_401", "auth/poll_403"}),
        ("auth", None),
        ("auth/", None),
        ("auth/*", None),
    ],
)
def test_scenarios_are_listed_by_name_folder_and_pattern(
    capsys: Capture, library: Library, pattern: str, names: set[str] | None
) -> None:
    if names is None:
        names = {name for name in library.names() if name.startswith("auth/")}
    assert main(["scenarios", "list", pattern, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {entry["name"] for entry in told} == names
    assert all(entry["summary"] and entry["source"] for entry in told)


def test_a_scenario_is_shown_as_its_file_as_json_and_drawn(capsys: Capture, library: Library) -> None:
    assert main(["scenarios", "show", "truncated"]) == 0
    assert capsys.readouterr().out == library.files["download/truncated"].read_text("utf-8")
    assert main(["scenarios", "show", "truncated", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["start"] == "processing"
    assert main(["scenarios", "show", "download/truncated", "--mermaid"]) == 0
    assert capsys.readouterr().out.startswith("stateDiagram-v2\n")


def test_scenarios_of_ones_own_come_before_the_shipped_ones(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "download").mkdir()
    (tmp_path / "download" / "truncated.json").write_text(json.dumps({"summary": "Ours.", "start": "a",
        "states": {"a": {"video": {"status": "completed"}}}}), "utf-8")  # fmt: skip
    assert main(["scenarios", "list", "truncated", "--scenario-dir", str(tmp_path)]) == 0
    assert main(["scenarios", "show", "truncated", "--scenario-dir", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("download/truncated  Ours.\n{")


def test_files_and_folders_are_checked_with_every_error_at_once(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "right.yaml").write_text(RIGHT, "utf-8")
    assert main(["scenarios", "validate", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "1 scenario checked, all valid\n"
    wrong = tmp_path / "sub" / "wrong.yml"
    wrong.parent.mkdir()
    wrong.write_text(WRONG, "utf-8")
    (tmp_path / "latin.yaml").write_bytes(b"summary: caf\xe9\n")
    (tmp_path / "empty.json").touch()
    (tmp_path / "notes.txt").write_text("no scenario", "utf-8")
    assert main(["scenarios", "validate", str(tmp_path), str(wrong)]) == 1
    said = capsys.readouterr()
    assert said.out == "5 scenarios checked, 4 not valid\n"
    assert said.err.count(f"{wrong}:4: states.a.next.state: no state 'b'") == 2
    assert said.err.count(f"{wrong}:5: states.c.vide: unknown key (did you mean 'video'?)") == 2
    assert f"{tmp_path / 'latin.yaml'}: not UTF-8 text: invalid continuation byte at byte 12" in said.err
    assert "empty.json:1: " in said.err


def test_what_a_file_expects_must_be_what_a_right_client_ends_with(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(f"{RIGHT}\nexpect: {{outcome: failed}}\n", "utf-8")
    assert main(["scenarios", "validate", str(tmp_path)]) == 1
    said = f"{tmp_path / 'wrong.yaml'}: expect: failed, but a client that keeps the contract ends with "
    assert capsys.readouterr().err.startswith(said)
    # Who is judged by it is not blamed.
    assert main(["check", "--scenario-dir", str(tmp_path), "--scenario", "wrong", "--", "true"]) == 2
    assert f"video-mockserver: {said}" in capsys.readouterr().err
    # What depends on a signal or on chance, or has no end without one, cannot be known.
    for way in ("{state: b, signal: go}", "{state: b, after: 1 poll, chance: 0.5}"):
        text = RIGHT.partition("  a:")[0]
        text += f"  a: {{next: {way}}}\n  b: {{video: {{status: failed}}}}\nexpect: {{outcome: no_clip}}\n"
        (tmp_path / "wrong.yaml").write_text(text, "utf-8")
        assert main(["scenarios", "validate", str(tmp_path)]) == 0, capsys.readouterr().err


def test_every_path_is_looked_for_before_anything_is_checked(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(WRONG, "utf-8")
    assert main(["scenarios", "validate", str(tmp_path), str(tmp_path / "nowhere")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_file_that_cannot_be_read_is_told(capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_text = Path.read_text

    def refuse(path: Path, *how: Any, **more: Any) -> str:
        if path.name == "mine.yaml":
            raise PermissionError(13, "Permission denied", str(path))
        return read_text(path, *how, **more)

    (tmp_path / "mine.yaml").write_text(RIGHT, "utf-8")
    monkeypatch.setattr(Path, "read_text", refuse)
    assert main(["scenarios", "validate", str(tmp_path)]) == 1
    assert "mine.yaml: cannot be read: Permission denied" in capsys.readouterr().err


def test_a_wrong_scenario_of_ones_own_is_told_wherever_it_is_met(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(WRONG, "utf-8")
    assert main(["scenarios", "show", "wrong", "--scenario-dir", str(tmp_path)]) == 1
    assert main(["scenarios", "list", "wrong", "--scenario-dir", str(tmp_path)]) == 1
    assert main(["serve", "--scenario", "wrong", "--scenario-dir", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("wrong.yaml:4: states.a.next.state: no state 'b'") == 3


def test_the_shipped_scenarios_are_right(capsys: Capture, library: Library) -> None:
    assert main(["scenarios", "validate", str(library.folders[-1])]) == 0
    assert capsys.readouterr().out == f"{len(library)} scenarios checked, all valid\n"


# --- demo -------------------------------------------------------------------------------------------------------------


def test_the_demo_shows_a_client_getting_its_clip_through_a_broken_download(capsys: Capture) -> None:
    assert main(["demo"]) == 0
    said = capsys.readouterr().out
    for words in (
        "Its tasks follow download/truncated:",
        "video_url failed: it ended after 15259 of 30518 bytes\n",
        "The client got 30518 bytes from /content: the clip, whole.\n",
        "truncate after 50% of the body  15259 bytes sent\n",
        "/content  200  [completed]  30518 bytes sent\n",
        "Tasks on the bill: 1\n",
    ):
        assert words in said, said


@pytest.mark.parametrize(
    ("scenario", "code", "words"),
    [
        ("lifecycle/plain", 0, "bytes from video_url: the clip, whole."),
        ("urls/relative", 0, "bytes from video_url: the clip, whole."),
        ("urls/data_uri", 0, "bytes from video_url: the clip, whole."),
        ("urls/only_last_good", 0, "bytes from detail.url: the clip, whole."),
        ("download/html_200", 0, "video_url failed: no clip, but b'<!doctype html>"),
        ("download/stalled_in_the_middle", 0, "video_url failed: timed out"),
        ("download/endless", 0, "video_url failed: it does not end"),
        ("content/content_redirects", 0, "bytes from /content: the clip, whole."),
        ("content/content_truncated_once", 0, "bytes from /content: the clip, whole."),
        ("polling/poll_json_broken", 0, "bytes from video_url: the clip, whole."),
        ("polling/poll_json_list", 0, "bytes from video_url: the clip, whole."),
        ("lifecycle/failed_moderation", 1, "The client gave up: the task ended as 'failed': The prompt was rejected"),
        ("lifecycle/failed_error_null", 1, "The client gave up: the task ended as 'failed'\n"),
        ("lifecycle/stuck_processing", 1, "The client gave up: the task does not end\n"),
        ("auth/poll_401", 1, "The client gave up: HTTP Error 401: Unauthorized\n"),
        ("create/no_id_with_200", 1, "The client gave up: "),
        ("content/content_404", 1, "The client gave up: HTTP Error 404: Not Found\n"),
    ],
)
def test_the_demo_lives_through_any_scenario(
    capsys: Capture, scenario: str, code: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # it does not lead to this machine
    monkeypatch.setattr(demo, "_DEADLINE", 20.0)
    monkeypatch.setattr(demo, "_PAUSE", 1.0)
    monkeypatch.setattr(demo, "_TIMEOUT", 20.0)
    monkeypatch.setattr(demo, "_LARGEST", 1_000_000)
    assert main(["demo", "--scenario", scenario]) == code
    assert words in capsys.readouterr().out


# --- output that goes nowhere -----------------------------------------------------------------------------------------


def shell(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A line of bash in which `$VM` is the command; its exit code is that of the first that failed."""
    environment = {**os.environ, "VM": " ".join(COMMAND), **environment}
    environment.pop("PYTHONUNBUFFERED", None)
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"], capture_output=True, text=True, env=environment, check=False
    )


@pytest.mark.parametrize("command", ["scenarios list", "scenarios show truncated", "serve --help"])
def test_a_reader_that_leaves_is_no_error(command: str) -> None:
    done = shell(f"$VM {command} | true")
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_the_first_line_is_enough_for_head() -> None:
    done = shell("$VM scenarios list | head -n 1")
    assert (len(done.stdout.splitlines()), done.stderr, done.returncode) == (1, "", 0)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has it")
def test_a_full_disk_is_told() -> None:
    done = shell("$VM scenarios show truncated > /dev/full")
    assert (done.stderr, done.returncode) == ("video-mockserver: [Errno 28] No space left on device\n", 2)


def test_output_may_be_closed() -> None:
    done = shell("$VM scenarios show truncated >&-")
    assert (done.stderr, done.returncode) == ("", 0)


def test_letters_that_the_terminal_has_not_are_written_in_ascii() -> None:
    done = shell("$VM scenarios show payload/unicode", PYTHONIOENCODING="ascii")
    assert (done.stderr, done.returncode) == ("", 0)
    assert r"\u" in done.stdout


def test_serve_serves_on_when_nobody_reads_what_it_prints(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        with served(tmp_path, stdout=writer) as (told, process):
            for _ in range(3):
                assert ask(f"{told['base_url']}/videos", data=CREATE)["status"] == "queued"
            process.terminate()
            assert process.communicate(timeout=60)[1] == ""
            assert process.returncode == 0
    finally:
        os.close(writer)


def test_an_interrupted_command_ends_quietly(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "demo", "--scenario", "stuck_queued"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == 130
