"""The download host: strict as presigned storage is, unless a scenario says otherwise."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from support.asking import KEY, ORIGINS, ask, at_once, content, done, fetch, poll, polled_to_the_end, told
from support.fakes import NewFake
from video_mockserver.api.faults import describe
from video_mockserver.api.messages import Fault
from video_mockserver.fake.fake import Fake
from video_mockserver.scenario.model import ReplyTemplate, Scenario, Transition

CODE = {
    "unsigned": (403, "AccessDenied"),
    "altered": (403, "SignatureDoesNotMatch"),
    "expired": (403, "AccessDenied"),
    "two kinds of key": (400, "InvalidArgument"),
    "gone": (404, "NoSuchKey"),
}


def presigned(fake: Fake, **wish: str) -> str:
    """The download URL of a new task that is finished."""
    url: str = poll(fake, fake.task(**wish).id).json["video_url"]
    return url


def code_of(body: bytes) -> str:
    return body.decode().split("<Code>")[1].split("</Code>")[0]


# --- good -------------------------------------------------------------------------------------------------------------


def test_a_presigned_url_gives_the_clip_without_any_key(new_fake: NewFake) -> None:
    fake = new_fake(at_once())
    url = presigned(fake)
    assert url.startswith(f"{ORIGINS.download}/clips/")
    answer = fetch(fake, url)
    assert (answer.status, answer.headers["content-type"]) == (200, "video/mp4")
    assert answer.body == fake.read_clip(fake.tasks[0].clip)


def test_it_is_on_another_origin_than_the_api(fake: Fake) -> None:
    url = urlsplit(polled_to_the_end(fake, fake.task().id)["video_url"])
    assert f"{url.scheme}://{url.netloc}" == ORIGINS.download != ORIGINS.api
    path = f"{url.path}?{url.query}"
    assert ask(fake, "GET", path).status == 404  # the API's origin knows nothing of it


def test_it_can_be_used_as_often_as_one_likes(new_fake: NewFake) -> None:
    fake = new_fake(at_once())
    url = presigned(fake)
    assert [fetch(fake, url).status for _ in range(3)] == [200, 200, 200]


def test_it_is_the_same_at_every_poll_of_a_state(new_fake: NewFake) -> None:
    fake = new_fake(at_once())
    task = fake.task()
    urls = set()
    for _ in range(3):
        urls.add(poll(fake, task.id).json["video_url"])
        fake.advance(60)
    assert len(urls) == 1


def test_the_order_of_its_parameters_does_not_matter(new_fake: NewFake) -> None:
    fake = new_fake(at_once())
    url, _, query = presigned(fake).partition("?")
    assert fetch(fake, f"{url}?{'&'.join(reversed(query.split('&')))}").status == 200


def test_head_and_ranges_are_those_of_storage(new_fake: NewFake) -> None:
    fake = new_fake(at_once())
    url = presigned(fake)
    film = fetch(fake, url).body
    head = fetch(fake, url, "HEAD")
    assert (head.status, head.headers["accept-ranges"], len(head.body)) == (200, "bytes", len(film))
    part = fetch(fake, url, headers={"Range": "bytes=100-199"})
    assert (part.status, part.body) == (206, film[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(film)}"
    beyond = fetch(fake, url, headers={"Range": "bytes=99999999-"})
    assert (beyond.status, code_of(beyond.body)) == (416, "InvalidRange")


def test_a_clip_that_is_said_to_come_with_200_takes_no_notice_of_range(new_fake: NewFake) -> None:
    fake = new_fake(at_once(download=(ReplyTemplate(status=200), ReplyTemplate(status=206), ReplyTemplate())))
    url = presigned(fake)
    whole = fetch(fake, url, headers={"Range": "bytes=100-199"})
    film = fake.read_clip(fake.tasks[0].clip)
    assert (whole.status, whole.body == film) == (200, True)
    assert not {"content-range", "accept-ranges"} & whole.headers.keys()
    assert whole.headers["content-type"] == "video/mp4"
    assert [len(fetch(fake, url, headers={"Range": "bytes=100-199"}).body) for _ in range(2)] == [100, 100]


# --- refused ----------------------------------------------------------------------------------------------------------


def alter(url: str, what: str) -> str:
    """The URL with one part of it changed."""
    parts = urlsplit(url)
    fields = {name: values[0] for name, values in parse_qs(parts.query).items()}
    query, path = parts.query, parts.path
    match what:
        case "a later expiry":
            query = query.replace(fields["expires"], str(int(fields["expires"]) + 1))
        case "no expiry":
            query = f"signature={fields['signature']}"
        case "an expiry that is no number":
            query = query.replace(fields["expires"], "never")
        case "an expiry in other digits":
            query = query.replace(fields["expires"], "".join(chr(0x660 + int(d)) for d in fields["expires"]))
        case "a huge expiry":
            query = query.replace(fields["expires"], "9" * 5000)
        case "the signature's first letter":
            other = "0" if fields["signature"][0] != "0" else "1"
            query = query.replace(fields["signature"], other + fields["signature"][1:])
        case "half a signature":
            query = query.replace(fields["signature"], fields["signature"][:16])
        case "a signature that is no ASCII":
            query = query.replace(fields["signature"], "%C3%A9" * 5)
        case "a parameter more":
            query += "&download=1"
        case "a parameter more, empty":
            query += "&download="
        case "said to be relative":
            query += "&relative=1"
        case "said not to be relative":
            query += "&relative=0"
        case "another link":
            path = path.replace("/video.mp4", "/other.mp4")
        case "another task":
            path = path.replace("video_mine", "video_other")
        case "a task that never was":
            path = path.replace("video_mine", "video_nobody")
    return f"{parts.scheme}://{parts.netloc}{path}?{query}"


ALTERATIONS = [
    "a later expiry",
    "no expiry",
    "an expiry that is no number",
    "an expiry in other digits",
    "a huge expiry",
    "the signature's first letter",
    "half a signature",
    "a signature that is no ASCII",
    "a parameter more",
    "a parameter more, empty",
    "said to be relative",
    "said not to be relative",
    "another link",
    "another task",
    "a task that never was",
]


@pytest.mark.parametrize("what", ALTERATIONS)
def test_a_url_that_was_altered_in_any_part_is_refused(new_fake: NewFake, what: str) -> None:
    fake = new_fake(at_once())
    fake.task(id="video_other")
    url = presigned(fake, id="video_mine")
    assert alter(url, what) != url
    answer = fetch(fake, alter(url, what))
    assert (answer.status, code_of(answer.body)) == CODE["altered"]
    assert answer.headers["content-type"] == "application/xml"
    assert fake.journal[-1].note


@pytest.mark.parametrize("query", ["", "?", "?expires=9999999999", "?signature=", "?expires=9999999999&signature="])
def test_a_url_without_a_signature_is_refused(new_fake: NewFake, query: str) -> None:
    fake = new_fake(at_once())
    answer = fetch(fake, presigned(fake).partition("?")[0] + query)
    assert (answer.status, code_of(answer.body)) == CODE["unsigned"]


@pytest.mark.parametrize(
    ("lifetime", "seconds", "status"),
    [(43200, 43199, 200), (43200, 43200, 403), (43200, 999_999, 403), (60, 59, 200), (60, 60, 403)],
)
def test_a_url_expires_by_the_fakes_clock(new_fake: NewFake, lifetime: float, seconds: float, status: int) -> None:
    fake = new_fake(told({"completed": done()}, link_lifetime=lifetime))
    url = presigned(fake)
    fake.advance(seconds)
    answer = fetch(fake, url)
    assert answer.status == status
    if status == 403:
        assert code_of(answer.body) == "AccessDenied"
        assert b"expired" in answer.body


def test_a_link_lives_twelve_hours_by_default(new_fake: NewFake) -> None:
    fake = new_fake(at_once())
    expires = int(parse_qs(urlsplit(presigned(fake)).query)["expires"][0])
    assert expires - int(fake.clock.now()) == 12 * 3600


def test_the_link_lives_from_the_moment_that_the_clip_was_ready(new_fake: NewFake) -> None:
    fake = new_fake(
        told({"a": done(video={"status": "processing"}, next=(Transition("b", seconds=100),)), "b": done()})
    )
    task = fake.task()
    fake.advance(5000)
    expires = int(parse_qs(urlsplit(poll(fake, task.id).json["video_url"]).query)["expires"][0])
    assert expires == int(task.created_at) + 100 + 43200


def test_signatures_of_another_seed_are_not_good(new_fake: NewFake) -> None:
    fakes = [new_fake(at_once(), seed=seed) for seed in (1, 2)]
    urls = [presigned(fake, id="same") for fake in fakes]
    assert urls[0] != urls[1]
    assert [fetch(fakes[0], url).status for url in urls] == [200, 403]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_another_method_is_405_and_tells_which_there_are(new_fake: NewFake, method: str) -> None:
    fake = new_fake(at_once())
    answer = fetch(fake, presigned(fake), method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/", "/clips", "/clips/x", "/v1/videos", "/clips/x/y/z.mp4"])
def test_another_path_is_404_with_a_reason_in_the_journal(fake: Fake, path: str) -> None:
    answer = fetch(fake, ORIGINS.download + path)
    assert (answer.status, code_of(answer.body)) == CODE["gone"]
    assert "no route" in (fake.journal[-1].note or "")


def test_another_ending_is_404(new_fake: NewFake) -> None:
    fake = new_fake(at_once())
    assert fetch(fake, presigned(fake).replace(".mp4", ".webm")).status == 404


def test_the_clip_of_a_deleted_task_is_gone(new_fake: NewFake) -> None:
    fake = new_fake(at_once())
    url = presigned(fake, id="mine")
    ask(fake, "DELETE", "/v1/videos/mine")
    answer = fetch(fake, url)
    assert (answer.status, code_of(answer.body)) == CODE["gone"]


# --- keys where none belong -------------------------------------------------------------------------------------------


def with_manners(new_fake: NewFake, manners: str) -> tuple[Fake, str]:
    fake = new_fake(told({"completed": done()}, download_auth=manners))
    return fake, presigned(fake)


@pytest.mark.parametrize("value", [f"Bearer {KEY}", "Basic abc", "Bearer", KEY])
def test_an_authorization_beside_the_signature_is_refused(new_fake: NewFake, value: str) -> None:
    fake, url = with_manners(new_fake, "strict")
    answer = fetch(fake, url, headers={"Authorization": value})
    assert (answer.status, code_of(answer.body)) == CODE["two kinds of key"]
    assert b"Only one auth mechanism allowed" in answer.body


@pytest.mark.parametrize(
    ("manners", "without", "with_a_key"), [("strict", 200, 400), ("lenient", 200, 200), ("bearer", 401, 200)]
)
def test_a_scenario_says_how_the_host_takes_an_authorization(
    new_fake: NewFake, manners: str, without: int, with_a_key: int
) -> None:
    fake, url = with_manners(new_fake, manners)
    assert (fetch(fake, url).status, fetch(fake, url, key=KEY).status) == (without, with_a_key)


def test_a_host_that_wants_a_key_answers_with_a_json_where_the_film_should_be(new_fake: NewFake) -> None:
    fake, url = with_manners(new_fake, "bearer")
    answer = fetch(fake, url)
    assert (answer.headers["content-type"], list(answer.json["error"])) == ("application/json", ["message", "type"])
    assert len(answer.body) == 64


@pytest.mark.parametrize("manners", ["lenient", "bearer"])
@pytest.mark.parametrize("what", ["the signature's first letter", "another link", "a parameter more"])
def test_a_lenient_host_still_refuses_an_altered_url(new_fake: NewFake, manners: str, what: str) -> None:
    fake, url = with_manners(new_fake, manners)
    assert fetch(fake, alter(url, what), key=KEY).status == 403


# --- links by name, and relative ones ---------------------------------------------------------------------------------


def test_links_of_their_own_have_urls_and_replies_of_their_own(new_fake: NewFake) -> None:
    fake = new_fake(
        at_once(
            video={
                "video_url": "{download_url}",
                "output": {"url": "{download_url:mirror}"},
                "url": "{download_url:b}",
            },
            downloads={"mirror": (ReplyTemplate(status=404),)},
        )
    )
    document = poll(fake, fake.task().id).json
    urls = [document["output"]["url"], document["video_url"], document["url"]]
    assert len(set(urls)) == 3
    assert [fetch(fake, url).status for url in urls] == [404, 200, 200]


def test_each_link_counts_its_own_requests(new_fake: NewFake) -> None:
    once = (ReplyTemplate(status=503), ReplyTemplate())
    fake = new_fake(
        at_once(
            video={"video_url": "{download_url}", "url": "{download_url:b}"},
            download=once,
            downloads={"b": once},
        )
    )
    document = poll(fake, fake.task().id).json
    for url in (document["video_url"], document["url"]):
        assert [fetch(fake, url).status for _ in range(3)] == [503, 200, 200]


@pytest.fixture
def relative(new_fake: NewFake) -> tuple[Fake, str]:
    """A fake whose finished task shows a path, as it is for the download host below the API's origin."""
    fake = new_fake(at_once(video={"video_url": "{download_path}"}))
    path: str = poll(fake, fake.task().id).json["video_url"]
    assert path.startswith("/_download/clips/")
    return fake, path.removeprefix("/_download")


