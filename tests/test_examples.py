"""The clients under examples/ keep the contract: the judge runs them as programs, through good days and bad.

Here each goes through a part of the library; `benchmarks/judge.py` runs them through the whole.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support import ROOT

EXAMPLES = ROOT / "examples"
RUNS_WITH = {".py": sys.executable, ".sh": "sh", ".mjs": "node"}
# The reference client is run through every scenario by the test of the edges.
CLIENTS = sorted(path.name for path in EXAMPLES.iterdir() if path.is_file() and path.name != "reference_client.py")

POLL = (
    "lifecycle/plain", "lifecycle/failed_moderation", "lifecycle/id_to_be_quoted", "lifecycle/stuck_processing",
    "auth/poll_401", "auth/redirect_drops_token", "auth/url_refuses_token", "content/content_404",
    "content/content_503_retry_after", "content/content_truncated_once", "download/connection_refused",
    "download/html_200", "download/reset_in_the_middle", "download/stalled_before_headers", "download/truncated",
    "payload/status_capitals", "polling/mixed_errors", "polling/poll_429_seconds", "urls/none_at_all",
    "urls/only_last_good", "urls/output_before_video_url", "urls/relative",
)  # fmt: skip
CREATE = ("lifecycle/plain", "create/create_429_once", "create/reply_lost", "create/only_an_id", "create/made_but_502")


def check(client: str, *options: str, scenarios: tuple[str, ...], deadline: str = "3") -> None:
    runs_with = RUNS_WITH[Path(client).suffix]
    if shutil.which(runs_with) is None:
        pytest.skip(f"{runs_with} is not installed")
    chosen = [word for scenario in scenarios for word in ("--scenario", scenario)]
    command = [
        sys.executable,
        "-m",
        "video_mockserver",
        "check",
        *options,
        *chosen,
        "--",
        runs_with,
        f"examples/{client}",
    ]
    # A client is not what is measured, and measuring it takes longer than it does.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, check=False,
        env={**environment, "VIDEO_PAUSE": "0.05", "VIDEO_TIMEOUT": "1", "VIDEO_DEADLINE": deadline},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("client", CLIENTS)
def test_an_example_keeps_the_contract(client: str) -> None:
    check(client, scenarios=POLL)


@pytest.mark.parametrize("client", CLIENTS)
def test_an_example_makes_one_task_for_one_wish(client: str) -> None:
    check(client, "--flow", "create", scenarios=CREATE)


def test_there_is_one_for_each_style() -> None:
    assert {name.partition("_")[0] for name in CLIENTS} == {
        "aiohttp", "curl", "fetch", "httpx", "openai", "requests", "urllib",
    }  # fmt: skip
