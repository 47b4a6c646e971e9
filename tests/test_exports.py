"""What a site holds in the forms of others: logs that give the same site, CSV, a bag, lineage events."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pyarrow.parquet as pq
import pytest
from logs import (
    HOUR,
    PNG,
    START,
    artifact,
    delete,
    end,
    list_metric,
    metric,
    run_start,
    write_blob,
    write_run,
    write_small_project,
)

from reportgen import cli
from reportgen.archives import verify_site
from reportgen.build import build_site
from reportgen.errors import InputError, OutputError
from reportgen.exports import export_bag, export_csv, export_logs, export_openlineage
from reportgen.exports.openlineage import dataset_name
from reportgen.options import Options
from reportgen.store import TABLES

DAY = 24 * HOUR


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Logs of several days with all that makes records hard to give back."""
    logs = tmp_path / "runs"
    write_small_project(logs)
    blob = write_blob(logs, "other-day", PNG)
    records = [
        run_start("churn"),
        list_metric("curve", [1.5, "NaN", "-Infinity"], [0, 0.5, 1e300]),
        list_metric("curve", [2]),
        artifact("other", "plot", type="image", data={"blob": blob, "name": "p"}),
        delete("k2", "not needed"),
        delete(None, "of no use", ts=START + 3 * DAY),
    ]
    write_run(logs, "other-day", records[:-1], at=START + DAY)
    write_run(logs, "other-day", [metric("accuracy", 0.5), end()], "second", at=START + DAY + HOUR, without=[1])
    write_run(logs, "gone", [run_start("etl"), artifact("g", "summary"), records[-1]], at=START + 2 * DAY)
    write_run(logs, "Weird Id/../x", [run_start(), metric("m", 1), end()], "W r", at=START + DAY, folder="odd")
    path = write_run(logs, "newer", [run_start("churn"), metric("later", 1), end()], at=START + 2 * DAY)
    lines = path.read_bytes().splitlines(keepends=True)
    more = {**msgspec.json.decode(lines[2]), "unit": "ms"}
    strange = {"kind": "audit", "ts": START + 2 * DAY, "seq": 9, "who": "me"}
    path.write_bytes(b"".join([*lines[:2], *(msgspec.json.encode(one) + b"\n" for one in (more, strange)), lines[3]]))
    return logs


def site_of(logs: Path, output: Path) -> dict[str, bytes]:
    build_site([logs], output, Options())
    return {path.relative_to(output).as_posix(): path.read_bytes() for path in output.rglob("*") if path.is_file()}


def refusal(site: Path, output: Path) -> str:
    with pytest.raises((InputError, OutputError)) as caught:
        export_logs(site, output)
    return caught.value.slug


# Logs


def test_logs_of_a_site_give_the_same_site(runs: Path, tmp_path: Path) -> None:
    before = site_of(runs, tmp_path / "site")

    done = export_logs(tmp_path / "site", tmp_path / "exported")
    after = site_of(tmp_path / "exported", tmp_path / "again")

    assert done == (10, 0, 0)
    assert {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} == set()


def test_exported_logs_are_the_same_each_time(runs: Path, tmp_path: Path) -> None:
    site_of(runs, tmp_path / "site")
    for name in ("one", "two"):
        export_logs(tmp_path / "site", tmp_path / name)

    one, two = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("one", "two")
    )
    assert one == two
    assert {path.parts[0] for path in one} >= {"run-0", "newer"}


def test_lines_that_a_site_does_not_have_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_run(tmp_path / "runs", "r", [run_start(), metric("m", 1), end()])
    with path.open("ab") as file:
        file.write(b"no record\n")
    site_of(tmp_path / "runs", tmp_path / "site")

    assert cli.run(["export", "logs", "-o", "back"]) == 0

    out, err = capsys.readouterr()
    assert out == "wrote the logs of 1 run: back\n"
    assert "1 lines could not be read" in err


def test_export_writes_into_new_folders_alone(runs: Path, tmp_path: Path) -> None:
    site_of(runs, tmp_path / "site")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/file").write_text("mine")
    (tmp_path / "empty").mkdir()

    assert refusal(tmp_path / "site", tmp_path / "mine") == "output-exists"
    assert refusal(tmp_path / "site", tmp_path / "site") == "output-in-site"
    assert refusal(tmp_path / "site", tmp_path / "site/logs") == "output-in-site"
    assert refusal(runs, tmp_path / "new") == "not-a-site"
    assert not (tmp_path / "new").exists()
    assert export_logs(tmp_path / "site", tmp_path / "empty").n_runs == 10


