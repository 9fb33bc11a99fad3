"""CORS: pages of every origin may call the API and the download host."""

from __future__ import annotations

from starlette.types import Send

__all__ = ["cors_headers", "is_preflight", "send_preflight"]

_EXPOSED = b"content-length, content-range, etag, location, openai-poll-after-ms, retry-after"
_METHODS = b"GET, HEAD, POST, DELETE, OPTIONS"


def is_preflight(method: str, headers: list[tuple[str, str]]) -> bool:
    """Whether a request that has an Origin only asks what a page may send."""
    return method == "OPTIONS" and any(name == "access-control-request-method" for name, _ in headers)


def cors_headers(origin: bytes) -> tuple[tuple[str, str], ...]:
    """The headers by which a page of this origin may read a reply."""
    return (
        ("access-control-allow-origin", origin.decode("latin-1")),
        ("access-control-expose-headers", _EXPOSED.decode()),
        ("vary", "origin"),
    )


async def send_preflight(send: Send, origin: bytes, headers: list[tuple[str, str]]) -> None:
    """Let a page of any origin in. Headers are named one by one: `*` does not cover Authorization."""
    asked = next((value for name, value in headers if name == "access-control-request-headers"), "")
    named = dict.fromkeys(["authorization", "content-type", *(part.strip().lower() for part in asked.split(","))])
    allowed = ", ".join(name for name in named if name)
    answer = [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-allow-headers", allowed.encode("latin-1")),
        (b"access-control-max-age", b"600"),
        (b"vary", b"origin, access-control-request-headers"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": answer})
    await send({"type": "http.response.body", "body": b""})
