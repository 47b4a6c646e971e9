"""Artifacts of foreign writers: content of another form stays as it is, and nothing that shows it fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from logs import artifact, run_start, write_run

from reportgen import Artifact
from reportgen.cli import run

ODD: list[tuple[str, Any]] = [
    ("table", None),
    ("table", "text"),
    ("table", [1, 2]),
    ("table", [{"a": 1}, 2]),
    ("table", {}),
    ("table", {"columns": ["a"]}),
    ("table", {"columns": "a", "rows": [[1]]}),
    ("table", {"columns": ["a"], "rows": "text"}),
    ("table", {"columns": ["a", 1], "rows": [[1, 2]]}),
    ("table", {"columns": [["a"]], "rows": [[1]]}),
    ("table", {"columns": ["a", "b"], "rows": [[1]]}),
    ("table", {"columns": ["a"], "rows": [[1], 2]}),
    ("table", {"columns": ["a"], "rows": [{"a": 1}]}),
    ("table", {"columns": ["a"], "rows": [None], "blob": "x"}),
    ("link", {"link": 3}),
    ("link", "text"),
    ("image", {"blob": 5}),
    ("image", ["x"]),
    ("progress", {"a": 1}),
    ("markdown", {"a": 1}),
]


@pytest.mark.parametrize(("kind", "data"), ODD, ids=str)
def test_content_of_another_form_stays_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: Any, data: Any
) -> None:
    write_run(tmp_path / "runs", "r1", [run_start(), artifact("a", "odd", type=kind, data=data)])
    found = Artifact.get("odd")
    assert found is not None
    assert found.data == data
    assert run(["artifact", "inspect", "odd", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["content"] == data
    assert run(["artifact", "inspect", "odd"]) == 0
    assert "odd" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("columns", "rows", "expected"),
    [(["a", "b"], [[1, 2]], [{"a": 1, "b": 2}]), (["a"], [], []), ([], [[]], [{}]), ([], [], [])],
    ids=str,
)
def test_table_of_the_right_form_is_taken_apart(
    tmp_path: Path, columns: list[str], rows: list[Any], expected: list[Any]
) -> None:
    write_run(
        tmp_path / "runs",
        "r1",
        [run_start(), artifact("a", "t", type="table", data={"columns": columns, "rows": rows})],
    )
    found = Artifact.get("t")
    assert found is not None
    assert found.data == expected
