"""The control API under `/_mock/` as one table: paths, what they take and what they answer.

The routes that serve it (`video_mockserver.edges.server.control`) and its part of the OpenAPI document (`openapi`) are
both made from here. Nothing here does anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...api.contract import DOWNLOAD_ROUTE, ROUTES
from ...api.dialects import DIALECTS
from ...scenario.limits import WORD

__all__ = [
    "BODY_LIMIT",
    "CONTROL",
    "CONTROL_ROUTES",
    "CONTROL_SCHEMAS",
    "CREATE_PARAMETERS",
    "FAKE_NAME",
    "JSON_TYPES",
    "LONGEST_ADVANCE",
    "SCENARIO_NAME",
    "YAML_TYPES",
    "ControlRoute",
    "Field",
]

CONTROL = "/_mock"
JSON_TYPES = ("application/json",)
# None of these is a type that a page may send to another origin without asking first ("simple request" of Fetch).
YAML_TYPES = ("application/yaml", "application/x-yaml", "application/vnd.yaml", "text/yaml", "text/x-yaml")
BODY_LIMIT = 1024 * 1024  # bytes; the largest shipped scenario has a hundredth of it
FAKE_NAME = r"[A-Za-z0-9._-]{1,64}"
SCENARIO_NAME = rf"{WORD}(/{WORD})*"
LONGEST_ADVANCE = 1_000_000_000  # seconds at once: 31 years; dates run out in the year 9999

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a body, or one parameter of a query.

    `type` is `"string"`, `"integer"`, `"number"`, `"text"` (a string, or an integer that is taken as it is written) or
    `"flag"` (1, true, 0 or false in a query). `minimum` and `maximum` are for numbers, `pattern` (the whole string) and
    `choices` for strings. A string is never empty.
    """

    name: str
    type: str
    meaning: str
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    choices: tuple[str, ...] = ()

    def schema(self) -> dict[str, Any]:
        """The field as JSON Schema; `null` counts as absent in a body and is added there."""
        if self.type == "flag":
            return {"type": "string", "enum": ["1", "true", "0", "false"]}
        if self.type == "text":
            return {"type": ["string", "integer"], "minLength": 1}
        schema: dict[str, Any] = {"type": self.type}
        if self.minimum is not None:
            schema["minimum"] = self.minimum
        if self.maximum is not None:
            schema["maximum"] = self.maximum
        if self.choices:
            schema["enum"] = list(self.choices)
        elif self.pattern is not None:
            schema["pattern"] = f"^{self.pattern}$"
        elif self.type == "string":
            schema["minLength"] = 1
        return schema


@dataclass(frozen=True, slots=True)
class ControlRoute:
    """One route of the control API.

    `path` is what follows `/_mock`. `body` and `query` are the fields it takes, `answer` the name of its answer's
    schema in `CONTROL_SCHEMAS`, `errors` the statuses of its own that it can refuse with (those that come from its
    shape, such as 400 for a wrong field, are not repeated). `scenario_body` marks the one that takes a scenario's text
    instead of fields; `always_on` those that need no token and answer even where control is switched off.
    """

    operation: str
    method: str
    path: str
    summary: str
    answer: str
    query: tuple[Field, ...] = ()
    body: tuple[Field, ...] = ()
    status: int = 200
    errors: tuple[int, ...] = ()
    scenario_body: bool = False
    always_on: bool = False

    @property
    def full_path(self) -> str:
        """The path from a fake's origin."""
        return CONTROL + self.path


# What a task made by a test can ask for, as a create's body would.
CREATE_PARAMETERS: tuple[Field, ...] = (
    Field("model", "string", "The model, as a client would ask for it."),
    Field("prompt", "string", "The prompt."),
    Field("seconds", "text", "Duration of the clip in seconds."),
    Field("size", "string", "720P, 1080P, 720x1280, ...; the clip that comes nearest is served."),
    Field("aspect_ratio", "string", "16:9, 9:16, 2:3, 3:2 or 1:1."),
)

