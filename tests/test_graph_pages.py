"""Graphs on pages: what the project's page, runs and versions show, at any size, and with any names."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

import msgspec
import pytest
from logs import HOUR, START, artifact, delete, end, model_of, run_start, step_start, use, write_run
from pages import attributes, broken_links, find, ids, parse, read_site, tag, text_of

from reportgen.build import build_site
from reportgen.model import Model
from reportgen.options import Options
from reportgen.render import make_environment, render_page
from reportgen.views import graphs, lineage
from reportgen.views import run as run_view
from reportgen.views import version as version_view

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HOSTILE = "</title><script>alert(1)</script>\"'>{{7*7}}"


def write_flow(log_dir: Path, name: str = "") -> None:
    """Two pipelines: one reads a dataset and makes a table, the other makes of it a model, and fails."""
    records: list[Any] = [
        run_start(f"etl{name}", name=f"first{name}"),
        step_start("s1", f"load{name}"),
        use(step="s1", uri=f"s3://bucket/july.csv{name}", name=f"july{name}", digest="8c1e4f00a1b2c3d4"),
        end(step="s1"),
        step_start("s2", f"clean{name}"),
        artifact("t1", f"taxi{name}", step="s2"),
        end(step="s2"),
        end(),
    ]
    write_run(log_dir, "etl-1", records)
    records = [
        run_start(f"train{name}", name=f"second{name}"),
        step_start("s1", f"fit{name}"),
        artifact("early", f"plan{name}", step="s1"),
        use(step="s1", artifact="t1", key=f"taxi{name}"),
        use("write", step="s1", uri=f"https://example.org/out.csv{name}"),
        artifact("m1", f"model{name}", step="s1"),
        artifact("k1", None, description=f"Keyless{name}"),
        end("failed", step="s1"),
        end("failed"),
    ]
    write_run(log_dir, "train-1", records, at=START + HOUR)


def write_many(log_dir: Path, n_runs: int, n_items: int) -> None:
    """Runs of a pipeline each that read and make many things."""
    for number in range(n_runs):
        reads = [use(uri=f"s3://bucket/{number}-{n}.csv") for n in range(n_items)]
        made = [artifact(f"a{number}-{n}", f"key-{number}-{n}") for n in range(n_items)]
        write_run(log_dir, f"r{number}", [run_start(f"p{number}"), *reads, *made, end()], at=START + number * HOUR)


def html_of(page: Any) -> Element:
    return parse(render_page(make_environment(), page))


def graphs_of(page: Element) -> list[Element]:
    return [svg for svg in find(page, "svg") if svg.get("class") == "dag" and svg.get("role") == "group"]


def boxes(page: Element) -> dict[str, dict[str, str]]:
    """The boxes of the page's graph, by the text of their two lines."""
    (graph,) = graphs_of(page)
    found = {}
    for box in graph:
        lines = [text_of(line) for line in box if tag(line) == "text"]
        if lines:
            found[" | ".join(lines)] = attributes(box)
    return found


def make_lineage(model: Model) -> lineage.LineageView:
    view: lineage.LineageView = lineage.make_page(model).view
    return view


# The project's page


def test_page_of_the_project_shows_what_steps_read_and_made(tmp_path: Path) -> None:
    write_flow(tmp_path)
    page = lineage.make_page(model_of(tmp_path))
    found = boxes(html_of(page))
    assert {line: box.get("href") for line, box in found.items()} == {
        "july | dataset": "#datasets",
        "load | etl": "../pipelines/etl.html",
        "clean | etl": "../pipelines/etl.html",
        "taxi | Markdown, v1": "../artifacts/taxi/index.html",
        "fit | failed, train": "../pipelines/train.html",
        "plan | Markdown, v1": "../artifacts/plan/index.html",
        "model | Markdown, v1": "../artifacts/model/index.html",
        "out.csv | dataset": "#datasets",
    }
    assert [line for line, box in found.items() if box.get("class") == "bad"] == ["fit | failed, train"]
    assert page.view.lede == (
        "One dataset goes through three steps of two pipelines into three keys and one dataset. "
        "In the newest runs, fit of train failed."
    )


