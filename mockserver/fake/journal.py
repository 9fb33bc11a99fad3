"""Every exchange that a fake had, in order; of limited size, and with keys hidden in everything it shows."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from ..api.faults import describe
from ..api.messages import ClipPart, Fault, Origins, Reply, Request
from ..api.redaction import mask_header, mask_query

__all__ = ["Exchange", "Journal"]

_PREVIEW = 64 * 1024
# What an exchange weighs besides bodies and the request's headers: objects and strings, measured and rounded up.
_WEIGHT = 1500


class Exchange:
    """One request and what was answered.

    `at` is in seconds of the fake's clock. `state` and `state_after` are the task's states before and after. `note`
    says why something could not be matched. `sent` (bytes of body) and `ended` are None until the edge is done;
    then `ended` is `"whole"`, `"fault"` or `"client left"`. `status`, `reply_headers`, `reply_body` and `delay` are the
    reply's; with a fault before the headers they never arrived.
    """

    __slots__ = (
        "_fault", "_request", "at", "delay", "ended", "note", "number", "operation", "reply_body", "reply_headers",
        "sent", "state", "state_after", "status", "task_id", "unknown_fields",
    )  # fmt: skip

    def __init__(self, number: int, at: float, request: Request, reply: Reply) -> None:
        self.number = number
        self.at = at
        self._request = request
        self.status = reply.status
        self.reply_headers = reply.headers
        self.reply_body = reply.body
        self.delay = reply.delay
        self._fault = reply.fault
        self.operation = ""
        self.task_id: str | None = None
        self.state: str | None = None
        self.state_after: str | None = None
        self.note: str | None = None
        self.unknown_fields: dict[str, Any] | None = None
        self.sent: int | None = None
        self.ended: str | None = None

    @property
    def method(self) -> str:
        """The request's method."""
        return self._request.method

    @property
    def host(self) -> str:
        """Which origin was asked: `"api"` or `"download"`."""
        return self._request.host

    @property
    def path(self) -> str:
        """The request's raw path."""
        return self._request.path

    @property
    def query(self) -> str:
        """The request's query string, keys and signatures hidden."""
        return mask_query(self._request.query)

    @property
    def url(self) -> str:
        """Where the request went: origin, path and query, keys and signatures hidden."""
        origin = self._request.origins.download if self.host == "download" else self._request.origins.api
        return f"{origin}{self.path}" + (f"?{self.query}" if self._request.query else "")

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The request's headers, keys hidden."""
        return tuple((name, mask_header(name, value)) for name, value in self._request.headers)

    def header(self, name: str) -> str | None:
        """A request header by its lower-case name, keys hidden; None when it was not sent."""
        value = self._request.header(name)
        return None if value is None else mask_header(name, value)

    @property
    def body(self) -> bytes:
        """The request's body, as much as the journal keeps of it (64 KiB)."""
        return self._request.body

    @property
    def origins(self) -> Origins:
        """The bases of URLs in the reply."""
        return self._request.origins

    @property
    def scripted_fault(self) -> Fault | None:
        """The reply's fault, or None."""
        return self._fault

    @property
    def fault(self) -> str | None:
        """The reply's fault in words, or None."""
        return describe(self._fault) if self._fault else None

    def holds(self, secret: str) -> bool:
        """Whether a secret stands anywhere in the request's address or headers, as it is or quoted."""
        texts = (self._request.path, self._request.query, *(value for _, value in self._request.headers))
        return any(secret in text or secret in unquote(text) for text in texts)

    def carries(self, api_key: str | None) -> bool:
        """Whether the request carries this API key (None: any) as the API wants it: `Authorization: Bearer KEY`."""
        scheme, _, key = (self._request.header("authorization") or "").partition(" ")
        return scheme.lower() == "bearer" and (bool(key.strip()) if api_key is None else key.strip() == api_key)

    def finish(self, sent: int, ended: str) -> None:
        """The edge reports how the reply ended."""
        self.sent = sent
        self.ended = ended

    def to_data(self) -> dict[str, Any]:
        """The exchange as JSON-ready data, keys hidden."""
        body = self.reply_body
        return {
            "number": self.number,
            "at": self.at,
            "operation": self.operation,
            "task_id": self.task_id,
            "state": self.state,
            "state_after": self.state_after,
            "request": {
                "method": self.method,
                "url": self.url,
                "headers": [list(pair) for pair in self.headers],
                "body": mask_query(self.body.decode("utf-8", "replace")),
            },
            "reply": {
                "status": self.status,
                "headers": [[name, mask_query(value)] for name, value in self.reply_headers],
                "body": f"{len(body)} bytes of {body.clip.name}"
                if isinstance(body, ClipPart)
                else mask_query(body[:_PREVIEW].decode("utf-8", "replace")),
                "delay": self.delay,
                "fault": self.fault,
            },
            "sent": self.sent,
            "ended": self.ended,
            "note": self.note,
            "unknown_fields": self.unknown_fields,
        }

    def __str__(self) -> str:
        path = self.path + (f"?{self.query}" if self._request.query else "")
        line = f"#{self.number} {self.method} {'download:' if self.host == 'download' else ''}{path} -> {self.status}"
        if self.state:
            line += f" [{self.state}{f' -> {self.state_after}' if self.state_after != self.state else ''}]"
        if self.fault:
            line += f" fault: {self.fault}"
        return line + (f" ({self.note})" if self.note else "")

    def __repr__(self) -> str:
        return f"<Exchange {self}>"


