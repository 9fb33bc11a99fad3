"""The bill, and starting over."""

from __future__ import annotations

from collections.abc import Mapping

from ..requests import ControlRequest, ControlResponse, Handler

__all__ = ["HANDLERS"]


def _show_bill(request: ControlRequest) -> ControlResponse:
    bill = request.fake.bill
    tasks = [
        {
            "id": task.id,
            "scenario": task.scenario.name,
            "state": task.state,
            "model": task.params.model,
            "prompt": task.params.prompt,
            "operation": task.params.made_by,
            "created_at": task.created_at,
            "deleted": task.deleted,
        }
        for task in bill
    ]
    return ControlResponse({"count": len(tasks), "tasks": tasks})


def _reset(request: ControlRequest) -> ControlResponse:
    fakes = list(request.fakes.fakes().values()) if request.query.get("all") else [request.fake]
    for fake in fakes:
        fake.reset()
    return ControlResponse({"reset": [fake.name for fake in fakes]})


HANDLERS: Mapping[str, Handler] = {
    "show_bill": _show_bill,
    "reset": _reset,
}
