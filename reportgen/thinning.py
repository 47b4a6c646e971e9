"""Thins a site that would be over the limits of the options: what it leaves out, oldest first, and in which order.

1. downloads, further pages of rows, and pictures of differences
2. pages of artifacts with their images and files; then only their rows in lists and the previews on pages of runs stay
3. pages of runs

Each goes for all runs that may be thinned before the next one begins. Tagged runs, the newest run of each pipeline and
the newest version of each key are spared, and the tables keep everything. What is thinned follows from the tables, the
sizes of the files and the limits alone. It goes in steps of about a tenth of the history, so that most updates leave
the old part of a site as it is.

Files are counted as the most that there may be. Bytes are estimated for pages and known for tables, images and files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

from reportgen.model import NO_HORIZON, Horizon, Model
from reportgen.model.rows import column_list
from reportgen.publish import Manifest
from reportgen.store import DAY_TABLES, TABLES
from reportgen.units import Unit, addresses, iter_shared_units
from reportgen.views.curves import MAX_CSV_POINTS
from reportgen.views.tables import MAX_DOWNLOAD_BYTES, MAX_PAGES, MAX_ROWS

_STEPS = 8  # that a history is thinned in, at least; at most twice as many
_OTHER_FILES = 1  # the manifest

# Bytes, about; a little more than is usual
_PAGE = 8_000
_RUN_PAGE = 12_000
_CARD = 1_800  # of an artifact on the page of its run
_METRIC_ROW = 1_100
_CURVE = 9_000
_POINT = 32
_POINT_TABLE = 6_000
_CELL = 34  # of a table as HTML
_CELL_FILE = 17  # as CSV or JSON
_MOST_ROWS_BYTES = 400_000  # of a page of rows
_DIFFERENCE = 12_000
_THUMBNAIL = 18_000
_VALUE = 850  # on the page of a metric, which has so many at most
_MOST_VALUES = 120
_VALUE_FILE = 100  # as CSV
_PIPELINE_RUN = 3_300  # on the page of a pipeline
_MOST_PIPELINE_RUNS = 25
_KEY_PAGE = 10_000
_SINGLE_PAGE = 28_000
_RUN_SHARED = 1_600  # of a run in lists, and in what is searched and compared
_CURVE_SHARED = 700
_ARTIFACT_SHARED = 800
_FILE_LISTED = 150  # in the manifest


def horizon_of(manifest: Manifest) -> Horizon:
    """Give the horizon of a site that was built."""
    said = manifest.facts.get("thinned")
    if not isinstance(said, dict):
        return NO_HORIZON
    return Horizon(*(said[f"{name}_before"] for name in Horizon._fields))


def describe_thinned(model: Model) -> dict[str, int]:
    """Say how a site is thinned: its horizon as `files_before`, `artifacts_before`, `runs_before`, and how much.

    Returns
    -------
    dict
        Also `n_files` and `n_artifacts`, the artifacts without downloads and without a page, and `n_runs`, the runs
        without a page.
    """
    horizon = model.horizon
    run_ids = column_list(model.table("artifacts"), "run_id")
    n_files, n_artifacts = (
        sum(not model.has_artifact(place, run_id, before) for place, run_id in enumerate(run_ids)) if before else 0
        for before in (horizon.files, horizon.artifacts)
    )
    n_runs = sum(model.is_thinned(position, horizon.runs) for position in range(horizon.runs))
    befores = {f"{name}_before": before for name, before in zip(Horizon._fields, horizon, strict=True)}
    return {**befores, "n_files": n_files, "n_artifacts": n_artifacts, "n_runs": n_runs}


def choose_horizon(model: Model, max_files: int | None, max_bytes: int | None, n_static: int, n_bytes: int) -> Horizon:
    """Choose how far a site has to be thinned to be within limits; all of the way when that is not enough.

    Parameters
    ----------
    model
        Of the site, not thinned.
    max_files, max_bytes
        The limits; `None` for none.
    n_static
        How many files all pages share.
    n_bytes
        The size of these and of the files of the tables.
    """
    plan = _Plan(model, n_static, n_bytes, with_bytes=max_bytes is not None)
    horizon = NO_HORIZON
    for horizon in _iter_horizons(len(model.columns.ids)):
        n_files, n_bytes = plan.estimate(horizon)
        if (max_files is None or n_files <= max_files) and (max_bytes is None or n_bytes <= max_bytes):
            break
    return horizon


def _iter_horizons(n_runs: int) -> Iterator[Horizon]:
    """Give the horizons that there are, from the one that thins nothing to the one that thins everything."""
    step = 1 << max((n_runs // _STEPS).bit_length() - 1, 0)
    places = [*range(step, n_runs, step), n_runs] if n_runs else []
    yield NO_HORIZON
    yield from (Horizon(place) for place in places)
    yield from (Horizon(n_runs, place) for place in places)
    yield from (Horizon(n_runs, n_runs, place) for place in places)


class _Plan:
    """What a site has, by run and by what thinning takes away."""

    def __init__(self, model: Model, n_static: int, n_bytes: int, *, with_bytes: bool) -> None:
        self._model = model
        self._with_bytes = with_bytes
        n_runs = len(model.columns.ids)
        self._files = [[0] * n_runs for _ in Horizon._fields]
        self._bytes = [[0] * n_runs for _ in Horizon._fields]
        self._blobs: dict[str, tuple[int, int, int]] = {}  # by name: the last position that needs it, files, bytes
        self._n_files = _OTHER_FILES + n_static + _count_tables(model)
        self._n_bytes = n_bytes
        self._add_shared()
        self._add_runs()
        self._add_artifacts()
        blobs = [[0] * (n_runs + 1), [0] * (n_runs + 1)]
        for last, some_files, some_bytes in self._blobs.values():
            blobs[0][last] += some_files
            blobs[1][last] += some_bytes
        self._saved_files = [[0, *accumulate(column)] for column in self._files]
        self._saved_bytes = [[0, *accumulate(column)] for column in self._bytes]
        self._saved_blobs = [[0, *accumulate(column)] for column in blobs]
        self._n_files += sum(map(sum, self._files)) + sum(blobs[0])
        self._n_bytes += sum(map(sum, self._bytes)) + sum(blobs[1])

    def estimate(self, horizon: Horizon) -> tuple[int, int]:
        """Give the files that there are at most, and bytes, about."""
        n_files = self._n_files - self._saved_blobs[0][horizon.artifacts]
        n_bytes = self._n_bytes - self._saved_blobs[1][horizon.artifacts]
        n_files -= sum(saved[before] for saved, before in zip(self._saved_files, horizon, strict=True))
        n_bytes -= sum(saved[before] for saved, before in zip(self._saved_bytes, horizon, strict=True))
        return n_files, n_bytes + n_files * _FILE_LISTED

    def _add(self, level: int, position: int, n_files: int, n_bytes: int, *, spared: bool) -> None:
        """Add what a level of thinning takes away of a run, or what none does."""
        if spared:
            self._n_files += n_files
            self._n_bytes += n_bytes
        else:
            self._files[level][position] += n_files
            self._bytes[level][position] += n_bytes

    def _add_shared(self) -> None:
        for unit in iter_shared_units(self._model):
            self._n_files += len(addresses(self._model, unit))
            self._n_bytes += self._estimate_shared(unit)

    def _estimate_shared(self, unit: Unit) -> int:
        if unit.kind == "metric":
            info = self._model.metrics[unit.name]
            n = sum(len(one.positions) for one in info.series) + sum(len(one.positions) for one in info.lists)
            return _PAGE + min(n, _MOST_VALUES) * _VALUE + n * _VALUE_FILE
        if unit.kind == "pipeline":
            return _PAGE + min(len(self._model.pipelines[unit.name].runs), _MOST_PIPELINE_RUNS) * _PIPELINE_RUN
        return _KEY_PAGE if unit.kind in ("key", "key_versions", "keys_page") else _SINGLE_PAGE if not unit.name else 0

    def _add_runs(self) -> None:
        model = self._model
        n_metrics, n_lists, n_points = (_count_of_runs(model, *of) for of in _OF_RUNS)
        for position in range(len(model.columns.ids)):
            spared = position in model.spared_runs
            lists, points = n_lists[position], n_points[position]
            self._n_bytes += _RUN_SHARED + lists * _CURVE_SHARED
            page = _RUN_PAGE + n_metrics[position] * _METRIC_ROW + lists * _CURVE + (_POINT_TABLE if lists else 0)
            self._add(2, position, 1, page, spared=spared)
            if lists and points <= MAX_CSV_POINTS:
                self._add(0 if points else 2, position, 1, points * _POINT, spared=spared)

    def _add_artifacts(self) -> None:
        model = self._model
        lengths = model.content_lengths() if self._with_bytes else {}
        names = ("run_id", "artifact_id", "type", "version", "n_rows", "n_columns", "blob", "deleted_at")
        table = model.table("artifacts")
        for place, row in enumerate(zip(*(column_list(table, name) for name in names), strict=True)):
            run_id, artifact_id, kind, version, n_rows, n_columns, blob, deleted_at = row
            position = model.columns.position_of[run_id]
            spared_run = position in model.spared_runs
            spared = spared_run or place in model.spared_artifacts
            self._add(2, position, 0, _CARD, spared=spared_run)
            self._n_bytes += _ARTIFACT_SHARED
            length = lengths.get((run_id, artifact_id), 0)
            self._add(1, position, 1, _PAGE + 2 * min(length, _MOST_ROWS_BYTES), spared=spared)
            if deleted_at is not None:
                continue
            if kind == "markdown":
                self._add(0, position, 1, length, spared=spared)
            elif kind == "table":
                n_pages = min(-(-(n_rows or 0) // MAX_ROWS), MAX_PAGES)
                n_cells = (n_rows or 0) * (n_columns or 0)
                n_first = min(n_rows or 0, MAX_ROWS) * (n_columns or 0)
                n_rest = min(n_rows or 0, MAX_PAGES * MAX_ROWS) * (n_columns or 0) - n_first
                files_bytes = (
                    2 * min(n_cells * _CELL_FILE, MAX_DOWNLOAD_BYTES) + max(n_pages - 1, 0) * _PAGE + n_rest * _CELL
                )
                self._add(0, position, 2 + max(n_pages - 1, 0), files_bytes, spared=spared)
                self._add(1, position, 0, n_first * _CELL, spared=spared)
            elif kind == "image" and (version or 0) > 1:
                self._add(0, position, 1, _DIFFERENCE, spared=spared)
            if blob:
                self._add_blob(blob, kind, run_id, len(model.columns.ids) if spared else position)

    def _add_blob(self, name: str, kind: str, run_id: str, last: int) -> None:
        before, n_files, n_bytes = self._blobs.get(name, (0, 0, 0))
        if not n_files:
            n_files = 2
            size = self._model.files.size(name, run_id) if self._with_bytes else 0
            n_bytes = size + (min(size, _THUMBNAIL) if kind == "image" else 0)
        self._blobs[name] = max(before, last), n_files, n_bytes


_OF_RUNS: Sequence[tuple[str, str | None]] = (("metrics", None), ("lists", None), ("lists", "n_values"))


def _count_tables(model: Model) -> int:
    return len(TABLES) - len(DAY_TABLES) + sum(len(model.days_of(name)) for name in DAY_TABLES)


def _count_of_runs(model: Model, name: str, column: str | None) -> list[int]:
    """Count the rows of a table by position of the run, or sum a column of them."""
    counts = [0] * len(model.columns.ids)
    table = model.table(name)
    amounts = column_list(table, column) if column else [1] * len(table)
    for position, amount in zip(model.positions(name).to_pylist(), amounts, strict=True):
        if position is not None:
            counts[position] += amount
    return counts