def test_table_of_the_project_has_the_same_connections(tmp_path: Path) -> None:
    write_flow(tmp_path)
    datasets, keys = make_lineage(model_of(tmp_path)).groups
    shown = [
        (row.name.text, row.note, [link.text for link in row.made_by], [link.text for link in row.used_by])
        for row in (*datasets.rows, *keys.rows)
    ]
    assert shown == [
        ("https://example.org/out.csv", "", ["train / fit"], []),
        ("july", "s3://bucket/july.csv", [], ["etl / load"]),
        ("model", "Markdown, v1", ["train / fit"], []),
        ("plan", "Markdown, v1", ["train / fit"], []),
        ("taxi", "Markdown, v1", ["etl / clean"], ["train / fit"]),
    ]
    assert [row.name.url for row in datasets.rows] == ["https://example.org/out.csv", ""]


def test_project_without_lineage_says_what_to_do(tmp_path: Path) -> None:
    write_run(tmp_path, "r1", [run_start(), end()])
    text = text_of(html_of(lineage.make_page(model_of(tmp_path))))
    assert "Nothing recorded yet" in text
    assert "reportgen.record_input" in text


@pytest.mark.parametrize(
    ("records", "sentence"),
    [
        ([artifact("a1", "x")], "One step of one pipeline makes one key."),
        ([artifact("a1", "x"), artifact("a2", "y")], "One step of one pipeline makes two keys."),
        ([use(uri="a"), use(uri="b")], "Two datasets go through one step of one pipeline."),
        ([use("write", uri="a")], "One step of one pipeline makes one dataset."),
        ([use(artifact="gone", key="x")], "One step of one pipeline reads artifacts."),
    ],
)
def test_sentence_says_what_goes_through_what(tmp_path: Path, records: list[Any], sentence: str) -> None:
    write_run(tmp_path, "r1", [run_start(), step_start("s1", "only"), *(in_step(one) for one in records), end()])
    assert make_lineage(model_of(tmp_path)).lede == sentence


def in_step(record: Any) -> Any:
    return msgspec.structs.replace(record, step="s1")


def test_project_with_a_circle_is_drawn(tmp_path: Path) -> None:
    for number in range(2):
        records = [use(artifact=f"a{number - 1}", key="state")] if number else []
        write_run(
            tmp_path,
            f"r{number}",
            [run_start(), step_start("s1"), *map(in_step, [*records, artifact(f"a{number}", "state")]), end()],
            at=START + number * HOUR,
        )
    page = html_of(lineage.make_page(model_of(tmp_path)))
    assert {*boxes(page)} == {"train | churn", "state | Markdown, v2"}
    assert "read by a later run" in text_of(page)


def test_300_boxes_are_all_drawn(tmp_path: Path) -> None:
    write_many(tmp_path, 20, 7)
    view = make_lineage(model_of(tmp_path))
    assert view.graph
    assert view.graph.note == ""
    assert len(boxes(html_of(lineage.make_page(model_of(tmp_path))))) == 20 * 15


def test_what_is_tied_alike_is_one_box_where_it_is_much(tmp_path: Path) -> None:
    write_many(tmp_path, 1, 60)
    write_run(
        tmp_path, "user", [run_start("other"), use(artifact="a0-9", key="key-0-9"), artifact("n", "of-all"), end()]
    )
    page = lineage.make_page(model_of(tmp_path))
    found = boxes(html_of(page))
    assert page.view.graph.note == ""
    assert len(found) == 2 * 6 + 2 + len(["key-0-9", "of-all"])
    name = next(name for name in found if name.startswith("54"))
    assert name == "54 more keys | key-0-13, key-0-14, key…"
    assert found[name]["href"] == "#keys"
    assert [len(group.rows) for group in page.view.groups] == [60, 61]


def write_steps(logs: Path, n_pipelines: int) -> None:
    """Write pipelines that each read a key of the one before in one step and make one in the next."""
    for number in range(n_pipelines):
        read = [use(artifact=f"a{number - 1}", key=f"key-{number - 1}", step="s1")] if number else []
        records = [
            *[step_start("s1", "load"), *read, end("failed" if number == 7 else "completed", step="s1")],
            *[step_start("s2", "make"), artifact(f"a{number}", f"key-{number}", step="s2"), end(step="s2")],
        ]
        write_run(logs, f"r{number}", [run_start(f"p{number:02}"), *records, end()], at=START + number * HOUR)


