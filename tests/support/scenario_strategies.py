"""Right scenarios of every kind, for properties: hostile texts, every key, every fault, graphs with loops."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from video_mockserver.api.contract import OUTCOMES
from video_mockserver.api.dialects import DIALECTS
from video_mockserver.api.faults import FAULTS
from video_mockserver.api.messages import Fault
from video_mockserver.scenario.limits import DOWNLOAD_AUTH, MAX_INTEGER, MIN_INTEGER, SOURCES, TASK_ID
from video_mockserver.scenario.model import CANCELLED, EVENTS, Expect, ReplyTemplate, Scenario, State, Transition
from video_mockserver.scenario.placeholders import PLACEHOLDERS
from video_mockserver.scenario.template import names

__all__ = ["json_values", "replies", "scenarios", "texts", "words"]

# What some reader of YAML takes for a number, a date or a word of its own, and what breaks its lines and quotes.
HOSTILE = (
    "", " ", "yes", "no", "on", "off", "y", "n", "null", "Null", "~", "true", "True", "false", "=", "<<",
    "2024-01-01", "2024-01-01T10:00:00Z", "12:30:45", "190:20:30", "0x1F", "0o17", "017", "1_000", "+1", "-1", "1.",
    ".5", "1e3", "1e400", ".inf", "-.Inf", ".nan", "NaN", "Infinity", "99999999999999999999", "--1", "1 poll", "50%",
    "-", "- a", "?", "? b", ":", ": c", "a: b", "a:", "a :b", "# d", "a # b", "a#b", "!tag", "&a", "*a", "@x", "`x`",
    "%x", "|", ">", "|-", "[", "]", "[]", "{", "}", "{}", ",", "a, b", "a,b", "'", "''", '"', '""', "it's", 'say "x"',
    "\\", "\\n", "---", "...", "--- a", "\n", "\n\n", "a\n", "a\n\n", "a\nb", "a\nb\n", "a\n\nb", " a\nb", "a\n  b\n",
    "a \nb", "a\n \nb", "\n a", "#\nb", "a\n#b", "\t", "a\tb", "\r", "a\r\nb", "\x00", "\x07", "\x1b", "\x7f", "\x80",
    "\x85", "\xa0", "\u2028", "\u2029", "\ufeff", "\ufffd", "\ufffe", "\uffff", "\U0001f3ac", "\U0010ffff", "e\u0301",
    "\u202e", "Ünïcödé", "影片", "a" * 130, "a b " * 40, "<html>\n  <body>\n    <h1>502</h1>\n  </body>\n</html>\n",
    '{"id": "x", "n": [1, 2]}', "{{task_id}}", "{{{now}}}", "{Now}", "{ now }", "{now", "now}", "{}{}",
)  # fmt: skip

_characters = st.characters(exclude_categories=["Cs"])
_plain_texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(_characters, max_size=12),
    st.text(st.sampled_from(" \n\t-:#,[]{}'\"&*!|>%@`?\\ab1é\x85\u2028"), max_size=10),
).filter(lambda text: not list(names(text)))
_templates = st.sampled_from(
    [f"{{{name}}}" for name in PLACEHOLDERS] + ["{refused_url:of-its-own}", "{download_path:of-its-own}"]
)

texts = st.one_of(
    _plain_texts,
    _templates,
    # A bar keeps the parts from making up a placeholder that is none.
    st.lists(st.one_of(_plain_texts, _templates), min_size=1, max_size=3).map("|".join),
).filter(lambda text: all(name in PLACEHOLDERS for name, _ in names(text)))

words = st.one_of(
    st.sampled_from(["on", "null", "true", "1", "404", "1e3", "-", "-1", "---", "a.b-c_D", "a.", "2024-01-01"]),
    st.text("AZaz09_.-", min_size=1, max_size=6).filter(lambda word: not word.startswith(".")),
)

_integers = st.one_of(st.integers(-10, 1000), st.integers(MIN_INTEGER, MAX_INTEGER))
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), _integers, st.floats(allow_nan=False, allow_infinity=False), texts),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(_plain_texts, parts | st.just("{omit}"), max_size=3),
    max_leaves=8,
)
overlays = st.dictionaries(_plain_texts, json_values | st.just("{omit}"), max_size=4)

_seconds = st.one_of(
    st.sampled_from([0.001, 0.5, 1.0, 1.5, 45.0, 60.0, 90.0, 3600.0, 43200.0, 86400.0, 1e9, 0.1 + 0.2, 1 / 3]),
    st.floats(0.001, 1e9),
)
_delays = st.one_of(st.just(0.0), _seconds, st.floats(0, 1))


@st.composite
def faults(draw: st.DrawFn) -> Fault:
    """A fault of any kind, with the numbers that it takes."""
    kind = draw(st.sampled_from(sorted(FAULTS)))
    told = FAULTS[kind]
    at: int | float | None = None
    amount: int | None = None
    if told.at == "must" or (told.at == "may" and draw(st.booleans())):
        at = draw(
            st.one_of(st.integers(0, MAX_INTEGER), st.floats(0, 1), st.sampled_from([0.0, 0.07, 0.5, 1 / 3, 1.0]))
        )
    if told.amount != "no":
        least = 1 if kind == "drip" else MIN_INTEGER
        amount = draw(_integers.filter(lambda number: number >= least and number != 0))
    return Fault(kind, at, amount)


_header_names = st.text("!#$%&'*+.^_`|~09azAZ-", min_size=1, max_size=8)
_header_values = st.one_of(
    st.none(),
    st.text(' !"#%,:;=<>{}azAZ09~', max_size=12).filter(lambda text: not list(names(text))),
    st.sampled_from(
        ["5", "{now}", "{download_url:of-its-own}", "text/html; charset=utf-8", "{{now}}", "null", "~", " x "]
    ),
)


@st.composite
def replies(draw: st.DrawFn, route: str) -> ReplyTemplate:
    """A reply of a route: `create`, `poll`, `content` or `download`."""
    bodies: dict[str, st.SearchStrategy[dict[str, Any]]] = {
        "none": st.just({}),
        "json": json_values.filter(lambda value: value != "{omit}").map(
            lambda value: {"json": value, "has_json": True}
        ),
        "text": texts.map(lambda text: {"text": text}),
        "html": texts.map(lambda text: {"html": text}),
        "clip": st.one_of(st.just("clip"), _plain_texts).map(lambda name: {"clip": name}),
        "error": st.fixed_dictionaries({}, optional={"code": texts, "message": texts}).map(
            lambda told: {"error": told}
        ),
        "redirect": texts.map(lambda url: {"redirect": url}),
    }
    if route in ("create", "poll"):
        bodies["video"] = overlays.map(lambda video: {"video": video})
    headers = draw(st.dictionaries(_header_names, _header_values, max_size=2))
    return ReplyTemplate(
        status=draw(st.none() | st.integers(200, 599)),
        headers={name.lower(): value for name, value in headers.items()},
        delay=draw(_delays),
        fault=draw(st.none() | faults()),
        times=draw(st.one_of(st.just(1), st.integers(1, 50), st.just(MAX_INTEGER))),
        made=draw(st.none() | st.booleans()) if route == "create" else None,
        **draw(bodies[draw(st.sampled_from(sorted(bodies)))]),
    )


def _sequences(route: str) -> st.SearchStrategy[tuple[ReplyTemplate, ...]]:
    return st.one_of(st.just(()), st.lists(replies(route), min_size=1, max_size=3).map(tuple))


@st.composite
def _transitions(draw: st.DrawFn, state: str) -> Transition:
    chance = draw(st.one_of(st.just(1.0), st.floats(0, 1, exclude_min=True)))
    match draw(st.sampled_from(["polls", "seconds", "on", "signal"])):
        case "polls":
            return Transition(state, polls=draw(st.one_of(st.integers(1, 5), st.just(10**9 - 1))), chance=chance)
        case "seconds":
            return Transition(state, seconds=draw(_seconds), chance=chance)
        case "on":
            return Transition(state, on=draw(st.sampled_from(sorted(EVENTS))), chance=chance)
        case _:
            return Transition(state, signal=draw(words), chance=chance)


@st.composite
def _states(draw: st.DrawFn, name: str, ahead: list[str], known: list[str]) -> State:
    """A state with a way to the first of the states `ahead`, so that all are reached and lead to an end."""
    ways: list[Transition] = []
    if ahead:
        more = draw(st.lists(st.sampled_from([*known, CANCELLED]), max_size=2))
        ways = draw(st.permutations([draw(_transitions(state)) for state in [ahead[0], *more]]))
    video = dict(draw(overlays))
    video.pop("progress", None)
    status = ["queued", "processing", "SUCCESS", "failed", "yes", " "] if ahead else ["completed", "failed", "SUCCESS"]
    video["status"] = draw(st.sampled_from(status))
    if any(way.polls is not None or way.seconds is not None for way in ways) and draw(st.booleans()):
        video["progress"] = [draw(st.integers(-10, 200)), draw(st.integers(-10, 200))]
    links = draw(st.lists(words, max_size=2, unique=True))
    if links:
        video["links"] = [f"{{download_url:{link}}}" for link in links]
    return State(
        video=video,
        unified=draw(overlays),
        wrapped=draw(overlays),
        poll=draw(_sequences("poll")),
        content=draw(_sequences("content")),
        download=draw(_sequences("download")),
        downloads={link: draw(st.lists(replies("download"), min_size=1, max_size=2).map(tuple)) for link in links},
        next=tuple(ways),
    )


_lines = texts.filter(lambda text: text.strip() != "" and len(text.splitlines()) == 1)


@st.composite
def scenarios(draw: st.DrawFn, name: str = "generated/one") -> Scenario:
    """A right scenario: `problems` finds nothing wrong with it."""
    known = draw(st.lists(words, min_size=1, max_size=4, unique=True))
    states = {
        state: draw(_states(state, known[index + 1 :], known)) for index, state in enumerate(known)
    }  # fmt: skip
    order = draw(st.permutations(known))
    outcome = draw(st.sampled_from(sorted(OUTCOMES)))
    sources = tuple(draw(st.lists(st.sampled_from(SOURCES), min_size=1, max_size=3))) if outcome == "clip" else ()
    return Scenario(
        name=name,
        summary=draw(_lines),
        start=known[0],
        states={state: states[state] for state in order},
        source=draw(st.one_of(st.just(""), texts)),
        create=draw(_sequences("create")),
        expect=draw(st.none() | st.just(Expect(outcome, sources))),
        seed=draw(_integers),
        dialect=draw(st.none() | st.sampled_from(sorted(DIALECTS))),
        clip=draw(st.none() | _plain_texts),
        task_id=draw(st.none() | st.from_regex(TASK_ID, fullmatch=True)),
        never_ends=draw(st.booleans()),
        download_auth=draw(st.sampled_from(sorted(DOWNLOAD_AUTH))),
        link_lifetime=draw(_seconds),
    )
