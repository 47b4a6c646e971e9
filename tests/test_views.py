"""The pages: templates and views agree, sentences are right, and no text of a record becomes markup."""

from __future__ import annotations

import csv
import dataclasses
import inspect
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import jinja2.meta
import msgspec
import pytest
from hostile import HOSTILE, write_texts
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import nodes
from logs import (
    HOUR,
    PNG,
    SECOND,
    START,
    artifact,
    end,
    list_metric,
    metric,
    model_of,
    run_start,
    write_run,
    write_small_project,
)
from pages import (
    attributes,
    broken_links,
    find,
    ids,
    iter_elements,
    iter_links,
    parse,
    policy,
    read_site,
    tag,
    text_of,
)

from reportgen.build import build_site
from reportgen.datafolders import find_data_folder
from reportgen.model import Model
from reportgen.options import MetricOptions, Options
from reportgen.render import make_environment, render_page
from reportgen.text import iso_time
from reportgen.units import Unit, iter_units, make_unit
from reportgen.views import artifacts, key, keys, overview, runs, versions
from reportgen.views.parts import Page, RawFile, count_pages

OWN_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'"
)


@pytest.fixture(scope="module")
def small_site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a site that has a little of everything."""
    folder = tmp_path_factory.mktemp("small")
    write_small_project(folder / "runs")
    build_site([folder / "runs"], folder / "site", Options())
    return read_site(folder / "site")


@pytest.fixture(scope="module")
def small_pages(tmp_path_factory: pytest.TempPathFactory) -> list[Page]:
    folder = tmp_path_factory.mktemp("pages")
    write_small_project(folder)
    rows = {"columns": ["n"], "rows": [[n] for n in range(1001)]}
    write_run(folder, "run-long", [run_start("long"), artifact("long", "long", type="table", data=rows), end()])
    with pytest.MonkeyPatch.context() as patch:  # a page of each kind
        patch.setattr(versions, "_PAGE_SIZE", 1)
        patch.setattr(keys, "_MANY_KEYS", 0)
        return list(iter_pages(model_of(folder)))


def iter_pages(model: Model) -> Iterator[Page]:
    for unit in iter_units(model):
        yield from (page for page in make_unit(model, unit) if isinstance(page, Page))


# Templates and views

TEMPLATES = sorted(path.name for path in find_data_folder("templates").glob("*.html"))


def names_used(template: str) -> set[str]:
    """The names that a template takes from its view."""
    environment = make_environment()
    source, *_ = environment.loader.get_source(environment, template)  # type: ignore[union-attr]
    tree = environment.parse(source)
    own = {node.target for node in tree.find_all(nodes.Import)} | {node.name for node in tree.find_all(nodes.Macro)}
    return jinja2.meta.find_undeclared_variables(tree) - environment.globals.keys() - own


@pytest.mark.parametrize("template", [name for name in TEMPLATES if name not in {"base.html", "macros.html"}])
def test_template_uses_exactly_the_fields_of_its_view(small_pages: list[Page], template: str) -> None:
    views = {type(page.view) for page in small_pages if page.template == template}
    (view,) = views
    assert names_used(template) | names_used("base.html") == {*view.__match_args__}


def test_macros_take_nothing_from_a_view() -> None:
    assert names_used("macros.html") == set()


def test_every_field_of_a_view_is_documented(small_pages: list[Page]) -> None:
    for view in {type(page.view) for page in small_pages}:
        listed = (inspect.getdoc(view) or "").partition("Attributes\n----------\n")[2]
        documented = {
            name for line in re.findall(r"^(?! )[\w, ]+$", listed, re.MULTILINE) for name in re.split(r",\s*", line)
        }
        assert documented == {*view.__match_args__}, view.__name__


def test_views_and_their_rows_are_frozen_and_say_what_they_are(small_pages: list[Page]) -> None:
    modules = {inspect.getmodule(type(page.view)) for page in small_pages}
    for module in modules:
        for name, found in inspect.getmembers(module, is_record):
            assert is_frozen(found), name
            assert not (found.__doc__ or "").startswith(f"{name}("), f"{name} has no docstring"


def is_record(found: object) -> bool:
    return isinstance(found, type) and (issubclass(found, msgspec.Struct) or dataclasses.is_dataclass(found))


def is_frozen(record: Any) -> bool:
    frozen: bool = (
        record.__struct_config__ if issubclass(record, msgspec.Struct) else record.__dataclass_params__
    ).frozen
    return frozen


# Sentences


@pytest.mark.parametrize(
    ("statuses", "sentence"),
    [
        ("", "No run yet."),
        ("completed", "The last run completed."),
        ("running", "The last run has not ended yet."),
        ("running running", "The last runs have not ended yet."),
        ("completed completed", "Both pipelines completed their last run."),
        ("completed completed completed", "All three pipelines completed their last run."),
        ("completed running", "All is fine; one of 2 pipelines has not ended yet."),
        ("running running completed", "All is fine; two of 3 pipelines have not ended yet."),
        ("failed", "One pipeline failed."),
        ("failed completed", "One pipeline failed; the other one is fine."),
        ("failed failed completed running", "Two pipelines failed; the other two are fine."),
        ("stalled stalled", "Two pipelines have stalled."),
        ("cancelled completed", "One pipeline was cancelled; the other one is fine."),
        ("failed stalled cancelled running", "One pipeline failed, one has stalled and one was cancelled; "
         "the other one is fine."),
    ],
)  # fmt: skip
def test_headline_says_whether_all_is_fine(statuses: str, sentence: str) -> None:
    assert overview.headline([SimpleNamespace(status=status) for status in statuses.split()]) == sentence


@pytest.mark.parametrize(
    ("statuses", "note"),
    [
        ("failed", "This was its first run."),
        ("failed failed", "It never completed."),
        ("completed failed", "The run before it completed."),
        ("failed completed failed", "The run before it completed."),
        ("cancelled failed", "The run before it was cancelled."),
        ("failed completed completed failed", "First failure in 3 runs."),
        ("completed failed failed", "The last two runs failed."),
    ],
)
def test_alert_says_how_unusual_a_failure_is(tmp_path: Path, statuses: str, note: str) -> None:
    for number, status in enumerate(statuses.split()):
        write_run(tmp_path, f"r{number}", [run_start(), end(status)], at=START + number * HOUR)
    (alert,) = overview.make_page(model_of(tmp_path)).view.alerts
    assert alert.note.replace("\u00a0", " ") == note


def test_overview_shows_the_failed_pipeline_first_with_its_error(small_site: dict[str, bytes]) -> None:
    page = parse(small_site["index.html"])
    assert text_of(find(page, "h1")[0]) == "One pipeline failed; the other two are fine."
    (alert,) = (ul for ul in find(page, "ul") if ul.get("class") == "alerts")
    assert "etl" in text_of(alert)
    assert "ValueError: no rows" in text_of(alert)
    (section,) = (one for one in find(page, "section") if one.get("id") == "pipelines")
    names = [text_of(find(head, "a")[0]) for head in find(section, "th") if head.get("scope") == "row"]
    assert names == ["etl", "watch", "churn"]


def test_run_page_shows_what_was_recorded(small_site: dict[str, bytes]) -> None:
    text = text_of(parse(small_site["runs/run-3.html"]))
    for words in ("accuracy", "0.93", "nightly", "train", "load", "summary v4", "NaN", "curve", "lr"):
        assert words in text, words
    text = text_of(parse(small_site["runs/run-f.html"]))
    assert "Traceback (most recent call last)" in text


def test_tombstone_says_when_and_why(small_site: dict[str, bytes]) -> None:
    text = text_of(parse(small_site["artifacts/summary/v2.html"]))
    assert "This version was deleted on 1 Jan 2026, 05:00:04: wrong data." in text
    assert "Run 1" not in text


# Values of a metric as CSV

_PLACES = [("a,b", None), ('say "x"', "x\ny"), ("plain", "lab"), ("", None), ("=1+1", "é")]


@pytest.mark.parametrize(("most", "ids"), [(10_000, "r{}"), (7, "r{}"), (1, "r{}"), (10_000, 'r,{}"')])
def test_newest_values_of_a_metric_are_rows_of_csv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, ids: str
) -> None:
    monkeypatch.setattr("reportgen.views.metric._MAX_ROWS", most)
    expected = []
    for number in range(20):
        pipeline, deployment = _PLACES[number % 5]
        has_value, run_id = number % 4 != 1, ids.format(number)
        records = [run_start(pipeline, deployment=deployment), *([metric("x", number / 3)] if has_value else [])]
        write_run(tmp_path, run_id, records, at=START + number * HOUR, folder=f"run-{number}")
        if has_value:
            expected.append([iso_time(START + number * HOUR), run_id, pipeline, deployment or "", repr(number / 3)])
    files = {file.url: file for file in make_unit(model_of(tmp_path), Unit("metric", "x"))}
    file = files["metrics/x.csv"]
    assert isinstance(file, RawFile)
    header, *rows = csv.reader(io.StringIO(file.content.decode(), newline=""))
    assert header == ["started_at", "run_id", "pipeline", "deployment", "value"]
    assert rows == expected[-most:]


# Pages of a listing


def pages_of_runs(logs: Path, n_runs: int) -> dict[str, bytes]:
    for number in range(len(list(logs.iterdir())) if logs.is_dir() else 0, n_runs):
        records = [run_start("many"), metric("x", number % 10), end()]
        write_run(logs, f"run-{number:04}", records, at=START + number * HOUR)
    environment = make_environment()
    model = model_of(logs)
    older = [runs.make_older_page(model, number) for number in range(1, runs.count_full_pages(model) + 1)]
    return {page.url: render_page(environment, page) for page in [*older, runs.make_page(model)]}


def test_full_pages_do_not_change_when_runs_are_added(tmp_path: Path) -> None:
    counts = (99, 100, 199, 200, 201)
    built = {n_runs: pages_of_runs(tmp_path / "runs", n_runs) for n_runs in counts}
    numbered = {n_runs: sorted(url for url in files if "page." in url) for n_runs, files in built.items()}
    assert numbered == {99: [], 100: [], 199: [], 200: ["runs/page.1.html"], 201: ["runs/page.1.html"]}
    assert built[200]["runs/page.1.html"] == built[201]["runs/page.1.html"]
    rows = {n_runs: files["runs/index.html"].count(b'<th scope="row"') for n_runs, files in built.items()}
    assert rows == {99: 99, 100: 100, 199: 199, 200: 100, 201: 101}


def test_full_page_changes_only_its_way_to_the_newer_page(tmp_path: Path) -> None:
    before = pages_of_runs(tmp_path / "runs", 299)["runs/page.1.html"].decode()
    after = pages_of_runs(tmp_path / "runs", 300)
    assert sorted(after) == ["runs/index.html", "runs/page.1.html", "runs/page.2.html"]
    newer = '<a href="index.html">Newer</a>'
    assert newer in before
    assert after["runs/page.1.html"].decode() == before.replace(newer, '<a href="page.2.html">Newer</a>')


@given(st.integers(0, 400), st.integers(1, 50))
def test_newest_page_of_a_listing_is_never_nearly_empty(n_items: int, size: int) -> None:
    n_full = count_pages(n_items, size)
    n_newest = n_items - n_full * size
    assert 0 <= n_newest < 2 * size
    assert not n_full or n_newest >= size


@given(st.integers(0, 300), st.integers(0, 100), st.integers(1, 50))
def test_full_pages_stay_when_items_are_added(n_items: int, n_more: int, size: int) -> None:
    assert count_pages(n_items, size) <= count_pages(n_items + n_more, size)


def test_listing_is_divided_without_loss(tmp_path: Path) -> None:
    for number in range(305):
        write_run(tmp_path, f"r{number:03}", [run_start()], at=START + number * SECOND)
    model = model_of(tmp_path)
    assert runs.count_full_pages(model) == 2
    pages = [runs.make_older_page(model, 1), runs.make_older_page(model, 2), runs.make_page(model)]
    shown = [[row.run.url for day in reversed(page.view.days) for row in reversed(day.rows)] for page in pages]
    assert [href for page in shown for href in page] == [f"r{number:03}.html" for number in range(305)]
    assert [*map(len, shown)] == [100, 100, 105]


# What every page keeps to


def check_page(url: str, content: bytes, expected_policy: str = OWN_POLICY) -> None:
    page = parse(content)
    compares_versions = any(script.get("src", "").endswith("/versions.js") for script in find(page, "script"))
    expected_policy = expected_policy.replace("; base-uri", "; frame-src 'self'" * compares_versions + "; base-uri")
    assert policy(page) == expected_policy, url
    assert not re.search("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffe\uffff]", content.decode()), url
    assert len(find(page, "h1")) == 1, url
    (title,) = find(find(page, "head")[0], "title")
    assert text_of(title), url
    assert find(page, "style", "iframe", "object", "embed", "form", "base", "applet", "frame") == [], url
    for script in find(page, "script"):
        assert set(script.attrib) == {"src", "defer"}, url
        assert re.fullmatch(r"(\.\./)*static/[a-z]+\.js", script.get("src", "")), url
        assert not script.text, url
    for element in iter_elements(page):
        names = attributes(element)
        assert "style" not in names, url
        assert not any(name.startswith("on") for name in names), url
        assert not names.get("src", "").startswith("data:"), url
    found = ids(page)
    assert sorted(found) == sorted(set(found)), f"{url}: {[one for one in set(found) if found.count(one) > 1]}"


def html_files(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {url: content for url, content in files.items() if url.endswith(".html")}


def test_every_page_keeps_to_the_rules_of_the_platforms(small_site: dict[str, bytes]) -> None:
    for url, content in html_files(small_site).items():
        check_page(url, content)


def test_page_makes_no_request_to_another_host(small_site: dict[str, bytes]) -> None:
    for url, content in html_files(small_site).items():
        for name, link in iter_links(parse(content)):
            assert name == "a" or not urlsplit(link).netloc, f"{url}: {name} {link}"


def test_ids_of_texts_on_one_page_do_not_meet(tmp_path: Path) -> None:
    text = "# Same\n\n## Same\n\n## Trend\n\n## Main\n\nA note[^1] and[^2].\n\n[^1]: One.\n[^2]: Two.\n"
    shared = {"description": text + "\n\n" + "word " * 80}
    records = [artifact(f"id-{n}", f"key-{n}", data=text, **shared) for n in range(3)]
    records += [artifact("keyless", None, data=text, **shared)]
    steps = [
        artifact(f"p{n}", "trend", type="progress", data=n, **shared) for n in range(4)
    ]  # has a chart named as its section
    write_run(tmp_path / "runs", "r1", [run_start(), *records, *steps])
    build_site([tmp_path / "runs"], tmp_path / "site", Options())
    files = read_site(tmp_path / "site")
    for url, content in html_files(files).items():
        check_page(url, content)
    assert broken_links(files) == []


def test_origin_of_a_remote_image_is_allowed_on_its_own_pages_only(tmp_path: Path) -> None:
    data = {"url": "https://Images.example.org:8443/plot.png?a='b'&c=\"d\""}
    records = [
        run_start(),
        artifact("i", "plot", type="image", data=data),
        artifact("n", None, type="image", data=data),
    ]
    write_run(tmp_path / "runs", "r1", records)
    build_site([tmp_path / "runs"], tmp_path / "site", Options())
    own = {"artifacts/plot/index.html", "artifacts/plot/v1.html", "runs/r1/n.html"}
    wider = OWN_POLICY.replace("data:;", "data: https://images.example.org:8443;")
    for url, content in html_files(read_site(tmp_path / "site")).items():
        check_page(url, content, wider if url in own else OWN_POLICY)
        remote = [image for image in find(parse(content), "img") if urlsplit(image.get("src", "")).netloc]
        assert len(remote) == (url in own), url


ODD_ADDRESSES: list[Any] = [
    "https://x.example; script-src *",
    "https://x.example,https://y.example/",
    "https://user@x.example/x.png",
    "https://x.example'/x.png",
    "https://*/x.png",
    "https://x.example\t;/x.png",
    "http:///x.png",
    "//x.example/x.png",
    "javascript:alert(1)",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "blob:https://x.example/1",
    7,
    ["https://x.example/"],
    None,
]


def test_odd_address_of_an_image_never_widens_the_policy(tmp_path: Path) -> None:
    records = [artifact(f"i{n}", f"plot-{n}", type="image", data={"url": url}) for n, url in enumerate(ODD_ADDRESSES)]
    write_run(tmp_path / "runs", "r1", [run_start(), *records])
    build_site([tmp_path / "runs"], tmp_path / "site", Options())
    for url, content in html_files(read_site(tmp_path / "site")).items():
        check_page(url, content)
        assert not [image for image in find(parse(content), "img") if urlsplit(image.get("src", "")).netloc], url


# Hostile text

# What sanitised Markdown may add to what the pages have anyway.
PROSE = {
    *((name, "") for name in "a p em strong code pre blockquote ul ol li h3 h4 h5 h6 hr br table thead tbody tr th td "
      "span div del ins sup sub kbd details summary dl dt dd s b i u small q cite mark abbr samp var".split()),
    *(("a", name) for name in "href title rel id class".split()),
    *((name, "class") for name in "div span p pre code table th td li ul ol".split()),
    *((name, "id") for name in "a p h3 h4 h5 h6 li sup div".split()),
    ("pre", "tabindex"), ("div", "tabindex"), ("div", "role"), ("div", "aria-label"), ("p", "dir"), ("div", "dir"),
}  # fmt: skip


def shapes(files: Mapping[str, bytes]) -> dict[tuple[str, str], str]:
    """Every element and every attribute of an element that a site has, with one page that has it."""
    found: dict[tuple[str, str], str] = {}
    for url, content in html_files(files).items():
        for element in iter_elements(parse(content)):
            for name in ("", *attributes(element)):
                found.setdefault((tag(element), name), url)
    return found


@pytest.fixture(scope="module")
def hostile_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with hostile logs in `in/runs` and their site in `in/out/site`."""
    folder = tmp_path_factory.mktemp("hostile")
    write_texts(folder / "in" / "runs", HOSTILE)
    build_site([folder / "in" / "runs"], folder / "in" / "out" / "site", Options(title=HOSTILE[1]))
    return folder


