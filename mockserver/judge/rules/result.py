"""Where a client takes the result from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...api.contract import Phase
from ..anomalies import as_json
from ..observations import Case, ResultUrl
from .rule import RECOMMENDED, Finding, at, how, is_early, is_over, rule, status_of


@rule(
    "must", "url-order", "The result URL is the first of output.url, video_url, url and detail.url, and no other.",
    RECOMMENDED,
)  # fmt: skip
def url_order(case: Case) -> Iterator[Finding]:
    """A URL asked for before a better one; where either gives the clip, either is right."""
    urls = case.result_urls
    if not urls:
        return  # what is to be had elsewhere is the service's gift
    fields: dict[str, list[ResultUrl]] = {}
    for url in urls:
        if url.path is not None:
            fields.setdefault(url.path, []).append(url)
    for link, exchange in case.asked.items():
        if exchange.host != "download" or link in case.redirect_targets or is_early(case, exchange):
            continue
        of = fields.get(link)
        if of is None:
            referenced_by = case.referenced_by(exchange)
            # A page or an object in the place of the film may name another: who goes on from there breaks nothing.
            gift = any(each.host == "download" or each.operation == "content" for each in referenced_by)
            if referenced_by and not gift and exchange.method in ("GET", "HEAD"):
                best = urls[0].field
                yield Finding(f"{at(exchange)} is in none of the four fields, and {best} holds a URL", exchange.number)
            continue
        if any(url.field in case.expect.sources for url in of):
            continue
        best_place = min(case.order.index(url.field) for url in of)
        for better in (url for url in urls if url.task_id == of[0].task_id):
            asked = case.asked.get(better.path) if better.path is not None else exchange
            if case.order.index(better.field) < best_place and (asked is None or asked.number > exchange.number):
                yield Finding(f"{at(exchange)} takes {of[0].field} although {better.field} holds a URL",
                              exchange.number)  # fmt: skip


@rule(
    "must", "url-absent", "A URL that is absent, empty, null or no text is absent, and the next field is looked at.",
    RECOMMENDED,
)  # fmt: skip
def url_absent(case: Case) -> Iterator[Finding]:
    """What is no URL asked for as one; or a failure reported where a later field held the URL."""
    for exchange in case.exchanges:
        url_misuse = case.url_misuse(exchange)
        if url_misuse is not None and not url_misuse.is_url:
            yield Finding(f"{at(exchange)} takes {url_misuse.field} for a URL, which is {as_json(url_misuse.value)}",
                          exchange.number)  # fmt: skip
    if not is_over(case, Phase.SUCCEEDED) or not case.result_urls or case.downloads or case.contents:
        return
    end, best = case.ending, case.result_urls[0]
    assert end is not None
    if best.path is not None:  # else it may have been tried, unseen
        for field, value in _urlless(end.document, case.order[: case.order.index(best.field)]):
            yield Finding(
                f"the client ended after #{end.exchange.number}, where {field} is {value} and {best.field} holds "
                "the URL",
                end.exchange.number,
            )


def _urlless(document: Mapping[str, object], fields: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The fields that hold no URL but could be taken for one that does, and what they hold."""
    for field in fields:
        first, _, second = field.partition(".")
        if first in document:
            value = document[first]
            inner = isinstance(value, Mapping) and second in value
            yield (field, as_json(value[second])) if isinstance(value, Mapping) and inner else (first, as_json(value))
        elif field == "video_url":  # the only one that the documented object always has
            yield field, "not there"


@rule("must", "fallback-no-url", "Without a result URL the clip is asked for at /content.", RECOMMENDED)
def fallback_no_url(case: Case) -> Iterator[Finding]:
    """An end without a URL, and no question to /content."""
    if is_over(case, Phase.SUCCEEDED) and not case.result_urls and not _asked_content(case):
        end = case.ending
        assert end is not None
        yield Finding(
            f"#{end.exchange.number} said {status_of(end.document)} without a URL, and /content was not asked",
            end.exchange.number,
        )


@rule(
    "must", "fallback-download", "When the download of the URL fails, the clip is asked for at /content.", RECOMMENDED
)
def fallback_download(case: Case) -> Iterator[Finding]:
    """Downloads that failed, each in its way, and no question to /content."""
    if not is_over(case, Phase.SUCCEEDED) or not case.result_urls or _asked_content(case):
        return
    delivered = case.outcome.clip
    seen = [exchange for exchange in case.downloads if not is_early(case, exchange)]
    if not seen:
        if all(url.path is None for url in case.result_urls) and not delivered:
            field, url = case.result_urls[0].field, case.result_urls[0].url
            yield Finding(f"the URL in {field}, {url[:60]!r}, cannot be downloaded, and /content was not asked")
        return
    last = seen[-1]
    if case.has_clip(last):
        return  # it had the clip: another rule
    if delivered is not None and last.status == 200:
        return  # it took a bad body for the film
    yield Finding(f"{at(last)} {how(case, last)}, and /content was not asked", last.number)


def _asked_content(case: Case) -> bool:
    return any(not is_early(case, exchange) for exchange in case.contents)


@rule(
    "must", "failed-no-download", "When the task failed, neither /content nor a URL is asked for.",
    "OctopusX: videos/grok (Grok Task Query): failed is an end; the result is there for completed tasks",
)  # fmt: skip
def failed_no_download(case: Case) -> Iterator[Finding]:
    """A download after the task had failed."""
    end = case.ending
    if end is None or end.phase is not Phase.FAILED:
        return
    for exchange in case.exchanges:
        late = exchange.number > end.exchange.number
        if late and (exchange.host == "download" or exchange.operation == "content"):
            yield Finding(f"{at(exchange)} asks for a clip, although #{end.exchange.number} said "
                          f"{status_of(end.document)}", exchange.number)  # fmt: skip
