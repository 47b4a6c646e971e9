"""Makes the folder of a run smaller: one short journal for all files of a writer, and no file that nobody needs.

What was there and the short journal may both be there, for whoever is killed in between: of a deleted run, readers find
the same in either.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import msgspec

from reportgen.log.find import LogFile, read_file
from reportgen.log.layout import BLOB_DIR, JOURNAL_SUFFIX
from reportgen.log.reader import read_run
from reportgen.log.rewrite import Files, file_mode, hold, put_file, remove_unfinished, sync_folder
from reportgen.records import AnyRecord, LogStart, encode_line


def shrink_writer(
    files: Sequence[LogFile], records: Sequence[AnyRecord], states: Files
) -> tuple[Sequence[LogFile], int]:
    """Leave only some records of a writer in a folder; give the files that are left and how many bytes that freed.

    Parameters
    ----------
    files
        All files of the writer there.
    records
        What stays, in the order of their numbers. Nothing leaves no file.
    states
        The files as they were when they were read.

    Raises
    ------
    LeftAloneError
        A process has a file open, or one has changed; nothing was done.
    OSError
        The disk is full or not writable. What is there reads the same as before.
    """
    content = _encode(files[0], records)
    if _is_short(files, records, content):
        return files, 0
    held = {file.path: states[file.path] for file in files}
    journal = _choose_journal(files)
    with hold(held):
        n_bytes = sum(path.stat().st_size for path in held)
        remove_unfinished(journal.parent, {path.stem for path in held})
        if records:
            put_file(journal, content, file_mode(files[0].path), held)
        # A journal may have its name from the segment beside it, so segments go last.
        for file in sorted(files, key=lambda file: file.is_segment):
            if not (records and file.path == journal):
                file.path.unlink()
        sync_folder(journal.parent)
    left = [LogFile(journal, files[0].run_id, files[0].writer)] if records else []
    return left, n_bytes - len(content)


def _encode(file: LogFile, records: Sequence[AnyRecord]) -> bytes:
    """Give the journal. Where its first line was lost, one that is no record says whose it is."""
    lines = [encode_line(record) for record in records]
    match records:
        case [LogStart(run=file.run_id, writer=file.writer), *_] | []:
            pass
        case _:
            lines.insert(0, msgspec.json.encode({"kind": "log", "run": file.run_id, "writer": file.writer}) + b"\n")
    return b"".join(lines)


def _is_short(files: Sequence[LogFile], records: Sequence[AnyRecord], content: bytes) -> bool:
    """Whether that was done before; the journal may have been sealed since."""
    if len(files) > 1 or not records:
        return False
    if not files[0].is_segment:
        return read_file(files[0].path) == content
    run = read_run(files)
    return [*run.records.values()] == [*records] and not (run.unknown or run.problems)


def _choose_journal(files: Sequence[LogFile]) -> Path:
    """Choose the file: a journal of the writer, one in the place of its segment, else one that nobody has."""
    best = min(files, key=lambda file: (file.is_segment, file.path.stem != file.writer, file.place))
    path = best.path.with_suffix(JOURNAL_SUFFIX)
    if not best.is_segment or not path.exists():
        return path
    return path.with_stem(f"{path.stem}-{os.urandom(4).hex()}")


# Files kept by content


def has_blobs(folder: Path, names: Collection[str] | None) -> bool:
    """Whether a run's folder keeps files by content: some of these names, or any."""
    return any(_iter_blobs(folder, names))


def remove_blobs(folder: Path, names: Collection[str] | None, needed: Collection[str]) -> int:
    """Remove files that a run's folder keeps by content, and give how many bytes that freed.

    Parameters
    ----------
    folder
        The run's folder.
    names
        The files; by default all, those that were not finished, too.
    needed
        Names of those that stay nevertheless.
    """
    n_bytes = 0
    for path in _iter_blobs(folder, names):
        if path.name not in needed:
            n_bytes += path.lstat().st_size
            path.unlink()
    blobs = folder / BLOB_DIR
    if not any(blobs.iterdir()):
        blobs.rmdir()
    return n_bytes


def _iter_blobs(folder: Path, names: Collection[str] | None) -> Iterator[Path]:
    blobs = folder / BLOB_DIR
    if blobs.is_dir() and not blobs.is_symlink():
        for path in sorted(blobs.iterdir()):
            if (names is None or path.name in names) and (path.is_symlink() or path.is_file()):
                yield path