@pytest.fixture(scope="module")
def hostile_site(hostile_folder: Path) -> dict[str, bytes]:
    return read_site(hostile_folder / "in" / "out" / "site")


def test_hostile_text_adds_no_element_and_no_attribute(
    hostile_site: dict[str, bytes], small_site: dict[str, bytes], tmp_path: Path
) -> None:
    write_texts(tmp_path / "runs", [f"plain words {number}" for number in range(3)])
    build_site([tmp_path / "runs"], tmp_path / "site", Options())
    harmless = {*shapes(small_site), *shapes(read_site(tmp_path / "site")), *PROSE}
    assert {shape: url for shape, url in shapes(hostile_site).items() if shape not in harmless} == {}


def test_hostile_text_does_not_loosen_the_rules_of_a_page(hostile_site: dict[str, bytes]) -> None:
    wider = OWN_POLICY.replace("data:;", "data: https://x.example;")
    for url, content in html_files(hostile_site).items():
        remote = [image for image in find(parse(content), "img") if urlsplit(image.get("src", "")).netloc]
        check_page(url, content, wider if remote else OWN_POLICY)


def test_links_to_hostile_addresses_are_not_made(hostile_site: dict[str, bytes]) -> None:
    schemes = set()
    for url, content in html_files(hostile_site).items():
        for name, link in iter_links(parse(content)):
            assert not link.startswith(("//", "/", "\\")), f"{url}: {name} {link!r}"
            assert not set(link) & set(map(chr, range(32))), f"{url}: {name} {link!r}"
            schemes.add(urlsplit(link).scheme)
    assert schemes <= {"", "http", "https", "mailto"}


