"""The download host: signed URLs and its answers, strict as presigned storage is.

A fake that forgives more than the service hides bugs: a URL that was altered or has expired is refused, and so is an
Authorization header beside the signature. The shapes are those of S3-like storage; the documentation names none.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

__all__ = ["refusal", "sign", "storage_error"]

_CODES: Mapping[int, tuple[str, str]] = {
    400: ("InvalidArgument", "Only one auth mechanism allowed"),
    401: ("Unauthorized", "Authorization is required"),
    403: ("AccessDenied", "Request has expired"),
    404: ("NoSuchKey", "The specified key does not exist."),
    410: ("Gone", "The object is no longer here."),
    416: ("InvalidRange", "The requested range is not satisfiable"),
    429: ("SlowDown", "Please reduce your request rate."),
    500: ("InternalError", "We encountered an internal error. Please try again."),
    503: ("SlowDown", "Please reduce your request rate."),
}


_FIELDS = frozenset({"expires", "signature", "relative"})


def sign(secret: str, path: str, expires: int) -> str:
    """The query of a presigned URL for `path` that lives until `expires` (Unix seconds)."""
    return f"expires={expires}&signature={_signature(secret, path, expires)}"


def refusal(secret: str, path: str, query: str, *, now: float, authorization: bool) -> tuple[int, str, str] | None:
    """Why presigned storage refuses a request, as (status, code, message); None when it does not."""
    fields = parse_qs(query, keep_blank_values=True)
    expires, signature = fields.get("expires", [""])[-1], fields.get("signature", [""])[-1]
    if not signature:
        return 403, "AccessDenied", "Access Denied: the URL is not signed"
    if authorization:
        return 400, *_CODES[400]
    # The signature covers the whole URL, so a parameter more is an altered one too.
    altered = (
        fields.keys() - _FIELDS
        or fields.get("relative", ["1"]) != ["1"]
        or not (expires.isascii() and expires.isdecimal() and len(expires) < 16)
        or not hmac.compare_digest(signature.encode(), _signature(secret, path, int(expires)).encode())
    )
    if altered:
        return 403, "SignatureDoesNotMatch", "The signature does not match the URL: it was altered"
    if now >= int(expires):
        return 403, *_CODES[403]
    return None


def storage_error(status: int, code: str = "", message: str = "") -> bytes:
    """The XML body of an error; code and message default to the usual ones for the status."""
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"
    usual_code, usual_message = _CODES.get(status, (phrase.replace(" ", ""), phrase))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(code or usual_code)}</Code><Message>{escape(message or usual_message)}</Message></Error>"
    ).encode()


def _signature(secret: str, path: str, expires: int) -> str:
    return hmac.digest(secret.encode(), f"{path}\n{expires}".encode(), "sha256").hex()[:32]
