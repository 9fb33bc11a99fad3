"""What values a scenario can have: names as patterns, numbers as bounds, closed sets as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from ..api.contract import URL_FIELDS

__all__ = [
    "DOWNLOAD_AUTH", "HEADER_NAME", "HEADER_VALUE", "MAX_DEPTH", "MAX_INTEGER", "MAX_POLLS", "MAX_PROBLEMS",
    "MAX_SECONDS", "MIN_INTEGER", "SOURCES", "STATUSES", "TASK_ID", "WORD",
    "DownloadAuth",
]  # fmt: skip

DownloadAuth = Literal["strict", "lenient", "bearer"]
DOWNLOAD_AUTH: Mapping[DownloadAuth, str] = {
    "strict": "a request with an Authorization header is refused, as presigned storage does",
    "lenient": "an Authorization header is ignored",
    "bearer": "a request without an Authorization header is refused",
}
SOURCES = (*URL_FIELDS, "content")
# An answer below 200 is no answer yet: HTTP has another to follow it.
STATUSES = range(200, 600)
# What JSON readers in other languages can hold.
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**64 - 1
# Longer than any task or link lives, and far from where dates and floats end: 31 years.
MAX_SECONDS = 1e9
MAX_POLLS = 10**9 - 1
MAX_DEPTH = 32
# Problems that one error lists.
MAX_PROBLEMS = 100
# The names of states, links and signals: they stand in URLs, templates and diagrams.
WORD = r"[A-Za-z0-9_-][A-Za-z0-9_.-]*"
# A segment of a path once it is quoted, so not "." or "..".
TASK_ID = r"(?!\.{1,2}$)[!-~]([ -~]{0,198}[!-~])?"
HEADER_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
HEADER_VALUE = r"[ -~]*"
