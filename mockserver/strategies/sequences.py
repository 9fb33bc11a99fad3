"""Sequences: a client's calls interleaved with what befalls the service, as a state machine to inherit from.

    class MyMachine(ClientMachine):
        def start(self, base_url, api_key): self.client = MyClient(base_url, api_key)
        def create(self): return self.client.create()
        def poll(self, task_id): return self.client.status(task_id)
        def fetch(self, task_id): return self.client.download(task_id)

    TestMyClient = MyMachine.TestCase

Needs httpx and respx: the service is in this process.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar
from urllib.parse import parse_qs

from hypothesis import strategies as st
from hypothesis.errors import HypothesisException
from hypothesis.stateful import RuleBasedStateMachine, rule

from ..api.contract import URL_FIELDS, Phase, phase_of
from ..api.dialects import DIALECTS, enveloped
from ..api.messages import Fault, Reply
from ..checking.shared_fakes import video_clock
from ..edges.inprocess.respx import VideoMock
from ..fake.context import RequestContext
from ..fake.responses import json_reply, storage_reply
from ..fake.tasks import Task
from ..judge import anomalies
from ..judge.expectation import case_of
from ..judge.observations import CREATES, POLLS, Case, Outcome
from ..judge.rules.table import RULES
from ..judge.verdict import Terms, Verdict, Violation, judge, new_report
from ..scenario.model import Expect, ReplyTemplate, Scenario, State, Transition

__all__ = ["OUTAGES", "ClientMachine", "Service"]

# What every route answers during an outage: an error, a proxy's page in place of it, a page that says 200, nothing.
OUTAGES = ("503", "502 page", "200 page", "reset")

_PAGE = "<html><body><h1>The service will be back soon</h1></body></html>"
_AT_IT = "it is still at it"
_MOST_REQUESTS = 500  # of one call; one call is one look, or one attempt at the clip

# --- the service ------------------------------------------------------------------------------------------------------

_LIFETIME = 3600.0
_FILMS = ("1280x720-6s", "720x1280-6s", "720x720-6s")  # each task has another: who mixes tasks up is found
_DONE: Mapping[str, Any] = {"status": "completed", "progress": 100}
# How a task can end, each a state: completed with the clip in a place, or there a little later; or failed.
_ENDS: Mapping[str, State] = {
    "video_url": State(video={**_DONE, "video_url": "{download_url}"}),
    "output.url": State(video={**_DONE, "output": {"url": "{download_url}"}}),
    "content": State(video=_DONE),
    "later": State(video=_DONE, content=(ReplyTemplate(status=400),), next=(Transition("content", signal="on"),)),
    "failed": State(video={"status": "failed", "error": {"message": "the render failed", "code": "failed"}}),
}
_LINKED = ("video_url", "output.url")
_MOVING = ("processing", "later")
_EXPECTED = {"failed": Expect("failed"), "cancelled": Expect("failed")}
_CLIP = Expect("clip", (*URL_FIELDS, "content"))


def _script(number: int, end: str, attempt: int) -> Scenario:
    """The script of a machine's task: one poll sees it under way, then it ends; or before, on the signal `on`."""
    under_way = State(
        video={"status": "processing", "progress": 40}, next=(Transition(end, polls=1), Transition(end, signal="on"))
    )
    return Scenario(
        name=f"sequences/task-{number}" + (f"-{attempt}" if attempt != number else ""),
        summary=f"A task that ends as {end}.",
        start="processing",
        states={"processing": under_way, end: _ENDS[end]} | ({"content": _ENDS["content"]} if end == "later" else {}),
        expect=_CLIP,
        clip=_FILMS[(number - 1) % len(_FILMS)],
        link_lifetime=_LIFETIME,
    )


class Runaway(BaseException):
    """A client that does not come back from a call. No Exception, so that it cannot catch it."""


class Service(VideoMock):
    """A fake without sockets that can be out of order, and restart.

    - `outage`: what every route answers meanwhile, one of `OUTAGES`; None: it is well. Tasks go on during an outage.
    - `restarting`: the next request is carried out, but its connection dies before the answer.
    - `asked`: requests since the machine last called the client.
    """

    outage: str | None = None
    restarting = False
    asked = 0

    def __init__(self, **options: Any) -> None:
        super().__init__(intercept=self._answered, **options)

    @property
    def is_well(self) -> bool:
        """Whether the next request will be answered as it should be."""
        return self.outage is None and not self.restarting

    def _answered(self, context: RequestContext, answer: Callable[[], Reply]) -> Reply:
        self.asked += 1
        if self.asked > _MOST_REQUESTS:
            raise Runaway
        if self.outage is not None:
            self._note(context)
            return self._out_of_order(context, self.outage)
        reply = answer()
        if self.restarting:
            self.restarting = False
            reply.fault = Fault("reset")
        return reply

    def _note(self, context: RequestContext) -> None:
        """Tell the journal what was asked for, although nobody carries it out."""
        id = context.path_params.get("task_id") or parse_qs(context.request.query).get("id", [""])[-1]
        context.task = self.find_task(id)
        context.state = context.task.state if context.task is not None else None

    def _out_of_order(self, context: RequestContext, outage: str) -> Reply:
        if outage.endswith("page"):
            return Reply(int(outage[:3]), (("content-type", "text/html; charset=utf-8"),), _PAGE.encode())
        if context.request.host == "download":
            reply = storage_reply(503)
        else:
            error = DIALECTS[self.settings.dialect].errors["server_error"]
            message = error.message.format(phrase="Service Unavailable", request_id="outage")
            reply = json_reply(enveloped(error, message), 503)
        if outage == "reset":
            reply.fault = Fault("reset")
        return reply


