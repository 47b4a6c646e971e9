"""Whether JPEG, GIF and WebP files are there to their end; browsers show the part that is, and say nothing.

Only the structure is read, not the pixels. Formats: ITU-T T.81, annex B; GIF89a; the RIFF container of WebP.
"""

from __future__ import annotations

_CUT = "the file is cut short"
_SCAN, _END, _ALONE = 0xDA, b"\xff\xd9", {0x01, *range(0xD0, 0xD9)}  # markers without a segment


def find_jpeg_cut(content: bytes) -> str:
    """Say that a JPEG file is cut short; nothing when it is whole. What follows its end is of no matter."""
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == _SCAN:
            return "" if content.find(_END, at) >= 0 else _CUT
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker in _ALONE:
            at += 2
        else:
            at += 2 + int.from_bytes(content[at + 2 : at + 4])
    return _CUT if at + 4 > len(content) else "it is no valid JPEG file"


def find_gif_cut(content: bytes) -> str:
    """Say that a GIF file is cut short; nothing when it has an image and ends with a whole block."""
    n_images = 0
    try:
        at = 13 + _colours(content[10])
        while at < len(content) and content[at] != 0x3B:
            if content[at] == 0x2C:
                n_images += 1
                at = _after_blocks(content, at + 11 + _colours(content[at + 9]))
            elif content[at] == 0x21:
                at = _after_blocks(content, at + 2)
            else:
                return "it is no valid GIF file"
    except IndexError:
        return _CUT
    return "" if n_images and at <= len(content) else _CUT


def _colours(flags: int) -> int:
    """Give the size of the table of colours that follows some flags."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(content: bytes, at: int) -> int:
    while content[at]:
        at += 1 + content[at]
    return at + 1


def find_webp_cut(content: bytes) -> str:
    """Say that a WebP file is cut short; nothing when it is as long as it says."""
    return _CUT if len(content) < 8 + int.from_bytes(content[4:8], "little") else ""
