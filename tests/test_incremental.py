"""Updates of a site: whatever is added, changed or taken away, they come to the bytes of a build from scratch."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from logs import (
    HOUR,
    MINUTE,
    PNG,
    START,
    artifact,
    delete,
    end,
    list_metric,
    metric,
    progress,
    run_start,
    step_start,
    use,
    write_blob,
    write_run,
    write_small_project,
)

import reportgen.making
from reportgen import urls
from reportgen.build import build_site
from reportgen.deletion import delete_artifacts, delete_runs
from reportgen.inputs.png import write_png
from reportgen.log.find import LogFile
from reportgen.log.reader import RunRecords
from reportgen.options import MetricOptions, Options
from reportgen.plan import BuildResult
from reportgen.records import Record
from reportgen.redact import Redactor
from reportgen.views import metric as metric_view
from reportgen.views import runs as runs_view

NOISE = random.Random(1)
LARGE = [
    write_png([NOISE.randbytes(1000) for _ in range(n)], 1000, n, colour_type=0) for n in (30, 31)
]  # with a thumbnail
SMALL = [write_png([bytes([n] * 3)] * 2, 3, 2, colour_type=0) for n in (0, 200)]
IMAGES = [PNG, PNG + b"another", PNG[:-20], *SMALL, *LARGE]

OPTIONS = Options(metrics={"accuracy": MetricOptions(goal="max")}, headline_metrics=["accuracy"])


def build(logs: Path, site: Path, **flags: bool) -> BuildResult:
    said: list[str] = []
    result = build_site([logs], site, OPTIONS, say=said.append, **flags)
    assert not said, said
    return result


def files_of(site: Path) -> dict[str, bytes]:
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()}


def expect_same_as_from_scratch(logs: Path, site: Path) -> None:
    fresh = site.with_name("fresh")
    build_site([logs], fresh, OPTIONS)
    updated, built = files_of(site), files_of(fresh)
    shutil.rmtree(fresh)
    differing = sorted(name for name in {*built, *updated} if built.get(name) != updated.get(name))
    assert not differing, f"differ: {' '.join(differing)}"


class Changes:
    """Changes logs at random, in all the ways in which logs change."""

    def __init__(self, logs: Path, seed: int) -> None:
        self.logs = logs
        self.rng = random.Random(seed)
        self.n_runs = 0
        self.artifacts: list[str] = []

    def make(self) -> str:
        runs = sorted(self.logs.iterdir()) if self.logs.is_dir() else []
        if len(runs) < 3:
            return self.add()
        kinds = [self.add, self.add, self.add, self.append, self.remove, self.shorten, self.delete_run, self.delete_one]
        return self.rng.choice(kinds)()

    def pick(self) -> Path:
        return self.rng.choice(sorted(path for path in self.logs.iterdir() if (path / "main.jsonl").exists()))

    def add(self) -> str:
        """Add a run; now and then one that began before others."""
        self.n_runs += 1
        run_id = f"r{self.n_runs}-{self.rng.randrange(1000):03}"
        late = self.rng.random() < 0.25
        at = START + (self.rng.randrange(self.n_runs) if late else self.n_runs) * 5 * HOUR + self.rng.randrange(MINUTE)
        write_run(self.logs, run_id, self.records(run_id), at=at)
        return f"add {run_id}"

    def records(self, run_id: str) -> Iterator[Record]:
        rng = self.rng
        others = sorted(path.name for path in self.logs.iterdir()) if self.logs.is_dir() else []
        parent = rng.choice(others) if others and rng.random() < 0.3 else None
        params = {"lr": rng.choice([0.1, 0.2]), "seed": rng.randrange(3)}
        deployment = rng.choice([None, "nightly"])
        yield run_start(rng.choice(["churn", "etl"]), deployment=deployment, params=params, parent=parent)
        yield step_start("s1", rng.choice(["load", "train"]))
        if self.artifacts and rng.random() < 0.6:
            yield use(step="s1", artifact=rng.choice(self.artifacts), key="summary")
        if rng.random() < 0.3:
            yield use(rng.choice(["read", "write"]), step="s1", uri=rng.choice(["a.csv", "b.csv"]))
        if rng.random() < 0.8:
            yield metric("accuracy", rng.choice([0.5, 0.75, 0.9123, "NaN"]), step="s1")
        if rng.random() < 0.3:
            yield metric("rows", rng.choice([3, 12, 1e9, 0.25]))
        if rng.random() < 0.6:
            yield list_metric("loss", [rng.random() for _ in range(rng.choice([0, 3, 30]))])
        for number in range(rng.randrange(4)):
            name = f"{run_id}-a{number}"
            self.artifacts.append(name)
            yield from self.artifact(name, run_id)
        if self.artifacts and rng.random() < 0.15:
            yield delete(rng.choice(self.artifacts), "wrong")
        if rng.random() < 0.8:
            yield end(step="s1")
            yield end(rng.choice(["completed", "completed", "failed"]))

    def artifact(self, name: str, run_id: str) -> Iterator[Record]:
        rng = self.rng
        kind = rng.choice(["markdown", "table", "progress", "link", "image", "keyless"])
        description = rng.choice(["", "Said *of* it"])
        if kind == "keyless":
            yield artifact(name, None, data=rng.choice(["one", "two"]), description=description)
        elif kind == "table":
            rows = [[n, rng.random()] for n in range(rng.randrange(4))]
            yield artifact(name, "worst-rows", type="table", data={"columns": ["id", "share"], "rows": rows})
        elif kind == "progress":
            yield artifact(name, "epochs", type="progress", data=10)
            yield progress(name, rng.randrange(100))
        elif kind == "link":
            address = f"https://example.org/{rng.choice('xy')}"
            yield artifact(name, "source", type="link", data={"link": address, "link_text": "x"})
        elif kind == "image":
            blob = write_blob(self.logs, run_id, rng.choice(IMAGES)) if rng.random() < 0.8 else f"{'0' * 64}.png"
            yield artifact(name, "plot", type="image", data={"blob": blob, "name": "plot.png"})
        else:
            key = rng.choice(["summary", "report"])
            text = rng.choice(["one", "two", "one\ntwo words", "one\nthree words"])
            yield artifact(name, key, data=text, description=description, step="s1")

    def append(self) -> str:
        """Another process joins a run."""
        path = self.pick()
        name = f"w{self.rng.randrange(10**6)}"
        at = START + self.rng.randrange(self.n_runs + 1) * 5 * HOUR
        write_run(self.logs, path.name, [*self.records(path.name)][2:], name, at=at)
        return f"append to {path.name}"

    def shorten(self) -> str:
        path = self.pick() / "main.jsonl"
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[: max(self.rng.randrange(len(lines)), 1)]))
        return f"shorten {path.parent.name}"

    def remove(self) -> str:
        path = self.pick()
        shutil.rmtree(path)
        return f"remove {path.name}"

    def delete_run(self) -> str:
        path = self.pick()
        delete_runs([self.logs], [path.name])
        return f"delete {path.name}"

    def delete_one(self) -> str:
        path = self.pick()
        mine = [name for name in self.artifacts if name.startswith(path.name)]
        if not mine:
            return self.add()
        name = self.rng.choice(mine)
        if name.encode() in b"".join(file.read_bytes() for file in path.glob("*.jsonl")):
            delete_artifacts([self.logs], [(path.name, name)])
        return f"delete {name}"


@pytest.mark.parametrize("seed", range(int(os.environ.get("REPORTGEN_TEST_SEEDS", "2"))))
def test_update_comes_to_the_bytes_of_a_build_from_scratch(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs_view, "PAGE_SIZE", 4)
    monkeypatch.setattr("reportgen.changes.PAGE_SIZE", 4)
    monkeypatch.setattr("reportgen.views.compare.SPAN_RUNS", 2)
    monkeypatch.setattr("reportgen.views.search.SPAN_RUNS", 3)
    monkeypatch.setattr("reportgen.views.versions._PAGE_SIZE", 2)
    monkeypatch.setattr("reportgen.views.keys._PAGE_SIZE", 3)
    monkeypatch.setattr("reportgen.views.keys._MANY_KEYS", 2)
    changes = Changes(tmp_path / "runs", seed)
    for _ in range(4):
        changes.add()
    build(tmp_path / "runs", tmp_path / "site")
    history: list[str] = []
    for _ in range(6):
        history += [changes.make() for _ in range(changes.rng.choice([1, 1, 1, 3]))]
        build(tmp_path / "runs", tmp_path / "site")
        try:
            expect_same_as_from_scratch(tmp_path / "runs", tmp_path / "site")
        except AssertionError as error:
            raise AssertionError(f"after {history}: {error}") from None


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    write_small_project(tmp_path / "runs")
    return tmp_path / "runs"


def add_run(logs: Path, name: str = "new", hours: int = 9) -> None:
    records = [run_start(deployment="nightly"), metric("accuracy", 0.97), artifact(f"{name}-a"), end()]
    write_run(logs, name, records, at=START + hours * HOUR)


def test_what_was_made_of_a_version_shows_its_new_number(logs: Path, tmp_path: Path) -> None:
    for number, records in enumerate(
        [[artifact("x1", "x")], [artifact("x2", "x")], [use(artifact="x2", key="x"), artifact("y1", "y")]]
    ):
        write_run(logs, f"flow-{number}", [run_start(), *records, end()], at=START + (10 + number) * HOUR)
    build(logs, tmp_path / "site")
    assert "x v2" in (tmp_path / "site/artifacts/y/v1.html").read_text("utf-8")
    shutil.rmtree(logs / "flow-0")
    build(logs, tmp_path / "site")
    assert "x v1" in (tmp_path / "site/artifacts/y/v1.html").read_text("utf-8")
    expect_same_as_from_scratch(logs, tmp_path / "site")


def test_new_run_writes_its_own_pages_and_those_that_show_it(logs: Path, tmp_path: Path) -> None:
    build(logs, tmp_path / "site")
    before = files_of(tmp_path / "site")
    add_run(logs)
    result = build(logs, tmp_path / "site")
    after = files_of(tmp_path / "site")
    written = {name for name in after if before.get(name) != after[name]}
    assert {"runs/new.html", "artifacts/summary/v5.html", "index.html", "metrics/accuracy.html"} < written
    assert not written & {"runs/run-0.html", "metrics/loss.html", "artifacts/plot/index.html", "pipelines/etl.html"}
    assert result.n_files == len(after) - 1
    assert result.n_bytes == sum(len(content) for name, content in after.items() if name != "manifest.json")
    expect_same_as_from_scratch(logs, tmp_path / "site")


def write_two_pipelines(logs: Path) -> None:
    for number, pipeline in enumerate(["churn", "etl", "churn", "etl"]):
        records = [run_start(pipeline), list_metric("loss", [3, 2, number]), end()]
        write_run(logs, f"{pipeline}-{number}", records, at=START + number * HOUR)


def test_chart_of_a_pipeline_without_news_is_not_drawn_again(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, drawn = tmp_path / "site", list[str]()
    write_two_pipelines(logs)
    build(logs, site)
    draw = metric_view.make_list_chart

    def watch(*args: Any) -> Any:
        chart = draw(*args)
        drawn.append(chart.pipeline)
        return chart

    monkeypatch.setattr(metric_view, "make_list_chart", watch)
    monkeypatch.setattr(reportgen.making, "choose_executor", lambda n_tasks, seconds: None)
    write_run(logs, "churn-9", [run_start("churn"), list_metric("loss", [3, 1]), end()], at=START + 9 * HOUR)
    build(logs, site)
    assert drawn == ["churn"]
    expect_same_as_from_scratch(logs, site)


def test_chart_on_a_page_that_was_changed_by_hand_is_drawn_again(logs: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    write_two_pipelines(logs)
    build(logs, site)
    page = site / urls.metric("loss")
    content = page.read_bytes()
    assert content.count(b"<b>etl</b>") == 1
    page.write_bytes(content.replace(b"<b>etl</b>", b"<b>hey</b>"))
    write_run(logs, "churn-9", [run_start("churn"), list_metric("loss", [3, 1]), end()], at=START + 9 * HOUR)
    build(logs, site)
    expect_same_as_from_scratch(logs, site)


def test_nothing_is_written_when_nothing_changed(logs: Path, tmp_path: Path) -> None:
    first = build(logs, tmp_path / "site")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "site").rglob("*")}
    result = build(logs, tmp_path / "site")
    assert (result.n_written, result.n_files, result.n_runs) == (0, first.n_files, first.n_runs)
    assert (result.n_problems, result.n_missing) == (first.n_problems, first.n_missing)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "site").rglob("*")} == times


def test_logs_that_were_not_read_are_not_opened(logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(logs, tmp_path / "site")
    add_run(logs)
    opened: list[str] = []
    read_masked = reportgen.making.read_masked

    def count(files: Sequence[LogFile], redactor: Redactor) -> RunRecords:
        opened.extend(file.run_id for file in files)
        return read_masked(files, redactor)

    monkeypatch.setattr("reportgen.making.read_masked", count)
    build(logs, tmp_path / "site")
    assert opened == ["new"]


def test_full_makes_everything_anew(logs: Path, tmp_path: Path) -> None:
    first = build(logs, tmp_path / "site")
    assert build(logs, tmp_path / "site", full=True).n_written == first.n_files


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda site: (site / "runs/run-1.html").unlink(), "runs/run-1.html is not as it was built"),
        (lambda site: (site / "index.html").write_bytes(b"other"), "index.html is not as it was built"),
        (lambda site: shutil.rmtree(site.with_name(".runs-cache")), "it is not known which logs it was built from"),
    ],
    ids=["missing", "changed", "forgotten"],
)
def test_any_doubt_about_the_site_is_said_and_means_a_full_build(
    logs: Path, tmp_path: Path, damage: Callable[[Path], object], reason: str
) -> None:
    build(logs, tmp_path / "site")
    damage(tmp_path / "site")
    said: list[str] = []
    result = build_site([logs], tmp_path / "site", OPTIONS, say=said.append)
    assert said == [f"building {tmp_path / 'site'} in full: {reason}"]
    assert result.n_written == result.n_files
    expect_same_as_from_scratch(logs, tmp_path / "site")


def test_other_options_mean_a_full_build(logs: Path, tmp_path: Path) -> None:
    build_site([logs], tmp_path / "site", Options(title="Other"))
    said: list[str] = []
    build_site([logs], tmp_path / "site", OPTIONS, say=said.append)
    assert said == [f"building {tmp_path / 'site'} in full: it was built with another version or other options"]
    expect_same_as_from_scratch(logs, tmp_path / "site")


def test_later_moment_changes_what_depends_on_it(logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(logs, tmp_path / "site")
    assert b"Running" in (tmp_path / "site/runs/run-r.html").read_bytes()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str((START + 99 * HOUR) // 1_000_000))
    build(logs, tmp_path / "site")
    assert b"Stalled" in (tmp_path / "site/runs/run-r.html").read_bytes()
    expect_same_as_from_scratch(logs, tmp_path / "site")
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    build(logs, tmp_path / "site")
    expect_same_as_from_scratch(logs, tmp_path / "site")


def test_image_that_comes_after_its_record_is_shown(logs: Path, tmp_path: Path) -> None:
    blobs = logs / "run-1" / "blobs"
    blobs.rename(tmp_path / "late")
    build(logs, tmp_path / "site")
    (tmp_path / "late").rename(blobs)
    build(logs, tmp_path / "site")
    expect_same_as_from_scratch(logs, tmp_path / "site")


@pytest.mark.parametrize("later", ["comes", "goes"])
def test_version_is_compared_anew_when_a_file_of_the_one_before_comes_or_goes(
    logs: Path, tmp_path: Path, later: str
) -> None:
    blob = write_blob(logs, "run-5", PNG + b"another")
    data = {"blob": blob, "name": "plot.png"}
    write_run(logs, "run-5", [run_start(), artifact("i5", "plot", type="image", data=data), end()], at=START + 9 * HOUR)
    blobs, away = logs / "run-3" / "blobs", tmp_path / "away"
    if later == "comes":
        blobs.rename(away)
    build(logs, tmp_path / "site")
    page = tmp_path / "site/artifacts/plot/v5.html"
    assert (b"This image cannot be shown" in page.read_bytes()) is (later == "comes")
    if later == "comes":
        away.rename(blobs)
    else:
        blobs.rename(away)
    build(logs, tmp_path / "site")
    expect_same_as_from_scratch(logs, tmp_path / "site")


def test_version_is_compared_with_the_newest_that_is_left(logs: Path, tmp_path: Path) -> None:
    for number in range(6):
        records = [run_start("texts"), artifact(f"t{number}", "text", data=f"Number {number}"), end()]
        write_run(logs, f"text-{number}", records, at=START + (10 + number) * HOUR)
    build(logs, tmp_path / "site")
    for number, base in ((4, b"v4"), (3, b"v3"), (2, b"v2"), (0, b"v2")):
        delete_artifacts([logs], [(f"text-{number}", f"t{number}")])
        build(logs, tmp_path / "site")
        expect_same_as_from_scratch(logs, tmp_path / "site")
        assert b"<h2>Changes since %b</h2>" % base in (tmp_path / "site/artifacts/text/v6.html").read_bytes()


# Without the old logs


def test_site_goes_on_without_its_logs(logs: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    build_site([logs], site, OPTIONS)
    everything = tmp_path / "everything"
    shutil.copytree(logs, everything)
    shutil.rmtree(logs)
    add_run(logs)
    add_run(everything)
    said: list[str] = []
    result = build_site([logs], site, OPTIONS, base=site, say=said.append)
    assert said == []
    assert 0 < result.n_written < result.n_files
    expect_same_as_from_scratch(everything, site)
    add_run(logs, "next", 10)
    add_run(everything, "next", 10)
    build_site([logs], site, OPTIONS, base=site, say=said.append)
    assert said == []
    expect_same_as_from_scratch(everything, site)


def test_base_elsewhere_is_an_input(logs: Path, tmp_path: Path) -> None:
    build_site([logs], tmp_path / "published", OPTIONS)
    add_run(tmp_path / "today")
    result = build_site([tmp_path / "today"], tmp_path / "site", OPTIONS, base=tmp_path / "published")
    assert result.n_runs == 7
    add_run(logs)
    expect_same_as_from_scratch(logs, tmp_path / "site")
