"""Filters of artifacts: Prefect's whole filter shape, checked and evaluated over Arrow tables.

    {"artifacts": {"key": {"like_": "report"}, "type": {"any_": ["table"]}},
     "flow_runs": {"operator": "or_", "state": {"type": {"any_": ["FAILED"]}}, "tags": {"all_": ["nightly"]}}}

A filter is first read into a tree, which finds every mistake before a table is touched, then evaluated by columns.
Sections, the criteria in a section and the operators of a field combine with AND; `"operator": "or_"` beside criteria
combines those with OR, and a section takes lists of its own kind as `and_` and `or_`. What asks for nothing selects
all, in an OR too. The fields and what their operators mean are in `reportgen.queries.filterfields`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from reportgen.arrays import as_array
from reportgen.queries.filterfields import SECTIONS, TABLES, Field, Mask, Section, Test, shown

_LINKS = {"artifacts": (), "runs": ("run_id",), "steps": ("run_id", "step_id")}  # what leads from an artifact to it
_LISTS = ("and_", "or_")
_IN_NO_ID = "\0"


class _Leaf(NamedTuple):
    field: Field
    test: Test


class _Group(NamedTuple):
    either: bool
    parts: Sequence[_Node]


_Node: TypeAlias = _Leaf | _Group


def artifact_mask(
    filter: Mapping[str, Any] | None,  # noqa: A002 — Prefect's name for it
    artifacts: pa.Table,
    runs: Callable[[], pa.Table],
    steps: Callable[[], pa.Table],
) -> pa.BooleanArray | None:
    """Say which artifacts a filter selects.

    Parameters
    ----------
    filter
        A mapping in the shape of Prefect's `POST /artifacts/filter`; it and any part may be an object of Prefect's.
    artifacts, runs, steps
        The tables, with the columns that `columns_needed` names. Runs and steps are fetched only when the filter asks
        for them.

    Returns
    -------
    pyarrow.BooleanArray
        True for each row of `artifacts` that is selected, without missing values; `None` when all are.

    Raises
    ------
    TypeError
        The filter or a part of it is not a mapping.
    ValueError
        It has an unknown section, field or operator, or an operator has a value that it does not take.
    """
    nodes = _read_filter(filter)
    masks = []
    if "artifacts" in nodes:
        masks.append(_evaluate(nodes["artifacts"], artifacts))
    for name, table in (("runs", runs), ("steps", steps)):
        if name in nodes:
            masks.append(_evaluate_link(nodes[name], table(), artifacts, _LINKS[name]))
    return as_array(reduce(pc.and_, masks)) if masks else None


def columns_needed(filter: Mapping[str, Any] | None, table: str = "artifacts") -> set[str]:  # noqa: A002
    """Name the columns of `artifacts`, `runs` or `steps` that `artifact_mask` looks at; errors are the same."""
    nodes = _read_filter(filter)
    columns = {column for name in nodes if table in {"artifacts", name} for column in _LINKS[name]}
    return columns.union(_iter_columns(nodes[table])) if table in nodes else columns


# Evaluation


def _evaluate(node: _Node, table: pa.Table) -> Mask:
    if isinstance(node, _Group):
        return reduce(pc.or_ if node.either else pc.and_, (_evaluate(part, table) for part in node.parts))
    column: Any = table[node.field.column]
    return node.test(column if node.field.missing is None else column.fill_null(node.field.missing))


def _evaluate_link(node: _Node, table: pa.Table, artifacts: pa.Table, link: Sequence[str]) -> Mask:
    """Whether the row of `table` that an artifact leads to is there and selected."""
    chosen = table.filter(_evaluate(node, table))
    return pc.is_in(_join(artifacts, link), value_set=_join(chosen, link))


def _join(table: pa.Table, columns: Sequence[str]) -> Mask:
    """Give one text for each row, in which ids of several columns cannot run into each other."""
    ids: Sequence[Any] = [table[name] for name in columns]
    return pc.binary_join_element_wise(*ids, _IN_NO_ID) if len(ids) > 1 else ids[0]


def _iter_columns(node: _Node) -> Iterator[str]:
    if isinstance(node, _Leaf):
        yield node.field.column
    else:
        for part in node.parts:
            yield from _iter_columns(part)


# Reading. A node is `None` where it selects all.


def _read_filter(given: object) -> dict[str, _Node]:
    """Read a filter into one node for each table that it asks something of."""
    parts: dict[str, list[_Node | None]] = {}
    for name, value in _iter_items(given, "", "sections"):
        section = _find(name, SECTIONS, "", "section")
        try:
            parts.setdefault(TABLES[section], []).append(_read(SECTIONS.fields[section], value, name))
        except RecursionError:
            raise ValueError(f"filter: {name} is nested too deeply") from None
    nodes = {table: _combine(nodes) for table, nodes in parts.items()}
    return {table: node for table, node in nodes.items() if node is not None}


def _read(shape: Section | Field, given: object, place: str) -> _Node | None:
    """Read a section, or the operators of a field."""
    parts: list[_Node | None] = []
    either = False
    for name, value in _iter_items(given, place, "operators" if isinstance(shape, Field) else "fields"):
        at = f"{place}.{name}"
        if name == "operator":
            either = _read_either(value, at)
        elif isinstance(shape, Field):
            parts.append(_read_operator(shape, _find(name, shape, place, "operator"), value, at))
        elif name in _LISTS:
            parts.append(_read_list(shape, value, at, either=name == "or_"))
        else:
            parts.append(_read(shape.fields[_find(name, shape, place, "field")], value, at))
    return _combine(parts, either=either)


def _read_list(shape: Section, values: object, place: str, *, either: bool) -> _Node | None:
    if not isinstance(values, Sequence) or isinstance(values, (str, bytes)):
        raise ValueError(f"filter: {place} takes a list of filters, not {shown(values)}")
    return _combine([_read(shape, value, f"{place}[{at}]") for at, value in enumerate(values)], either=either)


def _read_operator(field: Field, name: str, value: object, place: str) -> _Leaf:
    try:
        return _Leaf(field, field.operators[name](value))
    except ValueError as error:
        raise ValueError(f"filter: {place} {error}") from None


def _read_either(value: object, place: str) -> bool:
    if value not in _LISTS:
        raise ValueError(f"filter: {place} takes 'and_' or 'or_', not {shown(value)}")
    return value == "or_"


def _combine(parts: Sequence[_Node | None], *, either: bool = False) -> _Node | None:
    nodes = [part for part in parts if part is not None]
    if not nodes or (either and len(nodes) < len(parts)):
        return None
    return nodes[0] if len(nodes) == 1 else _Group(either, nodes)


def _iter_items(given: object, place: str, kinds: str) -> Iterator[tuple[str, Any]]:
    """Give what a mapping holds, without what it leaves open."""
    dump = getattr(given, "model_dump", None)
    plain = dump(mode="python", exclude_none=True) if callable(dump) else given
    if plain is None:
        return
    if not isinstance(plain, Mapping):
        where = f"filter: {place}" if place else "filter"
        raise TypeError(f"{where} must be a mapping of {kinds}, not {shown(given)}")
    yield from ((name, value) for name, value in plain.items() if value is not None)


# Names


def _find(name: str, shape: Section | Field, place: str, noun: str) -> str:
    """Give the name that a shape knows a field or an operator by."""
    names: Collection[str] = shape.operators if isinstance(shape, Field) else shape.fields
    aliases: Mapping[str, str] = {} if isinstance(shape, Field) else shape.aliases
    if name in names or name in aliases:
        return aliases.get(name, name)
    start = f"{place} has no" if place else "no"
    others = [*aliases, *(["operator"] if place else [])]
    raise ValueError(f"filter: {start} {noun} {shown(name)}: {_advise(str(name), [*names], others)}")


def _advise(name: str, names: Sequence[str], others: Sequence[str]) -> str:
    """Say what may have been meant, of names or others, or else which names there are."""
    import difflib

    near = difflib.get_close_matches(name.lower(), [*names, *others], n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    *first, last = names
    return f"use {', '.join(first)} or {last}" if first else f"use {last}"
