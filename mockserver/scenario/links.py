"""The named links of a scenario: which texts have them, and which replies belong to none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from ..api.suggest import nearest
from .limits import WORD
from .model import ReplyTemplate, Scenario
from .placeholders import PLACEHOLDERS
from .problems import Problem
from .template import names

__all__ = ["link_problems", "mistyped_links", "takes_link"]

_WORD = re.compile(WORD)
_CANDIDATES = 100  # links that are compared with those that have replies


def mistyped_links(scenario: Scenario) -> dict[str, str]:
    """Links in texts that are nearly one with replies: the link that was probably meant, by what is written."""
    links = {link for state in scenario.states.values() for link in state.downloads}
    if not links:
        return {}
    asked = (argument for name, argument in _placeholders(scenario) if argument and takes_link(name))
    others = islice(dict.fromkeys(argument for argument in asked if argument not in links), _CANDIDATES)
    return {other: close for other in others if (close := nearest(other, links))}


def takes_link(name: str) -> bool:
    return name in PLACEHOLDERS and PLACEHOLDERS[name].takes_link


def link_problems(scenario: Scenario) -> Iterator[Problem]:
    """Links with replies of their own that no text has."""
    if not any(state.downloads for state in scenario.states.values()):
        return
    # A mistyped link or placeholder is reported already; that the right one is missing follows from it.
    used = {argument for name, argument in _placeholders(scenario) if name not in PLACEHOLDERS or takes_link(name)}
    used.update(mistyped_links(scenario).values())
    for name, state in scenario.states.items():
        for link in state.downloads:
            if link not in used and _WORD.fullmatch(link):
                yield Problem(("states", name, "downloads", link), f"unused link: no text has {{download_url:{link}}}")


def _placeholders(scenario: Scenario) -> Iterator[tuple[str, str | None]]:
    for state in scenario.states.values():
        yield from names([state.video, state.unified, state.wrapped])
        for replies in (state.poll, state.content, state.download, *state.downloads.values()):
            yield from _reply_placeholders(replies)
    yield from _reply_placeholders(scenario.create)


def _reply_placeholders(replies: tuple[ReplyTemplate, ...]) -> Iterator[tuple[str, str | None]]:
    for reply in replies:
        yield from names(
            [dict(reply.headers), reply.video, reply.json, reply.text, reply.html, reply.error, reply.redirect]
        )
