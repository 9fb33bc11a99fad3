"""The public API: its names, where they come from, what they cost, and the page that lists them."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import subprocess
import sys

import pytest

import video_mockserver
from support import ROOT

FRONT = ROOT / "mockserver" / "__init__.py"


def imported_for_type_checkers() -> dict[str, str]:
    """The module of each name that a type checker sees."""
    [block] = [node for node in ast.parse(FRONT.read_text("utf-8")).body if isinstance(node, ast.If)]
    return {
        alias.name: node.module or ""
        for node in ast.walk(block)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@pytest.mark.parametrize("name", video_mockserver.__all__)
def test_each_public_name_is_there_and_has_a_docstring(name: str) -> None:
    value = getattr(video_mockserver, name)
    assert name == "__version__" or value.__doc__
    assert name in dir(video_mockserver)


def test_type_checkers_and_the_interpreter_find_a_name_in_the_same_module() -> None:
    modules = imported_for_type_checkers()
    assert set(modules) == set(video_mockserver.__all__) - {"__version__"}
    for name, module in modules.items():
        # Both come to the same object: a second definition elsewhere would not.
        home = importlib.import_module(f"video_mockserver.{module}")
        assert getattr(home, name) is getattr(video_mockserver, name)


def test_the_version_is_the_one_that_is_installed() -> None:
    assert video_mockserver.__version__ == importlib.metadata.version("video-mockserver")


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'VideoServr'"):
        _ = video_mockserver.VideoServr


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the page is made by Python 3.11")
def test_the_page_of_the_public_api_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "make_api_page.py"), "--check"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stderr, done.returncode) == ("", 0)


def test_the_clones_folder_runs_as_the_installed_package() -> None:
    """`python -m mockserver` in the clone: the folder hands over to what is installed."""
    done = subprocess.run(
        [sys.executable, "-m", "mockserver", "--version"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == f"video-mockserver {video_mockserver.__version__}"
