"""Lineage: what counts as made from what, and how far and how often trees and graphs show it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from logs import HOUR, MINUTE, START, artifact, compact, delete, end, rows_of, run_start, step_start, use, write_run

from reportgen.compact import EMPTY, Compaction
from reportgen.queries.lineage import Direction, Lineage, LineageItem
from reportgen.queries.lineage_trees import LineageNode, lineage_graph, lineage_tree
from reportgen.records import Record
from reportgen.store import TABLES, StoreFolder, make_table, to_parquet

BOTH: tuple[Direction, Direction] = ("ancestors", "descendants")


class Place:
    """A log directory whose runs begin an hour after one another; artifacts are named by key and version, as `a1`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.n_runs = 0

    def run(self, *records: Record, **options: Any) -> None:
        run_id = options.pop("run_id", f"r{self.n_runs}")
        self.n_runs += 1
        at = START + self.n_runs * HOUR
        write_run(self.folder, run_id, [run_start(**options), *records, end()], at=at)

    def lineage(self) -> Lineage:
        return Lineage(compact(self.folder))

    def tree(self, name: str, direction: Direction, **limits: Any) -> Any:
        """Give a tree as nested dicts of names; a name that is repeated, or has hidden children, says so."""
        lineage = self.lineage()
        return shape(lineage_tree(lineage, find(lineage, name), direction, **limits))

    def ancestors(self, name: str) -> Any:
        return self.tree(name, "ancestors")

    def descendants(self, name: str) -> Any:
        return self.tree(name, "descendants")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def make(name: str, **fields: Any) -> Record:
    """Make a version of a key, named as `a1`."""
    return artifact(name, name[0], **fields)


def read(name: str, **fields: Any) -> Record:
    return use("read", artifact=name, key=name[0], **fields)


def read_data(uri: str, **fields: Any) -> Record:
    return use("read", uri=uri, **fields)


def write_data(uri: str, **fields: Any) -> Record:
    return use("write", uri=uri, **fields)


def find(lineage: Lineage, name: str) -> int:
    return next(node for version, node, _ in lineage.versions_of(name[0]) if version == int(name[1:]))


def name_of(item: LineageItem) -> str:
    return item.uri or f"{item.key}{item.version or ''}"


def shape(tree: LineageNode) -> dict[str, Any]:
    below: dict[str, Any] = {}
    for child in tree.children:
        mark = " again" if child.repeated else ""
        below[name_of(child.item) + mark] = shape(child)
    return {**below, **({"hidden": tree.n_hidden} if tree.n_hidden else {})}


def iter_nodes(tree: LineageNode) -> Iterable[LineageNode]:
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        stack += node.children


# What counts


def test_version_is_made_from_what_its_run_had_read_by_then(place: Place) -> None:
    place.run(make("a1"), make("b1"))
    place.run(read("a1"), read_data("s3://x"), make("c1"), read("b1"), make("d1"))
    assert place.ancestors("c1") == {"a1": {}, "s3://x": {}}
    assert place.ancestors("d1") == {"a1": {}, "s3://x": {}, "b1": {}}
    assert place.descendants("a1") == {"c1": {}, "d1": {}}
    assert place.descendants("b1") == {"d1": {}}


def test_steps_do_not_divide_a_run(place: Place) -> None:
    place.run(make("a1"))
    place.run(
        step_start("s1", "load"),
        read("a1", step="s1"),
        end(step="s1"),
        step_start("s2", "train"),
        make("b1", step="s2"),
    )
    assert place.ancestors("b1") == {"a1": {}}


def test_lineage_goes_on_over_runs(place: Place) -> None:
    place.run(read_data("s3://x"), make("a1"))
    place.run(read("a1"), make("b1"))
    place.run(read("b1"), make("c1"), write_data("s3://y"))
    assert place.ancestors("c1") == {"b1": {"a1": {"s3://x": {}}}}
    assert place.descendants("a1") == {"b1": {"c1": {}, "s3://y": {}}}


