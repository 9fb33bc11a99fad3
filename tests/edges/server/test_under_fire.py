"""The fake under its own fire: drawn requests, drawn scenarios and many threads, against what the fake promises."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import checks

from support import asking
from support.asking import ORIGINS, at_once
from support.fakes import Scenarios, make_fake
from support.scenario_strategies import scenarios
from support.sockets import PATIENCE
from video_mockserver.api.dialects import DIALECTS
from video_mockserver.api.messages import Reply
from video_mockserver.api.routing import routes_for
from video_mockserver.edges.server.openapi.document import openapi_document
from video_mockserver.edges.server.video_server import VideoServer
from video_mockserver.fake import views
from video_mockserver.fake.clock import ManualClock
from video_mockserver.fake.fake import Fake
from video_mockserver.fake.tasks import Task
from video_mockserver.judge.observations import POLLS
from video_mockserver.scenario import machine
from video_mockserver.scenario.machine import Position
from video_mockserver.scenario.model import ReplyTemplate, Scenario, State, Transition

# --- the served document ----------------------------------------------------------------------------------------------

# What schemathesis checks and the document alone cannot promise:
LEFT_OUT = [
    # A schema cannot say which tasks, fakes and scenarios there are: an unknown id is a good value, and is refused.
    checks.positive_data_acceptance,
    # Its follow-up requests take what they find for what the case made, and deleted tasks for new ones.
    checks.use_after_free,
    checks.ensure_resource_availability,
]
# The service takes more than its pages tell (a duration of no number), and so does a fake that is not strict.
LENIENT = [*LEFT_OUT, checks.negative_data_rejection]

KEY = "sk-under-fire"


def operations(dialect: str) -> Iterator[tuple[str, str]]:
    for path, item in openapi_document(dialect)["paths"].items():
        yield from ((method.upper(), path) for method in item if method != "servers")


@pytest.fixture(scope="module")
def server() -> Iterator[VideoServer]:
    with VideoServer(library=Scenarios()) as server:
        yield server


@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize(
    ("dialect", "method", "path"),
    [
        (dialect, method, path)
        for dialect in DIALECTS
        for method, path in operations(dialect)
        # Control speaks no dialect: once is enough.
        if dialect == "octopusx" or not path.startswith("/_mock")
    ],
)
def test_every_operation_keeps_to_the_document(
    server: VideoServer, dialect: str, method: str, path: str, mode: str
) -> None:
    scenario = at_once() if mode == "positive" else None
    options: dict[str, Any] = {"dialect": dialect, "clock": ManualClock(), "unknown_tasks": "create", "keys": [KEY]}
    with server.fake(scenario, **options) as fake:
        schema = schemathesis.openapi.from_url(f"{fake.origin}/openapi.json")
        operation = schema[path][method]
        modes = schemathesis.GenerationMode
        cases = operation.as_strategy(generation_mode=modes.NEGATIVE if mode == "negative" else modes.POSITIVE)
        base = f"{fake.origin}/_download" if path.startswith("/clips") else None
        if mode == "negative" and not can_be_wrong(operation):
            pytest.skip("nothing of it can be wrong")
        key = {} if path.startswith("/clips") else {"Authorization": f"Bearer {KEY}"}

        @settings(
            max_examples=4, deadline=None, derandomize=True, database=None,
            suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
        )  # fmt: skip
        @given(cases)
        def run(case: schemathesis.Case) -> None:
            reply = case.call(base_url=base, headers=key, timeout=PATIENCE)
            case.validate_response(reply, excluded_checks=LEFT_OUT if path.startswith("/_mock") else LENIENT)

        run()


def can_be_wrong(operation: Any) -> bool:
    """Whether there is anything that a request could have wrong: any text at all is a good segment of a path."""
    return operation.body or any(parameter.location != "path" for parameter in operation.iter_parameters())


# --- any requests, in any order ---------------------------------------------------------------------------------------

_texts = st.text(st.characters(codec="utf-8"), max_size=8)
_names = st.sampled_from(["model", "prompt", "seconds", "size", "video", "id", "after", "limit", "order", "variant"])
_words = (
    st.sampled_from(["", "0", "-1", "1e999", "sora-2", "seedance-1", "asc", "told", "video_told", "m@told"]) | _texts
)
_wishes = st.fixed_dictionaries({"model": _words, "prompt": _words}, optional={"seconds": _words, "size": _words})
_values = st.recursive(st.none() | st.booleans() | st.floats() | _words, lambda inner: st.lists(inner, max_size=2))
_bodies: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    _wishes.map(lambda wish: {"json": wish}),
    _wishes.map(lambda wish: asking.form(**wish)),
    _wishes.map(lambda wish: asking.multipart(*(asking.part(name, value) for name, value in wish.items()))),
    st.dictionaries(_names, _values, max_size=3).map(lambda wish: {"json": wish}),
    _values.map(lambda value: {"json": value}),
    st.tuples(
        st.binary(max_size=20)
        | st.sampled_from([b"{", b"[]", b"--b", b"--b\r\n\r\nx", b"model=%ff&=&prompt", b"\xff\xfe{}"]),
        st.sampled_from(
            ["application/json", "multipart/form-data; boundary=b", "multipart/form-data", "text/plain", "x", "",
             "application/x-www-form-urlencoded", "application/json; charset=utf-16"]
        ),
    ).map(lambda told: {"body": told[0], "content_type": told[1]}),
)  # fmt: skip
_headers = st.lists(
    st.tuples(
        st.sampled_from(["range", "if-none-match", "if-range", "x-mock-scenario", "authorization", "content-length"]),
        _words
        | st.sampled_from(["bytes=0-9", "bytes=-0", "bytes=99999-", "*", "told", "Bearer", "Basic x", "Bearer \xff"]),
    ),
    max_size=2,
)  # fmt: skip
_queries = st.lists(st.tuples(_names, _words), max_size=2).map(
    lambda pairs: "&".join(f"{name}={quote(value)}" for name, value in pairs)
)
_ROUTES = sorted({(route.method, route.path) for dialect in DIALECTS for route in routes_for(dialect)})
_paths = st.one_of(
    st.sampled_from(_ROUTES),
    st.tuples(
        st.sampled_from(["GET", "POST", "DELETE", "PATCH", "HEAD"]), st.sampled_from([path for _, path in _ROUTES])
    ),
    st.tuples(st.sampled_from(["GET", "POST"]), _texts.map(lambda text: "/" + text)),
)  # fmt: skip
# An id: of one of the tasks that there are by then, or any text.
_ids = st.integers(0, 3) | _words
_requests = st.tuples(
    st.just("ask"), _paths, _ids, _queries, _bodies, _headers, st.sampled_from([asking.KEY, asking.KEY, None])
)
_deeds = st.one_of(
    _requests,
    _requests,
    st.tuples(st.just("poll"), st.integers(0, 3)),
    st.tuples(st.just("download"), st.integers(0, 3), _queries | st.just(None)),
    st.tuples(st.just("advance"), st.sampled_from([0.0, 0.001, 1.0, 45.0, 3600.0, 1e6])),
    st.tuples(st.just("signal"), st.integers(0, 3), _words),
    st.tuples(st.just("move"), st.integers(0, 3), st.integers(0, 5)),
    st.tuples(st.just("make"), st.integers(0, 1)),
)


class Range:
    """A fake, what is done to it, and what must be true after each deed."""

    def __init__(self, told: list[Scenario], dialect: str) -> None:
        self.told = told
        self.fake = make_fake(scenarios=told, dialect=dialect)
        self.fake.use(told[0])
        # A 5xx is asked for where a scenario says it; an error without a status is a 500.
        replies = [reply for scenario in told for reply in scripted(scenario)]
        self.asked_for = {reply.status or (500 if reply.error is not None else 200) for reply in replies}
        self.bill: list[Task] = []
        self.ends: dict[str, Position] = {}

    def task(self, index: int) -> Task | None:
        tasks = self.fake.tasks
        return tasks[index % len(tasks)] if tasks else None

    def do(self, deed: tuple[Any, ...]) -> None:
        getattr(self, deed[0])(*deed[1:])
        self.check()

    def ask(
        self, route: tuple[str, str], id: int | str, query: str, body: dict[str, Any], headers: Any, key: str | None
    ) -> None:
        method, path = route
        if isinstance(id, int):
            task = self.task(id)
            id = task.id if task is not None else "none"
        for parameter in ("{task_id}", "{character_id}"):
            path = path.replace(parameter, quote(id, safe=""))
        if "id=" not in query and path == "/v1/video/query":
            query = f"id={quote(id)}&{query}"
        self.send(lambda: asking.ask(self.fake, method, f"{path}?{query}", headers=headers, key=key, **body).reply, id)

    def poll(self, index: int) -> None:
        task = self.task(index)
        if task is not None:
            self.send(lambda: asking.poll(self.fake, task.id).reply, task.id)

    def download(self, index: int, query: str | None) -> None:
        task = self.task(index)
        if task is not None:
            good = self.fake._state.download_path(task, "video")
            path = good if query is None else f"{good.partition('?')[0]}?{query}"
            self.send(lambda: asking.ask(self.fake, "GET", path, key=None, host="download").reply, task.id)

    def send(self, request: Callable[[], Reply], id: str) -> None:
        before = {task.id: task.position for task in self.fake.tasks}
        reply = request()
        exchange = reply.delivery
        assert exchange is not None
        assert exchange is self.fake.journal[-1]
        if reply.status >= 500:
            assert reply.status in self.asked_for, exchange
        if reply.status >= 400 and reply.status not in self.asked_for and exchange.host == "api":
            is_error(reply)
        for task in self.fake.tasks:
            position = before.get(task.id)
            own = task.id == exchange.task_id
            if position is None or (own and exchange.operation not in POLLS):
                continue
            if own and not is_refused(reply):
                # A poll counts once, whatever is answered.
                trigger = machine.Poll(self.fake.clock.now())
                assert task.position == machine.step(task.scenario, position, trigger, task.random_seed), exchange
            else:
                assert task.position == position, exchange

    def advance(self, seconds: float) -> None:
        self.fake.advance(seconds)

    def signal(self, index: int, name: str) -> None:
        task = self.task(index)
        if task is not None:
            assert self.fake.signal(task, name) == task.state

    def move(self, index: int, state: int) -> None:
        task = self.task(index)
        if task is not None:
            states = list(task.compiled.states)
            self.fake.move(task, states[state % len(states)])
            self.ends.pop(task.id, None)

    def make(self, which: int) -> None:
        self.fake.task(self.told[which % len(self.told)])

    def check(self) -> None:
        fake = self.fake
        exchanges = list(fake.journal)
        assert [exchange.number for exchange in exchanges] == list(range(1, len(exchanges) + 1))
        moments = [exchange.at for exchange in exchanges]
        assert moments == sorted(moments)
        assert fake.bill[: len(self.bill)] == self.bill
        self.bill = fake.bill
        for task in fake.tasks:
            assert task.created_at <= task.position.since <= fake.clock.now()
            ended = views.completed_at(task)
            assert ended == 0 or ended >= int(task.created_at)
            fake.document(task, ORIGINS)
            if task.id in self.ends and task.state != "cancelled":
                assert task.position.state == self.ends[task.id].state
                assert task.position.since == self.ends[task.id].since
            if task.ended:
                self.ends.setdefault(task.id, task.position)


def scripted(scenario: Scenario) -> Iterator[ReplyTemplate]:
    yield from scenario.create
    for state in scenario.states.values():
        yield from (*state.poll, *state.content, *state.download)
        for replies in state.downloads.values():
            yield from replies


def is_refused(reply: Reply) -> bool:
    """Whether a scenario named a film that there is none of: nothing of it is carried out."""
    return reply.status == 400 and isinstance(reply.body, bytes) and b'"wrong_scenario"' in reply.body


def is_error(reply: Reply) -> None:
    assert isinstance(reply.body, bytes)
    told = json.loads(reply.body) if dict(reply.headers)["content-type"] == "application/json" else None
    if told is None:
        assert reply.status == 416
    elif "error" in told:
        assert isinstance(told["error"]["message"], str)
        assert told["error"].keys() <= {"message", "type", "param", "code"}
        assert told.keys() <= {"error", "mock"}
    else:
        assert told.keys() - {"mock"} == {"code", "message", "data"}
        assert isinstance(told["code"], str)


@pytest.mark.slow
@settings(
    max_examples=50, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)  # fmt: skip
@given(
    scenarios("told").map(lambda told: replace(told, clip=None)),  # an unknown film is the test's own mistake
    st.sampled_from(list(DIALECTS)),
    st.lists(_deeds, min_size=5, max_size=40),
)
def test_its_promises_hold_whatever_is_done_to_it(told: Scenario, dialect: str, deeds: list[tuple[Any, ...]]) -> None:
    field = Range([told, at_once("other")], dialect)
    for deed in deeds:
        field.do(deed)


# --- many at once -----------------------------------------------------------------------------------------------------

_POLLS = 40
_COUNTED = Scenario(
    "counted",
    "Each state lasts for as many polls.",
    "a",
    {
        "a": State(video={"status": "queued", "step": "a"}, next=(Transition("b", polls=_POLLS),)),
        "b": State(video={"status": "processing", "step": "b"}, next=(Transition("c", polls=_POLLS),)),
        "c": State(video={"status": "completed", "step": "c"}),
    },
)
_THREADS = 8


def at_the_same_time(work: Callable[[int], list[Any]], threads: int = _THREADS) -> list[Any]:
    """What so many threads that begin together return, put together."""
    barrier = threading.Barrier(threads)

    def run(number: int) -> list[Any]:
        barrier.wait(timeout=PATIENCE)
        return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return [each for part in pool.map(run, range(threads)) for each in part]


@pytest.mark.parametrize("round", range(10))
def test_each_poll_of_many_threads_counts_once(round: int) -> None:
    fake = make_fake(scenario=_COUNTED)
    id = fake.task().id
    seen = at_the_same_time(lambda _: [asking.poll(fake, id).json["step"] for _ in range(15)])
    assert Counter(seen) == {"a": _POLLS, "b": _POLLS, "c": 8 * 15 - 2 * _POLLS}
    assert [exchange.number for exchange in fake.journal] == list(range(1, 8 * 15 + 1))
    assert [exchange.state for exchange in fake.journal] == sorted(seen)


def test_each_poll_over_sockets_counts_once(server: VideoServer) -> None:
    with server.fake(_COUNTED) as fake:
        url = f"{fake.base_url}/videos/{fake.task().id}"

        def work(_: int) -> list[Any]:
            with httpx.Client(
                headers={"Authorization": f"Bearer {fake.api_key}"}, verify=False, timeout=PATIENCE
            ) as client:
                return [client.get(url).json()["step"] for _ in range(15)]

        assert Counter(at_the_same_time(work)) == {"a": _POLLS, "b": _POLLS, "c": 8 * 15 - 2 * _POLLS}
        assert [exchange.number for exchange in fake.journal] == list(range(1, 8 * 15 + 1))


def test_tasks_made_at_the_same_time_are_different_ones(server: VideoServer) -> None:
    fake = make_fake()
    made = at_the_same_time(
        lambda _: [asking.ask(fake, "POST", "/v1/videos", json=asking.CREATE).json["id"] for _ in range(25)]
    )
    assert len(set(made)) == len(made) == len(fake.bill) == 8 * 25
    with server.fake() as served:

        def work(_: int) -> list[Any]:
            with httpx.Client(headers={"Authorization": "Bearer k"}, verify=False, timeout=PATIENCE) as client:
                return [client.post(f"{served.base_url}/videos", json=asking.CREATE).json()["id"] for _ in range(5)]

        made = at_the_same_time(work)
        assert len(set(made)) == len(made) == len(served.bill) == 8 * 5


@pytest.mark.parametrize("dialect", DIALECTS)
def test_polls_deletes_and_cancels_race_without_an_error_of_the_server(dialect: str) -> None:
    for _ in range(15):
        fake = make_fake(scenario="lifecycle/timed", dialect=dialect)
        id = fake.task().id
        known = DIALECTS[dialect].errors["task_not_exist"].status

        def work(number: int, fake: Fake = fake, id: str = id) -> list[Any]:
            if number == 0:
                fake.advance(60)
            if number == 1:
                return [("delete", asking.ask(fake, "DELETE", f"/v1/videos/{id}").status) for _ in range(5)]
            if number == 2:
                return [("cancel", asking.ask(fake, "POST", f"/v1/videos/{id}/cancel").status) for _ in range(5)]
            paths = [f"/v1/videos/{id}", f"/v1/videos/{id}/content", "/v1/videos"]
            return [("look", asking.ask(fake, "GET", path).status) for path in paths * 3]

        answers = at_the_same_time(work)
        assert {status for _, status in answers} <= {200, 400, 404, 405}
        deleted = Counter(status for what, status in answers if what == "delete")
        assert deleted == {200: 1, known: 4} or set(deleted) == {405}
        # Whoever asks after the deletion is told so, whoever asked before was answered.
        gone = next((each.number for each in fake.journal if each.operation == "delete"), None)
        late = [each for each in fake.journal if gone is not None and each.number > gone and each.operation == "poll"]
        assert {each.status for each in late} <= {known}
