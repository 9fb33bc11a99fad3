"""Hiding keys wherever a request is shown or written."""

from __future__ import annotations

import re

__all__ = ["mask", "mask_header", "mask_query"]

_HEADERS = frozenset({"authorization", "proxy-authorization", "x-api-key", "api-key", "cookie", "x-mock-token"})
# A value ends where a query string's ends: the text around it may be JSON, XML or HTML.
_QUERY = re.compile(r"""(?i)((?:^|[&?;])(?:[\w.-]*(?:key|token|signature|secret|credential))=)[^&#\s"'<>\\]*""")
_SHOWN = 3


def mask(secret: str) -> str:
    """A secret as it may be shown: its first letters when it is long enough to stay one, else nothing of it."""
    return f"{secret[:_SHOWN]}***" if len(secret) >= 3 * _SHOWN else "***"


def mask_header(name: str, value: str) -> str:
    """A header's value as it may be shown; `name` in lower case. The scheme stays: `Bearer sk-***`."""
    if name not in _HEADERS:
        return value
    scheme, _, rest = value.partition(" ")
    if rest and scheme.isalpha() and name.endswith("authorization"):
        return f"{scheme} {mask(rest.strip())}"
    return mask(value)  # not letters alone, so not a scheme: a key that came without one


def mask_query(text: str) -> str:
    """A query string (or a URL) as it may be shown: what looks like a key, token or signature is hidden."""
    return _QUERY.sub(r"\1***", text) if "=" in text else text