def test_a_relative_path_gives_the_clip(relative: tuple[Fake, str]) -> None:
    fake, path = relative
    assert ask(fake, "GET", path, host="download").body == fake.read_clip(fake.tasks[0].clip)


def test_a_relative_path_bears_the_key_that_a_client_sends_to_the_apis_own_origin(relative: tuple[Fake, str]) -> None:
    fake, path = relative
    assert ask(fake, "GET", path, host="download", headers={"Authorization": f"Bearer {KEY}"}).status == 200


def test_a_relative_path_is_not_good_as_an_absolute_one(relative: tuple[Fake, str]) -> None:
    fake, path = relative
    assert ask(fake, "GET", path.replace("&relative=1", ""), host="download").status == 403


# --- scripted ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "Unauthorized"),
        (403, "AccessDenied"),
        (404, "NoSuchKey"),
        (410, "Gone"),
        (429, "SlowDown"),
        (500, "InternalError"),
        (503, "SlowDown"),
        (504, "GatewayTimeout"),
        (524, "Error"),
    ],
)
def test_a_scripted_status_comes_as_storage_words_it(new_fake: NewFake, status: int, code: str) -> None:
    fake = new_fake(at_once(download=(ReplyTemplate(status=status),)))
    answer = fetch(fake, presigned(fake))
    assert (answer.status, answer.headers["content-type"], code_of(answer.body)) == (status, "application/xml", code)


