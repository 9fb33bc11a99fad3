"""The package as it is installed, what it costs to import, and the architecture as docs/architecture.md tells it."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from support import ROOT

PACKAGE = ROOT / "mockserver"
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
MODULES = {
    path.relative_to(PACKAGE).with_suffix("").as_posix(): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.name not in ("__init__.py", "__main__.py")
}


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
    assert told["Summary"].startswith("A fake of OctopusX's asynchronous video API")
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
    folders = {name: ROOT / told["package-dir"].get(name, name.replace(".", "/")) for name in told["packages"]}
    assert {path.parent for path in PACKAGE.rglob("__init__.py")} <= set(folders.values())
    for name, folder in folders.items():
        assert (folder / "__init__.py").is_file()
        inners = [inner for inner in folders.values() if inner != folder and inner.is_relative_to(folder)]
        data = {path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
        data -= {path for path in data if any(path.is_relative_to(inner) for inner in inners)}
        packed = {path for pattern in told["package-data"].get(name, []) for path in folder.glob(pattern)}
        assert data - packed == set(), name
    assert "py.typed" in told["package-data"]["mockserver"]


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
    return tops & set(importlib.metadata.packages_distributions()) - {"mockserver"}


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
        ("import video_mockserver.testing", {"yaml"}),
    ],
)
def test_nothing_is_imported_before_it_is_used(code: str, others: set[str]) -> None:
    modules = imported_by(code)
    assert foreign(modules) == others
    assert "asyncio" not in modules


# --- the architecture -------------------------------------------------------------------------------------------------


def imports(path: Path) -> set[str]:
    """What a module imports at any place, but for type checking alone."""
    tree = ast.parse(path.read_text("utf-8"))
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None, f"{path}:{node.lineno}: say the whole name"
            assert node.level == 0, f"{path}:{node.lineno}: say the whole name"
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def told_order() -> dict[str, int]:
    """The row of each module in the table of docs/architecture.md."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    table = text.partition("| module | one thing |")[2].partition("\n\n")[0]
    rows = [re.findall(r"`([\w/]+)`", line.split("|")[1]) for line in table.splitlines()[2:]]
    return {name: number for number, names in enumerate(rows) for name in names if name != "pytest_plugin/"}


ORDER = told_order()
EDGES = min(row for name, row in ORDER.items() if name.startswith("edges/"))
CORE = [name for name, row in ORDER.items() if row < EDGES]

# What reaches outside of the process, waits, or tells the time; and who may all the same.
OUTSIDE = {
    "asyncio", "http.client", "http.server", "importlib.resources", "io", "os", "pathlib", "select", "selectors",
    "shutil", "signal", "socket", "ssl", "subprocess", "tempfile", "time", "urllib.request",
}  # fmt: skip
MAY = {"clock": {"time"}, "library": {"pathlib", "importlib.resources"}}
OUTSIDE_CALL = re.compile(
    r"open|print|input|datetime\.(datetime|date)\.(now|today|utcnow)|uuid\.uuid[14]|random\.(?!Random\b)\w+"
    r"|.*\.(open|read_text|read_bytes|write_text|write_bytes)"
)


def test_the_table_names_every_module_and_no_other() -> None:
    assert set(ORDER) == set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_arrows_go_down_the_table_never_up(name: str) -> None:
    ours = {found.removeprefix("mockserver.").replace(".", "/") for found in imports(MODULES[name])}
    upwards = {found for found in ours & set(ORDER) if ORDER[found] > ORDER[name]}
    assert upwards == set()


@pytest.mark.parametrize("name", CORE)
def test_the_core_does_no_io(name: str) -> None:
    path = MODULES[name]
    assert (imports(path) & OUTSIDE) - MAY.get(name, set()) == set()
    if name == "library":
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert not OUTSIDE_CALL.fullmatch(called), f"{path}:{node.lineno}: {called}"
