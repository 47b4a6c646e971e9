"""The functions that record datasets outside: what is written, what comes back, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from recording import only, records_of

import reportgen
from reportgen import cli


@pytest.mark.parametrize(
    ("function", "direction"), [(reportgen.record_input, "read"), (reportgen.record_output, "write")]
)
def test_dataset_is_recorded_with_the_step_that_touched_it(function: Any, direction: str) -> None:
    with reportgen.start_run("churn") as run, run.step("load") as step:
        assert function("s3://bucket/july.parquet", "july", digest="8c1e") is True
    record = only("runs", "use")
    assert (record["direction"], record["uri"], record["name"], record["digest"], record["step"]) == (
        direction,
        "s3://bucket/july.parquet",
        "july",
        "8c1e",
        step.id,
    )


def test_outside_a_run_nothing_is_recorded_and_the_caller_is_warned() -> None:
    with pytest.warns(UserWarning, match="no run is active: the input is not recorded") as warned:
        assert reportgen.record_input("x.csv") is False
    assert warned[0].filename == __file__
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((5,), TypeError),
        (("",), ValueError),
        (("x" * 4001,), ValueError),
        (("x", 5), TypeError),
        (("x", ""), ValueError),
    ],
)
def test_wrong_argument_raises_and_records_nothing(arguments: Any, error: type[Exception]) -> None:
    with reportgen.start_run("churn"), pytest.raises(error):
        reportgen.record_input(*arguments)
    assert records_of("runs", "use") == []


def test_page_of_the_run_lists_what_its_steps_read_and_wrote(tmp_path: Path) -> None:
    with reportgen.start_run("churn") as run, run.step("load"):
        reportgen.record_input("s3://bucket/july.parquet", "july", digest="8c1e4f00a1b2c3d4")
        reportgen.record_output("out.csv")
    assert cli.run(["build", "-q"]) == 0
    page = (tmp_path / f"site/runs/{run.id}.html").read_text("utf-8")
    section = page.partition('id="lineage"')[2].partition("</section>")[0]
    for text in ("load", "read", "july", "s3://bucket/july.parquet, 8c1e4f00a1b2", "wrote", "out.csv"):
        assert text in section, text