def test_a_scripted_error_has_its_own_words(new_fake: NewFake) -> None:
    error = {"code": "Expired", "message": "Link <old> & gone"}
    fake = new_fake(at_once(download=(ReplyTemplate(status=410, error=error),)))
    answer = fetch(fake, presigned(fake))
    assert answer.status == 410
    assert b"<Code>Expired</Code><Message>Link &lt;old&gt; &amp; gone</Message>" in answer.body


BODIES: dict[str, tuple[ReplyTemplate, int, str, bytes]] = {
    "a page with 200": (ReplyTemplate(html="<h1>hi</h1>"), 200, "text/html; charset=utf-8", b"<h1>hi</h1>"),
    "a JSON error with 200": (
        ReplyTemplate(json={"error": "no"}, has_json=True), 200, "application/json", b'{"error":"no"}',
    ),
    "nothing with 204": (ReplyTemplate(status=204), 204, "video/mp4", b""),
}  # fmt: skip


@pytest.mark.parametrize(("reply", "status", "media_type", "body"), BODIES.values(), ids=BODIES)
def test_what_comes_in_place_of_the_film(
    new_fake: NewFake, reply: ReplyTemplate, status: int, media_type: str, body: bytes
) -> None:
    fake = new_fake(at_once(download=(reply,)))
    answer = fetch(fake, presigned(fake))
    assert (answer.status, answer.headers.get("content-type"), answer.body) == (status, media_type, body)


