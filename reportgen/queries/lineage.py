"""Lineage: which versions and datasets were made from which.

Logs say what a run read and made, and when; not what flowed into what. So the rule is: **what a run made, it made from
all that it had read by then**, in whichever of its steps, for values pass from step to step unseen. In particular:

* A run that another one started reads and makes for itself.
* Where a run read U, which it had itself made from T, and then made V: V was made from U, and only through U from T.
* Who reads a dataset reads what was last written to its URI by then, by any run, with the same digest, or else where
  only one of the two has a digest. Where nothing was, it came from outside.
* Times tell which came first. But a version that its own run reads was made before that, whatever clocks say.

`Lineage` reads a store once and answers for any number of versions. Nothing here recurses: there may be thousands of
generations, circles (over datasets that are written again), and many ways from one version to another.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain
from operator import itemgetter
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from reportgen.arrays import as_array, int_array, text_array
from reportgen.store import Store, table_rows
from reportgen.text import readable_name

Direction = Literal["ancestors", "descendants"]
Row = dict[str, Any]

_ARTIFACTS = ("artifact_id", "key", "version", "type", "run_id", "step_id", "created_at", "deleted_at")
_EDGES = ("run_id", "step_id", "direction", "artifact_id", "key", "uri", "name", "digest", "recorded_at")


@dataclass(frozen=True)
class LineageItem:
    """A version of a key, or a dataset.

    Attributes
    ----------
    kind
        `"version"` or `"dataset"`.
    key, version, type, artifact_id
        Of a version. One without a `type` is known from its use only: what recorded it is not in the store.
    uri, name, digest
        Of a dataset.
    run_id, run_name, pipeline, step_name
        What made it; `None` where that is not known, as for a dataset from outside.
    made_at
        When: microseconds since the epoch.
    deleted
        Whether the version was deleted.
    """

    kind: Literal["version", "dataset"]
    key: str | None = None
    version: int | None = None
    type: str | None = None
    artifact_id: str | None = None
    uri: str | None = None
    name: str | None = None
    digest: str | None = None
    run_id: str | None = None
    run_name: str | None = None
    pipeline: str | None = None
    step_name: str | None = None
    made_at: int | None = None
    deleted: bool = False


class Lineage:
    """All that a store says of who read and made what.

    A version or a dataset is a node, a number: the row of an artifact, or one beyond those for all else.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._artifacts = store.read("artifacts", _ARTIFACTS)
        edges = store.read("edges", _EDGES)
        known = as_array(self._artifacts["artifact_id"])
        nodes = pc.index_in(edges["artifact_id"], value_set=known, skip_nulls=True)
        self._others = _Others(table_rows(edges.filter(pc.is_null(nodes))), len(self._artifacts))
        self._read_at = self._find_reads(edges, nodes)
        self._makers, self._made_at = self._find_made()
        self._runs: dict[str | None, _Run] = {}

    def _find_reads(self, edges: pa.Table, nodes: Any) -> dict[str, dict[int, int]]:
        """Give for each run the nodes that it read and when it did first, in the order of time."""
        is_read = pc.equal(edges["direction"], text_array(["read"])[0])
        columns = (edges["run_id"], edges["recorded_at"].cast(pa.int64()), nodes)
        reads: dict[str, dict[int, int]] = {}
        others = iter(self._others.reads)
        for run_id, at, known in zip(*(column.filter(is_read).to_pylist() for column in columns), strict=True):
            reads.setdefault(run_id, {}).setdefault(next(others) if known is None else known, at)
        return reads

    def _find_made(self) -> tuple[list[str | None], dict[str, dict[int, int]]]:
        """Give for each node the run that made it, and for each run that read something what it made and when."""
        columns = (self._artifacts["run_id"], self._artifacts["created_at"].cast(pa.int64()))
        run_ids, times = (column.to_pylist() for column in columns)
        makers: list[Any] = run_ids + [facts["run_id"] for facts in self._others.facts]
        times += [facts["created_at"] for facts in self._others.facts]
        made_at: dict[str, dict[int, int]] = {run_id: {} for run_id in self._read_at}
        for node, (run_id, at) in enumerate(zip(makers, times, strict=True)):
            if run_id in made_at:
                made_at[run_id][node] = at
        return makers, made_at

    @cached_property
    def _readers(self) -> dict[int, list[str]]:
        """For each node that was read: the runs that did."""
        readers: dict[int, list[str]] = {}
        for run_id, read_at in self._read_at.items():
            for node in read_at:
                readers.setdefault(node, []).append(run_id)
        return readers

    def _run(self, run_id: str | None) -> _Run:
        if run_id not in self._runs:
            self._runs[run_id] = _Run(self._read_at.get(run_id or "", {}), self._made_at.get(run_id or "", {}))
        return self._runs[run_id]

    def versions_of(self, key: str) -> list[tuple[int, int, bool]]:
        """Give the versions of a key in order: number, node, and whether it was deleted."""
        nodes: Any = pc.indices_nonzero(pc.equal(self._artifacts["key"], text_array([key])[0]))
        rows = self._artifacts.select(["version", "deleted_at"]).take(nodes).to_pylist()
        numbered = zip(rows, nodes.to_pylist(), strict=True)
        return [(row["version"], node, row["deleted_at"] is not None) for row, node in numbered]

    def neighbours(self, node: int, direction: Direction) -> list[int]:
        """Give what a node was made from, or what was made from it, in the order of time."""
        if direction == "ancestors":
            return self._run(self._makers[node]).sources_of(node)
        return [other for _, _, other in sorted(chain.from_iterable(self._iter_made_from(node)), key=itemgetter(1, 2))]

    def count(self, node: int, direction: Direction) -> int:
        """Count the neighbours of a node."""
        if direction == "ancestors":
            return len(self.neighbours(node, direction))
        return sum(map(len, self._iter_made_from(node)))

    def _iter_made_from(self, node: int) -> Iterator[list[tuple[int, int, int]]]:
        return (self._run(run_id).made_from(node) for run_id in self._readers.get(node, ()))

    def describe(self, nodes: Collection[int]) -> dict[int, LineageItem]:
        """Say what people know of some nodes."""
        n_artifacts = len(self._artifacts)
        own = sorted(node for node in nodes if node < n_artifacts)
        rows = dict(zip(own, table_rows(self._artifacts.take(int_array(own))), strict=True))
        rows |= {node: self._others.facts[node - n_artifacts] for node in nodes if node >= n_artifacts}
        where = {"run_id": {row["run_id"] for row in rows.values()} - {None}}
        runs = self._store.read("runs", ("run_id", "pipeline", "name"), where).to_pylist()
        steps = self._store.read("steps", ("run_id", "step_id", "name"), where).to_pylist()
        run_by_id = {row["run_id"]: row for row in runs}
        step_names = {(row["run_id"], row["step_id"]): row["name"] for row in steps}
        return {
            node: _to_item(row, run_by_id.get(row["run_id"], {}), step_names.get((row["run_id"], row["step_id"])))
            for node, row in rows.items()
        }


