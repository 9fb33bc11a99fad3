"""One request while a fake answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..api.contract import Route
from ..api.messages import Request
from .tasks import Task

__all__ = ["RequestContext"]


@dataclass(slots=True)
class RequestContext:
    """One request while it is answered: its route, the parameters in its path, and what the journal records of it."""

    request: Request
    route: Route
    path_params: Mapping[str, str]
    now: float
    task: Task | None = None
    state: str | None = None
    note: str | None = None
    unknown_fields: dict[str, Any] | None = None
