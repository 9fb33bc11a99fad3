"""The fake's clock."""

from __future__ import annotations

from collections.abc import Mapping

from .....fake.clock import ManualClock
from ..errors import ControlError
from ..reading import rendered
from ..requests import ControlRequest, ControlResponse, Handler

__all__ = ["HANDLERS"]

_LAST_MOMENT = 253_370_764_800  # 9999-01-01 in Unix seconds: after that year no date can be written


def _show_clock(request: ControlRequest) -> ControlResponse:
    clock = request.fake.clock
    second = clock.real_seconds(1.0)
    return ControlResponse({"now": clock.now(), "manual": second is None, "speed": 1 / second if second else None})


def _advance_clock(request: ControlRequest) -> ControlResponse:
    clock, seconds = request.fake.clock, request.body["seconds"]
    if not isinstance(clock, ManualClock):
        raise ControlError(
            409, "this fake's clock is not manual; start the server with --manual-clock "
            "(or the fake with clock=ManualClock()) to advance it",
        )  # fmt: skip
    if clock.now() + seconds > _LAST_MOMENT:
        raise ControlError(400, f"body: 'seconds' is {rendered(seconds)}, which goes beyond the year 9998")
    request.fake.advance(seconds)
    return _show_clock(request)


HANDLERS: Mapping[str, Handler] = {
    "show_clock": _show_clock,
    "advance_clock": _advance_clock,
}
