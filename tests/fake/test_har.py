"""The journal as HAR: valid by the format's own rules, true to the exchanges, and without a key in it."""

from __future__ import annotations

import json
from datetime import datetime
from importlib.metadata import PackageNotFoundError
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from support import asking
from support.fakes import make_fake
from video_mockserver.api.faults import FAULTS, describe
from video_mockserver.api.messages import Fault, Reply, Request
from video_mockserver.fake.clock import ManualClock
from video_mockserver.fake.fake import Fake
from video_mockserver.fake.har import har
from video_mockserver.fake.journal import Journal

NAMED = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"name": {"type": "string"}, "value": {"type": "string"}, "comment": {"type": "string"}},
        "required": ["name", "value"],
        "additionalProperties": False,
    },
}
TEXT = {"type": "string"}
SIZE = {"type": "integer", "minimum": -1}
DURATION = {"type": "number", "minimum": -1}


def told(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """An object of HAR: fields of one's own begin with an underscore, all others are the format's."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {}), "comment": TEXT},
        "patternProperties": {"^_": {}},
        "required": list(required),
        "additionalProperties": False,
    }


# HAR 1.2 in JSON Schema: the objects, their required fields and types as the specification lists them.
HAR = told({
    "log": told(
        {
            "version": {"const": "1.2"},
            "creator": told({"name": TEXT, "version": TEXT}),
            "entries": {"type": "array", "items": told(
                {
                    "startedDateTime": {
                        "type": "string",
                        "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$",
                    },
                    "time": {"type": "number", "minimum": 0},
                    "request": told(
                        {
                            "method": TEXT, "url": TEXT, "httpVersion": TEXT, "cookies": NAMED, "headers": NAMED,
                            "queryString": NAMED, "headersSize": SIZE, "bodySize": SIZE,
                        },
                        {"postData": told({"mimeType": TEXT, "text": TEXT})},
                    ),
                    "response": told({
                        "status": {"type": "integer"}, "statusText": TEXT, "httpVersion": TEXT, "cookies": NAMED,
                        "headers": NAMED, "redirectURL": TEXT, "headersSize": SIZE, "bodySize": SIZE,
                        "content": told({"size": {"type": "integer", "minimum": 0}, "mimeType": TEXT},
                                        {"text": TEXT, "encoding": TEXT, "compression": SIZE}),
                    }),
                    "cache": told({}, {"beforeRequest": {}, "afterRequest": {}}),
                    "timings": told(
                        {name: {"type": "number", "minimum": 0} for name in ("send", "wait", "receive")},
                        dict.fromkeys(("blocked", "dns", "connect", "ssl"), DURATION),
                    ),
                },
                {"pageref": TEXT, "serverIPAddress": TEXT, "connection": TEXT},
            )},
        },
        {"browser": {}, "pages": {"type": "array"}},
    )
})  # fmt: skip


def entries(fake: Fake) -> list[dict[str, Any]]:
    """The journal of a fake as entries of a valid HAR file."""
    data = json.loads(json.dumps(har(fake.journal), allow_nan=False))
    Draft202012Validator(HAR).validate(data)
    for entry in data["log"]["entries"]:
        # "time" is the sum of all timings that apply, without ssl, which is a part of connect.
        spent = sum(value for name, value in entry["timings"].items() if value != -1 and name != "ssl")
        assert entry["time"] == spent
    told_entries: list[dict[str, Any]] = data["log"]["entries"]
    return told_entries


def entry(fake: Fake) -> dict[str, Any]:
    """The last of them."""
    return entries(fake)[-1]


def one(reply: Reply, request: Request | None = None) -> Fake:
    """A fake whose journal holds this one exchange."""
    fake = make_fake()
    fake.journal.record(fake.clock.now(), request or Request("GET", "/v1/videos/a", asking.ORIGINS), reply)
    return fake


def test_an_empty_journal_is_a_valid_file() -> None:
    assert entries(make_fake()) == []


def test_a_whole_life_is_a_valid_file_in_order() -> None:
    fake = make_fake()
    id = asking.ask(fake, "POST", "/v1/videos", json=asking.CREATE).json["id"]
    document = asking.polled_to_the_end(fake, id)
    asking.fetch(fake, document["video_url"])
    asking.content(fake, id)
    told_entries = entries(fake)
    assert [entry["_operation"] for entry in told_entries] == ["create", *["poll"] * 4, "download", "content"]
    assert [entry["_number"] for entry in told_entries] == list(range(1, 8))
    assert {entry["_task"] for entry in told_entries} == {id}
    assert (told_entries[3]["_state"], told_entries[3]["_state_after"]) == ("processing", "completed")
    assert told_entries[5]["request"]["url"].startswith(asking.ORIGINS.download)
    assert told_entries[5]["_host"] == "download"


def test_times_are_the_fakes_own() -> None:
    fake = make_fake(clock=ManualClock(1735689600.25))
    asking.ask(fake, "GET", "/v1/models")
    fake.advance(3600)
    asking.ask(fake, "GET", "/v1/models")
    started = [datetime.fromisoformat(entry["startedDateTime"]).timestamp() for entry in entries(fake)]
    assert started == [1735689600.25, 1735693200.25]


def test_a_scripted_delay_is_time_that_the_client_waited() -> None:
    told_entry = entry(one(Reply(200, delay=1.5)))
    assert (told_entry["time"], told_entry["timings"]["wait"]) == (1500, 1500)


def test_no_key_and_no_signature_stays_readable() -> None:
    fake = make_fake()
    id = asking.ask(fake, "POST", "/v1/videos", json=asking.CREATE).json["id"]
    url = asking.polled_to_the_end(fake, id)["video_url"]
    asking.fetch(fake, url)
    asking.ask(fake, "GET", f"/v1/videos/{id}?api_key=sk-hidden-in-the-query", headers={"cookie": "session=hidden"})
    text = json.dumps(entries(fake))
    assert asking.KEY not in text
    assert "hidden" not in text
    assert url.partition("signature=")[2] not in text
    assert json.loads(entries(fake)[-3]["response"]["content"]["text"])["video_url"].endswith("&signature=***")
    query = {pair["name"]: pair["value"] for pair in entries(fake)[-2]["request"]["queryString"]}
    assert query["signature"] == "***"
    assert query["expires"].isdecimal()


def test_a_body_of_json_is_written_out() -> None:
    fake = make_fake()
    asking.ask(fake, "POST", "/v1/videos", json=asking.CREATE)
    told_entry = entry(fake)
    sent = told_entry["request"]["postData"]
    assert json.loads(sent["text"]) == asking.CREATE
    assert sent["mimeType"] == "application/json"
    assert told_entry["request"]["bodySize"] == len(sent["text"])
    content = told_entry["response"]["content"]
    assert json.loads(content["text"])["object"] == "video"
    assert content["size"] == len(content["text"])


@pytest.mark.parametrize(
    ("headers", "comment"),
    [({}, "The clip landscape; its bytes"), ({"range": "bytes=5-9"}, "The clip landscape, bytes 5 to 9;")],
)
def test_a_clip_is_named_not_written_out(headers: dict[str, str], comment: str) -> None:
    fake = make_fake()
    fake.move(fake.task(id="video_a"), "completed")
    answer = asking.content(fake, "video_a", headers=headers)
    content = entry(fake)["response"]["content"]
    assert (content["size"], content["mimeType"]) == (len(answer.body), "video/mp4")
    assert content["comment"].startswith(comment)
    assert "text" not in content


@pytest.mark.parametrize("media_type", ["video/mp4", "application/json", "text/plain", None])
def test_a_body_that_is_no_text_is_left_out_with_its_size(media_type: str | None) -> None:
    headers = (("content-type", media_type),) if media_type else ()
    request = Request("POST", "/v1/videos", asking.ORIGINS, headers=headers, body=b"\x00\xff" * 50)
    told_entry = entry(one(Reply(200, headers, b"\x00\xff" * 60), request))
    assert told_entry["request"]["postData"]["text"] == ""
    assert "100 bytes" in told_entry["request"]["postData"]["comment"]
    assert told_entry["response"]["content"]["size"] == 120
    assert "text" not in told_entry["response"]["content"]
    assert "120 bytes" in told_entry["response"]["content"]["comment"]


def test_a_body_without_a_type_is_written_out_when_it_is_text() -> None:
    content = entry(one(Reply(200, (), "ein Fuchs 狐".encode())))["response"]["content"]
    assert (content["text"], content["mimeType"], content["size"]) == ("ein Fuchs 狐", "x-unknown", 13)


def test_a_long_body_is_written_as_far_as_the_journal_keeps_it() -> None:
    # A character of three bytes stands where the journal cuts.
    long = ("ab" + "狐" * 40_000).encode()
    headers = (("content-type", "text/plain"), ("content-length", str(len(long))))
    told_entry = entry(one(Reply(200, headers[:1], long), Request("POST", "/", asking.ORIGINS, "", headers, long)))
    assert told_entry["request"]["bodySize"] == len(long)
    assert told_entry["request"]["postData"]["comment"] == "The first 65536 bytes."
    assert told_entry["request"]["postData"]["text"].endswith("狐")
    content = told_entry["response"]["content"]
    assert (content["size"], content["comment"]) == (len(long), "The first 65536 bytes.")
    assert content["text"].endswith("狐")
    assert len(content["text"].encode()) in range(65534, 65537)


@pytest.mark.parametrize("length", ["", "x", "-5", "9" * 30, "٣"])
def test_a_content_length_that_is_none_does_no_harm(length: str) -> None:
    headers = (("content-length", length),)
    assert entry(one(Reply(200), Request("POST", "/", asking.ORIGINS, "", headers, b"abc")))["request"]["bodySize"] == 3


def test_a_redirect_says_where_to() -> None:
    url = "http://elsewhere.test/clip?signature=hidden"
    response = entry(one(Reply(302, (("location", url),))))["response"]
    assert response["redirectURL"] == "http://elsewhere.test/clip?signature=***"
    assert response["statusText"] == "Found"


def test_a_status_that_nobody_named_has_no_words() -> None:
    assert entry(one(Reply(599)))["response"]["statusText"] == ""


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_is_told_and_a_reply_that_never_came_has_no_status(kind: str) -> None:
    amount = 10 if FAULTS[kind].amount == "must" else None
    fault = Fault(kind, 5 if FAULTS[kind].at == "must" else None, amount)
    told_entry = entry(one(Reply(200, (), b"a body of bytes", fault=fault)))
    assert told_entry["_fault"] == describe(fault)
    came = kind not in ("reset", "close", "stall", "garbage")
    assert told_entry["response"]["status"] == (200 if came else 0)
    assert ("the fault came first" in told_entry["response"].get("comment", "")) is not came


@pytest.mark.parametrize("kind", ["reset", "stall"])
def test_a_fault_in_the_middle_of_the_body_leaves_the_status(kind: str) -> None:
    assert entry(one(Reply(200, (), b"a body of bytes", fault=Fault(kind, 5))))["response"]["status"] == 200


def test_what_the_edge_saw_is_told() -> None:
    fake = one(Reply(200, (), b"a body"))
    assert entry(fake)["response"]["bodySize"] == -1
    assert "_sent" not in entry(fake)
    fake.journal[0].finish(3, "client left")
    told_entry = entry(fake)
    assert (told_entry["response"]["bodySize"], told_entry["_sent"], told_entry["_ended"]) == (3, 3, "client left")


def test_a_query_of_any_kind_is_a_list_of_pairs() -> None:
    request = Request("GET", "/v1/videos", asking.ORIGINS, "a=1&a=2&b=&c&key=secret&%ff=%20")
    query = entry(one(Reply(200), request))["request"]["queryString"]
    assert [(pair["name"], pair["value"]) for pair in query] == [
        ("a", "1"), ("a", "2"), ("b", ""), ("c", ""), ("key", "***"), ("\ufffd", " "),
    ]  # fmt: skip


def test_a_request_that_nothing_matched_says_why() -> None:
    fake = make_fake()
    asking.ask(fake, "GET", "/v1/video")
    told_entry = entry(fake)
    assert (told_entry["_operation"], told_entry["response"]["status"]) == ("", 404)
    assert "no route" in told_entry["_note"]


def test_a_comment_is_the_files() -> None:
    assert har(Journal(), comment="3 older")["log"]["comment"] == "3 older"
    assert "comment" not in har(Journal())["log"]


def test_scripted_html_is_text() -> None:
    fake = make_fake()
    fake.move(fake.task("content/html_502", id="video_a"), "completed")
    asking.content(fake, "video_a")
    content = entry(fake)["response"]["content"]
    assert (content["text"], content["mimeType"]) == ("<h1>Bad gateway</h1>", "text/html; charset=utf-8")


def test_a_checkout_that_was_never_installed_has_a_version_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", missing)
    assert har(Journal())["log"]["creator"] == {"name": "video-mockserver", "version": "unknown"}
