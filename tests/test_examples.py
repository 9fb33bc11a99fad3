"""The clients under examples/ are run as users would run them, through good days and bad."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mockserver.testing import video_server

EXAMPLES = Path(__file__).parent.parent / "examples"
CLIENTS = {
    "httpx": [sys.executable, str(EXAMPLES / "httpx_client.py")],
    "curl": ["sh", str(EXAMPLES / "curl_client.sh")],
    "node": ["node", str(EXAMPLES / "fetch_client.mjs")],
    "openai": [sys.executable, str(EXAMPLES / "openai_client.py")],
}
GOOD = ["lifecycle/plain", "download/truncated", "download/url_403_expired", "download/reset_in_the_middle",
        "download/html_200", "urls/none_at_all"]  # fmt: skip
BAD = ["lifecycle/failed_moderation", "urls/all_bad"]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("scenario", [*GOOD, *BAD])
def test_an_example_ends_as_the_contract_says(client: str, scenario: str, tmp_path: Path) -> None:
    if client == "node" and shutil.which("node") is None:
        pytest.skip("node is not installed")
    if client == "openai" and scenario == "urls/all_bad":
        scenario = "content/content_404"  # it knows /content alone
    with video_server(scenario, profile="openai" if client == "openai" else "octopusx") as fake:
        output = tmp_path / "clip.mp4"
        environment = {
            **os.environ, "VIDEO_BASE_URL": fake.base_url, "VIDEO_API_KEY": fake.api_key, "VIDEO_OUTPUT": str(output),
            "VIDEO_PAUSE": "0.01", "VIDEO_TIMEOUT": "10",
        }  # fmt: skip
        done = subprocess.run(CLIENTS[client], env=environment, capture_output=True, text=True, timeout=60, check=False)
        if scenario in GOOD:
            assert done.returncode == 0, done.stderr
            assert output.read_bytes() == fake.clip
        else:
            assert done.returncode != 0
            assert not output.exists()
        assert len(fake.bill) == 1
