"""What paths lead to: log directories or sites, told apart without reading either."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable
from pathlib import Path

from reportgen import urls
from reportgen.formats import check_data_format
from reportgen.mirror import Place, local_path
from reportgen.options import load_options
from reportgen.settings import DEFAULT_LOG_DIR, is_url

_GENERATOR = re.compile(rb'"generator": ?"reportgen"')
_DATA_FORMAT = re.compile(rb'"data_format": ?([0-9]{1,9})\b')
_HEAD_BYTES = 4096


def choose_places(argument: str | os.PathLike[str] | None = None) -> list[Place]:
    """Choose what to read: the argument, else `REPORTGEN_LOG_DIR`, else the configuration, else `runs`.

    Raises
    ------
    InputError
        The configuration cannot be used.
    """
    chosen = argument or os.environ.get("REPORTGEN_LOG_DIR")
    names = [chosen] if chosen else load_options().logs or [DEFAULT_LOG_DIR]
    return [str(name) if is_url(name) else Path(name).expanduser() for name in names]


def choose_paths(argument: str | os.PathLike[str] | None = None) -> list[Path]:
    """Choose so, and give folders: for URLs their mirrors, up to date.

    Raises
    ------
    InputError
        The configuration, or a store, cannot be used.
    """
    return [local_path(place) for place in choose_places(argument)]


def find_store(path: Path) -> Path | None:
    """Give the folder of the store of a site, or of a store that was copied alone; `None` for anything else.

    Raises
    ------
    InputError
        The site is of a newer format.
    """
    manifest = path / urls.MANIFEST
    try:
        with manifest.open("rb") if manifest.is_file() else io.BytesIO() as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        head = b""
    if _GENERATOR.search(head):
        version = _DATA_FORMAT.search(head)
        check_data_format(path, int(version[1]) if version else None)
        return path / urls.DATA_FOLDER
    is_store = all((path / f"{name}.parquet").is_file() for name in ("runs", "artifacts", "metrics"))
    return path if is_store else None


def divide_paths(paths: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Tell log directories from the folders of the stores of sites."""
    logs: list[Path] = []
    sites: list[Path] = []
    for path in dict.fromkeys(paths):
        store = find_store(path)
        (logs if store is None else sites).append(store or path)
    return logs, sites
