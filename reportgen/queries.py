"""Finds what was recorded before: the versions of a key, from the logs themselves.

Only the runs whose files hold the key or a tombstone are taken apart, so a look costs the reading of the logs' bytes;
versions are counted as everywhere. Nothing is loaded for it that recording does not have, unless a log is sealed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reportgen.compact import bury, compact_run, number_versions
from reportgen.errors import InputError
from reportgen.jsontext import to_json
from reportgen.log.reader import find_journals, read_file, read_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reportgen.log.reader import LogFile

_NO_LOGS = ("no-log-directory", "no-runs")


def find_versions(log_dir: Path, key: str) -> list[dict[str, Any]]:
    """Give all versions of a key, oldest first, deleted ones too.

    Parameters
    ----------
    log_dir
        A log directory; one that is not there holds nothing.
    key
        The key.

    Returns
    -------
    list of dict
        Rows as in the table `artifacts` of `reportgen.store`.

    Raises
    ------
    InputError
        The logs cannot be read.
    """
    try:
        found = find_journals([log_dir])
    except InputError as error:
        if error.slug in _NO_LOGS:
            return []
        raise
    parts = [compact_run(read_run(files)) for files in found.values() if _may_hold(files, key)]
    versions = [row for part in parts for row in part.tables.get("artifacts", ()) if row["key"] == key]
    number_versions(versions)
    bury(versions, [delete for part in parts for delete in part.deletes])
    return versions


def _may_hold(files: Sequence[LogFile], key: str) -> bool:
    """Whether a run may have an artifact of the key, or a tombstone for one."""
    return any(file.is_segment or _mentions(read_file(file.path), key) for file in files)


def _mentions(content: bytes, key: str) -> bool:
    return to_json(key).encode() in content or b'"delete"' in content
