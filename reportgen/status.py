"""How a run stands: by its end, or when there is none by how long nothing was heard of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

RunStatus = Literal["completed", "failed", "cancelled", "running", "stalled"]

_STALLED_AFTER_US = 10 * 60 * 1_000_000


def judge_status(row: Mapping[str, Any], as_of: int) -> RunStatus:
    """Say how a run stood at a moment (microseconds since the epoch), from its row of the table `runs`.

    A run without an end is stalled when it was silent for ten minutes and three times as long as ever before.
    """
    if row["status"]:
        status: RunStatus = row["status"]
        return status
    if row["detached"]:
        return "completed"
    return "stalled" if as_of >= stalls_at(row) else "running"


def stalls_at(row: Mapping[str, Any]) -> int:
    """Say from which moment on a run without an end is stalled, unless it is heard of again."""
    return int(row["last_record_at"] + max(_STALLED_AFTER_US, 3 * row["longest_silence_us"]) + 1)
