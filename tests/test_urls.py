from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote, urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen import urls

RESERVED = "con prn aux nul com0 com1 com9 lpt0 lpt1 lpt9".split()

hostile = st.sampled_from(
    [
        *RESERVED,
        "CON",
        "Con",
        "index",
        "Index",
        "",
        " ",
        ".",
        "..",
        "../../etc/passwd",
        "a/b",
        "a\\b",
        "a:b",
        "-rf",
        ".hidden",
        "_private",
        "trailing.",
        "trailing ",
        "a%2fb",
        "é",
        "ß",
        "SS",
        "İ",
        "K",
        "\ud800",
        "\x00",
        "x" * 300,
    ]
)
plain = st.from_regex(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?", fullmatch=True)
similar = st.text("aAbB.-_ /:é", max_size=4)
names = hostile | plain | similar | st.text() | st.text(st.characters(), max_size=120)

segment = st.from_regex(r"[a-z0-9]{1,3}(\.[0-9a-f]{2})?", fullmatch=True)
pages = st.lists(segment, min_size=1, max_size=4).map(lambda parts: "/".join(parts) + ".html")


@given(names)
def test_slug_has_only_characters_that_every_file_system_and_url_takes(name: str) -> None:
    slug = urls.slug(name)
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]*(\.[0-9a-f]{12})?", slug)
    assert unquote(slug) == slug


@given(names)
def test_slug_is_short(name: str) -> None:
    assert 0 < len(urls.slug(name)) < 100


@given(names)
def test_slug_is_never_a_name_that_windows_reserves_or_the_index(name: str) -> None:
    stem = urls.slug(name).partition(".")[0]
    assert stem not in RESERVED
    assert urls.slug(name) != "index"


@given(names, names)
def test_different_names_have_different_slugs_even_when_case_is_folded(one: str, other: str) -> None:
    assert (urls.slug(one).casefold() == urls.slug(other).casefold()) == (one == other)


@given(plain.filter(lambda name: name not in {*RESERVED, "index"} and not re.match("(com|lpt)[0-9]$", name)))
def test_plain_name_stands_for_itself(name: str) -> None:
    assert urls.slug(name) == name


@given(names)
def test_slug_of_a_slug_with_digest_is_another_name(name: str) -> None:
    slug = urls.slug(name)
    assert (urls.slug(slug) == slug) == ("." not in slug)


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("Worst rows (p > 0.5)", "worst-rows-p-0-5."),
        ("train/loss", "train-loss."),
        ("损失", "x."),
        ("a" * 80, "a" * 40 + "."),
        ("-a-", "a."),
    ],
)
def test_other_names_keep_their_letters(name: str, start: str) -> None:
    assert urls.slug(name).startswith(start)


@given(pages, pages)
def test_relative_link_leads_from_page_to_target(target: str, page: str) -> None:
    link = urls.relative(target, page)
    assert not link.startswith("/")
    assert urljoin(f"file:///site/{page}", link) == f"file:///site/{target}"


@given(pages, pages, segment)
def test_relative_link_keeps_its_fragment(target: str, page: str, fragment: str) -> None:
    link = urls.relative(f"{target}#{fragment}", page)
    assert urljoin(f"https://example.org/a/{page}", link) == f"https://example.org/a/{target}#{fragment}"


@pytest.mark.parametrize(
    ("target", "page", "link"),
    [
        ("index.html", "index.html", "index.html"),
        ("runs/index.html", "runs/index.html", "index.html"),
        ("runs/a.html#steps", "runs/a.html", "#steps"),
        ("#steps", "runs/a.html", "#steps"),
        ("static/report.css", "index.html", "static/report.css"),
        ("static/report.css", "artifacts/x/v1.html", "../../static/report.css"),
        ("runs/a.html#steps", "artifacts/x/v1.html", "../../runs/a.html#steps"),
    ],
)
def test_relative_link_is_the_shortest(target: str, page: str, link: str) -> None:
    assert urls.relative(target, page) == link


@given(names, names, st.integers(1, 10**6))
def test_page_addresses_stay_inside_the_site(name: str, other: str, number: int) -> None:
    addresses = [
        urls.run(name),
        urls.pipeline(name),
        urls.key(name),
        urls.version(name, number),
        urls.keyless(name, other),
        urls.metric(name),
        urls.runs_page(number),
    ]
    assert len(set(addresses)) == len(addresses)
    for address in addresses:
        assert posixpath.normpath(address) == address
        assert address.partition("/")[0] in {"runs", "pipelines", "artifacts", "metrics"}
        assert address.endswith(".html")


@given(names)
def test_page_of_a_name_is_never_the_list_of_all(name: str) -> None:
    lists = {urls.OVERVIEW, urls.RUNS, urls.PIPELINES, urls.ARTIFACTS, urls.METRICS}
    assert not lists & {urls.run(name), urls.pipeline(name), urls.key(name), urls.metric(name)}


def test_download_lies_beside_its_page() -> None:
    assert urls.download(urls.version("rows", 3), "csv") == "artifacts/rows/v3.csv"