def test_nested_run_reads_for_itself(place: Place) -> None:
    place.run(make("a1"))
    place.run(make("b1"), run_id="parent")
    place.run(read("a1"), make("c1"), parent="parent")
    assert place.ancestors("b1") == {}
    assert place.descendants("a1") == {"c1": {}}


def test_version_that_its_own_run_read_stands_for_what_it_was_made_from(place: Place) -> None:
    place.run(make("a1"), make("b1"))
    place.run(read("a1"), make("c1"), read("b1"), read("c1"), make("d1"))
    assert place.ancestors("d1") == {"b1": {}, "c1": {"a1": {}}}
    assert place.descendants("a1") == {"c1": {"d1": {}}}


def test_version_that_is_read_before_it_was_made_is_not_made_from_what_came_between(place: Place) -> None:
    at = START + 2 * HOUR
    place.run(make("a1"), make("b1"))
    clock_behind = [
        read("a1"),
        read("c1", ts=at + MINUTE),
        read("b1", ts=at + 2 * MINUTE),
        make("d1", ts=at + 10 * MINUTE),
    ]
    place.run(*clock_behind, run_id="r")
    write_run(place.folder, "r", [make("c1", ts=at + 5 * MINUTE)], writer="other")
    assert place.ancestors("c1") == {"a1": {}}
    assert place.ancestors("d1") == {"c1": {"a1": {}}, "b1": {}}


def test_reading_twice_counts_once(place: Place) -> None:
    place.run(make("a1"))
    place.run(read("a1"), read("a1"), read_data("s3://x"), make("b1"), read_data("s3://x"))
    assert place.ancestors("b1") == {"a1": {}, "s3://x": {}}
    assert place.descendants("a1") == {"b1": {}}


def test_run_that_reads_at_its_very_start_made_all_from_it(place: Place) -> None:
    place.run(make("a1"))
    place.run(read("a1", ts=START + 5 * HOUR), make("b1", ts=START + 5 * HOUR))
    assert place.ancestors("b1") == {"a1": {}}


# Datasets


def test_lineage_goes_through_a_dataset_that_a_run_wrote(place: Place) -> None:
    place.run(read_data("s3://raw"), write_data("s3://clean"))
    place.run(read_data("s3://clean"), make("a1"))
    assert place.ancestors("a1") == {"s3://clean": {"s3://raw": {}}}


def test_dataset_is_the_one_that_was_written_last_before_it_was_read(place: Place) -> None:
    place.run(make("a1"), write_data("s3://x"))
    place.run(read("a1"), write_data("s3://x"))
    place.run(read_data("s3://x"), make("b1"))
    place.run(write_data("s3://x"))
    assert place.ancestors("b1") == {"s3://x": {"a1": {}}}


def test_dataset_that_was_read_before_it_was_written_is_from_outside(place: Place) -> None:
    place.run(make("a1"))
    place.run(read_data("s3://x"), make("b1"))
    place.run(read("a1"), write_data("s3://x"))
    assert place.ancestors("b1") == {"s3://x": {}}
    assert place.descendants("a1") == {"s3://x": {}}


@pytest.mark.parametrize(
    ("digest", "made_from"),
    [
        (None, {"b1": {}}),
        ("one", {"a1": {}}),
        ("two", {"b1": {}}),
        ("three", {}),
    ],
)
def test_digest_tells_which_dataset_was_read(place: Place, digest: str | None, made_from: Any) -> None:
    place.run(make("a1"), make("b1"))
    place.run(read("a1"), write_data("s3://x", digest="one"))
    place.run(read("b1"), write_data("s3://x", digest="two"))
    place.run(read_data("s3://x", digest=digest), make("c1"))
    assert place.ancestors("c1") == {"s3://x": made_from}


