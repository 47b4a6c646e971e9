"""Where commands that read look: the option `--logs`, what it opens, and what a shell completes from there.

A command takes `@logs_option`, opens `open_place(logs)`, and gives its arguments `shell_complete=complete_key` and the
like. Completion looks where the command would; where it cannot, it offers nothing and says nothing.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reportgen.errors import InputError
from reportgen.settings import is_url

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from reportgen.sources import Source
    from reportgen.store import Store

Command = TypeVar("Command", bound=Callable[..., Any])
_MOST_OFFERED = 50
_MOST_MISSED = 4  # characters, which keeps the search for a similar key short


class PlaceType(click.Path):
    """Takes a path, and a URL as the text that it is, which a path would not keep."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if is_url(value) else super().convert(value, param, ctx)


PLACE = PlaceType()


def logs_option(function: Command) -> Command:
    """Give a command the option `--logs`, which may be repeated; its parameter is `logs`, a tuple of paths and URLs."""
    text = (
        "A log directory or a site; may be repeated.  "
        "[default: $REPORTGEN_LOG_DIR, else those of reportgen.toml, else runs]"
    )
    return click.option("--logs", multiple=True, type=PLACE, metavar="PATH", help=text)(function)


def open_place(logs: tuple[Path | str, ...]) -> Source:
    """Open what `--logs` names, or else the log directories that all commands read.

    Raises
    ------
    InputError
        One of them is neither logs nor a site, or cannot be read; or the configuration cannot be used.
    """
    from reportgen.mirror import local_path
    from reportgen.places import choose_paths
    from reportgen.sources import open_source

    return open_source([local_path(place) for place in logs] or choose_paths())


# Completion: functions for `shell_complete` of arguments and options


def complete_key(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer keys that have a version, in the order of the alphabet."""
    return _offer(ctx, incomplete, _find_keys)


def complete_run(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer `latest`, and ids of runs that were not deleted, the newest first, each with its pipeline and name."""
    return _offer(ctx, incomplete, _find_run_ids)


def complete_metric(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer names of metrics and list metrics, in the order of the alphabet."""
    return _offer(ctx, incomplete, _find_metric_names)


def _offer(
    ctx: click.Context, incomplete: str, find: Callable[[Store, str], dict[str, str | None]]
) -> list[CompletionItem]:
    """Give at most fifty of the words that are found, each with its explanation; what is wrong is kept quiet."""
    from click.shell_completion import CompletionItem

    found: dict[str, str | None] = {}
    with warnings.catch_warnings(), contextlib.suppress(Exception):
        warnings.simplefilter("ignore")
        places = ctx.params.get("logs") or ()
        logs = tuple(place if is_url(place) else place.expanduser() for place in places)  # not yet done by the shell
        found = find(open_place(logs).store, incomplete)
    # A line is a word for the shell, so that one with a line break would be two.
    words = [word for word in found if word.isprintable()]
    return [CompletionItem(word, help=_in_a_line(found[word])) for word in words[:_MOST_OFFERED]]


def _in_a_line(text: str | None) -> str | None:
    return text if text is None or text.isprintable() else "".join(filter(str.isprintable, text))


def _find_keys(store: Store, incomplete: str) -> dict[str, str | None]:
    import pyarrow.compute as pc

    table = store.read("artifacts", ["key", "deleted_at"])
    return _find_texts([table.filter(pc.is_null(table["deleted_at"]))["key"]], incomplete)


def _find_metric_names(store: Store, incomplete: str) -> dict[str, str | None]:
    return _find_texts([store.read(name, ["name"])["name"] for name in ("metrics", "lists")], incomplete)


def _find_texts(columns: list[Any], incomplete: str) -> dict[str, str | None]:
    import pyarrow.compute as pc

    found: set[Any] = set()
    for column in columns:
        found.update(pc.unique(column.filter(pc.starts_with(column, incomplete))).to_pylist())
    return dict.fromkeys(sorted(found))


def _find_run_ids(store: Store, incomplete: str) -> dict[str, str | None]:
    import pyarrow.compute as pc

    from reportgen.text import readable_name

    table = store.read("runs", ["run_id", "pipeline", "name", "deleted_at"])
    table = table.filter(pc.is_null(table["deleted_at"]))
    words = {"latest": "the run that began last"} if len(table) and "latest".startswith(incomplete) else {}
    found = table.filter(pc.starts_with(table["run_id"], incomplete, ignore_case=True))
    for row in reversed(found[-2 * _MOST_OFFERED :].to_pylist()):
        words[row["run_id"]] = f"{row['pipeline']}, {row['name'] or readable_name(row['run_id'])}"
    return {**words}


# Mistakes


def no_such_key(store: Store, key: str) -> InputError:
    """Make the error for a key that has no versions; it names the key that is most like it."""
    import difflib

    import pyarrow.compute as pc

    keys: list[Any] = pc.unique(store.read("artifacts", ["key"])["key"]).drop_null().to_pylist()
    near = difflib.get_close_matches(key, [name for name in keys if abs(len(name) - len(key)) <= _MOST_MISSED], n=1)
    hint = f"did you mean {near[0]}?" if near else "reportgen artifact ls lists the keys"
    return InputError(f"there is no artifact with the key {key!r}", hint=hint, slug="no-such-artifact")
