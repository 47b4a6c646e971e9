"""What a page must know of an image file before it shows it: its size, or why it cannot be shown."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from reportgen.blobs import BlobError, find_blob
from reportgen.images.ends import find_gif_cut, find_jpeg_cut, find_webp_cut
from reportgen.images.png import find_fault
from reportgen.images.svg import find_risk
from reportgen.inputs.images import image_extension


class ImageFacts(NamedTuple):
    """What is known of one image file.

    Attributes
    ----------
    path
        Where the file lies; `None` when it cannot be used.
    n_bytes, width, height
        Its size in bytes and pixels; width and height are 0 when the file does not tell.
    broken
        Why it cannot be shown; empty when it can.
    """

    path: Path | None
    n_bytes: int = 0
    width: int = 0
    height: int = 0
    broken: str = ""


def inspect_image(name: str, folders: Iterable[Path]) -> ImageFacts:
    """Look at an image that runs keep by content, in one of the folders of runs.

    A file is used only if it is whole and of the format that its extension says.
    """
    try:
        path = find_blob(name, folders)
        content = path.read_bytes()
    except BlobError as error:
        return ImageFacts(None, broken=str(error))
    except OSError as error:
        return ImageFacts(None, broken=f"its file cannot be read ({error.strerror})")
    try:
        extension = image_extension(content)
    except ValueError as error:
        return ImageFacts(None, broken=str(error))
    if f".{extension}" != path.suffix:
        return ImageFacts(None, broken=f"it is named {path.suffix} but is {extension}")
    reason = _CHECKS[extension](content) if extension in _CHECKS else ""
    if reason:
        return ImageFacts(None, broken=reason)
    width, height = _size(content)
    return ImageFacts(path, len(content), width, height)


_CHECKS = {
    "png": find_fault,
    "svg": find_risk,
    "jpg": find_jpeg_cut,
    "gif": find_gif_cut,
    "webp": find_webp_cut,
}


def _size(content: bytes) -> tuple[int, int]:
    import imagesize  # which loads much for what is at an address

    try:
        width, height = imagesize.get(io.BytesIO(content))
    except (ValueError, OSError, ArithmeticError, LookupError):  # a broken header; the browser shows what it can
        return 0, 0
    return max(int(width), 0), max(int(height), 0)
