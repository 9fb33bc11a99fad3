"""Strategies for whole scenarios: the states of a task, what can go wrong on each route, and what a client must do.

What is expected is found out by the reference client (`judge.reference_client`), never repeated here.
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
from .replies import CLIP, OTHER_CLIP, Row, Tables, UrlForm, Variant

__all__ = ["ASPECTS", "Aspect", "scenarios"]

Aspect = Literal["polling", "urls", "download", "content", "failure"]
# What can be explored: the path to its end, where the result is, its URLs, `/content`, and bad ends.
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

    `DOCUMENTED` has only what the documentation and the gateway say; `HOSTILE` what else networks, proxies and
    mistakes make of it. Raises ValueError for an aspect or an order that does not exist.
    """
    asked: tuple[str, ...] = (explore,) if isinstance(explore, str) else tuple(explore)
    wrong = [aspect for aspect in asked if aspect not in ASPECTS]
    if wrong:
        raise ValueError(f"explore: unknown aspect {', '.join(map(repr, wrong))} (available: {', '.join(ASPECTS)})")
    if order not in ORDERS:
        raise ValueError(f"order: {order!r} is neither URL_FIELDS nor URL_FIELDS_TABLE_READING")
    return _scenarios(Variety(variety), tuple(aspect for aspect in ASPECTS if aspect in asked), order)


@cache
def _scenarios(variety: Variety, explored: tuple[Aspect, ...], order: tuple[str, ...]) -> st.SearchStrategy[Scenario]:
    tables, choices = Tables(variety), _Choices()

    @st.composite
    def drawn(draw: st.DrawFn) -> Scenario:
        return _ScenarioBuilder(draw, choices, tables, explored, order).scenario()

    return drawn()


@dataclass(frozen=True)
class _Wait:
    """A state before the end: its status, odd fields, how long it lasts, what the query answers instead of the task."""

    status: Any = "processing"
    odd: Sequence[Row] = ()
    lasts: Transition = _LASTS[0]
    instead: Sequence[Variant] = ()


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
            instead = st.lists(self.of("answered while waiting", tables.polls), max_size=3)
            wait = st.builds(
                _Wait,
                status=self.of("status while waiting", tables.words[Phase.PENDING]),
                odd=odd if tables.hostile else st.just([]),
                lasts=self.of("lasts", _LASTS),
                instead=instead,
            )
            self._made["waits"] = st.lists(wait, min_size=1, max_size=3)
        return self._made["waits"]


# Ids that a client must not change, and must percent-encode; the documented one first.
_IDS = ("grok:48A6-7431", "Task_4F/7a?part=1#50%")

# How often something other than the usual case is drawn.
_SELDOM = (False, False, False, True)
_HALF = (False, True)
_OFTEN = (False, True, True)


@dataclass
class _Place:
    """A result URL in the completed document: its field, its link ("" for the unnamed one), and whether it works."""

    field: str
    written: str
    link: str | None
    works: bool


