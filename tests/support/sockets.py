"""Clients without a library between them and the wire, servers to ask, and waiting for what happens elsewhere."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any, Self

from video_mockserver.api.messages import Fault
from video_mockserver.fake.fake import Fake
from video_mockserver.scenario.model import ReplyTemplate, Scenario, State

PATIENCE = 60.0  # seconds; only a broken server makes a test wait for that long
FOR_EVER = 10 * PATIENCE  # seconds; of a delay that no test waits for
MOMENT = 0.03  # seconds in which nothing must come; on a busy machine what is wrong may come later and go unnoticed
# Seconds of a client whose own timeout ends a request: the first will do, the others are for a busy machine.
TIMEOUTS = (0.2, 2.0, 10.0, PATIENCE)

POLL = "/v1/videos/video_abc"
TEXT = "".join(f"{number:04}" for number in range(256))  # 1024 bytes, each four of them different


class Client:
    """One connection, read byte by byte. `ending` says how it ended: `"eof"`, `"reset"`, or None while it is open."""

    def __init__(self, port: int, host: str = "127.0.0.1", *, window: int | None = None) -> None:
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        if window is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        self._socket.settimeout(PATIENCE)
        self._socket.connect((host, port))
        self._buffer = b""
        self.ending: str | None = None

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def ask(self, path: str = POLL, *headers: str, **how: Any) -> None:
        """Send one `request`."""
        self.send(request(path, *headers, **how))

    def _more(self) -> bool:
        try:
            data = self._socket.recv(65536)
        except ConnectionResetError:
            self.ending = "reset"
            return False
        if not data:
            self.ending = "eof"
        self._buffer += data
        return bool(data)

    def take(self, size: int) -> bytes:
        """Exactly so many bytes, or fewer when the connection ends before."""
        while len(self._buffer) < size and self._more():
            pass
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def head(self) -> tuple[int, dict[str, str]]:
        """A status and headers, off the wire; the rest stays."""
        while b"\r\n\r\n" not in self._buffer:
            assert self._more(), f"no whole head, but {self._buffer!r} and {self.ending}"
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(": ") for line in lines)
        return int(first.split(" ")[1]), {name.lower(): value for name, _, value in pairs}

    def reply(self) -> tuple[int, dict[str, str], bytes]:
        """A whole reply that has a Content-Length."""
        status, headers = self.head()
        return status, headers, self.take(int(headers["content-length"]))

    def chunk(self) -> bytes:
        """One chunk of a chunked body."""
        while b"\r\n" not in self._buffer:
            assert self._more(), self.ending
        size, _, self._buffer = self._buffer.partition(b"\r\n")
        return self.take(int(size, 16) + 2)[:-2]

    def rest(self) -> bytes:
        """Everything until the connection ends."""
        while self._more():
            pass
        taken, self._buffer = self._buffer, b""
        return taken

    def silent(self) -> bool:
        """Whether the connection is open and nothing comes for a moment."""
        return not self._buffer and not select.select([self._socket], [], [], MOMENT)[0]

    def leave(self, *, rudely: bool = False) -> None:
        """Close; rudely is with a RST."""
        if rudely:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.leave()


def request(path: str = POLL, *headers: str, method: str = "GET", version: str = "1.1", body: bytes = b"") -> bytes:
    """One request as bytes, with a Host (unless one is given), a key and the length of its body."""
    lines = [f"{method} {path} HTTP/{version}", *headers, "Authorization: Bearer sk-mock"]
    if not any(header.startswith("Host:") for header in headers):
        lines.insert(1, "Host: api.test")
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def eventually(true: Callable[[], Any]) -> None:
    """Wait until something is true that happens in the server's thread."""
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.001)


@contextlib.contextmanager
def without_waiting() -> Iterator[None]:
    """Something that must not wait for a client that stalls for ever, or for `FOR_EVER` seconds."""
    began = time.perf_counter()
    yield
    took = time.perf_counter() - began
    assert took < PATIENCE, f"it took {took:.3f} s"


def ends_with(expected: object, ask: Callable[[float], object]) -> None:
    """Assert that a client ends with a value, or the class of its exception; `ask` gets the client's timeout.

    On a busy machine a short timeout may end a request at another point; then the client gets a longer one.
    """
    for timeout in TIMEOUTS:
        try:
            seen = ask(timeout)
        except Exception as error:
            seen = type(error)
        if seen == expected:
            return
    assert seen == expected


def scripted(fault: Fault | None = None, name: str = "told", **reply: Any) -> Scenario:
    """A scenario of one state in which each poll gets the same reply: 1024 bytes of text, unless said otherwise."""
    if not {"text", "html", "json", "clip"} & set(reply):
        reply["text"] = TEXT
    state = State(video={"status": "processing"}, poll=(ReplyTemplate(fault=fault, **reply),))
    return Scenario(name, "Told by a test.", "told", {"told": state}, never_ends=True)


def ended(fake: Fake) -> str | None:
    """How the last exchange ended, as the journal has it."""
    return fake.journal[-1].ended
