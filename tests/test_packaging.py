"""The package as it is installed, and what it costs to import."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from typing import Any

import pytest

from support import ROOT

PACKAGE = ROOT / "mockserver"
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


# --- what is installed ------------------------------------------------------------------------------------------------


def test_the_distribution_has_its_command_its_plugin_and_its_needs() -> None:
    distribution = importlib.metadata.distribution("video-mockserver")
    entries = {(entry.group, entry.name): entry.value for entry in distribution.entry_points}
    assert entries == {
        ("console_scripts", "video-mockserver"): "video_mockserver.cli.main:main",
        ("pytest11", "video_mockserver"): "video_mockserver.pytest_plugin",
    }
    told = distribution.metadata
    assert (told["License-Expression"], told["Requires-Python"]) == ("MIT", ">=3.11")
    assert told["Summary"].startswith("Mock server, pytest plugin and contract tests")
    needs: dict[str, set[str]] = {}
    for line in distribution.requires or []:
        name, _, marker = line.partition(";")
        extra = re.search(r"extra == [\"'](\w+)", marker)
        needs.setdefault(extra[1] if extra else "", set()).add(re.split(r"[\s>=<~!\[]", name)[0].lower())
    # The fake alone does not bring pytest along.
    assert needs == {
        "": {"python-multipart", "pyyaml", "starlette", "uvicorn"},
        "fast": {"httptools"},
        "hypothesis": {"hypothesis"},
        "pytest": {"pytest", "httpx", "respx"},
    }


def test_each_entry_point_leads_somewhere() -> None:
    for entry in importlib.metadata.distribution("video-mockserver").entry_points:
        assert entry.load() is not None


def test_no_package_and_no_data_is_left_out() -> None:
    told = PROJECT["tool"]["setuptools"]
    places = told["package-dir"]
    folders = {
        name: ROOT / places.get(name, name.replace("video_mockserver", "mockserver").replace(".", "/"))
        for name in told["packages"]
    }
    assert {path.parent for path in PACKAGE.rglob("__init__.py")} <= set(folders.values())
    for name, folder in folders.items():
        assert (folder / "__init__.py").is_file()
        inners = [inner for inner in folders.values() if inner != folder and inner.is_relative_to(folder)]
        data = {path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
        data -= {path for path in data if any(path.is_relative_to(inner) for inner in inners)}
        packed = {path for pattern in told["package-data"].get(name, []) for path in folder.glob(pattern)}
        assert data - packed == set(), name
    assert "py.typed" in told["package-data"]["video_mockserver"]


def test_the_changelog_begins_with_this_version() -> None:
    heads = re.findall(r"^## ([\d.]+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert heads[0] == PROJECT["project"]["version"]


# --- what an import costs ---------------------------------------------------------------------------------------------


def imported_by(code: str) -> set[str]:
    """The modules that a fresh interpreter has after some code, and had not before."""
    told = f"import sys\nbefore = set(sys.modules)\n{code}\nprint('\\n'.join(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines())


def foreign(modules: set[str]) -> set[str]:
    """The packages among them that are neither ours nor Python's. `_yaml` and its like are parts of others."""
    tops = {name.partition(".")[0] for name in modules if re.match(r"[a-z]\w*(\.|$)", name)}
    return tops & set(importlib.metadata.packages_distributions()) - {"video_mockserver"}


COMMAND = "from video_mockserver.cli.main import main\ntry: main({})\nexcept SystemExit: pass"


@pytest.mark.parametrize(
    ("code", "others"),
    [
        ("import mockserver", set()),
        ("import video_mockserver.cli.main", set()),
        (COMMAND.format(["--help"]), set()),
        (COMMAND.format(["serve", "--help"]), set()),
        (COMMAND.format(["serve", "--port", "x"]), set()),
        (COMMAND.format(["scenarios", "list", "auth/*"]), {"yaml"}),
        (COMMAND.format(["scenarios", "show", "truncated", "--mermaid"]), {"yaml"}),
        ("import video_mockserver.fake.fake, video_mockserver.scenario.library", {"yaml", "python_multipart"}),
        ("import video_mockserver.testing", set()),
    ],
)
def test_nothing_is_imported_before_it_is_used(code: str, others: set[str]) -> None:
    modules = imported_by(code)
    assert foreign(modules) == others
    assert "asyncio" not in modules
