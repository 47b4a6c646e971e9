"""Graphs: no box covers another, edges lead to the right, the same graph is always drawn the same way."""

from __future__ import annotations

import unicodedata
import xml.etree.ElementTree as ET
from graphlib import TopologicalSorter
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.graphs import GraphEdge, GraphNode, draw_graph, graph_key, lay_out
from reportgen.graphs.crossings import count_crossings, reduce_crossings
from reportgen.graphs.drawing import clip
from reportgen.graphs.heights import spread
from reportgen.graphs.layers import assign_layers, find_back_edges

HEIGHT, GAP = 40, 12
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</title><script>alert(1)</script>\"'&\x00\ud800"

Graph = tuple[int, list[tuple[int, int]]]


@st.composite
def graphs(draw: st.DrawFn, max_nodes: int = 30) -> Graph:
    """Any directed graph: with circles, edges to oneself, repeated edges, parts."""
    n_nodes = draw(st.integers(1, max_nodes))
    node = st.integers(0, n_nodes - 1)
    return n_nodes, draw(st.lists(st.tuples(node, node), max_size=3 * n_nodes))


def chain(n_nodes: int) -> Graph:
    return n_nodes, [*pairwise(range(n_nodes))]


def layered(n_nodes: int, width: int = 15) -> Graph:
    """A graph in which each node is made from three of the layer before."""
    edges = [
        (node - width - node % width + (node * step) % width, node)
        for node in range(width, n_nodes)
        for step in (1, 3, 7)
    ]
    return n_nodes, edges


# Layers


@given(graphs())
def test_without_the_edges_that_lead_back_there_is_no_circle(graph: Graph) -> None:
    n_nodes, edges = graph
    back = find_back_edges(n_nodes, edges)
    sources: dict[int, set[int]] = {node: set() for node in range(n_nodes)}
    for source, target in {*edges} - back:
        sources[target].add(source)
    assert len([*TopologicalSorter(sources).static_order()]) == n_nodes
    assert back <= {*edges}


@given(graphs())
def test_no_edge_is_turned_where_there_is_no_circle(graph: Graph) -> None:
    n_nodes, edges = graph
    assert not find_back_edges(n_nodes, [edge for edge in edges if edge[0] < edge[1]])


@given(graphs())
def test_edges_lead_to_higher_layers(graph: Graph) -> None:
    n_nodes, edges = graph
    layout = lay_out(n_nodes, edges)
    for source, target in edges:
        if source == target:
            continue
        is_back = (source, target) in layout.back
        low, high = (target, source) if is_back else (source, target)
        assert layout.layers[low] < layout.layers[high]
        assert len(layout.routes[low, high]) == layout.layers[high] - layout.layers[low] - 1
    assert min(layout.layers) == 0


def test_input_stands_beside_what_reads_it() -> None:
    assert assign_layers(5, [(0, 1), (1, 2), (2, 3), (4, 3)]) == [0, 1, 2, 3, 2]


# Places


@given(graphs())
def test_no_box_covers_another(graph: Graph) -> None:
    layout = lay_out(*graph, node_height=HEIGHT, gap=GAP)
    tops = [middle - HEIGHT / 2 for middle in layout.middles]
    assert min(tops) > -1e-6
    assert max(tops) + HEIGHT < layout.height + 1e-6
    for one, other in combinations(range(len(tops)), 2):
        if layout.layers[one] == layout.layers[other]:
            assert abs(tops[one] - tops[other]) >= HEIGHT + GAP - 1e-6


@given(graphs())
def test_layout_is_the_same_every_time(graph: Graph) -> None:
    assert lay_out(*graph) == lay_out(*graph)


def test_path_lies_on_one_line() -> None:
    layout = lay_out(*chain(50))
    assert {*layout.middles} == {layout.middles[0]}
    assert layout.layers == [*range(50)]


def test_thousands_of_generations_are_no_recursion() -> None:
    assert lay_out(*chain(5000)).layers[-1] == 4999


def test_very_many_long_edges_are_not_led_through_every_layer() -> None:
    n_nodes, edges = chain(300)
    layout = lay_out(n_nodes, edges + [(one, one + 150) for one in range(100)])
    assert sum(map(len, layout.routes.values())) <= 4000


@given(st.lists(st.tuples(st.floats(-1000, 1000), st.sampled_from([0.01, 1, 8])), max_size=20))
def test_spread_items_keep_order_and_distance(wanted: list[tuple[float, float]]) -> None:
    offsets = [10.0 * place for place in range(len(wanted))]
    ys = spread(wanted, offsets)
    assert all(lower - upper >= 10 - 1e-6 for upper, lower in pairwise(ys))


def test_items_that_are_far_enough_apart_get_what_they_want() -> None:
    assert spread([(0, 1), (50, 1)], [0, 10]) == [0, 50]
    assert spread([(20, 1), (20, 1)], [0, 10]) == [15, 25]


# Crossings


