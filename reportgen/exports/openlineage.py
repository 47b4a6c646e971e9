"""Runs and their steps as OpenLineage events, for catalogues that draw lineage over many systems.

Each run is a run of the job that its pipeline is, each step one of the job `<pipeline>.<step>` with the run as parent.
Both begin with a START event and end with COMPLETE, FAIL or ABORT. What was read and recorded are datasets: artifacts
with a key in the namespace of the jobs, others where their URI says, as the specification names datasets.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from reportgen import __version__
from reportgen.exports.folder import find_site_store, new_folder
from reportgen.store import StoreFolder, table_rows
from reportgen.text import iso_time

Row = Mapping[str, Any]
Event = dict[str, Any]

PRODUCER = f"https://pypi.org/project/reportgen/{__version__}"
_SPEC = "https://openlineage.io/spec"
_SCHEMA = f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
_ENDS = {"completed": "COMPLETE", "failed": "FAIL", "cancelled": "ABORT"}
_FILE = "events.jsonl"


def export_openlineage(site: Path, output: Path, namespace: str = "reportgen") -> int:
    """Write the events of all runs that are not deleted, as JSON lines.

    Parameters
    ----------
    site
        Its folder.
    output
        A folder that is not there yet, or is empty; it gets the file `events.jsonl`.
    namespace
        Of the jobs and of artifacts with a key.

    Returns
    -------
    int
        How many events were written.

    Raises
    ------
    InputError
        There is no site, or a table of it is damaged.
    OutputError
        The folder is taken, or the disk failed; nothing was written.
    """
    store = StoreFolder(find_site_store(site))
    n_events = 0
    with new_folder(output, site) as folder, (folder / _FILE).open("wb") as file:
        for event in _Events(store, namespace).iter_all():
            file.write(msgspec.json.encode(event) + b"\n")
            n_events += 1
    return n_events


class _Events:
    def __init__(self, store: StoreFolder, namespace: str) -> None:
        self._namespace = namespace
        self._runs = {row["run_id"]: row for row in table_rows(store.read("runs")) if row["deleted_at"] is None}
        self._steps = _group(store, "steps")
        self._edges = _group(store, "edges")
        self._artifacts = _group(store, "artifacts")

    def iter_all(self) -> Iterator[Event]:
        """Give all events: runs in the order in which they began, and those of a run by time."""
        for run_id in sorted(self._runs, key=lambda run_id: (self._runs[run_id]["started_at"], run_id)):
            yield from sorted(self._iter_run(self._runs[run_id]), key=lambda event: str(event["eventTime"]))

    def _iter_run(self, run: Row) -> Iterator[Event]:
        parent = self._runs.get(run["parent_run_id"])
        facets = _facets(run)
        if parent:
            facets["parent"] = _parent_facet(parent["run_id"], self._namespace, parent["pipeline"])
        yield from self._iter_pair(run, run["run_id"], run["pipeline"], facets, None)
        for step in self._steps.get(run["run_id"], ()):
            facets = _facets(step)
            facets["parent"] = _parent_facet(run["run_id"], self._namespace, run["pipeline"])
            name = f"{run['pipeline']}.{step['name']}"
            yield from self._iter_pair(step, f"{run['run_id']}/{step['step_id']}", name, facets, step["step_id"])

    def _iter_pair(self, row: Row, identity: str, job: str, facets: Event, step_id: str | None) -> Iterator[Event]:
        """Give the beginning of a run or a step, and its end if it has one, with what it read and made."""
        kind = "STEP" if step_id else "PIPELINE"
        common = {
            "job": {"namespace": self._namespace, "name": job, "facets": {"jobType": _job_type(kind)}},
            "producer": PRODUCER,
            "schemaURL": _SCHEMA,
        }
        inputs, outputs = self._datasets(row["run_id"], step_id)
        at_start = {name: facet for name, facet in facets.items() if name != "errorMessage"}
        start = {"eventType": "START", "eventTime": iso_time(row["started_at"])}
        yield {
            **start,
            "run": {"runId": run_uuid(identity), "facets": at_start},
            **common,
            "inputs": inputs,
            "outputs": [],
        }
        if row["ended_at"] is not None:
            end = {"eventType": _ENDS[row["status"]], "eventTime": iso_time(row["ended_at"])}
            run = {"runId": run_uuid(identity), "facets": facets}
            yield {**end, "run": run, **common, "inputs": inputs, "outputs": outputs}

    def _datasets(self, run_id: str, step_id: str | None) -> tuple[list[Event], list[Event]]:
        """Give what a step, or a whole run, read and made."""
        edges = [edge for edge in self._edges.get(run_id, ()) if step_id in (None, edge["step_id"])]
        made = [one for one in self._artifacts.get(run_id, ()) if step_id in (None, one["step_id"])]
        inputs = [self._of_edge(edge) for edge in edges if edge["direction"] == "read"]
        outputs = [self._of_artifact(one) for one in made if one["deleted_at"] is None]
        outputs += [self._of_edge(edge) for edge in edges if edge["direction"] == "write"]
        return _once(inputs), _once(outputs)

    def _of_edge(self, edge: Row) -> Event:
        if edge["artifact_id"] or edge["key"]:
            version = edge["version"]
            facets = {} if version is None else {"version": _version_facet(str(version))}
            return {"namespace": self._namespace, "name": edge["key"] or edge["artifact_id"], "facets": facets}
        namespace, name = dataset_name(edge["uri"] or "", edge["name"] or "")
        facets = {"version": _version_facet(edge["digest"])} if edge["digest"] else {}
        return {"namespace": namespace or self._namespace, "name": name, "facets": facets}

    def _of_artifact(self, artifact: Row) -> Event:
        facets: Event = {}
        if artifact["version"] is not None:
            facets["version"] = _version_facet(str(artifact["version"]))
        if artifact["description"]:
            facets["documentation"] = _facet("1-1-0/DocumentationDatasetFacet", description=artifact["description"])
        found = {"namespace": self._namespace, "name": artifact["key"] or artifact["artifact_id"], "facets": facets}
        if artifact["type"] == "table" and artifact["n_rows"] is not None:
            statistics = _facet("1-0-2/OutputStatisticsOutputDatasetFacet", rowCount=artifact["n_rows"])
            found["outputFacets"] = {"outputStatistics": statistics}
        return found


def run_uuid(identity: str) -> str:
    """Give the UUID of a run: its id where that is one, else one that is made of it."""
    try:
        return str(uuid.UUID(identity))
    except ValueError:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"reportgen:{identity}"))


def dataset_name(uri: str, name: str) -> tuple[str, str]:
    """Give namespace and name of a dataset outside, as OpenLineage names them; no namespace where a URI has none."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return "", uri
    path = parts.path if parts.scheme in ("", "file") else parts.path.lstrip("/")
    if parts.scheme and parts.netloc and path:
        return f"{parts.scheme}://{parts.netloc}", path
    if parts.scheme == "file" and path:
        return "file", path
    return "", uri or name or "unnamed"


