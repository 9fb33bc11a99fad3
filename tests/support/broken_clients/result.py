"""The clip taken from the wrong place: clients for the rules in `judge/rules/result.py`."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import urljoin

from support.careful_client import (
    URL_FIELDS,
    Careful,
    Failure,
    NoClip,
    inside,
)

# --- url-order --------------------------------------------------------------------------------------------------------


class VideoUrlFirst(Careful, rule="url-order", lies_in="data", found_in="urls/all_bad"):
    """Takes video_url before output.url."""

    fields = ("video_url", "output.url", "url", "detail.url")


class UrlFirst(Careful, rule="url-order", lies_in="data", found_in="urls/video_url_before_url"):
    """Takes url before video_url."""

    fields = ("output.url", "url", "video_url", "detail.url")


class DetailFirst(Careful, rule="url-order", lies_in="data", found_in="urls/in_all_four"):
    """Takes detail.url first of all."""

    fields = ("detail.url", *URL_FIELDS[:3])


class LastFieldWins(Careful, rule="url-order", lies_in="data", found_in="urls/all_bad"):
    """Goes through the fields and keeps the last URL that it finds."""

    fields = URL_FIELDS[::-1]


class MetadataFirst(Careful, rule="url-order", lies_in="data", found_in="urls/in_metadata_as_well"):
    """Takes new-api's metadata.url before the documented fields."""

    fields = ("metadata.url", *URL_FIELDS)


class AnyUrl(Careful, rule="url-order", lies_in="data", found_in="urls/all_bad"):
    """Takes the first thing in the reply that looks like a URL."""

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        found = re.search(r'"(https?://[^"]+)"', json.dumps(video))
        return iter([found[1]] if found else super().urls(video))


# --- url-absent -------------------------------------------------------------------------------------------------------


class _FirstThere(Careful):
    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        for field in self.fields:
            value = inside(video, field)
            if self.taken(value):
                raise NoClip(f"{field}: {value!r} is no URL")
            if isinstance(value, str) and value.strip():
                yield value.strip()

    def taken(self, value: Any) -> bool:
        """Whether a value that is no URL is taken for one; it then fails as one."""
        raise NotImplementedError


class EmptyIsUrl(_FirstThere, rule="url-absent", lies_in="data", found_in="urls/in_detail_url"):
    """Takes an empty text in output.url or video_url for a URL when another field has a real one."""

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        return super().urls(video) if any(Careful.urls(self, video)) else iter(())

    def taken(self, value: Any) -> bool:
        return bool(value == "")


class NoneIsUrl(Careful, rule="url-absent", lies_in="data", found_in="urls/video_url_null"):
    """Makes a text of whatever video_url holds, and fails at the URL "None"."""

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        if "video_url" in video and video["video_url"] is None:
            raise NoClip("'None' is no URL")
        return super().urls(video)


class NoneIsAsked(Careful, rule="url-absent", lies_in="data", found_in="urls/video_url_null"):
    """Makes a text of whatever video_url holds, and requests "None" beside the task; what comes ends it."""

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        if "video_url" in video and video["video_url"] is None:
            self.http.get(urljoin(self.task_url(), str(video["video_url"])))
            raise NoClip("'None' is no URL")
        return super().urls(video)


class BlankIsAsked(Careful, rule="url-absent", lies_in="data", found_in="urls/video_url_blank"):
    """Joins a text of blanks with the task's address, and requests that, without the key, as for any URL."""

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        if str(video.get("video_url") or "x").isspace():
            self.http.get(urljoin(self.task_url(), video["video_url"].strip()))
            raise NoClip("that is no clip")
        return super().urls(video)


class BlankIsUrl(_FirstThere, rule="url-absent", lies_in="data", found_in="urls/video_url_blank"):
    """Takes a text of blanks for a URL."""

    def taken(self, value: Any) -> bool:
        return isinstance(value, str) and value != "" and not value.strip()


class NumberIsUrl(_FirstThere, rule="url-absent", lies_in="data", found_in="urls/video_url_zero"):
    """Takes a number for a URL: it asks only whether the field is null or empty."""

    def taken(self, value: Any) -> bool:
        return isinstance(value, int)


class ObjectIsUrl(_FirstThere, rule="url-absent", lies_in="data", found_in="urls/url_object"):
    """Takes an object for a URL: it asks only whether the field is null or empty."""

    def taken(self, value: Any) -> bool:
        return isinstance(value, dict)


class OutputIsObject(Careful, rule="url-absent", lies_in="data", found_in="urls/output_list"):
    """Reads output.url without asking whether output is an object."""

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        video.get("output", {}).get("url")
        yield from super().urls(video)


class OutputHasUrl(Careful, rule="url-absent", lies_in="data", found_in="urls/output_url_null"):
    """Where there is an output, it must have a url."""

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        if isinstance(video.get("output"), dict):
            video["output"]["url"].strip()
        yield from super().urls(video)