@dataclass
class _ScenarioBuilder:
    """Builds one scenario: its states, and a summary in sentences."""

    draw: st.DrawFn
    choices: _Choices
    tables: Tables
    explored: tuple[Aspect, ...]
    order: tuple[str, ...]
    active: set[Aspect] = field(default_factory=set)
    sentences: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    places: list[_Place] = field(default_factory=list)
    preview: Mapping[str, _Answers] = field(default_factory=dict)

    def scenario(self) -> Scenario:
        """The scenario, named and with what is expected."""
        # Each aspect is explored or not: a scenario of everything at once would hide most of it.
        # A bad end leaves no room for what a good one could show.
        failure = _SELDOM if len(self.explored) > 2 else _HALF
        self.active = {
            aspect
            for aspect in self.explored
            if len(self.explored) == 1 or self._pick(f"explore {aspect}", failure if aspect == "failure" else _OFTEN)
        }
        ids = _IDS if self.tables.hostile else _IDS[:1]
        if "polling" in self.active and (id := self._perhaps("task id", ids)):
            self.options["task_id"] = id
            self._describe(f"The task's id is {id!r}")
        states = dict(self._pending())
        waited = len(states) > 1 or bool(self.sentences)
        end = self._bad_end() if "failure" in self.active else ("completed", self._completed())
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

    def _describe(self, sentence: str) -> None:
        self.sentences.append(f"{sentence}.")

    # --- before the end ---

    def _pending(self) -> Iterator[tuple[str, State]]:
        """The states before the end; where each leads to is set later."""
        waits = self.draw(self.choices.waits(self.tables)) if "polling" in self.active else [_Wait()]
        names = [*("queued", "waiting")[: len(waits) - 1], "processing"]
        for name, wait in zip(names, waits, strict=True):
            yield name, self._waiting(name, wait, first=wait is waits[0], last=wait is waits[-1])

    def _waiting(self, name: str, wait: _Wait, *, first: bool, last: bool) -> State:
        video: dict[str, Any] = {"status": "queued" if name == "queued" else "processing"}
        instead, lasts = wait.instead, wait.lasts
        if "polling" in self.active:
            rows = list(wait.odd)
            if last and self.tables.hostile and (early := self._perhaps("early", self.tables.early)):
                rows.append(early)
            # The first state is what a create shows: without the id nobody could ask on.
            self._odd(video, wait.status, [row for row in rows if not (first and row[0] == "id")], f"While {name}")
            if first and (unknown := self._perhaps("unknown at first", self.tables.unknown)):
                # Once: a task that stays unknown may be given up.
                instead = [unknown, *instead]
        poll = self._answered_instead(instead)
        if poll and lasts.polls is not None:
            lasts = replace(lasts, polls=lasts.polls + len(poll) - 1)
        downloads = {}
        if last and "urls" in self.active and self.tables.hostile and (where := self._perhaps("preview", URL_FIELDS)):
            values.put(video, where, "{download_url:preview}")
            downloads = self.preview = {"preview": OTHER_CLIP}
            self._describe(f"{where} has the URL of another clip while {name}")
        return State(video, poll=poll, downloads=_links(video, downloads), next=(lasts,))

    def _answered_instead(self, variants: Sequence[Variant], when: str = "") -> _Answers:
        """What the query answers instead of the task for a while."""
        if not variants:
            return ()
        self._describe(f"The query {_listed(variant.description for variant in variants)}, then goes on{when}")
        return (*(variant.reply for variant in variants), ReplyTemplate())

    def _odd(self, video: dict[str, Any], status: Any, rows: Sequence[Row], when: str) -> None:
        """Put another status and other odd fields into a document."""
        odd = {place: value for place, value in rows if place not in video}
        # The usual documented status is not worth a sentence.
        if status != "processing" and status != video["status"]:
            odd = {"status": status, **odd}
        for place, value in odd.items():
            values.put(video, place, value)
        if odd:
            self._describe(f"{when} {_listed(replies.described(place, value) for place, value in odd.items())}")

    def _odd_end(self, video: dict[str, Any], phase: Phase) -> None:
        status = self._pick(f"status {phase}", self.tables.words[phase])
        rows = self._several(f"odd {phase}", self.tables.odd[phase], 3) if self.tables.hostile else []
        self._odd(video, status, rows, "At the end")

    def _at_once(self, last: State) -> bool:
        """Whether the task is never seen under variant."""
        # A create would show the document of the end, and without the id nobody could ask on.
        if not self.active & {"polling", "failure"} or self.options.get("never_ends") or "id" in last.video:
            return False
        at_once = self._pick("at once", _SELDOM)
        if at_once:
            self._describe("The task is never seen under variant")
        return at_once

    # --- bad ends ---

    def _bad_end(self) -> tuple[str, State]:
        if (
            variant := self._perhaps("endless", self.tables.endless * 2, plain=3)
            if self._pick("bad", _SELDOM)
            else None
        ):
            self.options["never_ends"] = True
            self._describe(f"The query {variant.description} forever")
            return "stuck", State(
                {"status": "processing"}, poll=() if variant.reply == ReplyTemplate() else (variant.reply,)
            )
        video: dict[str, Any] = {"status": "failed"}
        self._describe("The task fails")
        self._odd_end(video, Phase.FAILED)
        message = self._perhaps("reason", values.DOCUMENTED_MESSAGES, plain=2)
        if "error" not in video and message is not None:
            video["error"] = {"message": message, "code": "generation_error"}
        downloads = {}
        if self.tables.hostile and (where := self._perhaps("part", URL_FIELDS, plain=2)):
            values.put(video, where, "{download_url:part}")
            downloads = {"part": OTHER_CLIP}
            self._describe(f"{where} has a URL all the same")
        return "failed", State(video, downloads=_links(video, downloads))

    # --- the good end ---

    def _completed(self) -> State:
        video: dict[str, Any] = {"status": "completed"}
        poll: _Answers = ()
        if "polling" in self.active:
            self._odd_end(video, Phase.SUCCEEDED)
            missed = self._perhaps("missed", self.tables.polls)
            poll = self._answered_instead([missed] if missed else [], " at the end")
        if "urls" in self.active:
            self._urls(video)
        elif "content" in self.active and self._pick("no URL", _OFTEN):
            self._describe("There is no URL")
        else:
            self.places = [_Place("video_url", "{download_url}", "", works=True)]
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
        """Put result URLs into the document, in any of the fields or in none, and other values into the rest."""
        nowhere = self._pick("nowhere", (*[False] * 5, True))
        one = self._pick("one URL", _SELDOM)
        drawn = {place: self._pick(place, self.tables.places[place]) for place in self.order}
        linked = {place: form for place, form in drawn.items() if isinstance(form, UrlForm) and not nowhere}
        # Of four places that are drawn each for itself, one is hardly ever the only one.
        only = self._perhaps("only", self.order, plain=2)
        if only in linked:
            linked = {only: linked[only]}
        one = one and len(linked) > 1
        for row in drawn.values():
            # What the documented object does not have need not be removed.
            if not isinstance(row, UrlForm) and row[0].partition(".")[0] not in video and row not in _NOT_THERE:
                values.put(video, *row)
                self._describe(replies.described(*row))
        for place, form in linked.items():
            link = "" if one or len(linked) == 1 else place.partition(".")[0]
            written = form.pattern.format(f":{link}" if link else "")
            self.places.append(_Place(place, written, link if "{download_" in written else None, form.works))
            values.put(video, place, written)
            if form.description:
                self._describe(f"{place} holds a URL {form.description}")
        if len(linked) > 1:
            self._describe(f"{_listed(linked)} hold {'the same URL' if one else 'a URL each'}")
        elif linked.keys() != {"video_url"}:
            self._describe(f"The URL is in {_listed(linked)}" if linked else "There is no URL")
        decoy = self._perhaps("decoy", self.tables.decoys) if self.tables.hostile else None
        if decoy is not None and decoy[0] not in video:
            values.put(video, *decoy)
            self._describe(f"{decoy[0]} has the URL of another clip")

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
                made[link] = OTHER_CLIP
                place.works = False
                self._describe(f"{place.field} leads to another clip")
            elif "download" in self.active and (variant := self._broken_link(link, links.count(link))):
                again = self._pick(f"{link} again", _SELDOM) and not variant.has_clip
                subject = "The URL" if len(set(links)) == 1 else f"The URL in {place.field}"
                self._describe(f"{subject} {variant.description}{', then has the clip' if again else ''}")
                made.update({link: (variant.reply, CLIP) if again else (variant.reply,), **variant.links})
                for same in self.places:
                    same.works = same.works and (same.link != link or variant.has_clip)
            better = better or place.works
        if "download" in self.active and links and self.tables.hostile:
            self._key(self._perhaps("key", ("lenient", "bearer")))
        return made

    def _broken_link(self, link: str, fields: int) -> Variant | None:
        """What is wrong with a link that so many fields hold."""
        variant = self._perhaps(f"broken link {link}", self.tables.downloads, plain=1)
        # Whoever comes to the same URL in the next field has not asked again too soon.
        return None if variant is not None and fields > 1 and "Retry-After" in variant.reply.headers else variant

    def _key(self, download_auth: str | None) -> None:
        if download_auth is None:
            return
        self.options["download_auth"] = download_auth
        self._describe(f"The download host {'requires the key' if download_auth == 'bearer' else 'ignores the key'}")
        for place in self.places:
            place.works = place.works and download_auth != "bearer"

    def _content(self) -> tuple[_Answers, Mapping[str, _Answers]]:
        """What /content answers, where a client comes to it, and the links that are named on the variant."""
        if "content" not in self.active:
            return (), {}
        if any(place.works for place in self.places):
            # Who knows of the field has the clip; only where it is the one, as /content may be asked after any failure.
            if len(self.places) > 1 or not self._pick("content is empty", _OFTEN):
                return (), {}
            self._describe("/content has no clip")
            return (ReplyTemplate(status=404),), {}
        variants = self._several("content", self.tables.contents, 3)
        if not variants:
            return (), {}
        # A clip that never comes is the lesser half of what there is to see.
        again = self._pick("content again", _HALF) and not variants[-1].has_clip
        self._describe(
            f"/content {_listed(variant.description for variant in variants)}{', then has the clip' if again else ''}"
        )
        links = {link: answers for variant in variants for link, answers in variant.links.items()}
        return (*(variant.reply for variant in variants), *([CLIP] if again else [])), links