def _to_item(row: Mapping[str, Any], run: Mapping[str, Any], step_name: str | None) -> LineageItem:
    """Make the item of a row of `artifacts` or `edges`."""
    run_id = row["run_id"]
    same = ("key", "version", "type", "artifact_id", "uri", "name", "digest", "run_id")
    return LineageItem(
        kind="dataset" if row.get("uri") is not None else "version",
        **{name: row.get(name) for name in same},
        run_name=run.get("name") or (run_id and readable_name(run_id)),
        pipeline=run.get("pipeline"),
        step_name=step_name,
        made_at=row.get("created_at"),
        deleted=row.get("deleted_at") is not None,
    )


class _Run:
    """What a run read and made.

    Parameters
    ----------
    read_at
        The nodes that it read and when it did first, in the order of time.
    made_at
        The nodes that it made and when it did last.
    """

    def __init__(self, read_at: Mapping[int, int], made_at: Mapping[int, int]) -> None:
        self._reads = [*read_at]
        self._places = {node: place for place, node in enumerate(self._reads)}
        times = [*read_at.values()]
        self._n_before = {  # for each node that it made: how much it had read before
            node: min(bisect_right(times, at), self._places.get(node, len(times))) for node, at in made_at.items()
        }
        self._made = sorted((self._n_before[node], at, node) for node, at in made_at.items())
        # For each number of first reads: how many of them went into one of them, which stands for those.
        self._covered = [*accumulate((self._n_before.get(node, 0) for node in self._reads), max, initial=0)]

    def sources_of(self, node: int) -> list[int]:
        """Give what it made a node from, in the order of time."""
        n_before = self._n_before.get(node, 0)
        return self._reads[self._covered[n_before] : n_before]

    def made_from(self, node: int) -> list[tuple[int, int, int]]:
        """Give what it made from a node that it read: how much it had read before, the time, the node."""
        place = self._places[node]
        most = bisect_right(self._covered, place) - 1
        first, end = (bisect_right(self._made, n, key=itemgetter(0)) for n in (place, most))
        return self._made[first:end]


