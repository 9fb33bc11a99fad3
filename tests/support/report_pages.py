"""Reads the pages of HTML reports, more strictly than a browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from support import report_sample as sample
from video_mockserver.judge.reports.html import page

Data = dict[str, Any]

VOID = {"meta", "br"}


@dataclass
class Element:
    """An element of a page; `text` is all the text in it."""

    tag: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Element]:
        yield self
        for child in self.children:
            yield from child

    def all(self, tag: str, css_class: str = "") -> list[Element]:
        return [each for each in self if each.tag == tag and css_class in ["", *each.classes]]

    def one(self, tag: str, css_class: str = "") -> Element:
        (found,) = self.all(tag, css_class)
        return found

    @property
    def text(self) -> str:
        return "".join(self.parts)

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()


class Reader(HTMLParser):
    """Reads a page and insists on what a browser would only guess at: every tag is closed where it should be."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), attrs
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.parts.append(data)


def read(html: str) -> Element:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == [reader.root]
    return reader.root


def article(report: Data, name: str) -> Element:
    """How a page shows the first case of this name that has something broken."""
    return next(each for each in read(page(report)).all("article", "case") if each.one("h3").text.endswith(name))


def single(case: Data, *, level: str = "must") -> Element:
    """How a page shows the one case of a report."""
    return read(page(sample.gathered([case], level=level))).one("article", "case")
