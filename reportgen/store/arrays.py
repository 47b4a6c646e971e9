"""Small Arrow arrays, made from their buffers.

`pyarrow.array`, `pyarrow.scalar` and `Schema.empty_table` look for pandas, and load it where it is installed, which
takes longer than a question to a store does.
"""

from __future__ import annotations

import itertools
import struct
from array import array
from collections.abc import Iterable
from typing import Any

import pyarrow as pa


def text_array(values: Iterable[str]) -> Any:
    """Make an array of texts."""
    encoded = [value.encode("utf-8", "replace") for value in values]
    ends = [0, *itertools.accumulate(map(len, encoded))]
    offsets = pa.py_buffer(struct.pack(f"<{len(ends)}i", *ends))
    return pa.StringArray.from_buffers(len(encoded), offsets, pa.py_buffer(b"".join(encoded)))


def unique_texts(column: Any) -> Any:
    """Give the different texts of a column as an array."""
    found = column.unique()
    return found.dictionary_decode() if pa.types.is_dictionary(found.type) else found


def int_array(values: Iterable[int]) -> Any:
    """Make an array of 64-bit whole numbers."""
    numbers = [*values]
    data = pa.py_buffer(struct.pack(f"<{len(numbers)}q", *numbers))
    return pa.Array.from_buffers(pa.int64(), len(numbers), [None, data])


def number_array(kind: pa.DataType, numbers: array[Any]) -> Any:
    """Make an array of numbers of 64 bits or of times, which shares their memory."""
    return pa.Array.from_buffers(kind, len(numbers), [None, pa.py_buffer(numbers)])


def numbers_of(column: Any) -> array[Any]:
    """Give the values of a column of such numbers, none of which is missing: in an eighth of the memory of a list."""
    numbers = array("d" if pa.types.is_floating(column.type) else "q")
    for chunk in column.chunks:
        content: Any = chunk.buffers()[1]
        numbers.frombytes(memoryview(content)[chunk.offset * 8 : (chunk.offset + len(chunk)) * 8])
    return numbers


def empty_table(schema: pa.Schema) -> pa.Table:
    """Make a table without rows."""
    return pa.Table.from_batches([], schema)
