"""The client contract: what a client owes, one small function a promise over what it did.

`must` rules stand in OctopusX's documentation, `should` rules are HTTP's and plain good sense. No rule punishes a
style: where the contract leaves a choice every choice is right, and a client that gives up with an error where nothing
obliges it to go on has broken nothing.
"""

from __future__ import annotations

from . import outcome, result
from . import polling as waiting
from . import redirects_and_limits as manners
from . import requests as asking
from . import resilience as surviving
from .rule import LEVELS, Finding, Rule
from .rule import RULES as _ENTERED

__all__ = ["LEVELS", "RULES", "Finding", "Rule", "asking", "manners", "outcome", "result", "surviving", "waiting"]

# In the order in which they are told: what a client does first, first.
_ORDER = (
    "right-request", "task-id", "authorization", "poll-to-end", "stop-at-end", "url-order", "url-absent",
    "fallback-no-url", "fallback-download", "failed-no-download", "report-failed", "report-no-clip", "whole-clip",
    "deliver", "no-key-to-other-hosts", "follow-redirects", "redirect-limit", "check-body", "no-partial-file",
    "retry-after", "survive-429", "survive-5xx", "survive-html", "survive-bad-json", "survive-broken-connection",
    "unknown-fields",
    "unknown-status", "odd-types", "give-up-refused", "give-up-unknown", "poll-pause", "give-up-endless-task",
    "give-up-stalled", "one-task",
)  # fmt: skip
RULES: dict[str, Rule] = {id: _ENTERED[id] for id in _ORDER}
