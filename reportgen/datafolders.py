"""Finds the folders of data that reportgen comes with, in a checkout and in an installed package."""

from __future__ import annotations

from pathlib import Path

from reportgen.errors import InputError

_PACKAGE = Path(__file__).parent


def find_data_folder(name: str) -> Path:
    """Find `templates` or `examples`: the package's own folder first, else the checkout's.

    Raises
    ------
    InputError
        Neither is there.
    """
    own, checkout = _PACKAGE / name, _PACKAGE.parent / name
    if own.is_dir():
        return own
    if checkout.is_dir() and (_PACKAGE.parent / "pyproject.toml").is_file():
        return checkout
    hint = "install reportgen again"
    raise InputError(f"neither {own} nor {checkout} is there", hint=hint, slug="incomplete-installation")
