"""The version of the store's schema, and the refusal of newer ones; what each version changed is in `docs/data.md`."""

from __future__ import annotations

from pathlib import Path

from reportgen.errors import InputError

DATA_FORMAT = 1


def check_data_format(path: Path, version: object) -> None:
    """Refuse what a newer reportgen wrote.

    Raises
    ------
    InputError
        The data format is newer than this reportgen knows.
    """
    if isinstance(version, int) and version > DATA_FORMAT:
        raise InputError(
            f"{path} is in data format {version}, this reportgen reads up to {DATA_FORMAT}",
            hint="install a newer reportgen (pip install -U reportgen)",
            slug="newer-data-format",
        )
