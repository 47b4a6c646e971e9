"""The functions that record metrics, named and shaped as in Craft AI."""

from __future__ import annotations

from reportgen import jsontext
from reportgen.inputs.names import check_name
from reportgen.inputs.numbers import number_text, numbers_text
from reportgen.log.writer import open_line
from reportgen.recorder.joining import scope_unless_outside
from reportgen.recorder.scopes import active

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from reportgen.recorder.scopes import Scope

_get_scope = active.get


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
    scope = _get_scope()
    try:
        opening = scope.metric_openings[name]  # type: ignore[union-attr]
    except (AttributeError, KeyError, TypeError):  # no scope, or a name that was not checked in it yet
        check_name(name, "the name of a metric")
        text = number_text(value, f"metric {name!r}")
        scope = scope_unless_outside("the metric")
        if scope is None:
            return False
        opening = open_line("metric", step=scope.step, name=name) + ',"value":'
        scope.metric_openings[name] = opening
        scope.append(opening, text)
        return True
    if type(value) is float and value - value == 0.0:  # finite
        fast_encode = jsontext.fast_encode
        text = f"{value!r}" if fast_encode is None else fast_encode(value).decode()
        scope.append(opening, text)  # type: ignore[union-attr]
    else:
        scope.append(opening, number_text(value, f"metric {name!r}"))  # type: ignore[union-attr]
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
    scope = _get_scope()
    try:
        opening, room = scope.list_openings[name]  # type: ignore[union-attr]
    except (AttributeError, KeyError, TypeError):  # no scope, or a name that was not checked in it yet
        return _record_list(name, values, x)
    if x is None and room[0] > 0:  # the shortest way, for a value a call
        only = values[0] if type(values) is list and len(values) == 1 else values
        if type(only) is float and only - only == 0.0:
            room[0] -= 1
            fast_encode = jsontext.fast_encode
            text = f"[{only!r}]" if fast_encode is None else fast_encode([only]).decode()
            scope.append(opening, text)  # type: ignore[union-attr]
            return True
    return _record_list(name, values, x)


def _record_list(name: str, values: Any, x: Any) -> bool:
    check_name(name, "the name of a metric")
    n_values, text = numbers_text(values, f"list metric {name!r}")
    n_positions, positions = (n_values, "") if x is None else numbers_text(x, f"x of list metric {name!r}")
    if n_positions != n_values:
        raise ValueError(f"list metric {name!r}: {n_values} values but {n_positions} positions in x")
    scope = scope_unless_outside("the metric")
    if scope is None:
        return False
    opening, room = scope.list_openings.get(name) or _open_list(scope, name)
    if n_values > room[0]:
        limit = scope.run.max_list_values
        raise ValueError(
            f"list metric {name!r} would hold {limit - room[0] + n_values:,} values, over the limit of {limit:,}: "
            "record fewer points or raise max_list_values in reportgen.toml"
        )
    room[0] -= n_values
    if n_values:
        scope.append(opening, f'{text},"x":{positions}' if positions else text)
    return True


def _open_list(scope: Scope, name: str) -> tuple[str, list[int]]:
    """Begin the lines of a list metric in this scope, and share with the run's other scopes how much it may take."""
    room = scope.run.list_rooms.setdefault(name, [scope.run.max_list_values])
    scope.list_openings[name] = open_line("list", step=scope.step, name=name) + ',"values":', room
    return scope.list_openings[name]