FAULTS = [
    Fault("reset"),
    Fault("reset", 4096),
    Fault("close"),
    Fault("truncate", 0.5),
    Fault("stall"),
    Fault("stall", 1),
    Fault("drip", amount=20_000),
    Fault("empty"),
    Fault("wrong_length", amount=100),
    Fault("unended"),
    Fault("endless"),
    Fault("garbage"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: describe(fault))
def test_a_scripted_fault_is_handed_over_as_data_with_the_whole_film(new_fake: NewFake, fault: Fault) -> None:
    fake = new_fake(at_once(download=(ReplyTemplate(fault=fault, delay=1.5),)))
    answer = fetch(fake, presigned(fake))
    assert (answer.status, answer.fault, answer.reply.delay) == (200, fault, 1.5)
    assert answer.body == fake.read_clip(fake.tasks[0].clip)
    assert fake.journal[-1].fault == describe(fault)


def test_a_scripted_reply_does_not_open_an_altered_url(new_fake: NewFake) -> None:
    fake = new_fake(at_once(download=(ReplyTemplate(clip="clip"),)))
    assert fetch(fake, alter(presigned(fake), "another link")).status == 403


def test_a_redirect_to_itself_and_onwards(new_fake: NewFake) -> None:
    fake = new_fake(
        at_once(
            download=(ReplyTemplate(redirect="{download_url:next}"),),
            downloads={"next": (ReplyTemplate(status=308, redirect="{content_url}"),)},
        )
    )
    first = fetch(fake, presigned(fake))
    assert first.status == 302
    second = fetch(fake, first.headers["location"])
    assert second.status == 308
    assert second.headers["location"] == f"{ORIGINS.api}/v1/videos/{fake.tasks[0].id}/content"
    assert fetch(fake, second.headers["location"], key=KEY).status == 200


def test_the_download_can_move_the_task(new_fake: NewFake) -> None:
    fake = new_fake(
        told({"a": done(next=(Transition("b", on="download"),)), "b": done(download=(ReplyTemplate(status=410),))})
    )
    url = presigned(fake)
    assert [fetch(fake, url).status for _ in range(2)] == [200, 410]
    assert content(fake, fake.tasks[0].id).status == 200


@pytest.mark.parametrize("name", ["{clip_data_url}", "{refused_url}"])
def test_urls_that_lead_elsewhere(new_fake: NewFake, name: str) -> None:
    import base64

    fake = new_fake(at_once(video={"video_url": name}))
    url: Any = poll(fake, fake.task().id).json["video_url"]
    if name == "{refused_url}":
        assert url.startswith(ORIGINS.refused)
    else:
        head, _, data = url.partition(",")
        assert head == "data:video/mp4;base64"
        assert base64.b64decode(data) == fake.read_clip(fake.tasks[0].clip)


def test_the_shipped_scenario_of_a_short_lived_link(new_fake: NewFake) -> None:
    fake = new_fake("download/short_lived_link")
    scenario: Scenario = fake.scenario("download/short_lived_link")
    url = polled_to_the_end(fake, fake.task().id)["video_url"]
    assert fetch(fake, url).status == 200
    fake.advance(scenario.link_lifetime)
    assert fetch(fake, url).status == 403
