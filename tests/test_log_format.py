"""The log format as other languages write it: with what `docs/log-format.md` says, and nothing of reportgen."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from logs import PNG, compact, rows_of
from recording import ROOT

from reportgen import cli
from reportgen.log.seal import seal_logs

RUN = "018f3c52-6c44-7d0c-afe8-47b49efede3a"

# What a shell script needs: `printf`, `date` and `sha256sum`. Lines are as long as their records are.
# ruff: noqa: E501
SCRIPT = f"""
set -eu
run={RUN} step=018f3c52-7728-7940-b274-605331e8c907
mkdir -p runs/$run/blobs
log=runs/$run/shell.jsonl
n=0
record() {{  # KIND,FIELDS
    printf '{{"kind":"%s","ts":%s000000,"seq":%s%s}}\\n' "$1" "$(date +%s)" "$n" "$2" >>"$log"
    n=$((n + 1))
}}
record log ',"format":1,"run":"'$run'","writer":"shell"'
record run ',"pipeline":"nightly-backup","params":{{"host":"db-1","full":true}},"colour":"blue"'
record step ',"id":"'$step'","name":"dump"'
record metric ',"step":"'$step'","name":"rows","value":12345'
record metric ',"step":"'$step'","name":"ratio","value":"NaN"'
record list ',"name":"speed","values":[1.5,2,"Infinity"],"x":[0,10,20]'
table='{{"columns":["name","rows"],"rows":[["users",7],["orders",null]]}}'
record artifact ',"step":"'$step'","id":"018f3c52-7b45-75c8-b956-002afb46c7b6","type":"table","key":"tables","data":'"$table"
record artifact ',"id":"018f3c52-7b45-75c8-b956-002afb46c7b7","type":"markdown","key":"notes","description":"*Log*","data":"# Backup\\\\n\\\\nAll **there**."'
sum=$(sha256sum <plot.png | cut -d " " -f 1)
cp plot.png "runs/$run/blobs/$sum.png"
plot='{{"blob":"'$sum'.png","name":"plot.png"}}'
record artifact ',"id":"018f3c52-7b45-75c8-b956-002afb46c7b8","type":"image","key":"plot","data":'"$plot"
record heartbeat ',"load":0.5'
record end ',"step":"'$step'","status":"completed"'
record end ',"status":"failed","error":{{"type":"DiskFull","message":"no room for orders","signal":9}}'
"""


@pytest.fixture
def written() -> Path:
    if not shutil.which("sh") or not shutil.which("sha256sum"):
        pytest.skip("no sh with sha256sum")
    Path("plot.png").write_bytes(PNG)
    subprocess.run(["sh", "-c", SCRIPT], check=True, timeout=60)
    return Path("runs")


def test_script_without_reportgen_makes_a_site(written: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["build"]) == 0
    assert "skipped" not in capfd.readouterr().err
    page = Path(f"site/runs/{RUN}.html").read_text("utf-8")
    for text in ("nightly-backup", "db-1", "dump", "12,345", "DiskFull", "no room for orders", "Backup", "users"):
        assert text in page, text
    assert Path("site/artifacts/tables/v1.csv").read_text() == "name,rows\nusers,7\norders,\n"
    assert [path.read_bytes() for path in Path("site/data/blobs").iterdir()] == [PNG]


def test_what_this_version_does_not_know_is_kept_and_survives_sealing(written: Path) -> None:
    before = rows_of(compact(written), "unknown")
    assert [(row["kind"], row["seq"]) for row in before] == [("run", 1), ("heartbeat", 9), ("end", 11)]
    for text in ('"colour":"blue"', '"load":0.5', '"signal":9'):
        assert any(text in row["json"] for row in before), text
    assert [result.outcome for result in seal_logs([written])] == ["sealed"]
    assert rows_of(compact(written), "unknown") == before
    assert [path.suffix for path in written.glob("*/shell.*")] == [".parquet"]


def test_log_of_the_documentation_builds_as_it_is(capfd: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs" / "log-format.md").read_text("utf-8")
    log = text.partition("```json\n")[2].partition("```")[0]
    path = Path("runs/019b76da-a800-7000-8000-000000000001/main.jsonl")
    path.parent.mkdir(parents=True)
    path.write_text(log)
    assert cli.run(["build"]) == 0
    assert capfd.readouterr().err == ""
    page = Path(f"site/runs/{path.parent.name}.html").read_text("utf-8")
    for words in ("backup", "db-1", "dump", "12,345", "Completed in", "from 1\u00a0writer. None was lost."):
        assert words in page, words
