"""Names inside a log directory; no other module knows them.

<log dir>/<run id>/<writer>.jsonl          one appender each
<log dir>/<run id>/<writer>.parquet        the same records, sealed
<log dir>/<run id>/.<writer>.<8>.sealing   a segment that is being written, or that a killed process left behind
<log dir>/<run id>/blobs/<sha256>.<ext>    images and files by content
"""

from __future__ import annotations

import os
import re

JOURNAL_SUFFIX = ".jsonl"
SEGMENT_SUFFIX = ".parquet"
SEALING_SUFFIX = ".sealing"
BLOB_DIR = "blobs"
BLOB_NAME = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,8}")


def journal_name(run_id: str, writer: str) -> str:
    """Where one writer of one run appends, below the log directory."""
    return f"{run_id}/{writer}{JOURNAL_SUFFIX}"


def segment_path(journal: str) -> str:
    """Where a journal is when it is sealed."""
    return journal.removesuffix(JOURNAL_SUFFIX) + SEGMENT_SUFFIX


def blob_name(run_id: str, blob: str) -> str:
    """Where a blob of a run lies, below the log directory.

    Raises
    ------
    ValueError
        `blob` does not match `BLOB_NAME`: a record never makes a path.
    """
    if not BLOB_NAME.fullmatch(blob):
        raise ValueError(f"not the name of a blob: {blob!r}")
    return f"{run_id}/{BLOB_DIR}/{blob}"


def sealing_name(writer: str) -> str:
    """Give a new name for the segment of a writer while it is written."""
    return f".{writer}.{os.urandom(4).hex()}{SEALING_SUFFIX}"


def is_sealing_name(name: str, writer: str) -> bool:
    """Whether a file is a segment of this writer that was not finished."""
    return re.fullmatch(rf"\.{re.escape(writer)}\.[0-9a-f]{{8}}{re.escape(SEALING_SUFFIX)}", name) is not None
