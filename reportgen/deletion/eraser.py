"""Deletes from one run after the other, and keeps account of what that freed and of what is left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from reportgen.compact.archive import find_deletion, without_contents
from reportgen.deletion.result import Deletion, Failed, Skipped
from reportgen.deletion.tombstones import check_artifacts, find_missing, write_tombstones
from reportgen.errors import InputError, OutputError, ReportgenError
from reportgen.log.cut import Sheet, blob_of, cut_out, find_blobs, find_conflicts, find_content, names_in, read_sheet
from reportgen.log.find import LogFile, find_journals
from reportgen.log.reader import read_run
from reportgen.log.rewrite import Files, LeftAloneError, file_mode, file_state, hold, put_file
from reportgen.log.shrink import has_blobs, remove_blobs, shrink_writer
from reportgen.places import find_store


class Eraser:
    """Deletes from the runs of some log directories; `result` says what became of them.

    Raises
    ------
    InputError
        The logs cannot be read, or one is a site.
    """

    def __init__(self, log_dirs: Iterable[Path]) -> None:
        distinct = {log_dir.resolve(): log_dir for log_dir in log_dirs}
        for log_dir in distinct.values():
            _check_logs(log_dir)
        self.result = Deletion()
        self._files = find_journals(distinct.values())
        self._neighbours: defaultdict[Path, set[str]] = defaultdict(set)
        for run_id, files in self._files.items():
            for folder in _folders(files):
                self._neighbours[folder].add(run_id)

    def check_runs(self, run_ids: Iterable[str]) -> None:
        """Check that runs are there.

        Raises
        ------
        InputError
            One is not.
        """
        for run_id in run_ids:
            if run_id not in self._files:
                hint = "the folders of the log directory are named after their runs"
                raise InputError(f"there is no run {run_id!r} in these logs", hint=hint, slug="no-such-run")

    def delete_run(self, run_id: str, reason: str | None) -> None:
        """Delete a run."""
        with self._careful(run_id):
            self._bury(run_id, [None], reason)
            self.result.runs.append(run_id)
            self._purge_run(run_id)

    def delete_artifacts(
        self, run_id: str, artifact_ids: Sequence[str], reason: str | None, also_purge: Iterable[str] = ()
    ) -> None:
        """Delete artifacts of a run, and purge others that were deleted before."""
        with self._careful(run_id):
            self._bury(run_id, artifact_ids, reason)
            self.result.artifacts += [(run_id, artifact_id) for artifact_id in artifact_ids]
            self._purge_artifacts(run_id, {*artifact_ids, *also_purge})

    def purge(self, run_id: str, artifact_ids: Collection[str] = ()) -> None:
        """Purge a run that was deleted before, or artifacts of it that were."""
        with self._careful(run_id):
            self.check_runs([run_id])
            n_bytes = self.result.n_bytes
            if artifact_ids:
                self._purge_artifacts(run_id, artifact_ids)
            else:
                self._purge_run(run_id)
            if self.result.n_bytes != n_bytes:
                self.result.purged.append(run_id)

    @contextmanager
    def _careful(self, run_id: str) -> Iterator[None]:
        """Put into the result what stops the work on a run."""
        try:
            yield
        except LeftAloneError as left:
            self._skip(left.path, left.reason)
        except FileNotFoundError as error:
            self._skip(Path(error.filename or run_id), "gone meanwhile")
        except ReportgenError as error:
            self.result.failed.append(Failed(run_id, str(error)))
        except OSError as error:
            self.result.failed.append(Failed(run_id, str(_cannot_delete(error))))

    def _skip(self, path: Path, reason: str) -> None:
        self.result.skipped.append(Skipped(path, reason))

    def _bury(self, run_id: str, artifact_ids: Sequence[str | None], reason: str | None) -> None:
        """Write the tombstones that are missing; `None` stands for the run itself."""
        self.check_runs([run_id])
        files = self._files[run_id]
        run = read_run(files)
        check_artifacts(run, artifact_ids)
        if missing := find_missing(run, artifact_ids):
            self._files[run_id] = [*files, *write_tombstones(run, files, missing, reason)]

    # What is left of a deleted run

    def _purge_run(self, run_id: str) -> None:
        files = self._files[run_id]
        states = _look_at(files)
        run = read_run(files)
        if find_deletion(run) is None:
            return
        kept = without_contents(run).records
        groups: defaultdict[tuple[Path, str], list[LogFile]] = defaultdict(list)
        for file in files:
            groups[file.path.parent, file.writer].append(file)
        n_skipped = len(self.result.skipped)
        for (_, writer), group in groups.items():
            records = [kept[identity] for identity in sorted(kept) if identity[0] == writer]
            try:
                left, n_bytes = shrink_writer(group, records, states)
            except LeftAloneError as error:
                self._skip(error.path, error.reason)
            else:
                self.result.n_bytes += n_bytes
                self._files[run_id] = [*(file for file in self._files[run_id] if file not in group), *left]
        if len(self.result.skipped) == n_skipped:
            self._remove_blobs(run_id, _folders(files))

    # Deleted artifacts of a run that lives on

    def _purge_artifacts(self, run_id: str, artifact_ids: Collection[str]) -> None:
        files = self._files[run_id]
        states = _look_at(files)
        sheets = [*self._read_sheets(files)]
        after = self._cut_out(sheets, artifact_ids)
        changed = [sheet for sheet, before in zip(after, sheets, strict=True) if sheet is not before]
        for path in [file.path for file in files if changed and not file.is_segment]:
            with hold({path: states[path]}):
                pass  # no process records into the run, which might name a file that goes now
        if blobs := find_blobs(sheets) - find_blobs(after):
            self._remove_blobs(run_id, _folders(files), blobs)
        for sheet in changed:
            path, content = sheet.file.path, sheet.encode()
            held = {path: states[path]}
            with hold(held):
                put_file(path, content, file_mode(path), held)
            self.result.n_bytes += states[path][2] - len(content)

    def _read_sheets(self, files: Iterable[LogFile]) -> Iterator[Sheet]:
        from reportgen.log.segment import DamagedSegmentError

        for file in files:
            try:
                yield read_sheet(file)
            except DamagedSegmentError as damage:
                self._skip(file.path, str(damage))

    def _cut_out(self, sheets: Sequence[Sheet], artifact_ids: Collection[str]) -> list[Sheet]:
        found = find_content(sheets, artifact_ids)
        conflicts = find_conflicts(sheets, found)
        for writer, seq in sorted(conflicts):
            path = next(sheet.file.path for sheet in sheets if sheet.file.writer == writer)
            self._skip(path, f"two records have the number {seq}")
        return [cut_out(sheet, found - conflicts) for sheet in sheets]

    # Files kept by content

    def _remove_blobs(self, run_id: str, folders: Iterable[Path], names: Collection[str] | None = None) -> None:
        """Remove these files, by default all, but what other runs in the same folder have use for."""
        for folder in folders:
            if has_blobs(folder, names):
                self.result.n_bytes += remove_blobs(folder, names, self._find_needed(folder, run_id))

    def _find_needed(self, folder: Path, run_id: str) -> set[str]:
        needed: set[str] = set()
        for other in sorted(self._neighbours[folder] - {run_id}):
            run = read_run(self._files[other])
            if find_deletion(run) is None:
                needed.update(filter(None, map(blob_of, run.records.values())))
                needed.update(*(names_in(unknown.json) for unknown in run.unknown))
        return needed


def _check_logs(path: Path) -> None:
    if find_store(path) is not None:
        hint = "delete from the logs and build again"
        raise InputError(f"{path} is a site, not a log directory", hint=hint, slug="site-not-logs")


def _folders(files: Iterable[LogFile]) -> list[Path]:
    return [*dict.fromkeys(file.path.parent for file in files)]


def _look_at(files: Iterable[LogFile]) -> Files:
    return {file.path: file_state(file.path) for file in files}


def _cannot_delete(error: OSError) -> OutputError:
    what = f"{error.filename or 'the log'} cannot be rewritten ({error.strerror or error})"
    return OutputError(what, hint="its content stays; mend that and prune again", slug="cannot-delete")
