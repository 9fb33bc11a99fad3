"""The shipped films are what they say, and the fake's documents have the shape of the documented payloads."""

from __future__ import annotations

import hashlib
import json
import struct
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from support import ROOT
from video_mockserver.api.messages import Origins
from video_mockserver.fake.clip_files import shipped_clips
from video_mockserver.fake.clips import DECOY
from video_mockserver.fake.clock import ManualClock
from video_mockserver.fake.fake import Fake
from video_mockserver.scenario.library import Library

FOLDER = Path(str(files("video_mockserver.fixtures")))
MANIFEST = json.loads((FOLDER / "clips" / "clips.json").read_text("utf-8"))
CLIPS = {told["name"]: told for told in MANIFEST["clips"]}


def boxes(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The boxes of an MP4 (ISO 14496-12, 4.2), one level of them."""
    start = 0
    while start < len(data):
        size, kind = struct.unpack(">I4s", data[start : start + 8])
        assert size >= 8, "a box of a shipped film has a plain size"
        yield kind.decode("latin-1"), data[start + 8 : start + size]
        start += size


def box(data: bytes, *path: str) -> bytes:
    """The box at a path such as moov, trak, tkhd."""
    for kind in path:
        data = next(body for name, body in boxes(data) if name == kind)
    return data


@pytest.mark.parametrize("told", CLIPS.values(), ids=CLIPS)
def test_a_clip_is_an_h264_film_of_its_size_and_length(told: dict[str, Any]) -> None:
    data = (FOLDER / "clips" / told["file"]).read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (told["bytes"], told["sha256"])
    assert data[4:8] == b"ftyp"
    moov = box(data, "moov")
    timescale, duration = struct.unpack(">II", box(moov, "mvhd")[12:20])
    assert duration / timescale == pytest.approx(told["seconds"], abs=0.5)
    width, height = struct.unpack(">II", box(moov, "trak", "tkhd")[-8:])
    assert (width >> 16, height >> 16) == (told["width"], told["height"])
    descriptions = box(moov, "trak", "mdia", "minf", "stbl", "stsd")
    assert descriptions[12:16] == b"avc1"


def test_no_two_clips_are_alike_and_a_cut_at_some_thousand_bytes_is_in_the_middle() -> None:
    assert len({told["sha256"] for told in CLIPS.values()}) == len(CLIPS)
    assert min(told["bytes"] for told in CLIPS.values()) > 12_000
    assert sum(told["bytes"] for told in CLIPS.values()) < 2_000_000


@pytest.mark.parametrize(
    ("wish", "name"),
    [
        ({}, "1280x720-6s"),
        ({"size": "1080P"}, "1920x1080-6s"),
        ({"size": "480p"}, "854x480-6s"),
        ({"aspect_ratio": "9:16"}, "720x1280-6s"),
        ({"aspect_ratio": "1:1"}, "720x720-6s"),
        ({"aspect_ratio": "2:3"}, "720x1080-6s"),
        ({"seconds": "10"}, "1280x720-10s"),
        ({"size": "1024x1792", "seconds": "8"}, "1024x1792-8s"),
        ({"size": "whatever", "seconds": "soon"}, "1280x720-6s"),
    ],
)
def test_a_task_gets_the_film_that_it_asked_for(wish: dict[str, str], name: str) -> None:
    fake = Fake(Library(), shipped_clips())
    assert fake.task(**wish).clip.name == name
    assert fake.task(**wish).clip.name != DECOY


def test_the_tool_finds_the_shipped_files_as_it_made_them() -> None:
    tool = ROOT / "tools" / "make_clips.py"
    assert subprocess.run([sys.executable, str(tool), "--check"], check=False).returncode == 0


def payload(name: str) -> Any:
    return json.loads((FOLDER / "payloads" / f"{name}.json").read_text("utf-8"))


def test_the_documented_task_comes_out_byte_for_byte() -> None:
    fake = Fake(Library(), shipped_clips(), clock=ManualClock())
    task = fake.task("lifecycle/stuck_processing", id="video_abc123")
    fake.move(task, "processing")
    shown = fake.document(task, Origins("http://a", "http://b", "http://c"))
    documented = payload("grok_task_query")
    shown["progress"] = documented["progress"]
    assert json.dumps(shown) == json.dumps(documented)


@pytest.mark.parametrize("path", sorted((FOLDER / "payloads").glob("*.json")), ids=lambda path: path.stem)
def test_each_payload_is_listed_with_its_source(path: Path) -> None:
    assert isinstance(json.loads(path.read_text("utf-8")), dict)
    assert f"| `{path.name}` |" in (path.parent / "README.md").read_text("utf-8")