_OPERATIONS = tuple(dict.fromkeys(route.operation for route in (*ROUTES, DOWNLOAD_ROUTE)))
_JOURNAL_QUERY: tuple[Field, ...] = (
    Field("operation", "string", "Only exchanges of this operation.", choices=_OPERATIONS),
    Field("task_id", "string", "Only exchanges of this task."),
    Field("status", "integer", "Only replies of this status.", minimum=100, maximum=999),
    Field("host", "string", "Only requests to this origin.", choices=("api", "download")),
    Field("after", "integer", "Only exchanges with a number above this one.", minimum=0, maximum=10**15),
    Field("limit", "integer", "At most so many, the oldest that fit.", minimum=1, maximum=10**15),
)
_SCENARIO = Field("scenario", "string", "Full name, or the last part of it where only one scenario has it.")
_REQUIRED_SCENARIO = Field("scenario", "string", _SCENARIO.meaning, required=True)

CONTROL_ROUTES: tuple[ControlRoute, ...] = (
    ControlRoute("index", "GET", "/", "The routes of the control API.", "Index"),
    ControlRoute("health", "GET", "/health", "Whether the server answers at all.", "Health", always_on=True),
    ControlRoute("ready", "GET", "/ready", "Whether requests are answered, and where.", "Ready", always_on=True),
    ControlRoute("list_fakes", "GET", "/fakes", "The fakes of this server.", "Fakes"),
    ControlRoute(
        "open_fake", "POST", "/fakes", "Make a fake of this name; one that is there already is only shown.", "Fake",
        body=(
            Field("name", "string", "The fake's name: letters, digits, '.', '_' and '-', at most 64.", required=True,
                  pattern=FAKE_NAME),
            Field("scenario", "string", "Its default scenario. " + _SCENARIO.meaning),
        ),
        status=201, errors=(422,),
    ),
    ControlRoute("show_fake", "GET", "/fakes/{name}", "One fake.", "Fake"),
    ControlRoute("close_fake", "DELETE", "/fakes/{name}", "Close a fake and forget it.", "Closed", errors=(409,)),
    ControlRoute("list_tasks", "GET", "/tasks", "Every task, oldest first.", "Tasks"),
    ControlRoute(
        "make_task", "POST", "/tasks", "Make a task without a request; it is not on the bill.", "Task",
        body=(
            Field("scenario", "string", _SCENARIO.meaning + " Default: the fake's."),
            Field("id", "string", "Its id; default: a new one."),
            Field("dialect", "string", "The dialect it is shown in; default: the fake's.", choices=tuple(DIALECTS)),
            *CREATE_PARAMETERS,
        ),
        status=201, errors=(409, 422),
    ),
    ControlRoute("show_task", "GET", "/tasks/{id}", "One task; looking is no poll.", "Task"),
    ControlRoute(
        "move_task", "POST", "/tasks/{id}/state", "Put a task into a state, whatever its transitions say.", "Task",
        body=(Field("state", "string", "A state of its scenario.", required=True),),
    ),
    ControlRoute(
        "signal_task", "POST", "/tasks/{id}/signal", "Send a signal; `moved` says whether it led on.", "Signalled",
        body=(Field("signal", "string", "A signal that its scenario waits for.", required=True),),
    ),
    ControlRoute("show_clock", "GET", "/clock", "The fake's time.", "Clock"),
    ControlRoute(
        "advance_clock", "POST", "/clock/advance", "Move a manual clock on.", "Clock",
        body=(Field("seconds", "number", "How far, in seconds of the fake's clock.", required=True, minimum=0,
                    maximum=LONGEST_ADVANCE),),
        errors=(409,),
    ),
    ControlRoute("show_journal", "GET", "/journal", "The exchanges, oldest first, keys hidden.", "Journal",
                 query=_JOURNAL_QUERY),
    ControlRoute("clear_journal", "DELETE", "/journal", "Forget the exchanges.", "Cleared"),
    ControlRoute("journal_har", "GET", "/journal.har", "The exchanges as HAR 1.2.", "Har", query=_JOURNAL_QUERY),
    ControlRoute(
        "list_scenarios", "GET", "/scenarios", "The names of all scenarios that this fake knows.", "Scenarios",
        query=(Field("summaries", "flag", "With their summaries: reads every file."),),
    ),
    ControlRoute(
        "add_scenario", "POST", "/scenarios", "Give this fake a scenario of its own, from YAML or JSON.", "Added",
        query=(Field("name", "string", "The scenario's name.", required=True, pattern=SCENARIO_NAME),),
        status=201, errors=(422,), scenario_body=True,
    ),
    ControlRoute(
        "show_scenario", "GET", "/scenarios/{name}", "One scenario, as data or as a file.", "Scenario",
        query=(Field("format", "string", "Default: json.", choices=("json", "yaml")),), errors=(422,),
    ),
    ControlRoute("show_default", "GET", "/default", "The scenario of creates that ask for none.", "Default"),
    ControlRoute("set_default", "PUT", "/default", "Change it.", "Default", body=(_REQUIRED_SCENARIO,), errors=(422,)),
    ControlRoute("post_default", "POST", "/default", "The same, for clients that cannot PUT.", "Default",
                 body=(_REQUIRED_SCENARIO,), errors=(422,)),
    ControlRoute("show_bill", "GET", "/bill", "The tasks that clients made: each would have cost money.", "Bill"),
    ControlRoute(
        "reset", "POST", "/reset", "Forget tasks, journal, bill and own scenarios; set a manual clock back.", "Reset",
        query=(Field("all", "flag", "Every fake of this server, not only this one."),),
    ),
)  # fmt: skip