def test_pipelines_of_many_steps_are_one_box_each(tmp_path: Path) -> None:
    write_steps(tmp_path, 30)
    page = lineage.make_page(model_of(tmp_path))
    found = boxes(html_of(page))
    assert len(found) == 60
    assert "p03 | load, make" in found
    assert found["p07 | failed: load"]["class"] == "bad"
    assert page.view.graph.note == "Each pipeline is one box here; the table names its steps."
    assert [link.text for link in page.view.groups[0].rows[0].made_by] == ["p00 / make"]


@pytest.mark.browser
def test_way_through_a_box_is_shown_when_it_is_pointed_at(tmp_path: Path, chromium: Browser) -> None:
    write_steps(tmp_path / "runs", 4)
    build_site([tmp_path / "runs"], tmp_path / "site", Options())
    page = chromium.new_page()
    page.goto((tmp_path / "site/lineage/index.html").as_uri())

    def lit() -> list[str]:
        found: list[str] = page.eval_on_selector_all(
            ".dag > .lit[transform]",
            "all => all.map(one => [...one.querySelectorAll('text')].map(t => t.textContent).join(' '))",
        )
        return sorted(found)

    assert lit() == []
    page.hover(".dag a:has-text('key-1')")
    through = ["key-0 Markdown, v1", "key-1 Markdown, v1", "key-2 Markdown, v1", "key-3 Markdown, v1"]
    assert [name for name in lit() if name.startswith("key")] == through
    assert "load p01" in lit()
    assert "make p00" in lit()
    page.hover(".dag a:has-text('key-3')")
    assert len(lit()) == len(page.query_selector_all(".dag > [transform]"))
    page.hover("h1")
    assert lit() == []
    page.close()


def test_of_more_boxes_those_of_the_newest_runs_are_drawn(tmp_path: Path) -> None:
    write_many(tmp_path, 20, 8)
    for number in range(20):
        records = [run_start(f"p{number}")]
        records += [] if number else [use(uri="s3://bucket/0-1.csv"), artifact("n", "key-0-2")]
        write_run(tmp_path, f"new{number}", records, at=START * 2)
    page = lineage.make_page(model_of(tmp_path))
    assert {*boxes(html_of(page))} == {"0-1.csv | dataset", "p0 | pipeline", "key-0-2 | Markdown, v2"}
    assert page.view.graph.note == (
        "Shown are 3 of 340 boxes and 2 of 320 arrows: what the newest run of each pipeline read and made."
    )


def test_newest_runs_with_too_many_boxes_are_cut(tmp_path: Path) -> None:
    write_many(tmp_path, 88, 8)
    page = lineage.make_page(model_of(tmp_path))
    assert page.view.graph.note == (
        "Shown are 300 of 1,496 boxes and 282 of 1,408 arrows: what the newest run of each pipeline read and made, "
        "as far as there is room."
    )
    assert len(boxes(html_of(page))) == lineage.MAX_NODES
    assert [len(group.rows) for group in page.view.groups] == [500, 500]
    assert page.view.note == "The table has 1,000 of 1,408 keys and datasets."


def test_graph_is_not_empty_when_the_newest_runs_are(tmp_path: Path) -> None:
    write_many(tmp_path, 20, 8)
    for number in range(20):
        write_run(tmp_path, f"new{number}", [run_start(f"p{number}")], at=2 * START)
    graph = make_lineage(model_of(tmp_path)).graph
    assert graph
    assert graph.note == (
        "Shown are 300 of 340 boxes and 282 of 320 arrows: the first by name, as far as there is room."
    )


def test_arrows_are_cut_too(tmp_path: Path) -> None:
    for run in range(30):
        keys = [artifact(f"a{run}-{n}", f"key-{n}") for n in range(40) if n % 30 != run]
        write_run(tmp_path, f"r{run}", [run_start(f"p{run:02}"), *keys], at=START + run * HOUR)
    graph = make_lineage(model_of(tmp_path)).graph
    assert graph
    assert graph.note.startswith("Shown are 66 of 70 boxes and 1,000 of 1,160 arrows: ")


# A run