def test_links_of_a_hostile_site_lead_somewhere(hostile_site: dict[str, bytes]) -> None:
    assert broken_links(hostile_site) == []


def test_hostile_names_write_nothing_outside_of_the_site(hostile_folder: Path) -> None:
    assert sorted(path.name for path in hostile_folder.iterdir()) == ["in"]
    assert sorted(path.name for path in (hostile_folder / "in").iterdir()) == [".runs-cache", "out", "runs"]
    remembered = {
        path.relative_to(hostile_folder / "in").as_posix() for path in (hostile_folder / "in").rglob(".*-cache/**/*")
    }
    assert len(remembered) == 4
    assert {re.sub("[0-9a-f]{32}", "digest", name) for name in remembered} == {
        ".runs-cache/.gitignore",
        ".runs-cache/CACHEDIR.TAG",
        ".runs-cache/builds",
        ".runs-cache/builds/digest.json",
    }
    assert [path.name for path in (hostile_folder / "in" / "out").iterdir()] == ["site"]
    assert sorted(path.name for path in (hostile_folder / "in" / "runs").iterdir()) == sorted(
        f"folder-{number}" for number in range(len(HOSTILE))
    )


def test_hostile_names_become_file_names_that_every_system_takes(hostile_site: dict[str, bytes]) -> None:
    reserved = {"con", "prn", "aux", "nul", *(f"{device}{n}" for device in ("com", "lpt") for n in range(10))}
    for url in hostile_site.keys() - {".nojekyll"}:
        assert len(url) <= 200, url
        for name in url.split("/"):
            assert re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,98}", name), url
            assert name.partition(".")[0] not in reserved, url


