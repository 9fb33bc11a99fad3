"""The architecture as docs/architecture.md tells it: who may import whom, no circles, and no I/O in the core."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from support import ROOT

PACKAGE = ROOT / "mockserver"
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
# The package itself: it hands out the public names of all others, and imports them only when one is asked for.
FRONT = ("__init__", "__main__")


def rule() -> list[set[str]]:
    """The one rule of arrows, from left to right: each package with those that stand at the same place."""
    [line] = re.findall(r"^api <- .*$", PAGE, re.MULTILINE)
    return [set(re.findall(r"\w+", place)) for place in line.split(" <- ")]


PLACES = {name: number for number, names in enumerate(rule()) for name in names}


def imports(name: str) -> Iterator[str]:
    """The modules of this project that a module imports, at any place, for type checking alone included."""
    path = MODULES[name]
    package = path.relative_to(PACKAGE).parent.parts
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
            module = ".".join(filter(None, base))
            for alias in node.names:
                inner = f"{module}.{alias.name}".lstrip(".")
                yield inner if inner in MODULES else module
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            ours = [name for name in names if name.partition(".")[0] in ("mockserver", "video_mockserver")]
            assert not ours or name in FRONT, f"{path}:{node.lineno}: import {ours[0]} relatively"


def private_imports(path: Path) -> Iterator[str]:
    """The private names that a file imports from another module of this project."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").startswith("video_mockserver")):
            yield from (alias.name for alias in node.names if re.match(r"_[a-z_]*[a-z]$", alias.name, re.IGNORECASE))


def test_the_rule_names_every_package() -> None:
    assert {name.partition(".")[0] for name in MODULES} - set(FRONT) == set(PLACES)


def test_the_table_names_every_package() -> None:
    table = PAGE.partition("| package |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `([\w/.]+)`", table, re.MULTILINE)
    assert {row.strip("/").removesuffix(".py").partition("/")[0] for row in rows} == {*PLACES, "pytest_plugin"}


@pytest.mark.parametrize("name", [name for name in MODULES if name not in FRONT])
def test_a_package_imports_only_those_to_its_left(name: str) -> None:
    package = name.partition(".")[0]
    others = {found for found in imports(name) if found.partition(".")[0] != package}
    assert {found for found in others if PLACES[found.partition(".")[0]] >= PLACES[package]} == set()


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {name: set(imports(name)) - {name} for name in MODULES if name not in FRONT}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize(
    "path",
    [
        path
        for folder in ("mockserver", "pytest_plugin", "tests", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
    ],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_no_module_imports_the_private_names_of_another(path: Path) -> None:
    assert list(private_imports(path)) == []


# --- no I/O in the core -----------------------------------------------------------------------------------------------

CORE = [name for name in MODULES if name not in FRONT and PLACES[name.partition(".")[0]] < PLACES["edges"]]
# What reaches outside of the process, waits, or tells the time; and who may all the same.
OUTSIDE = {
    "asyncio", "http.client", "http.server", "importlib.resources", "io", "os", "pathlib", "select", "selectors",
    "shutil", "signal", "socket", "ssl", "subprocess", "tempfile", "time", "urllib.request",
}  # fmt: skip
MAY = {
    "fake.clock": {"time"},
    "fake.clip_files": {"pathlib", "importlib.resources"},
    "scenario.library": {"pathlib", "importlib.resources"},
}
OUTSIDE_CALL = re.compile(
    r"open|print|input|datetime\.(datetime|date)\.(now|today|utcnow)|uuid\.uuid[14]|random\.(?!Random\b)\w+"
    r"|.*\.(open|read_text|read_bytes|write_text|write_bytes)"
)


def foreign_imports(path: Path) -> set[str]:
    """What a module imports from elsewhere, but for type checking alone."""
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
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("name", CORE)
def test_the_core_does_no_io(name: str) -> None:
    path = MODULES[name]
    assert (foreign_imports(path) & OUTSIDE) - MAY.get(name, set()) == set()
    if "pathlib" in MAY.get(name, ()):
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert not OUTSIDE_CALL.fullmatch(called), f"{path}:{node.lineno}: {called}"
