"""The store: the compacted tables, their schema and their Parquet form."""

from reportgen.store.folder import Layers, Store, StoreFolder
from reportgen.store.parquet import Where, check_data_format, read_parquet, to_parquet
from reportgen.store.schema import (
    DATA_FORMAT,
    DAY_TABLES,
    POINTS,
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
    "DATA_FORMAT",
    "DAY_TABLES",
    "POINTS",
    "SCHEMAS",
    "TABLES",
    "WHOLE_TABLES",
    "Column",
    "Layers",
    "Store",
    "StoreFolder",
    "TableInfo",
    "Tables",
    "Where",
    "check_data_format",
    "make_table",
    "read_parquet",
    "table_rows",
    "to_parquet",
    "with_plain_times",
]