def test_hostile_text_is_shown_as_text(hostile_site: dict[str, bytes]) -> None:
    shown = text_of(parse(hostile_site["pipelines/index.html"]))
    assert "<script>alert(1)</script>" in shown
    assert "{{7*7}}" in shown
    assert "javascript:alert(1)" in shown


def test_hostile_images_of_a_run_copy_no_file(hostile_site: dict[str, bytes]) -> None:
    blobs = [content for url, content in hostile_site.items() if url.startswith("data/blobs/")]
    assert blobs == [PNG]


def deep(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


ODD_DATA: list[Any] = [
    None,
    True,
    -1,
    10**300,
    1e308,
    "",
    [],
    {},
    deep(400),
    {"columns": None, "rows": None},
    {"columns": ["a", "a", None, 1], "rows": [[1], [1, 2, 3, 4, 5], []]},
    {"columns": ["a"], "rows": [[1e308], [-1e308], ["NaN"], ["Infinity"], [None], [10**18], [True]]},
    {"columns": [], "rows": []},
    {"columns": ["a"], "rows": [[deep(300)]]},
    {"link": None},
    {"link": ["x"], "link_text": {}},
    {"link": "https://[", "link_text": ""},
    {"url": {}, "blob": []},
    {"blob": None},
]


@pytest.mark.parametrize("kind", ["markdown", "table", "link", "image", "progress"])
def test_data_of_another_form_never_stops_the_build(tmp_path: Path, kind: str) -> None:
    one_key = [artifact(f"v{n}", "key", type=kind, data=data) for n, data in enumerate(ODD_DATA)]
    own_keys = [artifact(f"k{n}", f"key-{n}", type=kind, data=data) for n, data in enumerate(ODD_DATA)]
    write_run(tmp_path / "runs", "r1", [run_start(), *one_key, *own_keys])
    build_site([tmp_path / "runs"], tmp_path / "site", Options())
    files = read_site(tmp_path / "site")
    for url, content in html_files(files).items():
        check_page(url, content)
    assert broken_links(files) == []


@pytest.mark.parametrize(
    "numbers",
    [
        ["NaN"] * 3,
        ["Infinity", "-Infinity", "NaN"],
        [1e308, -1e308, 1e308],
        [5e-324, 0.0, -5e-324],
        [0, 0, 0],
        [1e15, 1e-15, 1],
        [],
    ],
    ids=str,
)
def test_odd_numbers_never_stop_the_build(tmp_path: Path, numbers: list[Any]) -> None:
    for number in range(3):
        records = [metric("m", one) for one in numbers[number : number + 1]]
        records += [list_metric("l", numbers), list_metric("x", numbers, numbers)]
        write_run(tmp_path / "runs", f"r{number}", [run_start(), *records, end()], at=START + number * SECOND)
    build_site([tmp_path / "runs"], tmp_path / "site", Options())
    files = read_site(tmp_path / "site")
    for url, content in html_files(files).items():
        check_page(url, content)
        drawn = [
            value for e in iter_elements(parse(content)) for name, value in attributes(e).items() if name in "xydr"
        ]
        assert not [value for value in drawn if re.search("nan|inf", value)], url
    assert broken_links(files) == []


# Very many of a kind


def write_versions(logs: Path, n: int) -> None:
    for number in range(n):
        records = [run_start("many"), artifact(f"a{number}", "report", data=f"Text {number}."), end()]
        write_run(logs, f"run-{number:04}", records, at=START + number * HOUR)


def test_older_versions_are_on_pages_that_do_not_change(tmp_path: Path) -> None:
    found: dict[int, dict[str, str]] = {}
    for n in (199, 200, 201):
        write_versions(tmp_path / "runs", n)
        model = model_of(tmp_path / "runs")
        one = model.keys["report"]
        pages = [key.make_page(model, one)]
        pages += [versions.make_page(model, one, number) for number in range(1, versions.count_pages(one) + 1)]
        found[n] = {page.url: render_page(make_environment(), page).decode() for page in pages}
    older = "artifacts/report/versions.1.html"
    assert [list(files) for files in found.values()] == [
        ["artifacts/report/index.html"],
        ["artifacts/report/index.html", older],
        ["artifacts/report/index.html", older],
    ]
    assert found[200][older] == found[201][older]
    assert found[199]["artifacts/report/index.html"].count('<th scope="row"') == 199
    for n, files in found.items():
        rows = re.findall(r'<th scope="row" class="o1"><a href="v(\d+)\.html">', "".join(files.values()))
        assert [int(number) for number in rows] == [*range(n, 0, -1)]
    assert '<a href="versions.1.html">Older: page 1</a>' in found[201]["artifacts/report/index.html"]
    assert '<a href="index.html">Newer</a>' in found[201][older]


def test_many_keys_are_listed_by_name_in_pages(tmp_path: Path) -> None:
    names = [f"key-{number:03}" for number in range(201)]
    records = [artifact(f"a-{name}", name) for name in names]
    write_run(tmp_path / "few", "run", [run_start(), *records[:120], end()])
    write_run(tmp_path / "many", "run", [run_start(), *records, end()])
    few, many = model_of(tmp_path / "few"), model_of(tmp_path / "many")
    assert keys.count_pages(few) == 0
    assert sum(len(section.cards) for section in artifacts.make_page(few).view.sections) == 120
    view = artifacts.make_page(many).view
    assert (view.list_link.url, len(view.sections[0].cards)) == ("page.1.html", 12)
    pages = [keys.make_page(many, number).view for number in range(1, keys.count_pages(many) + 1)]
    assert [row.key.text for page in pages for row in page.rows] == names
    assert [(page.pager.range_text, page.pager.newer and page.pager.newer.url) for page in pages] == [
        ("Keys 1–200", None),
        ("Keys 201–201", "page.1.html"),
    ]


def test_overview_of_many_pipelines_is_short(tmp_path: Path) -> None:
    for number in range(24):
        for time in (0, 1):
            status = "failed" if time and number >= 12 else "completed"
            worse = 0.5 if time and number == 11 else 0.9
            records = [run_start(f"p{number:02}"), metric("accuracy", worse + time / 10), end(status)]
            write_run(tmp_path / "runs", f"r{number}-{time}", records, at=START + (number + 30 * time) * HOUR)
    options = Options(metrics={"accuracy": MetricOptions(goal="max")})
    view = overview.make_page(model_of(tmp_path / "runs", options=options)).view
    assert [len(view.alerts), len(view.pipelines), len(view.changes)] == [10, 20, 10]
    assert view.more_alerts.text == "2 more need attention"
    assert view.more_pipelines.text == "4\u00a0more pipelines, all completed"
    assert view.changes[0].pipeline.text == "p11"
    assert [link.text for link in view.more_changes if link.url][:2] == ["p21", "p22"]


def test_long_parameters_are_shown_where_they_differ(tmp_path: Path) -> None:
    start = "https://example.org/a/very/long/way/to/the/commit/"
    for number, commit in enumerate(("abc", "abd")):
        records = [run_start(params={"url": start + commit, "n": number}), end()]
        write_run(tmp_path / "runs", f"r{number}", records, at=START + number * HOUR)
    view = overview.make_page(model_of(tmp_path / "runs")).view
    assert [(row.before, row.now) for row in view.changes[0].rows] == [("0", "1"), ("…ommit/abc", "…ommit/abd")]