class Journal:
    """The exchanges of one fake, oldest first. Past `max_entries` or `max_bytes` the oldest are dropped and counted.

    A request's body is kept up to 64 KiB; a clip is noted, not kept.
    """

    def __init__(self, max_entries: int = 10_000, max_bytes: int = 32 * 1024 * 1024) -> None:
        self.max_entries = max_entries
        self.max_bytes = max_bytes
        self.dropped = 0
        self._count = 0
        self._bytes = 0
        self._exchanges: deque[tuple[Exchange, int]] = deque()

    def record(self, at: float, request: Request, reply: Reply) -> Exchange:
        """Write one exchange down."""
        weight = _WEIGHT + sum([len(name) + len(value) for name, value in request.headers])
        if request.body:
            if len(request.body) > _PREVIEW:
                request = Request(
                    request.method, request.path, request.origins, request.query, request.headers,
                    request.body[:_PREVIEW], request.host,
                )  # fmt: skip
            weight += len(request.body)
        if isinstance(reply.body, bytes):
            weight += len(reply.body)
        self._count += 1
        exchange = Exchange(self._count, at, request, reply)
        self._exchanges.append((exchange, weight))
        self._bytes += weight
        while len(self._exchanges) > self.max_entries or (self._bytes > self.max_bytes and len(self._exchanges) > 1):
            self._bytes -= self._exchanges.popleft()[1]
            self.dropped += 1
        return exchange

    def query(
        self,
        *,
        operation: str | None = None,
        task_id: str | None = None,
        status: int | None = None,
        host: str | None = None,
        after: int = 0,
    ) -> list[Exchange]:
        """The exchanges that fit every given condition; `after` leaves out those up to that number."""
        return [
            exchange
            for exchange in self
            if (operation is None or exchange.operation == operation)
            and (task_id is None or exchange.task_id == task_id)
            and (status is None or exchange.status == status)
            and (host is None or exchange.host == host)
            and exchange.number > after
        ]

    def clear(self) -> None:
        """Forget every exchange; numbers begin at 1 again."""
        self._exchanges.clear()
        self._bytes = self._count = self.dropped = 0

    @property
    def total(self) -> int:
        """How many exchanges there were, the dropped ones included."""
        return self._count

    def __len__(self) -> int:
        return len(self._exchanges)

    def __iter__(self) -> Iterator[Exchange]:
        # A copy: a request may come in while a test reads.
        return iter([exchange for exchange, _ in self._exchanges.copy()])

    def __getitem__(self, index: int) -> Exchange:
        return self._exchanges[index][0]

    def __repr__(self) -> str:
        lines = "\n  ".join(str(exchange) for exchange in self)
        dropped = f", {self.dropped} dropped" if self.dropped else ""
        return f"<Journal of {len(self)} exchanges{dropped}>" + (f"\n  {lines}" if lines else "")
