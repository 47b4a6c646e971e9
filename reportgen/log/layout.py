"""Names inside a log directory; no other module knows them.

<log dir>/<run id>/<writer>.jsonl          one appender each
<log dir>/<run id>/blobs/<sha256>.<ext>    images and files by content
"""

from __future__ import annotations

import re
from pathlib import Path

JOURNAL_SUFFIX = ".jsonl"
SEGMENT_SUFFIX = ".parquet"
BLOB_DIR = "blobs"
BLOB_NAME = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,8}")


def journal_path(log_dir: Path, run_id: str, writer: str) -> Path:
    """Where one writer of one run appends."""
    return log_dir / run_id / f"{writer}{JOURNAL_SUFFIX}"


def blob_path(log_dir: Path, run_id: str, blob: str) -> Path:
    """Where a blob of a run lies. `blob` must match `BLOB_NAME`: a record never makes a path."""
    if not BLOB_NAME.fullmatch(blob):
        raise ValueError(f"not the name of a blob: {blob!r}")
    return log_dir / run_id / BLOB_DIR / blob
