"""Finds files that are kept by content in the `blobs` folders of runs.

A file is used only if it is a plain file (no link is followed) and its content has the SHA-256 that its name says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from reportgen.log.layout import BLOB_DIR, BLOB_NAME


class BlobError(Exception):
    """A file cannot be used; the message says why, as the end of a sentence."""


def find_blob(name: str, folders: Iterable[Path]) -> Path:
    """Give the file of this name in one of the folders of runs: the first whole one.

    Raises
    ------
    BlobError
        The name, which comes from a record, is not one of content; or no folder has the file whole.
    """
    if not BLOB_NAME.fullmatch(name):
        raise BlobError("its name is not that of a file kept by content")
    problem = BlobError("its file is not in the logs")
    for folder in folders:
        path = folder / BLOB_DIR / name
        if not path.is_file() or path.is_symlink():
            continue
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            problem = BlobError(f"its file cannot be read ({error.strerror})")
            continue
        if digest == path.stem:
            return path
        problem = BlobError("its file was changed or cut short after it was recorded")
    raise problem
