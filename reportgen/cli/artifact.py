"""`reportgen artifact`: lists, shows and deletes artifacts, with the options and outcomes of `prefect artifact`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reportgen.cli.asking import confirm, log_dirs_to_change, report_deletion
from reportgen.cli.build import plain_count
from reportgen.cli.output import Column, output_option, print_facts, print_json, print_rows
from reportgen.cli.place import complete_key, complete_run, logs_option, no_such_key, open_place
from reportgen.errors import InputError

if TYPE_CHECKING:
    from reportgen.artifacts.artifact import Artifact
    from reportgen.store import Store

TYPES = ["link", "markdown", "table", "image", "progress"]
_LIST = [
    Column("Key", "key", shrinks=True),
    Column("Version", "version", "count"),
    Column("Type", "type"),
    Column("Updated", "updated", "time"),
    Column("Pipeline", "pipeline", shrinks=True),
    Column("Run", "run_name", shrinks=True),
    Column("Id", "id", "id"),
    Column("Description", "description", shrinks=True),
]
_ONLY_EXACT = [Column("", "created", "time"), Column("", "run_id", "id"), Column("", "step_id", "id")]
_FACTS = [
    Column("Key", "key"),
    Column("Version", "version", "count"),
    Column("Id", "id", "id"),
    Column("Type", "type"),
    Column("Created", "created", "time"),
    Column("Updated", "updated", "time"),
    Column("Run", "run_id", "id"),
    Column("Step", "step_id", "id"),
    Column("Description", "description"),
    Column("Metadata", "metadata"),
    Column("Content", "content"),
    Column("Deleted", "deleted", "time"),
    Column("Reason", "deleted_reason"),
]


@click.group()
def artifact() -> None:
    """List, show and delete artifacts."""


@artifact.command()
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="How many to list at most.")
@click.option(
    "--all", "every", is_flag=True, help="List every version, and artifacts without a key, not only the latest."
)
@click.option("--type", "kind", type=click.Choice(TYPES), help="Only artifacts of this type.")
@click.option("--run", "run_text", metavar="RUN", shell_complete=complete_run, help="Only what this run recorded.")
@logs_option
@output_option
def ls(
    limit: int, every: bool, kind: str | None, run_text: str | None, logs: tuple[Path | str, ...], output: str
) -> None:
    """List artifacts, the newest first: the latest version of each key.

    RUN is an id, its beginning, latest, or latest~1 for the run before that; of a run every artifact is listed.
    """
    from reportgen.queries.artifacts import count_artifacts, find_artifacts
    from reportgen.queries.runs import resolve_run

    store = open_place(logs).store
    wanted: dict[str, Any] = {"type": {"any_": [kind]}} if kind else {}
    if run_text is not None:
        wanted["run_id"] = {"any_": [resolve_run(store, run_text)]}
    chosen = {"artifacts": wanted}
    latest = not every and run_text is None
    rows = find_artifacts(store, chosen, limit=limit, latest=latest)
    print_rows(_describe(store, rows), _LIST + (_ONLY_EXACT if output != "table" else []), output, empty="no artifacts")
    n = len(rows) if len(rows) < limit else count_artifacts(store, chosen, latest=latest)
    if n > len(rows):
        click.echo(f"{len(rows):,} of {n:,} artifacts; --limit shows more", err=True)


def _describe(store: Store, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    from reportgen.queries.runs import names_of_runs
    from reportgen.text import first_line

    run_ids = {row["run_id"] for row in rows}
    names = names_of_runs(store, run_ids)
    pipelines = {
        row["run_id"]: row["pipeline"]
        for row in store.read("runs", ["run_id", "pipeline"], {"run_id": run_ids}).to_pylist()
    }
    return [
        {
            **row,
            "id": row["artifact_id"],
            "created": row["created_at"],
            "updated": row["updated_at"],
            "run_name": names.get(row["run_id"]),
            "pipeline": pipelines.get(row["run_id"]),
            "description": first_line(row["description"] or "") or None,
        }
        for row in rows
    ]


@artifact.command()
@click.argument("key", shell_complete=complete_key)
@click.option("--version", "version", type=click.IntRange(min=1), help="Only this version.")
@click.option("--limit", type=click.IntRange(min=1), default=10, show_default=True, help="How many versions to show.")
@logs_option
@output_option
def inspect(key: str, version: int | None, limit: int, logs: tuple[Path | str, ...], output: str) -> None:
    """Show the versions of a key with their content, the newest first."""
    from reportgen.artifacts.lookup import to_artifacts
    from reportgen.queries.artifacts import find_versions

    source = open_place(logs)
    rows = find_versions(source.store, key)
    if not rows:
        raise no_such_key(source.store, key)
    chosen = [row for row in reversed(rows) if version in (None, row["version"])][:limit]
    if not chosen:
        raise _no_such_version(key, version, len(rows))
    artifacts = to_artifacts(chosen, source)
    shown = [_facts(row, found, exact=output == "json") for row, found in zip(chosen, artifacts, strict=True)]
    if output == "json":
        print_json([_exact(facts) for facts in shown])
    elif output == "csv":
        print_rows(shown, _FACTS, output)
    else:
        for n, facts in enumerate(shown):
            click.echo("" if n else None, nl=bool(n))
            present = [column for column in _FACTS if facts.get(column.field) not in (None, {}, "")]
            print_facts(facts, present, output)


def _no_such_version(key: str, version: int | None, n: int) -> InputError:
    hint = f"it has versions 1 to {n:,}" if n > 1 else "it has version 1 only"
    return InputError(f"there is no version {version} of {key!r}", hint=hint, slug="no-such-artifact")


def _facts(row: Mapping[str, Any], found: Artifact, *, exact: bool) -> dict[str, Any]:
    return {
        **row,
        "id": row["artifact_id"],
        "created": row["created_at"],
        "updated": row["updated_at"],
        "deleted": row["deleted_at"],
        "metadata": found.metadata or None,
        "content": None if row["deleted_at"] else _read_content(found) if exact else _show_content(found),
    }


def _read_content(found: Any) -> Any:
    """The content; of a file that is gone, what is wrong with it."""
    try:
        return found.data
    except OSError as error:
        return {"error": str(error)}


def _show_content(found: Any) -> Any:
    data = _read_content(found)
    if found.type == "table" and isinstance(data, list) and data and all(isinstance(row, dict) for row in data):
        return f"{plain_count(len(data), 'row')} of {', '.join(data[0])}"
    if found.type == "progress":
        return f"{data} %"
    return data


def _exact(facts: Mapping[str, Any]) -> dict[str, Any]:
    from reportgen.cli.output import exact_values

    return exact_values(facts, _FACTS)


@artifact.command()
@click.argument("key", required=False, shell_complete=complete_key)
@click.option("--id", "artifact_id", metavar="ID", help="Delete the artifact of this id, in place of those of a key.")
@click.option("--version", "version", type=click.IntRange(min=1), help="Delete only this version of the key.")
@click.option("--reason", metavar="TEXT", help="Why; the report shows it in place of the content.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@logs_option
def delete(
    key: str | None,
    artifact_id: str | None,
    version: int | None,
    reason: str | None,
    yes: bool,
    logs: tuple[Path | str, ...],
) -> int:
    """Delete all versions of KEY, or one artifact.

    The content goes, from the logs too once no process records into them. A tombstone stays: the other versions keep
    their numbers. Not to be undone.
    """
    if (key is None) == (artifact_id is None):
        raise click.UsageError("give a key or --id, not both" if key else "give a key or --id")
    if version is not None and key is None:
        raise click.UsageError("--version belongs to a key")
    from reportgen.deletion import delete_artifacts

    log_dirs = log_dirs_to_change(logs)
    chosen = _choose(open_place(tuple(log_dirs)).store, key, artifact_id, version)
    what = f"{plain_count(len(chosen), 'version')} of {key}" if key else f"artifact {artifact_id}"
    confirm(f"Delete {what}?", yes=yes)
    result = delete_artifacts(log_dirs, [(row["run_id"], row["artifact_id"]) for row in chosen], reason)
    return report_deletion(f"deleted {what}", result)


def _choose(store: Store, key: str | None, artifact_id: str | None, version: int | None) -> list[dict[str, Any]]:
    """Find the living artifacts that are meant."""
    from reportgen.store import table_rows

    columns = ["key", "version", "run_id", "artifact_id", "deleted_at"]
    where = {"key": [key]} if key is not None else {"artifact_id": [artifact_id or "", (artifact_id or "").lower()]}
    rows = table_rows(store.read("artifacts", columns, where))
    chosen = [row for row in rows if version in (None, row["version"]) and row["deleted_at"] is None]
    if chosen:
        return chosen
    if any(version in (None, row["version"]) for row in rows):
        what = f"version {version} of {key!r}" if version else f"{key or artifact_id!r}"
        raise InputError(f"{what} is deleted already", hint="nothing is left to do", slug="no-such-artifact")
    if key is None:
        hint = "reportgen artifact ls --all lists the ids"
        raise InputError(f"there is no artifact with the id {artifact_id!r}", hint=hint, slug="no-such-artifact")
    raise _no_such_version(key, version, len(rows)) if rows else no_such_key(store, key)
