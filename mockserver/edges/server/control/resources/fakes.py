"""The fakes of the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .....api.suggest import close_matches
from .....fake.fake import Fake
from ..addresses import addresses
from ..default_scenario import use_scenario
from ..errors import ControlError
from ..requests import ControlRequest, ControlResponse, Handler

__all__ = ["HANDLERS"]


def _fake_data(request: ControlRequest, fake: Fake) -> dict[str, Any]:
    return {
        "name": fake.name,
        "scenario": fake.settings.scenario,
        "dialect": fake.settings.dialect,
        "tasks": len(fake.tasks),
        "exchanges": fake.journal.total,
        **addresses(request, fake.name),
    }


def _list_fakes(request: ControlRequest) -> ControlResponse:
    return ControlResponse({"fakes": [_fake_data(request, fake) for fake in request.fakes.fakes().values()]})


def _open_fake(request: ControlRequest) -> ControlResponse:
    name: str = request.body["name"]
    is_new = name not in request.fakes.fakes()
    try:
        fake = request.fakes.open(name)
    except ValueError as error:
        raise ControlError(400, f"body: 'name' is {name!r}: {error}") from None
    if "scenario" in request.body:
        try:
            use_scenario(fake, request.body["scenario"])
        except ControlError:
            if is_new:
                request.fakes.close(name)
            raise
    return ControlResponse(_fake_data(request, fake), 201 if is_new else 200)


def _named_fake(request: ControlRequest) -> Fake:
    name, fakes = request.params["name"], request.fakes.fakes()
    if name not in fakes:
        raise ControlError(404, f"no fake {name!r} (available: {', '.join(fakes)})", close_matches(name, fakes))
    return fakes[name]


def _show_fake(request: ControlRequest) -> ControlResponse:
    return ControlResponse(_fake_data(request, _named_fake(request)))


def _close_fake(request: ControlRequest) -> ControlResponse:
    name = _named_fake(request).name
    if name == request.fake.name:
        # The connection that asks would be closed with it, and nobody would know how it went.
        raise ControlError(
            409,
            f"the fake {name!r} cannot close itself; ask another fake of this server to, or reset this one",
        )
    try:
        request.fakes.close(name)
    except KeyError:
        raise ControlError(404, f"the fake {name!r} has been closed") from None
    except ValueError as error:
        raise ControlError(409, str(error)) from None
    return ControlResponse({"closed": name})


HANDLERS: Mapping[str, Handler] = {
    "list_fakes": _list_fakes,
    "open_fake": _open_fake,
    "show_fake": _show_fake,
    "close_fake": _close_fake,
}
