"""`reportgen lineage`: what a version was made from, and what was made from it, as two trees."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from reportgen.cli.build import plain_count
from reportgen.cli.output import Column, print_json, print_rows, relative_time
from reportgen.cli.place import complete_key, logs_option, no_such_key, open_place
from reportgen.errors import InputError

if TYPE_CHECKING:
    from reportgen.queries.lineage import Lineage, LineageItem
    from reportgen.queries.lineage_trees import LineageNode
    from reportgen.store import Store

_MOST_MENTIONS = 10_000  # of each tree
_MOST_NESTED = 100  # in JSON, which common readers refuse where it is nested deeper than that
_MOST_INDENTED = 20
_SHORT_ID = 13  # of a UUIDv7: to the millisecond; runs of one minute have the first 8 in common


@click.command()
@click.argument("key", shell_complete=complete_key)
@click.option(
    "--version",
    type=click.IntRange(min=1),
    metavar="N",
    help="Which version.  [default: the newest that is not deleted]",
)
@click.option(
    "--depth",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    metavar="N",
    help="How many steps away to go; 0 goes all the way, json at most 100.",
)
@click.option(
    "-o",
    "--output",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="How to print: trees to read, or nested objects with exact times.",
)
@logs_option
def lineage(key: str, version: int | None, depth: int, output: str, logs: tuple[Path | str, ...]) -> None:
    """Show what a version of KEY was made from, and what was made from it.

    What a run recorded counts as made from every version and dataset that the run had read by then. Further steps
    lead over all runs; what is met again says where it was.
    """
    from reportgen.jsontext import encode_text
    from reportgen.queries.lineage import Lineage
    from reportgen.queries.lineage_trees import lineage_tree

    store = open_place(logs).store
    ties = Lineage(store)
    start = _find_start(store, ties, encode_text(key).decode(), version)
    max_depth = min(depth or _MOST_NESTED, _MOST_NESTED) if output == "json" else depth or None
    up = lineage_tree(ties, start, "ancestors", max_depth=max_depth, max_nodes=_MOST_MENTIONS)
    down = lineage_tree(ties, start, "descendants", max_depth=max_depth, max_nodes=_MOST_MENTIONS)
    if output == "json":
        print_json({"ancestors": _to_json(up), "descendants": _to_json(down)})
    else:
        _print_trees(up, down, time.time_ns() // 1000)
    _say_what_is_cut((up, down), max_depth, depth)


def _find_start(store: Store, ties: Lineage, key: str, version: int | None) -> int:
    """Find the version that is asked for."""
    versions = ties.versions_of(key)
    if not versions:
        raise no_such_key(store, key)
    found = [node for number, node, deleted in versions if (not deleted if version is None else number == version)]
    if found:
        return found[-1]
    if version is None:
        hint = "--version shows what it was made from all the same"
        raise InputError(f"every version of {key!r} is deleted", hint=hint, slug="no-such-artifact")
    first, last = versions[0][0], versions[-1][0]
    hint = f"it has version {first} only" if first == last else f"it has versions {first} to {last:,}"
    raise InputError(f"there is no version {version} of {key!r}", hint=hint, slug="no-such-artifact")


def _say_what_is_cut(trees: Sequence[LineageNode], max_depth: int | None, depth: int) -> None:
    """Say on stderr whether the trees go on, and how to see more."""
    mentions = [[*_iter_nodes(tree)] for tree in trees]
    if not any(node.n_hidden for nodes in mentions for node in nodes):
        return
    if any(len(nodes) > _MOST_MENTIONS for nodes in mentions):
        click.echo(f"only the nearest {_MOST_MENTIONS:,} mentions of a tree are shown", err=True)
    else:
        hint = "--depth 0 goes on" if max_depth == depth else "json goes no further"
        click.echo(f"cut after {plain_count(max_depth or 0, 'step')}; {hint}", err=True)


def _iter_nodes(tree: LineageNode) -> Iterator[LineageNode]:
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        stack += node.children


# JSON


def _to_json(node: LineageNode) -> dict[str, Any]:
    from reportgen.text import iso_time

    item = dataclasses.asdict(node.item)
    made_at = None if node.item.made_at is None else iso_time(node.item.made_at)
    mention = {"repeated": node.repeated, "n_hidden": node.n_hidden, "children": [*map(_to_json, node.children)]}
    return {**item, "made_at": made_at, **mention}


# Trees


class _Glyphs(NamedTuple):
    """What trees are drawn with."""

    fork: str
    corner: str
    bar: str
    more: str


_LINES = _Glyphs("├─ ", "└─ ", "│  ", "…")
_ASCII = _Glyphs("|- ", "`- ", "|  ", "...")


def _choose_glyphs() -> _Glyphs:
    """Lines, where the standard output can show them."""
    try:
        "".join(_LINES).encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return _ASCII
    return _LINES


def _print_trees(up: LineageNode, down: LineageNode, now_us: int) -> None:
    _print_lines("Version", [_describe(up.item, now_us)])
    click.echo()
    if not (up.children or down.children):
        click.echo("no lineage: its run read nothing before it, and no run made anything after reading it")
        return
    _print_lines("Ancestors", [*_iter_lines(up, _choose_glyphs(), now_us)] or ["none: its run read nothing before it"])
    click.echo()
    nothing = "none: no run made anything after reading it"
    _print_lines("Descendants", [*_iter_lines(down, _choose_glyphs(), now_us)] or [nothing])


def _print_lines(title: str, lines: list[str]) -> None:
    print_rows([{"line": line} for line in lines], [Column(title, "line", shrinks=True)], "table")


def _iter_lines(tree: LineageNode, glyphs: _Glyphs, now_us: int) -> Iterator[str]:
    """Draw what is below the start of a tree. Far down, the number of the level stands in place of the bars."""
    drawn = {tree.item}
    stack = _branches(tree, 1, "")
    while stack:
        node, level, indent, is_last = stack.pop()
        branch = (indent if level <= _MOST_INDENTED else f"[{level}] ") + (glyphs.corner if is_last else glyphs.fork)
        if isinstance(node, int):
            yield f"{branch}{glyphs.more} {node:,} more"
            continue
        if node.repeated:
            yield f"{branch}{_name(node.item)} (see {'above' if node.item in drawn else 'below'})"
            continue
        drawn.add(node.item)
        yield branch + _describe(node.item, now_us)
        deeper = indent + ("   " if is_last else glyphs.bar) if level < _MOST_INDENTED else ""
        stack += _branches(node, level + 1, deeper)


def _branches(node: LineageNode, level: int, indent: str) -> list[tuple[LineageNode | int, int, str, bool]]:
    """Give what is drawn below a node, the last first."""
    below: list[LineageNode | int] = [*node.children, *([node.n_hidden] if node.n_hidden else [])]
    return [(child, level, indent, place == 0) for place, child in enumerate(reversed(below))]


def _describe(item: LineageItem, now_us: int) -> str:
    """Say what an item is, what made it, and when."""
    parts = [_name(item)]
    if item.kind == "dataset":
        parts += [item.uri or ""] if item.name else []
        parts += [f"@ {item.digest.rpartition(':')[2][:12]}"] if item.digest else []
    elif item.type is None:
        parts.append("not in these logs")
    parts += [item.type or ""]
    if item.run_id is not None:
        place = "/".join(filter(None, (item.pipeline, item.step_name)))
        parts.append(f"in {place}, {item.run_name} {item.run_id[:_SHORT_ID]}")
    parts += [] if item.made_at is None else [relative_time(item.made_at, now_us)]
    return "  ".join(filter(None, parts))


def _name(item: LineageItem) -> str:
    if item.kind == "dataset":
        return item.name or item.uri or ""
    name = item.key or f"artifact {(item.artifact_id or 'without id')[:8]}"
    return f"{name}{f' v{item.version}' if item.version else ''}{' (deleted)' if item.deleted else ''}"
