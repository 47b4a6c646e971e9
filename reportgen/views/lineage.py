"""The lineage of the project: which steps read and make which keys and datasets, in all runs together."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from reportgen import urls
from reportgen.graphs import GraphNode
from reportgen.model import Model, StepSpan, Tie, find_spans, find_ties
from reportgen.text import count_word, join_words
from reportgen.views.content import kind_word
from reportgen.views.graphs import GraphView, Sketch, bundle_alike, bundle_node, dataset_node
from reportgen.views.parts import Frame, Here, Link, Page, comma_separated, make_frame
from reportgen.webaddress import web_address

MAX_NODES = 300  # of the graph
MAX_STEPS = 60  # nodes up to which steps are drawn one by one
MAX_TIES = 1000
MAX_ROWS = 1000  # of the table
_MAX_LINKS = 12  # in a cell

_Place = tuple[str, str]  # pipeline and step
_Item = tuple[bool, str]  # whether it is a dataset, and its name


class ItemRow(msgspec.Struct, frozen=True):
    """A key or a dataset: what it is, the steps that made it and those that read it."""

    name: Link
    note: str
    made_by: Sequence[Link]
    used_by: Sequence[Link]


class ItemGroup(msgspec.Struct, frozen=True):
    """The datasets, or the keys."""

    title: str
    rows: Sequence[ItemRow]


class LineageView(msgspec.Struct, frozen=True):
    """The project's lineage.

    Attributes
    ----------
    frame
        What surrounds the page.
    lede
        What goes through what into what, and what failed.
    graph
        The graph; `None` when nothing is recorded yet.
    groups
        The connections of datasets and of keys.
    note
        What the table leaves out.
    """

    frame: Frame
    lede: str
    graph: GraphView | None
    groups: Sequence[ItemGroup]
    note: str


def make_page(model: Model) -> Page:
    """Make the page of the project's lineage."""
    here = Here(urls.LINEAGE)
    ties = find_ties(model)
    newest = [pipeline.newest.position for pipeline in model.pipelines.values()]
    spans = find_spans(model, newest)
    groups, note = _make_groups(model, here, ties)
    view = LineageView(
        frame=make_frame(model, urls.LINEAGE, "Lineage"),
        lede=_describe(ties, spans),
        graph=_draw(model, here, ties, spans) if ties else None,
        groups=[group for group in groups if group.rows],
        note=note,
    )
    return Page(urls.LINEAGE, "lineage.html", view)


# In words


def _describe(ties: Sequence[Tie], spans: dict[_Place, StepSpan]) -> str:
    """Say in a sentence what there is, and in another what failed the last time."""
    if not ties:
        return ""
    datasets = {tie.item for tie in ties if tie.is_dataset}
    made = {(tie.is_dataset, tie.item) for tie in ties if tie.made}
    places = {(tie.pipeline, tie.step) for tie in ties}
    through = f"{_number(len(places), 'step')} of {_number(len({tie.pipeline for tie in ties}), 'pipeline')}"
    n_from = len({uri for uri in datasets if (True, uri) not in made})
    n_keys, n_written = (len({item for item in made if item[0] is kind}) for kind in (False, True))
    into = join_words(_number(n, noun) for n, noun in ((n_keys, "key"), (n_written, "dataset")) if n)
    if n_from:
        verb = "goes" if n_from == 1 else "go"
        text = f"{_number(n_from, 'dataset')} {verb} through {through}{f' into {into}' if into else ''}."
    else:
        ending = "s" if len(places) == 1 else ""
        text = f"{through} make{ending} {into}." if into else f"{through} read{ending} artifacts."
    failed = [
        f"{step} of {pipeline}" for pipeline, step in sorted(places & spans.keys()) if spans[pipeline, step].failed
    ]
    if failed:
        more = [f"{len(failed) - 2} more"] if len(failed) > 3 else []
        named = failed[:2] if more else failed
        text += f" In the newest runs, {join_words([*named, *more])} failed."
    return text[:1].upper() + text[1:]


def _number(n: int, noun: str) -> str:
    return f"{count_word(n)} {noun}{'' if n == 1 else 's'}"


# As a graph