def _group(store: StoreFolder, table: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in table_rows(store.read(table)):
        found.setdefault(row["run_id"], []).append(row)
    return found


def _once(datasets: list[Event]) -> list[Event]:
    return [*{(one["namespace"], one["name"]): one for one in datasets}.values()]


def _facets(row: Row) -> Event:
    engine = {"version": __version__, "name": "reportgen", "openlineageAdapterVersion": __version__}
    facets = {"processing_engine": _facet("1-1-1/ProcessingEngineRunFacet", **engine)}
    if row["error_type"]:
        message = f"{row['error_type']}: {row['error_message'] or ''}".rstrip(": ")
        trace = {"stackTrace": row["error_traceback"]} if row["error_traceback"] else {}
        more = {"message": message, "programmingLanguage": "python", **trace}
        facets["errorMessage"] = _facet("1-0-1/ErrorMessageRunFacet", **more)
    return facets


def _parent_facet(run_id: str, namespace: str, job: str) -> Event:
    run, of = {"runId": run_uuid(run_id)}, {"namespace": namespace, "name": job}
    return _facet("1-1-0/ParentRunFacet", run=run, job=of)


def _version_facet(version: str) -> Event:
    return _facet("1-0-1/DatasetVersionDatasetFacet", datasetVersion=version)


def _job_type(kind: str) -> Event:
    return _facet("2-0-3/JobTypeJobFacet", processingType="BATCH", integration="REPORTGEN", jobType=kind)


def _facet(schema: str, **fields: Any) -> Event:
    name = schema.rpartition("/")[2]
    url = f"{_SPEC}/facets/{schema}.json#/$defs/{name}"
    return {"_producer": PRODUCER, "_schemaURL": url, **fields}
