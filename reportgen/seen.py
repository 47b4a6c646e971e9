"""Remembers which log files were read, by name, size and time, so that only those that changed are opened again.

What is remembered lies beside the log directory `runs` in `.runs-cache`; where that folder cannot be written, in the
user's cache folder. Nothing is lost by removing either at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
import platformdirs

from reportgen import __version__
from reportgen.formats import DATA_FORMAT
from reportgen.installed import version_of
from reportgen.log.find import FoundFile, LogFile, group_files, identify_found
from reportgen.records import LOG_FORMAT

CACHE_FORMAT = 1
_MASKED = "masked"

_NOTE = "Made by reportgen, to answer questions about the logs beside it; may be removed at any time.\n"
_CACHEDIR_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n"


class SeenFile(msgspec.Struct, frozen=True, array_like=True):
    """A log file, what tells that it was changed, and whose it is."""

    path: str
    n_bytes: int
    modified_ns: int
    run_id: str
    writer: str


def basis_of(log_dirs: Sequence[Path]) -> str:
    """Give all that the tables of some log directories depend on but the files."""
    versions = f"{__version__} {CACHE_FORMAT} {DATA_FORMAT} {LOG_FORMAT} {version_of('pyarrow')}"
    return "\n".join([versions, *map(os.fspath, log_dirs)])


def digest(*texts: str) -> str:
    """Give 32 hex digits that tell texts apart."""
    return hashlib.blake2b("\n".join(texts).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def iter_cache_folders(log_dirs: Sequence[Path]) -> Iterator[Path]:
    """Give the folders where something may be remembered of log directories, the best place first."""
    first = log_dirs[0]
    yield first.with_name(f".{first.name or 'root'}-cache")
    yield platformdirs.user_cache_path("reportgen") / digest(*map(os.fspath, log_dirs))


def choose_masked(log_dirs: Sequence[Path]) -> Path:
    """Give the folder for masked files of tables, which is made when there is one."""
    if not log_dirs:
        return platformdirs.user_cache_path("reportgen") / _MASKED
    places = [*iter_cache_folders([path.resolve() for path in log_dirs])]
    return next((place for place in places if os.access(place.parent, os.W_OK)), places[-1]) / _MASKED


def make_cache_folder(folder: Path) -> None:
    """Make such a folder, marked so that backups and git leave it out.

    Raises
    ------
    OSError
        It cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("CACHEDIR.TAG", _CACHEDIR_TAG + _NOTE), (".gitignore", "*\n")):
        path = folder / name
        with contextlib.suppress(FileExistsError), path.open("x", encoding="ascii") as file:
            file.write(text)


def identify_all(found: Sequence[FoundFile], before: Sequence[SeenFile] = ()) -> list[SeenFile]:
    """Say whose files they are; those in folders in which nothing changed are not opened.

    Raises
    ------
    InputError
        A file cannot be read, or is of a newer format.
    """
    known = {(file.path, file.n_bytes, file.modified_ns): file for file in before}
    moved = {os.path.dirname(path) for path, *_ in known.keys() ^ {*found}}  # noqa: PTH120 — paths take longer
    if not moved:
        return [known[file] for file in found]
    return [_identify(file) if os.path.dirname(file.path) in moved else known[file] for file in found]  # noqa: PTH120


def _identify(found: FoundFile) -> SeenFile:
    file = identify_found(found)
    return SeenFile(*found, file.run_id, file.writer)


def files_of(seen: Iterable[SeenFile], run_ids: Collection[str] | None = None) -> dict[str, list[LogFile]]:
    """Give the files of some runs, or of all, by run."""
    return group_files(
        LogFile(Path(file.path), file.run_id, file.writer) for file in seen if run_ids is None or file.run_id in run_ids
    )
