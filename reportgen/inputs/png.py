"""Writes PNG files, such as of NumPy arrays: without a filter, the same bytes for the same pixels."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}  # by channels: grey, RGB, RGBA
_ACCEPTED = "height × width, or × 1, 3 or 4 channels, of uint8, booleans, or floats from 0 to 1"


def encode_array(array: Any) -> bytes:
    """Give the PNG file of an array, height × width or × 1, 3 or 4 channels.

    Raises
    ------
    TypeError
        Its numbers are neither uint8 nor booleans nor floats.
    ValueError
        It has another shape, or floats that are not from 0 to 1.
    """
    n_channels = array.shape[2] if array.ndim == 3 else 1
    if array.ndim not in (2, 3) or n_channels not in _COLOUR_TYPES or 0 in array.shape:
        raise ValueError(f"an image array must be {_ACCEPTED}, not of the shape {array.shape}")
    height, width = array.shape[:2]
    rows = (row.tobytes() for row in _to_bytes(array).reshape(height, width * n_channels))
    return write_png(rows, width, height, colour_type=_COLOUR_TYPES[n_channels])


def _to_bytes(array: Any) -> Any:
    if array.dtype == "uint8":
        return array
    if array.dtype == "bool":
        return array.astype("uint8") * 255
    if array.dtype.kind != "f":
        raise TypeError(f"an image array must be {_ACCEPTED}, not of {array.dtype}")
    low, high = array.min(), array.max()
    if not (low >= 0 and high <= 1):  # NaN is in no range
        raise ValueError(f"an image array must be {_ACCEPTED}, not of floats from {low:g} to {high:g}")
    return (array * 255 + 0.5).astype("uint8")


def write_png(
    rows: Iterable[bytes], width: int, height: int, *, colour_type: int, depth: int = 8, palette: bytes = b""
) -> bytes:
    """Write a PNG file.

    Parameters
    ----------
    rows
        The pixels of each row, as the file has them.
    width, height
        In pixels.
    colour_type, depth
        0 grey, 2 RGB, 3 indexed, 6 RGBA; and the bits of a channel.
    palette
        Of an indexed image: the red, green and blue of each of its colours.
    """
    import struct
    import zlib

    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)),
        *([(b"PLTE", palette)] if palette else []),
        (b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows), 6)),  # 0: each row is without a filter
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