def test_dataset_without_a_digest_may_be_any(place: Place) -> None:
    place.run(make("a1"))
    place.run(write_data("s3://x", digest="one"))
    place.run(read("a1"), write_data("s3://x"))
    place.run(read_data("s3://x", digest="two"), make("b1"))
    assert place.ancestors("b1") == {"s3://x": {"a1": {}}}


def test_same_digest_tells_more_than_a_later_write_without_one(place: Place) -> None:
    place.run(make("a1"), make("b1"))
    place.run(read("a1"), write_data("s3://x", digest="one"))
    place.run(read("b1"), write_data("s3://x"))
    place.run(read_data("s3://x", digest="one"), make("c1"))
    assert place.ancestors("c1") == {"s3://x": {"a1": {}}}


def test_dataset_that_is_written_in_parts_is_one(place: Place) -> None:
    place.run(make("a1"), make("b1"))
    place.run(read("a1"), write_data("s3://x"), read("b1"), write_data("s3://x"), write_data("s3://x"))
    place.run(read_data("s3://x"), make("c1"))
    assert place.descendants("a1") == {"s3://x": {"c1": {}}}
    assert place.ancestors("c1") == {"s3://x": {"a1": {}, "b1": {}}}


def test_dataset_that_a_run_changes_is_made_from_the_one_before(place: Place) -> None:
    place.run(make("a1"))
    place.run(write_data("s3://x"), read("a1"), read_data("s3://x"), make("b1"), write_data("s3://x"))
    assert place.descendants("a1") == {"b1": {}, "s3://x": {}}
    assert place.ancestors("b1") == {"a1": {}, "s3://x": {}}


def test_circle_ends_where_it_began(place: Place) -> None:
    at = START + HOUR
    place.run(write_data("s3://x", ts=at), read("b1", ts=at + 3 * HOUR), write_data("s3://x", ts=at + 4 * HOUR))
    place.run(read_data("s3://x", ts=at + HOUR), make("b1", ts=at + 2 * HOUR))
    assert place.ancestors("b1") == {"s3://x": {"b1 again": {}}}
    assert place.descendants("b1") == {"s3://x": {"b1 again": {}}}


# What is known of an item


def test_item_of_a_version_says_what_made_it(place: Place) -> None:
    place.run(read_data("s3://x", name="raw", digest="abc"), name="lone-owl")
    place.run(step_start("s1", "load"), read_data("s3://x", digest="abc"), make("a1", step="s1", type="table", data={}))
    lineage = place.lineage()
    tree = lineage_tree(lineage, find(lineage, "a1"), "ancestors")
    assert tree.item == LineageItem(
        kind="version",
        key="a",
        version=1,
        type="table",
        artifact_id="a1",
        run_id="r1",
        run_name="fleet-crane",
        pipeline="churn",
        step_name="load",
        made_at=START + 2 * HOUR + 4_000_000,
    )
    assert [child.item for child in tree.children] == [
        LineageItem(kind="dataset", uri="s3://x", name="raw", digest="abc")
    ]


def test_item_of_a_dataset_says_what_wrote_it_last(place: Place) -> None:
    place.run(
        step_start("s1", "load"),
        read_data("s3://raw"),
        write_data("s3://x", step="s1"),
        write_data("s3://x", name="clean", step="s1"),
        name="lone-owl",
        pipeline="etl",
    )
    place.run(read_data("s3://x"), make("a1"))
    lineage = place.lineage()
    (child,) = lineage_tree(lineage, find(lineage, "a1"), "ancestors").children
    assert child.item == LineageItem(
        kind="dataset",
        uri="s3://x",
        name="clean",
        run_id="r0",
        run_name="lone-owl",
        pipeline="etl",
        step_name="load",
        made_at=START + HOUR + 5_000_000,
    )


