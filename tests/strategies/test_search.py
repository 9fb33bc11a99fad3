"""`video-mockserver check --random`: generated scenarios for any program, and the smallest that breaks a rule."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import pytest

from support.programs import python
from video_mockserver.cli.main import main
from video_mockserver.judge.observations import Outcome
from video_mockserver.judge.rules.table import RULES
from video_mockserver.judge.verdict import Terms, Verdict, Violation
from video_mockserver.scenario.model import Expect, Scenario
from video_mockserver.scenario.writer import write_scenario
from video_mockserver.strategies.generated import drawn, smallest
from video_mockserver.strategies.search import check_random

NAIVE = """
poll()
clip = get(poll()["video_url"])
deliver(clip)
"""
# Takes the URL and nothing else, as NAIVE does, but never fails to end.
FALLS_BACK = """
video = json.loads(api("/videos/" + ENV["VIDEO_TASK_ID"]))
video = json.loads(api("/videos/" + ENV["VIDEO_TASK_ID"]))
try:
    clip = get(video["video_url"])
    assert clip[4:8] == b"ftyp"
except Exception:
    clip = api("/videos/" + ENV["VIDEO_TASK_ID"] + "/content")
deliver(clip)
"""

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def client(body: str) -> list[str]:
    """A client that is not patient with connections that stall."""
    return [word.replace("timeout=5", "timeout=2") for word in python(body)]


def check(options: Sequence[str], body: str) -> int:
    return main(["check", "--random", "25", "--explore", "download", *options, "--", *client(body)])


def test_what_breaks_a_rule_is_made_small_saved_and_can_be_run_again(tmp_path: Path, capsys: Capture) -> None:
    assert check(["--save", "found"], NAIVE) == 1
    out = capsys.readouterr().out
    assert re.search(r"^\d+ scenarios were generated; the client broke a rule in \d+ of them$", out, re.MULTILINE)
    assert "looking for the smallest scenario that breaks fallback-download" in out
    saved = next((tmp_path / "found").glob("fallback-download-*.yaml"))
    text = saved.read_text("utf-8")
    assert len(text.splitlines()) <= 10
    assert "".join(f"  {line}\n" for line in text.splitlines()) in out
    assert re.search(r"^summary: The URL .*\.$", text, re.MULTILINE)
    again = next(line for line in out.splitlines() if line.startswith("  rerun: ") and saved.stem in line)
    assert f"--scenario-dir found --scenario {saved.stem} -- " in again
    assert main(["check", "--scenario-dir", "found", "--scenario", saved.stem, "--", *client(NAIVE)]) == 1
    assert "must fallback-download" in capsys.readouterr().out


def test_a_client_that_breaks_nothing_passes(capsys: Capture) -> None:
    assert check([], FALLS_BACK) == 0, capsys.readouterr().out
    assert "the client broke a rule in 0 of them" in capsys.readouterr().out


def test_without_a_folder_the_command_draws_the_same_again(capsys: Capture) -> None:
    assert check(["--seed", "3"], NAIVE) == 1
    out = capsys.readouterr().out
    assert "rerun: video-mockserver check --seed 3 --random 25 --explore download -- " in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--scenario", "plain"], "--scenario cannot be used with --random"),
        (["-x"], "--exitfirst cannot be used with --random"),
        (["--explore", "downloads"], "--explore: no aspect 'downloads' (did you mean 'download'?)"),
    ],
)
def test_a_mistake_is_told(options: list[str], message: str, capsys: Capture) -> None:
    assert check(options, NAIVE) == 2
    assert capsys.readouterr().err == f"video-mockserver: {message}\n"


def test_what_is_for_generated_scenarios_is_told(capsys: Capture) -> None:
    assert main(["check", "--save", "found", "--", "true"]) == 2
    assert capsys.readouterr().err == "video-mockserver: --save needs --random N\n"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "found").write_text("a file", "utf-8")
    assert check(["--save", "found"], NAIVE) == 2
    assert capsys.readouterr().err == "video-mockserver: --save: not a folder: 'found'\n"


def test_without_hypothesis_it_is_said_what_to_install() -> None:
    code = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "from video_mockserver.cli.main import main; sys.exit(main(['check', '--random', '5', '--', 'true']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert (
        "--random: video_mockserver.strategies needs Hypothesis: pip install 'video-mockserver[hypothesis]'"
        in done.stderr
    )


# --- the generator behind it ------------------------------------------------------------------------------------------


def texts(scenarios: Sequence[Scenario]) -> list[str]:
    return [write_scenario(scenario) for scenario in scenarios]


def test_the_same_seed_draws_the_same_in_every_process() -> None:
    code = (
        "from video_mockserver.strategies.generated import drawn\n"
        "from video_mockserver.scenario.writer import write_scenario\n"
        "print([write_scenario(scenario) for scenario in drawn(20, 7)])"
    )
    here = {name: value for name, value in os.environ.items() if name != "CI"}
    told = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment).stdout
        for environment in (here, here, {**here, "CI": "true"})  # Hypothesis has settings of its own for CI
    }
    assert len(told) == 1


def test_another_seed_draws_others() -> None:
    assert len(texts(drawn(20, 1))) > 10
    assert set(texts(drawn(20, 1))) != set(texts(drawn(20, 2)))
    assert len(set(texts(drawn(20, 1)))) == len(drawn(20, 1))


def test_the_smallest_is_none_where_nothing_breaks() -> None:
    assert smallest(10, 0, lambda scenario: False) is None


def test_a_client_that_behaves_differently_each_time_ends_with_what_was_found() -> None:
    answers = iter([False, True] * 1000)
    found = smallest(20, 0, lambda scenario: next(answers))
    assert found is not None


def test_a_rule_is_shrunk_within_so_many_runs_of_the_program() -> None:
    runs = 0

    def run(cases: Sequence[tuple[Scenario, Expect]]) -> list[Verdict]:
        nonlocal runs
        runs += len(cases)
        broken = (Violation(RULES["deliver"], "must", "always"),)
        return [Verdict(each, expect, Outcome("reported"), broken, [], "fail") for each, expect in cases]

    result = check_random(run, examples=20, seed=0, terms=Terms())
    [found] = result.found
    assert result.verdicts == [found.verdict]
    assert found.rule == "deliver"
    assert found.verdict.scenario.name.startswith("deliver-")
    assert runs <= 20 + 200
    # The plain life is the smallest of all.
    assert "download" not in found.text.replace("download_url", "")


def test_what_was_found_before_a_ctrl_c_is_kept() -> None:
    ran: list[Verdict] = []

    def run(cases: Sequence[tuple[Scenario, Expect]]) -> list[Verdict]:
        if ran:
            raise KeyboardInterrupt
        for number, (each, expect) in enumerate(cases):
            broken = (Violation(RULES["deliver"], "must", "odd"),) if number % 2 else ()
            ran.append(Verdict(each, expect, Outcome("reported"), broken, [], "fail" if broken else "pass"))
        return ran

    result = check_random(run, examples=20, seed=0, terms=Terms())
    assert result.interrupted
    assert result.found == []
    assert result.verdicts == ran


@pytest.mark.parametrize("when", ["running", "shrinking"])
def test_a_ctrl_c_tells_what_was_found(when: str, tmp_path: Path) -> None:
    before = 10 if when == "running" else len(drawn(25, 0, explore=["download"]))
    body = f"""
    import signal
    runs = len(os.listdir(r"{tmp_path}"))
    open(r"{tmp_path}/" + str(os.getpid()), "w").close()
    if runs == {before}:
        os.kill(os.getppid(), signal.SIGINT)
        signal.pause()
    """
    command = [
        sys.executable,
        "-m",
        "video_mockserver",
        "check",
        "--random",
        "25",
        "--jobs",
        "1",
        "--explore",
        "download",
    ]
    done = subprocess.run(
        [*command, "--", *client(textwrap.dedent(body) + NAIVE)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        cwd=tmp_path.parent,
    )
    assert (done.returncode, done.stderr) == (130, "")
    assert "FAIL generated-" in done.stdout
    assert "  rerun: video-mockserver check --random 25 --explore download -- " in done.stdout
    assert done.stdout.endswith("not every case was run: interrupted\n")
