"""What only programs can do wrong is found in programs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support import COMMAND, ROOT

PROGRAMS = ROOT / "tests" / "support" / "broken_programs"
FOUND_IN = {
    "half_file.py": "content/content_404",
    "key_on_redirect.py": "auth/redirect_drops_token",
    "no_file.sh": "content/content_truncated",
    "page_as_clip.sh": "download/html_200",
}


def test_every_program_is_here() -> None:
    assert {path.name for path in PROGRAMS.iterdir() if path.suffix in (".py", ".sh")} == set(FOUND_IN)


@pytest.mark.slow
@pytest.mark.parametrize("name", FOUND_IN)
def test_a_broken_program_is_found_by_the_rule_that_names_it(name: str, tmp_path: Path) -> None:
    path = PROGRAMS / name
    [rule] = [line.split()[-1] for line in path.read_text("utf-8").splitlines() if line.startswith("# rule: ")]
    shell = [sys.executable] if path.suffix == ".py" else ["sh"]
    done = subprocess.run(
        [*COMMAND, "check", "--scenario", FOUND_IN[name], "--timeout", "300", "--", *shell, str(path)],
        capture_output=True, text=True, cwd=tmp_path, check=False, env={**os.environ, "VIDEO_PAUSE": "0.05"},
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert f" {rule}: " in done.stdout
