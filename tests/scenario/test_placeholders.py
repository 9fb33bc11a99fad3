"""The table of placeholders: each row's value, and that the rows say truly what they are."""

from __future__ import annotations

import pytest

from support.asking import at_once, poll
from support.fakes import NewFake
from video_mockserver.scenario.model import ReplyTemplate
from video_mockserver.scenario.placeholders import PLACEHOLDERS, VOLATILE


@pytest.mark.parametrize("name", PLACEHOLDERS)
def test_every_meaning_is_one_sentence(name: str) -> None:
    meaning = PLACEHOLDERS[name].meaning
    assert meaning[0].isupper()
    assert meaning.endswith(".")


def test_those_that_change_are_marked() -> None:
    assert {"now", "now_ms", "now_iso", "clip_data_url"} == VOLATILE


@pytest.mark.parametrize("name", PLACEHOLDERS)
def test_a_fake_fills_in_every_placeholder_as_its_row_says(new_fake: NewFake, name: str) -> None:
    row = PLACEHOLDERS[name]
    texts = {"alone": f"{{{name}}}", "inside": f"<{{{name}}}>", "link": f"{{{name}:mirror}}" if row.takes_link else ""}
    reply = ReplyTemplate(json=texts, has_json=True)
    redirect = ReplyTemplate(redirect=f"http://x.test/?a={{{name}}}")
    fake = new_fake(at_once(poll=(reply, reply, redirect)))
    task = fake.task()
    first = poll(fake, task.id).json
    fake.advance(100)
    second = poll(fake, task.id).json
    location = poll(fake, task.id).headers["location"]

    assert isinstance(first["alone"], int if row.numeric else str)
    assert first["inside"] == f"<{first['alone']}>"
    assert not row.takes_link or ("/mirror.mp4" in first["link"] and first["link"] != first["alone"])
    assert row.volatile or second["alone"] == first["alone"]
    assert row.is_url == str(first["alone"]).startswith(("http://", "https://", "/", "data:"))
    assert not row.is_url or location.endswith(f"?a={second['alone']}")
