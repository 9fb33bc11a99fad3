"""Sequences: a client that keeps the contract passes, each defect is found, and nothing is left behind."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import httpx
import pytest
from hypothesis import Phase as Step
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from respx.mocks import HTTPCoreMocker

from video_mockserver.judge.verdict import ContractBroken, Terms
from video_mockserver.strategies.sequences import OUTAGES, ClientMachine

# Every health check is on: none may ever fail.
CALM = settings(derandomize=True, database=None, deadline=None, max_examples=30, stateful_step_count=25)
HUNT = settings(CALM, max_examples=200, stateful_step_count=15, phases=[Step.generate, Step.shrink])

REAL_SLEEP = time.sleep  # which a clock in force replaces


class Unclear(Exception):
    """This look told nothing, this attempt brought nothing."""


class TaskFailed(Exception):
    """The task has failed."""


class Client:
    """A client that keeps the contract, one call at a time."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self.videos = f"{base_url}/videos"
        self.key = {"Authorization": f"Bearer {api_key}"}
        self.http = httpx.Client(verify=False)
        self.seen: dict[str, dict[str, Any]] = {}

    def create(self) -> str:
        wish = {"model": "grok-video-3", "prompt": "a fox"}
        return str(self.http.post(self.videos, headers=self.key, json=wish).raise_for_status().json()["id"])

    def status(self, task_id: str) -> str:
        try:
            reply = self.http.get(f"{self.videos}/{task_id}", headers=self.key)
            self.seen[task_id] = reply.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unclear from error
        return str(self.seen[task_id]["status"])

    def clip(self, task_id: str) -> bytes:
        for url in self.urls(self.seen[task_id]):
            film = self.film(url, {})
            if film is not None:
                return film
        for attempt in range(2):
            film = self.film(f"{self.videos}/{task_id}/content", self.key)
            if film is not None:
                return film
            time.sleep(10 * attempt)
        raise Unclear

    def urls(self, video: dict[str, Any]) -> list[str]:
        urls = [video.get("output", {}).get("url"), video.get("video_url")]
        return [url for url in urls if url]

    def film(self, url: str, headers: dict[str, str]) -> bytes | None:
        try:
            reply = self.http.get(url, headers=headers)
        except httpx.HTTPError:
            return None
        return reply.content if reply.status_code == 200 and reply.content[4:8] == b"ftyp" else None


class Machine(ClientMachine):
    """Any of the clients here, in a machine."""

    make: ClassVar[Callable[[str, str], Any]] = Client

    def start(self, base_url: str, api_key: str) -> None:
        self.client = type(self).make(base_url, api_key)

    def create(self) -> str:
        return self.client.create()

    def poll(self, task_id: str) -> Any:
        return self.client.status(task_id)

    def fetch(self, task_id: str) -> bytes:
        return self.client.clip(task_id)

    def stop(self) -> None:
        self.client.http.close()


def machine_of(client: Callable[[str, str], Any], **attributes: Any) -> type[Machine]:
    return type("Machine", (Machine,), {"make": staticmethod(client), **attributes})


@contextmanager
def opened(client: Callable[[str, str], Any] = Client, **attributes: Any) -> Iterator[Machine]:
    """A machine to be moved by hand."""
    machine = machine_of(client, **attributes)()
    try:
        yield machine
    finally:
        machine.teardown()


def broken(client: Callable[[str, str], Any], hunt: settings = HUNT, **attributes: Any) -> tuple[str, list[str]]:
    """What a client broke, and the shortest sequence that shows it."""
    with pytest.raises(ContractBroken) as found:
        run_state_machine_as_test(machine_of(client, **attributes), settings=hunt)
    notes = "\n".join(getattr(found.value, "__notes__", [])).splitlines()
    return str(found.value), [line for line in notes if line.startswith("state.")][:-1]


# --- clients that keep the contract -----------------------------------------------------------------------------------


class TestKeepsTheContract(Machine.TestCase):
    settings = CALM


# --- clients that are wrong in one way --------------------------------------------------------------------------------


class CachesTheUrl(Client):
    """Takes the first URL for good, and asks for nothing else."""

    def clip(self, task_id: str) -> bytes:
        for url in self.urls(self.seen[task_id]):
            if self.http.get(url).status_code == 403:
                raise Unclear
        return super().clip(task_id)


class CreatesAgain(Client):
    """Takes a task for lost when it cannot be asked for, and makes another."""

    def status(self, task_id: str) -> str:
        try:
            return super().status(task_id)
        except Unclear:
            self.create()
            raise


