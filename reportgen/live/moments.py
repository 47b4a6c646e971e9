"""At which moment a site has to be made again because time went on, though no log changed."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pyarrow.compute as pc

from reportgen import urls
from reportgen.status import judge_status, stalls_at
from reportgen.store import StoreFolder, table_rows

_SECOND_US = 1_000_000
_EVERY_US = 60 * _SECOND_US  # while something runs: what the site says of now is not older than this
_COLUMNS = ["status", "detached", "last_record_at", "longest_silence_us", "deleted_at"]


class Moments(NamedTuple):
    """What the clock has to do with a site.

    Attributes
    ----------
    is_unfinished
        Whether there is a run without an end, so that the site has to speak of now.
    due_us
        When it has to be made again, in whole seconds as microseconds since the epoch; `None` for never.
    """

    is_unfinished: bool
    due_us: int | None


def find_moments(site: Path, as_of_us: int, now_us: int) -> Moments:
    """Look at the runs of a site that speaks of the moment `as_of_us`.

    Raises
    ------
    InputError
        Its tables cannot be read.
    """
    table = StoreFolder(site / urls.DATA_FOLDER).read("runs", _COLUMNS)
    open_ones = table.filter(pc.and_(pc.is_null(table["status"]), pc.is_null(table["deleted_at"])))
    rows = [row for row in table_rows(open_ones) if not row["detached"]]
    if any(judge_status(row, as_of_us) != judge_status(row, now_us) for row in rows):
        return Moments(True, now_us)
    ends = [stalls_at(row) for row in rows if judge_status(row, now_us) == "running"]
    due_us = min([*ends, now_us + _EVERY_US]) if ends else None
    return Moments(bool(rows), None if due_us is None else -(-due_us // _SECOND_US) * _SECOND_US)


def whole_seconds(now_us: int) -> int:
    """Give a moment without the part of a second, as `SOURCE_DATE_EPOCH` would say it."""
    return now_us // _SECOND_US * _SECOND_US
