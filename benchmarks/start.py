"""From the start of the command to its first 200, against a bare Starlette application under the same uvicorn.

    python benchmarks/start.py [--json] [--rounds N]     # wanted: 1.5 or less

Both are started as a process of their own and asked until they answer. Both find their modules compiled, as those of an
installed package are, whatever PYTHONDONTWRITEBYTECODE says here.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from load import cores, pin, ratio

BARE = """
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
async def poll(request):
    return JSONResponse({"id": request.path_params["task_id"], "status": "processing"})
app = Starlette(routes=[Route("/v1/videos/{task_id}", poll)])
"""


def free_port() -> int:
    """A port that was free a moment ago: both commands are given theirs."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def seconds_to_first_200(command: list[str], port: int, folder: str) -> float:
    """How long it takes until the command, once started, answers a poll."""
    request = f"GET /v1/videos/video_plain HTTP/1.1\r\nHost: x:{port}\r\nAuthorization: Bearer sk-x\r\n\r\n".encode()
    compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": f"{folder}/compiled"}
    began = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, env={**os.environ, **compiled}
    )
    try:
        while time.perf_counter() - began < 30:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=5) as made:
                    made.sendall(request)
                    if made.recv(65536).startswith(b"HTTP/1.1 200"):
                        return time.perf_counter() - began
            except ConnectionError:
                time.sleep(0.002)
        raise RuntimeError(f"{command[:4]} did not answer")
    finally:
        process.kill()
        process.wait()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    pin(cores()[1])
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "bare_app.py").write_text(BARE, "utf-8")
        for number in range(arguments.rounds + 1):
            port = free_port()
            serve = [sys.executable, "-m", "video_mockserver", "serve", "--port", str(port), "--log-format", "none"]
            a = seconds_to_first_200(serve, port, folder)
            port = free_port()
            uvicorn = [sys.executable, "-m", "uvicorn", "bare_app:app", "--port", str(port), "--no-access-log"]
            b = seconds_to_first_200(uvicorn, port, folder)
            if number:  # the first round compiles, and warms the file cache
                ours.append(a)
                theirs.append(b)
    told = {
        "fake_seconds": round(statistics.median(ours), 3),
        "bare_seconds": round(statistics.median(theirs), 3),
        "ratio": round(ratio(ours, theirs), 2),
    }
    if arguments.json:
        print(json.dumps(told))
    else:
        print("\n".join(f"{name:14} {value}" for name, value in told.items()))


if __name__ == "__main__":
    main()