class SavesErrorPages(Client):
    """Takes whatever comes for the clip, but for a refusal."""

    def film(self, url: str, headers: dict[str, str]) -> bytes | None:
        try:
            reply = self.http.get(url, headers=headers)
        except httpx.HTTPError:
            return None
        return None if reply.status_code in (400, 403) else reply.content


class GivesUpAt503(Client):
    """Takes an error of the server for a failure of the task."""

    def status(self, task_id: str) -> str:
        try:
            return super().status(task_id)
        except Unclear as unclear:
            if isinstance(unclear.__cause__, httpx.HTTPStatusError):
                return "failed"
            raise


class RepeatsTheCreate(Client):
    """Sends the wish again when its answer is lost."""

    def create(self) -> str:
        try:
            return super().create()
        except httpx.TransportError:
            return super().create()


class MixesTasksUp(Client):
    """Keeps the object of the last task that it saw, whichever that was."""

    def clip(self, task_id: str) -> bytes:
        last = next(reversed(self.seen))
        return super().clip(last)


class IsTooEarly(Client):
    """Takes a render for a result."""

    def status(self, task_id: str) -> str:
        return "completed" if super().status(task_id) != "queued" else "queued"


class KnowsNoFailure(Client):
    """Waits for `completed`, and for nothing else."""

    def status(self, task_id: str) -> str:
        return "completed" if super().status(task_id) == "completed" else "processing"


class DeliversNothing(Client):
    """Claims success without a clip."""

    def clip(self, task_id: str) -> bytes:
        try:
            return super().clip(task_id)
        except Unclear:
            return b""


class NeedsAUrl(Client):
    """Does not know /content."""

    def clip(self, task_id: str) -> bytes:
        return self.http.get(self.urls(self.seen[task_id])[0]).raise_for_status().content


@pytest.mark.parametrize(
    ("client", "rule", "decisive", "steps"),
    [
        (CachesTheUrl, "fallback-download", "links expire", 5),
        (CreatesAgain, "one-task", "service restarts|outage begins: .*", 3),
        (SavesErrorPages, "whole-clip", "outage begins: .*", 5),
        (GivesUpAt503, "survive-5xx", "outage begins: 503", 3),
    ],
)
def test_a_defect_is_shown_by_a_short_sequence(client: type[Client], rule: str, decisive: str, steps: int) -> None:
    text, found = broken(client, most_tasks=1)
    assert f" {rule}: " in text
    # Another version of Hypothesis may stop a step short of the shortest.
    assert steps - 1 <= len(found) <= steps + 2, found
    assert any(re.fullmatch(rf"state\.then\(what='({decisive})'\)", line) for line in found), found


@pytest.mark.parametrize(
    ("client", "rules"),
    [
        (RepeatsTheCreate, {"one-task"}),
        (MixesTasksUp, {"whole-clip", "poll-to-end", "deliver"}),
        (IsTooEarly, {"poll-to-end"}),
        (KnowsNoFailure, {"stop-at-end"}),
        (DeliversNothing, {"whole-clip"}),
        (NeedsAUrl, {"fallback-no-url", "fallback-download"}),
    ],
)
def test_a_defect_is_found(client: type[Client], rules: set[str]) -> None:
    text, _ = broken(client, settings(HUNT, phases=[Step.generate]))
    assert any(f" {rule}: " in text for rule in rules), text


# --- what a client may be, step by step -------------------------------------------------------------------------------


class Raises(Client):
    """Says by an exception that the task has failed, and takes an error of the server for that."""

    def status(self, task_id: str) -> str:
        reply = self.http.get(f"{self.videos}/{task_id}", headers=self.key)
        if reply.status_code == 503:
            raise TaskFailed
        self.seen[task_id] = reply.raise_for_status().json()
        if self.seen[task_id]["status"] == "failed":
            raise TaskFailed
        return str(self.seen[task_id]["status"])


def test_an_exception_says_that_the_task_has_failed() -> None:
    with opened(Raises) as machine:
        machine.client_creates(1, "failed")
        machine.task_moves(1)
        machine.client_polls(1)
        assert not machine._is_told(1, machine.phase(None))
    with opened(Raises, failures=(TaskFailed,)) as machine:
        machine.client_creates(1, "video_url")
        machine.outage_begins("503")
        with pytest.raises(ContractBroken, match="survive-5xx"):
            machine.client_polls(1)


def test_the_clip_may_be_there_later_than_the_status() -> None:
    with opened() as machine:
        machine.client_creates(1, "later")
        machine.task_moves(1)
        machine.client_polls(1)
        machine.client_fetches(1)  # raises, as it may
        machine.task_moves(1)
        machine.client_fetches(1)
        assert machine._wishes[1].has_clip


