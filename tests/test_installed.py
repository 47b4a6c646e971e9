"""Versions of installed libraries, as they are found without the library that looks them up."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from reportgen.installed import version_of


@pytest.mark.parametrize("library", ["jinja2", "markdown", "nh3", "pyarrow", "Pygments", "pymdown-extensions", "click"])
def test_version_is_the_installed_one(library: str) -> None:
    assert version_of(library) == version(library)


def test_library_that_is_not_installed_has_no_version() -> None:
    assert version_of("no-such-library") is None
