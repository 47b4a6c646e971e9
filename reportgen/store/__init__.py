"""The store: the compacted tables, their schema and their Parquet form."""

from reportgen.store.folder import Layers, Store, StoreFolder, days_of_runs, list_days
from reportgen.store.parquet import GROUP_ROWS, TableWriter, Where, read_parquet, to_parquet
from reportgen.store.schema import (
    DAY_TABLES,
    HELD,
    SCHEMAS,
    TABLES,
    WHOLE_TABLES,
    Column,
    TableInfo,
    Tables,
    make_table,
    table_rows,
    with_plain_times,
)

__all__ = [
    "DAY_TABLES",
    "GROUP_ROWS",
    "HELD",
    "SCHEMAS",
    "TABLES",
    "WHOLE_TABLES",
    "Column",
    "Layers",
    "Store",
    "StoreFolder",
    "TableInfo",
    "TableWriter",
    "Tables",
    "Where",
    "days_of_runs",
    "list_days",
    "make_table",
    "read_parquet",
    "table_rows",
    "to_parquet",
    "with_plain_times",
]