@given(graphs(15))
def test_order_never_has_more_crossings_than_before(graph: Graph) -> None:
    n_nodes, edges = graph
    rows = [[*range(n_nodes)], [*range(n_nodes, 2 * n_nodes)]]
    right: list[list[int]] = [[] for _ in range(2 * n_nodes)]
    left: list[list[int]] = [[] for _ in range(2 * n_nodes)]
    for source, target in {*edges}:
        right[source].append(n_nodes + target)
        left[n_nodes + target].append(source)
    ordered = reduce_crossings(rows, left, right)
    assert [sorted(row) for row in ordered] == rows
    assert count_crossings(ordered, right) <= count_crossings(rows, right)


def test_crossings_are_counted() -> None:
    right = [[3], [2], [], []]
    assert count_crossings([[0, 1], [2, 3]], right) == 1
    assert count_crossings([[1, 0], [2, 3]], right) == 0


def test_avoidable_crossings_are_avoided() -> None:
    layout = lay_out(6, [(0, 5), (1, 4), (2, 3)])
    order = [sorted(part, key=lambda node: layout.middles[node]) for part in ((0, 1, 2), (5, 4, 3))]
    assert order == [[0, 1, 2], [5, 4, 3]]


# Drawing


def draw(graph: Graph, name: str = "node") -> ET.Element:
    n_nodes, edges = graph
    nodes = [
        GraphNode(("data", "step", "key")[n % 3], f"{name} {n}", name, "" if n % 5 == 0 else f"{name}.html", name)
        for n in range(n_nodes)
    ]
    svg, _ = draw_graph(
        nodes,
        [GraphEdge(*edge) for edge in dict.fromkeys(edges)],
        graph_id="g",
        title=name,
        description=f"About {name}",
    )
    return ET.fromstring(f'<html xmlns="http://www.w3.org/2000/svg">{svg}</html>')[0]


@pytest.mark.parametrize("graph", [chain(3), layered(300), (1, [(0, 0)]), (2, [(0, 1), (1, 0)])])
def test_drawing_is_complete_and_has_no_style_of_its_own(graph: Graph) -> None:
    svg = draw(graph)
    boxes = [element for element in svg if element.tag in (f"{SVG}a", f"{SVG}g")]
    assert len(boxes) == graph[0]
    assert len([path for path in svg if path.get("class", "").startswith("edge")]) == len(dict.fromkeys(graph[1]))
    assert all(box.findtext(f"{SVG}title") for box in boxes)
    assert not [element for element in svg.iter() if {"style", "fill", "stroke"} & {*element.attrib}]
    names = svg.get("aria-labelledby", "").split()
    assert [svg.find(f"*[@id='{name}']").text for name in names] == ["node", "About node"]  # type: ignore[union-attr]


def test_head_of_an_edge_that_leads_back_is_at_the_left() -> None:
    svg = draw((2, [(0, 1), (1, 0)]))
    forward, back = (path for path in svg if path.get("class", "").startswith("edge"))
    assert (forward.get("class"), back.get("class")) == ("edge", "edge back")
    heads = [path.get("d", "") for path in svg if path.get("class") == "tip"]
    assert heads == ["M197 16.5l7 3.5l-7 3.5z", "M175 25.5l-7 3.5l7 3.5z"]


def test_hostile_text_stays_text() -> None:
    hostile, plain = draw(chain(4), HOSTILE), draw(chain(4))
    assert [element.tag for element in hostile.iter()] == [element.tag for element in plain.iter()]
    assert "script" not in {element.tag.removeprefix(SVG) for element in hostile.iter()}


def test_every_box_lies_in_the_picture() -> None:
    svg = draw(layered(60))
    for box in svg.iter(f"{SVG}a"):
        x, y = (int(part) for part in box.get("transform", "")[10:-1].split())
        assert 0 <= x <= int(svg.get("width", "")) - 170
        assert 0 <= y <= int(svg.get("height", "")) - 42


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("short", "short"),
        ("a\n b", "a b"),
        ("yellow_tripdata_2026-10.parquet", "yellow_tripdata_2026…"),
        ("漢" * 20, "漢" * 9 + "…"),
        ("x" * 5000, "x" * 18 + "…"),
    ],
)
def test_text_is_cut_to_what_fits(words: str, shown: str) -> None:
    assert clip(words, 13, 148) == shown


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("short", "short"),
        ("yellow_tripdata_2026-10.parquet", "yellow_trip…10.parquet"),
        ("yellow_tripdata_2026-11.parquet", "yellow_trip…11.parquet"),
        ("漢" * 20, "漢" * 5 + "…" + "漢" * 4),
        ("a" * 30 + "e\u0301" * 9, "a" * 9 + "…" + "e\u0301" * 9),
    ],
)
def test_name_is_cut_in_its_middle(words: str, shown: str) -> None:
    assert clip(words, 13, 148, in_middle=True) == shown


@given(st.text(), st.integers(20, 400))
def test_cut_name_begins_and_ends_as_it_does(words: str, room: int) -> None:
    head, cut, tail = clip(words, 13, room, in_middle=True).partition("…")
    whole = " ".join(words[:1000].split())
    assert whole.startswith(head)
    assert whole.endswith(tail) or not cut
    assert not tail or not unicodedata.combining(tail[0]) or "…" in words


def test_key_explains_what_a_graph_has() -> None:
    assert graph_key({""}) == ""
    key = graph_key({"step", "then"})
    assert key.count("<li>") == 2
    assert "next in time" in key
