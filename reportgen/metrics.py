"""The functions that record metrics, named and shaped as in Craft AI."""

from __future__ import annotations

from typing import Any

from reportgen.inputs.names import check_name
from reportgen.inputs.numbers import to_number, to_numbers
from reportgen.recorder import Scope, scope_unless_outside
from reportgen.records import ListMetric, Metric


def record_metric_value(name: str, value: float) -> bool:
    """Record one number of the current run; the last one of a name wins.

    Parameters
    ----------
    name
        1 to 200 printable characters.
    value
        A real number; NaN and infinities are kept.

    Returns
    -------
    bool
        Whether it was recorded: `False`, with a warning, outside a run.

    Raises
    ------
    TypeError, ValueError
        The name or the value is not allowed.
    """
    check_name(name, "the name of a metric")
    number = to_number(value, f"metric {name!r}")
    scope = scope_unless_outside("the metric")
    if scope is None:
        return False
    scope.run.record(Metric, name=name, value=number, step=scope.step)
    return True


def record_list_metric_values(name: str, values: Any, x: Any = None) -> bool:
    """Append numbers to a list metric of the current run.

    Parameters
    ----------
    name
        1 to 200 printable characters.
    values
        A sequence of real numbers, or a single one; NaN and infinities are kept.
    x
        The points' horizontal positions, as many as values; by default 0, 1, 2 … over all calls.

    Returns
    -------
    bool
        Whether they were recorded: `False`, with a warning, outside a run.

    Raises
    ------
    TypeError
        The name, a value or a position is not allowed.
    ValueError
        `x` and `values` differ in length, or the list would pass `max_list_values`; nothing of the call is recorded.
    """
    check_name(name, "the name of a metric")
    numbers = to_numbers(values if hasattr(values, "__iter__") else [values], f"list metric {name!r}")
    positions = None if x is None else to_numbers(x if hasattr(x, "__iter__") else [x], f"x of list metric {name!r}")
    if positions is not None and len(positions) != len(numbers):
        raise ValueError(f"list metric {name!r}: {len(numbers)} values but {len(positions)} positions in x")
    scope = scope_unless_outside("the metric")
    if scope is None:
        return False
    _count(scope, name, len(numbers))
    if numbers:
        scope.run.record(ListMetric, name=name, values=numbers, x=positions, step=scope.step)
    return True


def _count(scope: Scope, name: str, n_more: int) -> None:
    """Keep count of a list's length in this process.

    Raises
    ------
    ValueError
        The list would pass the limit.
    """
    limit = scope.run.options.max_list_values
    length = scope.run.list_lengths.get(name, 0) + n_more
    if limit and length > limit:
        raise ValueError(
            f"list metric {name!r} would hold {length:,} values, over the limit of {limit:,}: "
            "record fewer points or raise max_list_values in reportgen.toml"
        )
    scope.run.list_lengths[name] = length
