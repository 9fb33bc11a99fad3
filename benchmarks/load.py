"""What the benchmarks share: a server in a process of its own on one core, load from this one on the other."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass


def cores() -> tuple[int | None, int | None]:
    """A core for the server and one for the load; None where processes cannot be pinned."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    mine = sorted(os.sched_getaffinity(0))
    return mine[0], mine[-1]


def pin(core: int | None) -> None:
    """Keep this process on a core."""
    if core is not None:
        os.sched_setaffinity(0, {core})


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: its port, and the number of its process."""

    port: int
    process: int


@contextlib.contextmanager
def serving(code: str, *arguments: str) -> Iterator[Served]:
    """Run Python `code` as a server pinned to its core; it prints its port when it answers."""
    core, _ = cores()
    head = f"import os; os.sched_setaffinity(0, {{{core}}})\n" if core is not None else ""
    process = subprocess.Popen(
        [sys.executable, "-c", head + code, *arguments], stdout=subprocess.PIPE, stdin=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield Served(int(process.stdout.readline()), process.pid)
    finally:
        process.terminate()
        process.wait()


# A bare Starlette application under the same uvicorn, told by its routes; the baseline of every ratio.
BARE = """
import asyncio, socket, sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Route
DOCUMENT = {
    "id": "video_abc123", "object": "video", "model": "grok-video-3", "status": "processing", "progress": 42,
    "created_at": 1735689600, "completed_at": 0, "expires_at": 1735776000, "seconds": "6", "size": "720P",
    "remixed_from_video_id": "", "error": {"message": "", "code": ""}, "video_url": "",
}
async def poll(request):
    return JSONResponse(DOCUMENT)
async def clip(request):
    return FileResponse(sys.argv[1], media_type="video/mp4")
app = Starlette(routes=[Route("/v1/videos/{task_id}", poll), Route("/v1/videos/{task_id}/content", clip)])
sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
sock.bind(("127.0.0.1", 0))
config = uvicorn.Config(
    app, log_config=None, access_log=False, lifespan="off", ws="none", loop="asyncio", http=HTTP,
    proxy_headers=False, server_header=False,
)
print(sock.getsockname()[1], flush=True)
asyncio.run(uvicorn.Server(config).serve(sockets=[sock]))
"""

# The fake as `video-mockserver serve` runs it, state machine and journal on.
FAKE = """
import asyncio, sys
from video_mockserver.edges.server.serve import serve
from video_mockserver.fake.clip_files import load_clip, shipped_clips
from video_mockserver.fake.clips import ClipShelf
shelf = shipped_clips()
if len(sys.argv) > 1:
    film = load_clip(sys.argv[1], name="big")
    shelf = ClipShelf({**shelf.clips, film.name: film}, shelf.read, shelf.pictures)
asyncio.run(serve(
    host="127.0.0.1", port=0, parser=HTTP, shelf=shelf, unknown_tasks="create", scenario=SCENARIO,
    on_ready=lambda told: print(told["port"], flush=True),
))
"""


def bare(parser: str) -> str:
    """The code of the bare application with one of uvicorn's parsers."""
    return BARE.replace("HTTP", repr(parser))


def fake(parser: str, scenario: str) -> str:
    """The code of the fake with one of uvicorn's parsers and a default scenario."""
    return FAKE.replace("HTTP", repr(parser)).replace("SCENARIO", repr(scenario))


def requests_a_second(port: int, request: bytes, *, connections: int = 8, seconds: float = 1.0) -> float:
    """Replies a second to one request over keep-alive connections, one outstanding request on each."""
    sockets = []
    for _ in range(connections):
        made = socket.create_connection(("127.0.0.1", port))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sockets.append(made)
    try:
        first = sockets[0]
        first.sendall(request)
        length = len(_whole_reply(first))
        poller = select.poll()
        by_number = {made.fileno(): made for made in sockets}
        for made in sockets:
            made.sendall(request)
            poller.register(made, select.POLLIN)
        waiting = dict.fromkeys(by_number, length)
        done = 0
        began = time.perf_counter()
        until = began + seconds
        while (now := time.perf_counter()) < until:
            for number, _ in poller.poll(100):
                made = by_number[number]
                waiting[number] -= len(made.recv(65536))
                if waiting[number] <= 0:
                    done += 1
                    waiting[number] = length
                    made.sendall(request)
        return done / (now - began)
    finally:
        for made in sockets:
            made.close()


def _whole_reply(made: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += made.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(body) < length:
        body += made.recv(65536)
    return head + b"\r\n\r\n" + body


def ratio(ours: list[float], theirs: list[float]) -> float:
    """The median of the ratios pair by pair: a machine that slows down slows both of a pair."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
