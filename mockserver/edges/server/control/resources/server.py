"""The server itself: its routes, and whether it answers."""

from __future__ import annotations

from collections.abc import Mapping

from ..addresses import addresses
from ..requests import ControlRequest, ControlResponse, Handler
from ..routes import route_lines

__all__ = ["HANDLERS"]


def _index(request: ControlRequest) -> ControlResponse:
    return ControlResponse({"routes": route_lines()})


def _health(request: ControlRequest) -> ControlResponse:
    return ControlResponse({"status": "ok"})


def _ready(request: ControlRequest) -> ControlResponse:
    return ControlResponse({"status": "ready", "name": request.fake.name, **addresses(request, request.fake.name)})


HANDLERS: Mapping[str, Handler] = {
    "index": _index,
    "health": _health,
    "ready": _ready,
}
