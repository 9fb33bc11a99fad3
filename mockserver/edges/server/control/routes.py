"""The control API under `/_mock/` as one table: paths, what they take and what they answer.

The application (`control/app`) and control's part of the OpenAPI document (`openapi/control_paths`) are both made from
this table. Nothing here does anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from ....api.contract import DOWNLOAD_ROUTE, ROUTES
from ....api.dialects import DIALECTS
from ....scenario.limits import WORD
from .fields import Field

__all__ = [
    "BODY_LIMIT",
    "CONTROL",
    "CONTROL_ROUTES",
    "CREATE_PARAMETERS",
    "FAKE_NAME",
    "JSON_TYPES",
    "LONGEST_ADVANCE",
    "SCENARIO_NAME",
    "YAML_TYPES",
    "ControlRoute",
    "route_lines",
]

CONTROL = "/_mock"
JSON_TYPES = ("application/json",)
# None of these is a type that a page may send to another origin without asking first ("simple request" of Fetch).
YAML_TYPES = ("application/yaml", "application/x-yaml", "application/vnd.yaml", "text/yaml", "text/x-yaml")
BODY_LIMIT = 1024 * 1024  # bytes; the largest shipped scenario has a hundredth of it
FAKE_NAME = r"[A-Za-z0-9._-]{1,64}"
SCENARIO_NAME = rf"{WORD}(/{WORD})*"
LONGEST_ADVANCE = 1_000_000_000  # seconds at once: 31 years; dates run out in the year 9999


@dataclass(frozen=True, slots=True)
class ControlRoute:
    """One route of the control API.

    `path` is what follows `/_mock`. `body` and `query` are the fields it takes, `answer` the name of its answer's
    schema in `schemas.CONTROL_SCHEMAS`, `errors` the statuses of its own that it can refuse with
    (not those that follow from its fields, such as 400). `scenario_body` marks the one that takes a scenario's text
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
    Field("limit", "integer", "At most this many, oldest first.", minimum=1, maximum=10**15),
)
_SCENARIO = Field("scenario", "string", "Full name, or the last part of it where only one scenario has it.")
_REQUIRED_SCENARIO = Field("scenario", "string", _SCENARIO.meaning, required=True)

CONTROL_ROUTES: tuple[ControlRoute, ...] = (
    ControlRoute("index", "GET", "/", "The routes of the control API.", "Index"),
    ControlRoute("health", "GET", "/health", "Whether the server answers at all.", "Health", always_on=True),
    ControlRoute("ready", "GET", "/ready", "Whether requests are answered, and where.", "Ready", always_on=True),
    ControlRoute("list_fakes", "GET", "/fakes", "The fakes of this server.", "Fakes"),
    ControlRoute(
        "open_fake", "POST", "/fakes", "Make a fake of this name; return the one that exists already.", "Fake",
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
        "make_task", "POST", "/tasks", "Make a task without a client's request; it is not on the bill.", "Task",
        body=(
            Field("scenario", "string", _SCENARIO.meaning + " Default: the fake's."),
            Field("id", "string", "Its id; default: a new one."),
            Field("dialect", "string", "The dialect it is shown in; default: the fake's.", choices=tuple(DIALECTS)),
            *CREATE_PARAMETERS,
        ),
        status=201, errors=(409, 422),
    ),
    ControlRoute("show_task", "GET", "/tasks/{id}", "One task; this does not count as a poll.", "Task"),
    ControlRoute(
        "move_task", "POST", "/tasks/{id}/state", "Put a task into a state, whatever its transitions are.", "Task",
        body=(Field("state", "string", "A state of its scenario.", required=True),),
    ),
    ControlRoute(
        "signal_task", "POST", "/tasks/{id}/signal", "Send a signal; `moved`: whether the state changed.", "Signalled",
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
    ControlRoute("set_default", "PUT", "/default", "Change the default scenario.", "Default",
                 body=(_REQUIRED_SCENARIO,), errors=(422,)),
    ControlRoute("post_default", "POST", "/default", "Change it, for clients that cannot PUT.", "Default",
                 body=(_REQUIRED_SCENARIO,), errors=(422,)),
    ControlRoute("show_bill", "GET", "/bill", "The tasks that clients made: each would have cost money.", "Bill"),
    ControlRoute(
        "reset", "POST", "/reset", "Forget tasks, journal, bill and own scenarios; set a manual clock back.", "Reset",
        query=(Field("all", "flag", "Every fake of this server, not only this one."),),
    ),
)  # fmt: skip


def route_lines() -> list[str]:
    """The routes, one line each, as control lists them."""
    return [f"{route.method} {route.full_path}: {route.summary}" for route in CONTROL_ROUTES]
