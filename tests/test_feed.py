"""Badges and the feed: valid, escaped, the same for the same records, and with whole addresses where they are known."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from logs import HOUR, START, end, list_metric, metric, model_of, run_start, write_run

from reportgen import urls
from reportgen.build import build_site
from reportgen.options import MetricOptions, Options
from reportgen.units import Unit, make_unit
from reportgen.views.metric import MetricView
from reportgen.views.parts import Page, RawFile

RUNS = Path("runs")
ATOM = "{http://www.w3.org/2005/Atom}"
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "a\"><script>alert(1)</script>&'\x1b]]>\u202e[x](y)"
GOAL = {"accuracy": MetricOptions("max", tolerance=0.01)}


def add(number: int, *records: Any, run_id: str = "", **fields: Any) -> None:
    ends = () if any(record.__class__.__name__ == "End" for record in records) else (end(),)
    write_run(RUNS, run_id or f"run-{number}", [run_start(**fields), *records, *ends], at=START + number * HOUR)


def files_of(unit: Unit, options: Options | None = None) -> dict[str, Any]:
    made = make_unit(model_of(RUNS, options=options), unit)
    return {
        one.url: one.content if isinstance(one, RawFile) else one.view
        for one in made
        if isinstance(one, Page | RawFile)
    }


def badge(name: str = "accuracy", options: Options | None = None) -> ET.Element:
    return ET.fromstring(files_of(Unit("metric", name), options)[urls.badge(name)])


def feed(options: Options | None = None) -> ET.Element:
    return ET.fromstring(files_of(Unit("feed"), options)["feed.xml"])


# Badges


@pytest.mark.parametrize(
    ("values", "options", "text", "colour"),
    [
        ([0.9], Options(metrics=GOAL), "0.9", "#5e5951"),
        ([0.8, 0.9], Options(metrics=GOAL), "0.9 ↑ better", "#1b6a3b"),
        ([0.9, 0.8], Options(metrics=GOAL), "0.8 ↓ worse", "#b1231a"),
        ([0.900, 0.901], Options(metrics=GOAL), "0.901 ↑", "#5e5951"),
        ([0.9, 0.8], Options(), "0.8 ↓", "#5e5951"),
        ([0.9, 0.9], Options(metrics=GOAL), "0.9", "#5e5951"),
        ([0.9, "NaN"], Options(metrics=GOAL), "NaN", "#5e5951"),
        ([0.1, 0.2], Options(metrics={"accuracy": MetricOptions("min", "%")}), "20 % ↑ worse", "#b1231a"),
    ],
)
def test_badge_says_in_words_what_its_colour_says(values: list[Any], options: Options, text: str, colour: str) -> None:
    for number, value in enumerate(values):
        add(number, metric("accuracy", value))
    root = badge(options=options)
    assert [one.text for one in root.iter(f"{SVG}text")] == ["accuracy", text]
    assert root.findtext(f"{SVG}title") == root.get("aria-label") == f"accuracy: {text}"
    assert [path.get("fill") for path in root.iter(f"{SVG}path")][1] == colour


def luminance(colour: str) -> float:
    shares = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def test_text_of_badges_can_be_read_on_its_colours() -> None:
    add(1, metric("accuracy", 0.5))
    for value in (0.6, 0.4, 0.4):
        add(2, metric("accuracy", value))
        root = badge(options=Options(metrics=GOAL))
        (ink,) = {group.get("fill") or "" for group in root.iter(f"{SVG}g")}
        for path in root.iter(f"{SVG}path"):
            assert (luminance(ink) + 0.05) / (luminance(path.get("fill") or "") + 0.05) >= 4.5


def test_badge_of_a_list_metric_has_its_last_value() -> None:
    add(1, list_metric("loss", [3, 2]))
    add(2, list_metric("loss", [3, 1]))
    assert badge("loss").get("aria-label") == "loss: 1 ↓"
    add(3, list_metric("loss", []))
    assert badge("loss").get("aria-label") == "loss: NaN"


def test_badge_of_a_hostile_name_is_text() -> None:
    add(1, metric(HOSTILE.replace("\x1b", ""), 1), run_id="r1")
    root = badge(HOSTILE.replace("\x1b", ""))
    assert {child.tag for child in root.iter()} == {f"{SVG}{name}" for name in ("svg", "title", "path", "g", "text")}
    assert root.findtext(f"{SVG}title") == f"{HOSTILE}: 1".replace("\x1b", "").replace("\u202e", "\ufffd")


def test_page_of_a_metric_shows_its_badge_and_how_to_paste_it() -> None:
    add(1, metric("f1 [macro]", 1))
    page = urls.metric("f1 [macro]")
    relative, whole = (
        cast("MetricView", files_of(Unit("metric", "f1 [macro]"), options)[page]).badge
        for options in (Options(), Options(url="https://x.example/r"))
    )
    assert relative.url == whole.url == f"../{urls.badge('f1 [macro]')}"
    assert relative.markdown == rf"[![f1 \[macro\]]({urls.badge('f1 [macro]')})]({page})"
    assert whole.markdown == (
        rf"[![f1 \[macro\]](https://x.example/r/{urls.badge('f1 [macro]')})](https://x.example/r/{page})"
    )
    root = badge("f1 [macro]")
    assert (str(whole.width), str(whole.height)) == (root.get("width"), root.get("height"))


# Feed


def test_feed_has_what_atom_asks_for() -> None:
    for number in range(35):
        add(number, metric("accuracy", number))
    root = feed(Options(title="Nightly & more"))
    assert root.tag == f"{ATOM}feed"
    assert root.findtext(f"{ATOM}title") == "Nightly & more"
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    entries = root.findall(f"{ATOM}entry")
    assert len(entries) == 30
    for element in (root, *entries):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1
            assert element.findtext(f"{ATOM}{name}")
        assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", element.findtext(f"{ATOM}id") or "")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", element.findtext(f"{ATOM}updated") or "")
        assert element.find(f"{ATOM}link[@rel='alternate']") is not None
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len({*ids, root.findtext(f"{ATOM}id")}) == 31
    published = [entry.findtext(f"{ATOM}published") or "" for entry in entries]
    assert all(newer > older for newer, older in pairwise(published))
    assert root.findtext(f"{ATOM}updated") == entries[0].findtext(f"{ATOM}updated")


def test_feed_without_runs_is_one() -> None:
    write_run(RUNS, "r1", [run_start(), end()])
    from reportgen.deletion import delete_runs

    delete_runs([RUNS], ["r1"])
    root = feed()
    assert root.findall(f"{ATOM}entry") == []
    assert root.findtext(f"{ATOM}updated")


def test_entry_keeps_its_id_when_the_run_ends_and_tells_how() -> None:
    run_id = "0190abcd-1234-7abc-8def-0123456789ab"
    write_run(RUNS, run_id, [run_start(deployment="nightly", name="july")], at=START)
    before = feed().find(f"{ATOM}entry")
    error = ("ValueError", "no rows\nmore", "t")
    write_run(RUNS, run_id, [run_start(deployment="nightly", name="july"), end("failed", error)], at=START)
    after = feed().find(f"{ATOM}entry")
    assert before is not None
    assert after is not None
    assert before.findtext(f"{ATOM}id") == after.findtext(f"{ATOM}id") == f"urn:uuid:{run_id}"
    assert before.findtext(f"{ATOM}title") == "churn, nightly: july is running"
    assert after.findtext(f"{ATOM}title") == "churn, nightly: july failed"
    assert (after.findtext(f"{ATOM}updated") or "") > (before.findtext(f"{ATOM}updated") or "")
    assert after.findtext(f"{ATOM}summary") == "Took 2.0 s. ValueError: no rows."


def test_links_of_the_feed_are_whole_where_the_address_is_known(tmp_path: Path) -> None:
    add(1, metric("accuracy", 1))
    build_site([RUNS], Path("site"), Options())
    for options, base in ((Options(), ""), (Options(url="https://x.example/r/"), "https://x.example/r/")):
        root = feed(options)
        links = [link.get("href") or "" for link in root.iter(f"{ATOM}link")]
        assert len(links) == 3
        for link in links:
            assert link.startswith(base)
            assert (tmp_path / "site" / link.removeprefix(base)).is_file()


def test_hostile_texts_in_the_feed_are_text() -> None:
    error = (HOSTILE, HOSTILE, "t")
    add(1, metric(HOSTILE.replace("\x1b", ""), 1), end("failed", error), pipeline=HOSTILE, name=HOSTILE)
    root = feed(Options(title=HOSTILE))
    assert {element.tag for element in root.iter() if not element.tag.startswith(ATOM)} == set()
    assert "<script>" in (root.findtext(f"{ATOM}entry/{ATOM}title") or "")


def test_pages_of_runs_name_the_feed(tmp_path: Path) -> None:
    add(1)
    build_site([RUNS], Path("site"), Options())
    for page, address in (("index.html", "feed.xml"), ("runs/index.html", "../feed.xml")):
        text = (tmp_path / "site" / page).read_text("utf-8")
        assert f'<link rel="alternate" type="application/atom+xml" title="Runs" href="{address}">' in text
