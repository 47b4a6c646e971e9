from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.webaddress import web_address


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org",
        "HTTPS://Example.org/",
        "http://localhost:8000/a/b.html?x=1&y=(2)#top",
        "https://user@example.org/x",
        "https://192.168.1.1:8443/",
        "http://[::1]:80/x",
        "https://bücher.example/straße?q=ä",
        "https://example.org/%C3%A4?a=%2F",
        "mailto:a@example.org?subject=x",
    ],
)
def test_good_addresses_stay_as_they_are(address: str) -> None:
    assert web_address(address) == address


@pytest.mark.parametrize(
    ("written", "encoded"),
    [
        (" https://x.example/a b ", "https://x.example/a%20b"),
        ("https://x.example/<b>\"`{|}^\\", "https://x.example/%3Cb%3E%22%60%7B%7C%7D%5E%5C"),
        ("https://x.example/[1]?a[]=2", "https://x.example/%5B1%5D?a%5B%5D=2"),
        ("https://x.example/100%#a#b", "https://x.example/100%25#a%23b"),
        ("https://x.example/\ufffd\ue000", "https://x.example/%EF%BF%BD%EE%80%80"),
        ("mailto:<a@x>", "mailto:%3Ca@x%3E"),
    ],
)  # fmt: skip
def test_characters_that_no_address_has_are_encoded(written: str, encoded: str) -> None:
    assert web_address(written) == encoded


@pytest.mark.parametrize(
    "written",
    [
        "",
        "x",
        "/x",
        "//x.example",
        "javascript:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "https:x.example",
        "https://",
        "https:///x",
        "https://x.example:a/",
        "https://x.example:99999/",
        "https://x.example\t/",
        "https://x.example/\x00",
        "https://x.example/\ud800",
        "https://x.example'/",
        "https://<b>/",
        "https://*/",
        "http://0x42.0x0000066.0x7.0x93/",
        "http://0102.0146.0007.00000223/",
        "http://1113982867/",
        "http://[::1/",
    ],
)
def test_other_addresses_are_not_followed(written: str) -> None:
    assert web_address(written) == ""


@given(st.text(max_size=30))
def test_any_path_gives_an_address_of_its_host_or_none(text: str) -> None:
    address = web_address(f"https://x.example/{text}")
    if address:
        assert urlsplit(address).netloc == "x.example"
        assert web_address(address) == address
        assert not re.search(r"[\s<>\"`{}|\\^\[\]]", address)
        if "%" not in text:
            assert unquote(address) == f"https://x.example/{text}".rstrip()


@given(st.text(max_size=30))
def test_no_text_alone_is_more_than_its_scheme_allows(text: str) -> None:
    assert web_address(text).lower().startswith(("https://", "http://", "mailto:")) or web_address(text) == ""
