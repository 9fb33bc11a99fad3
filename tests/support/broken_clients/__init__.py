"""Clients that are each wrong in exactly one way, modelled on bugs of published clients.

    clip = BROKEN_CLIENTS["unquoted-id"]()(base_url, api_key, task_id)

Each overrides as little of `Careful` as its defect needs. Its docstring says what it does wrong, `rule` is the rule
that it violates, `found_in` a scenario that shows it, `flow` is `"create"` where it shows only when the client creates
its task itself. Clients that never give up really go on forever: whoever runs them must stop them.
"""

from __future__ import annotations

import re
from types import ModuleType

from support.broken_clients import (
    creating,
    delivered_file,
    limits,
    outcome,
    polling,
    rate_limits,
    redirects,
    requests,
    resilience,
    result,
)
from support.careful_client import Careful

__all__ = ["BROKEN_CLIENTS"]


def _clients(module: ModuleType) -> dict[str, type[Careful]]:
    """The clients of a module by name: `UnquotedId` is `unquoted-id`."""
    return {
        re.sub(r"(?<!^)(?=[A-Z])|(?<=[a-z])(?=[0-9])", "-", name).lower(): value
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Careful) and value.__module__ == module.__name__
        if not name.startswith("_")
    }


BROKEN_CLIENTS: dict[str, type[Careful]] = {
    name: client
    for module in (
        requests, polling, result, outcome, redirects, delivered_file, rate_limits, resilience, limits, creating,
    )
    for name, client in _clients(module).items()
}  # fmt: skip
