"""What the bytes of a site depend on besides its records: reportgen, its templates and libraries, the options."""

from __future__ import annotations

import hashlib
import os
import re
import zlib
from functools import cache
from pathlib import Path

import msgspec

from reportgen import __version__
from reportgen.datafolders import find_data_folder
from reportgen.errors import InputError
from reportgen.formats import DATA_FORMAT
from reportgen.installed import version_of
from reportgen.options import CheckOptions, Options
from reportgen.theme import NO_THEME, Theme

_LIBRARIES = ("jinja2", "markdown", "nh3", "pyarrow", "pygments", "pymdown-extensions")

_OPTIONAL_LIBRARIES = ("pillow",)  # without which pages show less


def basis_of_site(options: Options, theme: Theme = NO_THEME) -> str:
    """Give 32 hex digits; two builds of the same records with the same ones give the same bytes."""
    known = hashlib.blake2b(_basis_of_program(), digest_size=16)
    shown = msgspec.structs.replace(options, check=CheckOptions())  # which no page depends on
    known.update(msgspec.json.encode(shown, order="sorted"))
    known.update(theme.digest.encode())
    return known.hexdigest()


@cache
def _basis_of_program() -> bytes:
    digest = hashlib.blake2b(f"{__version__} {DATA_FORMAT}".encode())
    for library in (*_LIBRARIES, *_OPTIONAL_LIBRARIES):
        digest.update(f" {library} {version_of(library) or 'is missing'}".encode())
    digest.update(f" zlib {zlib.ZLIB_RUNTIME_VERSION}".encode())
    for folder, pattern in ((Path(__file__).parent, "*.py"), (find_data_folder("templates"), "*.*")):
        for path in sorted(folder.rglob(pattern)):
            if path.is_file() and path.parent.name != "__pycache__":
                digest.update(path.relative_to(folder).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.digest()


def source_date_us() -> int | None:
    """Give the moment a site speaks of, in microseconds, if `SOURCE_DATE_EPOCH` (seconds) sets it.

    Raises
    ------
    InputError
        It is no whole number.
    """
    text = os.environ.get("SOURCE_DATE_EPOCH")
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,11}", text):
        hint = "unset it or give whole seconds since 1970"
        raise InputError(f"SOURCE_DATE_EPOCH is {text!r}", hint=hint, slug="bad-source-date")
    return int(text) * 1_000_000
