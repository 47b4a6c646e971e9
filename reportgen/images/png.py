"""Whether a PNG file is whole: what the standard library alone can tell, without undoing its compression.

Looked at is what a browser needs: the header, the palette where there must be one, pixels, and the check sums of these.
What stands beside them (times, texts) may be wrong, and so may what follows the end.
"""

from __future__ import annotations

import struct
import zlib

_START = 8  # after the signature
_DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}  # by colour type
_CHECKED = {b"IHDR", b"PLTE", b"IDAT"}
_CUT = "it is cut short"


def find_fault(content: bytes) -> str:
    """Say why a file that begins as PNG cannot be shown; empty when nothing is wrong."""
    found: set[bytes] = set()
    place = _START
    while place + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        end = place + 8 + length
        if end + 4 > len(content):
            return _CUT
        body = memoryview(content)[place + 4 : end]
        if kind in _CHECKED and zlib.crc32(body) != int.from_bytes(content[end : end + 4], "big"):
            return f"its part {kind.decode()} is damaged (another check sum)"
        if kind == b"IHDR" and (fault := _find_fault_of_header(bytes(body[4:]))):
            return fault
        if not found and kind != b"IHDR":
            return "it does not begin with a header"
        found.add(kind)
        if kind == b"IEND":
            return _find_missing(content, found)
        place = end + 4
    return _CUT


def _find_fault_of_header(body: bytes) -> str:
    if len(body) != 13:
        return "its header is damaged"
    width, height, depth, colour, compression, filters, interlace = struct.unpack(">IIBBBBB", body)
    if not (width and height):
        return "it has no pixels"
    if colour not in _DEPTHS:
        return f"its colour type {colour} is none of PNG"
    if depth not in _DEPTHS[colour]:
        return f"its {depth} bits a channel are not allowed for its colour type {colour}"
    if compression or filters or interlace > 1:
        return "its compression is none of PNG"
    return ""


def _find_missing(content: bytes, found: set[bytes]) -> str:
    if b"IDAT" not in found:
        return "its pixels are missing"
    is_indexed = content[_START + 17] == 3  # the colour type
    return "its palette is missing" if is_indexed and b"PLTE" not in found else ""
