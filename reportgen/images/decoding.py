"""Decodes images, where Pillow is installed."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.log.find import read_file

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".gif": "GIF", ".webp": "WEBP"}


class DecodeError(Exception):
    """An image cannot be decoded; the message says why, as the end of a sentence."""


@cache
def has_pillow() -> bool:
    """Whether images can be decoded, and WebP be written."""
    try:
        from PIL import features
    except ImportError:
        return False
    return bool(features.check("webp"))


def is_decodable(path: Path) -> bool:
    """Whether files of this name can be decoded, if they are whole."""
    return path.suffix in _FORMATS and has_pillow()


def decode_image(path: Path, most_pixels: int, *, least_size: tuple[int, int] | None = None) -> tuple[Image, bool]:
    """Decode the first picture of a file, turned as it is meant to be seen.

    Parameters
    ----------
    path
        The file; it is opened only as the format that its name says.
    most_pixels
        How many it may have: a small file may claim to be very large.
    least_size
        Width and height that are enough; a JPEG may be decoded at a fraction of its size.

    Returns
    -------
    tuple
        The picture, and whether more pictures follow it.

    Raises
    ------
    DecodeError
        It is too large, or not whole.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(read_file(path)), formats=[_FORMATS[path.suffix]]) as image:
            if image.width * image.height > most_pixels:
                raise DecodeError(f"one of them has over {most_pixels // 10**6} million pixels")
            is_animated = getattr(image, "n_frames", 1) > 1
            if least_size:
                image.draft("RGB", least_size)
            image.load()
            return _to_eight_bits(ImageOps.exif_transpose(image)), is_animated
    except DecodeError:
        raise
    except Exception as error:  # Pillow fails on damaged files in many ways
        raise DecodeError("the pixels of one of them cannot be decoded") from error


def _to_eight_bits(image: Image) -> Image:
    """Give a picture as browsers show it: RGB, or RGBA where something shines through."""
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")
