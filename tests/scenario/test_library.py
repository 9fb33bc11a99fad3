"""Scenarios by name from folders, and clips by manifest."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from support.asking import CREATE, ask, poll
from support.fakes import NewFake
from video_mockserver.fake.clip_files import load_clip
from video_mockserver.fake.clips import DECOY, ClipStore
from video_mockserver.fake.clock import ManualClock
from video_mockserver.fake.fake import Fake
from video_mockserver.scenario.library import Library, scenario_files
from video_mockserver.scenario.problems import ScenarioError
from video_mockserver.scenario.sources import UnknownScenario

GOOD = """
summary: {summary}
start: completed
states:
  completed:
    video: {{status: completed, progress: 100, video_url: "{{download_url}}"}}
"""
WRONG = """
summary: A slip.
start: queued
states:
  queued:
    video: {status: queued}
    next: {state: complete, after: 1 poll}
  completed:
    video: {status: completed}
"""


def write(folder: Path, name: str, text: str | None = None) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(GOOD.format(summary=f"Mine, {name}.") if text is None else text, "utf-8")
    return path


# --- names ------------------------------------------------------------------------------------------------------------


def test_a_name_is_the_path_below_its_folder_without_the_ending(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yml", "c.json", "deep/er/d.yaml", "notes.txt", "scenario.schema.json"):
        write(tmp_path, name)
    (tmp_path / "folder.yaml").mkdir()
    assert list(scenario_files(tmp_path)) == ["a", "b", "c", "deep/er/d"]


def test_a_scenario_is_found_by_its_name_or_the_last_part_of_it(tmp_path: Path) -> None:
    write(tmp_path, "mine/special.yaml")
    library = Library([tmp_path], shipped=False)
    assert library.find("mine/special") is library.find("special")
    assert library.find("special").name == "mine/special"
    assert (len(library), [scenario.name for scenario in library]) == (1, ["mine/special"])


def test_a_last_part_that_several_have_is_refused_with_all_of_them(tmp_path: Path) -> None:
    for folder in ("first_folder", "second_folder"):
        write(tmp_path, f"{folder}/same.yaml")
    with pytest.raises(UnknownScenario) as caught:
        Library([tmp_path], shipped=False).find("same")
    assert sorted(caught.value.near) == ["first_folder/same", "second_folder/same"]


def test_a_full_name_wins_over_a_last_part(tmp_path: Path) -> None:
    write(tmp_path, "same.yaml")
    write(tmp_path, "folder/same.yaml")
    assert Library([tmp_path], shipped=False).find("same").name == "same"


@pytest.mark.parametrize("name", ["specail", "mine/specail", "special.yaml", "yours/special"])
def test_an_unknown_name_is_refused_with_near_ones(tmp_path: Path, name: str) -> None:
    write(tmp_path, "mine/special.yaml")
    with pytest.raises(UnknownScenario, match="did you mean 'mine/special'") as caught:
        Library([tmp_path], shipped=False).find(name)
    assert caught.value.near == ["mine/special"]


@pytest.mark.parametrize("name", ["", "/", "../etc/passwd", "/etc/passwd", "mine/../mine/special"])
def test_a_name_is_no_way_out_of_the_folder(tmp_path: Path, name: str) -> None:
    write(tmp_path, "mine/special.yaml")
    write(tmp_path.parent, "outside.yaml")
    with pytest.raises(UnknownScenario):
        Library([tmp_path], shipped=False).find(name)


# --- folders ----------------------------------------------------------------------------------------------------------


def test_a_users_file_takes_the_place_of_a_shipped_one(tmp_path: Path, library: Library) -> None:
    write(tmp_path, "lifecycle/plain.yaml")
    mine = Library([tmp_path])
    assert mine.find("plain").summary == "Mine, lifecycle/plain.yaml."
    assert library.find("plain").summary != mine.find("plain").summary
    assert mine.names() == library.names()


def test_the_first_of_several_folders_wins(tmp_path: Path) -> None:
    write(tmp_path / "a", "x.yaml", GOOD.format(summary="From a."))
    write(tmp_path / "b", "x.yaml", GOOD.format(summary="From b."))
    write(tmp_path / "b", "y.yaml")
    library = Library([tmp_path / "a", tmp_path / "b"], shipped=False)
    assert (library.find("x").summary, library.names()) == ("From a.", ["x", "y"])


def test_a_users_scenarios_stand_beside_the_shipped(tmp_path: Path, library: Library) -> None:
    write(tmp_path, "mine.yaml")
    assert set(Library([str(tmp_path)]).names()) == {*library.names(), "mine"}


@pytest.mark.parametrize("where", ["nowhere", "file.yaml"])
def test_a_folder_that_is_not_there_is_refused_at_once(tmp_path: Path, where: str) -> None:
    write(tmp_path, "file.yaml")
    with pytest.raises(NotADirectoryError, match=where):
        Library([tmp_path / where])


def test_a_file_is_read_when_it_is_first_asked_for_and_once(tmp_path: Path) -> None:
    write(tmp_path, "broken.yaml", WRONG)
    path = write(tmp_path, "mine.yaml")
    library = Library([tmp_path], shipped=False)
    first = library.find("mine")
    path.write_text("gone: wrong", "utf-8")
    assert library.find("mine") is first


# --- wrong files ------------------------------------------------------------------------------------------------------


def test_a_wrong_file_is_told_with_file_line_and_what_would_be_right(tmp_path: Path) -> None:
    path = write(tmp_path, "slip.yaml", WRONG)
    with pytest.raises(ScenarioError, match="did you mean 'completed'") as caught:
        Library([tmp_path], shipped=False).find("slip")
    assert f"{path}:7: " in str(caught.value)


NOT_SCENARIOS = {"no YAML": "a: [", "a list": "- a", "nothing": "", "another thing": "name: x"}


@pytest.mark.parametrize("text", [WRONG, *NOT_SCENARIOS.values()], ids=["a slip", *NOT_SCENARIOS])
@pytest.mark.parametrize("pick", ["the default", "the header", "the id"])
@pytest.mark.parametrize("dialect", ["octopusx", "openai"])
def test_a_fake_answers_for_a_wrong_file_with_an_error_and_not_with_an_exception(
    tmp_path: Path, clip_store: ClipStore, dialect: str, pick: str, text: str
) -> None:
    write(tmp_path, "slip.yaml", text)
    fake = Fake(Library([tmp_path]), clip_store, clock=ManualClock(), dialect=dialect)
    if pick == "the default":
        fake.settings.scenario = "slip"
    answer = {
        "the default": lambda: ask(fake, "POST", "/v1/videos", json=CREATE),
        "the header": lambda: ask(fake, "POST", "/v1/videos", json=CREATE, headers={"X-Mock-Scenario": "slip"}),
        "the id": lambda: poll(fake, "video_slip"),
    }[pick]()
    assert answer.status == 400
    told = answer.json["error"] if dialect == "openai" else answer.json
    assert told["code"] == "wrong_scenario"
    assert "slip.yaml" in told["message"]
    assert fake.journal[-1].note == told["message"]
    assert fake.tasks == []


def test_a_file_that_is_not_utf_8_is_an_error_too(tmp_path: Path, clip_store: ClipStore) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"summary: \xe9t\xe9")
    library = Library([tmp_path])
    with pytest.raises(ScenarioError, match="UTF-8"):
        library.find("latin")
    assert poll(Fake(library, clip_store, clock=ManualClock()), "video_latin").status == 400


def test_a_file_that_has_gone_is_an_error_too(tmp_path: Path, clip_store: ClipStore) -> None:
    path = write(tmp_path, "mine.yaml")
    library = Library([tmp_path])
    assert "mine" in library.names()
    path.unlink()
    with pytest.raises(ScenarioError, match=r"mine\.yaml"):
        library.find("mine")
    assert poll(Fake(library, clip_store, clock=ManualClock()), "video_mine").status == 400


def test_a_scenario_built_in_python_is_checked_as_a_file_is(new_fake: NewFake) -> None:
    from video_mockserver.scenario.model import Scenario, State, Transition

    wrong = Scenario("mine", "Mine.", "a", {"a": State(next=(Transition("b", polls=1),))})
    with pytest.raises(ScenarioError, match="no state 'b'"):
        new_fake(wrong)
    with pytest.raises(ScenarioError, match="no state 'b'"):
        new_fake().task(wrong)


# --- clips ------------------------------------------------------------------------------------------------------------


def test_every_shipped_clip_is_what_its_manifest_says(clip_store: ClipStore) -> None:
    for clip in [*clip_store.clips.values(), *clip_store.pictures.values()]:
        data = clip_store.read(clip)
        assert len(data) == clip.size
        assert clip.etag == f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    assert all(clip_store.read(clip)[4:8] == b"ftyp" for clip in clip_store.clips.values())


def test_there_are_three_resolutions_in_both_orientations(clip_store: ClipStore) -> None:
    shapes = {(clip.width, clip.height) for clip in clip_store.clips.values()}
    for short in (480, 720, 1080):
        assert any(width > height == short for width, height in shapes), f"no landscape of {short}"
        assert any(height > width == short for width, height in shapes), f"no portrait of {short}"


def test_the_decoy_is_another_film_that_no_task_gets(clip_store: ClipStore) -> None:
    decoy = clip_store.named(DECOY)
    assert decoy is not None
    assert clip_store.read(decoy) not in [
        clip_store.read(clip) for clip in clip_store.clips.values() if clip is not decoy
    ]
    assert clip_store.fitting(f"{decoy.width}x{decoy.height}", "", str(decoy.seconds)) is not decoy


@pytest.mark.parametrize(
    ("size", "aspect_ratio", "seconds", "fits"),
    [
        ("720P", "", "6", (1280, 720, 6)),
        ("720p", "16:9", "10", (1280, 720, 10)),
        ("1080P", "16:9", "15", (1920, 1080, 15)),
        ("720P", "9:16", "6", (720, 1280, 6)),
        ("480P", "", "6", (854, 480, 6)),
        ("720P", "1:1", "6", (720, 720, 6)),
        ("720x1280", "", "8", (720, 1280, 8)),
        ("1792x1024", "", "12", (1792, 1024, 12)),
        ("720x1280", "16:9", "4", (720, 1280, 4)),
        ("", "", "", (1280, 720, 6)),
        ("nonsense", "nonsense", "nonsense", (1280, 720, 6)),
        ("720P", "", "inf", (1280, 720, None)),
        ("00x00", "", "6", (720, 720, None)),
    ],
)
def test_a_task_gets_the_film_that_comes_nearest(
    clip_store: ClipStore, size: str, aspect_ratio: str, seconds: str, fits: tuple[int, int, int | None]
) -> None:
    clip = clip_store.fitting(size, aspect_ratio, seconds)
    width, height, length = fits
    if size != "00x00":
        assert (clip.width, clip.height) == (width, height)
    assert length is None or clip.seconds == length


def test_a_film_of_ones_own_can_be_loaded(tmp_path: Path) -> None:
    path = tmp_path / "mine.mp4"
    path.write_bytes(b"film")
    clip = load_clip(path, name="mine")
    assert (clip.name, clip.size, clip.media_type) == ("mine", 4, "video/mp4")
    with pytest.raises(FileNotFoundError):
        load_clip(tmp_path / "nowhere.mp4")