def _draw(model: Model, here: Here, ties: Sequence[Tie], spans: dict[_Place, StepSpan]) -> GraphView:
    """Draw all ties, or those of the newest runs when that were too many; pipelines whole when there are many steps."""
    is_folded = _plan(ties, is_folded=False).n_boxes > max(MAX_STEPS, _plan(ties, is_folded=True).n_boxes)
    chosen, note = _choose(model, ties, is_folded=is_folded)
    sketch = Sketch()
    for tie in sorted(chosen.ties, key=lambda tie: (not tie.is_dataset, tie)):
        step, item = ("step", tie.pipeline, tie.step), ("item", tie.is_dataset, tie.item)
        node = _item_node(model, here, tie)
        if alike := chosen.bundles.get(_item(tie)):
            noun = "dataset" if tie.is_dataset else "key"
            node = bundle_node([_item_node(model, here, one) for one in alike], noun, f"#{noun}s")
        if tie.is_dataset and not tie.made:
            sketch.add(item, node)
        sketch.add(step, (_pipeline_node if is_folded else _step_node)(here, tie.pipeline, tie.step, spans))
        sketch.add(item, node)
        sketch.tie(*((step, item) if tie.made else (item, step)))
    by_pipeline: dict[str, dict[Hashable, StepSpan]] = {}
    for (pipeline, name), span in sorted(spans.items()):
        if ("step", pipeline, name) in sketch.nodes:
            by_pipeline.setdefault(pipeline, {})["step", pipeline, name] = span
    for mine in by_pipeline.values():
        sketch.tie_steps(mine)
    description = "Datasets and keys with the steps that read and made them. The table below lists every connection."
    return sketch.draw("flow", "Lineage of the project", description, note)


class _Drawing(NamedTuple):
    """Ties to draw, and for boxes that stand for several items a tie of each of those, by the item that is drawn."""

    ties: Sequence[Tie]
    bundles: Mapping[_Item, Sequence[Tie]]

    @property
    def n_boxes(self) -> int:
        return len({tie[:2] for tie in self.ties}) + len({tie[2:4] for tie in self.ties})

    @property
    def fits(self) -> bool:
        return len(self.ties) <= MAX_TIES and self.n_boxes <= MAX_NODES


def _plan(ties: Iterable[Tie], *, is_folded: bool) -> _Drawing:
    """Take items together that the same steps read and made, where they are many; the steps of a pipeline if asked."""
    ties = [*dict.fromkeys(tie._replace(step="") if is_folded else tie for tie in ties)]
    tie_of = {_item(tie): tie for tie in ties}
    bundles = bundle_alike((_item(tie), (tie.is_dataset, tie.pipeline, tie.step, tie.made)) for tie in ties)
    hidden = {item for items in bundles.values() for item in items[1:]}
    return _Drawing(
        [tie for tie in ties if _item(tie) not in hidden],
        {first: [tie_of[item] for item in items] for first, items in bundles.items()},
    )


def _item(tie: Tie) -> _Item:
    return tie.is_dataset, tie.item


def _choose(model: Model, ties: Sequence[Tie], *, is_folded: bool) -> tuple[_Drawing, str]:
    """Give the ties that there is room for, and say which they are when there is none for all."""
    drawing = _plan(ties, is_folded=is_folded)
    if drawing.fits:
        return drawing, "Each pipeline is one box here; the table names its steps." if is_folded else ""
    newest_runs = [pipeline.newest.position for pipeline in model.pipelines.values()]
    newest = _plan(find_ties(model, newest_runs), is_folded=is_folded)
    which = "what the newest run of each pipeline read and made" if newest.ties else "the first by name"
    chosen = newest if newest.ties else drawing
    if not chosen.fits:
        chosen = chosen._replace(ties=_cut(chosen.ties))
        which += ", as far as there is room"
    boxes = f"{chosen.n_boxes:,} of {drawing.n_boxes:,} boxes"
    return chosen, f"Shown are {boxes} and {len(chosen.ties):,} of {len(drawing.ties):,} arrows: {which}."


