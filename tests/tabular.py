"""What tests of tables share: cells of every kind, and reading a large table back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from reportgen.tables import inspect_table

json_cells = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.decimals() | st.uuids(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def read_back(content: bytes, folder: Path) -> dict[str, Any]:
    """Read the Parquet form of a table into the form that a small one has."""
    path = folder / "table.parquet"
    path.write_bytes(content)
    file = inspect_table(path)
    assert file.broken == ""
    rows = [[*row] for columns in file.iter_batches() for row in zip(*columns, strict=True)]
    assert file.n_rows == len(rows)
    return {"columns": [*file.columns], "rows": rows}