def test_page_of_a_run_draws_inputs_steps_and_outputs(tmp_path: Path) -> None:
    write_flow(tmp_path)
    model = model_of(tmp_path)
    page = html_of(run_view.make_page(model, model.runs[1]))
    assert {line: box.get("href") for line, box in boxes(page).items()} == {
        "taxi v1 | Markdown": "../artifacts/taxi/v1.html",
        "fit | step, failed after 6.0 s": "#step-1",
        "out.csv | dataset": "#lineage",
        "plan v1 | Markdown": "../artifacts/plan/v1.html",
        "model v1 | Markdown": "../artifacts/model/v1.html",
        "second | failed, run of train": "#main",
        "Keyless | Markdown": "train-1/k1.html",
    }
    rows = [[text_of(cell) for cell in row] for row in find(section(page), "tr")[1:]]
    assert rows == [
        ["fit", "read", "taxi v1", ""],
        ["fit", "wrote", "https://example.org/out.csv", ""],
        ["fit", "made", "plan v1", "Markdown"],
        ["fit", "made", "model v1", "Markdown"],
        ["the run itself", "made", "Keyless", "Markdown"],
    ]


def section(page: Element) -> Element:
    (found,) = (one for one in find(page, "section") if one.get("id") == "lineage")
    return found


def test_steps_of_a_run_are_tied_in_the_order_of_time(tmp_path: Path) -> None:
    write_flow(tmp_path)
    model = model_of(tmp_path)
    page = html_of(run_view.make_page(model, model.runs[0]))
    (then,) = (
        path for path in find(page, "path") if path.get("class") == "edge then" and path.get("d", "")[:2] != "M0"
    )
    assert then.get("d")
    assert "next in time" in text_of(section(page))


def test_run_that_read_nothing_and_was_read_by_none_has_no_graph(tmp_path: Path) -> None:
    write_run(tmp_path, "r1", [run_start(), artifact("a1"), end()])
    model = model_of(tmp_path)
    view = run_view.make_page(model, model.runs[0]).view
    assert (view.graph, view.lineage) == (None, [])


def test_graph_of_a_large_run_says_what_it_leaves_out(tmp_path: Path) -> None:
    records = [run_start()]
    for number in range(20):
        step = f"s{number}"
        records += [step_start(step, step), *(use(uri=f"s3://{step}-{n}", step=step) for n in range(4))]
        records += [artifact(f"{step}-{n}", f"key-{number}-{n}", step=step) for n in range(4)]
    write_run(tmp_path, "r", [*records, end()])
    model = model_of(tmp_path)
    view = run_view.make_page(model, model.runs[0]).view
    assert view.graph.note == "The graph shows the first 100 of 160 connections."
    assert len(view.lineage) == 160


@dataclasses.dataclass(frozen=True)
class Span:
    started_at: int
    ended_at: int


@pytest.mark.parametrize(
    ("spans", "pairs"),
    [
        ({}, []),
        ({"a": (0, 1), "b": (1, 2), "c": (2, 3)}, ["ab", "bc"]),
        ({"a": (0, 2), "b": (1, 3)}, []),
        ({"a": (0, 1), "b": (2, 3), "c": (2, 4), "d": (5, 6)}, ["ab", "ac", "bd", "cd"]),
        ({"outer": (0, 9), "inner": (1, 2)}, []),
        ({"a": (0, 0), "b": (0, 0)}, []),
    ],
)
def test_step_follows_those_that_ended_last_before_it(spans: dict[str, tuple[int, int]], pairs: list[str]) -> None:
    found = graphs.find_following({name: Span(*span) for name, span in spans.items()})
    assert ["".join(map(str, pair)) for pair in found] == pairs


# A version


def test_page_of_a_version_draws_what_it_was_made_from_and_what_read_it(tmp_path: Path) -> None:
    write_flow(tmp_path)
    model = model_of(tmp_path)
    page = html_of(version_view.make_page(model, model.keys["taxi"].newest))
    found = boxes(page)
    assert {line: box.get("href") for line, box in found.items()} == {
        "july | dataset": "../../runs/etl-1.html#lineage",
        "clean | step, 2.0 s": "../../runs/etl-1.html#step-2",
        "taxi v1 | Markdown": "#content",
        "second | failed, run of train": "../../runs/train-1.html#main",
    }
    assert [line for line, box in found.items() if box.get("class") == "now"] == ["taxi v1 | Markdown"]
    rows = [[text_of(cell) for cell in row] for row in find(section(page), "tr")[1:]]
    assert rows == [
        ["made from", "july", "dataset, s3://bucket/july.csv, 8c1e4f00a1b2"],
        ["read by", "second", "run of train"],
    ]


