"""How the pixels of two images differ: how many do, and a picture of which.

Compared is what a reader sees: eight bits a channel, transparent pixels alike whatever their colour. Images of
different sizes are laid onto each other from the upper left corner, and what only one of them has differs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reportgen.images.decoding import DecodeError, decode_image, is_decodable
from reportgen.inputs.png import write_png

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 16_777_216
TOO_LARGE = "together they have over 16 million pixels"
STRONG = 32  # of 255: from this difference in a channel on, a pixel is another at first sight
_MOST_SHOWN = 1_300_000  # pixels of the picture
_N_GREYS = 14
_PALE = 208  # the darkest grey of what is unchanged
_WEAK_COLOUR, _STRONG_COLOUR = b"\xf2\xa3\xd0", b"\xb4\x00\x6e"  # told apart, and from the greys, by lightness too
_PALETTE = b"".join(bytes([_PALE + (255 - _PALE) * n // (_N_GREYS - 1)] * 3) for n in range(_N_GREYS)) + (
    _WEAK_COLOUR + _STRONG_COLOUR
)
_FEW = 0.01  # of the pixels: so few are drawn larger


class PixelChange(NamedTuple):
    """How many pixels of two images differ.

    Attributes
    ----------
    n_pixels
        Of both laid onto each other.
    n_changed, n_strong
        How many differ at all, and by at least `STRONG` in a channel.
    picture
        A PNG file: the new image faded to grey, what differs in magenta; empty when nothing does.
    width, height
        Of the picture, in pixels.
    scale
        How many pixels of the images a pixel of the picture is wide and high.
    is_same_size
        Whether both images have as many pixels in each direction.
    is_enlarged
        Whether pixels that differ are drawn three times as wide and high, since there are few.
    has_motion
        Whether one of the images is animated: of it only the first picture is compared.
    """

    n_pixels: int
    n_changed: int
    n_strong: int
    picture: bytes = b""
    width: int = 0
    height: int = 0
    scale: int = 1
    is_same_size: bool = True
    is_enlarged: bool = False
    has_motion: bool = False


def compare_pixels(old: Path, new: Path) -> PixelChange | str:
    """Compare two image files.

    Returns
    -------
    PixelChange or str
        The difference; or why there is none, as the end of a sentence, empty where nothing can be decoded here.
    """
    if not (is_decodable(old) and is_decodable(new)):
        return ""
    try:
        images = [decode_image(path, MAX_PIXELS) for path in (old, new)]
    except DecodeError as error:
        return str(error)
    (before, moved_before), (after, moves) = images
    change = _compare(before, after)
    return change if isinstance(change, str) else change._replace(has_motion=moved_before or moves)


def _compare(before: Image, after: Image) -> PixelChange | str:
    from PIL import ImageChops

    size = max(before.width, after.width), max(before.height, after.height)
    if size[0] * size[1] > MAX_PIXELS:
        return TOO_LARGE
    mode = "RGBa" if before.size != after.size or "RGBA" in (before.mode, after.mode) else "RGB"
    layers = [_lay_out(image, mode, size) for image in (before, after)]
    channels = ImageChops.difference(*layers).split()
    greatest = channels[0]
    for channel in channels[1:]:
        greatest = ImageChops.lighter(greatest, channel)
    if before.size != after.size:
        _mark_outside(greatest, before.size, after.size)
    histogram = greatest.histogram()
    n_pixels, n_changed = size[0] * size[1], sum(histogram[1:])
    if not n_changed:
        return PixelChange(n_pixels, 0, 0)
    found = PixelChange(n_pixels, n_changed, sum(histogram[STRONG:]), is_same_size=before.size == after.size)
    return _draw(after, greatest, found)


def _lay_out(image: Image, mode: str, size: tuple[int, int]) -> Image:
    """Give the colours of an image with those of transparent pixels at nought, larger if need be."""
    if mode == "RGB":
        return image
    return image.convert("RGBA").convert("RGBa").crop((0, 0, *size))


def _mark_outside(greatest: Image, *sizes: tuple[int, int]) -> None:
    """Let what only one image has differ, yet not so that it outshines what is another in both."""
    width, height = (min(lengths) for lengths in zip(*sizes, strict=True))
    greatest.paste(1, (width, 0, *greatest.size))
    greatest.paste(1, (0, height, *greatest.size))


def _draw(image: Image, greatest: Image, change: PixelChange) -> PixelChange:
    """Draw which pixels differ, over the image faded to grey."""
    from PIL import Image

    scale = 1
    while greatest.width * greatest.height > _MOST_SHOWN * scale * scale:
        scale += 1
    is_enlarged = change.n_changed < _FEW * change.n_pixels
    grey = Image.new("L", greatest.size, 255)
    grey.paste(image.convert("L"), mask=image.getchannel("A") if image.mode == "RGBA" else None)
    shades = _reduce(grey, scale).point([value * _N_GREYS // 256 for value in range(256)])
    for least, colour in ((1, _N_GREYS), (STRONG, _N_GREYS + 1)):
        mask = _reduce(greatest.point([255 * (value >= least) for value in range(256)]), scale)
        mask = mask.point([255 * (value > 0) for value in range(256)])
        shades.paste(colour, mask=_enlarge(mask) if is_enlarged else mask)
    width, height = shades.size
    packed = Image.frombytes("P", shades.size, shades.tobytes()).tobytes("raw", "P;4")  # two pixels a byte
    n_bytes = (width + 1) // 2
    rows = (packed[row * n_bytes : (row + 1) * n_bytes] for row in range(height))
    picture = write_png(rows, width, height, colour_type=3, depth=4, palette=_PALETTE)
    return change._replace(picture=picture, width=width, height=height, scale=scale, is_enlarged=is_enlarged)


def _reduce(image: Image, scale: int) -> Image:
    return image.reduce(scale) if scale > 1 else image


def _enlarge(mask: Image) -> Image:
    """Spread what is white by a pixel to each side; ten times as fast as a filter."""
    from PIL import ImageChops

    width, height = mask.size
    for x, y in ((1, 0), (0, 1)):
        moved = [mask.crop((x * way, y * way, width + x * way, height + y * way)) for way in (1, -1)]
        mask = ImageChops.lighter(mask, ImageChops.lighter(*moved))
    return mask
