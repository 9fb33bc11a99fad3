"""A wrong outcome: clients for the rules in `judge/rules/outcome.py`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import httpx

from support.careful_client import (
    LARGEST,
    URL_FIELDS,
    Answer,
    Careful,
    Failure,
    NoClip,
    inside,
)

# --- report-failed ----------------------------------------------------------------------------------------------------


class NothingForFailed(Careful, rule="report-failed", lies_in="data", found_in="lifecycle/canceled"):
    """Returns no bytes for a failed task, as if that were its clip."""

    def failed(self, video: dict[str, Any]) -> bytes:
        return b""


class CancelledIsFine(Careful, rule="report-failed", lies_in="data", found_in="lifecycle/canceled"):
    """Takes a cancelled task for a success without a clip."""

    def failed(self, video: dict[str, Any]) -> bytes:
        return b"" if str(video.get("status")).startswith("cancel") else super().failed(video)


class ClipOfFailed(Careful, rule="report-failed", lies_in="data", found_in="lifecycle/failed_with_url"):
    """Takes the URL of any task that has ended, and so delivers the clip of a failed one."""

    def failed(self, video: dict[str, Any]) -> bytes:
        for url in self.urls(video):
            return self.download(url)
        return super().failed(video)


# --- report-no-clip ---------------------------------------------------------------------------------------------------


class NothingForNoClip(Careful, rule="report-no-clip", lies_in="order", found_in="content/content_404"):
    """Returns no bytes when the clip cannot be had."""

    def no_clip(self) -> bytes:
        return b""


class EndlessCreates(
    Careful, rule="report-no-clip", lies_in="create", flow="create", found_in="create/create_429_for_ever"
):
    """Requests a task until it is let in."""

    tries = 10**9


class EndlessContent(Careful, rule="report-no-clip", lies_in="time", found_in="content/content_502"):
    """Requests /content until it is there, forever."""

    def content(self) -> bytes:
        while True:
            with contextlib.suppress(NoClip):
                return super().content()
            self.pause(20)


# --- whole-clip -------------------------------------------------------------------------------------------------------


class ClipAsText(Careful, rule="whole-clip", lies_in="wire", found_in="lifecycle/back_to_queue"):
    """Reads the clip as text and writes it as text."""

    def clip_in(self, answer: Answer) -> bytes:
        return super().clip_in(answer).decode("utf-8", "replace").encode()


class FirstPieceOnly(Careful, rule="whole-clip", lies_in="wire", found_in="lifecycle/back_to_queue"):
    """Takes the first 16 KiB of the clip for the whole."""

    def clip_in(self, answer: Answer) -> bytes:
        return super().clip_in(answer)[: 16 * 1024]


class LastByteLost(Careful, rule="whole-clip", lies_in="wire", found_in="lifecycle/back_to_queue"):
    """Requests one byte too few of the clip."""

    def clip_in(self, answer: Answer) -> bytes:
        return super().clip_in(answer)[:-1]


class WrittenTwice(Careful, rule="whole-clip", lies_in="wire", found_in="download/second_try_after_reset"):
    """Appends the second try to what the first one left."""

    def __init__(self) -> None:
        self.leftover = b""

    def download(self, url: str) -> bytes:
        self.leftover = b""
        try:
            return super().download(url)
        except Failure as failure:
            if failure.kind != "reset":
                raise
        half = self.leftover
        return half + super().download(url)

    def read(self, reply: httpx.Response) -> bytes:
        body = bytearray()
        try:
            for piece in reply.iter_bytes():
                body += piece
                if len(body) > LARGEST:
                    raise Failure("endless")
        except httpx.ReadError:
            self.leftover = bytes(body)
            raise
        return bytes(body)


class StripsBlanks(Careful, rule="whole-clip", lies_in="wire", found_in="download/ends_in_a_blank"):
    """Takes blanks off both ends of the clip, as of a text."""

    def clip_in(self, answer: Answer) -> bytes:
        return super().clip_in(answer).strip()


class AnyFieldWithUrl(Careful, rule="whole-clip", lies_in="data", found_in="urls/metadata_has_another_clip"):
    """Takes the URL in metadata where the four fields hold none."""

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        yield from super().urls(video)
        beside = inside(video, "metadata.url")
        if isinstance(beside, str) and not any(super().urls(video)):
            yield beside


class LastUrlSeen(Careful, rule="whole-clip", lies_in="data", found_in="urls/preview_gone_at_the_end"):
    """Keeps the last URL that any reply had, and takes it where the end has none."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def video(self, answer: Answer | None) -> dict[str, Any]:
        video = super().video(answer)
        self.seen = list(super().urls(video)) or self.seen
        return video

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        return iter(self.seen)


class RestIsAppended(Careful, rule="whole-clip", lies_in="wire", found_in="download/no_ranges"):
    """Requests the rest of a clip that broke off by Range, and appends what comes, though it is the whole again."""

    def download(self, url: str) -> bytes:
        address = urljoin(self.task_url(), url)
        half = b""
        try:
            with self.http.stream("GET", address, headers=self.headers(address, address)) as reply:
                for piece in reply.iter_bytes(1024):
                    half += piece
        except httpx.RemoteProtocolError:
            if half[4:8] == b"ftyp":
                rest = self.http.get(address, headers={"Range": f"bytes={len(half)}-"})
                if rest.status_code in (200, 206):
                    return half + rest.content
        except httpx.HTTPError:
            pass
        return super().download(url)


# --- deliver ----------------------------------------------------------------------------------------------------------


class SmallIsNoClip(Careful, rule="deliver", lies_in="wire", found_in="lifecycle/back_to_queue"):
    """Takes anything below a megabyte for an error page."""

    def clip_in(self, answer: Answer) -> bytes:
        if len(answer.body) < 1024 * 1024:
            raise Failure("no clip", answer)
        return super().clip_in(answer)


class TypeMustBeExact(Careful, rule="deliver", lies_in="wire", found_in="content/content_no_media_type"):
    """Refuses a clip whose Content-Type is not exactly video/mp4."""

    def clip_in(self, answer: Answer) -> bytes:
        if answer.headers.get("content-type") != "video/mp4":
            raise Failure("no clip", answer)
        return super().clip_in(answer)


class NoDetail(Careful, rule="deliver", lies_in="data", found_in="urls/detail_url_or_nothing"):
    """Does not know of detail.url."""

    fields = URL_FIELDS[:3]


class RelativeIsFatal(Careful, rule="deliver", lies_in="data", found_in="urls/relative"):
    """Raises at a URL that is relative to the reply."""

    def download(self, url: str) -> bytes:
        if url.startswith("/"):
            raise NoClip(f"{url}: no host")
        return super().download(url)


class ListOfHosts(Careful, rule="deliver", lies_in="wire", found_in="lifecycle/back_to_queue"):
    """Downloads from the hosts in its list alone, and raises at any other."""

    def download(self, url: str) -> bytes:
        if not self.is_api(urljoin(self.task_url(), url)):
            raise NoClip(f"{url}: not a host that I know")
        return super().download(url)