def test_damaged_site_leaves_nothing(runs: Path, tmp_path: Path) -> None:
    site_of(runs, tmp_path / "site")
    (tmp_path / "site/data/points/2026-01-01.parquet").unlink()

    assert refusal(tmp_path / "site", tmp_path / "out") == "damaged-store"
    assert {path.name for path in tmp_path.iterdir()} <= {"runs", ".runs-cache", "site"}


# CSV


def test_csv_files_have_every_row_of_every_table(runs: Path, tmp_path: Path) -> None:
    site_of(runs, tmp_path / "site")

    n_rows = export_csv(tmp_path / "site", tmp_path / "csv")

    assert {path.stem for path in (tmp_path / "csv").iterdir()} == {*TABLES}
    for name in TABLES:
        with (tmp_path / f"csv/{name}.csv").open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        pattern = f"data/{name}/*.parquet" if TABLES[name].by_day else f"data/{name}.parquet"
        expected = [
            row for path in sorted((tmp_path / "site").glob(pattern)) for row in pq.read_table(path).to_pylist()
        ]
        assert header == [column.name for column in TABLES[name].columns]
        assert len(rows) == len(expected) == n_rows[name]
        for column in ("run_id", "json", "name", "traceback"):
            if column in header:
                assert [row[header.index(column)] for row in rows] == [one[column] or "" for one in expected]


def test_csv_writes_each_type_so_that_it_can_be_read(runs: Path, tmp_path: Path) -> None:
    site_of(runs, tmp_path / "site")
    export_csv(tmp_path / "site", tmp_path / "csv")

    with (tmp_path / "csv/runs.csv").open(newline="", encoding="utf-8") as file:
        run = next(row for row in csv.DictReader(file) if row["run_id"] == "run-0")
    assert run["started_at"] == "2026-01-01T00:00:00.000000Z"
    assert run["tags"] == '["demo"]'
    assert (run["parent_run_id"], run["detached"]) == ("", "false")
    with (tmp_path / "csv/points.csv").open(newline="", encoding="utf-8") as file:
        values = [row["value"] for row in csv.DictReader(file) if row["run_id"] == "other-day"]
    assert values == ["1.5", "nan", "-inf", "2"]


# Bags


def test_bag_is_valid_and_holds_the_site(runs: Path, tmp_path: Path) -> None:
    site = site_of(runs, tmp_path / "site")
    export_bag(tmp_path / "site", tmp_path / "bag")
    bag = tmp_path / "bag"

    payload = {
        path.relative_to(bag / "data").as_posix(): path.read_bytes()
        for path in bag.rglob("data/**/*")
        if path.is_file()
    }
    assert payload == site
    assert (bag / "bagit.txt").read_text() == "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    listed = dict(reversed(line.split("  ", 1)) for line in (bag / "manifest-sha256.txt").read_text().splitlines())
    assert listed == {f"data/{name}": hashlib.sha256(content).hexdigest() for name, content in site.items()}
    tags = dict(reversed(line.split("  ", 1)) for line in (bag / "tagmanifest-sha256.txt").read_text().splitlines())
    names = ("bag-info.txt", "bagit.txt", "manifest-sha256.txt")
    assert tags == {name: hashlib.sha256((bag / name).read_bytes()).hexdigest() for name in names}
    info = dict(line.split(": ", 1) for line in (bag / "bag-info.txt").read_text().splitlines())
    assert info["Payload-Oxum"] == f"{sum(map(len, site.values()))}.{len(site)}"
    assert info["Bagging-Date"] == "2026-01-03"
    assert verify_site(bag / "data").differences == []


def test_damaged_site_gets_no_bag(runs: Path, tmp_path: Path) -> None:
    site_of(runs, tmp_path / "site")
    (tmp_path / "site/404.html").unlink()

    assert cli.run(["export", "bagit", "-o", "bag"]) == 1
    assert not (tmp_path / "bag").exists()


# OpenLineage


def events_of(site: Path, folder: Path, **options: str) -> list[dict[str, Any]]:
    n_events = export_openlineage(site, folder, **options)
    events = [msgspec.json.decode(line) for line in (folder / "events.jsonl").read_bytes().splitlines()]
    assert len(events) == n_events
    return events


