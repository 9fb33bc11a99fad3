"""The package as it is installed, and the architecture as docs/architecture.md tells it."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mockserver"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name not in ("__init__.py", "__main__.py"))
# What the core never touches: it opens nothing, never sleeps and reads no clock but the one it was given.
FORBIDDEN = {"asyncio", "socket", "subprocess", "select", "ssl", "urllib.request", "http.client", "time", "os"}
WITH_IO = {"clock", "library", "cli", "demo", "testing"}


def module_name(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").as_posix()


def imports(path: Path) -> set[str]:
    """What a module imports at any place, but for type checking alone."""
    tree = ast.parse(path.read_text("utf-8"))
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def told_order() -> dict[str, int]:
    """The row of each module in the table of docs/architecture.md."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    table = text.partition("| module | one thing |")[2].partition("\n\n")[0]
    rows = [re.findall(r"`([\w/]+)`", line.split("|")[1]) for line in table.splitlines()[2:]]
    return {name: number for number, names in enumerate(rows) for name in names}


def test_the_architecture_names_every_module() -> None:
    order = told_order()
    assert {module_name(path) for path in MODULES} - set(order) == set()
    assert {name for name in order if not name.startswith("pytest_plugin")} - {module_name(p) for p in MODULES} == set()


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_arrows_go_down_the_table_never_up(path: Path) -> None:
    order = told_order()
    own = order[module_name(path)]
    ours = {
        name.removeprefix("mockserver.").replace(".", "/") for name in imports(path) if name.startswith("mockserver")
    }
    upwards = {name for name in ours if name in order and order[name] > own}
    assert not upwards, f"{module_name(path)} imports {upwards}, which stand below it"


@pytest.mark.parametrize("path", [path for path in MODULES if "edges" not in path.parts], ids=module_name)
def test_the_core_does_no_io(path: Path) -> None:
    if module_name(path) in WITH_IO:
        return
    assert not imports(path) & FORBIDDEN
    calls = {node.func.id for node in ast.walk(ast.parse(path.read_text("utf-8")))
             if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}  # fmt: skip
    assert not calls & {"open", "print", "input"}


def test_nothing_heavy_is_imported_before_it_is_used() -> None:
    code = """
import sys
before = set(sys.modules)
import mockserver, mockserver.cli
mockserver.cli._parser().format_help()
heavy = {"uvicorn", "starlette", "yaml", "asyncio", "hypothesis", "pytest", "httpx"}
assert not heavy & (set(sys.modules) - before), heavy & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_distribution_has_its_command_its_plugin_and_its_types() -> None:
    distribution = importlib.metadata.distribution("video-mockserver")
    entries = {(entry.group, entry.name): entry.value for entry in distribution.entry_points}
    assert entries == {
        ("console_scripts", "video-mockserver"): "mockserver.cli:main",
        ("pytest11", "video_mockserver"): "mockserver.pytest_plugin",
    }
    assert distribution.metadata["License-Expression"] == "MIT"
    required = [line for line in distribution.requires or [] if "extra ==" not in line]
    assert {re.split(r"[>=<\[ ]", line)[0].lower() for line in required} == {
        "python-multipart", "pyyaml", "starlette", "uvicorn",
    }  # fmt: skip
    assert (PACKAGE / "py.typed").exists()
