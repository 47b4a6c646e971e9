"""What a site holds in the forms of others: logs that give the same site, CSV, a bag, lineage events."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from logs import (
    HOUR,
    PNG,
    START,
    artifact,
    delete,
    end,
    list_metric,
    metric,
    run_start,
    write_blob,
    write_run,
    write_small_project,
)

from reportgen import cli
from reportgen.build import build_site
from reportgen.errors import InputError, OutputError
from reportgen.exports import export_logs
from reportgen.options import Options

DAY = 24 * HOUR


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Logs of several days with all that makes records hard to give back."""
    logs = tmp_path / "runs"
    write_small_project(logs)
    blob = write_blob(logs, "other-day", PNG)
    records = [
        run_start("churn"),
        list_metric("curve", [1.5, "NaN", "-Infinity"], [0, 0.5, 1e300]),
        list_metric("curve", [2]),
        artifact("other", "plot", type="image", data={"blob": blob, "name": "p"}),
        delete("k2", "not needed"),
        delete(None, "of no use", ts=START + 3 * DAY),
    ]
    write_run(logs, "other-day", records[:-1], at=START + DAY)
    write_run(logs, "other-day", [metric("accuracy", 0.5), end()], "second", at=START + DAY + HOUR, without=[1])
    write_run(logs, "gone", [run_start("etl"), artifact("g", "summary"), records[-1]], at=START + 2 * DAY)
    write_run(logs, "Weird Id/../x", [run_start(), metric("m", 1), end()], "W r", at=START + DAY, folder="odd")
    path = write_run(logs, "newer", [run_start("churn"), metric("later", 1), end()], at=START + 2 * DAY)
    lines = path.read_bytes().splitlines(keepends=True)
    more = {**msgspec.json.decode(lines[2]), "unit": "ms"}
    strange = {"kind": "audit", "ts": START + 2 * DAY, "seq": 9, "who": "me"}
    path.write_bytes(b"".join([*lines[:2], *(msgspec.json.encode(one) + b"\n" for one in (more, strange)), lines[3]]))
    return logs


def site_of(logs: Path, output: Path) -> dict[str, bytes]:
    build_site([logs], output, Options())
    return {path.relative_to(output).as_posix(): path.read_bytes() for path in output.rglob("*") if path.is_file()}


def refusal(site: Path, output: Path) -> str:
    with pytest.raises((InputError, OutputError)) as caught:
        export_logs(site, output)
    return caught.value.slug


# Logs


def test_logs_of_a_site_give_the_same_site(runs: Path, tmp_path: Path) -> None:
    before = site_of(runs, tmp_path / "site")

    done = export_logs(tmp_path / "site", tmp_path / "exported")
    after = site_of(tmp_path / "exported", tmp_path / "again")

    assert done == (10, 0, 0)
    assert {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} == set()


def test_exported_logs_are_the_same_each_time(runs: Path, tmp_path: Path) -> None:
    site_of(runs, tmp_path / "site")
    for name in ("one", "two"):
        export_logs(tmp_path / "site", tmp_path / name)

    one, two = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("one", "two")
    )
    assert one == two
    assert {path.parts[0] for path in one} >= {"run-0", "newer"}


def test_lines_that_a_site_does_not_have_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_run(tmp_path / "runs", "r", [run_start(), metric("m", 1), end()])
    with path.open("ab") as file:
        file.write(b"no record\n")
    site_of(tmp_path / "runs", tmp_path / "site")

    assert cli.run(["export", "logs", "-o", "back"]) == 0

    out, err = capsys.readouterr()
    assert out == "wrote the logs of 1 run: back\n"
    assert "1 lines could not be read" in err


def test_export_writes_into_new_folders_alone(runs: Path, tmp_path: Path) -> None:
    site_of(runs, tmp_path / "site")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/file").write_text("mine")
    (tmp_path / "empty").mkdir()

    assert refusal(tmp_path / "site", tmp_path / "mine") == "output-exists"
    assert refusal(tmp_path / "site", tmp_path / "site") == "output-in-site"
    assert refusal(tmp_path / "site", tmp_path / "site/logs") == "output-in-site"
    assert refusal(runs, tmp_path / "new") == "not-a-site"
    assert not (tmp_path / "new").exists()
    assert export_logs(tmp_path / "site", tmp_path / "empty").n_runs == 10


def test_damaged_site_leaves_nothing(runs: Path, tmp_path: Path) -> None:
    site_of(runs, tmp_path / "site")
    (tmp_path / "site/data/points/2026-01-01.parquet").unlink()

    assert refusal(tmp_path / "site", tmp_path / "out") == "damaged-store"
    assert {path.name for path in tmp_path.iterdir()} <= {"runs", ".runs-cache", "site"}
