"""The functions that read what was recorded, named and shaped as in Prefect and Craft AI.

Each looks into a log directory or a built site: the argument, else, inside a run, where that records, else
`REPORTGEN_LOG_DIR`, else the log directories of the configuration, else `runs`. pyarrow is loaded by the first call.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from typing import Any
    from uuid import UUID

    from reportgen.artifacts.artifact import Artifact
    from reportgen.queries.logs import Logs

    Place = str | os.PathLike[str] | None


def read_artifacts(
    filter: Mapping[str, Any] | None = None,  # noqa: A002 — Prefect's name for it
    sort: str = "CREATED_DESC",
    limit: int | None = 200,
    offset: int = 0,
    *,
    log_dir: Place = None,
) -> list[Artifact]:
    """Give the artifacts that a filter selects; deleted ones are not among them.

    Parameters
    ----------
    filter
        In the shape of Prefect's filters, e.g. `{"artifacts": {"key": {"exists_": True}}}`. Its sections are
        `artifacts`, `flow_runs`, `task_runs`, `flows`, `deployments`; by default all.
    sort
        `CREATED_DESC`, `UPDATED_DESC`, `ID_DESC`, `KEY_ASC` or `KEY_DESC`; artifacts without a key come last.
    limit, offset
        How many to give, `None` for all, and how many to pass over.
    log_dir
        A log directory or a site.

    Returns
    -------
    list of Artifact
        Their content is read when it is first looked at.

    Raises
    ------
    TypeError, ValueError
        A filter, a sort or a number cannot be used; the text says which and what can.
    InputError
        What is to be read is neither logs nor a site, or cannot be read.
    """
    return _find_artifacts(filter, sort, limit, offset, log_dir, latest=False)


def read_latest_artifacts(
    filter: Mapping[str, Any] | None = None,  # noqa: A002
    sort: str = "CREATED_DESC",
    limit: int | None = 200,
    offset: int = 0,
    *,
    log_dir: Place = None,
) -> list[Artifact]:
    """Give the highest version of each key, if the filter selects it. All else is as for `read_artifacts`."""
    return _find_artifacts(filter, sort, limit, offset, log_dir, latest=True)


def _find_artifacts(
    filter: Mapping[str, Any] | None,  # noqa: A002
    sort: str,
    limit: int | None,
    offset: int,
    log_dir: Place,
    *,
    latest: bool,
) -> list[Artifact]:
    from reportgen.artifacts.lookup import open_current, to_artifacts
    from reportgen.queries.artifacts import find_artifacts

    source = open_current(log_dir)
    rows = find_artifacts(source.store, filter, sort, limit, offset, latest=latest)
    return to_artifacts(rows, source)


def count_artifacts(filter: Mapping[str, Any] | None = None, *, log_dir: Place = None) -> int:  # noqa: A002
    """Count the artifacts that a filter selects. Parameters and errors are as for `read_artifacts`."""
    from reportgen.artifacts.lookup import open_current
    from reportgen.queries import artifacts

    return artifacts.count_artifacts(open_current(log_dir).store, filter)


def get_metrics(
    name: str | None = None,
    pipeline_name: str | None = None,
    deployment_name: str | None = None,
    execution_id: str | UUID | None = None,
    *,
    log_dir: Place = None,
) -> list[dict[str, Any]]:
    """Give metrics, the oldest first.

    Parameters
    ----------
    name
        Only the metric of this name.
    pipeline_name, deployment_name, execution_id
        Only metrics of this pipeline, of this deployment, or of this run; one of the three may be given.
    log_dir
        A log directory or a site.

    Returns
    -------
    list of dict
        Each with exactly `name`, `value`, `created_at` (ISO 8601, UTC), `execution_id` (the run's id),
        `deployment_name` and `pipeline_name`.

    Raises
    ------
    TypeError, ValueError
        A parameter is no text; two that exclude each other are given.
    InputError
        What is to be read is neither logs nor a site, or cannot be read.
    """
    from reportgen.artifacts.lookup import open_current
    from reportgen.queries.metrics import find_metrics

    return find_metrics(open_current(log_dir).store, name, pipeline_name, deployment_name, execution_id)


def get_list_metrics(
    name: str | None = None,
    pipeline_name: str | None = None,
    deployment_name: str | None = None,
    execution_id: str | UUID | None = None,
    *,
    log_dir: Place = None,
) -> list[dict[str, Any]]:
    """Give list metrics: as `get_metrics`, with the list `values` in place of `value`."""
    from reportgen.artifacts.lookup import open_current
    from reportgen.queries.metrics import find_list_metrics

    return find_list_metrics(open_current(log_dir).store, name, pipeline_name, deployment_name, execution_id)


def open_logs(path: Place = None) -> Logs:
    """Give everything that was recorded as Arrow tables.

    Parameters
    ----------
    path
        A log directory or a site; by default as for `read_artifacts`.

    Raises
    ------
    InputError
        What is to be read is neither logs nor a site, or cannot be read.
    """
    from reportgen.artifacts.lookup import open_current
    from reportgen.queries.logs import Logs

    return Logs(open_current(path))
