"""The model: what the tables mean, read from a store as views ask for it.

What every page needs of all runs, keys and metrics is held in columns; rows of single runs are read for a block of runs
at a time and dropped again, so that a model of very many runs stays small, and is there at once.
"""

from __future__ import annotations

import itertools
import json
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup

from reportgen.arrays import as_array, int_array, numbers_of, text_array, unique_texts
from reportgen.images import ImageFacts, make_thumbnail
from reportgen.log.find import read_file
from reportgen.log.reader import Problem
from reportgen.model.files import Files
from reportgen.model.horizon import NO_HORIZON, Horizon
from reportgen.model.keys import Key
from reportgen.model.measures import ListSeries, MetricInfo, Series
from reportgen.model.objects import Artifact, MetricValue
from reportgen.model.points import Contents, Points
from reportgen.model.rows import Blocks, Row, RunRows, TextIndex, column_list
from reportgen.model.runs import RUN_COLUMNS, Pipeline, Run, RunColumns, RunList
from reportgen.options import MetricOptions, Options
from reportgen.status import RunStatus
from reportgen.store import DAY_TABLES, Store, days_of_runs, table_rows, with_plain_times
from reportgen.tables import TableFile
from reportgen.text import number_form
from reportgen.theme import NO_THEME, Theme

_STATUS_ORDER: dict[str, int] = {"failed": 0, "stalled": 1, "running": 2, "cancelled": 3, "completed": 4}
_N_RUNS = 256  # that are kept
_N_ARTIFACTS = 1000  # that are kept: the version before one is asked for by several pages

_Line = tuple[str, str]  # pipeline and deployment


