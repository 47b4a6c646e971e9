"""What of a site has to be made again when some runs changed: the one place that knows on what each page depends.

A page is a function of the model. Which of its inputs each page looks at is written down here, next to each other. A
page that is named needlessly costs its making; one that is forgotten is a bug that `tests/test_incremental.py` looks
for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import msgspec
import pyarrow.compute as pc

from reportgen.arrays import text_array
from reportgen.memory import give_back
from reportgen.model import Artifact, ListSeries, MetricInfo, Model, Run
from reportgen.model.rows import column_list
from reportgen.store import table_rows
from reportgen.units import SINGLE_UNITS, Unit, addresses, iter_units_of
from reportgen.views import keys, versions
from reportgen.views.compare import compare_spans
from reportgen.views.overlay import describe_list_chart, drawn_runs
from reportgen.views.parts import HISTORY
from reportgen.views.runs import PAGE_SIZE, count_full_pages
from reportgen.views.search import search_spans

Version = tuple[Any, ...]

_VERSION_FACTS = ["run_id", "artifact_id", "type", "description", "content_digest", "deleted_at", "deleted_reason"]
_DELETED = _VERSION_FACTS.index("deleted_at")


class Changes(msgspec.Struct):
    """What has to be done to a site.

    Attributes
    ----------
    units
        What is to be made again.
    run_ids
        The runs whose rows in the tables may have changed.
    gone
        Addresses that may be left of what is not there any more.
    kept_charts
        By metric whose page is made again: the numbers of its list metrics whose charts stay as they are.
    """

    units: set[Unit] = msgspec.field(default_factory=set)
    run_ids: set[str] = msgspec.field(default_factory=set)
    gone: set[str] = msgspec.field(default_factory=set)
    kept_charts: dict[str, set[int]] = msgspec.field(default_factory=dict)


def find_changes(old: Model, new: Model, run_ids: Collection[str]) -> Changes:
    """Find what depends on runs that were added, changed or removed.

    Parameters
    ----------
    old, new
        The models before and after.
    run_ids
        The runs whose logs changed.
    """
    search = _Search(old, new, {*run_ids})
    return search.find()


class _Search:
    def __init__(self, old: Model, new: Model, run_ids: set[str]) -> None:
        self._old = old
        self._new = new
        self._changed = run_ids
        self._pages: set[str] = set()  # of runs: what their own pages show changed
        self._keys: set[str] = set()
        self._renumbered: set[str] = set()  # runs of versions that changed
        self._units: set[Unit] = {*SINGLE_UNITS}

    def find(self) -> Changes:
        self._add_deleters()
        self._add_statuses()
        self._add_deleted_runs()
        self._add_thinned()
        for model in (self._old, self._new):
            for run in self._changed_runs(model):
                self._add_run(model, run)
            self._add_lines(model)
            give_back()  # what sorting the metrics took
        self._add_forms()
        self._add_versions()
        self._add_listings()
        gone = {
            address
            for model in (self._old, self._new)
            for run in self._changed_runs(model)
            for unit in iter_units_of(run)
            for address in addresses(model, unit)
        }
        return self._result(gone)

    def _changed_runs(self, model: Model) -> Iterator[Run]:
        for run_id in sorted(self._changed):
            run = model.find_run(run_id)
            if run is not None:
                yield run

    # Which runs changed

    def _add_deleters(self) -> None:
        """Add the runs of which a changed run deletes something, or did."""
        for model in (self._old, self._new):
            deletes, artifacts = model.table("deletes"), model.table("artifacts")
            mine = deletes.filter(pc.is_in(deletes["run_id"], value_set=text_array(self._changed)))
            targets = text_array(filter(None, column_list(mine, "artifact_id")))
            hit = artifacts.filter(pc.is_in(artifacts["artifact_id"], value_set=targets))
            self._changed |= {*column_list(hit, "run_id")}

    def _add_statuses(self) -> None:
        """Add the runs that stand otherwise because time went on."""
        for position, ended_at in enumerate(self._new.columns.ended_at):
            if ended_at is None:
                run_id = self._new.columns.ids[position]
                before = self._old.columns.position_of.get(run_id)
                if before is not None and self._old.statuses[before] != self._new.statuses[position]:
                    self._changed.add(run_id)

    def _add_thinned(self) -> None:
        """Add the runs that are thinned otherwise than before."""
        if not any((*self._old.horizon, *self._new.horizon)):
            return
        for position, run_id in enumerate(self._new.columns.ids):
            before = self._old.columns.position_of.get(run_id)
            if before is not None and _thinning(self._old, before) != _thinning(self._new, position):
                self._changed.add(run_id)

    # What depends on a run

    def _add_run(self, model: Model, run: Run) -> None:
        self._pages.add(run.id)
        self._units.add(Unit("pipeline", run.pipeline))
        others = [model.run_before(run), model.run_after(run), model.find_run(run.parent_id), *model.children(run)]
        self._pages.update(other.id for other in others if other)
        for artifact in run.artifacts:
            if artifact.key is not None:
                self._keys.add(artifact.key)
            if artifact.blob:
                self._units.add(Unit("blob", artifact.blob))
            users = model.users(artifact)
            self._units.update(Unit("metric", name) for user in users for name in user.metrics)  # names what it read
            if self._is_shown_as_before(artifact):
                self._pages.update(user.id for user in users)
            else:
                self._add_users(users)
        for edge in run.edges:
            artifact_read = model.find_artifact(edge.artifact_id)
            if artifact_read:
                self._add_artifact(artifact_read.run_id, artifact_read.id, artifact_read.key)
        for name in run.metrics:
            info = model.metrics[name]
            following = info.series_of(run.pipeline, run.deployment).positions_after(run.position, HISTORY)
            self._pages.update(model.columns.ids[position] for position in following)
            self._units.add(Unit("metric", name))
        self._units.update(Unit("metric", name) for name in run.lists)

    def _is_shown_as_before(self, artifact: Artifact) -> bool:
        """Whether pages that link to an artifact say the same of it in both models."""
        found = [model.find_artifact(artifact.id) for model in (self._old, self._new)]
        shown = [
            one and (one.run_id, one.key, one.version, one.type, one.description, one.deleted_at, one.has_page)
            for one in found
        ]
        return shown[0] == shown[1]

    def _add_users(self, users: Iterable[Run]) -> None:
        """Add runs that read something, and what they made of it: it links to that."""
        for user in users:
            self._pages.add(user.id)
            self._units.update(unit for unit in iter_units_of(user) if unit.kind == "artifact")

    def _add_artifact(self, run_id: str, artifact_id: str, key: str | None) -> None:
        self._units.add(Unit("artifact", run_id, artifact_id))
        self._pages.add(run_id)
        if key is not None:
            self._keys.add(key)

    def _add_lines(self, model: Model) -> None:
        """Add the list metrics that compare the newest run of a pipeline and deployment with the run before it."""
        lines = {(run.pipeline, run.deployment) for run in self._changed_runs(model)}
        for name, info in model.metrics.items():
            if any((line.pipeline, line.deployment) in lines for line in info.lists):
                self._units.add(Unit("metric", name))

    def _add_deleted_runs(self) -> None:
        """Add the pages of deleted runs that link to a pipeline that came or went."""
        moved = self._old.pipelines.keys() ^ self._new.pipelines.keys()
        for run in self._new.deleted_runs if moved else ():
            if run.pipeline in moved:
                self._changed.add(run.id)

    def _add_forms(self) -> None:
        """Add all that shows a metric whose numbers are written otherwise now."""
        for name, info in self._new.metrics.items():
            before = self._old.metrics.get(name)
            if before is not None and before.form != info.form:
                self._units.add(Unit("metric", name))
                for positions in [one.positions for one in info.series] + [one.positions for one in info.lists]:
                    self._pages.update(self._new.columns.ids[position] for position in positions)

    # Versions

    def _add_versions(self) -> None:
        """Add the versions that changed, and those whose pages show the version before, or say how they differ."""
        for key in sorted(self._keys):
            self._units.add(Unit("key", key))
            before, after = _list_versions(self._old, key), _list_versions(self._new, key)
            newest = _newest_version(before), _newest_version(after)
            self._add_older_versions(key, before, after)
            bases_before, bases = _find_bases(before), _find_bases(after)
            for place, facts in enumerate(after):
                is_same = before[place : place + 1] == [facts]
                has_same_before = not place or before[place - 1 : place] == [after[place - 1]]
                if not (is_same and has_same_before):
                    self._add_artifact(facts[0], facts[1], None)
                    self._renumbered.add(facts[0])
                    artifact = self._new.keys[key].versions[place]
                    self._add_users(self._new.users(artifact))
                    if artifact.blob:
                        self._units.add(Unit("blob", artifact.blob))
                elif (
                    (place == newest[0]) != (place == newest[1])
                    or _has_page(before, place + 1) != _has_page(after, place + 1)
                    or bases[place] != bases_before[place]
                    or (bases[place] >= 0 and self._may_differ(before, after, bases[place]))
                ):
                    self._units.add(Unit("artifact", facts[0], facts[1]))

    def _add_older_versions(self, key: str, before: Sequence[Version], after: Sequence[Version]) -> None:
        """Add the pages of older versions that list another one now, or one of a run that changed."""
        found = [model.keys.get(key) for model in (self._old, self._new)]
        counts = [versions.count_pages(one) if one else 0 for one in found]
        newest = [one.newest_place - one.versions.places.start if one else -1 for one in found]
        for number in range(1, max(counts) + 1):
            shown = versions.slice_of_page(number)
            is_same = (
                (counts[0] == counts[1] or number < min(counts))  # the last one links to the page of the key
                and before[shown] == after[shown]
                and self._changed.isdisjoint(facts[0] for facts in after[shown])
                and (newest[0] == newest[1] or not any(shown.start <= place < shown.stop for place in newest))
            )
            if not is_same:
                self._units.add(Unit("key_versions", key, str(number)))

    def _may_differ(self, before: Sequence[Version], after: Sequence[Version], place: int) -> bool:
        """Whether a version is another, or a file of its run may have come or gone."""
        return before[place : place + 1] != [after[place]] or after[place][0] in self._changed

    # Listings

    def _add_listings(self) -> None:
        for run_id in self._pages | self._changed:
            for model in (self._old, self._new):
                run = model.find_run(run_id)
                if run is not None:
                    self._units.add(Unit("pipeline", run.pipeline))
        n_before, n_after = count_full_pages(self._old), count_full_pages(self._new)
        touched = self._pages | self._changed
        for number in range(1, n_after + 1):
            before, after = _ids_on_page(self._old, number), _ids_on_page(self._new, number)
            at_an_end = n_before != n_after and number in (n_before, n_after)
            if number > n_before or at_an_end or before != after or not touched.isdisjoint(after):
                self._units.add(Unit("runs_page", str(number)))
        self._units.update(Unit("runs_page", str(number)) for number in range(n_after + 1, n_before + 1))
        self._add_lists_of_keys()

    def _add_lists_of_keys(self) -> None:
        """Add the pages of the list of keys with other keys, or with one whose newest version may be another."""
        n_before, n_after = keys.count_pages(self._old), keys.count_pages(self._new)
        for number in range(1, max(n_before, n_after) + 1):
            before, after = keys.keys_on_page(self._old, number), keys.keys_on_page(self._new, number)
            if n_before != n_after or before != after or not self._keys.isdisjoint(after):
                self._units.add(Unit("keys_page", str(number)))

    def _add_spans(self, units: set[Unit], gone: set[str]) -> None:
        """Add the spans of time with other runs, or with a run that changed."""
        changed = self._changed | self._renumbered
        for kind, divide in (("searched_runs", search_spans), ("compared_runs", compare_spans)):
            before, after = (
                {span.name: _ids_at(model, span.positions) for span in divide(model)}
                for model in (self._old, self._new)
            )
            for name, run_ids in after.items():
                if before.get(name) != run_ids or not changed.isdisjoint(run_ids):
                    units.add(Unit(kind, name))
            gone.update(address for name in before.keys() - after for address in addresses(self._old, Unit(kind, name)))

    # The result

    def _result(self, gone: set[str]) -> Changes:
        for run in self._changed_runs(self._new):
            self._units.update(iter_units_of(run))
        self._units.update(Unit("run", run_id) for run_id in self._pages)
        units: set[Unit] = set()
        for unit in self._units:
            if _is_there(self._new, unit):
                units.add(unit)
            if _is_there(self._old, unit):
                gone.update(addresses(self._old, unit))
        self._add_spans(units, gone)
        return Changes(units, self._changed, gone, dict(self._find_kept_charts(units)))

    def _find_kept_charts(self, units: Iterable[Unit]) -> Iterator[tuple[str, set[int]]]:
        for unit in units:
            if unit.kind == "metric" and unit.name in self._old.metrics:
                before, after = self._old.metrics[unit.name], self._new.metrics[unit.name]
                pairs = enumerate(zip(before.lists, after.lists, strict=False))
                kept = {number for number, pair in pairs if self._is_same_chart(before, after, *pair)}
                if kept:
                    yield unit.name, kept

    def _is_same_chart(self, before: MetricInfo, after: MetricInfo, old: ListSeries, new: ListSeries) -> bool:
        return describe_list_chart(self._old, before, old) == describe_list_chart(
            self._new, after, new
        ) and self._changed.isdisjoint(run.id for run in drawn_runs(self._new, new))


def _thinning(model: Model, position: int) -> list[bool]:
    return [model.is_thinned(position, horizon) for horizon in model.horizon]


def _list_versions(model: Model, key: str) -> list[Version]:
    found = model.keys.get(key)
    if found is None:
        return []
    places = found.versions.places
    part = model.table("artifacts").select(_VERSION_FACTS).slice(places.start, len(places))
    horizon = model.horizon
    return [
        (
            *row.values(),
            model.has_artifact(place, row["run_id"], horizon.files),
            model.has_artifact(place, row["run_id"], horizon.artifacts),
        )
        for place, row in zip(places, table_rows(part), strict=True)
    ]


def _has_page(versions: Sequence[Version], place: int) -> bool | None:
    """Whether a version has a page; `None` when there is none."""
    return versions[place][-1] if place < len(versions) else None


def _find_bases(versions: Sequence[Version]) -> list[int]:
    """Give for each version the place of the one that its page compares it with; -1 where there is none."""
    bases = []
    base = -1
    for place, facts in enumerate(versions):
        bases.append(base)
        base = place if facts[_DELETED] is None else base
    return bases


def _newest_version(versions: Sequence[Version]) -> int:
    living = (place for place in reversed(range(len(versions))) if versions[place][_DELETED] is None)
    return next(living, len(versions) - 1)


def _ids_on_page(model: Model, number: int) -> list[str]:
    return _ids_at(model, model.runs.positions[(number - 1) * PAGE_SIZE : number * PAGE_SIZE])


def _ids_at(model: Model, positions: Sequence[int]) -> list[str]:
    return [model.columns.ids[position] for position in positions]


def _is_there(model: Model, unit: Unit) -> bool:
    """Whether a site has a unit."""
    if unit.kind == "run":
        run = model.find_run(unit.name)
        return run is not None and run.has_page
    if unit.kind == "artifact":
        run = model.find_run(unit.name)
        return run is not None and any(one.id == unit.part and one.has_page for one in run.artifacts)
    if unit.kind == "runs_page":
        return int(unit.name) <= count_full_pages(model)
    if unit.kind == "keys_page":
        return int(unit.name) <= keys.count_pages(model)
    if unit.kind == "key_versions":
        return unit.name in model.keys and int(unit.part) <= versions.count_pages(model.keys[unit.name])
    if unit.kind == "blob":
        return bool(model.artifacts_of_blob(unit.name))
    names = {"pipeline": model.pipelines, "key": model.keys, "metric": model.metrics}.get(unit.kind)
    return names is None or unit.name in names