# Fields that the documented object does not have.
_NOT_THERE: tuple[Row, ...] = (("output", OMIT), ("url", OMIT), ("detail", OMIT))


def _joined(pending: Mapping[str, State], end: str, last: State) -> dict[str, State]:
    """The states in their order, each leading to the next one."""
    following = [*list(pending)[1:], end]
    led = {
        name: replace(state, next=tuple(replace(transition, state=after) for transition in state.next))
        for (name, state), after in zip(pending.items(), following, strict=False)
    }
    return {**led, end: last}


def _links(video: Mapping[str, Any], made: Mapping[str, _Answers], answers: _Answers = ()) -> dict[str, _Answers]:
    """The replies of a state's links, with that of the decoy where it is used."""
    named = f"{{download_url:{replies.DECOY_LINK}}}" in repr((video, made, answers))
    return {**made, **({replies.DECOY_LINK: OTHER_CLIP} if named else {})}


def _listed(parts: Any) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


# --- how an example is shown ------------------------------------------------------------------------------------------


def _print_scenario(scenario: Scenario, printer: Any, cycle: bool) -> None:
    """As the file that it would be, in a call of `read_scenario` that makes the scenario again."""
    text = write_scenario(scenario)
    raw = "r" if "\\" in text else ""
    written = repr(text) if '"""' in text else f'{raw}"""\n{text}"""'
    printer.text(f"read_scenario({written}, name={scenario.name!r})")


for_type_by_name("video_mockserver.scenario.model", "Scenario", _print_scenario)
