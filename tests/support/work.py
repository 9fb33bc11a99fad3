"""How much work something is, counted so that the speed of the machine does not matter."""

from __future__ import annotations

import sys
from collections.abc import Callable

__all__ = ["calls_in"]


def calls_in(function: Callable[[], object]) -> int:
    """How many functions, of Python and built in, are called while `function` runs."""
    count = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(before)
    return count
