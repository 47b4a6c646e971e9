"""Draws a graph: boxes in columns, smooth edges with arrow heads, text cut to what fits with the full name as a tip.

A node's shape says what it is, its second line says it in words. Edges that lead back, to a column further left, are
dashed and have their heads at the left.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, takewhile

import msgspec
from markupsafe import Markup

from reportgen.charts.svg import finish, text
from reportgen.graphs.layout import Layout, lay_out

WIDTH, HEIGHT = 168, 40
_GAP = 36  # between columns; more where many edges pass
_MAX_GAP = 108
_TIP = 7
_SHIFT = 9  # how far below others an edge lies that leads back
_ROOM = WIDTH - 20  # for text
_SHARE_OF_TAIL = 0.5  # of the room for a name that is cut
_SHAPES = {
    "data": '<path class="shape" d="M8 0h152a8 20 0 0 1 0 40h-152a8 20 0 0 1 0-40z"/>',
    "step": '<rect class="step" width="168" height="40"/>',
    "key": '<path class="shape" d="M0 0h158l10 10v30h-168z"/>',
}
_NARROW = set("fijlrtI.,:;'|!()[]{}/\\`- ")
_BROAD = set("mwMW@%")


class GraphNode(msgspec.Struct, frozen=True):
    """A box.

    Attributes
    ----------
    kind
        What it is: `"data"`, `"step"` or `"key"`.
    name, note
        Its two lines.
    url
        Where it leads; empty for nowhere.
    tip
        Its name in full.
    mark
        `"bad"` for what failed, `"now"` for what the page is about, else empty.
    """

    kind: str
    name: str
    note: str
    url: str = ""
    tip: str = ""
    mark: str = ""


class GraphEdge(msgspec.Struct, frozen=True):
    """An arrow between two nodes, which are given by their numbers; `then` is for what only follows in time."""

    source: int
    target: int
    then: bool = False


def draw_graph(
    nodes: Sequence[GraphNode], edges: Sequence[GraphEdge], *, graph_id: str, title: str, description: str
) -> tuple[Markup, set[str]]:
    """Draw a graph, and say what of `graph_key` it has.

    Parameters
    ----------
    nodes, edges
        What to draw.
    graph_id
        Unique on the page.
    title, description
        What a screen reader says of it.
    """
    layout = lay_out(len(nodes), [(edge.source, edge.target) for edge in edges], node_height=HEIGHT)
    columns = _columns(layout)
    width = max(columns, default=0) + WIDTH + 2 + (_GAP // 2 if any(e.source == e.target for e in edges) else 0)
    height = round(layout.height) + 2 + (_SHIFT if layout.back else 0)
    begin = (
        f'<svg class="dag" width="{width}" height="{height}" viewBox="-1 -1 {width} {height}" role="group"'
        f' aria-labelledby="{text(graph_id)}-t {text(graph_id)}-d"><title id="{text(graph_id)}-t">{text(title)}</title>'
        f'<desc id="{text(graph_id)}-d">{text(description)}</desc>'
    )
    drawn = _draw_edges(edges, layout, columns)
    boxes = (
        _draw_node(node, columns[layer], _top(middle))
        for node, layer, middle in zip(nodes, layout.layers, layout.middles, strict=True)
    )
    shown = {node.kind for node in nodes} | {node.mark for node in nodes} | {"then" for edge in edges if edge.then}
    return finish([begin, *drawn, *boxes, "</svg>"]), shown | ({"back"} if layout.back else set())


def _columns(layout: Layout) -> list[int]:
    """Give the left side of every column."""
    passing: Counter[int] = Counter()
    for edge in layout.routes:
        passing.update(range(layout.layers[edge[0]], layout.layers[edge[1]]))
    columns = [0]
    for layer in range(max(layout.layers, default=0)):
        columns.append(columns[-1] + WIDTH + min(_GAP + max(0, passing[layer] - 8) * 2, _MAX_GAP))
    return columns


def _top(middle: float) -> int:
    return round(middle - HEIGHT / 2)


# Edges


def _draw_edges(edges: Iterable[GraphEdge], layout: Layout, columns: Sequence[int]) -> Iterator[str]:
    tips: dict[str, None] = {}
    for edge in edges:
        if edge.source == edge.target:
            yield _draw_loop(columns[layout.layers[edge.source]] + WIDTH, _top(layout.middles[edge.source]))
            continue
        pair = (edge.source, edge.target)
        is_back = pair in layout.back
        path, tip = _draw_way(pair[::-1] if is_back else pair, layout, columns, is_back=is_back)
        name = "edge back" if is_back else "edge then" if edge.then else "edge"
        yield f'<path class="{name}" d="{path}"/>'
        tips[tip] = None
    yield from (f'<path class="tip" d="{tip}"/>' for tip in tips)


def _draw_way(pair: tuple[int, int], layout: Layout, columns: Sequence[int], *, is_back: bool) -> tuple[str, str]:
    """Draw the line from the lower to the higher layer, and the head at the end that it leads to."""
    low, high = pair
    shift = _SHIFT if is_back else 0
    first, last = (_top(layout.middles[node]) + HEIGHT // 2 + shift for node in pair)
    start, end = columns[layout.layers[low]] + WIDTH, columns[layout.layers[high]]
    tip = f"M{start + _TIP} {first - 3.5}l-7 3.5l7 3.5z" if is_back else f"M{end - _TIP} {last - 3.5}l7 3.5l-7 3.5z"
    x, y = (start + _TIP - 1 if is_back else start), first
    path = [f"M{x} {y}"]
    for layer, middle in enumerate(layout.routes[pair], layout.layers[low] + 1):
        path.append(_bend(x, y, columns[layer], round(middle) + shift))
        x, y = columns[layer] + WIDTH, round(middle) + shift
        path.append(f"H{x}")
    path.append(_bend(x, y, end - (0 if is_back else _TIP - 1), last))
    return "".join(path), tip


def _bend(x: int, y: int, to_x: int, to_y: int) -> str:
    middle = (x + to_x) // 2
    return f"H{to_x}" if y == to_y else f"C{middle} {y} {middle} {to_y} {to_x} {to_y}"


def _draw_loop(x: int, top: int) -> str:
    return (
        f'<path class="edge" d="M{x} {top + 10}c18 0 18 20 {_TIP - 1} 20"/>'
        f'<path class="tip" d="M{x + _TIP} {top + 26.5}l-7 3.5l7 3.5z"/>'
    )


# Nodes


def _draw_node(node: GraphNode, x: int, y: int) -> str:
    """Draw a box. It is out of the tab order: the table beside each graph holds the same links for the keyboard."""
    mark = f' class="{node.mark}"' if node.mark else ""
    inner = (
        f"<title>{text(node.tip or f'{node.name}, {node.note}')}</title>{_SHAPES[node.kind]}"
        f'<text class="nm" x="10" y="17">{text(clip(node.name, 13, _ROOM, in_middle=True))}</text>'
        f'<text x="10" y="32">{text(clip(node.note, 12, _ROOM))}</text>'
    )
    if node.url:
        return f'<a href="{text(node.url)}" tabindex="-1"{mark} transform="translate({x} {y})">{inner}</a>'
    return f'<g{mark} transform="translate({x} {y})">{inner}</g>'


def clip(words: str, size: float, room: float, *, in_middle: bool = False) -> str:
    """Cut a text to about a width; nobody knows the reader's font.

    Names are cut in their middle: those of one project mostly begin alike.
    """
    words = " ".join(words[:1000].split())
    if _measure(words, size) <= room:
        return words
    room -= 0.9 * size  # of the ellipsis
    n_tail = _count_fitting(reversed(words), size, room * _SHARE_OF_TAIL) if in_middle else 0
    while n_tail and unicodedata.combining(words[-n_tail]):
        n_tail -= 1
    tail = words[len(words) - n_tail :].lstrip()
    n_head = _count_fitting(words, size, room - _measure(tail, size))
    return f"{words[:n_head].rstrip()}…{tail}"


def _measure(words: str, size: float) -> float:
    return sum(map(_breadth, words)) * size


def _count_fitting(signs: Iterable[str], size: float, room: float) -> int:
    """Say how many characters fit, from the first on."""
    widths = accumulate(_breadth(sign) * size for sign in signs)
    return sum(1 for _ in takewhile(lambda width: width <= room, widths))


@lru_cache(2000)
def _breadth(sign: str) -> float:
    """Give about how broad a character is, as a share of the size of the type."""
    if sign in _NARROW:
        return 0.34
    if unicodedata.combining(sign):
        return 0.0
    if sign in _BROAD or ord(sign) > 0x2FFF or unicodedata.east_asian_width(sign) in "WF":
        return 1.05 if ord(sign) > 0xFF else 0.87
    return 0.68 if sign.isupper() else 0.57
