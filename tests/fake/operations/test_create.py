"""Creates as clients send them: every kind of body, every way to write a field, and bodies that cannot be read."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from support.asking import BOUNDARY, CREATE, ORIGINS, Answer, ask, done, form, multipart, part, poll, told
from support.fakes import NewFake
from video_mockserver.api.messages import Request
from video_mockserver.fake.clip_files import shipped_clips
from video_mockserver.fake.clock import ManualClock
from video_mockserver.fake.fake import Fake
from video_mockserver.fake.request_bodies import parse_form
from video_mockserver.scenario.library import Library
from video_mockserver.scenario.model import ReplyTemplate

MODEL, PROMPT = part("model", "grok-video-3"), part("prompt", "a fox in the snow")
PICTURE = b"\xff\xd8\xff\xe0 not really a picture \x00"


def create(fake: Fake, **request: Any) -> Answer:
    return ask(fake, "POST", "/v1/videos", **request)


# --- bodies that can be read ------------------------------------------------------------------------------------------

BODIES = {
    "JSON": {"json": CREATE},
    "JSON without a content type": {"body": json.dumps(CREATE).encode()},
    "JSON with a charset": {"body": json.dumps(CREATE).encode(), "content_type": "application/json; charset=utf-8"},
    "JSON under another name": {"body": json.dumps(CREATE).encode(), "content_type": "text/plain"},
    "urlencoded": form(**CREATE),
    "multipart": multipart(MODEL, PROMPT),
    "multipart, a name in capitals": {
        **multipart(MODEL, PROMPT),
        "content_type": f"Multipart/Form-Data; Boundary={BOUNDARY}",
    },
    "multipart, a quoted boundary": {
        **multipart(MODEL, PROMPT),
        "content_type": f'multipart/form-data; boundary="{BOUNDARY}"',
    },
    "multipart with a file": multipart(MODEL, PROMPT, part("input_reference", PICTURE, filename="a.jpg")),
    "multipart with several files": multipart(
        MODEL,
        PROMPT,
        part("input_reference", PICTURE, filename="a.jpg", media_type="image/jpeg"),
        part("input_reference", PICTURE, filename="b.jpg", media_type="image/jpeg"),
    ),
    "multipart with files named as a list": multipart(
        MODEL,
        PROMPT,
        part("input_reference[]", PICTURE, filename="a.jpg"),
        part("input_reference[]", PICTURE, filename="b.jpg"),
    ),
    "multipart, fields typed as bytes": multipart(
        part("model", "grok-video-3", media_type="application/octet-stream"),
        part("prompt", "a fox in the snow", media_type="application/octet-stream"),
    ),
    "multipart, a file without a file name": multipart(
        MODEL, PROMPT, part("input_reference", PICTURE, media_type="application/octet-stream")
    ),
    "multipart, an empty file field": multipart(MODEL, PROMPT, part("input_reference", b"", filename="")),
    "multipart, a data URI for a file": multipart(MODEL, PROMPT, part("input_reference", "data:image/png;base64,AA==")),
    "JSON with pictures": {"json": {**CREATE, "image": "https://pictures.test/a.png", "images": ["https://b.test/b"]}},
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_every_kind_of_body_makes_the_same_task(fake: Fake, body: dict[str, Any]) -> None:
    answer = create(fake, **body)
    assert (answer.status, answer.json["model"], answer.json["status"]) == (200, "grok-video-3", "queued")
    assert fake.bill[0].params.prompt == "a fox in the snow"
    assert fake.journal[-1].unknown_fields is None


@pytest.mark.parametrize(
    "prompt",
    ["ein Füchslein im Schnee", "雪中的狐狸 🦊", "line\nbreak", 'with "quotes" & more=1;', "  blanks  "],
)
@pytest.mark.parametrize("kind", ["json", "form", "multipart"])
def test_a_prompt_arrives_as_it_was_written(new_fake: NewFake, kind: str, prompt: str) -> None:
    fake = new_fake(dialect="openai")
    request = {
        "json": {"json": {"prompt": prompt}},
        "form": form(prompt=prompt),
        "multipart": multipart(part("prompt", prompt)),
    }[kind]
    assert create(fake, **request).json["prompt"] == prompt


# --- fields -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ({"seconds": 8}, "8"),
        ({"seconds": "8"}, "8"),
        ({"duration": 8}, "8"),
        ({}, "6"),
        ({"seconds": None}, "6"),
        ({"model": "grok-video-3-pro"}, "10"),
        ({"model": "grok-video-3-max"}, "15"),
        ({"model": "grok-video-3-pro", "seconds": 4}, "10"),
        ({"model": "grok-video-3-max", "seconds": "30"}, "15"),
        ({"model": "sora-2", "seconds": 12}, "12"),
    ],
)
def test_seconds_may_be_asked_for_as_a_number_or_text_and_are_answered_as_text(
    fake: Fake, asked: dict[str, Any], seconds: str
) -> None:
    task = create(fake, json={**CREATE, **asked}).json["id"]
    assert poll(fake, task).json["seconds"] == seconds


@pytest.mark.parametrize(
    ("pairs", "fields"),
    [
        ([("a", "1")], {"a": "1"}),
        ([("a", "1"), ("a", "2"), ("a", "3")], {"a": ["1", "2", "3"]}),
        ([("a[]", "1"), ("a[]", "2")], {"a": ["1", "2"]}),
        ([("a[]", "1"), ("a", "2")], {"a": ["1", "2"]}),
        ([("a[0]", "1"), ("b", "")], {"a[0]": "1", "b": ""}),
    ],
)
def test_a_field_that_is_repeated_is_a_list(pairs: list[tuple[str, str]], fields: dict[str, Any]) -> None:
    for body in (
        multipart(*(part(name, value) for name, value in pairs)),
        {"body": urlencode(pairs).encode(), "content_type": "application/x-www-form-urlencoded"},
    ):
        headers = (("content-type", body["content_type"]),)
        assert parse_form(Request("POST", "/", ORIGINS, headers=headers, body=body["body"])).fields == fields


def test_seconds_of_a_form_are_text_too(fake: Fake) -> None:
    task = create(fake, **multipart(MODEL, PROMPT, part("seconds", "8"))).json["id"]
    assert poll(fake, task).json["seconds"] == "8"


@pytest.mark.parametrize(
    ("asked", "size", "width_and_height"),
    [
        ({}, "720P", (1280, 720)),
        ({"size": "1080P"}, "1080P", (1920, 1080)),
        ({"resolution": "1080P"}, "1080P", (1920, 1080)),
        ({"size": "720P", "aspect_ratio": "9:16"}, "720P", (720, 1280)),
        ({"size": "720x1280"}, "720x1280", (720, 1280)),
        ({"size": "1280x720"}, "1280x720", (1280, 720)),
    ],
)
def test_size_is_answered_as_it_was_asked_for_and_the_clip_fits_it(
    fake: Fake, asked: dict[str, str], size: str, width_and_height: tuple[int, int]
) -> None:
    assert create(fake, json={**CREATE, **asked}).json["size"] == size
    clip = fake.bill[0].clip
    assert (clip.width, clip.height) == width_and_height


def test_unknown_fields_are_kept_in_the_journal_and_not_refused(fake: Fake) -> None:
    assert create(fake, json={**CREATE, "fps": 24, "camera": {"move": "pan"}}).status == 200
    assert fake.journal[-1].unknown_fields == {"fps": 24, "camera": {"move": "pan"}}
    assert create(fake, **multipart(MODEL, PROMPT, part("fps", "24"))).status == 200
    assert fake.journal[-1].unknown_fields == {"fps": "24"}


def test_what_the_journal_keeps_of_unknown_fields_is_bounded(fake: Fake) -> None:
    assert create(fake, json={**CREATE, "blob": "x" * 1_000_000, **{f"field{n}": n for n in range(1000)}}).status == 200
    kept = fake.journal[-1].unknown_fields
    assert kept is not None
    assert "1000002 characters" in kept["blob"]
    assert len(json.dumps(kept)) < 10_000


# --- strict -----------------------------------------------------------------------------------------------------------

STRICTLY_REFUSED = {
    "an unknown field": ({"fps": 24}, "unknown field 'fps'"),
    "a slip in a field": ({"aspect_ration": "16:9"}, "did you mean 'aspect_ratio'?"),
    "a ratio that no page names": ({"aspect_ratio": "21:9"}, "aspect_ratio '21:9' is not one of 16:9"),
    "a size that no page names": ({"size": "8K"}, "size '8K' is not one of 720P"),
    "seconds that are no number": ({"seconds": "six"}, "seconds 'six' is not a whole number"),
    "seconds with a fraction": ({"seconds": 6.5}, "seconds '6.5' is not a whole number"),
}


@pytest.mark.parametrize(("fields", "why"), STRICTLY_REFUSED.values(), ids=STRICTLY_REFUSED)
def test_a_strict_fake_refuses_what_no_page_names(new_fake: NewFake, fields: dict[str, Any], why: str) -> None:
    strict, lenient = new_fake(strict=True), new_fake()
    assert create(lenient, json={**CREATE, **fields}).status == 200
    answer = create(strict, json={**CREATE, **fields})
    assert (answer.status, answer.json["code"]) == (400, "invalid_request")
    assert why in answer.json["message"]
    assert strict.bill == []


@pytest.mark.parametrize(
    "fields",
    [{}, {"seconds": 6, "size": "1080P", "aspect_ratio": "2:3"}, {"images": [], "enhance_prompt": True}],
)
def test_a_strict_fake_takes_what_the_pages_name(new_fake: NewFake, fields: dict[str, Any]) -> None:
    assert create(new_fake(strict=True), json={**CREATE, **fields}).status == 200


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"seconds": "8", "size": "1280x720"}, 200), ({"seconds": "6"}, 400), ({"size": "720P"}, 400)],
)
def test_a_strict_fake_judges_by_its_dialect(new_fake: NewFake, fields: dict[str, str], status: int) -> None:
    fake = new_fake(strict=True, dialect="openai")
    assert create(fake, json={"model": "sora-2", "prompt": "a fox", **fields}).status == status


# --- bodies that cannot be read ---------------------------------------------------------------------------------------

WHOLE = multipart(MODEL, PROMPT)
ODD = {
    "nothing": ({}, "missing_model", "model field is required"),
    "no model": ({"json": {"prompt": "a fox"}}, "missing_model", "model field is required"),
    "a blank model": ({"json": {"model": " ", "prompt": "a fox"}}, "missing_model", "model field is required"),
    "a model that is no text": ({"json": {"model": {}, "prompt": "x"}}, "missing_model", "model field is required"),
    "no prompt": ({"json": {"model": "grok-video-3"}}, "invalid_request", "prompt is required"),
    "a blank prompt": ({"json": {**CREATE, "prompt": " \n"}}, "invalid_request", "prompt is required"),
    "a form without a prompt": (form(model="grok-video-3"), "invalid_request", "prompt is required"),
    "broken JSON": ({"body": b'{"model": "grok', "content_type": "application/json"}, "invalid_json", "not JSON"),
    "a JSON list": ({"json": [CREATE]}, "invalid_json", "a JSON list, not an object"),
    "a JSON text": ({"json": "a fox"}, "invalid_json", "a JSON str, not an object"),
    "JSON null": ({"body": b"null", "content_type": "application/json"}, "invalid_json", "not an object"),
    "JSON that is not UTF-8": ({"body": b'{"model": "\xff"}', "content_type": "application/json"}, "invalid_json", ""),
    "a number that JSON does not have": (
        {"body": b'{"model": "m", "prompt": "p", "seconds": NaN}', "content_type": "application/json"},
        "invalid_json",
        "NaN",
    ),
    "a number beyond all numbers": (
        {"body": b'{"model": "m", "prompt": "p", "seconds": 1e999}', "content_type": "application/json"},
        "invalid_json",
        "too large",
    ),
    "JSON without a bottom": ({"body": b"[" * 100_000, "content_type": "application/json"}, "invalid_json", ""),
    "a multipart type without a boundary": (
        {**WHOLE, "content_type": "multipart/form-data"},
        "invalid_multipart_form",
        "names no boundary",
    ),
    "a multipart type with another boundary": (
        {**WHOLE, "content_type": "multipart/form-data; boundary=other"},
        "invalid_multipart_form",
        "",
    ),
    "a multipart type whose boundary no body can have": (
        {**WHOLE, "content_type": "multipart/form-data; boundary=狐"},
        "invalid_multipart_form",
        "",
    ),
    "a multipart body cut in a part": (
        {**WHOLE, "body": WHOLE["body"][:90]},
        "invalid_multipart_form",
        "ends before its last boundary",
    ),
    "a multipart body cut between parts": (
        multipart(MODEL, PROMPT, ended=False),
        "invalid_multipart_form",
        "ends before its last boundary",
    ),
    "an empty multipart body": ({**WHOLE, "body": b""}, "invalid_multipart_form", "ends before its last boundary"),
    "a part without a name": (
        multipart(f"--{BOUNDARY}\r\nContent-Type: text/plain\r\n\r\nx\r\n".encode()),
        "invalid_multipart_form",
        "has no name",
    ),
    "a prompt that is not UTF-8": (
        multipart(MODEL, part("prompt", b"\xff\xfe")),
        "invalid_multipart_form",
        "'prompt' is not UTF-8 text",
    ),
    "an urlencoded body that is not UTF-8": (
        {"body": b"model=m&prompt=\xff", "content_type": "application/x-www-form-urlencoded"},
        "invalid_request",
        "not a form",
    ),
    "an urlencoded field that is not UTF-8": (
        {"body": b"model=m&prompt=%ff", "content_type": "application/x-www-form-urlencoded"},
        "invalid_request",
        "not a form",
    ),
}


@pytest.mark.parametrize(("request_", "code", "message"), ODD.values(), ids=ODD)
def test_a_body_that_cannot_be_used_is_answered_as_documented(
    fake: Fake, request_: dict[str, Any], code: str, message: str
) -> None:
    answer = create(fake, **request_)
    assert answer.status == 400
    assert list(answer.envelope) == ["code", "message", "data"]
    assert (answer.json["code"], answer.json["data"]) == (code, None)
    assert message in answer.json["message"]
    assert fake.bill == []


@pytest.mark.parametrize("path", ["/v1/videos", "/v1/video/create", "/v1/video/generations"])
@pytest.mark.parametrize("body", [{"json": {}}, {"json": []}, {"body": b"{", "content_type": "application/json"}])
def test_every_create_refuses_alike(fake: Fake, path: str, body: dict[str, Any]) -> None:
    answer = ask(fake, "POST", path, **body)
    assert (answer.status, list(answer.envelope)) == (400, ["code", "message", "data"])


def test_half_a_surrogate_pair_in_json_is_replaced_as_the_gateway_does(fake: Fake) -> None:
    answer = create(fake, body=b'{"model": "grok-\\ud83d", "prompt": "a fox \\ud83e\\udd8a"}')
    assert (answer.status, answer.json["model"]) == (200, "grok-?")
    assert fake.bill[0].params.prompt == "a fox 🦊"


_TYPES = st.sampled_from(
    [
        "application/json",
        "application/x-www-form-urlencoded",
        f"multipart/form-data; boundary={BOUNDARY}",
        "multipart/form-data; boundary=é",
        "multipart/form-data; boundary*=utf-8''x",
        "",
    ]
)
_PIECES = st.sampled_from(
    [
        MODEL,
        PROMPT,
        f"--{BOUNDARY}".encode(),
        f"--{BOUNDARY}--\r\n".encode(),
        b"\r\n\r\n",
        b'{"model":"m","prompt":"p"}',
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(_PIECES, st.binary(max_size=20)), max_size=6).map(b"".join), _TYPES)
@example(b'{"model":"\\ud800","prompt":"\\udfff"}', "application/json")
def test_no_body_whatever_brings_the_fake_down(body: bytes, content_type: str) -> None:
    fake = Fake(_LIBRARY, shipped_clips(), clock=ManualClock())
    answer = create(fake, body=body, content_type=content_type)
    assert answer.status in (200, 400)
    assert fake.journal[-1].body == body
    json.dumps(fake.journal[-1].to_data(), allow_nan=False).encode()


_LIBRARY = Library()


# --- the reply --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", ["lifecycle/plain", "lifecycle/failed_at_once", "lifecycle/at_once"])
@pytest.mark.parametrize("path", ["/v1/videos", "/v1/video/create", "/v1/video/generations"])
@pytest.mark.parametrize("dialect", ["octopusx", "new-api"])
def test_a_create_reply_never_carries_an_empty_error(new_fake: NewFake, dialect: str, path: str, scenario: str) -> None:
    # A client that raises on any truthy `error` there exists, and an object of empty strings is truthy.
    answer = ask(new_fake(scenario, dialect=dialect), "POST", path, json=CREATE)
    assert answer.status == 200
    told = answer.json.get("data", answer.json).get("error")
    assert not told or any(told.values())


def test_a_create_of_openai_has_null_for_an_error(new_fake: NewFake) -> None:
    answer = create(new_fake(dialect="openai"), json={"prompt": "a fox"})
    assert answer.json["error"] is None


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (ReplyTemplate(status=400), 400),
        (ReplyTemplate(status=401), 401),
        (ReplyTemplate(status=403), 403),
        (ReplyTemplate(status=429), 429),
        (ReplyTemplate(status=500), 500),
        (ReplyTemplate(status=503), 503),
        (ReplyTemplate(status=201), 201),
        (ReplyTemplate(status=202), 202),
        (ReplyTemplate(html="<h1>502</h1>", status=502), 502),
    ],
)
def test_the_reply_to_a_create_can_be_scripted(new_fake: NewFake, reply: ReplyTemplate, status: int) -> None:
    fake = new_fake(told({"completed": done()}, create=(reply, ReplyTemplate())))
    first, second = create(fake, json=CREATE), create(fake, json=CREATE)
    assert (first.status, second.status) == (status, 200)
    assert "retry-after" not in first.headers


def test_a_scenario_can_say_its_tasks_ids(new_fake: NewFake) -> None:
    fake = new_fake(told({"completed": done()}, task_id="grok:1 a/b?c"))
    made = [create(fake, json=CREATE).json["id"] for _ in range(3)]
    assert made == ["grok:1 a/b?c", "grok:1 a/b?c-2", "grok:1 a/b?c-3"]
    assert ask(fake, "GET", "/v1/videos/grok%3A1%20a%2Fb%3Fc").json["id"] == made[0]