def test_a_lost_answer_is_no_second_wish() -> None:
    with opened() as machine:
        machine.service_restarts()
        machine.client_creates(1, "video_url")
        assert machine._wishes == {}
        machine.client_creates(1, "video_url")
        assert len(machine.service.bill) == 2


class InATask:
    """The same client with coroutines."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self.videos = f"{base_url}/videos"
        self.http = httpx.AsyncClient(verify=False, headers={"Authorization": f"Bearer {api_key}"})

    async def create(self) -> str:
        wish = {"model": "sora-2", "prompt": "a fox"}
        return str((await self.http.post(self.videos, json=wish)).raise_for_status().json()["id"])

    async def status(self, task_id: str) -> dict[str, Any] | None:
        await asyncio.sleep(30)
        try:
            task: dict[str, Any] = (await self.http.get(f"{self.videos}/{task_id}")).raise_for_status().json()
        except (httpx.HTTPError, ValueError):
            return None
        return task

    async def clip(self, task_id: str) -> bytes:
        film = (await self.http.get(f"{self.videos}/{task_id}/content")).raise_for_status().content
        if film[4:8] != b"ftyp":
            raise Unclear
        return film


class AsyncMachine(Machine):
    """Coroutines, and another dialect at another address."""

    make = InATask
    options: ClassVar[dict[str, Any]] = {"dialect": "openai", "base_url": "https://api.openai.test/v1"}

    async def stop(self) -> None:  # type: ignore[override]
        await self.client.http.aclose()


class TestCoroutines(AsyncMachine.TestCase):
    settings = settings(CALM, max_examples=15)


# --- wrong use --------------------------------------------------------------------------------------------------------


def test_what_a_machine_needs_is_said() -> None:
    with pytest.raises(NotImplementedError, match=r"def start\(self, base_url, api_key\)"):
        ClientMachine()
    assert time.sleep is REAL_SLEEP


@pytest.mark.parametrize(
    ("hook", "answer", "said"),
    [
        ("create", 7, r"create\(\) is to return the id of the task, not 7"),
        ("create", "video_x", r"create\(\) returned 'video_x', an id that the service never gave"),
        ("fetch", "film", r"fetch\(\) is to return the clip as bytes, not 'film'"),
    ],
)
def test_a_wrong_answer_of_the_test_is_said(hook: str, answer: object, said: str) -> None:
    with opened(Client, **{hook: lambda self, *_: answer}) as machine, pytest.raises(Exception, match=said):
        live(machine)


def live(machine: Machine) -> None:
    """A whole life of a task."""
    machine.client_creates(1, "content")
    machine.task_moves(1)
    machine.client_polls(1)
    machine.client_fetches(1)


def test_a_mistake_of_the_client_is_shown_as_it_is() -> None:
    def poll(self: Machine, task_id: str) -> str:
        raise KeyError("mistyped")

    with opened(Client, poll=poll) as machine, pytest.raises(KeyError, match="mistyped"):
        live(machine)


def test_a_client_that_does_not_come_back_is_stopped() -> None:
    def poll(self: Machine, task_id: str) -> str:
        while True:
            self.client.status(task_id)

    with opened(Client, poll=poll) as machine, pytest.raises(AssertionError, match=r"poll\(\) had sent 500 requests"):
        live(machine)


def test_what_the_terms_leave_out_is_not_held_against_a_client() -> None:
    terms = Terms(ignore={"one-task": "our service makes tasks for nothing"})
    with opened(CreatesAgain, terms=terms) as machine:
        machine.client_creates(1, "content")
        machine.service_restarts()
        machine.client_polls(1)
        assert len(machine.service.bill) == 2


# --- the machine itself -----------------------------------------------------------------------------------------------


def test_everything_happens_and_nothing_is_left_behind() -> None:
    happened: Counter[str] = Counter()

    class Counting(Machine):
        def _ask(self, hook: Callable[..., Any], *arguments: str) -> tuple[Any, Exception | None]:
            answer, error = super()._ask(hook, *arguments)
            happened[f"{hook.__name__} {'raised' if error else 'returned'}"] += 1
            happened[f"outage {self.service.outage}"] += 1
            return answer, error

        def links_expire(self) -> None:
            happened["links expire"] += 1
            super().links_expire()

    run_state_machine_as_test(Counting, settings=settings(CALM, max_examples=60))
    expected = {f"{hook} {how}" for hook in ("create", "poll", "fetch") for how in ("returned", "raised")}
    expected |= {f"outage {kind}" for kind in (*OUTAGES, None)} | {"links expire"}
    assert happened.keys() == expected
    assert min(happened.values()) >= 5, happened
    assert time.sleep is REAL_SLEEP
    assert time.sleep.__module__ == "time"
    assert not HTTPCoreMocker.routers
