"""A store on the disk: the tables of a site or of a cache, opened one by one as they are asked for.

    <folder>/runs.parquet, steps.parquet, …
    <folder>/points/<day>.parquet, records/<day>.parquet
    <folder>/blobs/<sha256>.<ext>

`Store` is what questions are asked of, wherever the tables are: `StoreFolder` reads them from files, and
`reportgen.compact.Compaction` has them in memory.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from reportgen.store.parquet import Where, damaged, read_parquet

SUFFIX = ".parquet"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Store(Protocol):
    """Tables of `reportgen.store.schema`, wherever they are."""

    def read(self, table: str, columns: Sequence[str] | None = None, where: Where | None = None) -> pa.Table:
        """Give rows of a whole table: some columns, and those rows that have one of some values in columns of text.

        Raises
        ------
        InputError
            A file cannot be read.
        """
        ...

    def days_of(self, table: str) -> list[str]:
        """Give the days (`YYYY-MM-DD`) that `points` or `records` has tables of."""
        ...

    def read_day(self, table: str, day: str, where: Where | None = None) -> pa.Table:
        """Give rows of the table of a day."""
        ...


class StoreFolder:
    """The tables in a folder.

    Raises
    ------
    InputError
        From its methods: a file is missing, damaged, or of a newer format.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, table: str, columns: Sequence[str] | None = None, where: Where | None = None) -> pa.Table:
        return read_parquet(self.folder / f"{table}{SUFFIX}", table, columns, where)

    def days_of(self, table: str) -> list[str]:
        try:
            names = [path.stem for path in (self.folder / table).glob(f"*{SUFFIX}")]
        except OSError as error:
            raise damaged(self.folder / table, error) from error
        return sorted(name for name in names if _DAY.fullmatch(name))

    def read_day(self, table: str, day: str, where: Where | None = None) -> pa.Table:
        return read_parquet(self.folder / table / f"{day}{SUFFIX}", table, None, where)
