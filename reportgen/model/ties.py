"""What steps read and made in all runs together: one tie for each step of a pipeline and each key or dataset.

Found in the columns of the tables, so that very many runs take little more time than few.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from reportgen.arrays import as_array, int_array, make_array, text_array

if TYPE_CHECKING:
    from reportgen.model.model import Model


class Tie(NamedTuple):
    """That a step read something, or made it.

    Attributes
    ----------
    pipeline, step
        Which step; an empty name is the run itself.
    is_dataset
        Whether it is a dataset, not a key.
    item
        The key, or the dataset's URI.
    made
        Whether the step made or wrote it.
    name
        The short name of a dataset; of several the first by the alphabet that is not empty.
    """

    pipeline: str
    step: str
    is_dataset: bool
    item: str
    made: bool
    name: str = ""


class StepSpan(NamedTuple):
    """When the attempts of a step of a run began and ended, and whether the last one failed."""

    started_at: int
    ended_at: int
    failed: bool


def find_ties(model: Model, positions: Collection[int] | None = None) -> list[Tie]:
    """Find the ties of some runs, by default of all but the deleted ones; sorted."""
    finder = _Finder(model, model.runs.positions if positions is None else positions)
    found: dict[Tie, set[str]] = {}
    for *facts, name in [*finder.made(), *finder.recorded()]:
        found.setdefault(Tie(*facts), set()).add(name or "")
    return [tie._replace(name=min(found[tie] - {""}, default="")) for tie in sorted(found)]


def find_spans(model: Model, positions: Collection[int]) -> dict[tuple[str, str], StepSpan]:
    """Find when the steps of some runs ran, by pipeline and name: of at most one run of each pipeline."""
    chosen = pc.is_in(model.positions("steps"), value_set=int_array(sorted(positions)).cast(pa.int32()))
    steps = model.table("steps").select(["name", "status", "started_at", "ended_at"]).filter(chosen)
    found: dict[tuple[str, str], StepSpan] = {}
    for row, position in zip(steps.to_pylist(), model.positions("steps").filter(chosen).to_pylist(), strict=True):
        place = model.columns.pipeline[position], row["name"]
        ended_at = row["ended_at"] or model.columns.last_record_at[position]
        before = found.get(place, StepSpan(row["started_at"], ended_at, failed=False))
        failed = row["status"] == "failed"
        found[place] = StepSpan(min(before.started_at, row["started_at"]), max(before.ended_at, ended_at), failed)
    return found


class _Finder:
    def __init__(self, model: Model, positions: Collection[int]) -> None:
        self._model = model
        chosen = {*positions}
        pipelines = [name if place in chosen else None for place, name in enumerate(model.columns.pipeline)]
        self._pipelines: Any = make_array(pipelines, pa.string()).dictionary_encode()
        steps = model.table("steps")
        self._step_ids: Any = pc.unique(steps["step_id"])
        self._step_places = self._places_of("steps")
        self._step_names: Any = as_array(steps["name"]).dictionary_encode()

    def made(self) -> list[tuple[Any, ...]]:
        """Give what the artifacts of the runs say, each once."""
        rows = self._unique("artifacts", {"item": self._model.table("artifacts")["key"]})
        return [(pipeline, step, False, key, True, "") for pipeline, step, key in rows]

    def recorded(self) -> list[tuple[Any, ...]]:
        """Give what the edges of the runs say, each once."""
        edges, artifacts = self._model.table("edges"), self._model.table("artifacts")
        named: Any = pc.is_in(artifacts["artifact_id"], value_set=pc.unique(edges["artifact_id"]), skip_nulls=True)
        known = artifacts.select(["artifact_id", "key"]).filter(named).combine_chunks()
        place: Any = pc.index_in(edges["artifact_id"], value_set=known["artifact_id"], skip_nulls=True)
        key: Any = pc.if_else(pc.is_valid(place), known["key"].take(place), edges["key"])
        is_dataset = pc.and_(pc.is_null(edges["artifact_id"]), pc.is_null(edges["key"]))
        columns = {
            "is_dataset": is_dataset,
            "item": pc.if_else(is_dataset, edges["uri"], key),
            "made": pc.equal(edges["direction"], text_array(["write"])[0]),
            "name": pc.if_else(is_dataset, edges["name"], make_array([None], pa.string())[0]),
        }
        return self._unique("edges", columns)

    def _unique(self, table: str, columns: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Give pipeline, step and these columns of the rows of the runs that have an item."""
        steps: Any = pc.index_in(self._places_of(table), value_set=self._step_places, skip_nulls=True)
        pipelines = self._pipelines.take(self._model.positions(table))
        unique = _unique_rows(pa.table({"pipeline": pipelines, "step": self._step_names.take(steps), **columns}))
        unique = unique.filter(pc.and_(pc.is_valid(unique["pipeline"]), pc.is_valid(unique["item"])))
        return [
            (pipeline, step or "", *rest)
            for pipeline, step, *rest in zip(*(column.to_pylist() for column in unique.columns), strict=True)
        ]

    def _places_of(self, table: str) -> Any:
        """Number the steps of a table's rows by their run and their id, which may be the same in several runs."""
        steps: Any = pc.index_in(self._model.table(table)["step_id"], value_set=self._step_ids, skip_nulls=True)
        runs = pc.multiply(self._model.positions(table).cast(pa.int64()), int_array([len(self._step_ids)])[0])
        found: Any = pc.add(runs, steps)
        return as_array(found)


def _unique_rows(table: pa.Table) -> pa.Table:
    """Give each row once. The table's own way to group rows loads more than all else that an update needs."""
    codes: Any = int_array([0] * len(table))
    for column in table.columns:
        mine = as_array(column)
        if not pa.types.is_dictionary(mine.type):
            mine = mine.dictionary_encode()
        n = len(mine.dictionary)
        missing, n_codes = int_array([n, n + 1])
        numbers = mine.indices.cast(pa.int64()).fill_null(missing)
        pairs = pc.add(pc.multiply(codes, n_codes), numbers)
        codes = pairs.dictionary_encode().indices.cast(pa.int64())  # small again, so that nothing overflows
    return table.take(pc.index_in(pc.unique(codes), value_set=codes))
