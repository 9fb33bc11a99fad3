"""`video-mockserver check -- CMD` as its users type it, with real programs, and what it says of a mistake."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from support import COMMAND, ROOT
from support.programs import python
from video_mockserver.cli.main import main

SCHEMA = Draft202012Validator(json.loads((ROOT / "mockserver/judge/reports/check.schema.json").read_text("utf-8")))
PLAIN = ("--scenario", "lifecycle/at_once")
SIMPLE = 'deliver(get(poll()["video_url"]))'

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")


def check(options: Sequence[str], command: Sequence[str]) -> int:
    return main(["check", *options, "--", *command])


def told(capsys: Capture) -> str:
    return capsys.readouterr().out


# --- what a program is told, and what it ends with --------------------------------------------------------------------


def test_a_program_is_told_by_its_environment_and_its_arguments(tmp_path: Path, capsys: Capture) -> None:
    body = """
    told = dict(word.split("=", 1) for word in sys.argv[1:])
    for name, value in told.items():
        assert ENV["VIDEO_" + name.upper()] == value, name
    assert told["base_url"] == told["origin"] + "/v1" == ENV["OPENAI_BASE_URL"]
    assert told["api_key"] == ENV["OPENAI_API_KEY"]
    assert told["task_id"].startswith("video_")
    deliver(get(poll()["video_url"]))
    """
    words = [f"{name}={{{name}}}" for name in ("base_url", "origin", "api_key", "task_id", "output")]
    assert check(PLAIN, [*python(body), *words]) == 0, told(capsys)
    assert re.fullmatch(r"1 case in [\d.]+ s: 1 passed\n", told(capsys))


def test_other_braces_in_arguments_are_left_alone(capsys: Capture) -> None:
    body = 'assert sys.argv[1] == "{x} {} {{}}", sys.argv[1]\n' + SIMPLE
    assert check(PLAIN, [*python(body), "{x} {} {{}}"]) == 0, told(capsys)


def test_in_the_create_flow_there_is_no_task_yet(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEO_TASK_ID", "one of the user's own")
    body = """
    assert "VIDEO_TASK_ID" not in ENV
    headers = {"Authorization": "Bearer " + ENV["VIDEO_API_KEY"], "Content-Type": "application/json"}
    wish = json.dumps({"model": "grok-video-3", "prompt": "a fox"}).encode()
    made = json.load(urllib.request.urlopen(urllib.request.Request(ENV["VIDEO_BASE_URL"] + "/videos", wish, headers)))
    ENV["VIDEO_TASK_ID"] = made["id"]
    deliver(get(poll()["video_url"]))
    """
    assert check([*PLAIN, "--flow", "create"], python(body)) == 0, told(capsys)


def test_the_user_is_told_what_broke_where_why_and_how_to_see_it_again(capsys: Capture) -> None:
    command = python('print("I am", ENV["VIDEO_TASK_ID"])\n' + SIMPLE)
    assert check(["--scenario", "download/url_404", "--seed", "3"], command) == 1
    out = told(capsys)
    first, *lines = out.splitlines()
    assert first == "fail download/url_404: fallback-download"
    assert "FAIL download/url_404: The URL answers 404; /content has the clip." in lines
    assert re.search(r"must fallback-download: GET download:/clips/\w+/video.mp4 \(#3\) was answered 404", out)
    assert '"If the download from the URL fails, the clip is fetched from /content." (OctopusX: ' in out
    assert "expected: clip, from content; the client: it reported a failure: exit 1" in out
    assert re.search(r"^  > #3 .* GET +download:/clips/.*  404  \[completed\]$", out, re.MULTILINE)
    assert re.search(r"^    I am video_\w+$", out, re.MULTILINE)
    assert "urllib.error.HTTPError: HTTP Error 404" in out
    assert lines[-1].startswith("1 case in ")
    assert lines[-1].endswith("0 passed, 1 failed")
    again = out[out.index("rerun: ") + 7 : out.index("\nViolated rules")]
    assert again.startswith("video-mockserver check --seed 3 --scenario download/url_404 -- ")
    done = subprocess.run(
        ["bash", "-c", again], capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.returncode == 1
    assert "must fallback-download" in done.stdout


ENDINGS = {
    "nothing delivered": ("poll()", "deliver", "the client claims success (exit 0), but delivered nothing"),
    "a page for a film": (
        'get(poll()["video_url"]); deliver(b"<html>")',
        "check-body",
        "the client delivered an HTML page",
    ),
    "half of it": ('deliver(get(poll()["video_url"])[:999])', "whole-clip", "only the first 999 of 30518 bytes"),
    "a failure": ('get(poll()["video_url"]); sys.exit(7)', "deliver", "delivered the whole clip, and the client"),
    "half a file beside it": (
        'film = get(poll()["video_url"]); open(ENV["VIDEO_OUTPUT"] + ".part", "wb").write(film[:99]); sys.exit(7)',
        "no-partial-file",
        "(exit 7) and left 99 b",
    ),
    "half a file": ('deliver(get(poll()["video_url"])[:9]); sys.exit(7)', "no-partial-file", "(exit 7) and left 9 b"),
    "a signal": ("poll(); os.kill(os.getpid(), 9)", "deliver", "ended by signal 9"),
}


@pytest.mark.parametrize("case", ENDINGS)
def test_what_a_program_ends_with_is_judged(case: str, capsys: Capture) -> None:
    body, rule, words = ENDINGS[case]
    assert check(PLAIN, python(body)) == 1
    out = told(capsys)
    assert rule in out
    assert words in out


def test_a_program_that_hangs_is_stopped_and_holds_nobody_up(tmp_path: Path, capsys: Capture) -> None:
    body = f"""
    import time
    if "task" not in json.loads(api("/videos/" + ENV["VIDEO_TASK_ID"])).get("video_url", ""):
        open(r"{tmp_path}/" + str(os.getpid()) + ".pid", "w").close()
        os.fork()
        time.sleep(600)
    """
    options = ["--scenario", "lifecycle/at_once", "--scenario", "lifecycle/plain", "--timeout", "10", "--jobs", "2"]
    assert check(options, python(body)) == 1
    out = told(capsys)
    assert "must deliver: #1 had the status 'completed', and the client did not finish: stopped after 10." in out
    assert "error lifecycle/plain: stopped after 10." in out
    assert "not judged: give the case more time, or let the client pause less" in out
    pids = [int(path.stem) for path in tmp_path.glob("*.pid")]
    assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_who_was_told_to_wait_for_minutes_need_not_be_waited_for(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = """
    import time
    try:
        poll()
    except urllib.error.HTTPError as error:
        time.sleep(int(error.headers["Retry-After"]))
    """
    monkeypatch.setattr("video_mockserver.checking.programs._QUIET", 0.1)
    assert check(["--scenario", "polling/poll_429_minutes", "--timeout", "100"], python(body)) == 0, told(capsys)


def test_a_program_that_floods_its_output_is_judged_as_any_other(capsys: Capture) -> None:
    body = 'sys.stdout.write("x" * 3_000_000)\nsys.stdout.flush()\nget(ENV["VIDEO_BASE_URL"] + "/nowhere")'
    assert check(PLAIN, python(body)) == 1
    assert len(told(capsys)) < 20_000


# --- reports ----------------------------------------------------------------------------------------------------------


def test_reports_are_written(tmp_path: Path, capsys: Capture) -> None:
    options = [
        "--scenario",
        "url_404",
        "--scenario",
        "at_once",
        "--json",
        "a.json",
        "--junit",
        "a.xml",
        "--html",
        "a.html",
    ]
    assert check(options, python(SIMPLE)) == 1
    assert told(capsys).endswith("written: a.json\nwritten: a.xml\nwritten: a.html\n")
    report = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert report["summary"] | {"violations": []} == {
        "verdict": "fail", "cases": 2, "pass": 1, "fail": 1, "error": 0, "skipped": 0, "ended_early": None,
        "violations": [],
    }  # fmt: skip
    assert [(case["scenario"], case["verdict"]) for case in report["cases"]] == [
        ("download/url_404", "fail"), ("lifecycle/at_once", "pass"),
    ]  # fmt: skip
    [broken] = report["cases"][0]["violations"]
    assert broken.keys() == {"rule", "level", "message", "source", "exchange"}
    assert "<testsuite" in (tmp_path / "a.xml").read_text("utf-8")
    page = (tmp_path / "a.html").read_text("utf-8")
    assert "download/url_404" in page
    assert "sk-check" not in json.dumps(report) + page
    SCHEMA.validate(report)


def test_the_exit_code_is_the_same_when_nobody_reads_the_output(tmp_path: Path) -> None:
    scenarios = ("--scenario", "download/url_404", "--scenario", "lifecycle/at_once")
    command = [*COMMAND, "check", *scenarios, "--json", "a.json", "--", *python(SIMPLE)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate()
    assert (process.returncode, errors) == (1, b"")
    assert json.loads((tmp_path / "a.json").read_text("utf-8"))["summary"]["fail"] == 1


def test_without_an_output_it_works_all_the_same(tmp_path: Path) -> None:
    command = [*COMMAND, "check", *PLAIN, "--json", "a.json", "--", *python(SIMPLE)]
    done = subprocess.run(["bash", "-c", '"$@" >&-', "bash", *command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "a.json").exists()


def test_on_a_terminal_there_is_a_bar(tmp_path: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "check", *PLAIN, "--", *python("sys.exit(1)")],
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            data = os.read(ours, 4096)
        except OSError:  # how a terminal ends
            break
        if not data:
            break
        shown += data
    os.close(ours)
    assert process.wait() == 1
    assert b"[..............................] 0 of 1" in shown
    assert b"[##############################] 1 of 1, 1 not passed" in shown


# --- mistakes ---------------------------------------------------------------------------------------------------------

MISTAKES = {
    "no command": ([], [], "no command given: video-mockserver check [options] -- CMD ARG..."),
    "not there": (PLAIN, ["./nobody"], "no program ./nobody"),
    "a folder": (PLAIN, ["./"], "./ is a folder"),
    "a scenario": (["--scenario", "trunkated"], ["true"], "--scenario: no scenario 'trunkated' (did you mean "),
    "a folder of scenarios": (["--scenario-dir", "nowhere"], ["true"], "--scenario-dir: no scenarios folder 'nowhere'"),
    "nothing left": (
        ["--scenario", "create_500"],
        ["true"],
        "nothing to check: create/create_500: it tests creating a task",
    ),
    "no task yet": (["--flow", "create"], ["true", "{task_id}"], "{task_id}: not available with --flow create"),
    "a rule": (["--ignore", "retry_after=x"], ["true"], "ignore: no 'retry_after' (did you mean 'retry-after'?)"),
    "a level": (["--rule-level", "retry-after=may"], ["true"], "--rule-level.retry-after: no 'may' (available: must"),
    "no reason": (["--ignore", "retry-after="], ["true"], "ignore.retry-after: expected the reason"),
    "a report nowhere": (["--json", "nowhere/a.json"], ["true"], "nowhere/a.json: its folder does not exist"),
    "a report over a folder": (["--html", "."], ["true"], ".: is a folder"),
    "two reports in one": (["--json", "a", "--html", "./a"], ["true"], "/"),
    "no project": (
        ["--config", "nowhere.toml"],
        ["true"],
        "nowhere.toml: cannot be read: No such file or directory",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_told_in_one_line(case: str, capsys: Capture) -> None:
    options, command, message = MISTAKES[case]
    assert check(options, command) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(f"video-mockserver: {message}")
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--jobs", "0", "'0' is not a whole number from 1 to 1000"),
        ("--timeout", "-1", "'-1' is not a number above 0"),
        ("--timeout", "nan", "'nan' is not a number above 0"),
        ("--speed", "fast", "'fast' is not a number above 0"),
        ("--ignore", "retry-after", "'retry-after' is not RULE=..."),
    ],
)
def test_a_wrong_value_is_told(option: str, value: str, message: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit) as end:
        check([f"{option}={value}"], ["true"])
    assert end.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_everything(number: signal.Signals, code: int, tmp_path: Path) -> None:
    body = f"""
    import time
    open(r"{tmp_path}/pid", "w").write(str(os.getpid()))
    os.rename(r"{tmp_path}/pid", r"{tmp_path}/pid.whole")
    time.sleep(600)
    """
    process = subprocess.Popen(
        [*COMMAND, "check", "--scenario", "lifecycle", "--jobs", "1", "--", *python(body)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    written = tmp_path / "pid.whole"
    deadline = time.monotonic() + 30
    while not written.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in out
    with pytest.raises(ProcessLookupError):
        os.kill(int(written.read_text()), 0)


def test_the_first_case_that_does_not_pass_ends_it_where_that_is_asked_for(tmp_path: Path, capsys: Capture) -> None:
    options = ["-x", "--jobs", "1", "--scenario", "download", "--scenario", "lifecycle/at_once", "--json", "a.json"]
    assert check(options, python("sys.exit(1)")) == 1
    out = told(capsys)
    assert out.count("\nFAIL ") == 1
    assert "not every case was run: the first case that did not pass ended the check\n" in out
    report = json.loads((tmp_path / "a.json").read_text("utf-8"))
    SCHEMA.validate(report)
    assert len(report["cases"]) == 1
    assert len(report["skipped"]) > 5
    assert {each["reason"] for each in report["skipped"]} == {
        "not run: the first case that did not pass ended the check"
    }


def test_what_was_judged_before_a_ctrl_c_is_reported(tmp_path: Path) -> None:
    body = f"""
    if os.path.exists(r"{tmp_path}/first"):
        import signal
        os.kill(os.getppid(), signal.SIGINT)
        signal.pause()
    open(r"{tmp_path}/first", "w").close()
    {SIMPLE}
    """
    options = ["--scenario", "plain", "--scenario", "at_once", "--jobs", "1", "--json", "a.json", "--html", "a.html"]
    done = subprocess.run(
        [*COMMAND, "check", *options, "--", *python(body)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (130, "")
    assert "1 passed, 1 skipped\nnot every case was run: interrupted\nwritten: a.json\n" in done.stdout
    report = json.loads((tmp_path / "a.json").read_text("utf-8"))
    SCHEMA.validate(report)
    assert (report["summary"]["verdict"], report["summary"]["ended_early"]) == ("error", "interrupted")
    [skipped] = report["skipped"]
    assert skipped["reason"] == "not run: interrupted"
    assert "Not every case was run: interrupted." in (tmp_path / "a.html").read_text("utf-8")


# --- a project's own terms --------------------------------------------------------------------------------------------


def test_the_projects_terms_hold_from_the_folder_or_one_above(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.yaml").write_text(
        "summary: Own.\nstart: a\nstates:\n"
        "  a: {video: {status: completed, video_url: '{download_url}'}, download: 404}\n",
        "utf-8",
    )
    (tmp_path / "pyproject.toml").write_text(
        '[tool.video-mockserver]\nscenario-dirs = ["own"]\nlevels = {no-partial-file = "must"}\n'
        '[tool.video-mockserver.ignore]\nfallback-download = "old"\n',
        "utf-8",
    )
    (tmp_path / "deeper").mkdir()
    monkeypatch.chdir(tmp_path / "deeper")
    assert check(["--scenario", "mine"], python(SIMPLE)) == 0
    assert told(capsys).startswith("rule not judged: fallback-download (old)\n")
    assert check(["--scenario", "mine", "--level", "must"], python('poll(); deliver(b"half"); sys.exit(1)')) == 1
    assert "must no-partial-file" in told(capsys)
    (tmp_path / "deeper" / "other.toml").write_text("[tool.video-mockserver]\nlevel = 'must'\n", "utf-8")
    options = ["--scenario", "mine", "--config", "other.toml", "--scenario-dir", "../own"]
    assert check(options, python(SIMPLE)) == 1
    assert "rerun: video-mockserver check --scenario-dir ../own --config other.toml --scenario mine" in told(capsys)


WRONG_PROJECTS = {
    "levle = 'must'": "unknown key 'levle' (did you mean 'level'?)",
    "level = 'may'": "level: no 'may' (available: must, should)",
    "url-order = 1": "url_order: no 1 (available: output.url, video_url)",
    "ignore = ['retry-after']": "ignore: must be a table of rules",
    "ignore = {retry-after = 1}": "ignore.retry-after: expected the reason, a text that is not empty",
    "scenario-dirs = 'own'": "scenario-dirs: must be a list of folders",
}


@pytest.mark.parametrize("table", WRONG_PROJECTS)
def test_a_wrong_table_is_told(table: str, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.video-mockserver]\n{table}\n", "utf-8")
    assert check(PLAIN, ["true"]) == 2
    said = capsys.readouterr().err
    assert said == f"video-mockserver: {tmp_path}/pyproject.toml: tool.video-mockserver: {WRONG_PROJECTS[table]}\n"


@pytest.mark.parametrize("text", ["[tool", "tool = 1", "[tool]\nvideo-mockserver = 1"])
def test_a_pyproject_of_another_shape_is_no_traceback(text: str, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    code = check(PLAIN, python(SIMPLE))
    assert (code, text) in [(2, "[tool"), (0, "tool = 1"), (2, "[tool]\nvideo-mockserver = 1")]


# --- rules ------------------------------------------------------------------------------------------------------------


def test_the_rules_are_listed(capsys: Capture) -> None:
    from video_mockserver.judge.rules.table import RULES

    assert main(["rules"]) == 0
    out = told(capsys)
    for rule in RULES.values():
        assert re.search(rf"^{rule.level} +{rule.id} +{re.escape(rule.sentence)}$", out, re.MULTILINE)
        assert rule.source in out
    assert main(["rules", "--json"]) == 0
    assert [rule["rule"] for rule in json.loads(told(capsys))] == list(RULES)
