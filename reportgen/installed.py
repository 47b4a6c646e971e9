"""Says which version of a library is installed, by the name of the folder of facts that installers leave beside it.

`importlib.metadata` says the same, but it takes as long to import as a build without changes takes to look at its logs.
"""

from __future__ import annotations

import os
import sys
from functools import cache

_SUFFIX = ".dist-info"


@cache
def version_of(library: str) -> str | None:
    """Give the version of an installed library; `None` when it is not installed.

    Parameters
    ----------
    library
        As it is called in its package index.
    """
    for folder in sys.path:
        for name, version in _list_installed(folder):
            if name == _normal(library):
                return version
    return None


@cache
def _list_installed(folder: str) -> list[tuple[str, str]]:
    """Give name and version of what is installed in a folder."""
    try:
        names = os.listdir(folder or ".")  # noqa: PTH208 — a path object takes longer
    except OSError:
        return []
    parts = (name.removesuffix(_SUFFIX).partition("-") for name in names if name.endswith(_SUFFIX))
    return [(_normal(name), version) for name, _, version in parts]


def _normal(name: str) -> str:
    return name.replace("-", "_").replace(".", "_").lower()
