"""Where a client takes the result from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...api.contract import Phase
from ..anomalies import as_json
from ..observations import Case, ResultUrl
from .rule import RECOMMENDED, Finding, at, describe_end, describe_failure, has_ended_without_clip, is_early, rule

__all__ = ["RULES", "url_absent"]


@rule(
    "must", "url-order", "The result URL is the first present one of output.url, video_url, url and detail.url.",
    RECOMMENDED,
)  # fmt: skip
def url_order(case: Case) -> Iterator[Finding]:
    """A URL that was requested before a better one; where either gives the clip, either is right."""
    urls = case.result_urls
    if not urls:
        return  # nothing documented says where the clip is
    fields: dict[str, list[ResultUrl]] = {}
    for url in urls:
        if url.path is not None:
            fields.setdefault(url.path, []).append(url)
    for path, exchange in case.first_requests.items():
        if exchange.host != "download" or path in case.redirect_targets or is_early(case, exchange):
            continue
        of = fields.get(path)
        if of is None:
            sources = case.referenced_by(exchange)
            # A page or an object in place of the clip may name another URL: going on from there violates nothing.
            from_body = any(each.host == "download" or each.operation == "content" for each in sources)
            if sources and not from_body and exchange.method in ("GET", "HEAD"):
                best = urls[0].field
                yield Finding(f"{at(exchange)} is in none of the four fields, and {best} holds a URL", exchange.number)
            continue
        if any(url.field in case.expect.sources for url in of):
            continue
        best_place = min(case.order.index(url.field) for url in of)
        for better in (url for url in urls if url.task_id == of[0].task_id):
            first = case.first_requests.get(better.path) if better.path is not None else exchange
            if case.order.index(better.field) < best_place and (first is None or first.number > exchange.number):
                yield Finding(f"{at(exchange)} requests {of[0].field} although {better.field} holds a URL",
                              exchange.number)  # fmt: skip


@rule(
    "must", "url-absent", "A URL field that is missing, empty, null or not a string is skipped, and the next is used.",
    RECOMMENDED,
)  # fmt: skip
def url_absent(case: Case) -> Iterator[Finding]:
    """A request for something that is no URL; or a failure reported where a later field held the URL."""
    for exchange in case.exchanges:
        misuse = case.url_misuse(exchange)
        if misuse is not None and not misuse.is_url:
            yield Finding(f"{at(exchange)} takes {misuse.field} for a URL, but it is {as_json(misuse.value)}",
                          exchange.number)  # fmt: skip
    if not has_ended_without_clip(case, Phase.SUCCEEDED) or not case.result_urls or case.downloads or case.contents:
        return
    end, best = case.ending, case.result_urls[0]
    assert end is not None
    if best.path is not None:  # otherwise it may have been tried, unseen
        for field, value in _fields_without_url(end.document, case.order[: case.order.index(best.field)]):
            yield Finding(
                f"the client ended after #{end.exchange.number}, where {field} is {value} and {best.field} holds "
                "the URL",
                end.exchange.number,
            )


def _fields_without_url(document: Mapping[str, object], fields: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The fields that hold no URL but could be taken for one, and their values."""
    for field in fields:
        first, _, second = field.partition(".")
        if first in document:
            value = document[first]
            inner = isinstance(value, Mapping) and second in value
            yield (field, as_json(value[second])) if isinstance(value, Mapping) and inner else (first, as_json(value))
        elif field == "video_url":  # the only one that the documented object always has
            yield field, "missing"


@rule("must", "fallback-no-url", "Without a result URL the clip is fetched from /content.", RECOMMENDED)
def fallback_no_url(case: Case) -> Iterator[Finding]:
    """An end without a URL, and no request to /content."""
    if has_ended_without_clip(case, Phase.SUCCEEDED) and not case.result_urls and not _requested_content(case):
        end = case.ending
        assert end is not None
        yield Finding(
            f"{describe_end(end)} and no URL, and /content was not requested",
            end.exchange.number,
        )


@rule(
    "must", "fallback-download", "If the download from the URL fails, the clip is fetched from /content.", RECOMMENDED
)
def fallback_download(case: Case) -> Iterator[Finding]:
    """Downloads that failed, in any way, and no request to /content."""
    if not has_ended_without_clip(case, Phase.SUCCEEDED) or not case.result_urls or _requested_content(case):
        return
    delivered = case.outcome.clip
    downloads = [exchange for exchange in case.downloads if not is_early(case, exchange)]
    if not downloads:
        if all(url.path is None for url in case.result_urls) and not delivered:
            field, url = case.result_urls[0].field, case.result_urls[0].url
            yield Finding(f"the URL in {field}, {url[:60]!r}, cannot be downloaded, and /content was not requested")
        return
    last = downloads[-1]
    if case.has_clip(last):
        return  # it had the clip: another rule
    if delivered is not None and last.status == 200:
        return  # it took a bad body for the clip: another rule
    yield Finding(f"{at(last)} {describe_failure(case, last)}, and /content was not requested", last.number)


def _requested_content(case: Case) -> bool:
    return any(not is_early(case, exchange) for exchange in case.contents)


@rule(
    "must", "failed-no-download", "After a failed task neither /content nor a URL is requested.",
    "OctopusX: videos/grok (Grok Task Query): failed is terminal; only completed tasks have a result",
)  # fmt: skip
def failed_no_download(case: Case) -> Iterator[Finding]:
    """A download after the task had failed."""
    end = case.ending
    if end is None or end.phase is not Phase.FAILED:
        return
    for exchange in case.exchanges:
        late = exchange.number > end.exchange.number
        if late and (exchange.host == "download" or exchange.operation == "content"):
            yield Finding(f"{at(exchange)} requests a clip, although "
                          f"{describe_end(end)}", exchange.number)  # fmt: skip


RULES = (url_order, url_absent, fallback_no_url, fallback_download, failed_no_download)
