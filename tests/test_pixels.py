"""How the pixels of two images differ, small pictures of large ones, and PNG files that are damaged."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reportgen.images import ImageFacts, PixelChange, compare_pixels, decoding, make_thumbnail, thumbnail_size
from reportgen.images.pixels import STRONG
from reportgen.images.png import find_fault

Size = tuple[int, int]


def save(folder: Path, name: str, image: Image.Image, **options: object) -> Path:
    path = folder / name
    image.save(path, **options)
    return path


def compare(folder: Path, old: Image.Image, new: Image.Image) -> PixelChange:
    found = compare_pixels(save(folder, "old.png", old), save(folder, "new.png", new))
    assert isinstance(found, PixelChange)
    return found


def grey(size: Size, value: int = 100) -> Image.Image:
    return Image.new("L", size, value)


def with_pixels(image: Image.Image, pixels: dict[Size, object]) -> Image.Image:
    image = image.copy()
    for place, value in pixels.items():
        image.putpixel(place, value)
    return image


def count_colours(picture: bytes) -> dict[object, int]:
    with Image.open(io.BytesIO(picture)) as image:
        return {colour: n for n, colour in image.convert("RGB").getcolors(100_000) or []}


DARK, LIGHT = (0xB4, 0x00, 0x6E), (0xF2, 0xA3, 0xD0)


def test_pixels_that_differ_are_counted_and_drawn(tmp_path: Path) -> None:
    old = grey((40, 30))
    new = with_pixels(old, {(x, 2): 100 + STRONG for x in range(20)} | {(x, 20): 101 for x in range(10)})
    found = compare(tmp_path, old, new)
    assert (found.n_pixels, found.n_changed, found.n_strong) == (1200, 30, 20)
    assert (found.width, found.height, found.scale, found.is_enlarged) == (40, 30, 1, False)
    colours = count_colours(found.picture)
    assert (colours[DARK], colours[LIGHT]) == (20, 10)
    assert find_fault(found.picture) == ""


def test_few_pixels_are_drawn_larger(tmp_path: Path) -> None:
    old = grey((50, 50))
    found = compare(tmp_path, old, with_pixels(old, {(10, 10): 255, (49, 0): 101}))
    assert found.is_enlarged
    colours = count_colours(found.picture)
    assert (colours[DARK], colours[LIGHT]) == (9, 4)


def test_same_pixels_in_another_file_do_not_differ(tmp_path: Path) -> None:
    image = Image.new("RGB", (20, 10), (10, 20, 30))
    paths = save(tmp_path, "a.png", image), save(tmp_path, "b.png", image.quantize())
    found = compare_pixels(*paths)
    assert found == PixelChange(200, 0, 0)


def test_colours_of_transparent_pixels_are_alike_but_white_is_not_transparent(tmp_path: Path) -> None:
    clear, other, white = (Image.new("RGBA", (5, 5), colour) for colour in ("#ff000000", "#00ff0000", "#ffffffff"))
    assert compare(tmp_path, clear, other).n_changed == 0
    assert compare(tmp_path, clear, white).n_changed == 25
    assert compare(tmp_path, white.convert("RGB"), clear).n_changed == 25


def test_of_images_of_different_sizes_what_only_one_has_differs(tmp_path: Path) -> None:
    found = compare(tmp_path, grey((30, 20)), with_pixels(grey((20, 40)), {(5, 5): 255}))
    assert (found.n_pixels, found.width, found.height, found.is_same_size) == (1200, 30, 40, False)
    assert found.n_changed == 1200 - 20 * 20 + 1
    assert found.n_strong == 1


def test_sixteen_bits_are_compared_as_they_are_shown(tmp_path: Path) -> None:
    old, new, other = (Image.new("I;16", (8, 8), value) for value in (0x1200, 0x12FF, 0x8800))
    assert compare(tmp_path, old, new).n_changed == 0
    assert compare(tmp_path, old, other).n_strong == 64


def test_of_an_animated_image_the_first_picture_is_compared(tmp_path: Path) -> None:
    frames = [grey((9, 9), value) for value in (0, 120, 240)]
    old = save(tmp_path, "a.gif", frames[0], save_all=True, append_images=frames[1:])
    new = save(tmp_path, "b.gif", frames[0], save_all=True, append_images=frames[2:])
    found = compare_pixels(old, new)
    assert isinstance(found, PixelChange)
    assert (found.has_motion, found.n_changed) == (True, 0)


def test_large_images_get_a_smaller_picture_that_shows_every_change(tmp_path: Path) -> None:
    old = grey((3000, 1700))
    found = compare(tmp_path, old, with_pixels(old, {(2999, 1699): 255}))
    assert (found.scale, found.width, found.height, found.n_changed) == (2, 1500, 850, 1)
    assert count_colours(found.picture)[DARK] == 4


def test_turned_photographs_are_compared_as_they_are_seen(tmp_path: Path) -> None:
    wide = Image.new("RGB", (64, 32), "white")
    wide.paste("black", (0, 0, 32, 32))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    turned = save(tmp_path, "a.jpg", wide, exif=exif)
    upright = save(tmp_path, "b.png", wide.transpose(Image.Transpose.ROTATE_270))
    found = compare_pixels(turned, upright)
    assert isinstance(found, PixelChange)
    assert found.is_same_size
    assert found.n_strong == 0


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of(width: int, height: int, data: bytes = b"", *, depth: int = 8, colour: int = 0) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_image_that_claims_to_be_huge_is_not_decoded(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png_of(60_000, 60_000, zlib.compress(bytes(1000))))
    (tmp_path / "b.png").write_bytes(png_of(5_000, 4_000, zlib.compress(bytes(1000))))
    small = save(tmp_path, "c.png", grey((3, 3)))
    assert compare_pixels(tmp_path / "b.png", small) == "one of them has over 16 million pixels"
    assert "decoded" in str(compare_pixels(tmp_path / "a.png", small))


def test_images_that_are_huge_only_together_are_not_compared(tmp_path: Path) -> None:
    paths = save(tmp_path, "a.png", grey((10_000, 1))), save(tmp_path, "b.png", grey((1, 10_000)))
    assert compare_pixels(*paths) == "together they have over 16 million pixels"


def test_damaged_pixels_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png_of(30, 30, b"no zlib stream"))
    found = compare_pixels(tmp_path / "a.png", save(tmp_path, "b.png", grey((30, 30))))
    assert found == "the pixels of one of them cannot be decoded"


def test_nothing_is_said_of_drawings_and_without_pillow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = save(tmp_path, "a.png", grey((3, 3)))
    assert compare_pixels(image, tmp_path / "b.svg") == ""
    monkeypatch.setattr(decoding, "has_pillow", lambda: False)
    assert compare_pixels(image, image) == ""


@given(st.data())
def test_difference_of_any_two_images_is_whole(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    sizes = st.tuples(st.integers(1, 9), st.integers(1, 9))
    modes = st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])

    def draw() -> Image.Image:
        mode, (width, height) = data.draw(modes), data.draw(sizes)
        n_bytes = width * height * {"LA": 2, "RGB": 3, "RGBA": 4, "I;16": 2}.get(mode, 1)
        content = data.draw(st.binary(min_size=n_bytes, max_size=n_bytes))
        if mode == "1":
            return Image.frombytes("L", (width, height), content).convert("1")
        return Image.frombytes(mode, (width, height), content)

    folder = tmp_path_factory.mktemp("images")
    old, new = draw(), draw()
    found, back = compare(folder, old, new), compare(folder, new, old)
    assert (found.n_changed, found.n_strong) == (back.n_changed, back.n_strong)
    assert found.n_pixels >= found.n_changed >= found.n_strong
    assert compare(folder, old, old).n_changed == 0
    if found.n_changed:
        colours = count_colours(found.picture)
        assert colours.get(DARK, 0) >= found.n_strong
        assert colours.get(DARK, 0) + colours.get(LIGHT, 0) >= found.n_changed
    else:
        assert found.picture == b""


# Small pictures


def noise(size: Size, mode: str = "RGB") -> Image.Image:
    return Image.effect_noise(size, 80).convert(mode)


def facts_of(path: Path) -> ImageFacts:
    with Image.open(path) as image:
        return ImageFacts(path, path.stat().st_size, *image.size)


@pytest.mark.parametrize(
    ("name", "size", "expected"),
    [
        ("a.png", (1280, 960), (437, 328)),
        ("a.jpg", (1280, 960), (437, 328)),
        ("a.webp", (1200, 400), (528, 176)),
        ("a.gif", (400, 3280), (40, 328)),
    ],
)
def test_large_images_get_a_small_picture(tmp_path: Path, name: str, size: Size, expected: Size) -> None:
    facts = facts_of(save(tmp_path, name, noise(size)))
    assert thumbnail_size(facts) == expected
    small = make_thumbnail(facts)
    assert small == make_thumbnail(facts)
    with Image.open(io.BytesIO(small or b"")) as image:
        assert (image.format, image.size) == ("WEBP", expected)


def test_small_pictures_keep_what_shines_through(tmp_path: Path) -> None:
    image = noise((800, 800), "RGBA")
    image.putalpha(Image.new("L", image.size, 0))
    small = make_thumbnail(facts_of(save(tmp_path, "a.png", image)))
    with Image.open(io.BytesIO(small or b"")) as found:
        assert found.convert("RGBA").getchannel("A").getextrema() == (0, 0)


def test_images_that_lists_show_well_have_no_small_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few_bytes, few_pixels = save(tmp_path, "a.png", grey((2000, 2000))), save(tmp_path, "b.png", noise((300, 300)))
    for facts in (facts_of(few_bytes), facts_of(few_pixels), ImageFacts(tmp_path / "c.svg", 10**6, 3000, 2000)):
        assert thumbnail_size(facts) is None
        assert make_thumbnail(facts) is None
    large = facts_of(save(tmp_path, "d.png", noise((800, 800))))
    assert thumbnail_size(large) == (328, 328)
    monkeypatch.setattr("reportgen.images.decoding.has_pillow", lambda: False)
    assert thumbnail_size(large) is None


def test_image_that_cannot_be_decoded_is_its_own_small_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png_of(900, 900, bytes(30_000)))
    assert make_thumbnail(ImageFacts(path, 30_100, 900, 900)) == path.read_bytes()


# PNG files


PNG = png_of(1, 1, zlib.compress(b"\0\0"))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda png: png, ""),
        (lambda png: png + b"another", ""),
        (lambda png: png[:33] + chunk(b"tIME", b"x")[:-1] + b"?" + png[33:], ""),
        (lambda png: png[:-1], "it is cut short"),
        (lambda png: png[:40], "it is cut short"),
        (lambda png: png[:8], "it is cut short"),
        (lambda png: png[:45] + b"?" + png[46:], "its part IDAT is damaged (another check sum)"),
        (lambda png: png[:33] + png[-12:], "its pixels are missing"),
        (lambda png: png[:8] + png[33:], "it does not begin with a header"),
        (lambda png: png_of(0, 3), "it has no pixels"),
        (lambda png: png_of(3, 3, colour=1), "its colour type 1 is none of PNG"),
        (lambda png: png_of(3, 3, depth=3), "its 3 bits a channel are not allowed for its colour type 0"),
        (lambda png: png_of(3, 3, colour=3), "its palette is missing"),
    ],
)
def test_fault_of_a_png_file_is_found(damage: Callable[[bytes], bytes], reason: str) -> None:
    assert find_fault(damage(PNG)) == reason


@given(st.binary(max_size=200))
def test_any_bytes_after_the_signature_raise_nothing(content: bytes) -> None:
    assert isinstance(find_fault(PNG[:8] + content), str)