class _Others:
    """What was read and written that is no artifact of the store: datasets, and artifacts known from their use alone.

    Attributes
    ----------
    facts
        What is known of each, by node.
    reads
        The nodes of the edges that are reads, in their order.
    """

    def __init__(self, edges: Sequence[Row], first_node: int) -> None:
        self.facts: list[Row] = []
        self._first_node = first_node
        self._nodes: dict[tuple[Any, ...], int] = {}
        self._written: dict[tuple[Any, ...], list[tuple[int, int]]] = {}
        self._add_writes(edges)
        self.reads = [self._find_read(edge) for edge in edges if edge["direction"] == "read"]

    def _add_writes(self, edges: Iterable[Row]) -> None:
        """Make a node of all that a run writes to one URI until it reads from there."""
        n_reads: dict[tuple[str, str], int] = {}
        for edge in edges:
            run_id, uri, digest, at = edge["run_id"], edge["uri"], edge["digest"], edge["recorded_at"]
            if edge["direction"] == "read":
                n_reads[run_id, uri] = n_reads.get((run_id, uri), 0) + 1
            elif uri is not None:
                n_before = len(self.facts)
                node = self._node((run_id, uri, digest, n_reads.get((run_id, uri), 0)), edge)
                self.facts[node - self._first_node]["created_at"] = at  # the last time
                if len(self.facts) > n_before:
                    for place in ((uri,), (uri, digest)):
                        self._written.setdefault(place, []).append((at, node))
        for writes in self._written.values():
            writes.sort()

    def _find_read(self, edge: Row) -> int:
        """Give the node of what a read is of."""
        uri, digest, at = edge["uri"], edge["digest"], edge["recorded_at"]
        for place in [(uri,)] if digest is None else [(uri, digest), (uri, None)]:
            writes = self._written.get(place, [])
            n_before = bisect_right(writes, at, key=itemgetter(0))
            if n_before:
                return writes[n_before - 1][1]
        outside = {**edge, "run_id": None, "step_id": None, "created_at": None}
        return self._node((None, uri, digest) if uri is not None else (edge["artifact_id"], edge["key"]), outside)

    def _node(self, identity: tuple[Any, ...], facts: Row) -> int:
        """Give the node of an identity; the first name that it is given stays."""
        node = self._nodes.setdefault(identity, self._first_node + len(self.facts))
        if node == self._first_node + len(self.facts):
            self.facts.append(facts)
        known = self.facts[node - self._first_node]
        known["name"] = known["name"] or facts["name"]
        return node