def test_deleted_version_keeps_its_lineage(place: Place) -> None:
    place.run(read_data("s3://x"), make("a1"), make("a2"), delete("a1"))
    place.run(read("a1"), make("b1"))
    lineage = place.lineage()
    assert [(number, deleted) for number, _, deleted in lineage.versions_of("a")] == [(1, True), (2, False)]
    (child,) = lineage_tree(lineage, find(lineage, "b1"), "ancestors").children
    assert (name_of(child.item), child.item.deleted) == ("a1", True)
    assert place.descendants("a1") == {"b1": {}}


def test_artifact_that_is_in_no_log_is_known_from_its_use(place: Place) -> None:
    place.run(read("x9"), use("read", key="y"), use("read"), make("a1"))
    place.run(read("x9"), make("b1"))
    lineage = place.lineage()
    tree = lineage_tree(lineage, find(lineage, "a1"), "ancestors")
    assert [child.item for child in tree.children] == [
        LineageItem(kind="version", key="x", artifact_id="x9"),
        LineageItem(kind="version", key="y"),
        LineageItem(kind="version"),
    ]
    assert place.ancestors("b1") == {"x": {}}


def test_artifact_without_a_key_is_part_of_lineage(place: Place) -> None:
    place.run(read_data("s3://x"), artifact("k", None))
    place.run(use("read", artifact="k"), make("a1"))
    assert place.ancestors("a1") == {"None": {"s3://x": {}}}


def test_key_that_is_not_there_has_no_versions(place: Place) -> None:
    place.run(make("a1"), artifact("k", None))
    assert place.lineage().versions_of("b") == []


def test_store_without_artifacts_or_edges_has_no_lineage() -> None:
    assert Lineage(EMPTY).versions_of("a") == []


# Trees


def test_version_on_two_ways_goes_on_at_one_of_them(place: Place) -> None:
    place.run(read_data("s3://x"), make("a1"))
    place.run(read("a1"), make("b1"))
    place.run(read("a1"), make("c1"))
    place.run(read("b1"), read("c1"), make("d1"))
    assert place.ancestors("d1") == {"b1": {"a1": {"s3://x": {}}}, "c1": {"a1 again": {}}}
    assert place.descendants("a1") == {"b1": {"d1": {}}, "c1": {"d1": {}}}


def test_version_goes_on_where_it_is_nearest(place: Place) -> None:
    place.run(read_data("s3://x"), make("a1"))
    place.run(read("a1"), make("b1"))
    place.run(read("b1"), read("a1"), make("c1"))
    assert place.ancestors("c1") == {"b1": {"a1 again": {}}, "a1": {"s3://x": {}}}


def test_depth_hides_what_lies_further_away(place: Place) -> None:
    place.run(read_data("s3://x"), read_data("s3://y"), make("a1"))
    place.run(read("a1"), make("b1"))
    place.run(read("b1"), make("c1"))
    assert place.tree("c1", "ancestors", max_depth=2) == {"b1": {"a1": {"hidden": 2}}}
    assert place.tree("c1", "ancestors", max_depth=3) == {"b1": {"a1": {"s3://x": {}, "s3://y": {}}}}
    assert place.tree("a1", "descendants", max_depth=1) == {"b1": {"hidden": 1}}


def test_number_of_mentions_hides_the_furthest_first(place: Place) -> None:
    place.run(read_data("s3://x"), make("a1"), make("b1"))
    place.run(read("a1"), read("b1"), make("c1"))
    assert place.tree("c1", "ancestors", max_nodes=3) == {"a1": {"s3://x": {}}, "b1": {"hidden": 1}}
    assert place.tree("c1", "ancestors", max_nodes=1) == {"a1": {"hidden": 1}, "hidden": 1}
    assert place.tree("c1", "ancestors", max_nodes=0) == {"hidden": 2}


# Graphs


def graph_of(place: Place, name: str, **limits: Any) -> tuple[list[str], set[tuple[str, str]], int]:
    lineage = place.lineage()
    graph = lineage_graph(lineage, find(lineage, name), **limits)
    names = [name_of(item) for item in graph.items]
    assert len({*graph.edges}) == len(graph.edges)
    return names, {(names[a], names[b]) for a, b in graph.edges}, graph.n_hidden


