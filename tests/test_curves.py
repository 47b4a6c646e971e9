"""The list metrics of a run as a table and as CSV: each point stands at its own x."""

from __future__ import annotations

from pathlib import Path

import reportgen
from reportgen import cli


def test_points_of_lists_with_other_positions_stand_at_their_own_x(tmp_path: Path) -> None:
    with reportgen.start_run("train") as run:
        reportgen.record_list_metric_values("a", [1.5, 2.5, 3.5, 4.5])
        reportgen.record_list_metric_values("b", [7.5, 8.5, 9.5], x=[0, 3, 3])
    assert cli.run(["build", "-q"]) == 0
    csv = (tmp_path / f"site/runs/{run.id}.csv").read_text("utf-8").splitlines()
    assert csv[0] == "name,index,x,value"
    assert csv[1:] == [
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
