"""A bad body taken for the clip: clients for the rules in `judge/rules/delivered_file.py`."""

from __future__ import annotations

import contextlib
from typing import ClassVar

import httpx

from support.careful_client import (
    LARGEST,
    Answer,
    Careful,
    Failure,
)

# --- check-body -------------------------------------------------------------------------------------------------------


class AnyBodyIsClip(Careful, rule="check-body", lies_in="wire", found_in="download/empty_200"):
    """Takes whatever comes with 200 for the clip."""

    def clip_in(self, answer: Answer) -> bytes:
        if answer.status != 200:
            raise Failure("status", answer)
        return answer.body


class EmptyIsClip(AnyBodyIsClip, rule="check-body", lies_in="wire", found_in="download/empty_200"):
    """Sees pages and JSON, but takes an empty body for the clip."""

    def clip_in(self, answer: Answer) -> bytes:
        return super().clip_in(answer) if not answer.body else Careful.clip_in(self, answer)


class NoErrorIsClip(AnyBodyIsClip, rule="check-body", lies_in="wire", found_in="download/json_error_200"):
    """Sees an HTML page, but takes JSON for the clip."""

    def clip_in(self, answer: Answer) -> bytes:
        return super().clip_in(answer) if answer.body.startswith(b"{") else Careful.clip_in(self, answer)


class TrustsTheType(AnyBodyIsClip, rule="check-body", lies_in="wire", found_in="download/empty_200"):
    """Takes for a clip whatever says that it is video/mp4."""

    def clip_in(self, answer: Answer) -> bytes:
        is_video = answer.headers.get("content-type", "").startswith("video/")
        return super().clip_in(answer) if is_video else Careful.clip_in(self, answer)


class _KeepsWhatCame(Careful):
    errors: ClassVar[type[httpx.HTTPError]] = httpx.HTTPError

    def read(self, reply: httpx.Response) -> bytes:
        body = bytearray()
        with contextlib.suppress(self.errors):
            for piece in reply.iter_bytes():
                body += piece
                if len(body) > LARGEST:
                    raise Failure("endless")
        return bytes(body)


class KeepsCutBody(_KeepsWhatCame, rule="check-body", lies_in="wire", found_in="download/one_byte_missing"):
    """Keeps a body that ended short of its length."""

    errors = httpx.RemoteProtocolError


class KeepsResetBody(_KeepsWhatCame, rule="check-body", lies_in="wire", found_in="download/reset_in_the_middle"):
    """Keeps what had come when the connection was reset."""

    errors = httpx.ReadError


class KeepsStalledBody(_KeepsWhatCame, rule="check-body", lies_in="wire", found_in="download/stalled_in_the_middle"):
    """Keeps what had come when the time was over."""

    errors = httpx.ReadTimeout
