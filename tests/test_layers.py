"""Imports go one way, from left to right of the flow, so that each module can be read with only those before it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

# A module may import from the layers above its own, and a package from itself. Names are those right below `reportgen`.
LAYERS: list[set[str]] = [
    {"errors"},
    {"remote", "git"},
    {
        "arrays",
        "text",
        "stats",
        "levels",
        "floats",
        "jsontext",
        "ids",
        "status",
        "urls",
        "formats",
        "hosting",
        "datafolders",
        "installed",
        "webaddress",
        "secretwords",
    },
    {"tables", "contentfacts", "memory"},
    {"records"},
    {"log"},
    {"inputs"},
    {"config_errors"},
    {"settings"},
    {"mirror", "outbox"},
    {"options", "theme"},
    {"places", "seen", "basis"},
    {"history"},
    {"parallel", "publish"},
    {"plan", "cluster", "branch", "archives"},
    {"recorder"},
    {"metrics", "decorators"},
    {"store"},
    {"compact"},
    {"blobs"},
    {"redact"},
    {"cache"},
    {"sources"},
    {"gather", "exports"},
    {"deletion"},
    {"retention"},
    {"queries"},
    {"artifacts"},
    {"lineage", "reading"},
    {"testsession"},
    {"pytest_plugin"},
    {"images"},
    {"model"},
    {"diff"},
    {"charts", "prose", "gates"},
    {"graphs"},
    {"views"},
    {"crate"},
    {"units", "summary"},
    {"changes", "thinning"},
    {"assets"},
    {"render"},
    {"work"},
    {"making"},
    {"build"},
    {"live"},
    {"demo"},
    {"cli"},
]
FREE = {"__init__", "__main__"}  # the public names, and the start of the command line
ONLY_IMPORTED_BY = {"build": {"cli", "demo", "live"}, "cli": set[str]()}
ONLY_LIBRARY_USER = {"jinja2": "render", "markdown": "prose", "nh3": "prose", "PIL": "images"}

PACKAGE = Path(__file__).resolve().parent.parent / "reportgen"
RANK = {module: rank for rank, layer in enumerate(LAYERS) for module in layer}


def module_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def iter_imports(path: Path) -> Iterator[str]:
    """Give the dotted name of everything that a file imports, anywhere in it."""
    package = ["reportgen", *path.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            yield from (".".join([*base, *filter(None, [node.module]), alias.name]) for alias in node.names)


SOURCES = [path for path in sorted(PACKAGE.rglob("*.py")) if module_of(path) not in FREE]
every_source = pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())


def iter_own_imports(path: Path) -> Iterator[str]:
    """Give the reportgen modules that a file imports, other than its own."""
    for name in iter_imports(path):
        root, _, rest = name.partition(".")
        if root == "reportgen" and (target := rest.partition(".")[0]) not in {module_of(path), "__version__"}:
            yield target or "__init__"


@every_source
def test_module_is_listed(path: Path) -> None:
    assert module_of(path) in RANK


@every_source
def test_module_imports_only_from_layers_before_its_own(path: Path) -> None:
    late = {name for name in iter_own_imports(path) if RANK.get(name, len(LAYERS)) >= RANK[module_of(path)]}
    assert not late, f"{module_of(path)} must not import {sorted(late)}"


@every_source
def test_module_leaves_the_top_layers_to_those_who_may_use_them(path: Path) -> None:
    for target in iter_own_imports(path):
        assert module_of(path) in ONLY_IMPORTED_BY.get(target, {module_of(path)}), f"must not import {target}"


@every_source
def test_library_is_known_to_one_module_only(path: Path) -> None:
    for name in iter_imports(path):
        user = ONLY_LIBRARY_USER.get(name.partition(".")[0])
        assert user in {None, module_of(path)}, f"only {user} imports {name}"