class Model:
    """Everything a site is made of.

    Attributes
    ----------
    options
        Title, and what is known of metrics.
    theme
        How the site looks.
    horizon
        Before which runs the site is thinned.
    files
        Images and large tables.
    columns
        What is known of every run at once.
    newest_us
        When the newest record was made: microseconds since the epoch.
    as_of
        The moment the site speaks of.
    statuses
        How each run stood then, by position.
    runs
        All runs but the deleted ones, oldest first.
    deleted_runs
        Those of which only a tombstone is left.
    points
        Of list metrics.
    run_at
        Gives a run by its position.
    artifact_at
        Gives an artifact by its place in the table.
    drawn
        What an earlier site has drawn already: HTML of charts, by metric and number of the list metric.
    """

    def __init__(
        self,
        store: Store,
        options: Options,
        files: Files | None = None,
        *,
        theme: Theme = NO_THEME,
        source_date_us: int | None = None,
        horizon: Horizon = NO_HORIZON,
    ) -> None:
        """Open the model of a store.

        Parameters
        ----------
        store
            The tables.
        options
            Title, and goals, units and tolerances of metrics.
        files
            Where images and large tables lie.
        theme
            How the site looks.
        source_date_us
            The moment the site speaks of, if it is later than the newest record.
        horizon
            Before which runs the site is thinned.
        """
        self.options = options
        self.horizon = horizon
        self.theme = theme
        self.files = files or Files(lambda run_id: (), ())
        self._store = store
        self.columns = columns = RunColumns(store.read("runs", RUN_COLUMNS))
        self.newest_us = max(columns.last_record_at, default=0)
        self.as_of = max(source_date_us or 0, self.newest_us)
        self.statuses: list[RunStatus] = columns.judge(self.as_of)
        living = [position for position, at in enumerate(columns.deleted_at) if at is None]
        self.runs = RunList(self, living)
        self.deleted_runs = RunList(
            self, [position for position, at in enumerate(columns.deleted_at) if at is not None]
        )
        self._run_ids = text_array(columns.ids)
        self.run_at = lru_cache(_N_RUNS)(partial(Run, self))
        self._run_rows = Blocks[dict[int, Row]]()
        self.points = Points(store, columns, self._lists_of)
        self._contents = Contents(store, columns, self.days_of)
        self.drawn: Mapping[tuple[str, int], Markup] = {}
        self.artifact_at = lru_cache(_N_ARTIFACTS)(self._artifact_at)

    def load(self) -> None:
        """Read what pages of all kinds need, which is else read when it is first asked for."""
        for name in ("steps", "metrics", "lists", "artifacts", "edges", "problems"):
            self.rows(name)
        for name in ("metrics", "keys", "_neighbours", "_children", "_places_by_id", "_places_by_blob", "_readers"):
            getattr(self, name)

    def close(self) -> None:
        """Let go of all that was read; nothing can be asked afterwards."""
        vars(self).clear()

    # Tables

    @cached_property
    def _tables(self) -> dict[str, pa.Table]:
        return {}

    def table(self, name: str) -> pa.Table:
        """Give a whole table, times as microseconds; it is read once."""
        if name not in self._tables:
            self._tables[name] = with_plain_times(self._store.read(name)).combine_chunks()
        return self._tables[name]

    @cached_property
    def _days(self) -> dict[str, Sequence[str]]:
        return {}

    @cached_property
    def _positions(self) -> dict[str, Any]:
        return {}

    def positions(self, name: str) -> Any:
        """Give the positions of the runs of a table's rows; missing where the run has no row of its own."""
        if name not in self._positions:
            found: Any = pc.index_in(self.table(name)["run_id"], value_set=self._run_ids)
            self._positions[name] = as_array(found)
        return self._positions[name]

    @cached_property
    def _rows(self) -> dict[str, RunRows]:
        return {}

    def rows(self, name: str) -> RunRows:
        """Give a table by run."""
        if name not in self._rows:
            self._rows[name] = RunRows(self.table(name), self.positions(name))
        return self._rows[name]

    def run_row(self, position: int) -> Row:
        """Give the row of a run in its table."""
        return self._run_rows.of(position, self._load_run_rows)[position]

    def _load_run_rows(self, block: range) -> dict[int, Row]:
        part = self.table("runs").slice(block.start, len(block))
        return dict(enumerate(table_rows(part), block.start))

    def _lists_of(self, positions: Sequence[int]) -> list[tuple[str, str, int]]:
        """Give name, run and length of the list metrics of some runs, in the order of the table."""
        if not positions:
            return []
        places = self.rows("lists").places_of(range(positions[0], positions[-1] + 1))
        part = self.table("lists").select(["name", "run_id", "n_values"]).take(places.take(pc.sort_indices(places)))
        return list(zip(*(column_list(part, name) for name in part.column_names), strict=True))

    def count_rows(self, name: str) -> int:
        """Say how many rows a table has; of those by day, without reading them."""
        if name not in DAY_TABLES:
            return len(self.table(name))
        if name == "contents":
            return self.table("artifacts")["deleted_at"].null_count
        column: Any = self.table("lists")["n_values"] if name == "points" else self.table("runs")["n_records"]
        return pc.sum(column).as_py() or 0

    def days_of(self, name: str) -> Sequence[str]:
        """Give the days (`YYYY-MM-DD`, UTC) that a table has parts of."""
        if name not in self._days:
            starts = int_array(self.columns.started_at)
            if name != "records":
                starts = starts.take(pc.unique(self._positions_with(name)))
            self._days[name] = days_of_runs(pa.table({"started_at": starts}))
        return self._days[name]

    def _positions_with(self, name: str) -> Any:
        """Give the positions of the runs that have rows in a table by day, some of them several times."""
        if name == "points":
            return self.positions("lists").filter(self.table("lists")["n_values"].cast(pa.bool_())).drop_null()
        return self.positions("artifacts").filter(pc.is_null(self.table("artifacts")["deleted_at"])).drop_null()

    # Runs

    @property
    def n_missing(self) -> int:
        """How many records of all runs did not arrive."""
        return sum(self.columns.n_missing[position] for position in self.runs.positions)

    def find_run(self, run_id: str | None) -> Run | None:
        """Give a run, deleted or not; `None` when there is none of this id."""
        position = self.columns.position_of.get(run_id) if run_id else None
        return None if position is None else self.run_at(position)

    def run_of(self, artifact: Artifact) -> Run:
        """Give the run that recorded an artifact."""
        return self.run_at(self.columns.position_of[artifact.run_id])

    @cached_property
    def pipelines(self) -> Mapping[str, Pipeline]:
        """By name, sorted; those that have a living run."""
        groups: dict[str, list[int]] = {}
        for position in self.runs.positions:
            groups.setdefault(self.columns.pipeline[position], []).append(position)
        return {name: Pipeline(name, RunList(self, groups[name])) for name in sorted(groups)}

    def worst_first(self) -> list[Pipeline]:
        """Pipelines: failed, stalled, running, cancelled, completed by their newest run; then by name."""
        return sorted(
            self.pipelines.values(), key=lambda pipeline: (_STATUS_ORDER[pipeline.newest.status], pipeline.name)
        )

    @cached_property
    def _neighbours(self) -> tuple[list[int | None], list[int | None]]:
        """By position: the runs before and after, of the same pipeline and deployment."""
        before: list[int | None] = [None] * len(self.columns.ids)
        after: list[int | None] = [None] * len(self.columns.ids)
        newest: dict[tuple[str, str], int] = {}
        for position in self.runs.positions:
            line = self.columns.pipeline[position], self.columns.deployment[position]
            previous = newest.get(line)
            if previous is not None:
                before[position], after[previous] = previous, position
            newest[line] = position
        return before, after

    def run_before(self, run: Run) -> Run | None:
        """The run before it of the same pipeline and deployment."""
        position = self._neighbours[0][run.position]
        return None if position is None else self.run_at(position)

    def run_after(self, run: Run) -> Run | None:
        """The run after it of the same pipeline and deployment."""
        position = self._neighbours[1][run.position]
        return None if position is None else self.run_at(position)

    @cached_property
    def _children(self) -> dict[str, list[int]]:
        groups: dict[str, list[int]] = {}
        for position in self.runs.positions:
            parent = self.columns.parent_id[position]
            if parent is not None:
                groups.setdefault(parent, []).append(position)
        return groups

    def children(self, run: Run) -> RunList:
        """The runs that it started."""
        return RunList(self, self._children.get(run.id, []))

    def step_names(self, position: int) -> dict[str, str]:
        """Give the names of the steps of a run by their ids."""
        steps = self.table("steps")
        ids, names = steps["step_id"], steps["name"]
        places = self.rows("steps").places_of(range(position, position + 1)).to_pylist()
        return {ids[place].as_py(): names[place].as_py() for place in places}

    # Artifacts

    @cached_property
    def keys(self) -> Mapping[str, Key]:
        """By name, sorted."""
        column: Any = self.table("artifacts")["key"]
        counts: list[Any] = pc.value_counts(column.drop_null()).to_pylist()
        keys: dict[str, Key] = {}
        start = 0
        for count in counts:
            keys[count["values"]] = Key(self, count["values"], range(start, start + count["counts"]))
            start += count["counts"]
        return keys

    @cached_property
    def deleted_places(self) -> set[int]:
        """The places of deleted artifacts in their table."""
        mask: Any = pc.is_valid(self.table("artifacts")["deleted_at"])
        return {*pc.indices_nonzero(mask).to_pylist()}

    @property
    def n_artifacts(self) -> int:
        return len(self.table("artifacts"))

    @property
    def n_keyless(self) -> int:
        """How many artifacts have no key."""
        return self.table("artifacts")["key"].null_count

    @property
    def n_versions(self) -> int:
        return self.n_artifacts - self.n_keyless

    def artifacts_at(self, places: Sequence[int]) -> list[Artifact]:
        """Give artifacts by their places in the table."""
        rows = table_rows(self.table("artifacts").take(int_array(places)))
        return [self.make_artifact(place, row) for place, row in zip(places, rows, strict=True)]

    @cached_property
    def _artifact_columns(self) -> dict[str, Any]:
        table = self.table("artifacts")
        return dict(zip(table.column_names, table.columns, strict=True))

    def _artifact_at(self, place: int) -> Artifact:
        return self.make_artifact(
            place, {name: column[place].as_py() for name, column in self._artifact_columns.items()}
        )

    def newest_artifacts(self) -> list[Artifact]:
        """Give the newest version of every key, by key."""
        return self.artifacts_at([key.newest_place for key in self.keys.values()])

    def version_before(self, artifact: Artifact) -> Artifact | None:
        """The version before of the same key, deleted or not."""
        return None if artifact.version < 2 else self.artifact_at(artifact.place - 1)

    def living_version_before(self, artifact: Artifact) -> Artifact | None:
        """The newest version before of the same key that is not deleted."""
        if artifact.key is None:
            return None
        earlier = range(artifact.place - 1, self.keys[artifact.key].versions.places.start - 1, -1)
        place = next((place for place in earlier if place not in self.deleted_places), None)
        return None if place is None else self.artifact_at(place)

    def version_after(self, artifact: Artifact) -> Artifact | None:
        """The version after of the same key, deleted or not."""
        if artifact.key is None or artifact.place + 1 >= self.keys[artifact.key].versions.places.stop:
            return None
        return self.artifact_at(artifact.place + 1)

    @cached_property
    def _places_by_id(self) -> TextIndex:
        return TextIndex(self.table("artifacts")["artifact_id"], int_array(range(self.n_artifacts)))

    def find_artifact(self, artifact_id: str | None) -> Artifact | None:
        """Give an artifact; `None` when there is none of this id."""
        places = self._places_by_id.find(artifact_id) if artifact_id else ()
        return self.artifact_at(places[-1]) if places else None

    @cached_property
    def _readers(self) -> TextIndex:
        """The positions of the runs that read an artifact, by its id."""
        edges = self.table("edges")
        is_read = pc.equal(edges["direction"], text_array(["read"])[0])
        return TextIndex(edges["artifact_id"].filter(is_read), self.positions("edges").filter(is_read))

    def users(self, artifact: Artifact) -> RunList:
        """The runs that read an artifact, once for each time."""
        return RunList(self, self._readers.find(artifact.id))

    def make_artifact(self, place: int, row: Row) -> Artifact:
        """Make an artifact of its row in the table."""
        return Artifact(
            place=place,
            id=row["artifact_id"],
            type=row["type"],
            key=row["key"],
            version=row["version"] or 0,
            run_id=row["run_id"],
            step_id=row["step_id"],
            created_at=row["created_at"],
            updated_at=row["updated_at"],
            n_updates=row["n_updates"],
            description=row["description"] or "",
            deleted_at=row["deleted_at"],
            deleted_reason=row["deleted_reason"] or "",
            content_digest=row["content_digest"],
            size=(row["n_rows"] or 0, row["n_columns"] or 0),
            percent=row["percent"],
            blob=row["blob"] or "",
            metadata=json.loads(row["metadata_json"]),
            has_files=self.has_artifact(place, row["run_id"], self.horizon.files),
            has_page=self.has_artifact(place, row["run_id"], self.horizon.artifacts),
            fetch_content=self._contents.fetch,
            fetch_table_file=self._fetch_table_file,
        )

    def _fetch_table_file(self, artifact: Artifact) -> TableFile | None:
        return self.files.table(artifact.blob, artifact.run_id) if artifact.type == "table" and artifact.blob else None

    def image_of(self, artifact: Artifact) -> ImageFacts:
        """Say what is known of the file of an image."""
        return self.files.image(artifact.blob, artifact.run_id)

    @cached_property
    def _places_by_blob(self) -> TextIndex:
        return TextIndex(self.table("artifacts")["blob"], int_array(range(self.n_artifacts)))

    def artifacts_of_blob(self, name: str) -> list[tuple[str, str]]:
        """Give type and run of the artifacts with a page that a file is of which is kept by content."""
        kinds, run_ids = (self.table("artifacts")[column] for column in ("type", "run_id"))
        found = ((place, kinds[place].as_py(), run_ids[place].as_py()) for place in self._places_by_blob.find(name))
        return [
            (kind, run_id) for place, kind, run_id in found if self.has_artifact(place, run_id, self.horizon.artifacts)
        ]

    def blobs(self) -> Iterator[str]:
        """Give the names of the files that are kept by content and that an artifact with a page is of."""
        names: list[Any] = self.table("artifacts")["blob"].drop_null().unique().to_pylist()
        return filter(self.artifacts_of_blob, names) if self.horizon.artifacts else iter(names)

    def content_lengths(self) -> dict[tuple[str, str], int]:
        """Give the bytes of the content of each artifact, by run and artifact; all contents are read for that."""
        names = ["run_id", "artifact_id", "data_json"]
        lengths: dict[tuple[str, str], int] = {}
        for day in self.days_of("contents"):
            part = self._store.read_day("contents", day, names)
            sizes: Any = pc.binary_length(part["data_json"])
            found: Any = zip(column_list(part, "run_id"), column_list(part, "artifact_id"), strict=True)
            lengths.update(zip(found, sizes.to_pylist(), strict=True))
        return lengths

    # What a site that is thinned does not have

    @cached_property
    def spared_runs(self) -> frozenset[int]:
        """The positions of the runs that are never thinned: the tagged ones, and the newest of each pipeline."""
        tags = column_list(self.table("runs"), "tags")
        newest = {self.columns.pipeline[position]: position for position in self.runs.positions}
        return frozenset([*newest.values(), *(position for position, some in enumerate(tags) if some)])

    @cached_property
    def spared_artifacts(self) -> frozenset[int]:
        """The places of the artifacts that are never thinned: the newest version of each key."""
        return frozenset(key.newest_place for key in self.keys.values())

    def thinned(self, horizon: Horizon) -> Model:
        """Give the same model before whose horizon the site is thinned."""
        if horizon == self.horizon:
            return self
        model = Model(
            self._store, self.options, self.files, theme=self.theme, source_date_us=self.as_of, horizon=horizon
        )
        model._tables.update(self._tables)
        model.drawn = self.drawn
        return model

    def is_thinned(self, position: int, horizon: int) -> bool:
        """Whether a run lies before one of the horizons and is not spared."""
        return position < horizon and position not in self.spared_runs

    def has_artifact(self, place: int, run_id: str, horizon: int) -> bool:
        """Whether an artifact of a run is not thinned by one of the horizons."""
        if not horizon or not self.is_thinned(self.columns.position_of[run_id], horizon):
            return True
        return place in self.spared_artifacts

    def make_thumbnail(self, name: str) -> bytes | None:
        """Make the small picture of an image that is kept by content; `None` when it has none."""
        found = (self.files.image(name, run_id) for kind, run_id in self.artifacts_of_blob(name) if kind == "image")
        facts = next((facts for facts in found if facts.path is not None), None)
        return None if facts is None else make_thumbnail(facts)

    def read_blob(self, name: str) -> bytes | None:
        """Read a file that is kept by content; `None` when there is none that a site may carry."""
        for kind, run_id in self.artifacts_of_blob(name):
            facts = self.files.image(name, run_id) if kind == "image" else self.files.table(name, run_id)
            if facts.path is not None:
                return read_file(facts.path)
        return None

    # Metrics

    @cached_property
    def metrics(self) -> Mapping[str, MetricInfo]:
        """By name, sorted."""
        values = self._by_name_and_line("metrics", "value")
        lasts = self._by_name_and_line("lists", "last")
        metrics = {}
        for name in sorted({*values, *lasts}):
            series = [Series(*line, *columns) for line, columns in sorted(values.get(name, {}).items())]
            lists = [ListSeries(*line, *columns) for line, columns in sorted(lasts.get(name, {}).items())]
            known = self.options.metrics.get(name, MetricOptions())
            numbers = _join([one.values for one in series] or [one.lasts for one in lists])
            metrics[name] = MetricInfo(name, known, number_form(numbers, known.unit), series, lists)
        return metrics

    def _by_name_and_line(self, table: str, column: str) -> dict[str, dict[_Line, tuple[Sequence[int], Sequence[Any]]]]:
        """Give positions and numbers by name, then by pipeline and deployment, in the order runs began."""
        lines = [*zip(self.columns.pipeline, self.columns.deployment, strict=True)]
        rows, positions = self.table(table), self.positions(table)
        names = unique_texts(rows["name"])
        known = [*dict.fromkeys(lines)]
        number_of = {line: number for number, line in enumerate(known)}
        line = int_array(number_of[one] for one in lines).take(positions)
        group = pc.add(pc.multiply(pc.index_in(rows["name"], value_set=names), int_array([len(known)])[0]), line)
        place = pc.add(pc.multiply(group, int_array([len(lines)])[0]), positions)
        sorted_rows = pa.table({"group": group, "position": positions, "number": rows[column]})
        sorted_rows = sorted_rows.take(pc.sort_indices(place))
        found: dict[str, dict[_Line, tuple[Sequence[int], Sequence[Any]]]] = {name: {} for name in names.to_pylist()}
        at = numbers_of(sorted_rows["position"].cast(pa.int64()))
        column_of_numbers = sorted_rows["number"]
        numbers = column_list(sorted_rows, "number") if column_of_numbers.null_count else numbers_of(column_of_numbers)
        start = 0
        for one, n in zip(*_count_groups(sorted_rows["group"]), strict=True):
            name, line_number = divmod(one, len(known))
            found[names[name].as_py()][known[line_number]] = at[start : start + n], numbers[start : start + n]
            start += n
        return found

    def _series_of(self, value: MetricValue) -> tuple[Series, int]:
        position = self.columns.position_of[value.run_id]
        line = self.columns.pipeline[position], self.columns.deployment[position]
        return self.metrics[value.name].series_of(*line), position

    def value_before(self, value: MetricValue) -> float | None:
        """The metric's value in the last earlier run of the same pipeline and deployment that has one."""
        series, position = self._series_of(value)
        before = series.values_before(position, 1)
        return before[0] if before else None

    def history(self, value: MetricValue, n: int) -> Sequence[float]:
        """The metric's last `n` values up to this one, of the same pipeline and deployment, oldest first."""
        series, position = self._series_of(value)
        return [*series.values_before(position, n - 1), value.value]

    # Problems

    @property
    def n_problems(self) -> int:
        """How many lines could not be used; of runs without a single good record too."""
        return len(self._problems)

    @cached_property
    def _problems(self) -> pa.Table:
        table = self.table("problems")
        return table.filter(pc.invert(pc.is_in(table["origin"], value_set=text_array(["masked"]))))

    @cached_property
    def masked(self) -> dict[str, int]:
        """How many texts were masked, by rule, the rules by name."""
        table = self.table("problems")
        counts: dict[str, int] = {}
        for row in table_rows(table.filter(pc.is_in(table["origin"], value_set=text_array(["masked"])))):
            if not row["file"].startswith("blobs/"):  # which counts them again, by file
                counts[row["reason"]] = counts.get(row["reason"], 0) + row["line"]
        return dict(sorted(counts.items()))

    def first_problems(self, n: int) -> list[Problem]:
        """Give the first problems."""
        rows = table_rows(self._problems.select(Problem._fields).slice(0, n))
        return [Problem(**row) for row in rows]


def _join(columns: Iterable[Sequence[Any]]) -> Sequence[Any]:
    """Put the numbers of several columns together, in an array if they are in arrays."""
    together = itertools.chain.from_iterable(columns)
    return array("d", together) if all(isinstance(column, array) for column in columns) else [*together]


def _count_groups(column: Any) -> tuple[list[int], list[int]]:
    """Give the values of a sorted column, and how often each is there."""
    counts = pc.value_counts(column)
    return counts.field("values").to_pylist(), counts.field("counts").to_pylist()
