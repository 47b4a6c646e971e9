"""The site as an RO-Crate: what the specification and the profile ask for, and what the runs did."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from logs import HOUR, START, artifact, end, run_start, step_start, use, write_run, write_small_project

from reportgen import crate
from reportgen.build import build_site
from reportgen.options import Options


@pytest.fixture
def site(tmp_path: Path) -> Path:
    write_small_project(tmp_path / "runs")
    uris = [
        "s3://bucket/rows.parquet",
        "javascript:alert(1)",
        "https://ex.org/a b",
        "nothing",
        "s3://bucket/rows.parquet",
    ]
    records = [
        run_start("etl", context={"git": {"commit": "0123abc", "dirty": False}}, params={"lr": 0.1}),
        step_start("s", "load"),
        *(use(step="s", uri=uri, name=f"input {n}") for n, uri in enumerate(uris)),
        use("write", step="s", uri="s3://bucket/out.parquet"),
        artifact("made", "notes", step="s"),
        end(step="s"),
        end(),
    ]
    write_run(tmp_path / "runs", "x", records, at=START + 9 * HOUR)
    build_site([tmp_path / "runs"], tmp_path / "site", Options(title="Churn"))
    return tmp_path / "site"


def graph_of(site: Path) -> dict[str, dict[str, Any]]:
    entities = json.loads((site / "ro-crate-metadata.json").read_bytes())["@graph"]
    assert len({entity["@id"] for entity in entities}) == len(entities)
    return {entity["@id"]: entity for entity in entities}


def references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from references(one)
    elif isinstance(value, dict):
        yield from [value["@id"]] if value.keys() == {"@id"} else references([*value.values()])


def test_crate_has_what_the_specification_asks_for(site: Path) -> None:
    graph = graph_of(site)
    root = graph["./"]

    assert graph["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    assert graph["ro-crate-metadata.json"]["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert root["name"] == "Churn"
    assert root["datePublished"] == "2026-01-01T09:00:11.000000Z"
    profile = graph[root["conformsTo"]["@id"]]
    assert (profile["@type"], profile["version"]) == ("CreativeWork", "0.5")
    known = {*graph, "https://w3id.org/ro/crate/1.1"}
    assert {one for one in references([*graph.values()]) if not one.startswith("http://schema.org/")} <= known
    files = {identity for identity, entity in graph.items() if entity["@type"] == "File"}
    assert files == {part["@id"] for part in root["hasPart"]}
    assert [name for name in files if not (site / name).is_file()] == []


def test_runs_and_steps_are_actions_of_the_profile(site: Path) -> None:
    graph = graph_of(site)
    actions = [entity for entity in graph.values() if entity["@type"] == "CreateAction"]

    assert {one["@id"] for one in actions} == {one["@id"] for one in graph["./"]["mentions"]}
    for action in actions:
        assert graph[action["instrument"]["@id"]]["@type"] == "SoftwareApplication"
        assert action["name"]
        assert action["startTime"]
    assert sum("identifier" in action for action in actions) == 7
    assert graph["#run-run-f"]["error"] == "ValueError: no rows"
    assert graph["#run-run-f"]["actionStatus"] == {"@id": "http://schema.org/FailedActionStatus"}
    assert "endTime" not in graph["#run-run-r"]


def test_action_has_inputs_outputs_and_software(site: Path) -> None:
    graph = graph_of(site)
    step = graph["#run-x-step-s"]

    names = [graph[one["@id"]]["name"] for one in step["object"]]
    assert names == ["input 0", "input 1", "input 2", "input 3"]
    assert step["object"][0] == {"@id": "s3://bucket/rows.parquet"}
    assert [one["@id"][:9] for one in step["object"][1:]] == ["#dataset-"] * 3
    assert [one["@id"] for one in step["result"]] == ["artifacts/notes/v1.html", "s3://bucket/out.parquet"]
    assert graph[graph["#run-x"]["instrument"]["@id"]]["softwareVersion"] == "0123abc"
    assert {"@id": "#run-x-param-lr"} in graph["#run-x"]["object"]
    assert {"@id": "artifacts/summary/v3.html"} in graph["#run-run-3"]["object"]


def test_crate_of_a_long_history_has_the_newest_runs(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crate, "MOST_RUNS", 2)
    build_site([tmp_path / "runs"], site, Options(title="Churn"), full=True)
    graph = graph_of(site)

    runs = [entity["identifier"] for entity in graph.values() if "identifier" in entity]
    assert runs == ["x", "run-r"]
    assert graph["./"]["description"] == "Report of 7 runs with all data in data/; this file describes the newest 2."


def test_library_reads_the_crate(site: Path) -> None:
    rocrate = pytest.importorskip("rocrate.rocrate")

    read = rocrate.ROCrate(str(site))

    assert read.name == "Churn"
    assert {"#run-x", "#run-x-step-s"} <= {entity.id for entity in read.contextual_entities}
    assert "artifacts/notes/v1.html" in {entity.id for entity in read.data_entities}
    assert read.get("#run-x-step-s")["result"][0].id == "artifacts/notes/v1.html"