def _object(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _list(of: str, name: str, more: Mapping[str, Schema] | None = None) -> dict[str, Any]:
    return _object({name: {"type": "array", "items": _ref(of)}, **(more or {})})


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/Control{name}"}


_STRING: Schema = {"type": "string"}
_BOOLEAN: Schema = {"type": "boolean"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_SECONDS: Schema = {"type": "number", "description": "Seconds of the fake's clock, as Unix time."}
_MAYBE_STRING: Schema = {"type": ["string", "null"]}
_PAIRS: Schema = {
    "type": "array",
    "items": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2},
}
_ADDRESSES: Mapping[str, Schema] = {"origin": _STRING, "base_url": _STRING, "download_origin": _STRING}

_TASK: Mapping[str, Schema] = {
    "id": _STRING,
    "scenario": _STRING,
    "state": {"type": "string", "description": "The scenario's name for where the task stands."},
    "ended": {"type": "boolean", "description": "Nothing leads out of its state."},
    "polls": {"type": "integer", "minimum": 0, "description": "Polls answered in this state."},
    "dialect": {"type": "string", "enum": list(DIALECTS)},
    "billed": {"type": "boolean", "description": "A client made it."},
    "created_at": _SECONDS,
    "document": {"type": "object", "description": "The task object, as a poll would show it now."},
}

# The schemas of answers, by the name that `ControlRoute.answer` gives; in the document they are `Control<name>`.
CONTROL_SCHEMAS: Mapping[str, Schema] = {
    "Error": _object(
        {
            "error": _object(
                {
                    "message": {"type": "string", "description": "What is wrong, where, and what would be right."},
                    "near": {"type": "array", "items": _STRING, "description": "Right ones that look alike."},
                },
                {
                    "problems": {
                        "type": "array",
                        "items": _object({
                            "line": {"type": ["integer", "null"]},
                            "path": {"type": "string", "description": "Keys from the top, with dots."},
                            "message": _STRING,
                        }),
                        "description": "What is wrong with a scenario: all of it, each with its line.",
                    },
                    "routes": {"type": "array", "items": _STRING, "description": "The routes that there are."},
                },
            )
        }
    ),
    "Index": _object({"routes": {"type": "array", "items": _STRING}}),
    "Health": _object({"status": {"const": "ok"}}),
    "Ready": _object({"status": {"const": "ready"}, "name": _STRING, **_ADDRESSES}),
    "Fake": _object(
        {
            "name": _STRING,
            "scenario": _STRING,
            "dialect": {"type": "string", "enum": list(DIALECTS)},
            "tasks": _COUNT,
            "exchanges": {"type": "integer", "minimum": 0, "description": "The dropped ones included."},
            **_ADDRESSES,
        }
    ),
    "Fakes": _list("Fake", "fakes"),
    "Closed": _object({"closed": _STRING}),
    "Task": _object(_TASK),
    "Tasks": _list("Task", "tasks"),
    "Signalled": _object({**_TASK, "moved": {"type": "boolean", "description": "The signal led to a new state."}}),
    "Clock": _object(
        {
            "now": _SECONDS,
            "manual": {"type": "boolean", "description": "It stands still until it is advanced."},
            "speed": {"type": ["number", "null"], "description": "Its seconds in one real second; null when manual."},
        }
    ),
    "Exchange": _object(
        {
            "number": {"type": "integer", "minimum": 1},
            "at": _SECONDS,
            "operation": {"type": "string", "description": "Empty when no route was matched."},
            "task_id": _MAYBE_STRING,
            "state": _MAYBE_STRING,
            "state_after": _MAYBE_STRING,
            "request": _object({"method": _STRING, "url": _STRING, "headers": _PAIRS, "body": _STRING}),
            "reply": _object(
                {
                    "status": {"type": "integer"},
                    "headers": _PAIRS,
                    "body": _STRING,
                    "delay": {"type": "number", "minimum": 0},
                    "fault": _MAYBE_STRING,
                }
            ),
            "sent": {"type": ["integer", "null"], "description": "Bytes of body that left; null while under way."},
            "ended": {"enum": ["whole", "fault", "client left", None]},
            "note": {"type": ["string", "null"], "description": "Why something was not matched."},
            "unknown_fields": {"type": ["object", "null"]},
        }
    ),
    "Journal": _list(
        "Exchange",
        "exchanges",
        {
            "total": {"type": "integer", "minimum": 0, "description": "Exchanges so far, the dropped ones included."},
            "dropped": {"type": "integer", "minimum": 0, "description": "The oldest, which are no longer kept."},
            "more": {"type": "boolean", "description": "More fit than `limit` let through."},
        },
    ),
    "Cleared": _object({"cleared": _COUNT}),
    "Har": {
        "type": "object",
        "properties": {
            "log": {
                "type": "object",
                "properties": {
                    "version": {"const": "1.2"},
                    "creator": {"type": "object"},
                    "entries": {"type": "array", "items": {"type": "object"}},
                },
                "required": ["version", "creator", "entries"],
            }
        },
        "required": ["log"],
    },
    "Scenarios": _object(
        {
            "scenarios": {
                "type": "array",
                "items": _object(
                    {"name": _STRING},
                    {"summary": _STRING, "error": {"type": "string", "description": "Why its file cannot be read."}},
                ),
            }
        }
    ),
    "Added": _object({"name": _STRING, "summary": _STRING, "replaced": _BOOLEAN}),
    "Scenario": _object(
        {
            "name": _STRING,
            "scenario": {
                "type": "object",
                "required": ["summary", "start", "states"],
                "description": "What its file holds; it can be sent back as it is.",
            },
        }
    ),
    "Default": _object({"scenario": _STRING}),
    "Bill": _object(
        {
            "count": _COUNT,
            "tasks": {
                "type": "array",
                "items": _object({
                    "id": _STRING, "scenario": _STRING, "state": _STRING, "model": _STRING, "prompt": _STRING,
                    "operation": {"type": "string", "description": "The one that made it."},
                    "created_at": _SECONDS, "deleted": _BOOLEAN,
                }),
            },
        }
    ),
    "Reset": _object({"reset": {"type": "array", "items": _STRING, "description": "The names of the fakes."}}),
}  # fmt: skip
