"""Images in any of their forms become the bytes of a file that browsers show."""

from __future__ import annotations

import base64
import binascii
import io
import os
import re
import urllib.parse
from pathlib import Path
from typing import Any

_MEDIA_EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/avif": "avif",
    "image/svg+xml": "svg",
}


def read_image(image: Any) -> tuple[bytes, str, str] | str:
    """Take an image in any of its forms.

    Parameters
    ----------
    image
        An http(s) URL, a data URL, a path, the bytes of an image file, a PIL image or a matplotlib figure.

    Returns
    -------
    str or tuple
        The http(s) URL as it is, or `(content, extension, name)` of what is to be kept by content.

    Raises
    ------
    ValueError
        The URL or the format is not one that a browser shows.
    OSError
        The file cannot be read.
    TypeError
        It has none of these forms.
    """
    if isinstance(image, str) and image.lower().startswith(("http://", "https://")):
        return image
    if isinstance(image, str) and image.lower().startswith("data:"):
        content = _decode_data_url(image)
        return content, image_extension(content), ""
    if isinstance(image, str) and re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://", image):
        raise ValueError(f"an image can be at an http or https URL, or in a file, not at {image[:100]!r}")
    if isinstance(image, (str, os.PathLike)):
        path = Path(image)
        content = path.read_bytes()
        return content, image_extension(content), path.name
    if isinstance(image, (bytes, bytearray, memoryview)):
        content = bytes(image)
        return content, image_extension(content), ""
    buffer = io.BytesIO()
    if hasattr(image, "savefig"):
        image.savefig(buffer, format="png", dpi=144, metadata={"Software": None}, bbox_inches="tight")
    elif hasattr(image, "save") and hasattr(image, "mode"):
        image.save(buffer, format="PNG")
    else:
        raise TypeError(f"an image must be a URL, a path, bytes, a PIL image or a figure, not {type(image).__name__}")
    return buffer.getvalue(), "png", ""


def _decode_data_url(url: str) -> bytes:
    head, comma, body = url.partition(",")
    media = head.removeprefix("data:").split(";")[0].lower()
    if not comma or media not in _MEDIA_EXTENSIONS:
        raise ValueError(f"a data URL must hold an image ({', '.join(_MEDIA_EXTENSIONS)}), not {head[:60]!r}")
    raw = urllib.parse.unquote_to_bytes(body)
    if not head.endswith(";base64"):
        return raw
    try:
        return base64.b64decode(raw, validate=True)
    except binascii.Error as error:
        raise ValueError(f"the data URL is not valid base64: {error}") from error


def image_extension(content: bytes) -> str:
    """Tell the format of an image file by its first bytes.

    Raises
    ------
    ValueError
        It is none of PNG, JPEG, GIF, WebP, AVIF, SVG.
    """
    head = content[:1024]
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
    if re.match(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!--|!DOCTYPE svg|svg)", head) and b"<svg" in content:
        return "svg"
    raise ValueError("the image is none of PNG, JPEG, GIF, WebP, AVIF, SVG")
