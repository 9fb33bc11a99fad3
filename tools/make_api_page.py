"""Writes docs/api.md: every public name with its signature and its docstring. Run it after a change of either.

python tools/make_api_page.py
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
import typing
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import video_mockserver
from video_mockserver import strategies

PAGE = Path(__file__).parent.parent / "docs" / "api.md"

_HEAD = """\
# The public API

`from video_mockserver import VideoServer, check, Scenario, ...`: the names on this page are the public API, with their
units, defaults and errors. What is not here is private and may change in any version. This page is made by
`python tools/make_api_page.py` from signatures and docstrings.

Seconds are floats. Times are Unix time in seconds. Errors are raised where a value is given, not when it is used.
"""

# What stands under which heading, in this order.
_SECTIONS = {
    "In tests": ["video_server", "video_mock", "video_clock", "ClientContract"],
    "The fake": [
        "VideoServer", "ServedFake", "FakeOptions", "ServerProcess", "ServerLimits", "VideoMock", "VideoClock",
        "ManualClock", "RealClock",
    ],
    "What happened": ["Task", "Journal", "Exchange"],
    "The judge": ["check", "Report", "Verdict", "Terms", "ContractBroken"],
    "Scenarios": [
        "Library", "Scenario", "State", "Transition", "ReplyTemplate", "Fault", "Expect", "read_scenario",
        "write_scenario", "validate", "scenario_schema", "ScenarioError", "UnknownScenario",
    ],
}  # fmt: skip


def page() -> str:
    """The text of docs/api.md."""
    listed = [name for names in _SECTIONS.values() for name in names]
    public = set(video_mockserver.__all__) - {"__version__"}
    if set(listed) != public:
        raise SystemExit(f"tools/make_api_page.py: sections and __all__ differ in {sorted(public ^ set(listed))}")
    parts = [_HEAD]
    for title, names in _SECTIONS.items():
        parts.append(f"## {title}\n")
        parts += [_entry(name, getattr(video_mockserver, name)) for name in names]
    parts.append("## The version\n\n`video_mockserver.__version__`: the version that is installed, as text.\n")
    parts.append("## The generator: `video_mockserver.strategies`\n\nNeeds Hypothesis: the extra `hypothesis`.\n")
    parts += [_entry(name, getattr(strategies, name)) for name in sorted(strategies.__all__, key=str.lower)]
    return "\n".join(parts)


def _entry(name: str, value: Any) -> str:
    if typing.get_origin(value) is not None:
        return "\n".join([f"### {name}\n", f"A type: `{_plain(value)!r}`.", ""])
    if inspect.isclass(value):
        return "\n".join(_class(name, value))
    if callable(value):
        return "\n".join([*_heading(name, value), _doc(value), ""])
    return "\n".join([f"### {name}\n", _constant(value), ""])


def _heading(name: str, value: Any) -> list[str]:
    return [f"### {name}\n", "```text", *_folded(f"{name}{_signature(value)}"), "```", ""]


def _folded(signature: str) -> list[str]:
    """A signature, a parameter a line where it is long."""
    if len(signature) <= 100:
        return [signature]
    name, parameters, end = re.fullmatch(r"([^(]*\()(.*)(\).*?)", signature, re.DOTALL).groups()  # type: ignore[union-attr]
    lines, depth, start = [], 0, 0
    for index, letter in enumerate(f"{parameters}, "):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth:
            lines.append(f"    {parameters[start:index].strip()},")
            start = index + 1
    return [name, *lines, end]


def _constant(value: Any) -> str:
    text = repr(value)
    return f"The constant `{text}`." if len(text) < 100 else f"A constant: {type(value).__name__}."


def _class(name: str, value: type) -> Iterator[str]:
    yield from [f"### {name}\n"] if typing.is_typeddict(value) else _heading(name, value)
    yield _doc(value)
    yield ""
    if typing.is_typeddict(value):
        yield "| key | type |"
        yield "|---|---|"
        types = {name: kind for base in reversed(value.__mro__) for name, kind in inspect.get_annotations(base).items()}
        yield from (f"| `{name}` | `{_cell(repr(_plain(_forward(kind))))}` |" for name, kind in types.items())
        yield ""
        return
    members = list(_members(value))
    if members:
        yield "| member | |"
        yield "|---|---|"
        yield from (f"| `{text.replace('|', chr(92) + '|')}` | {_cell(doc)} |" for text, doc in members)
        yield ""


def _members(value: type) -> Iterator[tuple[str, str]]:
    stated = {field.name for field in fields(value)} if is_dataclass(value) else set()
    for name in dict.fromkeys(name for base in value.__mro__[:-1] for name in vars(base)):
        if name.startswith("_") or name in stated:
            continue
        member = inspect.getattr_static(value, name)
        if isinstance(member, staticmethod | classmethod):
            member = member.__func__
        if isinstance(member, property | cached_property):
            function = member.fget if isinstance(member, property) else member.func
            yield f".{name}", inspect.getdoc(function) or ""
        elif inspect.isfunction(member) and inspect.getdoc(getattr(value, name)):
            yield f".{name}{_signature(member)}", inspect.getdoc(getattr(value, name)) or ""


def _cell(doc: str) -> str:
    return re.sub(r"\s+", " ", doc).replace("|", "\\|")


def _doc(value: Any) -> str:
    text = inspect.getdoc(value)
    if not text:
        raise SystemExit(f"tools/make_api_page.py: {value} has no docstring")
    # What is indented in a docstring is code.
    parts = re.split(r"\n\n((?: {4}.*\n|\n)* {4}.*)(?=\n\n|$)", f"\n{text}")
    blocks = [
        f"```python\n{textwrap.dedent(part).strip()}\n```" if number % 2 else part.strip()
        for number, part in enumerate(parts)
    ]
    return "\n\n".join(filter(None, blocks))


def _signature(value: Callable[..., Any]) -> str:
    try:
        signature = inspect.signature(value)
    except ValueError:
        return ""
    parameters = [
        parameter.replace(annotation=_plain(parameter.annotation), default=_default(parameter.default))
        for name, parameter in signature.parameters.items()
        if name != "self"
    ]
    returns = signature.return_annotation
    if inspect.isclass(value) or returns in (None, "None"):
        returns = inspect.Signature.empty
    shown = signature.replace(parameters=parameters, return_annotation=_plain(returns))
    return str(shown)


class _Text:
    """A text that shows itself without quotes."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _plain(annotation: Any) -> Any:
    if annotation is inspect.Parameter.empty:
        return annotation
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return _Text(re.sub(r"\b(?:[a-z_]\w*\.)+(?=[A-Z])", "", text))


def _forward(kind: Any) -> Any:
    return kind.__forward_arg__ if isinstance(kind, typing.ForwardRef) else kind


def _default(value: Any) -> Any:
    if value is inspect.Parameter.empty or isinstance(value, str | int | float | tuple) or value is None:
        return value
    if value is MISSING or "factory" in repr(value):
        return _Text("...")
    return _Text(re.sub(r" at 0x[0-9a-f]+", "", repr(value))) if len(repr(value)) < 40 else _Text("...")


def main() -> None:
    """Write the page; with `--check` only say whether it is as it should be."""
    text = page()
    if "--check" in sys.argv[1:]:
        sys.exit(PAGE.read_text("utf-8") != text and f"{PAGE}: out of date; run python tools/make_api_page.py")
    PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
