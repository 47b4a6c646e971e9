"""Images in any of their forms become the bytes of a file that browsers show.

Files of a format that browsers show stay as they are, to the byte. All else becomes a PNG that says nothing of when
and by what it was made, so the same picture gives the same bytes.
"""

from __future__ import annotations

from reportgen.inputs.png import encode_array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MAX_BYTES = 50_000_000
_MEDIA_EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/avif": "avif",
    "image/svg+xml": "svg",
}
_PNG_MODES = {"1", "L", "LA", "P", "RGB", "RGBA", "I;16"}
_LOSSLESS_MODES = {"La": "LA", "PA": "RGBA", "RGBa": "RGBA"}
_FORMS = (
    "a URL, a path, the bytes of an image file, a PIL image, a matplotlib figure or axes, a NumPy array "
    "(height × width, or × 1, 3 or 4 channels) or an object that shows itself as PNG or SVG"
)


def read_image(image: Any) -> tuple[bytes, str, str] | str:
    """Take an image in any of its forms.

    Parameters
    ----------
    image
        An http(s) URL, a data URL, a path, the bytes of an image file, SVG text; a PIL image, of which an animated
        one gives the frame it is at; a matplotlib figure, or axes or a plot of seaborn, which give their figure; a
        NumPy array, height × width (grey) or × 1, 3 (RGB) or 4 (RGBA), of uint8, booleans, or floats from 0 to 1; an
        object with `_repr_png_` or `_repr_svg_`, as IPython shows them.

    Returns
    -------
    str or tuple
        The http(s) URL as it is, or `(content, extension, name)` of what is to be kept by content.

    Raises
    ------
    ValueError
        The URL or the format is not one that a browser shows, or the file is empty or over 50 MB.
    OSError
        The file cannot be read.
    TypeError
        It has none of these forms.
    """
    if isinstance(image, str):
        return _from_text(image)
    if hasattr(image, "__fspath__"):
        return _from_path(image)
    if isinstance(image, (bytes, bytearray, memoryview)):
        return _checked(bytes(image))
    for find, draw in _DRAWN:
        if find(image):
            return _checked(draw(image))
    raise TypeError(f"an image must be {_FORMS}, not {type(image).__name__}")


def _checked(content: bytes, name: str = "") -> tuple[bytes, str, str]:
    _check_size(len(content))
    return content, image_extension(content), name


def _check_size(n_bytes: int) -> None:
    if n_bytes > MAX_BYTES:
        raise ValueError(f"an image may have {MAX_BYTES // 1_000_000} MB, not {n_bytes / 1_000_000:,.1f} MB")


def _from_text(text: str) -> tuple[bytes, str, str] | str:
    start = text[:8].lower()
    if start.startswith(("http://", "https://")):
        return text
    if start.startswith("data:"):
        return _checked(_decode_data_url(text))
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        return _checked(text.encode())
    scheme, mark, _ = text.partition("://")
    if mark and scheme[:1].isalpha() and scheme.isascii() and scheme.translate(_SCHEME_MARKS).isalnum():
        raise ValueError(f"an image can be at an http or https URL, or in a file, not at {text[:100]!r}")
    return _from_path(text)


_SCHEME_MARKS = {ord(mark): "x" for mark in "+.-"}


def _from_path(path: Any) -> tuple[bytes, str, str]:
    import os
    import stat

    status = os.stat(path)  # noqa: PTH116 - pathlib would cost more to load than the file to read
    name = os.fsdecode(path)
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(f"an image must be a file, but {name!r} is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise ValueError(f"an image must be a plain file, but {name!r} is a device or a pipe")
    _check_size(status.st_size)
    with open(path, "rb") as file:  # noqa: PTH123 - the same
        return _checked(file.read(MAX_BYTES + 1), os.path.basename(name))  # noqa: PTH119 - the same


def _decode_data_url(url: str) -> bytes:
    import base64
    import binascii
    from urllib.parse import unquote_to_bytes

    head, comma, body = url.partition(",")
    media = head[len("data:") :].split(";")[0].lower()
    if not comma or media not in _MEDIA_EXTENSIONS:
        raise ValueError(f"a data URL must hold an image ({', '.join(_MEDIA_EXTENSIONS)}), not {head[:60]!r}")
    raw = unquote_to_bytes(body)
    if not head.lower().endswith(";base64"):
        return raw
    try:
        return base64.b64decode(b"".join(raw.split()), validate=True)
    except binascii.Error as error:
        raise ValueError(f"the data URL is not valid base64: {error}") from error


def _draw_figure(figure: Any) -> bytes:
    import io

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=144, metadata={"Software": None}, bbox_inches="tight")
    return buffer.getvalue()


def _draw_picture(image: Any) -> bytes:
    """Encode a PIL image as PNG, which lacks some of PIL's modes: 32-bit and float greys are clipped to 0–255."""
    import io

    if image.mode in _LOSSLESS_MODES:
        image = image.convert(_LOSSLESS_MODES[image.mode])
    elif image.mode.startswith("I;16"):
        image = image if image.mode == "I;16" else image.convert("I").convert("I;16")
    elif image.mode in ("I", "F"):
        image = image.convert("L")
    elif image.mode not in _PNG_MODES:
        image = image.convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def _draw_array(array: Any) -> bytes:
    import sys

    return encode_array(sys.modules["numpy"].asarray(array))


def _draw_itself(image: Any) -> bytes:
    """Take what an object gives to IPython: PNG bytes or base64 text, or SVG text, perhaps with metadata."""
    for method in ("_repr_png_", "_repr_svg_"):
        shown = getattr(image, method, lambda: None)()
        shown = shown[0] if isinstance(shown, tuple) else shown
        if isinstance(shown, str) and method == "_repr_png_":
            return _decode_data_url(f"data:image/png;base64,{shown}")
        if isinstance(shown, (str, bytes)):
            return shown.encode() if isinstance(shown, str) else shown
    raise TypeError(f"an image must be {_FORMS}; this {type(image).__name__} shows itself as neither")


def _is_array(image: Any) -> bool:
    import sys

    return "numpy" in sys.modules and (hasattr(image, "__array_interface__") or hasattr(image, "__array__"))


# How to know what has pixels or draws them, and how to get them; the first that fits is taken.
_DRAWN: tuple[tuple[Callable[[Any], bool], Callable[[Any], bytes]], ...] = (
    (lambda image: not isinstance(image, type) and hasattr(image, "savefig"), _draw_figure),
    (lambda image: hasattr(image, "save") and isinstance(getattr(image, "mode", None), str), _draw_picture),
    (_is_array, _draw_array),
    (lambda image: hasattr(getattr(image, "figure", None), "savefig"), lambda image: _draw_figure(image.figure)),
    (lambda image: hasattr(image, "_repr_png_") or hasattr(image, "_repr_svg_"), _draw_itself),
)


def image_extension(content: bytes) -> str:
    """Tell the format of an image file by its first bytes.

    Raises
    ------
    ValueError
        It is none of PNG, JPEG, GIF, WebP, AVIF, SVG.
    """
    head = content[:1024]
    if not content:
        raise ValueError("the image is empty: none of PNG, JPEG, GIF, WebP, AVIF, SVG")
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:12] in (b"ftypavif", b"ftypavis"):
        return "avif"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"<?xml", b"<!--", b"<!DOCTYPE svg", b"<svg")) and b"<svg" in content:
        return "svg"
    raise ValueError("the image is none of PNG, JPEG, GIF, WebP, AVIF, SVG")
