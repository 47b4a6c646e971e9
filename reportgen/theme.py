"""A theme: a folder of the user whose files change how a site looks.

`theme.css` is loaded after the site's own style, `logo.svg` (or `.png`, `.jpg`, `.webp`, `.gif`) stands before the
title, files of `static/` are copied to `static/theme/`, and templates of `templates/` take the place of those of the
same name, which they can extend as `reportgen/NAME.html`. All of it is read once, so that a build uses one state of it
wherever its workers run.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import msgspec

from reportgen.errors import InputError

_STYLE = "theme.css"
_LOGOS = tuple(f"logo.{extension}" for extension in ("svg", "png", "jpg", "jpeg", "webp", "gif"))
_LOGO_HEIGHT = 28
_WIDEST_LOGO = 280
_VIEW_BOX = re.compile(rb"""<svg[^>]*\bviewBox\s*=\s*["']\s*[-\d.e]+[\s,]+[-\d.e]+[\s,]+([\d.]+)[\s,]+([\d.]+)""")
_FILE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_MOST_BYTES = 10_000_000


class Logo(msgspec.Struct, frozen=True):
    """The logo: its address in the site, and its width and height in CSS pixels."""

    url: str
    width: int
    height: int


class Theme(msgspec.Struct, frozen=True):
    """What a theme brings; nothing by default.

    Attributes
    ----------
    folder
        Where it lies, for messages.
    templates
        Source of templates by name.
    files
        Content of files by address in the site.
    style
        Address of its style; empty without one.
    logo
        The logo, if there is one.
    """

    folder: str = ""
    templates: Mapping[str, str] = msgspec.field(default_factory=dict)
    files: Mapping[str, bytes] = msgspec.field(default_factory=dict)
    style: str = ""
    logo: Logo | None = None

    def path_of(self, template: str) -> str:
        """Say where a template lies, for messages."""
        return str(Path(self.folder, "templates", template))

    @property
    def digest(self) -> str:
        """Identifies the content, wherever the folder lies."""
        digest = hashlib.blake2b(digest_size=16)
        for name, content in sorted([*self.files.items(), *((k, v.encode()) for k, v in self.templates.items())]):
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()


NO_THEME = Theme()


def load_theme(folder: str) -> Theme:
    """Read a theme; none for an empty name.

    Raises
    ------
    InputError
        There is no such folder, or it holds a file that no theme has or that cannot be read.
    """
    if not folder:
        return NO_THEME
    root = Path(folder).expanduser()
    if not root.is_dir():
        raise _error(f"there is no folder {folder}", "make it, or take `theme` out of the configuration")
    try:
        templates, files, style, logo = _read(root)
    except OSError as error:
        raise _error(f"{error.filename or folder} cannot be read: {error.strerror}", "make it readable") from error
    if sum(map(len, files.values())) > _MOST_BYTES:
        raise _error(f"the files of {folder} are more than 10 MB", "every reader would load them: make them smaller")
    return Theme(folder, templates, files, style, logo)


def _read(root: Path) -> tuple[dict[str, str], dict[str, bytes], str, Logo | None]:
    templates: dict[str, str] = {}
    files: dict[str, bytes] = {}
    style, logo = "", None
    for name, path in _iter_files(root):
        top, _, rest = name.partition("/")
        if name == _STYLE:
            style = f"static/{name}"
            files[style] = path.read_bytes()
        elif name in _LOGOS:
            if logo:
                raise _error(f"{root} has two logos", "keep one of them")
            url = f"static/{name}"
            files[url] = path.read_bytes()
            logo = _measure_logo(url, files[url], path)
        elif top == "templates" and rest.endswith(".html"):
            templates[rest] = _read_text(path)
        elif top == "static" and rest:
            _check_name(rest, path)
            files[f"static/theme/{rest}"] = path.read_bytes()
        else:
            hint = f"a theme has {_STYLE}, a logo such as {_LOGOS[0]}, templates/*.html and static/"
            raise _error(f"{path} is no part of a theme", hint)
    return templates, files, style, logo


def _iter_files(root: Path) -> Iterator[tuple[str, Path]]:
    """Give all files but hidden ones, with their names below the folder."""
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root)
        if path.is_file() and not any(part.startswith(".") for part in name.parts):
            yield name.as_posix(), path


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise _error(f"{path} is not UTF-8", "save it as UTF-8") from error


def _check_name(name: str, path: Path) -> None:
    if not all(_FILE_NAME.fullmatch(part) for part in PurePosixPath(name).parts):
        hint = "use lower-case letters, digits, dots, hyphens and underscores, which every web host keeps"
        raise _error(f"{path} has a name that a site cannot have", hint)


def _measure_logo(url: str, content: bytes, path: Path) -> Logo:
    """Find how wide a logo of the height of the title is, so that nothing moves when it has loaded."""
    import imagesize

    width, height = imagesize.get(io.BytesIO(content))
    if width <= 0 or height <= 0:
        box = _VIEW_BOX.search(content)
        width, height = (float(box[1]), float(box[2])) if box else (0.0, 0.0)
    if width <= 0 or height <= 0:
        raise _error(f"{path} does not say how large it is", "give the image a width and a height")
    scale = min(_LOGO_HEIGHT / height, _WIDEST_LOGO / width)
    return Logo(url, max(round(width * scale), 1), max(round(height * scale), 1))


def _error(message: str, hint: str) -> InputError:
    return InputError(f"theme: {message}", hint=hint, slug="bad-theme")
