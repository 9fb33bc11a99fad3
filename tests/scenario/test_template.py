"""Templates: what a placeholder becomes, what is left alone, and that nothing is looked up or copied without need."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.asking import at_once, content, fetch, poll
from support.fakes import NewFake
from video_mockserver.scenario.model import ReplyTemplate
from video_mockserver.scenario.template import compile_template, names

VALUES: dict[tuple[str, str | None], object] = {
    ("task_id", None): "video_1",
    ("origin", None): "http://api.test",
    ("download_url", None): "http://dl.test/video_1",
    ("download_url", "mirror"): "http://dl.test/mirror",
    ("now", None): 1735689600,
    ("completed_at", None): 0,
    ("seconds", None): "6",
}


def lookup(name: str, argument: str | None) -> object:
    return VALUES[name, argument]


def filled(value: Any) -> Any:
    return compile_template(value).render(lookup)


@pytest.mark.parametrize(
    ("written", "rendered"),
    [
        # A placeholder is filled in, wherever it stands.
        ("{task_id}", "video_1"),
        ("<{task_id}>", "<video_1>"),
        ("{origin}/v1/videos/{task_id}", "http://api.test/v1/videos/video_1"),
        ("{task_id}{task_id}", "video_1video_1"),
        ("{download_url:mirror}", "http://dl.test/mirror"),
        ("{download_url} {download_url:mirror}", "http://dl.test/video_1 http://dl.test/mirror"),
        # A text that is nothing but one number is that number; beside anything else it is text.
        ("{now}", 1735689600),
        ("{completed_at}", 0),
        ("{now} ", "1735689600 "),
        ("{now}{now}", "17356896001735689600"),
        ("{seconds}", "6"),
        # Doubled braces around a placeholder are its text.
        ("{{task_id}}", "{task_id}"),
        ("{{{task_id}}}", "{{task_id}}"),
        ("{{download_url:mirror}}", "{download_url:mirror}"),
        ("{{now}} is {now}", "{now} is 1735689600"),
        # All other braces are left alone, so that JSON can be written as it is.
        ("", ""),
        ("{}", "{}"),
        ("{ task_id }", "{ task_id }"),
        ("{task-id}", "{task-id}"),
        ("{Task_id}", "{Task_id}"),
        ("{1}", "{1}"),
        ("{task_id", "{task_id"),
        ("task_id}", "task_id}"),
        ("{download_url:}", "{download_url:}"),
        ('{"url": "{task_id}"}', '{"url": "video_1"}'),
        ('{"a": {"b": []}}', '{"a": {"b": []}}'),
        # Whatever is no text is itself.
        (None, None),
        (True, True),
        (12, 12),
        (0.5, 0.5),
        ([], []),
        ({}, {}),
        # In whatever is nested, at any depth.
        (["{task_id}", "x", ["{now}"]], ["video_1", "x", [1735689600]]),
        ({"a": {"b": [{"c": "{task_id}"}]}, "d": 1}, {"a": {"b": [{"c": "video_1"}]}, "d": 1}),
        # Keys are literal.
        ({"{task_id}": "{task_id}"}, {"{task_id}": "video_1"}),
        # `{omit}` takes its key away.
        ({"a": "{omit}", "b": "x"}, {"b": "x"}),
        ({"a": {"b": "{omit}"}, "c": ["{now}", {"d": "{omit}"}]}, {"a": {}, "c": [1735689600, {}]}),
        ({"a": "{{omit}}"}, {"a": "{omit}"}),
    ],
)
def test_a_value_is_filled_in(written: Any, rendered: Any) -> None:
    result = filled(written)
    assert result == rendered
    assert type(result) is type(rendered)


def test_the_order_of_keys_is_kept_whichever_of_them_are_filled_in() -> None:
    told = {"a": "{task_id}", "b": 1, "c": "{omit}", "d": {"x": "{now}", "y": 2}, "e": "{seconds}", "f": 3}
    assert list(filled(told)) == ["a", "b", "d", "e", "f"]
    assert list(filled(told)["d"]) == ["x", "y"]


def test_nothing_is_looked_up_that_does_not_occur() -> None:
    asked: list[tuple[str, str | None]] = []

    def note(name: str, argument: str | None) -> object:
        asked.append((name, argument))
        return "x"

    template = compile_template({"a": "{task_id}", "b": "{{clip_data_url}}", "c": ["{download_url:m} {now}"], "d": 1})
    assert asked == []
    template.render(note)
    assert sorted(asked, key=str) == [("download_url", "m"), ("now", None), ("task_id", None)]


def test_a_template_can_be_rendered_again_with_other_values() -> None:
    template = compile_template({"id": "{task_id}", "more": ["{task_id}"]})
    first = template.render(lambda *_: "1")
    second = template.render(lambda *_: "2")
    assert (first, second) == ({"id": "1", "more": ["1"]}, {"id": "2", "more": ["2"]})


def test_a_value_without_placeholders_is_handed_out_as_it_is() -> None:
    template = compile_template({"a": [1, {"b": "text"}], "c": "{{task_id}}"})

    def never(name: str, argument: str | None) -> object:
        raise AssertionError(name)

    assert template.render(never) is template.render(never)


def test_a_part_without_placeholders_is_not_copied() -> None:
    template = compile_template({"large": {"a": [1, 2, 3]}, "id": "{task_id}", "list": [["still"], "{now}"]})
    first, second = template.render(lookup), template.render(lookup)
    assert first is not second
    assert first["large"] is second["large"]
    assert first["list"][0] is second["list"][0]


def test_what_was_compiled_does_not_follow_changes_of_what_was_written() -> None:
    written: dict[str, Any] = {"a": [1], "b": "{task_id}"}
    template = compile_template(written)
    written["a"].append(2)
    written["b"] = "x"
    assert template.render(lookup) == {"a": [1], "b": "video_1"}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("", []),
        ("{a} {b:c} {{d}} {e}", [("a", None), ("b", "c"), ("e", None)]),
        ({"x": "{a}", "{key}": ["{b}", {"y": "{c:d}"}]}, [("a", None), ("b", None), ("c", "d")]),
        (("{a}",), [("a", None)]),
        ({"x": "{omit}"}, [("omit", None)]),
        ([1, None, True, 0.5], []),
    ],
)  # fmt: skip
def test_names_tells_the_placeholders_in_order(value: Any, found: list[tuple[str, str | None]]) -> None:
    assert list(names(value)) == found


def test_an_error_made_of_a_number_is_text_all_the_same(new_fake: NewFake) -> None:
    error = ReplyTemplate(error={"code": "{now}", "message": "{now}"})
    fake = new_fake(at_once(content=(error,), download=(error,)))
    id = fake.task().id
    now = str(int(fake.clock.now()))
    assert content(fake, id).json["error"]["message"] == now
    assert f"<Code>{now}</Code><Message>{now}</Message>" in fetch(fake, poll(fake, id).json["video_url"]).body.decode()


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(st.text(), parts, max_size=4),
    max_leaves=12,
)


@given(JSON_VALUES)
def test_json_as_text_is_left_alone_and_rendering_a_value_without_placeholders_changes_nothing(value: Any) -> None:
    text = json.dumps(value)
    if not list(names(text)) and "{{" not in text:
        assert filled(text) == text
    if not list(names(value)) and "{{" not in text:
        assert filled(value) == value


PARTS = {
    "{task_id}": "video_1",
    "{now}": "1735689600",
    "{{now}}": "{now}",
    "{download_url:mirror}": "http://dl.test/mirror",
    **{literal: literal for literal in ("{", "}", "x", " ", '{"a":', "{a b}")},
}


@given(st.lists(st.sampled_from(sorted(PARTS))))
def test_a_text_becomes_its_parts_filled_in(parts: list[str]) -> None:
    # Parts stand apart, so that no two of them make up a third.
    assert str(filled("|".join(parts))) == "|".join(PARTS[part] for part in parts)
