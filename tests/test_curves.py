"""The list metrics of a run as a table and as CSV: each point stands at its own x."""

from __future__ import annotations

import csv
import math
import re
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import reportgen
from reportgen import cli
from reportgen.views.points import pick_evenly, values_by_x


def test_points_of_lists_with_other_positions_stand_at_their_own_x(tmp_path: Path) -> None:
    with reportgen.start_run("train") as run:
        reportgen.record_list_metric_values("a", [1.5, 2.5, 3.5, 4.5])
        reportgen.record_list_metric_values("b", [7.5, 8.5, 9.5], x=[0, 3, 3])
    assert cli.run(["build", "-q"]) == 0
    lines = (tmp_path / f"site/runs/{run.id}.csv").read_text("utf-8").splitlines()
    assert lines[0] == "name,index,x,value"
    assert lines[1:] == [
        "a,0,0.0,1.5",
        "a,1,1.0,2.5",
        "a,2,2.0,3.5",
        "a,3,3.0,4.5",
        "b,0,0.0,7.5",
        "b,1,3.0,8.5",
        "b,2,3.0,9.5",
    ]

    page = (tmp_path / f"site/runs/{run.id}.html").read_text("utf-8")
    table = page.partition("Table of all 5 points")[2].partition("</table>")[0]
    rows = [row.replace("</td>", "").split('<td class="n">')[1:] for row in table.split("<tr>")[2:]]
    cells = [[cell.partition("<")[0].strip() for cell in row] for row in rows]
    assert cells == [["0", "1.5", "7.5"], ["1", "2.5", ""], ["2", "3.5", ""], ["3", "4.5", "8.5"], ["3", "", "9.5"]]


def page_of(folder: Path, run_id: str) -> str:
    return (folder / f"site/runs/{run_id}.html").read_text("utf-8")


def test_table_of_many_points_has_fifty_rows_from_the_first_to_the_last(tmp_path: Path) -> None:
    with reportgen.start_run("train") as run:
        reportgen.record_list_metric_values("a", [float(i) for i in range(1000)])
    assert cli.run(["build", "-q"]) == 0
    page = page_of(tmp_path, run.id)
    table = page.partition("Table of 50 of 1,000 points")[2].partition("</table>")[0]
    xs = [row.partition("<")[0] for row in table.split('<tr><td class="n">')[1:]]
    assert len(xs) == 50
    assert (xs[0], xs[1], xs[-1]) == ("0", "20", "999")


def test_run_of_many_points_links_to_the_points_of_its_day(tmp_path: Path) -> None:
    for n_points, has_csv in ((2000, True), (2001, False)):
        with reportgen.start_run("train") as run:
            reportgen.record_list_metric_values("a", [float(i) for i in range(n_points)])
        assert cli.run(["build", "-q"]) == 0
        assert (tmp_path / f"site/runs/{run.id}.csv").exists() == has_csv
        page = page_of(tmp_path, run.id)
        assert ("All points as CSV" in page) == has_csv
        link = re.search(r'<a href="(\.\./data/points/[0-9-]+\.parquet)" download>Points of [^<]+ as Parquet<', page)
        assert (link is None) == has_csv
        assert link is None or (tmp_path / "site/runs" / link[1]).exists()


def test_a_name_with_a_comma_is_quoted_in_csv(tmp_path: Path) -> None:
    with reportgen.start_run("train") as run:
        reportgen.record_list_metric_values('a "b", c', [1.0, math.nan, -math.inf])
    assert cli.run(["build", "-q"]) == 0
    with (tmp_path / f"site/runs/{run.id}.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[1:] == [
        ['a "b", c', "0", "0.0", "1.0"],
        ['a "b", c', "1", "1.0", "nan"],
        ['a "b", c', "2", "2.0", "-inf"],
    ]


def test_values_at_one_x_stand_in_layers_and_nan_stands_last() -> None:
    points = [(1.0, 10.0), (math.nan, 11.0), (1.0, 12.0), (0.0, 13.0), (math.nan, 14.0), (1.0, 15.0)]
    assert values_by_x(points) == [
        {1.0: 10.0, math.inf: 11.0, 0.0: 13.0},
        {1.0: 12.0, math.inf: 14.0},
        {1.0: 15.0},
    ]


@given(st.integers(0, 500), st.integers(2, 60))
def test_picked_places_are_few_even_and_reach_from_end_to_end(n: int, limit: int) -> None:
    places = [*pick_evenly(n, limit)]
    assert len(places) == min(n, limit)
    assert places[:1] + places[-1:] == ([0, n - 1] if n else [])
    gaps = {later - earlier for earlier, later in pairwise(places)}
    assert not gaps or (min(gaps) >= 1 and max(gaps) - min(gaps) <= 1)