def write_diamond(place: Place) -> None:
    place.run(read_data("s3://x"), make("a1"))
    place.run(read("a1"), make("b1"))
    place.run(read("a1"), make("c1"))
    place.run(read("b1"), read("c1"), make("d1"))


def test_graph_has_each_item_once_and_all_edges(place: Place) -> None:
    write_diamond(place)
    names, edges, n_hidden = graph_of(place, "a1")
    assert names == ["a1", "s3://x", "b1", "c1", "d1"]
    assert edges == {("s3://x", "a1"), ("a1", "b1"), ("a1", "c1"), ("b1", "d1"), ("c1", "d1")}
    assert n_hidden == 0


def test_graph_leaves_out_what_is_no_ancestor_and_no_descendant(place: Place) -> None:
    write_diamond(place)
    assert graph_of(place, "b1") == (["b1", "a1", "d1", "s3://x"], {("s3://x", "a1"), ("a1", "b1"), ("b1", "d1")}, 0)


def test_graph_counts_the_ties_that_limits_left_out(place: Place) -> None:
    write_diamond(place)
    assert graph_of(place, "d1", max_depth=1) == (["d1", "b1", "c1"], {("b1", "d1"), ("c1", "d1")}, 2)
    assert graph_of(place, "a1", max_nodes=3) == (["a1", "s3://x", "b1"], {("s3://x", "a1"), ("a1", "b1")}, 2)
    assert graph_of(place, "a1", max_nodes=1) == (["a1"], set(), 3)


# Many


def store_of(artifacts: Iterable[Mapping[str, Any]], edges: Iterable[Mapping[str, Any]]) -> Compaction:
    """Make a store of rows that have little in them."""
    rows = {"artifacts": [{**row, "writer": "main", "seq": n} for n, row in enumerate(artifacts)], "edges": [*edges]}
    tables = {name: sorted_table(name, rows[name]) for name in rows}
    return Compaction({**EMPTY.tables, **tables}, EMPTY.days)


