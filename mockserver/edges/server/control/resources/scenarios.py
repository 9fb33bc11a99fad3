"""Scenarios: those that the fake knows, its own, and its default."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from .....fake.fake import Fake
from .....scenario.problems import ScenarioError
from .....scenario.reader import read_scenario
from .....scenario.writer import to_data, write_scenario
from ..default_scenario import use_scenario
from ..errors import ControlError, wrong_scenario
from ..requests import ControlRequest, ControlResponse, Handler

__all__ = ["HANDLERS"]


def _list_scenarios(request: ControlRequest) -> ControlResponse:
    names = request.fake.scenario_names()
    if not request.query.get("summaries"):
        return ControlResponse({"scenarios": [{"name": name} for name in names]})
    return ControlResponse({"scenarios": list(_with_summaries(request.fake, names))})


def _with_summaries(fake: Fake, names: Iterable[str]) -> Iterator[dict[str, str]]:
    for name in names:
        try:
            yield {"name": name, "summary": fake.scenario(name).summary}
        except ScenarioError as error:
            yield {"name": name, "error": str(error)}


def _show_scenario(request: ControlRequest) -> ControlResponse:
    scenario = request.scenario(request.params["name"], status=404)
    if request.query.get("format") == "yaml":
        return ControlResponse(None, text=write_scenario(scenario), media_type="application/yaml")
    return ControlResponse({"name": scenario.name, "scenario": to_data(scenario)})


def _add_scenario(request: ControlRequest) -> ControlResponse:
    name: str = request.query["name"]
    if not request.text.strip():
        raise ControlError(400, "body: must be a scenario as YAML or JSON, not empty")
    try:
        scenario = read_scenario(request.text, name=name)
    except ScenarioError as error:
        raise wrong_scenario(error) from None
    replaced = name in request.fake.scenario_names()
    request.fake.add_scenario(scenario)
    return ControlResponse({"name": name, "summary": scenario.summary, "replaced": replaced}, 201)


def _show_default(request: ControlRequest) -> ControlResponse:
    return ControlResponse({"scenario": request.fake.settings.scenario})


def _set_default(request: ControlRequest) -> ControlResponse:
    use_scenario(request.fake, request.body["scenario"])
    return _show_default(request)


HANDLERS: Mapping[str, Handler] = {
    "list_scenarios": _list_scenarios,
    "add_scenario": _add_scenario,
    "show_scenario": _show_scenario,
    "show_default": _show_default,
    "set_default": _set_default,
    "post_default": _set_default,
}