def test_version_was_not_made_from_what_its_run_read_later(tmp_path: Path) -> None:
    write_flow(tmp_path)
    model = model_of(tmp_path)
    assert version_view.make_page(model, model.keys["plan"].newest).view.lineage is None
    lineage_of_model = version_view.make_page(model, model.keys["model"].newest).view.lineage
    assert [(row.relation, row.what.text) for row in lineage_of_model.rows] == [("made from", "taxi v1")]


def test_version_that_its_own_run_read_names_the_step(tmp_path: Path) -> None:
    records = [
        run_start(),
        step_start("s1", "make"),
        artifact("a1", "x", step="s1"),
        end(step="s1"),
        step_start("s2", "check"),
        use(step="s2", artifact="a1", key="x"),
        end(step="s2"),
        end(),
    ]
    write_run(tmp_path, "r1", records)
    model = model_of(tmp_path)
    found = boxes(html_of(version_view.make_page(model, model.keys["x"].newest)))
    assert {*found} == {"make | step, 2.0 s", "x v1 | Markdown", "check | step, 2.0 s"}


def test_deleted_source_is_said_to_be_deleted(tmp_path: Path) -> None:
    write_flow(tmp_path)
    write_run(tmp_path, "later", [run_start("clean-up"), delete("t1", "wrong"), end()], at=START + 2 * HOUR)
    model = model_of(tmp_path)
    found = boxes(html_of(version_view.make_page(model, model.keys["model"].newest)))
    assert "taxi v1 | Markdown, deleted" in found


def test_version_with_very_many_users_shows_the_newest(tmp_path: Path) -> None:
    write_run(tmp_path, "first", [run_start("etl"), artifact("a1", "config"), end()])
    for number in range(120):
        write_run(tmp_path, f"r{number:03}", [run_start(), use(artifact="a1")], at=START + (number + 1) * HOUR)
    model = model_of(tmp_path)
    found = version_view.make_page(model, model.keys["config"].newest).view.lineage
    assert found.graph.note == "Shows the newest 20 of 120 runs that read it."
    assert len(found.rows) == 100
    assert found.rows[0].what.url == "../../runs/r119.html"
    assert found.note == "20\u00a0more connections left out."


# Any names, and the rules of pages


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("hostile")
    write_flow(folder / "runs", HOSTILE)
    build_site([folder / "runs"], folder / "site", Options())
    return read_site(folder / "site")


def pages_with_graphs(site: dict[str, bytes]) -> Iterable[Element]:
    pages = [parse(content) for url, content in site.items() if url.endswith(".html")]
    found = [page for page in pages if graphs_of(page)]
    assert len(found) == 6  # the project's, two runs, the table, the model, what has no key
    return found


def test_hostile_names_stay_text(site: dict[str, bytes]) -> None:
    for page in pages_with_graphs(site):
        assert all(script.get("src") for script in find(page, "script"))
        names = {text_of(title) for title in find(page, "title") + find(page, "{http://www.w3.org/2000/svg}title")}
        assert any(HOSTILE in name for name in names)
    assert broken_links(site) == []


def test_graph_is_named_and_reached_by_keyboard(site: dict[str, bytes]) -> None:
    for page in pages_with_graphs(site):
        (graph,) = graphs_of(page)
        assert set(graph.get("aria-labelledby", "").split()) <= {*ids(page)}
        assert len(ids(page)) == len({*ids(page)})
        (frame,) = (div for div in find(page, "div") if any(child is graph for child in div))
        assert (frame.get("role"), frame.get("tabindex")) == ("region", "0")
        assert frame.get("aria-label")
        links = [box for box in graph if tag(box) == "a"]
        assert {box.get("tabindex") for box in links} == {"-1"}
        beside = {link.get("href") for link in find(page, "a") if link.get("tabindex") is None}
        assert {box.get("href") for box in links if "#" not in box.get("href", "")} <= beside
