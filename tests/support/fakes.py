"""A fake without files: a few scenarios built in Python, and clips that are nothing but bytes in memory.

`asking.py` beside this asks it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from video_mockserver.api.messages import Clip, Fault
from video_mockserver.fake.clips import ClipStore
from video_mockserver.fake.clock import ManualClock
from video_mockserver.fake.fake import Fake
from video_mockserver.scenario.model import Expect, ReplyTemplate, Scenario, State, Transition
from video_mockserver.scenario.sources import UnknownScenario


class NewFake(Protocol):
    """Makes a fake; the options are those of `Fake`."""

    def __call__(self, scenario: str | Scenario | None = None, **options: Any) -> Fake: ...


_QUEUED = State(video={"status": "queued", "progress": 0}, next=(Transition("processing", polls=1),))
_PROCESSING = State(
    video={"status": "processing", "progress": [10, 90]},
    next=(Transition("completed", polls=2),),
)
_COMPLETED = State(video={"status": "completed", "progress": 100, "video_url": "{download_url}"})


def plain_scenario(name: str, completed: State = _COMPLETED, **more: Any) -> Scenario:
    """The plain life (one poll queued, two processing) with an end of one's own."""
    return Scenario(
        name=name,
        summary=more.pop("summary", f"The plain life of {name}."),
        start="queued",
        states={"queued": _QUEUED, "processing": _PROCESSING, "completed": completed},
        **more,
    )


SCENARIOS: Mapping[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        plain_scenario("lifecycle/plain", expect=Expect("clip", ("video_url",))),
        Scenario(
            "lifecycle/timed",
            "Queued for 10 s, processing for 45 s.",
            "queued",
            {
                "queued": State(video={"status": "queued"}, next=(Transition("processing", seconds=10),)),
                "processing": State(
                    video={"status": "processing", "progress": [10, 90]}, next=(Transition("completed", seconds=45),)
                ),
                "completed": _COMPLETED,
            },
        ),
        Scenario(
            "lifecycle/failed",
            "Fails at the first poll.",
            "processing",
            {
                "processing": State(video={"status": "processing"}, next=(Transition("failed", polls=1),)),
                "failed": State(
                    video={"status": "failed", "error": {"message": "content policy", "code": "blocked"}}
                ),
            },
        ),
        Scenario(
            "lifecycle/signalled",
            "Waits for the test to say go.",
            "processing",
            {
                "processing": State(video={"status": "processing"}, next=(Transition("rendered", signal="go"),)),
                "rendered": State(video={"status": "processing"}, next=(Transition("completed", signal="deliver"),)),
                "completed": _COMPLETED,
            },
        ),
        plain_scenario(
            "download/url_404",
            State(video={"status": "completed", "video_url": "{download_url}"}, download=(ReplyTemplate(status=404),)),
            expect=Expect("clip", ("content",)),
        ),
        plain_scenario(
            "download/truncated",
            State(
                video={"status": "completed", "video_url": "{download_url}"},
                download=(ReplyTemplate(fault=Fault("truncate", 0.5)),),
            ),
        ),
        plain_scenario(
            "download/reset",
            State(
                video={"status": "completed", "video_url": "{download_url}"},
                download=(ReplyTemplate(fault=Fault("reset")),),
            ),
        ),
        plain_scenario(
            "content/html_502",
            State(
                video={"status": "completed", "video_url": ""},
                content=(ReplyTemplate(status=502, html="<h1>Bad gateway</h1>"),),
            ),
        ),
        plain_scenario("create/rate_limited", create=(ReplyTemplate(status=429),)),
    )
}  # fmt: skip


class Scenarios:
    """Scenarios by full name, or by a last part that only one has."""

    def __init__(self, scenarios: Iterable[Scenario] = ()) -> None:
        self._scenarios = {**SCENARIOS, **{scenario.name: scenario for scenario in scenarios}}

    def find(self, name: str) -> Scenario:
        if name in self._scenarios:
            return self._scenarios[name]
        found = [known for known in self._scenarios if known.rpartition("/")[2] == name]
        if len(found) != 1:
            raise UnknownScenario(name, found or self._scenarios)
        return self._scenarios[found[0]]

    def names(self) -> list[str]:
        return sorted(self._scenarios)


def _film(name: str, size: int) -> bytes:
    filler = hashlib.sha256(name.encode()).digest() * (size // 32 + 1)
    return (b"\x00\x00\x00\x18ftypmp42" + filler)[:size]


_BYTES: Mapping[str, bytes] = {
    "landscape": _film("landscape", 4000),
    "portrait": _film("portrait", 3000),
    "decoy": _film("decoy", 2500),
    "thumbnail": b"RIFF" + b"\x11" * 396,
    "spritesheet": b"\xff\xd8\xff" + b"\x22" * 497,
}


def _clip(name: str, media_type: str = "video/mp4", width: int = 0, height: int = 0, seconds: float = 0.0) -> Clip:
    data = _BYTES[name]
    etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    return Clip(name, f"memory:{name}", len(data), etag, media_type, width, height, seconds)


CLIPS = {
    "landscape": _clip("landscape", width=1280, height=720, seconds=6),
    "portrait": _clip("portrait", width=720, height=1280, seconds=6),
    "decoy": _clip("decoy", width=1280, height=720, seconds=6),
}
PICTURES = {
    "thumbnail": _clip("thumbnail", "image/webp"),
    "spritesheet": _clip("spritesheet", "image/jpeg"),
}


def memory_clips() -> ClipStore:
    """Two films, a decoy and two pictures; their `source` is no file."""
    return ClipStore(CLIPS, lambda clip: _BYTES[clip.name], PICTURES)


def make_fake(*, scenarios: Iterable[Scenario] = (), **options: Any) -> Fake:
    """A fake with a manual clock, the scenarios above and those given. `options` are those of `Fake`."""
    options.setdefault("clock", None if "speed" in options else ManualClock())
    return Fake(Scenarios(scenarios), memory_clips(), **options)
