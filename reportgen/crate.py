"""The site as an RO-Crate: `ro-crate-metadata.json` says to programs what is in it and how that came to be.

It follows Process Run Crate 0.5 (https://w3id.org/ro/wfrun/process): each run, and each of its steps, is a
`CreateAction` with the software that it ran, what it read and what it made. Every build writes it anew, so it speaks of
the newest 20 runs, and of 50 steps of each; all others are in `data/`, which it describes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reportgen import urls
from reportgen.model import Artifact, Edge, Model, Run
from reportgen.store import WHOLE_TABLES
from reportgen.text import first_line, format_count, iso_time
from reportgen.views.content import artifact_page, artifact_title
from reportgen.views.parts import RawFile, value_text

MOST_RUNS = 20
MOST_STEPS = 50

Entity = dict[str, Any]

_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_PARQUET = "application/vnd.apache.parquet"
_STATUSES = {
    "completed": "http://schema.org/CompletedActionStatus",
    "failed": "http://schema.org/FailedActionStatus",
    "cancelled": "http://schema.org/FailedActionStatus",
    "running": "http://schema.org/ActiveActionStatus",
    "stalled": "http://schema.org/ActiveActionStatus",
}
_PLAIN_URI = re.compile(r"[a-z][a-z0-9+.-]*://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+", re.IGNORECASE)


def make_page(model: Model) -> RawFile:
    """Make the file."""
    crate = _Crate(model)
    document = {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": crate.make_graph()}
    content = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
    return RawFile(urls.CRATE, (content + "\n").encode("utf-8", "replace"))


class _Crate:
    def __init__(self, model: Model) -> None:
        self._model = model
        self._entities: dict[str, Entity] = {}
        self._actions: list[Entity] = []
        self._files: list[str] = []

    def make_graph(self) -> list[Entity]:
        """Give all entities: the crate itself, its files, then each run with what belongs to it, the newest first."""
        model = self._model
        self._add_tables()
        runs = [model.run_at(position) for position in range(len(model.runs) - 1, -1, -1)[:MOST_RUNS]]
        for run in runs:
            self._add_run(run)
        n_runs = format_count(len(model.runs), "run")
        left_out = f"; this file describes the newest {MOST_RUNS}" if len(runs) < len(model.runs) else ""
        root = {
            "@id": "./",
            "@type": "Dataset",
            "conformsTo": _reference(_PROFILE),
            "name": model.options.title,
            "description": f"Report of {n_runs} with all data in data/{left_out}.".replace("\u00a0", " "),
            "datePublished": iso_time(model.as_of),
            "hasPart": [*map(_reference, self._files)],
            "mentions": [_reference(action["@id"]) for action in self._actions],
        }
        return [*_descriptors(), root, *self._entities.values(), *self._actions]

    def _add_tables(self) -> None:
        self._add_file(urls.OVERVIEW, name="Overview", encodingFormat="text/html")
        self._add_file(urls.MANIFEST, name="SHA-256 and size of every file", encodingFormat="application/json")
        for name in WHOLE_TABLES:
            self._add_file(urls.table(name), name=f"Table of {name}", encodingFormat=_PARQUET)

    def _add_file(self, url: str, **facts: Any) -> Entity:
        if url not in self._entities:
            self._files.append(url)
        return self._add(url, "File", **facts)

    def _add(self, identity: str, kind: str, **facts: Any) -> Entity:
        """Add something once, and give the reference to it."""
        if identity not in self._entities:
            said = {name: value for name, value in facts.items() if value not in (None, "", [])}
            self._entities[identity] = {"@id": identity, "@type": kind, **said}
        return _reference(identity)

    def _add_run(self, run: Run) -> None:
        software = self._add_software(run)
        made = [artifact for artifact in run.artifacts if not artifact.deleted_at]
        identity = f"#run-{urls.slug(run.id)}"
        facts = {
            "name": f"{run.name}, run of {run.pipeline}",
            "instrument": software,
            "startTime": iso_time(run.started_at),
            "endTime": None if run.ended_at is None else iso_time(run.ended_at),
            "actionStatus": _reference(_STATUSES[run.status]),
            "error": run.error and _describe(run.error.type, run.error.message),
            "object": [*self._inputs(run.edges), *self._params(run, identity)],
            "result": [*self._outputs(made), *self._written(run.edges)],
            "url": urls.run(run.id) if run.has_page else None,
            "identifier": run.id,
        }
        self._act(identity, facts)
        for step in run.steps[:MOST_STEPS]:
            name = f"#software-{urls.slug(run.pipeline)}-step-{urls.slug(step.name)}"
            edges = [edge for edge in run.edges if edge.step_id == step.id]
            facts = {
                "name": f"{step.name}, step of {run.name}" + (f", attempt {step.attempt}" if step.attempt > 1 else ""),
                "instrument": self._add(name, "SoftwareApplication", name=f"{step.name} of {run.pipeline}"),
                "startTime": iso_time(step.started_at),
                "endTime": None if step.status in ("running", "stalled") else iso_time(step.ended_at),
                "actionStatus": _reference(_STATUSES[step.status]),
                "error": step.error and _describe(step.error.type, step.error.message),
                "object": [*self._inputs(edges)],
                "result": [*self._outputs([one for one in made if one.step_id == step.id]), *self._written(edges)],
                "isPartOf": _reference(identity),
            }
            self._act(f"{identity}-step-{urls.slug(step.id)}", facts)

    def _act(self, identity: str, facts: Mapping[str, Any]) -> None:
        said = {name: value for name, value in facts.items() if value not in (None, "", [])}
        self._actions.append({"@id": identity, "@type": "CreateAction", **said})

    def _add_software(self, run: Run) -> Entity:
        git = run.context.get("git")
        commit = git.get("commit") if isinstance(git, Mapping) else None
        version = commit if isinstance(commit, str) else ""
        identity = f"#software-{urls.slug(run.pipeline)}" + (f"-{urls.slug(version)}" if version else "")
        facts = {"name": run.pipeline, "softwareVersion": version, "url": urls.pipeline(run.pipeline)}
        return self._add(identity, "SoftwareApplication", **facts)

    def _params(self, run: Run, identity: str) -> Iterator[Entity]:
        for name, value in sorted(run.params.items()):
            place = f"{identity}-param-{urls.slug(name)}"
            yield self._add(place, "PropertyValue", name=name, value=value_text(value))

    def _inputs(self, edges: Sequence[Edge]) -> Iterator[Entity]:
        yield from _once(self._dataset(edge) for edge in edges if edge.direction == "read")

    def _written(self, edges: Sequence[Edge]) -> Iterator[Entity]:
        yield from _once(self._dataset(edge) for edge in edges if edge.direction == "write")

    def _dataset(self, edge: Edge) -> Entity:
        found = self._model.find_artifact(edge.artifact_id)
        if found:
            return self._artifact(found)
        if _PLAIN_URI.fullmatch(edge.uri):
            return self._add(edge.uri, "CreativeWork", name=edge.name or edge.uri)
        text = "\0".join([edge.uri, edge.name, edge.key or "", edge.artifact_id or ""])
        identity = f"#dataset-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:16]}"
        return self._add(identity, "CreativeWork", name=edge.name or edge.uri or edge.key or "a deleted artifact")

    def _outputs(self, artifacts: Sequence[Artifact]) -> Iterator[Entity]:
        yield from map(self._artifact, artifacts)

    def _artifact(self, artifact: Artifact) -> Entity:
        if not artifact.has_page:
            identity = f"#artifact-{urls.slug(artifact.run_id)}-{urls.slug(artifact.id)}"
            return self._add(identity, "CreativeWork", name=artifact_title(artifact))
        return self._add_file(
            artifact_page(artifact),
            name=artifact_title(artifact),
            encodingFormat="text/html",
            dateCreated=iso_time(artifact.created_at),
            version=artifact.version if artifact.key is not None else None,
        )


def _descriptors() -> list[Entity]:
    return [
        {
            "@id": urls.CRATE,
            "@type": "CreativeWork",
            "conformsTo": _reference("https://w3id.org/ro/crate/1.1"),
            "about": _reference("./"),
        },
        {"@id": _PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
    ]


def _reference(identity: str) -> Entity:
    return {"@id": identity}


def _once(references: Iterator[Entity]) -> Iterator[Entity]:
    yield from {reference["@id"]: reference for reference in references}.values()


def _describe(kind: str, message: str) -> str:
    return first_line(f"{kind}: {message}" if message else kind, 500)
