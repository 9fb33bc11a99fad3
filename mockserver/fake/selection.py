"""How an unchanged client selects a scenario: with a header, its model, or a word in its prompt."""

from __future__ import annotations

import re

__all__ = ["SCENARIO_HEADER", "asked_for", "split_model"]

SCENARIO_HEADER = "x-mock-scenario"
_WORD = re.compile(r"(?<!\S)scenario:([\w./-]+)")


def split_model(model: str) -> tuple[str, str | None]:
    """`grok-video-3@url_404` as the model and the scenario it asks for."""
    base, at, scenario = model.partition("@")
    return (base, scenario) if at and scenario else (model, None)


def asked_for(header: str | None, model: str | None, prompt: str | None) -> str | None:
    """The scenario that a create asks for: the header wins over the model, the model over the prompt."""
    if header and header.strip():
        return header.strip()
    if model and (scenario := split_model(model)[1]):
        return scenario
    if prompt and (found := _WORD.search(prompt)):
        return found[1].rstrip(".")
    return None