def _cut(ties: Sequence[Tie]) -> list[Tie]:
    """Take ties in their order as long as there is room for them and their nodes."""
    nodes: set[tuple[object, ...]] = set()
    found: list[Tie] = []
    for tie in ties:
        new = {tie[:2], tie[2:4]} - nodes
        if len(nodes) + len(new) <= MAX_NODES and len(found) < MAX_TIES:
            nodes |= new
            found.append(tie)
    return found


def _step_node(here: Here, pipeline: str, step: str, spans: dict[_Place, StepSpan]) -> GraphNode:
    failed = (pipeline, step) in spans and spans[pipeline, step].failed
    note = f"failed, {pipeline}" if failed else pipeline if step else "pipeline"
    tip = f"step {step} of pipeline {pipeline}{', failed in its newest run' if failed else ''}"
    url = here.pipeline(pipeline).url
    return GraphNode("step", step or pipeline, note, url, tip if step else f"pipeline {pipeline}", "bad" * failed)


def _pipeline_node(here: Here, pipeline: str, _step: str, spans: dict[_Place, StepSpan]) -> GraphNode:
    names = [step for place, step in spans if place == pipeline and step]
    failed = [step for step in names if spans[pipeline, step].failed]
    note = f"failed: {', '.join(failed)}" if failed else ", ".join(names) or "pipeline"
    tip = f"pipeline {pipeline}{f', steps {join_words(names)}' if names else ''}"
    url = here.pipeline(pipeline).url
    return GraphNode(
        "step", pipeline, note, url, f"{tip}{', failed in its newest run' if failed else ''}", "bad" * bool(failed)
    )


def _item_node(model: Model, here: Here, tie: Tie) -> GraphNode:
    if tie.is_dataset:
        return dataset_node(tie.item, tie.name, "#datasets")
    url = here.key(tie.item).url if tie.item in model.keys else "#keys"
    note = _key_note(model, tie.item)
    return GraphNode("key", tie.item, note, url, f"key {tie.item}, {note}")


def _key_note(model: Model, name: str) -> str:
    """Say what a key is: kind and newest version."""
    if name not in model.keys:
        return "not in these logs"
    newest = model.keys[name].newest
    return f"{kind_word(newest)}, v{newest.version}" + (", deleted" if newest.deleted_at is not None else "")


# As a table


def _make_groups(model: Model, here: Here, ties: Sequence[Tie]) -> tuple[list[ItemGroup], str]:
    items: dict[tuple[bool, str], list[Tie]] = {}
    for tie in ties:
        items.setdefault((tie.is_dataset, tie.item), []).append(tie)
    keys, datasets = (sorted(item for item in items if item[0] is kind) for kind in (False, True))
    n_keys = max(MAX_ROWS - len(datasets), MAX_ROWS // 2)
    shown = [datasets[: MAX_ROWS - min(len(keys), n_keys)], keys[:n_keys]]
    note = f"The table has {MAX_ROWS:,} of {len(items):,} keys and datasets." if len(items) > MAX_ROWS else ""
    groups = [
        ItemGroup(title, [_make_row(model, here, items[item]) for item in group])
        for title, group in zip(("Datasets", "Keys"), shown, strict=True)
    ]
    return groups, note


def _make_row(model: Model, here: Here, ties: Sequence[Tie]) -> ItemRow:
    first = ties[0]
    if first.is_dataset:
        name = next((tie.name for tie in ties if tie.name), "") or first.item
        link = Link(name, web_address(first.item))
        note = first.item if name != first.item else ""
    else:
        link = here.key(first.item) if first.item in model.keys else Link(first.item)
        note = _key_note(model, first.item)
    made_by, used_by = (_link_steps(here, [tie for tie in ties if tie.made is kind]) for kind in (True, False))
    return ItemRow(link, note, made_by, used_by)


def _link_steps(here: Here, ties: Sequence[Tie]) -> list[Link]:
    links = [
        Link(f"{tie.pipeline} / {tie.step}" if tie.step else tie.pipeline, here.pipeline(tie.pipeline).url)
        for tie in ties[:_MAX_LINKS]
    ]
    more = [Link(f"and {len(ties) - _MAX_LINKS} more")] if len(ties) > _MAX_LINKS else []
    return [*comma_separated(links), *more]
