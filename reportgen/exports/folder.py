"""The folder that an export is written into: made beside its place, and put there when it is whole."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reportgen.errors import InputError, OutputError
from reportgen.places import find_store


def find_site_store(site: Path) -> Path:
    """Give the folder of the tables of a site.

    Raises
    ------
    InputError
        There is no site, or it is of a newer format.
    """
    store = find_store(site) if site.is_dir() else None
    if store is None:
        hint = "give the folder of a site; unpack a zip first"
        raise InputError(f"{site} is no site", hint=hint, slug="not-a-site")
    return store


@contextmanager
def new_folder(output: Path, site: Path) -> Iterator[Path]:
    """Give a folder to write into, which takes its place at the end.

    Raises
    ------
    OutputError
        Something is there already, the place is in the site, or the disk failed; nothing was written.
    """
    target = output.resolve()
    if site.resolve() in (target, *target.parents):
        hint = "give a folder beside the site"
        raise OutputError(f"{output} lies in the site", hint=hint, slug="output-in-site")
    if output.is_symlink() or (output.exists() and not (output.is_dir() and not any(output.iterdir()))):
        hint = "give a folder that is not there yet, or an empty one"
        raise OutputError(f"{output} is there already", hint=hint, slug="output-exists")
    fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        fresh.mkdir(parents=True)
        yield fresh
        if output.exists():
            output.rmdir()
        fresh.rename(target)
    except OSError as error:
        if not _is_below(fresh, error.filename):
            raise
        hint = "make room or mend the path and its permissions; nothing was written"
        reason = error.strerror or error
        raise OutputError(f"{output} cannot be written ({reason})", hint=hint, slug="cannot-write") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _is_below(folder: Path, name: object) -> bool:
    """Whether an error concerns a folder or what is in it; that of a full disk names nothing."""
    return name is None or (isinstance(name, str | os.PathLike) and folder in (Path(name), *Path(name).parents))
