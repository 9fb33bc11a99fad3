"""What a type checker says of a user's file: nothing of a right one, and each slip of a wrong one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support import ROOT

FILES = ROOT / "tests" / "typing"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[int]]:
    """The lines in which mypy, strict, finds an error, by file. The package is linked by its installed name."""
    folder: Path = tmp_path_factory.mktemp("typing")
    (folder / "video_mockserver").symlink_to(ROOT / "mockserver", target_is_directory=True)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--follow-imports=silent",
         f"--cache-dir={folder / 'cache'}", *map(str, sorted(FILES.glob("*.py")))],
        capture_output=True, text=True, check=False, env={**os.environ, "MYPYPATH": str(folder)}, cwd=folder,
    )  # fmt: skip
    lines: dict[str, list[int]] = {path.name: [] for path in FILES.glob("*.py")}
    for name, line in re.findall(r"(\w+\.py):(\d+): error", done.stdout):
        lines[name].append(int(line))
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return lines


@pytest.mark.slow
@pytest.mark.parametrize("name", ["right_options.py", "wrong_options.py"])
def test_a_type_checker_finds_every_slip_and_nothing_else(name: str, found: dict[str, list[int]]) -> None:
    text = (FILES / name).read_text("utf-8")
    slips = [number for number, line in enumerate(text.splitlines(), 1) if line.endswith("# slip")]
    assert len(slips) == (4 if name == "wrong_options.py" else 0)
    assert sorted(set(found[name])) == slips


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("VideoServer(spede=60.0)", "no option 'spede' (did you mean 'speed'?)"),
        ("video_server(profil='openai').__enter__()", "no option 'profil'"),
        ("video_mock(scenarioz='plain')", "no option 'scenarioz' (did you mean 'scenario'?)"),
        ("check(print, level='musst')", "level: no 'musst' (did you mean 'must'?)"),
    ],
)
def test_at_run_time_a_slip_is_an_error_where_it_is_made(code: str, message: str) -> None:
    import video_mockserver

    names = {name: getattr(video_mockserver, name) for name in ("VideoServer", "check", "video_mock", "video_server")}
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        eval(code, names)
