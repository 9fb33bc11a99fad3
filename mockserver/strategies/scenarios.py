"""Strategies for whole scenarios: a task's life with what can go wrong on each route, and what is expected of a client.

What is expected is found out by the reference reading (`judge.reference_client`), never stated here a second time.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final, Literal, TypeVar, cast, get_args

from hypothesis import strategies as st
from hypothesis.vendor.pretty import for_type_by_name

from ..api.contract import URL_FIELDS, Phase
from ..scenario.model import ReplyTemplate, Scenario, State, Transition
from ..scenario.template import OMIT
from ..scenario.writer import write_scenario
from . import replies, values
from .expected import ORDERS, reachable
from .parts import HOSTILE, Variety
from .replies import CLIP, WRONG_FILM, Form, Row, Tables, Way

__all__ = ["ASPECTS", "Aspect", "scenarios"]

Aspect = Literal["polling", "urls", "download", "content", "failure"]
# What of a task's life can be explored: the way to its end, where the result is, its URLs, `/content`, and bad ends.
ASPECTS: Final[tuple[Aspect, ...]] = get_args(Aspect)

_Kind = TypeVar("_Kind")
_Answers = tuple[ReplyTemplate, ...]
_LASTS = (Transition("", polls=1), Transition("", polls=2), Transition("", polls=3), Transition("", seconds=45.0))


def scenarios(
    variety: Variety = HOSTILE,
    *,
    explore: Aspect | Collection[Aspect] = ASPECTS,
    order: tuple[str, ...] = URL_FIELDS,
) -> st.SearchStrategy[Scenario]:
    """Scenarios that are right, with `expect`. What is not explored is the usual case: processing, then completed.

    - `explore`: one or several of `ASPECTS`.
    - `order`: how the client reads URLs, `URL_FIELDS` or `URL_FIELDS_TABLE_READING`.

    `DOCUMENTED` has only what the pages and their gateway say of themselves; `HOSTILE` what else networks, proxies and
    slips make of it. Raises ValueError for an aspect or an order that is not there.
    """
    asked: tuple[str, ...] = (explore,) if isinstance(explore, str) else tuple(explore)
    wrong = [aspect for aspect in asked if aspect not in ASPECTS]
    if wrong:
        raise ValueError(f"explore: no {', '.join(map(repr, wrong))}; there are {', '.join(ASPECTS)}")
    if order not in ORDERS:
        raise ValueError(f"order: {order!r} is neither URL_FIELDS nor URL_FIELDS_TABLE_READING")
    return _scenarios(Variety(variety), tuple(aspect for aspect in ASPECTS if aspect in asked), order)


@cache
def _scenarios(variety: Variety, explored: tuple[Aspect, ...], order: tuple[str, ...]) -> st.SearchStrategy[Scenario]:
    tables, choices = Tables(variety), _Choices()

    @st.composite
    def drawn(draw: st.DrawFn) -> Scenario:
        return _Author(draw, choices, tables, explored, order).scenario()

    return drawn()


@dataclass(frozen=True)
class _Wait:
    """A state before the end: its word, odd fields, how long it lasts, what the query answers instead of the task."""

    status: Any = "processing"
    odd: Sequence[Row] = ()
    lasts: Transition = _LASTS[0]
    troubles: Sequence[Way] = ()


class _Choices:
    """A strategy for each decision, of its own.

    Hypothesis tries what it drew for one strategy in the place of another draw of the same, several times for each
    example. Among decisions that have nothing to do with each other that gives the same scenarios over and over.
    """

    def __init__(self) -> None:
        self._made: dict[str, st.SearchStrategy[Any]] = {}

    def of(self, what: str, table: Sequence[Any]) -> st.SearchStrategy[Any]:
        """One of a table; the first is the simplest."""
        if what not in self._made:
            numbered = st.sampled_from([(what, index) for index in range(len(table))])
            self._made[what] = numbered.map(lambda chosen: table[chosen[1]])
        return self._made[what]

    def lists(self, what: str, table: Sequence[Any], most: int) -> st.SearchStrategy[list[Any]]:
        """None, one or several of a table."""
        if f"list {what}" not in self._made:
            self._made[f"list {what}"] = st.lists(self.of(what, table), max_size=most)
        return self._made[f"list {what}"]

    def waits(self, tables: Tables) -> st.SearchStrategy[list[_Wait]]:
        """The states before the end."""
        if "waits" not in self._made:
            odd = st.lists(self.of("odd while waiting", tables.odd[Phase.PENDING]), max_size=3)
            troubles = st.lists(self.of("trouble while waiting", tables.polls), max_size=3)
            wait = st.builds(
                _Wait,
                status=self.of("status while waiting", tables.words[Phase.PENDING]),
                odd=odd if tables.hostile else st.just([]),
                lasts=self.of("lasts", _LASTS),
                troubles=troubles,
            )
            self._made["waits"] = st.lists(wait, min_size=1, max_size=3)
        return self._made["waits"]


# Ids that a client has to leave as they are and to quote; the documented one first.
_IDS = ("grok:48A6-7431", "Task_4F/7a?part=1#50%")

# How often something that is not usual case is so.
_SELDOM = (False, False, False, True)
_HALF = (False, True)
_OFTEN = (False, True, True)


@dataclass
class _Place:
    """A result URL in the completed document: its field, its link ("" for the unnamed one), and whether it is sound."""

    field: str
    written: str
    link: str | None
    sound: bool


@dataclass
class _Author:
    """Writes one scenario: what is drawn, in states and in sentences."""

    draw: st.DrawFn
    choices: _Choices
    tables: Tables
    explored: tuple[Aspect, ...]
    order: tuple[str, ...]
    turns: set[Aspect] = field(default_factory=set)
    sentences: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    places: list[_Place] = field(default_factory=list)
    preview: Mapping[str, _Answers] = field(default_factory=dict)

    def scenario(self) -> Scenario:
        """The scenario, named and with what is expected."""
        # Each aspect has its turn or not: a scenario of everything at once would hide most of it.
        # A bad end leaves no room for what a good one could show.
        failure = _SELDOM if len(self.explored) > 2 else _HALF
        self.turns = {
            aspect
            for aspect in self.explored
            if len(self.explored) == 1 or self._pick(f"turn of {aspect}", failure if aspect == "failure" else _OFTEN)
        }
        ids = _IDS if self.tables.hostile else _IDS[:1]
        if "polling" in self.turns and (id := self._perhaps("task id", ids)):
            self.options["task_id"] = id
            self._say(f"The task's id is {id!r}")
        states = dict(self._pending())
        waited = len(states) > 1 or bool(self.sentences)
        end = self._bad_end() if "failure" in self.turns else ("completed", self._completed())
        if not waited and self._at_once(end[1]):
            states = {}
        states = _joined(states, *end)
        summary = " ".join(self.sentences) or "The usual case: processing, then completed with a URL."
        scenario = Scenario("generated", summary, next(iter(states)), states, **self.options)
        return replace(
            scenario,
            name=f"generated/{zlib.crc32(repr(scenario).encode()):08x}",
            expect=reachable(scenario, self.order, [place.field for place in self.places]),
        )

    def _pick(self, what: str, table: Sequence[_Kind]) -> _Kind:
        """Draw one of a table; `what` is the decision."""
        return cast("_Kind", self.draw(self.choices.of(what, table)))

    def _several(self, what: str, table: Sequence[_Kind], most: int) -> list[_Kind]:
        """Draw none, one or several of a table."""
        return self.draw(self.choices.lists(what, table, most))

    def _perhaps(self, what: str, table: Sequence[_Kind], plain: int = 3) -> _Kind | None:
        """Draw one of a table, or None: that `plain` times in four."""
        # One choice, not two: what is left out leaves no choice behind that another decision would fall for.
        others = -(-len(table) * plain // (4 - plain))
        return self._pick(what, (*[None] * others, *table))

    def _say(self, sentence: str) -> None:
        self.sentences.append(f"{sentence}.")

    # --- the way to the end ---

    def _pending(self) -> Iterator[tuple[str, State]]:
        """The states before the end; where each leads to is said later."""
        waits = self.draw(self.choices.waits(self.tables)) if "polling" in self.turns else [_Wait()]
        names = [*("queued", "waiting")[: len(waits) - 1], "processing"]
        for name, wait in zip(names, waits, strict=True):
            yield name, self._waiting(name, wait, first=wait is waits[0], last=wait is waits[-1])

    def _waiting(self, name: str, wait: _Wait, *, first: bool, last: bool) -> State:
        video: dict[str, Any] = {"status": "queued" if name == "queued" else "processing"}
        troubles, way = wait.troubles, wait.lasts
        if "polling" in self.turns:
            rows = list(wait.odd)
            if last and self.tables.hostile and (early := self._perhaps("early", self.tables.early)):
                rows.append(early)
            # The first state is what a create shows: without the id nobody could ask on.
            self._odd(video, wait.status, [row for row in rows if not (first and row[0] == "id")], f"While {name}")
            if first and (unknown := self._perhaps("unknown at first", self.tables.unknown)):
                # Once: a task that stays unknown may be given up.
                troubles = [unknown, *troubles]
        poll = self._troubles(troubles)
        if poll and way.polls is not None:
            way = replace(way, polls=way.polls + len(poll) - 1)
        downloads = {}
        if last and "urls" in self.turns and self.tables.hostile and (where := self._perhaps("preview", URL_FIELDS)):
            values.lay(video, where, "{download_url:preview}")
            downloads = self.preview = {"preview": WRONG_FILM}
            self._say(f"{where} names another clip while {name}")
        return State(video, poll=poll, downloads=_links(video, downloads), next=(way,))

    def _troubles(self, ways: Sequence[Way], when: str = "") -> _Answers:
        """What the query answers instead of the task for a while."""
        if not ways:
            return ()
        self._say(f"The query {_listed(way.words for way in ways)}, then goes on{when}")
        return (*(way.reply for way in ways), ReplyTemplate())

    def _odd(self, video: dict[str, Any], status: Any, rows: Sequence[Row], when: str) -> None:
        """Lay another word for the status over a document, and what else may be odd about it."""
        laid = {place: value for place, value in rows if place not in video}
        # Of documented words the plain one says nothing of its own.
        if status != "processing" and status != video["status"]:
            laid = {"status": status, **laid}
        for place, value in laid.items():
            values.lay(video, place, value)
        if laid:
            self._say(f"{when} {_listed(replies.told(place, value) for place, value in laid.items())}")

    def _odd_end(self, video: dict[str, Any], phase: Phase) -> None:
        status = self._pick(f"status {phase}", self.tables.words[phase])
        rows = self._several(f"odd {phase}", self.tables.odd[phase], 3) if self.tables.hostile else []
        self._odd(video, status, rows, "At the end")

    def _at_once(self, last: State) -> bool:
        """Whether the task is never seen under way."""
        # A create would show the document of the end, and without the id nobody could ask on.
        if not self.turns & {"polling", "failure"} or self.options.get("never_ends") or "id" in last.video:
            return False
        at_once = self._pick("at once", _SELDOM)
        if at_once:
            self._say("The task is never seen under way")
        return at_once

    # --- bad ends ---

    def _bad_end(self) -> tuple[str, State]:
        if way := self._perhaps("endless", self.tables.endless * 2, plain=3) if self._pick("bad", _SELDOM) else None:
            self.options["never_ends"] = True
            self._say(f"The query {way.words} for ever")
            return "stuck", State({"status": "processing"}, poll=() if way.reply == ReplyTemplate() else (way.reply,))
        video: dict[str, Any] = {"status": "failed"}
        self._say("The task fails")
        self._odd_end(video, Phase.FAILED)
        message = self._perhaps("reason", values.DOCUMENTED_MESSAGES, plain=2)
        if "error" not in video and message is not None:
            video["error"] = {"message": message, "code": "generation_error"}
        downloads = {}
        if self.tables.hostile and (where := self._perhaps("part", URL_FIELDS, plain=2)):
            values.lay(video, where, "{download_url:part}")
            downloads = {"part": WRONG_FILM}
            self._say(f"{where} names a clip all the same")
        return "failed", State(video, downloads=_links(video, downloads))

    # --- the good end ---

    def _completed(self) -> State:
        video: dict[str, Any] = {"status": "completed"}
        poll: _Answers = ()
        if "polling" in self.turns:
            self._odd_end(video, Phase.SUCCEEDED)
            missed = self._perhaps("missed", self.tables.polls)
            poll = self._troubles([missed] if missed else [], " at the end")
        if "urls" in self.turns:
            self._urls(video)
        elif "content" in self.turns and self._pick("no URL", _OFTEN):
            self._say("There is no URL")
        else:
            self.places = [_Place("video_url", "{download_url}", "", sound=True)]
            video["video_url"] = "{download_url}"
        downloads = self._downloads()
        download = downloads.pop("", ())
        content, more = self._content()
        return State(
            video,
            poll=poll,
            content=content,
            download=download,
            downloads=_links(video, {**self.preview, **downloads, **more}, (*content, *download)),
        )

    def _urls(self, video: dict[str, Any]) -> None:
        """Lay result URLs into the document, in any of the places or in none, and what stands in the others."""
        nowhere = self._pick("nowhere", (*[False] * 5, True))
        one = self._pick("one URL", _SELDOM)
        drawn = {place: self._pick(place, self.tables.places[place]) for place in self.order}
        linked = {place: form for place, form in drawn.items() if isinstance(form, Form) and not nowhere}
        # Of four places that are drawn each for itself, one is hardly ever the only one.
        only = self._perhaps("only", self.order, plain=2)
        if only in linked:
            linked = {only: linked[only]}
        one = one and len(linked) > 1
        for row in drawn.values():
            # What the documented object does not have need not be taken away from it.
            if not isinstance(row, Form) and row[0].partition(".")[0] not in video and row not in _NOT_THERE:
                values.lay(video, *row)
                self._say(replies.told(*row))
        for place, form in linked.items():
            link = "" if one or len(linked) == 1 else place.partition(".")[0]
            written = form.pattern.format(f":{link}" if link else "")
            self.places.append(_Place(place, written, link if "{download_" in written else None, form.sound))
            values.lay(video, place, written)
            if form.words:
                self._say(f"{place} holds a URL {form.words}")
        if len(linked) > 1:
            self._say(f"{_listed(linked)} hold {'the same URL' if one else 'a URL each'}")
        elif linked.keys() != {"video_url"}:
            self._say(f"The URL is in {_listed(linked)}" if linked else "There is no URL")
        decoy = self._perhaps("decoy", self.tables.decoys) if self.tables.hostile else None
        if decoy is not None and decoy[0] not in video:
            values.lay(video, *decoy)
            self._say(f"{decoy[0]} names another clip")

    def _downloads(self) -> dict[str, _Answers]:
        """What the links answer, by link."""
        made: dict[str, _Answers] = {}
        links = [place.link for place in self.places]
        better = False  # is there a URL before it that gives the clip?
        for place in self.places:
            link = place.link
            if link is None or link in made:
                pass
            elif better and links.count(link) == 1 and self.tables.hostile and self._pick(f"{link} is wrong", _SELDOM):
                # Only behind a URL that gives the clip: else nobody could know which clip is right.
                made[link] = WRONG_FILM
                place.sound = False
                self._say(f"{place.field} leads to another clip")
            elif "download" in self.turns and (way := self._trouble(link, links.count(link))):
                again = self._pick(f"{link} again", _SELDOM) and not way.good
                subject = "The URL" if len(set(links)) == 1 else f"The URL in {place.field}"
                self._say(f"{subject} {way.words}{', then has the clip' if again else ''}")
                made.update({link: (way.reply, CLIP) if again else (way.reply,), **way.links})
                for same in self.places:
                    same.sound = same.sound and (same.link != link or way.good)
            better = better or place.sound
        if "download" in self.turns and links and self.tables.hostile:
            self._key(self._perhaps("key", ("lenient", "bearer")))
        return made

    def _trouble(self, link: str, fields: int) -> Way | None:
        """What is wrong with a link that so many fields hold."""
        way = self._perhaps(f"trouble at {link}", self.tables.downloads, plain=1)
        # Whoever comes to the same URL in the next field has not asked again too soon.
        return None if way is not None and fields > 1 and "Retry-After" in way.reply.headers else way

    def _key(self, manners: str | None) -> None:
        if manners is None:
            return
        self.options["download_auth"] = manners
        self._say(f"The download host {'wants the key' if manners == 'bearer' else 'does not mind the key'}")
        for place in self.places:
            place.sound = place.sound and manners != "bearer"

    def _content(self) -> tuple[_Answers, Mapping[str, _Answers]]:
        """What /content answers, where a client comes to it, and the links that are named on the way."""
        if "content" not in self.turns:
            return (), {}
        if any(place.sound for place in self.places):
            # Who knows of the field has the clip; only where it is the one, as /content may be asked after any failure.
            if len(self.places) > 1 or not self._pick("content is empty", _OFTEN):
                return (), {}
            self._say("/content has no clip")
            return (ReplyTemplate(status=404),), {}
        ways = self._several("content", self.tables.contents, 3)
        if not ways:
            return (), {}
        # A clip that never comes is the lesser half of what there is to see.
        again = self._pick("content again", _HALF) and not ways[-1].good
        self._say(f"/content {_listed(way.words for way in ways)}{', then has the clip' if again else ''}")
        links = {link: answers for way in ways for link, answers in way.links.items()}
        return (*(way.reply for way in ways), *([CLIP] if again else [])), links


# Fields that the documented object does not have.
_NOT_THERE: tuple[Row, ...] = (("output", OMIT), ("url", OMIT), ("detail", OMIT))


def _joined(pending: Mapping[str, State], end: str, last: State) -> dict[str, State]:
    """The states in their order, each leading to the next one."""
    following = [*list(pending)[1:], end]
    led = {
        name: replace(state, next=tuple(replace(way, state=after) for way in state.next))
        for (name, state), after in zip(pending.items(), following, strict=False)
    }
    return {**led, end: last}


def _links(video: Mapping[str, Any], made: Mapping[str, _Answers], answers: _Answers = ()) -> dict[str, _Answers]:
    """The replies of a state's links, with that of the decoy where it is named."""
    named = f"{{download_url:{replies.DECOY_LINK}}}" in repr((video, made, answers))
    return {**made, **({replies.DECOY_LINK: WRONG_FILM} if named else {})}


def _listed(parts: Any) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


# --- how an example is shown ------------------------------------------------------------------------------------------


def _shown(scenario: Scenario, printer: Any, cycle: bool) -> None:
    """As the file that it would be, in a call of `scenario_file.read` that makes the scenario again."""
    text = write_scenario(scenario)
    raw = "r" if "\\" in text else ""
    written = repr(text) if '"""' in text else f'{raw}"""\n{text}"""'
    printer.text(f"read_scenario({written}, name={scenario.name!r})")


for_type_by_name("video_mockserver.scenario.model", "Scenario", _shown)