# --- the client -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Wish:
    """A task that the client made: what it takes it for, and whether it has the clip."""

    task: Task
    told: Phase = Phase.PENDING
    has_clip: bool = False


@dataclass(frozen=True, slots=True)
class _Event:
    """Something that can happen: whether it can now, how it is done, how often as compared with others."""

    possible: Callable[[], bool]
    happen: Callable[[], None]
    weight: int = 1


class ClientMachine(RuleBasedStateMachine):
    """A client's calls in every order, while its tasks go on, links expire, and the service fails and restarts.

    To be overridden, as plain functions or as coroutines, which share one event loop:

    - `start(base_url, api_key)`: make the client; `stop()`: close it.
    - `create()`: one wish. Returns the task's id.
    - `poll(task_id)`: one look. Returns what the client makes of it: the status, or an object or dict that has it.
    - `fetch(task_id)`: the clip as bytes, of a task that `poll` has said is completed.

    A call that fails raises, and is made again later; time passes between calls, and sleeps cost none. After each step
    the contract is judged. While the service is well, no call may raise, except where the task has failed.

    - `failures`: exceptions of `poll` that say that the task has failed; any other says that this look told nothing.
    - `terms`: what the client is held to; `options`: those of `VideoMock`, such as `dialect` or `base_url`.
    - `outages`: which there may be, of `OUTAGES`; `most_tasks`: how many wishes; `pause`: seconds before each poll.

    `self.service` is the fake, `self.clock` its clock.
    """

    failures: ClassVar[tuple[type[Exception], ...]] = ()
    terms: ClassVar[Terms] = Terms()
    options: ClassVar[Mapping[str, Any]] = {}
    outages: ClassVar[tuple[str, ...]] = OUTAGES
    most_tasks: ClassVar[int] = 2
    pause: ClassVar[float] = 5.0

    def __init__(self) -> None:
        super().__init__()
        self._wishes: dict[int, _Wish] = {}
        self._tried = 0
        self._paid_for = 0
        self._events = dict(self._all_events())
        with ExitStack() as opened:  # what was opened is closed where the client cannot be made
            self.clock = opened.enter_context(video_clock())
            self.service = Service(**{**self.options, "clock": self.clock})
            opened.enter_context(self.service)
            self._loop = opened.enter_context(closing(asyncio.Runner()))  # without coroutines no loop is made
            self._awaited(self.start(self.service.base_url, self.service.api_key))
            opened.callback(lambda: self._awaited(self.stop()))
            self._opened = opened.pop_all()

    def teardown(self) -> None:
        """Close everything that the machine opened."""
        self._opened.close()

    # --- what a test says ---

    def start(self, base_url: str, api_key: str) -> Any:
        """Make the client."""
        raise NotImplementedError("say how your client is made: def start(self, base_url, api_key)")

    def create(self) -> Any:
        """Make one task; returns its id."""
        raise NotImplementedError("say how your client makes a task: def create(self)")

    def poll(self, task_id: str) -> Any:
        """Look at a task once; returns what the client makes of it."""
        raise NotImplementedError("say how your client looks at a task: def poll(self, task_id)")

    def fetch(self, task_id: str) -> Any:
        """Get the clip of a completed task, as bytes."""
        raise NotImplementedError("say how your client gets the clip: def fetch(self, task_id)")

    def stop(self) -> Any:
        """Close the client."""

    def phase(self, told: Any) -> Phase:
        """What the client takes the task for, by what `poll` returned: a status, an object or dict with one, None."""
        if isinstance(told, Mapping):
            told = told.get("status")
        elif not isinstance(told, str):
            told = getattr(told, "status", None)
        return phase_of(told)

    # --- what happens ---

    # One rule for all. Of several, Hypothesis leaves some out of each sequence, and where the client's own calls are
    # left out nothing is tested. The table stays the same, so that a step can be taken out without changing another.
    @rule(what=st.runner().flatmap(lambda machine: machine.what_can_happen()))
    def then(self, what: str) -> None:
        """The next thing happens."""
        self._events[what].happen()

    def what_can_happen(self) -> st.SearchStrategy[str]:
        """The names of what can happen next."""
        names = [name for name, event in self._events.items() for _ in range(event.weight)]
        return st.sampled_from(names).filter(lambda what: self._events[what].possible())

    def _all_events(self) -> Iterator[tuple[str, _Event]]:
        for number in range(1, self.most_tasks + 1):
            for end in self._ends():
                yield (
                    f"client creates task {number}: {end}",
                    _Event(partial(self._can_create, number), partial(self.client_creates, number, end)),
                )
            told = partial(self._is_told, number)
            polls, fetches = partial(self.client_polls, number), partial(self.client_fetches, number)
            yield f"client polls task {number}", _Event(partial(told, Phase.PENDING), polls, 4)
            yield f"client fetches task {number}", _Event(partial(told, Phase.SUCCEEDED), fetches, 4)
            yield f"task {number} moves", _Event(partial(self._can_move, number), partial(self.task_moves, number))
        yield "links expire", _Event(lambda: bool(self._linked()), self.links_expire, 4)
        for kind in self.outages:
            yield f"outage begins: {kind}", _Event(lambda: True, partial(self.outage_begins, kind))
        yield "outage ends", _Event(lambda: True, self.outage_ends, 3)
        yield "service restarts", _Event(lambda: True, self.service_restarts)

    def _ends(self) -> list[str]:
        """The ends that the dialect has; only the default one has URLs in the four places."""
        plain = self.options.get("dialect", "octopusx") == "octopusx"
        return [end for end in _ENDS if plain or end != "output.url"]

    def _can_create(self, number: int) -> bool:
        return number == len(self._wishes) + 1

    def _is_told(self, number: int, phase: Phase) -> bool:
        wish = self._wishes.get(number)
        return wish is not None and wish.told is phase and not wish.has_clip

    def _can_move(self, number: int) -> bool:
        wish = self._wishes.get(number)
        return wish is not None and wish.task.state in _MOVING

    def _linked(self) -> list[Task]:
        """The tasks whose URL the client was told, and may still want."""
        return [
            wish.task
            for wish in self._wishes.values()
            if wish.told is Phase.SUCCEEDED and not wish.has_clip and wish.task.state in _LINKED
        ]

    # --- what the client does ---

    def client_creates(self, task: int, end: str) -> None:
        """A wish; `end` is what will come of it."""
        self._tried += 1
        self.service.use(_script(task, end, self._tried))
        was_well = self.service.is_well
        id, error = self._ask(self.create)
        self._hold(1)
        if error is not None:
            if was_well:
                raise error
            return
        if not isinstance(id, str):
            raise TypeError(f"create() is to return the id of the task, not {id!r}")
        made = self.service.find_task(id)
        if made is None:
            raise AssertionError(f"create() returned {id!r}, an id that the service never gave")
        self._wishes[task] = _Wish(made)

    def client_polls(self, task: int) -> None:
        """One look at a task."""
        wish = self._wishes[task]
        self.clock.advance(self.pause)
        was_well = self.service.is_well
        said, error = self._ask(self.poll, wish.task.id)
        case = self._case(wish, Outcome("unknown", _AT_IT))
        end = case.ending.phase if case.ending is not None else Phase.PENDING
        if error is None:
            wish.told = self.phase(said)
        elif isinstance(error, self.failures) or end is Phase.FAILED:
            wish.told = Phase.FAILED
        elif was_well:
            raise error
        if wish.told is Phase.FAILED:
            words = f"poll {f'returned {said!r}' if error is None else f'raised {error!r}'}"
            self._judge(self._case(wish, Outcome("reported", words)))
        elif wish.told is Phase.SUCCEEDED and end is not Phase.SUCCEEDED:
            self._break(case, "poll-to-end", "the client took the task for completed, and no reply had said so")
        self._hold()

    def client_fetches(self, task: int) -> None:
        """An attempt at the clip of a task that the client knows is completed."""
        wish = self._wishes[task]
        can_be_had = self.service.is_well and wish.task.state != "later"
        clip, error = self._ask(self.fetch, wish.task.id)
        if error is None:
            if not isinstance(clip, bytes | bytearray | None):
                raise TypeError(f"fetch() is to return the clip as bytes, not {clip!r}")
            wish.has_clip = True
            outcome = Outcome("delivered", "fetch returned", None if clip is None else bytes(clip))
        else:
            outcome = Outcome("reported", f"fetch raised {error!r}")
        # What came of it first: that says more than what went over the wire alone.
        case = self._case(wish, outcome)
        self._judge(case)
        if error is not None and can_be_had:
            self._break(case, "deliver", f"the service was well and had the clip, and fetch raised {error!r}", error)
        self._hold()

    # --- what befalls the service ---

    def task_moves(self, task: int) -> None:
        """To its end without a poll, or to the clip that was to come later."""
        self.service.signal(self._wishes[task].task, "on")

    def links_expire(self) -> None:
        """Every URL that was told is dead; who asks again is told a new one."""
        self.clock.advance(_LIFETIME + 1)
        for task in self._linked():
            self.service.move(task, task.state)

    def outage_begins(self, kind: str) -> None:
        """Nothing works any more."""
        self.service.outage = kind

    def outage_ends(self) -> None:
        """Everything works (again); no task was lost."""
        self.service.outage = None

    def service_restarts(self) -> None:
        """The next request gets through, its answer does not."""
        self.service.restarting = True

    # --- the contract ---

    # No @invariant, though it is one: Hypothesis would write it between any two steps of a sequence. Only the client's
    # calls can break it, so that it is looked at after each of them.
    def _hold(self, wishes: int = 0) -> None:
        """Judge what went over the wire so far, and the bill by the wishes of the last call."""
        for wish in self._wishes.values():
            self._judge(self._case(wish, Outcome("unknown", _AT_IT)))
        made = len(self.service.bill) - self._paid_for
        self._paid_for += made
        if made > wishes:
            creates = [each for each in self.service.journal if each.operation in CREATES and each.task_id is not None]
            case = replace(self._whole_case(Outcome("unknown", _AT_IT)), exchanges=list(self.service.journal))
            what = f"made {made} tasks for one wish" if wishes else "made a task that nobody wished for"
            self._break(case, "one-task", f"the client {what}", exchange=creates[-1].number)

    def _whole_case(self, outcome: Outcome, task: Task | None = None) -> Case:
        task = task or self.service.bill[-1]
        expect = _EXPECTED.get(task.state, _CLIP)
        return case_of(self.service, task.scenario, expect, outcome, terms=self.terms, given=None)

    def _case(self, wish: _Wish, outcome: Outcome) -> Case:
        """What the client did about one wish."""
        task = wish.task
        case = self._whole_case(outcome, task)
        film = self.service.read_clip(task.clip)
        own = [
            exchange
            for exchange in case.exchanges
            # What asks for no task at all may be about this one; a create without a task is another wish.
            if exchange.task_id == task.id or (exchange.task_id is None and exchange.operation not in CREATES)
        ]
        others = [other for other in case.clips if other != film]
        case = replace(case, exchanges=own, clips=[film], other_clips=[*case.other_clips, *others], bill=1)
        end = case.ending
        if end is None:
            return case
        # Looks for a new URL that came to nothing are no polling on.
        after = end.exchange.number
        left_out = {
            each.number
            for each in own
            if each.number > after and each.operation in POLLS and anomalies.is_bad_reply(case, each)
        }
        return replace(case, exchanges=[each for each in own if each.number not in left_out])

    def _judge(self, case: Case) -> None:
        self._report(judge(case, self.terms))

    def _break(
        self, case: Case, rule: str, message: str, error: Exception | None = None, *, exchange: int | None = None
    ) -> None:
        """Say that a promise was broken which the rules alone, without the machine's knowledge, cannot see broken."""
        broken = RULES[rule]
        if broken in self.terms.rules():
            last = case.last.number if case.last is not None else None
            found = Violation(broken, self.terms.level_of(broken), message, last if exchange is None else exchange)
            self._report(Verdict(case.scenario, case.expect, case.outcome, (found,), case.exchanges, "fail"), error)

    def _report(self, verdict: Verdict, error: Exception | None = None) -> None:
        if verdict.violations:
            report = new_report(
                type(self).__name__, self.terms, {}, self.clock.now(),
                flow="create", seed=self.service.settings.seed, timeout=0.0, speed=1.0,
            )  # fmt: skip
            report.verdicts.append(verdict)
            try:
                report.raise_for_violations()
            except AssertionError as broken:
                raise broken from error

    # --- calls ---

    def _ask(self, hook: Callable[..., Any], *arguments: str) -> tuple[Any, Exception | None]:
        """Call the client: what it returned, or the exception by which it says that it could not."""
        self.service.asked = 0
        try:
            return self._awaited(hook(*arguments)), None
        except (AssertionError, HypothesisException, NotImplementedError):
            raise  # the test's own
        except Runaway:
            why = f"{hook.__name__}() had sent {_MOST_REQUESTS} requests and did not come back: a call is one attempt"
            raise AssertionError(why) from None
        except Exception as error:
            return None, error

    def _awaited(self, answer: Any) -> Any:
        if not inspect.isawaitable(answer):
            return answer

        async def wait() -> Any:
            return await answer

        return self._loop.run(wait())