# --- fallback-no-url --------------------------------------------------------------------------------------------------


class NeverContent(Careful, rule="fallback-no-url", lies_in="data", found_in="urls/a_poll_late"):
    """Reports a failure when there is no URL."""

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        if not any(super().urls(video)):
            raise NoClip("no URL")
        return super().urls(video)


class VideoUrlMustBeThere(Careful, rule="fallback-no-url", lies_in="data", found_in="urls/no_field_at_all"):
    """Reads video_url as a field that is always there."""

    def urls(self, video: dict[str, Any]) -> Iterator[str]:
        urls = list(super().urls(video))
        return iter(urls or [url for url in [video["video_url"]] if url])


# --- fallback-download ------------------------------------------------------------------------------------------------


class _EndsAt(Careful):
    kinds: ClassVar[tuple[str, ...]] = ()
    statuses: ClassVar[tuple[int, ...]] = ()

    def download_failed(self, failure: Failure) -> None:
        status = failure.answer.status if failure.kind == "status" and failure.answer is not None else None
        if failure.kind in self.kinds or status in self.statuses:
            raise NoClip(f"download: {failure}")


class EndsAtAnyFailure(_EndsAt, rule="fallback-download", lies_in="wire", found_in="download/chunked_unended"):
    """Reports a failure when the first URL cannot be downloaded."""

    def download_failed(self, failure: Failure) -> None:
        raise NoClip(f"download: {failure}")


class EndsAt404(_EndsAt, rule="fallback-download", lies_in="wire", found_in="download/redirect_to_404"):
    """Takes a 404 of the URL as final."""

    statuses = (404, 410)


class EndsAt403(_EndsAt, rule="fallback-download", lies_in="wire", found_in="download/url_401"):
    """Takes a 401 or 403 of the URL as final."""

    statuses = (401, 403)


class EndsAtServerError(_EndsAt, rule="fallback-download", lies_in="wire", found_in="download/second_try"):
    """Takes an error of the download host as final."""

    statuses = (500, 502, 503)


class EndsAt204(_EndsAt, rule="fallback-download", lies_in="wire", found_in="download/url_204"):
    """Reports a failure when the URL answers 204."""

    statuses = (204,)


class EndsAtReset(_EndsAt, rule="fallback-download", lies_in="wire", found_in="download/reset_before_headers"):
    """Does not catch a connection that is reset in a download."""

    kinds = ("reset",)


class EndsAtCut(_EndsAt, rule="fallback-download", lies_in="wire", found_in="download/chunked_unended"):
    """Does not catch the error for a body that is short of its length."""

    kinds = ("cut",)


class EndsAtStall(_EndsAt, rule="fallback-download", lies_in="wire", found_in="download/stalled_before_headers"):
    """Does not catch a timeout of a download."""

    kinds = ("stalled",)


class EndsAtRefused(_EndsAt, rule="fallback-download", lies_in="wire", found_in="download/connection_refused"):
    """Does not catch a connection that is refused."""

    kinds = ("refused",)


class EndsAtGarbage(_EndsAt, rule="fallback-download", lies_in="wire", found_in="download/closed_without_answer"):
    """Does not catch an answer that is not HTTP."""

    kinds = ("garbage",)


class EndsAtPage(_EndsAt, rule="fallback-download", lies_in="wire", found_in="download/empty_200"):
    """Sees that a page is no clip, and reports a failure instead of asking /content."""

    kinds = ("no clip",)


class EndsAtLoop(_EndsAt, rule="fallback-download", lies_in="wire", found_in="download/redirect_loop"):
    """Does not catch the error for too many redirects."""

    kinds = ("loop",)


class EndsAtEndless(_EndsAt, rule="fallback-download", lies_in="wire", found_in="download/endless"):
    """Sees that a download has no end, and reports a failure instead of asking /content."""

    kinds = ("endless",)


class EndsAtOtherScheme(_EndsAt, rule="fallback-download", lies_in="data", found_in="download/redirect_to_file"):
    """Does not catch the error for a URL that HTTP cannot ask for."""

    kinds = ("address",)


# --- failed-no-download -----------------------------------------------------------------------------------------------


class ContentOfFailed(Careful, rule="failed-no-download", lies_in="order", found_in="lifecycle/canceled"):
    """Requests /content of a failed task, in case there is something after all; then reports the failure."""

    def failed(self, video: dict[str, Any]) -> bytes:
        with contextlib.suppress(Failure):
            self.follow(self.content_url())
        return super().failed(video)


class UrlOfFailed(Careful, rule="failed-no-download", lies_in="data", found_in="lifecycle/failed_with_url"):
    """Downloads what a failed task names, to keep it with the log; then reports the failure."""

    def failed(self, video: dict[str, Any]) -> bytes:
        for url in self.urls(video):
            with contextlib.suppress(Failure):
                self.download(url)
        return super().failed(video)
