"""Graphs of lineage on several pages: what a run read and made, and what a version was made from and used by."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

import msgspec
from markupsafe import Markup

from reportgen.graphs import GraphEdge, GraphNode, draw_graph, graph_key
from reportgen.model import Artifact, Edge, Model, Run
from reportgen.text import format_count, format_duration
from reportgen.views.content import artifact_title, artifact_url, kind_word
from reportgen.views.parts import Here, Link

T = TypeVar("T", bound=Hashable)

MAX_TIES = 100  # that the graph of a run shows
MAX_NEIGHBOURS = 20  # on each side of a version, in its graph
MAX_LISTED = 100  # in its list
_MAX_FOLLOWING = 200
_MOST_ALIKE, _SHOWN_ALIKE, _NAMED_ALIKE = 8, 5, 12


class GraphView(msgspec.Struct, frozen=True):
    """A graph: the name of its frame, the drawing, what its shapes mean, and what it leaves out."""

    label: str
    drawing: Markup
    key: Markup
    note: str


class Sketch:
    """Collects what a graph shows: each thing is one node, however often it is named."""

    def __init__(self) -> None:
        self.nodes: dict[Hashable, GraphNode] = {}
        self._edges: dict[tuple[Hashable, Hashable], bool] = {}
        self._targets: dict[Hashable, set[Hashable]] = {}

    def add(self, identity: Hashable, node: GraphNode) -> Hashable:
        """Add a node, or find the one that is there."""
        self.nodes.setdefault(identity, node)
        return identity

    def tie(self, source: Hashable, target: Hashable, *, then: bool = False) -> None:
        """Add an edge between two nodes; `then` if the one only follows the other in time."""
        self._edges[source, target] = then and self._edges.get((source, target), True)
        if not then:
            self._targets.setdefault(source, set()).add(target)

    def draw(self, graph_id: str, title: str, description: str, note: str = "") -> GraphView:
        """Draw it."""
        numbers = {identity: number for number, identity in enumerate(self.nodes)}
        edges = [GraphEdge(numbers[one], numbers[other], then) for (one, other), then in self._edges.items()]
        drawing, shown = draw_graph(
            [*self.nodes.values()], edges, graph_id=graph_id, title=title, description=description
        )
        return GraphView(title, drawing, graph_key(shown), note)

    def tie_steps(self, spans: Mapping[Hashable, Span]) -> None:
        """Tie steps to those that began next when they had ended, but where something leads from one to the other."""
        pairs = find_following(spans)
        for source, target in pairs if len(pairs) <= _MAX_FOLLOWING else ():
            made = self._targets.get(source, ())
            if not any(target in self._targets.get(item, ()) for item in made):
                self.tie(source, target, then=True)


class Span(Protocol):
    """What has a beginning and an end."""

    @property
    def started_at(self) -> int: ...

    @property
    def ended_at(self) -> int: ...


def find_following(spans: Mapping[Hashable, Span]) -> list[tuple[Hashable, Hashable]]:
    """Give the pairs of which the second began after the first had ended, without those that follow from others."""
    pairs = []
    for target, span in spans.items():
        before = {one: other for one, other in spans.items() if other.ended_at <= span.started_at and one != target}
        latest = max((other.started_at for other in before.values()), default=0)
        pairs += [(one, target) for one, other in before.items() if other.ended_at > latest]
    return pairs


def bundle_alike(ties: Iterable[tuple[T, Hashable]]) -> dict[T, Sequence[T]]:
    """Find the things of which one box can stand for many: those that are tied in the same ways.

    Parameters
    ----------
    ties
        Things with what they are tied to, and how.

    Returns
    -------
    dict
        By the first of them: all that a box stands for. Of a group the first five have boxes of their own.
    """
    ties_of: dict[T, set[Hashable]] = {}
    for item, tie in ties:
        ties_of.setdefault(item, set()).add(tie)
    groups: dict[frozenset[Hashable], list[T]] = {}
    for item, mine in ties_of.items():
        groups.setdefault(frozenset(mine), []).append(item)
    return {group[_SHOWN_ALIKE]: group[_SHOWN_ALIKE:] for group in groups.values() if len(group) > _MOST_ALIKE}


def bundle_node(nodes: Sequence[GraphNode], noun: str, url: str) -> GraphNode:
    """Make the box that stands for several; `url` is where they are listed."""
    name = format_count(len(nodes), f"more {noun}")
    names = ", ".join(node.name for node in nodes[:_NAMED_ALIKE])
    tip = f"{name}: {names}{', …' if len(nodes) > _NAMED_ALIKE else ''}"
    return GraphNode(nodes[0].kind, name, names, url, tip)


# A run


def run_graph(model: Model, here: Here, run: Run) -> GraphView | None:
    """Draw what the steps of a run read, and what they made; nothing when they did neither."""
    ties = _ties_of(model, here, run)
    if not ties:
        return None
    node_of = {item: node for item, node, _, _ in reversed(ties)}
    bundles = bundle_alike((item, (node.kind, step_id, made)) for item, node, step_id, made in ties)
    for first, items in bundles.items():
        noun = "artifact" if node_of[first].kind == "key" else "dataset"
        node_of[first] = bundle_node([node_of[item] for item in items], noun, "#lineage")
    hidden = {item for items in bundles.values() for item in items[1:]}
    drawn = [tie for tie in ties if tie[0] not in hidden]
    sketch = Sketch()
    for item, _, step_id, made in drawn[:MAX_TIES]:
        node = node_of[item]
        if not made:
            sketch.add(item, node)
        step = sketch.add(*_step_node(here, run, step_id))
        sketch.add(item, node)
        sketch.tie(*((step, item) if made else (item, step)))
    sketch.tie_steps({("step", step.id): step for step in run.steps if ("step", step.id) in sketch.nodes})
    n_read, n_made = (len({item for item, _, _, made in ties if made is wanted}) for wanted in (False, True))
    description = (
        f"Its steps read {n_read} artifacts and datasets and made {n_made}. The table below lists every connection."
    )
    note = f"The graph shows the first {MAX_TIES} of {len(ties):,} connections." if len(drawn) > MAX_TIES else ""
    return sketch.draw("flow", "Lineage of this run", description, note)


_RunTie = tuple[Hashable, GraphNode, str | None, bool]


def _ties_of(model: Model, here: Here, run: Run) -> list[_RunTie]:
    """Give what the run read and made, with the step: first what was recorded as lineage, then its artifacts."""
    ties: list[_RunTie] = []
    for edge in run.edges:
        item, node = _edge_node(model, here, edge, "#lineage")
        ties.append((item, node, edge.step_id, edge.direction == "write"))
    ties += [(one.id, _artifact_node(here, one), one.step_id, True) for one in run.artifacts]
    return [*dict.fromkeys(ties)]


def _step_node(here: Here, run: Run, step_id: str | None) -> tuple[Hashable, GraphNode]:
    for number, step in enumerate(run.steps):
        if step.id == step_id:
            failed = step.status == "failed"
            took = format_duration(step.ended_at - step.started_at)
            note = f"step, {'failed after ' if failed else ''}{took}"
            url = here.to_run(run, f"#step-{number + 1}")
            tip = f"{step.name}, {note}" + (f", attempt {step.attempt}" if step.attempt > 1 else "")
            return ("step", step.id), GraphNode("step", step.name, note, url, tip, "bad" if failed else "")
    return ("run", run.id), _run_node(here, run)


def _run_node(here: Here, run: Run) -> GraphNode:
    failed = run.status == "failed"
    note = f"run of {run.pipeline}"
    return GraphNode(
        "step",
        run.name,
        f"failed, {note}" if failed else note,
        here.to_run(run, "#main"),
        f"{run.name}, {note}{', failed' if failed else ''}",
        "bad" if failed else "",
    )


def _edge_node(model: Model, here: Here, edge: Edge, url: str) -> tuple[Hashable, GraphNode]:
    """Give what an edge ties to a step; `url` is where it leads that has no page."""
    artifact = model.find_artifact(edge.artifact_id)
    if artifact:
        return artifact.id, _artifact_node(here, artifact)
    if edge.artifact_id or edge.key:
        name = edge.key or "unknown artifact"
        return ("artifact", edge.artifact_id, edge.key), GraphNode("key", name, "not in these logs", url)
    return ("dataset", edge.uri), dataset_node(edge.uri, edge.name, url)


def _artifact_node(here: Here, artifact: Artifact) -> GraphNode:
    note = kind_word(artifact) + (", deleted" if artifact.deleted_at is not None else "")
    title = artifact_title(artifact)
    return GraphNode("key", title, note, artifact_url(here, artifact), f"{title}, {note}")


def dataset_node(uri: str, name: str, url: str) -> GraphNode:
    """Make the node of a dataset: its name, or the end of its address."""
    short = name or uri.rstrip("/").rpartition("/")[2] or uri
    return GraphNode("data", short, "dataset", url, f"{short}, dataset" + (f": {uri[:300]}" if short != uri else ""))


# A version


class NeighbourRow(msgspec.Struct, frozen=True):
    """What a version was made from, or what read it: the relation, which one, and a note."""

    relation: str
    what: Link
    note: str


class Neighbourhood(msgspec.Struct, frozen=True):
    """What a version was made from and used by, as a graph and as a list; what the list leaves out."""

    graph: GraphView
    rows: Sequence[NeighbourRow]
    note: str


def make_neighbourhood(model: Model, here: Here, artifact: Artifact) -> Neighbourhood | None:
    """Find what its run had read when it made an artifact, and the runs that read it; nothing when there is neither.

    What a run made it may have made from all that it had read by then, in whichever of its steps.
    """
    run = model.run_of(artifact)
    sources = _sources_of(model, here, artifact, run)
    positions = [*dict.fromkeys(model.users(artifact).positions)][::-1]
    if not sources and not positions:
        return None
    users = [model.run_at(position) for position in positions[:MAX_LISTED]]
    rows = [
        NeighbourRow("made from", Link(node.name, node.url if node.kind == "key" else ""), _source_note(node, edge))
        for node, edge in sources[:MAX_LISTED]
    ]
    rows += [NeighbourRow("read by", here.run(user), f"run of {user.pipeline}") for user in users]
    n_left = len(sources) + len(positions) - len(rows)
    note = f"{format_count(n_left, 'more connection')} left out." if n_left else ""
    graph = _draw_neighbourhood(here, artifact, run, [node for node, _ in sources], users, len(positions))
    return Neighbourhood(graph, rows, note)


def _source_note(node: GraphNode, edge: Edge) -> str:
    """Say what a source is, and which step read it."""
    parts = (node.note, edge.uri if node.kind == "data" and edge.uri != node.name else "", edge.digest[:12])
    return ", ".join(part for part in parts if part)


def _sources_of(model: Model, here: Here, artifact: Artifact, run: Run) -> list[tuple[GraphNode, Edge]]:
    """Give what a run had read when it made an artifact, each once."""
    lineage = here.to_run(run, "#lineage")
    found: dict[Hashable, tuple[GraphNode, Edge]] = {}
    for edge in run.edges:
        if edge.direction == "read" and edge.recorded_at <= artifact.created_at and edge.artifact_id != artifact.id:
            identity, node = _edge_node(model, here, edge, lineage)
            found.setdefault(identity, (node, edge))
    return [*found.values()]


def _draw_neighbourhood(
    here: Here, artifact: Artifact, run: Run, sources: Sequence[GraphNode], users: Sequence[Run], n_users: int
) -> GraphView:
    sketch = Sketch()
    shown = [sketch.add(("source", number), node) for number, node in enumerate(sources[:MAX_NEIGHBOURS])]
    maker = sketch.add(*_step_node(here, run, artifact.step_id))
    this = sketch.add(artifact.id, msgspec.structs.replace(_artifact_node(here, artifact), url="#content", mark="now"))
    sketch.tie(maker, this)
    for source in shown:
        sketch.tie(source, maker)
    for user in users[:MAX_NEIGHBOURS]:
        steps = {edge.step_id for edge in user.edges if edge.artifact_id == artifact.id} if user.id == run.id else ()
        readers = [_step_node(here, run, step) for step in sorted(steps, key=str)]
        for identity, node in readers or [(("run", user.id), _run_node(here, user))]:
            sketch.tie(this, sketch.add(identity, node))
    title = artifact_title(artifact)
    description = (
        f"{title} was made from {len(sources)} and read by {format_count(n_users, 'run')}. "
        "The table below lists the connections."
    )
    left = [
        f"the first {MAX_NEIGHBOURS} of {len(sources):,} sources" if len(sources) > MAX_NEIGHBOURS else "",
        f"the newest {MAX_NEIGHBOURS} of {n_users:,} runs that read it" if n_users > MAX_NEIGHBOURS else "",
    ]
    parts = " and ".join(filter(None, left))
    return sketch.draw("flow", f"What {title} was made from and used by", description, parts and f"Shows {parts}.")
