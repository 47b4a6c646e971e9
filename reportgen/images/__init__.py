"""Image files: their size or why they cannot be shown, small pictures of large ones, and how two differ.

The last two need Pillow (`reportgen[images]`). Without it large images are shown as they are, and nothing is said of
pixels.
"""

from reportgen.images.facts import ImageFacts, inspect_image
from reportgen.images.pixels import PixelChange, compare_pixels
from reportgen.images.thumbnails import fit_size, make_thumbnail, thumbnail_size

__all__ = [
    "ImageFacts",
    "PixelChange",
    "compare_pixels",
    "fit_size",
    "inspect_image",
    "make_thumbnail",
    "thumbnail_size",
]
