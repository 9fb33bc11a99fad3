"""The timeline of requests in the report of a failed test."""

from __future__ import annotations

from support.asking import ask, at_once, poll
from support.fakes import NewFake
from video_mockserver.api.faults import describe
from video_mockserver.api.messages import Fault
from video_mockserver.fake.clock import ManualClock
from video_mockserver.fake.journal import Journal
from video_mockserver.fake.timeline import timeline
from video_mockserver.scenario.model import ReplyTemplate


def test_nothing_happened(new_fake: NewFake) -> None:
    assert timeline(new_fake().journal) == "no request came in"


def test_requests_that_repeat_are_counted_and_times_are_from_the_first(new_fake: NewFake) -> None:
    clock = ManualClock()
    fake = new_fake("lifecycle/stuck_processing", clock=clock)
    task = fake.task(id="video_x")
    for _ in range(30):
        poll(fake, task.id)
        clock.advance(2)
    assert timeline(fake.journal).splitlines() == [
        "    0.0 s  GET    /v1/videos/video_x  200  [queued -> processing]",
        "    2.0 s  GET    /v1/videos/video_x  200  [processing]  (29 times, until 58.0 s)",
    ]


def test_faults_notes_and_bytes_are_told(new_fake: NewFake) -> None:
    fake = new_fake("download/truncated")
    task = fake.task(id="video_x")
    poll(fake, task.id)
    url = poll(fake, task.id).json["video_url"]
    path = url.removeprefix("http://clips.test")
    answer = ask(fake, "GET", path, host="download")
    assert answer.reply.delivery is not None
    answer.reply.delivery.finish(100, "client left")
    ask(fake, "GET", "/v1/video")
    lines = timeline(fake.journal).splitlines()
    assert lines[2].startswith("    0.0 s  GET    download:/clips/video_x/video.mp4  200  [completed]")
    assert lines[2].endswith("truncate after 50% of the body  100 bytes sent  the client left")
    assert "(no route /v1/video on the api host" in lines[3]


def test_a_fault_before_the_status_stands_in_its_place(new_fake: NewFake) -> None:
    fake = new_fake(at_once(download=(ReplyTemplate(fault=Fault("reset")),)))
    task = fake.task(id="video_x")
    url = poll(fake, task.id).json["video_url"]
    answer = ask(fake, "GET", url.removeprefix("http://clips.test"), host="download")
    assert answer.fault is not None
    line = timeline(fake.journal).splitlines()[-1]
    assert line == f"    0.0 s  GET    download:/clips/video_x/video.mp4  {describe(answer.fault)}  [completed]"


def test_the_middle_of_a_long_timeline_is_left_out_and_whole_shows_it(new_fake: NewFake) -> None:
    fake = new_fake(journal=Journal(max_entries=60))
    for number in range(80):
        ask(fake, "GET", f"/v1/videos/video_{number}?api_key=sk-secret")
    short = timeline(fake.journal).splitlines()
    assert short[0] == "20 earlier exchanges were dropped"
    assert len(short) == 1 + 26
    assert short[6] == "  ... 35 more lines, -vv shows all ..."
    whole = timeline(fake.journal, whole=True)
    assert whole.count("/v1/videos/video_") >= 60
    assert "> authorization: Bearer sk-***" in whole
    assert "sk-secret" not in whole
    assert '< {"code":"task_not_exist"' in whole


def test_whole_shows_bodies_and_names_clips(new_fake: NewFake) -> None:
    fake = new_fake("lifecycle/at_once")
    task = ask(fake, "POST", "/v1/videos", json={"model": "m", "prompt": "a fox"}).json
    ask(fake, "GET", f"/v1/videos/{task['id']}/content")
    whole = timeline(fake.journal, whole=True)
    assert '> {"model": "m", "prompt": "a fox"}' in whole
    assert "< bytes 0 to " in whole
