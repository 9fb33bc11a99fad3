"""Without sockets: a request to a fake as a call, and a fault as the failure that a client library would report.

Which exception that is depends on the library, so a fault is raised here as `TransportError` with the kind of failure;
the modules for respx and httpx2 raise their library's own for it. Waiting moves the fake's clock instead of passing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from ...api import faults
from ...api.contract import DOWNLOAD_ALIAS
from ...api.messages import ClipPart, Origins, Reply, Request
from ...fake.clock import ManualClock
from ...fake.fake import Fake
from ...fake.responses import body_bytes

__all__ = [
    "API_ORIGIN",
    "DOWNLOAD_ORIGIN",
    "REFUSED_ORIGIN",
    "FailureKind",
    "InProcessFake",
    "Received",
    "TransportError",
]

API_ORIGIN = "https://octopusx.ai"
# Names that nobody can register (RFC 6761, 6.2).
DOWNLOAD_ORIGIN = "https://clips.octopusx.test"
REFUSED_ORIGIN = "https://refused.octopusx.test"

# What a stalled connection costs a client that has no timeout of its own: seconds of the fake's clock, and then an
# error all the same, for a test must not hang.
NO_TIMEOUT = 3600.0
_PIECE = 64 * 1024


FailureKind = Literal["connect", "read", "protocol", "timeout"]


class TransportError(Exception):
    """A failure below HTTP.

    `kind`: `connect` (refused), `read` (reset), `protocol` (ended early, or not HTTP) or `timeout`.
    """

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(slots=True)
class Received:
    """A reply as it arrives: the head, and the body piece by piece; `pieces` may raise `TransportError` on the way."""

    status: int
    headers: list[tuple[str, str]]
    pieces: Iterator[bytes]

    @property
    def reason(self) -> str:
        """The reason phrase that goes with the status."""
        return HTTPStatus(self.status).phrase if self.status in HTTPStatus._value2member_map_ else ""


class InProcessFake:
    """A fake reachable by origins that no socket listens at.

    `api` is the origin of the API (default `https://octopusx.ai`), without a slash at its end.
    """

    def __init__(self, fake: Fake, api: str = API_ORIGIN) -> None:
        self.fake = fake
        self.origins = Origins(api.rstrip("/"), DOWNLOAD_ORIGIN, REFUSED_ORIGIN)

    def reaches(self, origin: str) -> bool:
        """Whether requests to an origin (`https://host` or `https://host:port`) are for this fake."""
        return origin in (self.origins.api, self.origins.download, self.origins.refused)

    def ask(
        self,
        method: str,
        origin: str,
        target: str,
        headers: list[tuple[str, str]],
        body: bytes,
        *,
        read_timeout: float | None,
    ) -> Received:
        """One request; `target` is the raw path and query. Raises `TransportError` for what fails before the head."""
        if origin == self.origins.refused:
            raise TransportError("connect", "[Errno 111] Connection refused")
        path, _, query = target.partition("?")
        host = "download" if origin == self.origins.download else "api"
        if host == "api" and path.startswith(DOWNLOAD_ALIAS + "/"):
            host, path = "download", path[len(DOWNLOAD_ALIAS) :]
        pairs = tuple((name.lower(), value) for name, value in headers)
        reply = self.fake.handle(Request(method, path or "/", self.origins, query, pairs, body, host))
        timeout = NO_TIMEOUT if read_timeout is None else read_timeout
        if reply.delay:
            if reply.delay > timeout:
                self._pass(timeout)
                self._finish(reply, 0, "client left")
                raise TransportError("timeout", "The read operation timed out")
            self._pass(reply.delay)
        whole = body_bytes(reply, self.fake.read_clip)
        bodiless = method == "HEAD" or reply.status in (204, 304)
        if reply.fault is None:
            received = list(reply.headers)
            if reply.status not in (204, 304):
                received.append(("content-length", str(len(whole))))
            pieces = iter(()) if bodiless else self._whole(reply, whole)
            # As over a socket, where what is small has been sent before anyone reads it.
            left = isinstance(reply.body, ClipPart) and whole and not bodiless
            self._finish(reply, 0 if left or bodiless else len(whole), "client left" if left else "whole")
            return Received(reply.status, received, pieces)
        return self._faulty(reply, faults.steps(reply.fault, whole), timeout, bodiless=bodiless)

    def _whole(self, reply: Reply, body: bytes) -> Iterator[bytes]:
        for start in range(0, len(body), _PIECE):
            end = min(start + _PIECE, len(body))
            self._finish(reply, end, "whole" if end == len(body) else "client left")
            yield body[start:end]

    def _faulty(self, reply: Reply, steps: Iterator[faults.Step], timeout: float, *, bodiless: bool) -> Received:
        self._finish(reply, 0, "fault")
        for step in steps:
            match step:
                case faults.Head(length):
                    headers = list(reply.headers)
                    headers.append(
                        ("transfer-encoding", "chunked") if length is None else ("content-length", str(length))
                    )
                    headers.append(("connection", "close"))
                    pieces = iter(()) if bodiless else self._pieces(reply, steps, length, timeout)
                    return Received(reply.status, headers, pieces)
                case faults.Reset():
                    raise TransportError("read", "[Errno 104] Connection reset by peer")
                case faults.Close():
                    raise TransportError("protocol", "Server disconnected without sending a response.")
                case faults.Raw():
                    raise TransportError("protocol", "illegal status line")
                case faults.Hold():
                    self._pass(timeout)
                    raise TransportError("timeout", "The read operation timed out")
                case faults.Wait(seconds):
                    self._pass(seconds)
                case faults.Data():
                    raise AssertionError("a fault sends its head before its body")
        raise AssertionError("a fault ends with an end")

    def _pieces(
        self, reply: Reply, steps: Iterator[faults.Step], length: int | None, timeout: float
    ) -> Iterator[bytes]:
        sent = 0
        for step in steps:
            match step:
                case faults.Data(data):
                    data = data if length is None else data[: length - sent]
                    sent += len(data)
                    self._finish(reply, sent, "fault")
                    if data:
                        yield data
                case faults.Wait(seconds):
                    if seconds > timeout:
                        self._pass(timeout)
                        raise TransportError("timeout", "The read operation timed out")
                    self._pass(seconds)
                case faults.Hold():
                    self._pass(timeout)
                    raise TransportError("timeout", "The read operation timed out")
                case faults.Reset():
                    raise TransportError("read", "[Errno 104] Connection reset by peer")
                case faults.Close() if length is None:
                    raise TransportError(
                        "protocol",
                        "peer closed connection without sending complete message body (incomplete chunked read)",
                    )
                case faults.Close() if length is not None and sent < length:
                    raise TransportError(
                        "protocol",
                        "peer closed connection without sending complete message body "
                        f"(received {sent} bytes, expected {length})",
                    )
                case _:
                    return

    def _pass(self, seconds: float) -> None:
        clock = self.fake.clock
        if isinstance(clock, ManualClock):
            clock.advance(seconds)
        elif real := clock.real_seconds(seconds):
            time.sleep(real)

    @staticmethod
    def _finish(reply: Reply, sent: int, ended: str) -> None:
        if reply.delivery is not None:
            reply.delivery.finish(sent, ended)