def sorted_table(name: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    return make_table(name, rows).sort_by([(column, "ascending") for column in TABLES[name].order])


def version(number: int, run: str, at: int, key: str = "a") -> dict[str, Any]:
    identity = {"key": key, "version": number, "artifact_id": f"{key}{number}"}
    return {**identity, "type": "markdown", "run_id": run, "created_at": at}


def edge(run: str, at: int, direction: str = "read", **fields: Any) -> dict[str, Any]:
    return {"run_id": run, "recorded_at": at, "direction": direction, **fields}


def depth_of(tree: LineageNode) -> int:
    depth = 0
    while tree.children:
        (tree,) = tree.children
        depth += 1
    return depth


def test_ten_thousand_generations_are_followed() -> None:
    numbers = range(1, 10_001)
    artifacts = [version(n, f"r{n}", 2 * n) for n in numbers]
    lineage = Lineage(store_of(artifacts, [edge(f"r{n}", 2 * n - 1, artifact_id=f"a{n - 1}") for n in numbers[1:]]))
    nodes = [node for _, node, _ in lineage.versions_of("a")]
    assert depth_of(lineage_tree(lineage, nodes[-1], "ancestors")) == 9999
    assert depth_of(lineage_tree(lineage, nodes[0], "descendants")) == 9999
    assert len(lineage_graph(lineage, nodes[5000]).edges) == 9999


def test_ten_thousand_generations_of_one_run_are_a_chain() -> None:
    numbers = range(1, 10_001)
    artifacts = [version(n, "r", 2 * n) for n in numbers]
    lineage = Lineage(store_of(artifacts, [edge("r", 2 * n + 1, artifact_id=f"a{n}") for n in numbers]))
    nodes = [node for _, node, _ in lineage.versions_of("a")]
    assert depth_of(lineage_tree(lineage, nodes[-1], "ancestors")) == 9999
    assert depth_of(lineage_tree(lineage, nodes[0], "descendants")) == 9999


def test_runs_that_each_read_all_of_the_one_before_stay_within_the_limit() -> None:
    numbers = range(1, 3001)
    artifacts = [version(n, key, at, key) for at, key in ((10, "a"), (20, "b"), (30, "c")) for n in numbers]
    edges = [edge("b", 15, artifact_id=f"a{n}") for n in numbers] + [
        edge("c", 25, artifact_id=f"b{n}") for n in numbers
    ]
    lineage = Lineage(store_of(artifacts, edges))
    start = time.perf_counter()
    tree = lineage_tree(lineage, lineage.versions_of("c")[0][1], "ancestors", max_nodes=10_000)
    assert sum(1 for _ in iter_nodes(tree)) == 10_001
    assert [child.n_hidden for child in tree.children][:5] == [0, 0, 2000, 3000, 3000]
    down = lineage_tree(lineage, lineage.versions_of("a")[0][1], "descendants", max_nodes=10_000)
    assert sum(1 for _ in iter_nodes(down)) == 10_001
    assert time.perf_counter() - start < 10


def test_files_of_a_site_give_the_same(tmp_path: Path, place: Place) -> None:
    write_diamond(place)
    store = compact(place.folder)
    for name in ("runs", "steps", "artifacts", "edges"):
        (tmp_path / f"{name}.parquet").write_bytes(to_parquet(store.tables[name]))
    lineage = Lineage(StoreFolder(tmp_path))
    start = find(lineage, "a1")
    assert lineage_graph(lineage, start) == lineage_graph(place.lineage(), start)


# Against the rule, word by word

IDS = [f"a{n}" for n in range(1, 9)]
runs, times = st.sampled_from(["p", "q", "r"]), st.integers(0, 12)
reads = st.builds(lambda run, at, name: edge(run, at, artifact_id=name), runs, times, st.sampled_from(IDS))
datasets = st.builds(
    lambda run, at, direction, uri, digest: edge(run, at, direction, uri=uri, digest=digest),
    runs,
    times,
    st.sampled_from(["read", "write"]),
    st.sampled_from(["s3://x", "s3://y"]),
    st.sampled_from([None, "one", "two"]),
)
stores = st.builds(
    lambda made, edges: store_of([version(n, *place) for n, place in enumerate(made, 1)], edges),
    st.lists(st.tuples(runs, times), min_size=1, max_size=8),
    st.lists(reads | datasets, max_size=24),
)


class Rule:
    """What was made from what, by looking at everything for each answer. A dataset is (run, URI, digest, made at)."""

    def __init__(self, store: Compaction) -> None:
        self.edges = rows_of(store, "edges")
        self.made = {row["artifact_id"]: (row["run_id"], row["created_at"]) for row in rows_of(store, "artifacts")}
        self.written = self.find_written()
        self.made |= {dataset: (dataset[0], dataset[3]) for dataset, _ in self.written}
        self.reads = [
            (row["run_id"], row["recorded_at"], self.find_read(row)) for row in self.edges if row["direction"] == "read"
        ]

    def find_written(self) -> list[tuple[Any, int]]:
        """Give the datasets, and when they were written first."""
        times: dict[Any, list[int]] = {}
        for place, row in enumerate(self.edges):
            if row["direction"] == "write":
                same = [e for e in self.edges[:place] if (e["run_id"], e["uri"]) == (row["run_id"], row["uri"])]
                n_reads = sum(e["direction"] == "read" for e in same)
                times.setdefault((row["run_id"], row["uri"], row["digest"], n_reads), []).append(row["recorded_at"])
        return [((*place[:3], max(at)), min(at)) for place, at in times.items()]

    def find_read(self, row: Mapping[str, Any]) -> Any:
        if row["artifact_id"] is not None:
            return row["artifact_id"]
        before = [
            (at, dataset) for dataset, at in self.written if dataset[1] == row["uri"] and at <= row["recorded_at"]
        ]
        same = [(at, dataset) for at, dataset in before if row["digest"] in (None, dataset[2])]
        fitting = same or [(at, dataset) for at, dataset in before if dataset[2] is None]
        newest = max((at for at, _ in fitting), default=None)
        found = [dataset for at, dataset in fitting if at == newest]
        return found[-1] if found else (None, row["uri"], row["digest"], None)

    def sources(self, node: Any) -> set[Any]:
        maker, made_at = self.made.get(node, (None, 0))
        sources = set()
        for run, at, source in self.reads:
            if run == maker and (at > made_at or source == node):
                break
            if run == maker:
                sources.add(source)
        return sources

    def ties(self) -> set[tuple[Any, Any]]:
        nodes = {*self.made, *(node for _, _, node in self.reads)}
        return {(source, node) for node in nodes for source in self.sources(node)}


def reach(ties: Iterable[tuple[Any, Any]], start: Any) -> set[Any]:
    """Give what ties lead to, with the start."""
    reached = {start}
    while more := {b for a, b in ties if a in reached} - reached:
        reached |= more
    return reached


def identity(item: LineageItem) -> Any:
    return item.artifact_id or (item.run_id, item.uri, item.digest, item.made_at)


def depths(tree: LineageNode) -> dict[Any, int]:
    """Give how near to the start each item is mentioned first."""
    found: dict[Any, int] = {}
    level = [tree]
    depth = 0
    while level:
        for node in level:
            found.setdefault(identity(node.item), depth)
        level, depth = [child for node in level for child in node.children], depth + 1
    return found


@given(stores)
def test_trees_and_graphs_hold_what_the_rule_says(store: Compaction) -> None:
    lineage, forwards = Lineage(store), Rule(store).ties()
    backwards = {(b, a) for a, b in forwards}
    for number, node, _ in lineage.versions_of("a"):
        up = reach(backwards, f"a{number}")
        down = reach(forwards, f"a{number}")
        assert {*depths(lineage_tree(lineage, node, "ancestors"))} == up
        assert {*depths(lineage_tree(lineage, node, "descendants"))} == down
        graph = lineage_graph(lineage, node)
        names = [identity(item) for item in graph.items]
        assert sorted(map(str, names)) == sorted(map(str, up | down))
        edges = {(names[a], names[b]) for a, b in graph.edges}
        assert edges <= forwards
        assert reach(edges, f"a{number}") == down
        assert reach({(b, a) for a, b in edges}, f"a{number}") == up


@given(stores, st.integers(0, 4))
def test_tree_shows_all_that_is_near_enough_and_counts_the_rest(store: Compaction, depth: int) -> None:
    lineage = Lineage(store)
    for _, start, _ in lineage.versions_of("a"):
        for direction in BOTH:
            whole = lineage_tree(lineage, start, direction)
            near = lineage_tree(lineage, start, direction, max_depth=depth)
            assert depths(near) == {item: at for item, at in depths(whole).items() if at <= depth}
            n_children = {identity(node.item): len(node.children) for node in iter_nodes(whole) if not node.repeated}
            for node in iter_nodes(near):
                n_left = 0 if node.repeated else n_children[identity(node.item)]
                assert len(node.children) + node.n_hidden == n_left


@given(stores)
def test_tree_goes_on_from_each_item_once(store: Compaction) -> None:
    lineage = Lineage(store)
    for _, start, _ in lineage.versions_of("a"):
        for direction in BOTH:
            nodes = [*iter_nodes(lineage_tree(lineage, start, direction))]
            parents = [identity(node.item) for node in nodes if node.children]
            assert len({*parents}) == len(parents)
            assert {identity(node.item) for node in nodes if node.repeated} <= {*parents}
            assert sum(node.n_hidden for node in nodes) == 0
