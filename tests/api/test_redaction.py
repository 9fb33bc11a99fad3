"""Secrets are hidden wherever a request is shown."""

from __future__ import annotations

import pytest

from video_mockserver.api.redaction import mask, mask_header, mask_query


@pytest.mark.parametrize(("secret", "text"), [("sk-12345678", "sk-***"), ("sk-12345", "***"), ("", "***")])
def test_of_a_long_secret_the_first_letters_stay(secret: str, text: str) -> None:
    assert mask(secret) == text


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("authorization", "Bearer sk-12345678", "Bearer sk-***"),
        ("authorization", "sk-12345678", "sk-***"),
        ("x-api-key", "Bearer sk-12345678", "Bea***"),
        ("cookie", "session=12345678", "ses***"),
        ("user-agent", "Bearer sk-12345678", "Bearer sk-12345678"),
    ],
)
def test_a_header_with_a_key_is_hidden_and_others_are_not(name: str, value: str, text: str) -> None:
    assert mask_header(name, value) == text


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("api_key=abc&x=1", "api_key=***&x=1"),
        ("https://a/b?X-Signature=abc", "https://a/b?X-Signature=***"),
        ('{"url": "https://a/b?token=abc"}', '{"url": "https://a/b?token=***"}'),
        ("monkeys=3&order=asc", "monkeys=3&order=asc"),
        ("no query", "no query"),
    ],
)
def test_what_looks_like_a_secret_in_a_query_is_hidden(query: str, text: str) -> None:
    assert mask_query(query) == text
