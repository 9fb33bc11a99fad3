"""The schema of the JSON report."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from support import report_sample as sample
from support.report_sample import REPORTS, empty
from video_mockserver.api.contract import OUTCOMES

Data = dict[str, Any]


def schema() -> Data:
    loaded: Data = json.loads(files("video_mockserver.judge.reports").joinpath("check.schema.json").read_text("utf-8"))
    return loaded


def problems(report: Data) -> list[str]:
    jsonschema.Draft202012Validator.check_schema(schema())
    found = jsonschema.Draft202012Validator(schema()).iter_errors(json.loads(json.dumps(report)))
    return [error.message for error in found]


@pytest.mark.parametrize("kind", REPORTS)
def test_a_report_fits_the_schema(kind: str) -> None:
    loaded = REPORTS[kind]()
    if kind == "hostile":
        loaded["tool"] = empty()["tool"]
    assert problems(loaded) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("summary", "verdict"), "passed"),
        (("summary", "cases"), -1),
        (("summary", "violations", 0, "cases"), []),
        (("options", "speed"), 0),
        (("options", "flow"), "watch"),
        (("rules", 0, "level"), "may"),
        (("cases", 0, "verdict"), "skipped"),
        (("cases", 0, "expected", "outcome"), "film"),
        (("cases", 0, "outcome", "ended"), None),
        (("cases", 0, "outcome", "bytes"), "30518"),
        (("cases", 0, "violations", 0, "exchange"), 0),
        (("cases", 0, "exchanges", 0, "number"), "1"),
        (("cases", 0, "exchanges", 0, "request", "headers", 0), ["accept"]),
        (("cases", 0, "exchanges", 0, "ended"), "well"),
        (("cases", 0, "surprise"), True),
        (("started_at",), "24.11.2026"),
        (("surprise",), True),
    ],
)
def test_a_wrong_report_does_not_fit(path: tuple[str | int, ...], value: object) -> None:
    report = json.loads(json.dumps(sample.report(cases=[("download/url_404", "no fallback")])))
    target = report
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    assert problems(report)


def test_nothing_may_be_missing() -> None:
    for key in sample.report(cases=[]):
        report = sample.report(cases=[])
        del report[key]
        assert problems(report), key


def test_every_object_is_closed_and_everything_is_described() -> None:
    def walk(part: Any, where: str) -> None:
        if isinstance(part, dict):
            if part.get("type") == "object":
                assert part["additionalProperties"] is False, where
                assert part["required"] == list(part["properties"]), where
                for name, loaded in part["properties"].items():
                    assert {"description", "$ref"} & set(loaded), f"{where}.{name}"
            for name, loaded in part.items():
                walk(loaded, f"{where}.{name}")
        elif isinstance(part, list):
            for loaded in part:
                walk(loaded, where)

    walk(schema(), "")
    outcomes = schema()["$defs"]["case"]["properties"]["expected"]["properties"]["outcome"]["enum"]
    assert outcomes == list(OUTCOMES)
