"""Images in any of their forms become the bytes of a file that browsers show, or are refused."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.inputs.images import image_extension, read_image

PNG = b"\x89PNG\r\n\x1a\n" + b"rest"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


@pytest.mark.parametrize("url", ["http://example.org/a.png", "https://example.org/a?b=c"])
def test_image_on_the_web_stays_there(url: str) -> None:
    assert read_image(url) == url


@pytest.mark.parametrize(
    ("url", "content", "extension"),
    [
        ("data:image/png;base64," + base64.b64encode(PNG).decode(), PNG, "png"),
        ("data:image/PNG;base64," + base64.b64encode(PNG).decode().replace("=", "%3D"), PNG, "png"),
        ("data:image/svg+xml;charset=utf-8,%3Csvg%20xmlns='x'/%3E", b"<svg xmlns='x'/>", "svg"),
        ("data:image/jpeg;base64," + base64.b64encode(PNG).decode(), PNG, "png"),
    ],
    ids=["base64", "quoted-base64", "text", "wrong-media-type"],
)
def test_data_url_is_unpacked_and_its_content_decides(url: str, content: bytes, extension: str) -> None:
    assert read_image(url) == (content, extension, "")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("data:text/html,<b>", "a data URL must hold an image"),
        ("data:image/png", "a data URL must hold an image"),
        ("data:,x", "a data URL must hold an image"),
        ("data:image/png;base64,####", "the data URL is not valid base64"),
        ("data:image/png;base64,YWJj", "the image is none of PNG, JPEG"),
    ],
)
def test_data_url_without_an_image_is_refused(url: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_image(url)


def test_image_file_is_read_by_path(tmp_path: Path) -> None:
    path = tmp_path / "plot.txt"
    path.write_bytes(PNG)
    assert read_image(path) == (PNG, "png", "plot.txt")
    assert read_image("plot.txt") == (PNG, "png", "plot.txt")


def test_image_file_that_is_not_there_is_an_os_error() -> None:
    with pytest.raises(FileNotFoundError):
        read_image("nowhere.png")


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_are_an_image(kind: type) -> None:
    assert read_image(kind(PNG)) == (PNG, "png", "")


class Figure:
    def savefig(self, file: Any, *, format: str, **options: Any) -> None:  # noqa: A002
        file.write(PNG + format.encode() + str(options["metadata"]).encode())


class Picture:
    mode = "RGB"

    def save(self, file: Any, format: str) -> None:  # noqa: A002
        file.write(PNG + format.encode())


class Shown:
    """An object that shows itself as IPython asks it to."""

    def __init__(self, **forms: Any) -> None:
        for method, form in forms.items():
            setattr(self, method, lambda form=form: form)


def test_figure_is_saved_as_png_without_the_version_of_its_software() -> None:
    assert read_image(Figure()) == (PNG + b"png" + b"{'Software': None}", "png", "")


def test_picture_is_saved_as_png() -> None:
    assert read_image(Picture()) == (PNG + b"PNG", "png", "")


def test_pil_image_is_saved_as_png() -> None:
    image = pytest.importorskip("PIL.Image")
    content, extension, name = read_image(image.new("L", (1, 1)))
    assert (image_extension(content), extension, name) == ("png", "png", "")


@pytest.mark.parametrize("image", [None, 3, [PNG], object()], ids=lambda image: type(image).__name__)
def test_what_is_no_image_is_a_type_error(image: Any) -> None:
    with pytest.raises(TypeError, match=f"an image must be .*, not {type(image).__name__}$"):
        read_image(image)


@pytest.mark.parametrize(
    ("content", "extension"),
    [
        (PNG, "png"),
        (b"\xff\xd8\xff\xe0", "jpg"),
        (b"GIF89a", "gif"),
        (b"GIF87a", "gif"),
        (b"RIFF\x00\x00\x00\x00WEBP", "webp"),
        (b"\x00\x00\x00\x20ftypavif", "avif"),
        (SVG, "svg"),
        (b"\xef\xbb\xbf\n " + SVG, "svg"),
        (b'<?xml version="1.0"?>\n<!-- c -->\n' + SVG, "svg"),
        (b"<!DOCTYPE svg>" + SVG, "svg"),
    ],
)
def test_format_of_an_image_is_told_by_its_first_bytes(content: bytes, extension: str) -> None:
    assert image_extension(content) == extension


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG",
        b"BM",
        b"II*\x00",
        b"%PDF-1.7",
        b"<html><svg></svg></html>",
        b"<?xml version='1.0'?><rss/>",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"text <svg>",
    ],
)
def test_other_formats_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="none of PNG, JPEG, GIF, WebP, AVIF, SVG"):
        image_extension(content)


@given(st.binary(max_size=40))
def test_any_bytes_are_an_image_or_a_value_error(content: bytes) -> None:
    try:
        assert image_extension(content) in {"png", "jpg", "gif", "webp", "avif", "svg"}
    except ValueError as error:
        assert "none of" in str(error)  # noqa: PT017


# Files and texts


def test_svg_text_is_an_image() -> None:
    text = SVG.decode()
    assert read_image(f"\n{text}") == (f"\n{text}".encode(), "svg", "")


@pytest.mark.parametrize("image", [b"", "data:image/png;base64,"])
def test_empty_image_says_so(image: Any) -> None:
    with pytest.raises(ValueError, match="the image is empty"):
        read_image(image)


def test_empty_file_folder_and_pipe_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    with pytest.raises(ValueError, match="the image is empty"):
        read_image("empty.png")
    with pytest.raises(IsADirectoryError, match=r"must be a file, but '.*' is a folder$"):
        read_image(tmp_path)
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ValueError, match=r"must be a plain file, but 'pipe\.png' is a device or a pipe"):
        read_image("pipe.png")


def test_huge_image_names_its_size(tmp_path: Path) -> None:
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(60_500_000)
    for image in ("huge.png", bytes(60_500_000)):
        with pytest.raises(ValueError, match=r"^an image may have 50 MB, not 60\.5 MB$"):
            read_image(image)


@pytest.mark.parametrize("url", ["ftp://x/a.png", "s3://b/k.png", "git+ssh://x"])
def test_other_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=f"at an http or https URL, or in a file, not at '{url[:3]}"):
        read_image(url)


# Pictures of PIL

MODES = "1 L LA La P PA RGB RGBA RGBa RGBX CMYK YCbCr LAB HSV I F I;16 I;16B I;16L I;16N".split()


def decode(image: Any) -> Any:
    """What Pillow reads from the file that an image became."""
    content, extension, name = read_image(image)
    assert (image_extension(content), extension, name) == ("png", "png", "")
    picture = pytest.importorskip("PIL.Image").open(io.BytesIO(content))
    picture.load()
    return picture


@pytest.mark.parametrize("mode", MODES)
def test_picture_of_every_mode_becomes_a_png_of_its_size(mode: str) -> None:
    assert decode(pytest.importorskip("PIL.Image").new(mode, (3, 2))).size == (3, 2)


def test_colours_and_transparency_survive() -> None:
    pil = pytest.importorskip("PIL.Image")
    red = pil.new("RGB", (1, 1), (255, 0, 0))
    for mode in ("RGB", "RGBX", "CMYK", "HSV", "P", "YCbCr"):
        near = decode(red.convert("RGB").convert(mode)).convert("RGB").getpixel((0, 0))
        assert max(abs(a - b) for a, b in zip(near, (255, 0, 0), strict=True)) <= 2, mode
    clear = pil.new("RGBA", (1, 1), (255, 0, 0, 128))
    assert decode(clear).getpixel((0, 0)) == (255, 0, 0, 128)
    assert decode(clear.convert("RGBa")).getpixel((0, 0))[3] == 128


def test_deep_greys_keep_sixteen_bits_or_are_clipped_to_eight() -> None:
    pil = pytest.importorskip("PIL.Image")
    assert decode(pil.new("I;16", (1, 1), 40_000)).getpixel((0, 0)) == 40_000
    assert decode(pil.new("I;16B", (1, 1), 40_000)).getpixel((0, 0)) == 40_000
    assert decode(pil.new("F", (1, 1), 300.5)).getpixel((0, 0)) == 255
    assert decode(pil.new("I", (1, 1), 7)).getpixel((0, 0)) == 7


def test_animation_gives_the_frame_it_is_at() -> None:
    pil = pytest.importorskip("PIL.Image")
    buffer = io.BytesIO()
    frames = [pil.new("L", (1, 1), grey) for grey in (0, 255)]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    animation = pil.open(buffer)
    animation.seek(1)
    assert decode(animation).convert("L").getpixel((0, 0)) == 255


# Figures


def test_figure_axes_and_plots_give_the_same_bytes_each_time() -> None:
    figure = pytest.importorskip("matplotlib.figure").Figure()
    axes = figure.subplots()
    axes.plot([1, 3, 2])
    contents = {read_image(image)[0] for image in (figure, figure, axes, SimpleNamespace(figure=figure))}
    (content,) = contents
    assert b"Software" not in content
    assert b"matplotlib" not in content.lower()


# Arrays


@pytest.mark.parametrize(("shape", "mode"), [((2, 3), "L"), ((2, 3, 1), "L"), ((2, 3, 3), "RGB"), ((2, 3, 4), "RGBA")])
def test_array_of_bytes_becomes_its_pixels(shape: tuple[int, ...], mode: str) -> None:
    np = pytest.importorskip("numpy")
    array = np.arange(np.prod(shape), dtype="uint8").reshape(shape)
    for pixels in (array, np.asfortranarray(array), array[::-1, ::-1]):
        picture = decode(pixels)
        assert (picture.mode, picture.size) == (mode, (3, 2))
        assert np.array_equal(np.asarray(picture).reshape(shape), pixels)


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_array_of_floats_spans_black_to_white(kind: str) -> None:
    np = pytest.importorskip("numpy")
    assert np.asarray(decode(np.array([[0, 0.5, 1]], kind))).tolist() == [[0, 128, 255]]


def test_array_of_booleans_is_black_and_white() -> None:
    np = pytest.importorskip("numpy")
    assert np.asarray(decode(np.array([[True, False]]))).tolist() == [[255, 0]]


@pytest.mark.parametrize(
    ("make", "error", "came"),
    [
        (lambda np: np.zeros(3, "u1"), ValueError, r"not of the shape \(3,\)"),
        (lambda np: np.zeros((3, 4, 4), "u1")[:, :, :2], ValueError, r"not of the shape \(3, 4, 2\)"),
        (lambda np: np.zeros((0, 4), "u1"), ValueError, r"not of the shape \(0, 4\)"),
        (lambda np: np.zeros((1, 2, 3, 4), "u1"), ValueError, r"not of the shape \(1, 2, 3, 4\)"),
        (lambda np: np.zeros((2, 2), int), TypeError, "not of int64"),
        (lambda np: np.zeros((2, 2), complex), TypeError, "not of complex128"),
        (lambda np: np.array([["a"]]), TypeError, "not of <U1"),
        (lambda np: np.array([[0, 255.0]]), ValueError, "not of floats from 0 to 255"),
        (lambda np: np.array([[-0.1]]), ValueError, "not of floats from -0.1 to -0.1"),
        (lambda np: np.array([[0.5, np.nan]]), ValueError, "not of floats from nan to nan"),
    ],
)
def test_other_array_says_what_came_and_what_is_accepted(
    make: Callable[[Any], Any], error: type[Exception], came: str
) -> None:
    array = make(pytest.importorskip("numpy"))
    with pytest.raises(error, match=f"^an image array must be height × width, or .* floats from 0 to 1, {came}$"):
        read_image(array)


# Objects that show themselves


def test_object_that_shows_itself_is_an_image() -> None:
    assert read_image(Shown(_repr_png_=PNG)) == (PNG, "png", "")
    assert read_image(Shown(_repr_png_=(PNG, {"width": 1}))) == (PNG, "png", "")
    assert read_image(Shown(_repr_png_=base64.encodebytes(PNG).decode())) == (PNG, "png", "")
    assert read_image(Shown(_repr_svg_=SVG.decode())) == (SVG, "svg", "")
    assert read_image(Shown(_repr_png_=None, _repr_svg_=SVG.decode())) == (SVG, "svg", "")


def test_object_that_shows_nothing_is_refused() -> None:
    with pytest.raises(TypeError, match="this Shown shows itself as neither"):
        read_image(Shown(_repr_png_=None))
    with pytest.raises(ValueError, match="none of PNG"):
        read_image(Shown(_repr_png_=b"GIF8"))