def check_event(event: dict[str, Any]) -> None:
    """Check what the specification requires of a run event, and of the facets of others that it was tried on."""
    moment = dt.datetime.fromisoformat(event["eventTime"])
    assert moment.tzinfo is not None
    assert event["eventType"] in {"START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"}
    assert uuid.UUID(event["run"]["runId"])
    assert event["job"]["namespace"] and event["job"]["name"]  # noqa: PT018
    assert urlsplit(event["producer"]).scheme == urlsplit(event["schemaURL"]).scheme == "https"
    things = [event["run"], event["job"], *event.get("inputs", []), *event.get("outputs", [])]
    for thing in things:
        for facet in [*thing.get("facets", {}).values(), *thing.get("outputFacets", {}).values()]:
            assert urlsplit(facet["_producer"]).scheme == urlsplit(facet["_schemaURL"]).scheme == "https"
    for dataset in things[2:]:
        assert dataset["namespace"] and dataset["name"]  # noqa: PT018


def test_events_are_what_the_specification_requires(runs: Path, tmp_path: Path) -> None:
    site_of(runs, tmp_path / "site")
    events = events_of(tmp_path / "site", tmp_path / "events")

    for event in events:
        check_event(event)
    starts = [event["run"]["runId"] for event in events if event["eventType"] == "START"]
    ends = [event["run"]["runId"] for event in events if event["eventType"] != "START"]
    assert len(starts) == len(set(starts))
    assert len(ends) == len(set(ends))
    assert {*ends} <= {*starts}


def test_events_say_what_was_read_made_and_went_wrong(runs: Path, tmp_path: Path) -> None:
    site_of(runs, tmp_path / "site")
    events = events_of(tmp_path / "site", tmp_path / "events", namespace="prod")
    by_job: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for event in events:
        by_job.setdefault((event["job"]["name"], event["eventType"]), []).append(event)

    first, second = by_job["churn.load", "COMPLETE"][:2]
    assert (first["inputs"][0]["namespace"], first["inputs"][0]["name"]) == ("s3://b", "x.csv")
    assert (second["inputs"][0]["namespace"], second["inputs"][0]["name"]) == ("prod", "summary")
    assert second["inputs"][0]["facets"]["version"]["datasetVersion"] == "1"
    run = by_job["churn", "COMPLETE"][0]
    table = next(one for one in run["outputs"] if one["name"] == "worst-rows")
    assert table["outputFacets"]["outputStatistics"]["rowCount"] == 3
    assert table["facets"]["documentation"]["description"].startswith("# Title")
    assert first["run"]["facets"]["parent"]["run"]["runId"] == run["run"]["runId"]
    failed = by_job["etl", "FAIL"][0]["run"]["facets"]
    assert failed["errorMessage"]["message"] == "ValueError: no rows"
    assert failed["parent"]["job"] == {"namespace": "prod", "name": "churn"}
    assert ("watch", "COMPLETE") not in by_job


def test_what_is_checked_holds_of_real_events(shared_data: Path) -> None:
    folder = shared_data / "openlineage/proxy/fluentd/events"

    for name in ("event_simple", "event_full"):
        check_event(msgspec.json.decode((folder / f"{name}.json").read_bytes()))
    with pytest.raises(KeyError):
        check_event(msgspec.json.decode((folder / "event_no_run_id.json").read_bytes()))


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("s3://bucket/a/b.csv", ("s3://bucket", "a/b.csv")),
        ("file:///data/x.csv", ("file", "/data/x.csv")),
        ("postgres://db:5432/shop.public.orders", ("postgres://db:5432", "shop.public.orders")),
        ("rows.csv", ("", "rows.csv")),
        ("http://[::1/x", ("", "http://[::1/x")),
        ("", ("", "orders")),
    ],
)
def test_datasets_are_named_as_the_specification_names_them(uri: str, expected: tuple[str, str]) -> None:
    assert dataset_name(uri, "orders") == expected


def test_commands_write_and_say_so(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site_of(runs, tmp_path / "site")

    for name in ("csv", "bagit", "openlineage", "logs"):
        assert cli.run(["export", name, "-o", f"out/{name}"]) == 0
        assert f"out/{name}\n" in capsys.readouterr().out
        assert cli.run(["export", name, "-o", f"out/{name}"]) == 1
        assert capsys.readouterr().err.startswith(f"error: out/{name} is there already: ")
