"""The documentation is run: every snippet of the README and of docs/ does what the text around it says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from mockserver.edges.server import ServerProcess
from mockserver.scenario_file import read

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "fixtures" / "payloads" / "README.md"]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


class Snippet(NamedTuple):
    """One fenced block: its page, the line that it begins at, its language and its text."""

    page: Path
    line: int
    language: str
    text: str


def snippets(*languages: str) -> list[Snippet]:
    found_all = []
    for page in PAGES:
        text = page.read_text("utf-8")
        for found in _FENCE.finditer(text):
            if found[1] in languages:
                found_all.append(Snippet(page, text.count("\n", 0, found.start()) + 1, found[1], found[2]))
    return found_all


def name(value: object) -> str:
    return f"{value.page.name}:{value.line}" if isinstance(value, Snippet) else str(value)


@pytest.mark.parametrize("snippet", snippets("python"), ids=name)
def test_python_runs(snippet: Snippet, tmp_path: Path) -> None:
    path = tmp_path / "test_snippet.py"
    text = snippet.text
    if "def test_" not in text:
        # What a page types at a prompt builds on what it typed before.
        told = [other.text for other in snippets("python") if other.page == snippet.page and other.line < snippet.line]
        text = "\n".join([*(part for part in told if "def test_" not in part), text])
    path.write_text(text, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n", "utf-8")
    runner = ["-m", "pytest", "-q", "-p", "no:cacheprovider"] if "def test_" in snippet.text else []
    done = subprocess.run(
        [sys.executable, *runner, str(path)], capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("snippet", snippets("yaml"), ids=name)
def test_a_whole_scenario_loads(snippet: Snippet) -> None:
    if "states:" in snippet.text and "summary:" in snippet.text:
        read(snippet.text, name="snippet", file=str(snippet.page))


@pytest.mark.parametrize("snippet", snippets("json"), ids=name)
def test_json_is_json(snippet: Snippet) -> None:
    json.loads(snippet.text)


def test_the_readmes_curl_line_works_as_it_is_pasted() -> None:
    lines = [line for snippet in snippets("sh") for line in snippet.text.splitlines() if line.startswith("curl http")]
    lines = [line for line in lines if "/_mock" not in line]
    assert lines
    with ServerProcess() as server:
        for line in lines:
            pasted = re.sub(r"http://127\.0\.0\.1:8080", server.origin, line)
            done = subprocess.run(["sh", "-c", pasted], capture_output=True, text=True, timeout=20, check=True)
            assert json.loads(done.stdout)["object"] == "video"


def test_the_commands_of_the_docs_exist() -> None:
    for snippet in snippets("sh"):
        for line in snippet.text.splitlines():
            if line.startswith("video-mockserver scenarios"):
                words = line.split("#")[0].split()[1:]
                if "DIR" not in words and not any(word.endswith(("/", ".yaml")) for word in words):
                    subprocess.run([sys.executable, "-m", "mockserver", *words], capture_output=True, check=True)
            elif line.startswith("make "):
                target = line.split()[1]
                assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_options_that_the_docs_name_are_there() -> None:
    helped = subprocess.run(
        [sys.executable, "-m", "mockserver", "serve", "--help"], capture_output=True, text=True, check=True
    ).stdout
    named = set(
        re.findall(r"`(?:video-mockserver serve )?(--[a-z-]+)", (ROOT / "docs" / "serving.md").read_text("utf-8"))
    )
    assert named
    assert {option for option in named if option not in helped} <= {"--help"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in _LINK.findall(page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target
