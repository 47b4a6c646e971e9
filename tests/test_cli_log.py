"""`reportgen log`: what a shell script records is what Python would, and what is wrong is one line and no record."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from logs import PNG
from recording import ROOT, Fields, fresh_process, only, records_of

import reportgen
from reportgen import cli
from reportgen.cli.inputs import to_number

OTHER_ID = "01981c00-0000-7000-8000-000000000000"
NO_RUN = "no run is active: start one with reportgen exec --pipeline NAME -- …"


@pytest.fixture
def active(monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a run that another process has begun, and that the environment names."""
    with fresh_process():
        run = reportgen.start_run("script")
        run.end()
    monkeypatch.setenv("REPORTGEN_RUN_ID", run.id)
    return run.id


def recorded(kind: str) -> Fields:
    """The one record of a kind, without its time and number."""
    return {name: value for name, value in only("runs", kind).items() if name not in ("kind", "ts", "seq")}


def feed(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Put content on the standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def log(*words: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run `reportgen log` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "reportgen", "log", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": ""},
        check=False,
        timeout=60,
        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
    )


def failure(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The exit code and the one line of a call that records nothing and prints nothing else."""
    before = records_of("runs")
    code = cli.run(["log", *words])
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert out == ""
    assert line.startswith("error: ")
    assert records_of("runs") == before
    return code, line


# Metrics


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.93", 0.93),
        ("-0.5", -0.5),
        ("-1e-3", -0.001),
        ("-.5", -0.5),
        ("+2", 2.0),
        ("nan", "NaN"),
        ("NaN", "NaN"),
        ("-nan", "NaN"),
        ("inf", "Infinity"),
        ("-inf", "-Infinity"),
        ("-Infinity", "-Infinity"),
        (" 7\n", 7.0),
    ],
)
def test_metric_is_a_number_in_any_spelling(
    text: str, value: object, active: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["log", "metric", "delta", text]) == 0
    assert capsys.readouterr() == ("", "")
    assert recorded("metric") == {"name": "delta", "value": value}


@pytest.mark.parametrize("words", [["--", "-delta", "-0.5"], ["-delta", "--", "-0.5"], ["-delta", "-0.5"]])
def test_dashes_may_stand_before_words_that_begin_with_one(words: list[str], active: str) -> None:
    assert cli.run(["log", "metric", *words]) == 0
    assert recorded("metric") == {"name": "-delta", "value": -0.5}


@given(st.floats())
def test_number_is_read_as_it_was_printed(value: float) -> None:
    assert repr(to_number(repr(value))) == repr(value)


def test_list_metric_takes_values_and_positions(active: str) -> None:
    assert cli.run(["log", "list", "loss", "1.4", "-1", "nan", "--x", "-1", "--x", "0", "--x", "2.5"]) == 0
    assert recorded("list") == {"name": "loss", "values": [1.4, -1.0, "NaN"], "x": [-1.0, 0.0, 2.5]}


def test_list_metric_takes_values_from_the_standard_input(active: str, monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, b"1.4 1.1\n\n\t-0.9\r\ninf")
    assert cli.run(["log", "list", "loss", "-"]) == 0
    assert recorded("list") == {"name": "loss", "values": [1.4, 1.1, -0.9, "Infinity"]}


# Artifacts


def test_artifact_is_recorded_and_its_id_printed(active: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["log", "markdown", "**Good**", "--key", "summary", "--description", "*What*"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    expected = {"type": "markdown", "key": "summary", "description": "*What*", "data": "**Good**"}
    assert recorded("artifact") == {"id": str(uuid.UUID(out.strip())), **expected}


@pytest.mark.parametrize(
    "text", ["- the first\n- the second", "-", "--- \n# Title", "", "-h is an option", "Grüße \U0001f600"]
)
def test_markdown_may_be_any_text(text: str, active: str, monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, text.encode())
    Path("report").write_bytes(text.encode())
    assert cli.run(["log", "markdown", "-"]) == 0
    assert cli.run(["log", "markdown", "--file", "report"]) == 0
    n_ways = 2
    if text != "-":
        assert cli.run(["log", "markdown", text]) == 0
        n_ways = 3
    assert [record["data"] for record in records_of("runs", "artifact")] == [text] * n_ways


def test_markdown_file_may_have_a_byte_order_mark(active: str) -> None:
    Path("report.md").write_bytes(b"\xef\xbb\xbf# Title\r\n")
    assert cli.run(["log", "markdown", "--file", "report.md"]) == 0
    assert recorded("artifact")["data"] == "# Title\r\n"


ROWS = [
    {"id": 1, "p": 0.85, "day": "2026-01-02", "note": 'a "b"'},
    {"id": 2, "p": None, "day": "2026-01-03", "note": "c,d"},
]
TABLES = {
    "t.csv": b'id,p,day,note\n1,0.85,2026-01-02,"a ""b"""\n\n2,,2026-01-03,"c,d"\n',
    "t.TSV": b'\xef\xbb\xbfid\tp\tday\tnote\r\n1\t0.85\t2026-01-02\t"a ""b"""\r\n2\t\t2026-01-03\tc,d\r\n',
    "t.json": json.dumps(ROWS).encode(),
    "columns.json": json.dumps({name: [row[name] for row in ROWS] for name in ROWS[0]}).encode(),
    "t.jsonl": "\n\n".join(map(json.dumps, ROWS)).encode(),
    "t.parquet": b"",
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("is_piped", [False, True], ids=["file", "piped"])
def test_table_of_any_format_is_the_same_table(
    name: str, is_piped: bool, active: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(ROWS), name)
    else:
        Path(name).write_bytes(TABLES[name])
    feed(monkeypatch, Path(name).read_bytes())
    kind = name.rpartition(".")[2].lower()
    assert cli.run(["log", "table", *(["-", "--format", kind] if is_piped else [name])]) == 0
    rows = [[*row.values()] for row in ROWS]
    assert recorded("artifact")["data"] == {"columns": ["id", "p", "day", "note"], "rows": rows}


def test_types_of_a_csv_column_are_those_of_all_of_it(active: str) -> None:
    n_rows = 700_000  # so that text comes long after where pyarrow would look by itself
    Path("long.csv").write_text("value\n" + "1\n" * n_rows + "text\n", "utf-8")
    assert cli.run(["log", "table", "long.csv"]) == 0
    data = recorded("artifact")["data"]
    assert data["n_rows"] == n_rows + 1
    assert data["rows"][0] == ["1"]
    blob = Path("runs", active, "blobs", data["blob"])
    assert pq.read_table(blob).column(0)[-1].as_py() == "text"


def test_cell_of_a_csv_may_be_long(active: str) -> None:
    text = "word\n" * 500_000  # over the block that pyarrow reads at once
    Path("long.csv").write_text(f'id,text\n1,"{text}"\n', "utf-8")
    assert cli.run(["log", "table", "long.csv"]) == 0
    data = recorded("artifact")["data"]
    assert data["columns"] == ["id", "text"]
    assert pq.read_table(Path("runs", active, "blobs", data["blob"])).column(1).to_pylist() == [text]


def test_image_is_a_file_a_url_or_the_standard_input(active: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("plot.png").write_bytes(PNG)
    feed(monkeypatch, PNG)
    for image in ("plot.png", "https://example.org/plot.png", "-"):
        assert cli.run(["log", "image", image, "--key", "plot"]) == 0
    first, second, third = (record["data"] for record in records_of("runs", "artifact"))
    assert first["name"] == "plot.png"
    assert second == {"url": "https://example.org/plot.png"}
    assert third == {"blob": first["blob"], "name": ""}
    assert Path("runs", active, "blobs", first["blob"]).read_bytes() == PNG


def test_link_has_a_text(active: str) -> None:
    assert cli.run(["log", "link", "https://example.org", "--text", "job 7", "--key", "job"]) == 0
    expected = {"key": "job", "type": "link", "data": {"link": "https://example.org", "link_text": "job 7"}}
    assert expected.items() <= recorded("artifact").items()


def test_progress_is_updated_by_its_id(active: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["log", "progress", "0", "--key", "epochs"]) == 0
    artifact_id = capsys.readouterr().out.strip()
    assert cli.run(["log", "progress", "40", "--update", artifact_id, "--description", "half"]) == 0
    assert capsys.readouterr() == ("", "")
    assert recorded("artifact") == {"id": artifact_id, "type": "progress", "key": "epochs", "data": 0.0}
    assert recorded("progress") == {"artifact": artifact_id, "progress": 40.0, "description": "half"}


def test_datasets_that_were_read_and_written(active: str) -> None:
    assert cli.run(["log", "input", "s3://b/x.csv", "--name", "x", "--digest", "abc"]) == 0
    assert cli.run(["log", "output", "-y.csv"]) == 0
    uses = [{**record, "ts": 0} for record in records_of("runs", "use")]
    common = {"kind": "use", "ts": 0, "seq": uses[0]["seq"]}
    assert uses[0] == {**common, "direction": "read", "uri": "s3://b/x.csv", "name": "x", "digest": "abc"}
    assert uses[1] == {**common, "seq": uses[1]["seq"], "direction": "write", "uri": "-y.csv"}


# Where it is recorded


def test_run_step_and_log_directory_may_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    with fresh_process(), reportgen.start_run("elsewhere", log_dir="logs") as run:
        pass
    where = ["--run", run.id.upper(), "--step", OTHER_ID, "--log-dir", "logs"]
    assert cli.run(["log", "metric", "rows", "7", *where]) == 0
    assert cli.run(["log", "markdown", "text", *where]) == 0
    assert capsys.readouterr().err == ""
    assert [record["step"] for record in records_of("logs", "metric", "artifact")] == [OTHER_ID, OTHER_ID]
    assert {path.name for path in Path("logs").iterdir()} == {run.id}
    assert not Path("runs").exists()
    assert "REPORTGEN_LOG_DIR" not in os.environ


def test_named_run_wins_over_the_active_one_and_its_step(active: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTGEN_STEP_ID", OTHER_ID)
    with fresh_process():
        other = reportgen.start_run("other")
        other.end()
    assert cli.run(["log", "metric", "a", "1"]) == 0
    assert cli.run(["log", "metric", "b", "2", "--run", other.id]) == 0
    assert cli.run(["log", "metric", "c", "3", "--step", other.id]) == 0
    places = {}
    for path in Path("runs").glob("*/*.jsonl"):
        for line in path.read_text("utf-8").splitlines():
            record = json.loads(line)
            if record["kind"] == "metric":
                places[record["name"]] = path.parent.name, record.get("step")
    assert places == {"a": (active, OTHER_ID), "b": (other.id, None), "c": (active, other.id)}


@pytest.mark.parametrize("name", [OTHER_ID, "5a452baa-56cc-4586-9600-b77ae36104ef"])
def test_run_that_is_not_there_is_an_error_and_no_folder(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, line = failure(capsys, "markdown", "x", "--run", name)
    assert code == 1
    assert f"there is no run '{name}' in {Path.cwd() / 'runs'}: " in line
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["metric", "a", "1"],
        ["list", "a", "1"],
        ["input", "x"],
        ["output", "x"],
        ["progress", "1", "--update", OTHER_ID],
        ["metric", "a", "1", "--step", OTHER_ID],
    ],
    ids=lambda words: words[0],
)
def test_outside_a_run_there_is_nothing_to_record_into(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, line = failure(capsys, *words)
    assert code == 1
    assert NO_RUN in line
    assert not Path("runs").exists()


def test_artifact_outside_a_run_is_in_a_detached_run_with_one_line_of_warning() -> None:
    done = log("markdown", "x", "--key", "summary", "--log-dir", "logs")
    assert done.returncode == 0
    assert done.stderr.decode() == "warning: no run is active: the artifact is recorded in a detached run\n"
    assert only("logs", "run")["detached"] is True
    assert only("logs", "artifact")["id"] == done.stdout.decode().strip()
    assert only("logs", "end")["status"] == "completed"


def test_disabled_recording_gives_an_id_and_records_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REPORTGEN_DISABLED", "1")
    for words in (["metric", "a", "1"], ["list", "a", "1"], ["input", "x"], ["metric", "a", "1", "--step", OTHER_ID]):
        assert cli.run(["log", *words]) == 0
        assert capsys.readouterr() == ("", "")
    assert cli.run(["log", "markdown", "x", "--run", OTHER_ID]) == 0
    assert uuid.UUID(capsys.readouterr().out.strip())
    assert not Path("runs").exists()


@pytest.mark.parametrize("name", ["REPORTGEN_RUN_ID", "REPORTGEN_STEP_ID"])
@pytest.mark.parametrize("value", ["../x", "1", '","kind":"end'])
def test_environment_that_names_no_id_is_an_error(
    name: str, value: str, active: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    code, line = failure(capsys, "markdown", "x")
    assert code == 1
    assert f"{name} must be a UUID, not {value!r}" in line


def test_log_directory_that_cannot_be_written_is_one_warning() -> None:
    Path("file").write_text("x", "utf-8")
    done = log("markdown", "x", "--log-dir", "file/logs")
    assert done.returncode == 0
    first, second = done.stderr.decode().splitlines()
    assert first.startswith("warning: no run is active")
    assert second.startswith("warning: reportgen could not write to ")


def test_log_directory_that_cannot_be_written_is_an_error_when_strict() -> None:
    Path("file").write_text("x", "utf-8")
    Path("reportgen.toml").write_text("strict = true\nwarn_outside_run = false\n", "utf-8")
    done = log("markdown", "x", "--log-dir", "file/logs")
    assert (done.returncode, done.stdout) == (1, b"")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("error: cannot record: ")


# What is wrong


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["metric", "a"], "VALUE"),
        (["metric", "a", "abc"], "'abc' is not a number, such as 0.93"),
        (["metric", "a", "1,5"], "'1,5' is not a number"),
        (["metric", "a", "1_000"], "'1_000' is not a number"),
        (["metric", "a", ""], "'' is not a number"),
        (["metric", "", "1"], "the name of a metric must be 1 to 200 printable characters"),
        (["metric", "a", "1", "2"], "extra argument"),
        (["metric", "a", "1", "--stpe", "x"], "--stpe"),
        (["metric", "a", "1", "--run", "../x"], "'../x' is not a UUID"),
        (["metric", "a", "1", "--step", "x"], "'x' is not a UUID"),
        (["list", "a"], "VALUE"),
        (["list", "a", "1", "b"], "'b' is not a number"),
        (["list", "a", "1", "-"], "- alone"),
        (["list", "a", "1", "2", "--x", "1"], "there are 2 values and 1 of --x"),
        (["list", "a", "1", "--x", "b"], "'b' is not a number"),
        (["markdown"], "give either TEXT"),
        (["markdown", "a", "--file", "b"], "give either TEXT"),
        (["markdown", "a", "--key", "A b"], "Artifact key must only contain lowercase letters, numbers, and dashes"),
        (["markdown", "file.txt"], "give --file file.txt"),
        (["table", "file.txt"], "give --format"),
        (["table", "-"], "give --format"),
        (["table", "x.csv", "--format", "xls"], "xls"),
        (["link", " "], "empty"),
        (["progress", "40%"], "'40%' is not a number"),
        (["progress", "1", "--update", "x"], "'x' is not a UUID"),
        (["progress", "1", "--update", OTHER_ID, "--key", "a"], "leave it out with --update"),
        (["input", ""], "empty"),
        (["input", "x", "--name", ""], "1 to 200 printable characters"),
        (["nonsense"], "nonsense"),
    ],
)
def test_wrong_usage_is_one_line_that_says_what_to_do(
    words: list[str], what: str, active: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("file.txt").write_text("x", "utf-8")
    code, line = failure(capsys, *words)
    assert code == 2
    assert what in line
    assert line.endswith("--help")


BAD_INPUT: dict[str, tuple[list[str], bytes, str]] = {
    "no numbers": (["list", "a", "-"], b" \n", "the standard input: there are no numbers in it"),
    "not a number": (["list", "a", "-"], b"1 2\n3 x\n", "the standard input, line 2: 'x' is not a number"),
    "too many": (["list", "a", "-"], b"1\n" * 50_001, "over the limit of 50,000"),
    "binary numbers": (["list", "a", "-"], b"1\n\x00", "the standard input, line 2: this is not text in UTF-8"),
    "binary text": (["markdown", "-"], PNG, "the standard input, line 1: this is not text in UTF-8"),
    "Latin-1 table": (["table", "-", "--format", "csv"], b"a,b\n1,\xfc\n", "line 2: this is not text in UTF-8"),
    "narrow row": (
        ["table", "-", "--format", "csv"],
        b'a,b\n"x\ny",2\n\n3\n',
        "the standard input, line 5: 1 cells where 2 are expected",
    ),
    "empty CSV": (["table", "-", "--format", "csv"], b"\n", "it is empty"),
    "broken JSON": (["table", "-", "--format", "json"], b'[{"a":1},\n{"a":}]', "line 2: this is not JSON"),
    "number in JSON": (["table", "-", "--format", "json"], b"3", "a table in JSON is a list of objects"),
    "scalars in JSON": (["table", "-", "--format", "json"], b'{"a": 1}', "column 'a' must be a list, not int"),
    "uneven JSON": (["table", "-", "--format", "json"], b'{"a": [1], "b": []}', "must have one length"),
    "deep JSON": (["table", "-", "--format", "json"], b"[" * 100_000, "this is not JSON"),
    "list in JSON lines": (["table", "-", "--format", "jsonl"], b'{"a":1}\n\n[1]', "line 3: each line is an object"),
    "broken JSON lines": (["table", "-", "--format", "jsonl"], b'{"a":1}\n{', "line 2: this is not JSON"),
    "not Parquet": (["table", "-", "--format", "parquet"], b"PAR1", "this is not a Parquet file"),
    "not an image": (["image", "-"], b"GIF8", "none of PNG, JPEG"),
    "missing text": (["markdown", "--file", "nowhere"], b"", "nowhere cannot be read, No such file"),
    "missing table": (["table", "nowhere.csv"], b"", "nowhere.csv cannot be read, No such file"),
    "folder": (["table", ".", "--format", "csv"], b"", ". cannot be read, Is a directory"),
    "missing image": (["image", "nowhere.png"], b"", "nowhere.png cannot be read, No such file"),
    "image elsewhere": (["image", "s3://b/x.png"], b"", "http or https URL"),
    "progress": (["progress", "nan"], b"", "not NaN"),
}


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_one_line_that_says_where(
    case: str, active: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words, content, what = BAD_INPUT[case]
    feed(monkeypatch, content)
    code, line = failure(capsys, *words)
    assert code == 1
    assert what in line


def test_endless_input_is_refused(active: str) -> None:
    with subprocess.Popen(["yes"], stdout=subprocess.PIPE) as endless:
        done = log("markdown", "-", stdin=endless.stdout)
        endless.kill()
    assert (done.returncode, done.stdout) == (1, b"")
    assert "the standard input is larger than 10 MB" in done.stderr.decode()
    assert records_of("runs", "artifact") == []


def test_closed_standard_input_is_an_error(active: str) -> None:
    done = log("markdown", "-", stdin=None, preexec_fn=lambda: os.close(0))
    assert (done.returncode, done.stdout) == (1, b"")
    assert "the standard input cannot be read" in done.stderr.decode()


def test_artifact_is_recorded_when_nobody_takes_its_id(active: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = log("markdown", "x", stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")
    assert log("markdown", "x", stdout=None, preexec_fn=lambda: os.close(1)).returncode == 0
    assert len(records_of("runs", "artifact")) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_id_that_cannot_be_printed_is_in_the_error(active: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = log("markdown", "x", stdout=full)
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert recorded("artifact")["id"] in line


# Help and cost


@pytest.mark.parametrize("name", [[], *([name] for name in cli.log.commands)], ids=str)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_has_an_example(name: list[str], option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["log", *name, option]) == 0
    assert f"  {' '.join(['reportgen log', *name])}" in capsys.readouterr().out.split("\n\n", 1)[1].replace("=$(", "  ")


def test_metric_loads_no_table_and_no_template_library(active: str) -> None:
    code = "import sys; from reportgen import cli; code = cli.run(['log', 'metric', 'a', '1'])"
    code += "; print(code, sorted({'pyarrow', 'jinja2', 'msgspec', 'numpy', 'asyncio'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert (done.stdout, done.stderr) == ("0 []\n", "")
