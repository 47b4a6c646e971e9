"""Graphs as SVG, laid out and drawn while the site is built.

A graph is a string of markup under the same rules as a chart: no script, no `style` attribute, colours through class
names, text from callers escaped. Equal arguments give equal bytes: what limits the work is counted, never timed.

Not done here: the choice of what a graph shows, its table, and its links' meaning.
"""

from __future__ import annotations

from reportgen.graphs.drawing import GraphEdge, GraphNode, draw_graph
from reportgen.graphs.key import graph_key
from reportgen.graphs.layout import Layout, lay_out

__all__ = ["GraphEdge", "GraphNode", "Layout", "draw_graph", "graph_key", "lay_out"]
