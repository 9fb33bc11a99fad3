"""Which function answers which operation of `api.contract`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...api.messages import Reply
from ..context import RequestContext
from ..state import FakeState
from .create import create, extensions, remix, unified_create, wrapped_create
from .download import content, download
from .other import cancel, character, create_character, delete, list_tasks, models
from .poll import poll, unified_query, wrapped_query

__all__ = ["OPERATIONS", "Operation"]

Operation = Callable[[FakeState, RequestContext], Reply]

OPERATIONS: Mapping[str, Operation] = {
    "create": create,
    "list": list_tasks,
    "poll": poll,
    "delete": delete,
    "content": content,
    "cancel": cancel,
    "remix": remix,
    "extend": remix,
    "extensions": extensions,
    "edits": extensions,
    "create_character": create_character,
    "character": character,
    "unified_create": unified_create,
    "unified_query": unified_query,
    "wrapped_create": wrapped_create,
    "wrapped_query": wrapped_query,
    "models": models,
    "download": download,
}
