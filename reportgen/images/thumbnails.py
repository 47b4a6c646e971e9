"""Small pictures of large images, for lists: a page of fifty stays light."""

from __future__ import annotations

import io

from reportgen.images.decoding import DecodeError, decode_image, is_decodable
from reportgen.images.facts import ImageFacts
from reportgen.log.find import read_file

PREVIEW = (264, 164)  # the most that a list shows of an image: width and height in pixels of CSS
_DENSITY = 2  # of the pixels of many screens
_LEAST_BYTES = 24_000
_MOST_PIXELS = 40_000_000


def thumbnail_size(facts: ImageFacts) -> tuple[int, int] | None:
    """Give width and height of the small picture of an image; `None` when it has none and is shown itself."""
    if facts.path is None or facts.n_bytes < _LEAST_BYTES or not facts.width or not is_decodable(facts.path):
        return None
    if facts.width * facts.height > _MOST_PIXELS:
        return None
    size = fit_size(facts.width, facts.height, _DENSITY)
    return None if size == (facts.width, facts.height) else size


def fit_size(width: int, height: int, density: int = 1) -> tuple[int, int]:
    """Give width and height of an image in a list, `density` times; one that is small enough stays as it is."""
    scale = min(density * PREVIEW[0] / width, density * PREVIEW[1] / height, 1)
    return max(round(width * scale), 1), max(round(height * scale), 1)


def make_thumbnail(facts: ImageFacts) -> bytes | None:
    """Write the small picture of an image as a WebP file; `None` when it has none.

    Of an image that cannot be decoded here it is the file itself, of which browsers show what they can.
    """
    if thumbnail_size(facts) is None or facts.path is None:
        return None
    try:
        image, _ = decode_image(facts.path, _MOST_PIXELS, least_size=(4 * PREVIEW[0], 4 * PREVIEW[1]))
        small = image.resize(fit_size(*image.size, _DENSITY), reducing_gap=2.0)
        buffer = io.BytesIO()
        small.save(buffer, "WEBP", quality=85, method=2)
        return buffer.getvalue()
    except (DecodeError, OSError, ValueError):
        return read_file(facts.path)
