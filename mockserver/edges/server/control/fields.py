"""The fields of control's bodies and queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Field", "FieldType"]

FieldType = Literal["string", "integer", "number", "text", "flag"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a body, or one parameter of a query.

    `type` is `"string"`, `"integer"`, `"number"`, `"text"` (a string, or an integer that is kept as it is written) or
    `"flag"` (1, true, 0 or false in a query). `minimum` and `maximum` are for numbers, `pattern` (the whole string) and
    `choices` for strings. A string is never empty.
    """

    name: str
    type: FieldType
    meaning: str
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    choices: tuple[str, ...] = ()

    def schema(self) -> dict[str, Any]:
        """The field as JSON Schema; `null` counts as absent in a body and is added there."""
        if self.type == "flag":
            return {"type": "string", "enum": ["1", "true", "0", "false"]}
        if self.type == "text":
            return {"type": ["string", "integer"], "minLength": 1}
        schema: dict[str, Any] = {"type": self.type}
        if self.minimum is not None:
            schema["minimum"] = self.minimum
        if self.maximum is not None:
            schema["maximum"] = self.maximum
        if self.choices:
            schema["enum"] = list(self.choices)
        elif self.pattern is not None:
            schema["pattern"] = f"^{self.pattern}$"
        elif self.type == "string":
            schema["minLength"] = 1
        return schema
