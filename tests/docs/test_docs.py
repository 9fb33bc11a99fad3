"""The documentation is run: every snippet of the README and of docs/ does what the text around it says.

Blocks build on one another: a page is read from top to bottom, as its readers do.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from support import ROOT
from video_mockserver.api.contract import ROUTES
from video_mockserver.cli.main import main
from video_mockserver.edges.server.process import ServerProcess
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.reader import read_scenario

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "fixtures").rglob("*.md"))]

OTHER_OPTIONS = {"--video-base-url", "--hypothesis-profile"}  # pytest's, with our plugin
OF_ONES_OWN = {"download/second_link"}  # scenarios that a reader is to write

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")


class Block(NamedTuple):
    """A fenced block: its page, the line that it begins at, its text."""

    page: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(language: str, page: Path | None = None) -> list[Block]:
    """The blocks of a language, on one page or on all."""
    found = []
    for path in PAGES if page is None else [page]:
        text = path.read_text("utf-8")
        for match in _BLOCK.finditer(text):
            if match[1] == language:
                found.append(Block(path, text.count("\n", 0, match.start()) + 1, match[2]))
    return found


def pages_with(language: str) -> list[Path]:
    return list(dict.fromkeys(block.page for block in blocks(language)))


def is_tests(block: Block) -> bool:
    return "def test_" in block.text


def by_page(pages: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", pages, ids=lambda page: page.name)


# --- Python -----------------------------------------------------------------------------------------------------------


def test_the_tests_pass(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", "utf-8")
    tests = [block for block in blocks("python") if is_tests(block)]
    for block in tests:
        (tmp_path / f"test_{block.page.stem}_line_{block.line}.py").write_text(block.text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "video_mockserver.pytest_plugin"],
        capture_output=True, text=True, cwd=tmp_path, timeout=100, check=False,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # no plugin but ours: they take seconds to load
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.fullmatch(r"(\d+) passed in .*", done.stdout.splitlines()[-1])
    assert passed is not None, done.stdout
    assert int(passed[1]) >= sum(block.text.count("def test_") for block in tests) > 5


@by_page(pages_with("python"))
def test_what_is_typed_at_a_prompt_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a page may write files
    names: dict[str, Any] = {"__name__": "__main__"}
    if page.name == "api.md":
        return  # its snippets are examples of docstrings, each a sketch
    for block in blocks("python", page):
        if not is_tests(block):
            exec(compile("\n" * block.line + block.text, page, "exec"), names)


# --- scenarios and JSON -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_a_scenario_loads(block: Block) -> None:
    if re.search(r"^states:", block.text, re.MULTILINE):
        scenario = read_scenario(block.text, name="docs/example", file=str(block))
        assert read_scenario(block.text, name="docs/example") == scenario


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_json_is_json(block: Block) -> None:
    assert json.loads(block.text)


@by_page(PAGES)
def test_the_scenarios_that_a_page_names_are_shipped(page: Path, library: Library) -> None:
    folders = "|".join({name.partition("/")[0] for name in library.names()})
    text = "\n".join([*_SPAN.findall(page.read_text("utf-8")), *(block.text for block in blocks("sh", page))])
    named = set(re.findall(rf"(?<![\w/.-])(?:{folders})/\w+(?![\w*/.])", text))
    assert named - OF_ONES_OWN <= set(library.names())


# --- the command ------------------------------------------------------------------------------------------------------


@by_page(pages_with("sh"))
def test_a_shell_does_it(page: Path, tmp_path: Path) -> None:
    """Everything but the set-up is done against a server on a free port, as the page starts it."""
    options: list[str] = []
    script = ["set -eu", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"]
    script += ['curl() { command curl --fail-with-body --silent --show-error --max-time 20 "$@"; }']
    for line in "".join(block.text for block in blocks("sh", page)).splitlines():
        if line.startswith("video-mockserver serve") and not line.endswith("&"):
            options = line.split("#")[0].split()[2:]
        elif line.startswith("make "):
            target = line.split()[1]
            assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE), line
        elif not line.startswith("pip install "):
            script.append(line)
    if "--port" in options:
        del options[options.index("--port") :][:2]
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    with ServerProcess(*options) as server:
        done = subprocess.run(
            ["bash", "-c", "\n".join(script).replace("http://127.0.0.1:8080", server.origin)],
            capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@by_page(PAGES)
def test_commands_and_options_that_a_page_names_are_there(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def told(*command: str) -> str:
        with pytest.raises(SystemExit) as end:
            main([*command, "--help"])
        assert end.value.code == 0, command
        return capsys.readouterr().out

    for span in _SPAN.findall(page.read_text("utf-8")):
        words = span.split()
        if span.startswith("--"):
            known = told("serve") + told("check")
        elif words[0] == "video-mockserver" and words[1:]:
            known = told(*(word for word in words[1:] if not word.startswith("--")))
        else:
            continue
        for option in re.findall(r"--[a-z-]+", span):
            assert option in known or option in OTHER_OPTIONS, span


# --- what the text says -----------------------------------------------------------------------------------------------


@by_page(PAGES)
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in _LINK.findall(page.read_text("utf-8")):
        if "://" in target:
            continue
        there = page.parent / target if target else page
        assert there.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.+)$", there.read_text("utf-8"), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in heads], anchor


def test_every_page_is_reached_from_the_readme() -> None:
    linked = {target for target, _ in _LINK.findall((ROOT / "README.md").read_text("utf-8"))}
    assert {f"docs/{page.name}" for page in PAGES if page.parent.name == "docs"} <= linked


def test_the_fidelity_of_every_route_is_told() -> None:
    text = (ROOT / "docs" / "fidelity.md").read_text("utf-8")
    named = re.sub(r"\{\w+\}", "{id}", text)
    missing = {route.path for route in ROUTES if re.sub(r"\{\w+\}", "{id}", route.path) not in named}
    assert missing == set()


def test_the_readme_shows_what_the_demo_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo"]) == 0
    said = capsys.readouterr().out
    [shown] = blocks("text", ROOT / "README.md")
    for line in shown.text.splitlines():
        assert line in said
