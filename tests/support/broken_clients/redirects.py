"""Redirects, and keys sent to other hosts: clients for the rules in `judge/rules/redirects.py`."""

from __future__ import annotations

from urllib.parse import urljoin

from support.careful_client import (
    REDIRECTS,
    Answer,
    Careful,
    Failure,
    NoClip,
)

# --- no-key-to-other-hosts --------------------------------------------------------------------------------------------


class KeyEverywhere(Careful, rule="no-key-to-other-hosts", lies_in="wire", found_in="auth/redirect_drops_token"):
    """Sends the key with every request, to whatever host."""

    def headers(self, url: str, start: str) -> dict[str, str]:
        return self.key()


class KeyForResultUrl(Careful, rule="no-key-to-other-hosts", lies_in="wire", found_in="auth/url_ignores_token"):
    """Sends the key with the result URL, but not along a redirect."""

    def headers(self, url: str, start: str) -> dict[str, str]:
        return self.key() if url == start else super().headers(url, start)


class KeyInQuery(Careful, rule="no-key-to-other-hosts", lies_in="wire", found_in="lifecycle/plain"):
    """Puts the key into the query of the result URL."""

    def download(self, url: str) -> bytes:
        address = urljoin(self.task_url(), url)
        if not self.is_api(address) and address.startswith("http"):
            address += f"{'&' if '?' in address else '?'}key={self.api_key}"
        return super().download(address)


class KeyInOwnHeader(Careful, rule="no-key-to-other-hosts", lies_in="wire", found_in="lifecycle/plain"):
    """Sends the key as X-Api-Key wherever it is not sent as Authorization."""

    def headers(self, url: str, start: str) -> dict[str, str]:
        return super().headers(url, start) or {"X-Api-Key": self.api_key}


class KeyAlongRedirect(Careful, rule="no-key-to-other-hosts", lies_in="wire", found_in="auth/redirect_drops_token"):
    """Takes the key along when the API redirects to another host."""

    def headers(self, url: str, start: str) -> dict[str, str]:
        return self.key() if self.is_api(start) else super().headers(url, start)


# --- follow-redirects -------------------------------------------------------------------------------------------------


class NoRedirects(Careful, rule="follow-redirects", lies_in="wire", found_in="download/redirect_308"):
    """Takes every redirect for a failure, as httpx does by default."""

    def target(self, answer: Answer) -> str | None:
        return None


class MovedPollIsFatal(Careful, rule="follow-redirects", lies_in="wire", found_in="polling/poll_redirects_elsewhere"):
    """Raises when a poll is redirected."""

    def look(self) -> Answer | None:
        try:
            answer = self.send("GET", self.task_url())
        except Failure as failure:
            return self.look_failed(failure)
        if answer.status in REDIRECTS:
            raise NoClip(f"the task moved: {answer.status}")
        return answer


class OldRedirects(Careful, rule="follow-redirects", lies_in="wire", found_in="download/redirect_308"):
    """Knows 301 and 302 alone."""

    def target(self, answer: Answer) -> str | None:
        return super().target(answer) if answer.status in (301, 302) else None


class OneRedirect(Careful, rule="follow-redirects", lies_in="wire", found_in="download/redirect_chain"):
    """Follows one redirect and no second one."""

    hops = 1


class AbsoluteRedirects(Careful, rule="follow-redirects", lies_in="wire", found_in="content/content_redirect_relative"):
    """Does not follow a Location that is a path."""

    def target(self, answer: Answer) -> str | None:
        return super().target(answer) if answer.headers.get("location", "").startswith("http") else None


# --- redirect-limit ---------------------------------------------------------------------------------------------------


class EndlessRedirects(Careful, rule="redirect-limit", lies_in="wire", found_in="download/redirect_loop"):
    """Follows redirects without counting them."""

    hops = float("inf")
