"""A server as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

__all__ = ["ServerProcess"]

_START_TIMEOUT = 60.0  # seconds


class ServerProcess:
    """`video-mockserver serve` as a process of its own, for clients that keep the interpreter to themselves.

        with ServerProcess("--scenario", "download/truncated") as server:
            run_my_client(server.base_url, server.api_key)

    - `arguments`: those of the command; the port is a free one.
    - `token`: the token of `/_mock/` (default: $VIDEO_MOCKSERVER_TOKEN; an empty one is none).

    While it runs, `base_url`, `origin`, `download_origin` and `api_key` are those of its fake. Raises RuntimeError,
    with the output of the command, when it does not start.
    """

    def __init__(self, *arguments: str, token: str | None = None) -> None:
        self._arguments = arguments
        self._token = os.environ.get("VIDEO_MOCKSERVER_TOKEN", "") if token is None else token
        self._process: subprocess.Popen[bytes] | None = None
        self.base_url = self.origin = self.download_origin = self.api_key = ""

    @property
    def pid(self) -> int | None:
        """The identifier of the process; None when it does not run."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start the process; returns when it answers. Raises RuntimeError when it runs already."""
        import tempfile

        if self._process is not None:
            raise RuntimeError("the server is running already")
        command = [sys.executable, "-m", "video_mockserver", "serve", "--port", "0", "--log-format", "none"]
        environment = {**os.environ, "VIDEO_MOCKSERVER_TOKEN": self._token}
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Windows keeps files that are in use
            ready = Path(folder) / "ready.json"
            log = Path(folder) / "output.txt"
            with log.open("wb") as output:
                self._process = process = subprocess.Popen(  # noqa: S603 - our own command
                    [*command, "--ready-file", str(ready), *self._arguments],
                    stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment,
                )  # fmt: skip
            try:
                until = time.monotonic() + _START_TIMEOUT
                while not ready.exists():
                    if process.poll() is not None or time.monotonic() > until:
                        raise RuntimeError(f"the server did not start: {log.read_text('utf-8', 'replace').strip()}")
                    time.sleep(0.005)
                addresses = json.loads(ready.read_text("utf-8"))
            except BaseException:
                self.stop()
                raise
        self.base_url, self.origin = addresses["base_url"], addresses["origin"]
        self.download_origin, self.api_key = addresses["download_origin"], addresses["api_key"]

    def stop(self) -> None:
        """End the process. Stopping twice is fine."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def control(self, method: str, path: str, data: object = None) -> Any:
        """Ask `/_mock/` + `path`; returns the JSON answer. Raises `urllib.error.HTTPError` for an error."""
        from urllib.request import ProxyHandler, Request, build_opener

        body = None if data is None else json.dumps(data).encode()
        headers = {"Content-Type": "application/json", **({"X-Mock-Token": self._token} if self._token else {})}
        request = Request(  # noqa: S310 - our own server
            f"{self.origin}/_mock/{path.lstrip('/')}", body, headers, method=method
        )
        with build_opener(ProxyHandler({})).open(request, timeout=30) as response:  # no proxy leads to this machine
            return json.loads(response.read() or b"null")

    def __enter__(self) -> ServerProcess:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
