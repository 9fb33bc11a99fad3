"""What a client sent in a request's body: JSON, a form or a multipart form, read into one shape."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from ..api.messages import Request

__all__ = ["Form", "FormError", "Upload", "parse_form"]


# The fields that can be a file.
_FILES = frozenset({"input_reference", "image", "images", "video"})
_SURROGATE = b"\\ud"


class FormError(ValueError):
    """A body that cannot be read; `case` names the error to answer (`dialects.Dialect.errors`)."""

    def __init__(self, case: str, why: str) -> None:
        super().__init__(why)
        self.case = case


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with the form; its bytes are not kept."""

    name: str
    filename: str
    size: int
    media_type: str


@dataclass(slots=True)
class Form:
    """The fields by name (a repeated one is a list, `name[]` counts as `name`), and the files."""

    fields: dict[str, Any] = field(default_factory=dict)
    files: list[Upload] = field(default_factory=list)

    def add(self, name: str, value: str) -> None:
        """One more value for a field."""
        name = name.removesuffix("[]")
        if name not in self.fields:
            self.fields[name] = value
        elif isinstance(self.fields[name], list):
            self.fields[name].append(value)
        else:
            self.fields[name] = [self.fields[name], value]

    def text(self, name: str) -> str | None:
        """A field as text: numbers as they are written, the last of several; None when absent or not a scalar."""
        value = self.fields.get(name)
        if isinstance(value, list) and value:
            value = value[-1]
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return None
        return str(value)


def parse_form(request: Request) -> Form:
    """Read a body by its content type; a body without one is taken for JSON. Raises `FormError`."""
    content_type = request.header("content-type") or ""
    media_type, _, _ = content_type.partition(";")
    match media_type.strip().lower():
        case "multipart/form-data":
            return _multipart(request.body, content_type)
        case "application/x-www-form-urlencoded":
            return _urlencoded(request.body)
        case _:
            return _json(request.body)


def _json(body: bytes) -> Form:
    if not body.strip():
        return Form()
    try:
        fields = json.loads(body, parse_constant=_no_constant, parse_float=_finite)
        if _SURROGATE in body.lower():
            # Half a surrogate pair is no text: it could be neither shown nor written. The gateway replaces it too.
            fields = json.loads(json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise FormError("invalid_json", f"the body is not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise FormError("invalid_json", f"the body is a JSON {type(fields).__name__}, not an object")
    return Form(fields={name.removesuffix("[]"): value for name, value in fields.items()})


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is too large a number")
    return number


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _urlencoded(body: bytes) -> Form:
    form = Form()
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=1000, errors="strict")
    except ValueError as error:
        raise FormError("invalid_request", f"the body is not a form: {error}") from None
    for name, value in pairs:
        form.add(name, value)
    return form


class _Parts:
    """Collects what the multipart parser calls out."""

    def __init__(self) -> None:
        self.form = Form()
        self.ended = False
        self._headers: dict[str, str] = {}
        self._name = bytearray()
        self._value = bytearray()
        self._data: list[bytes] = []

    def on_part_begin(self) -> None:
        self._headers = {}
        self._data = []

    def on_header_begin(self) -> None:
        self._name.clear()
        self._value.clear()

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._value.decode("utf-8", "replace")

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._data.append(data[start:end])

    def on_end(self) -> None:
        self.ended = True

    def on_part_end(self) -> None:
        disposition = Message()
        disposition["content-disposition"] = self._headers.get("content-disposition", "")
        name = disposition.get_param("name", header="content-disposition")
        if not isinstance(name, str):
            raise FormError("invalid_multipart_form", "a part of the form has no name")
        body = b"".join(self._data)
        filename = disposition.get_filename()
        if filename is not None:
            media_type = self._headers.get("content-type", "application/octet-stream")
            self.form.files.append(Upload(name.removesuffix("[]"), filename, len(body), media_type))
            return
        media_type = self._headers.get("content-type", "text/plain")
        try:
            self.form.add(name, body.decode())
        except UnicodeDecodeError:
            if not media_type.lower().startswith("text/") and name.removesuffix("[]") in _FILES:
                # Some clients send a file's bytes without a file name.
                self.form.files.append(Upload(name.removesuffix("[]"), "", len(body), media_type))
                return
            raise FormError("invalid_multipart_form", f"the field {name!r} is not UTF-8 text") from None


def _multipart(body: bytes, content_type: str) -> Form:
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        raise FormError("invalid_multipart_form", "the content type names no boundary")
    parts = _Parts()
    callbacks = {name: getattr(parts, name) for name in dir(parts) if name.startswith("on_")}
    try:
        parser = MultipartParser(boundary.encode("latin-1"), callbacks)  # type: ignore[arg-type]
        parser.write(body)
        parser.finalize()
    except (FormParserError, UnicodeEncodeError) as error:
        raise FormError("invalid_multipart_form", f"the form cannot be read: {error}") from None
    if not parts.ended:
        raise FormError("invalid_multipart_form", "the form ends before its last boundary")
    return parts.form
