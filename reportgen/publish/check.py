"""What may be replaced: an empty folder, or one that reportgen made and that holds nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reportgen.errors import OutputError
from reportgen.publish.disk import explaining, foreign_output
from reportgen.publish.manifest import Manifest
from reportgen.publish.redo import iter_pending, read_record
from reportgen.urls import MANIFEST

_FOREIGN_BUT_HARMLESS = {".DS_Store", "Thumbs.db", "desktop.ini"}


def check_output(output: Path, log_dirs: Sequence[Path]) -> None:
    """Refuse an output folder that is not ours to replace.

    Raises
    ------
    OutputError
        It is a file, lies within a log directory or around one, or holds files that reportgen did not write.
    """
    with explaining(output):
        _check_output(output, log_dirs)


def _check_output(output: Path, log_dirs: Sequence[Path]) -> None:
    target = output.resolve()
    for log_dir in log_dirs:
        logs = log_dir.resolve()
        if target == logs or target.is_relative_to(logs) or logs.is_relative_to(target):
            hint = "give an output folder beside the logs, e.g. -o site"
            raise OutputError(
                f"{output} and the log directory {log_dir} are within each other", hint=hint, slug="output-in-logs"
            )
    if not target.exists():
        return
    if not target.is_dir():
        raise OutputError(f"{output} is a file", hint="give a folder, e.g. -o site", slug="output-is-a-file")
    foreign = _foreign_files(target)
    if foreign:
        raise foreign_output(output, foreign)


def _foreign_files(folder: Path) -> list[str]:
    """Files in a folder that its manifest does not list; all of them when it has no manifest of ours."""
    manifest = Manifest.read(folder)
    ours = {MANIFEST, *manifest.urls, *_half_updated(folder)} if manifest else set[str]()
    found = (path for path in sorted(folder.rglob("*")) if not path.is_dir() or path.is_symlink())
    names = [path.relative_to(folder).as_posix() for path in found if path.name not in _FOREIGN_BUT_HARMLESS]
    return [name for name in names if name not in ours]


def _half_updated(target: Path) -> set[str]:
    """The files that an update may have put into a site whose manifest does not list them yet."""
    records = filter(None, map(read_record, iter_pending(target)))
    return {file.url for record in records for file in record.put}
