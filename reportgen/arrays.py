"""Arrow arrays, made from their buffers.

`pyarrow.array`, `pyarrow.scalar`, `Table.from_pylist` and `Schema.empty_table` look for pandas, and load it where it is
installed: half a second and 60 MB for each process of a build.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa


def make_array(values: Sequence[Any], kind: pa.DataType) -> Any:
    """Make an array of texts, flags, numbers of 64 bits, times in microseconds, or lists of texts; None is missing.

    Texts may be kept once each, in a dictionary.

    Raises
    ------
    OverflowError
        A number has more bits, or the texts come to 2 GB.
    UnicodeEncodeError
        A text has half of a surrogate pair.
    """
    if pa.types.is_dictionary(kind):
        return make_array(values, kind.value_type).dictionary_encode()
    present = [value is not None for value in values]
    validity = None if all(present) else _pack_bits(present)
    if pa.types.is_string(kind):
        buffers = [validity, *_pack_texts([value or "" for value in values])]
    elif pa.types.is_list(kind):
        ends = _pack_ends(len(value or ()) for value in values)
        inner = make_array([*itertools.chain.from_iterable(value or () for value in values)], kind.value_type)
        return pa.Array.from_buffers(kind, len(values), [validity, ends], children=[inner])
    elif pa.types.is_boolean(kind):
        buffers = [validity, _pack_bits(values)]
    else:
        code = "d" if pa.types.is_floating(kind) else "q"
        buffers = [validity, pa.py_buffer(array(code, [value or 0 for value in values] if validity else values))]
    return pa.Array.from_buffers(kind, len(values), buffers)


def _pack_bits(flags: Sequence[Any]) -> pa.Buffer:
    digits = "".join("1" if flag else "0" for flag in reversed(flags))
    return pa.py_buffer(int(digits or "0", 2).to_bytes(-(-len(flags) // 8), "little"))


def _pack_texts(texts: Sequence[str]) -> tuple[pa.Buffer, pa.Buffer]:
    """Give where each text ends, and all of them."""
    together = "".join(texts)
    if together.isascii():
        return _pack_ends(map(len, texts)), pa.py_buffer(together.encode())
    encoded = [text.encode() for text in texts]
    return _pack_ends(map(len, encoded)), pa.py_buffer(b"".join(encoded))


def _pack_ends(lengths: Iterable[int]) -> pa.Buffer:
    return pa.py_buffer(array("i", itertools.accumulate(lengths, initial=0)))


def text_array(values: Iterable[str]) -> Any:
    """Make an array of texts, in which half of a surrogate pair is a question mark."""
    texts = [*values]
    try:
        return make_array(texts, pa.string())
    except UnicodeEncodeError:
        return make_array([text.encode("utf-8", "replace").decode() for text in texts], pa.string())


def unique_texts(column: Any) -> Any:
    """Give the different texts of a column as an array."""
    found = column.unique()
    return found.dictionary_decode() if pa.types.is_dictionary(found.type) else found


def int_array(values: Iterable[int]) -> Any:
    """Make an array of 64-bit whole numbers."""
    return number_array(pa.int64(), array("q", values))


def number_array(kind: pa.DataType, numbers: array[Any]) -> Any:
    """Make an array of numbers or times, of as many bits as these have, which shares their memory."""
    return pa.Array.from_buffers(kind, len(numbers), [None, pa.py_buffer(numbers)])


def numbers_of(column: Any) -> array[Any]:
    """Give the values of a column of such numbers, none of which is missing: in an eighth of the memory of a list."""
    numbers = array("d" if pa.types.is_floating(column.type) else "q")
    for chunk in column.chunks:
        content: Any = chunk.buffers()[1]
        numbers.frombytes(memoryview(content)[chunk.offset * 8 : (chunk.offset + len(chunk)) * 8])
    return numbers


def as_array(column: Any) -> Any:
    """Give a column as one array; as several, in a column, when its texts come to more than 2 GB."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    return column.combine_chunks() if column.num_chunks else _empty_array(column.type)


def _empty_array(kind: Any) -> Any:
    if pa.types.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(_empty_array(kind.index_type), _empty_array(kind.value_type))
    return make_array([], kind)


def empty_table(schema: pa.Schema) -> pa.Table:
    """Make a table without rows."""
    return pa.Table.from_batches([], schema)
