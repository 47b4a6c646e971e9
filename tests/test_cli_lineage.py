"""`reportgen lineage`, and the option and the completion that it shares with the other commands that read."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from unittest import mock

import click
import pytest
from click.shell_completion import ShellComplete
from logs import (
    HOUR,
    MINUTE,
    START,
    artifact,
    delete,
    end,
    list_metric,
    metric,
    run_start,
    step_start,
    use,
    write_run,
)

from reportgen import cli
from reportgen.build import build_site
from reportgen.cli.lineage import lineage
from reportgen.cli.place import complete_metric, complete_run, open_place
from reportgen.errors import InputError
from reportgen.options import Options
from reportgen.records import Record

ROOT = Path(__file__).resolve().parent.parent
NOW = START + 10 * HOUR
WILD = "\x1b[2Jx\u202ey\nz"

TREE = """\
Version
model v1  markdown  in churn/train, lone-owl 01912345-bbbb  2 h ago

Ancestors
├─ features v1  table  in etl, brisk-otter 01912345-aaaa  9 h ago
│  └─ raw  s3://bucket/raw.csv  @ 0123456789ab
├─ labels v1 (deleted)  markdown  in etl, brisk-otter 01912345-aaaa  9 h ago
│  └─ raw  s3://bucket/raw.csv  @ 0123456789ab
└─ s3://bucket/weights

Descendants
├─ report v1  markdown  in churn, red-fox 01912345-cccc  1 h ago
└─ scores  s3://bucket/scores  in churn, red-fox 01912345-cccc  1 h ago
"""


@pytest.fixture(autouse=True)
def command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cli.cli.commands, "lineage", lineage)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with mock.patch("time.time_ns", return_value=NOW * 1000):
        yield


def write(folder: Path, run_id: str, *records: Record, at: int = START, **fields: Any) -> None:
    write_run(folder, run_id, [run_start(**fields), *records, end()], at=at)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Logs in `runs` of the working directory: raw data, features and labels, a model, a report."""
    folder = tmp_path / "runs"
    write(
        folder,
        "01912345-aaaa-7000",
        use("read", uri="s3://bucket/raw.csv", name="raw", digest="sha256:0123456789abcdef"),
        artifact("f1", "features", type="table", data={"columns": [], "rows": []}),
        artifact("l1", "labels"),
        delete("l1"),
        at=START + HOUR - MINUTE,
        pipeline="etl",
        name="brisk-otter",
    )
    write(
        folder,
        "01912345-bbbb-7000",
        step_start("s1", "train"),
        use("read", key="features", artifact="f1", step="s1"),
        use("read", key="labels", artifact="l1", step="s1"),
        use("read", uri="s3://bucket/weights", step="s1"),
        artifact("m1", "model", step="s1"),
        at=START + 8 * HOUR - MINUTE,
        name="lone-owl",
    )
    write(
        folder,
        "01912345-cccc-7000",
        use("read", key="model", artifact="m1"),
        artifact("r1", "report"),
        use("write", uri="s3://bucket/scores", name="scores"),
        at=START + 9 * HOUR - MINUTE,
        name="red-fox",
    )
    return folder


Outcome = tuple[int, str, str]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run `reportgen lineage` and give exit code, output and errors."""

    def run(*words: str | Path) -> Outcome:
        code = cli.run(["lineage", *map(str, words)])
        return code, *capsys.readouterr()

    return run


# Trees


def test_tree_shows_what_a_version_was_made_from_and_what_was_made_from_it(logs: Path, ask: Any) -> None:
    assert ask("model") == (0, TREE, "")


def test_site_answers_as_its_logs_do(logs: Path, ask: Any, tmp_path: Path) -> None:
    build_site([logs], tmp_path / "site", Options())
    assert ask("model", "--logs", tmp_path / "site") == (0, TREE, "")


def test_newest_version_that_is_not_deleted_is_the_default(logs: Path, ask: Any) -> None:
    write(logs, "r9", artifact("m2", "model"), artifact("m3", "model"), delete("m3"), at=NOW)
    assert ask("model")[1].splitlines()[1].startswith("model v2  ")
    assert ask("model", "--version", "1")[1].splitlines()[1].startswith("model v1  ")


def test_deleted_version_can_be_asked_for(logs: Path, ask: Any) -> None:
    lines = ask("labels", "--version", "1")[1].splitlines()
    assert lines[1].startswith("labels v1 (deleted)  markdown  in etl, ")
    assert lines[4].startswith("└─ raw  ")


def test_side_without_lineage_is_none(logs: Path, ask: Any) -> None:
    out = ask("report")[1]
    assert out.endswith("\n\nDescendants\nnone: no run made anything after reading it\n")
    write(logs, "r0", artifact("n1", "note"), at=START)
    write(logs, "r1", use(artifact="n1", key="note"), artifact("n2", "news"), at=START + HOUR)
    assert "\n\nAncestors\nnone: its run read nothing before it\n\nDescendants\n└─ news v1  " in ask("note")[1]


def test_version_without_lineage_says_so(logs: Path, ask: Any) -> None:
    write(logs, "r0", artifact("n1", "note"), at=START, name="old-elm")
    code, out, err = ask("note")
    assert (code, err) == (0, "")
    assert out == (
        "Version\nnote v1  markdown  in churn, old-elm r0  9 h ago\n\n"
        "no lineage: its run read nothing before it, and no run made anything after reading it\n"
    )


def test_mention_of_what_goes_on_elsewhere_says_where(tmp_path: Path, ask: Any) -> None:
    folder = tmp_path / "runs"
    write(folder, "r1", use(uri="s3://x"), artifact("a1", "a"), at=START + HOUR)
    write(folder, "r2", use(artifact="a1", key="a"), artifact("b1", "b"), at=START + 2 * HOUR)
    write(folder, "r3", use(artifact="b1"), use(artifact="a1"), artifact("c1", "c"), at=START + 3 * HOUR)
    write(folder, "r4", use(artifact="a1"), artifact("d1", "d"), at=START + 4 * HOUR)
    write(folder, "r5", use(artifact="a1"), use(artifact="c1"), use(artifact="d1"), artifact("e1", "e"), at=NOW)
    names = [line.split("  in ")[0].replace("  markdown", "") for line in ask("e")[1].splitlines()]
    assert names[3:] == [
        "Ancestors",
        "├─ a v1",
        "│  └─ s3://x",
        "├─ c v1",
        "│  ├─ b v1",
        "│  │  └─ a v1 (see above)",
        "│  └─ a v1 (see above)",
        "└─ d v1",
        "   └─ a v1 (see above)",
        "",
        "Descendants",
        "none: no run made anything after reading it",
    ]
    assert "│  └─ a v1 (see below)\n└─ a v1  markdown  in " in ask("c")[1]


def test_what_is_in_no_log_says_so(logs: Path, ask: Any) -> None:
    write(logs, "r9", use(key="far", artifact="x1"), use(artifact="0123456789"), artifact("n1", "note"), at=NOW)
    assert "\n├─ far  not in these logs\n└─ artifact 01234567  not in these logs\n" in ask("note")[1]


# Limits


def write_chain(folder: Path, n: int) -> None:
    for number in range(1, n + 1):
        records = [use(artifact=f"a{number - 1}", key="a")] if number > 1 else []
        write(folder, f"r{number:03}", *records, artifact(f"a{number}", "a"), at=START + number * MINUTE)


def test_depth_cuts_trees_and_says_so(tmp_path: Path, ask: Any) -> None:
    write_chain(tmp_path / "runs", 13)
    code, out, err = ask("a")
    assert (code, err) == (0, "cut after 10 steps; --depth 0 goes on\n")
    assert out.splitlines()[-5].strip().startswith("└─ a v3  ")
    assert out.splitlines()[-4].strip() == "└─ … 1 more"
    _, out, err = ask("a", "--depth", "1")
    assert "└─ a v12  " in out
    assert "a v11" not in out
    assert err == "cut after 1 step; --depth 0 goes on\n"
    _, out, err = ask("a", "--depth", "0")
    assert "└─ a v1  " in out
    assert err == ""


def test_level_stands_in_place_of_bars_far_down(tmp_path: Path, ask: Any) -> None:
    write_chain(tmp_path / "runs", 25)
    lines = ask("a", "--depth", "0")[1].splitlines()
    assert lines[23].startswith(" " * 57 + "└─ a v5  ")
    assert lines[24].startswith("[21] └─ a v4  ")
    assert lines[27].startswith("[24] └─ a v1  ")


def test_number_of_lines_is_limited(tmp_path: Path, ask: Any) -> None:
    write_chain(tmp_path / "runs", 4)
    with mock.patch.object(sys.modules["reportgen.cli.lineage"], "_MOST_MENTIONS", 2):
        _, out, err = ask("a")
    assert [line.strip()[:6] for line in out.splitlines()[4:7]] == ["└─ a v", "└─ a v", "└─ … 1"]
    assert err == "only the nearest 2 mentions of a tree are shown\n"


def test_json_is_nested_no_deeper_than_readers_take(tmp_path: Path, ask: Any) -> None:
    write_chain(tmp_path / "runs", 103)
    _, out, err = ask("a", "--depth", "0", "-o", "json")
    assert err == "cut after 100 steps; json goes no further\n"
    node = json.loads(out)["ancestors"]
    for _ in range(100):
        (node,) = node["children"]
    assert (node["version"], node["n_hidden"]) == (3, 1)


# JSON


def test_json_has_exact_values(logs: Path, ask: Any) -> None:
    code, out, err = ask("model", "-o", "json")
    assert (code, err) == (0, "")
    trees = json.loads(out)
    assert [*trees] == ["ancestors", "descendants"]
    assert {name: value for name, value in trees["ancestors"].items() if name != "children"} == {
        "kind": "version",
        "key": "model",
        "version": 1,
        "type": "markdown",
        "artifact_id": "m1",
        "uri": None,
        "name": None,
        "digest": None,
        "run_id": "01912345-bbbb-7000",
        "run_name": "lone-owl",
        "pipeline": "churn",
        "step_name": "train",
        "made_at": "2026-01-01T07:59:06.000000Z",
        "deleted": False,
        "repeated": False,
        "n_hidden": 0,
    }
    features, labels, weights = trees["ancestors"]["children"]
    assert (features["key"], labels["deleted"], weights["uri"]) == ("features", True, "s3://bucket/weights")
    assert features["children"][0]["digest"] == "sha256:0123456789abcdef"
    assert [node["kind"] for node in trees["descendants"]["children"]] == ["version", "dataset"]


# Hostile text, terminals


def write_wild(folder: Path) -> None:
    write(folder, "r1", use(uri=WILD, name=WILD, digest=WILD), artifact("a1", WILD), pipeline=WILD, name=WILD)
    write(folder, "r2", use(artifact="a1"), artifact("b1", "b"), at=START + HOUR, pipeline=WILD)


@pytest.mark.parametrize("output", ["table", "json"])
def test_hostile_text_reaches_no_terminal(tmp_path: Path, ask: Any, output: str) -> None:
    write_wild(tmp_path / "runs")
    code, out, _ = ask("b", "-o", output)
    assert code == 0
    assert out.replace("\n", "").isprintable()
    if output == "table":
        assert out.count("\n") == 9
    else:
        assert json.loads(out)["ancestors"]["children"][0]["key"] == WILD


class Terminal(io.TextIOWrapper):
    """A terminal of some encoding that keeps what it is shown."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self.content = io.BytesIO()
        super().__init__(self.content, encoding=encoding, newline="\n")

    def isatty(self) -> bool:
        return True

    def text(self) -> str:
        self.flush()
        return self.content.getvalue().decode(self.encoding)


@pytest.mark.usefixtures("logs")
def test_lines_are_cut_to_the_width_of_a_terminal() -> None:
    terminal = Terminal()
    with mock.patch.dict(os.environ, {"COLUMNS": "40", "NO_COLOR": "1"}), redirect_stdout(terminal):
        cli.run(["lineage", "model"])
    lines = terminal.text().splitlines()
    assert lines[4] == "├─ features v1  table  in etl, brisk-ot…"
    assert max(map(len, lines)) == 40


@pytest.mark.usefixtures("logs")
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_tree_is_drawn_with_what_the_output_can_show(encoding: str) -> None:
    terminal = Terminal(encoding)
    with mock.patch.dict(os.environ, {"COLUMNS": "100", "NO_COLOR": "1"}), redirect_stdout(terminal):
        cli.run(["lineage", "model", "--depth", "1"])
    lines = terminal.text().splitlines()
    assert [line.split("  in ")[0] for line in lines[4:8]] == [
        "|- features v1  table",
        "|  `- ... 1 more",
        "|- labels v1 (deleted)  markdown",
        "|  `- ... 1 more",
    ]
    assert lines[8] == "`- s3://bucket/weights"


# Errors


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["modell"], "there is no artifact with the key 'modell': did you mean model?"),
        (["xyz"], "there is no artifact with the key 'xyz': reportgen artifact ls lists the keys"),
        (["xyz\udcff"], "there is no artifact with the key 'xyz\ufffd': reportgen artifact ls lists the keys"),
        (["x" * 100_000], "reportgen artifact ls lists the keys"),
        (["model", "--version", "2"], "there is no version 2 of 'model': it has version 1 only"),
        (["many", "--version", "4"], "there is no version 4 of 'many': it has versions 1 to 3"),
        (["labels"], "every version of 'labels' is deleted: --version shows what it was made from all the same"),
        (["model", "--logs", "nowhere"], "nowhere"),
    ],
)
def test_question_that_has_no_answer_is_an_error(logs: Path, ask: Any, words: list[str], message: str) -> None:
    write(logs, "r9", *(artifact(f"n{n}", "many") for n in range(3)), at=NOW)
    code, out, err = ask(*words)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("error: ")
    assert message in err


@pytest.mark.usefixtures("logs")
def test_errors_have_a_name() -> None:
    for words in (["xyz"], ["model", "--version", "2"], ["labels"]):
        with pytest.raises(InputError) as caught:
            lineage.main(words, standalone_mode=False)
        assert caught.value.slug == "no-such-artifact"


@pytest.mark.usefixtures("logs")
@pytest.mark.parametrize(
    "words",
    [
        [],
        ["model", "report"],
        ["model", "--version", "0"],
        ["model", "--version", "-1"],
        ["model", "--version", "one"],
        ["model", "--depth", "-1"],
        ["model", "-o", "csv"],
    ],
)
def test_wrong_usage_is_told(ask: Any, words: list[str]) -> None:
    code, out, err = ask(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.endswith(": see reportgen lineage --help\n")


def test_commands_load_nothing_heavy_before_they_are_called() -> None:
    code = "import sys, reportgen.cli.lineage; print(sorted({'pyarrow', 'msgspec', 'jinja2'} & set(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True, text=True)
    assert process.stdout == "[]\n"


# The place


def test_place_is_the_option_else_the_environment_else_runs(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "other", "r1", artifact("o1", "other"))
    write(tmp_path / "third", "r2", artifact("t1", "third"))

    def keys(*paths: str) -> list[Any]:
        return sorted({*open_place(tuple(map(Path, paths))).store.read("artifacts", ["key"])["key"].to_pylist()})

    assert keys() == ["features", "labels", "model", "report"]
    monkeypatch.setenv("REPORTGEN_LOG_DIR", str(tmp_path / "other"))
    assert keys() == ["other"]
    assert keys("third") == ["third"]
    assert keys("third", "other") == ["other", "third"]


def test_several_places_are_read_together(tmp_path: Path, ask: Any) -> None:
    write(tmp_path / "one", "r1", artifact("a1", "a"))
    write(tmp_path / "two", "r2", use(artifact="a1"), artifact("b1", "b"), at=START + HOUR)
    assert "\n└─ a v1  markdown  in " in ask("b", "--logs", "one", "--logs", "two")[1]


# Completion


def completions(*words: str) -> list[tuple[str, str | None]]:
    """Give what a shell offers for the last of some words."""
    complete = ShellComplete(cli.cli, {}, "reportgen", "_REPORTGEN_COMPLETE")
    return [(item.value, item.help) for item in complete.get_completions(["lineage", *words[:-1]], words[-1])]


@pytest.mark.usefixtures("logs")
def test_keys_are_completed() -> None:
    assert completions("") == [("features", None), ("model", None), ("report", None)]
    assert completions("mo") == [("model", None)]
    assert completions("x") == []


def test_keys_are_completed_from_the_place_that_is_asked(logs: Path, tmp_path: Path) -> None:
    write(tmp_path / "other", "r1", artifact("o1", "other"))
    assert completions("--logs", "other", "") == [("other", None)]
    with mock.patch.dict(os.environ, {"HOME": str(tmp_path)}):
        assert completions("--logs", "~/other", "") == [("other", None)]


@pytest.mark.parametrize("words", [("--logs", "nowhere", ""), ("",), ("\udcff",)])
def test_completion_that_fails_offers_nothing(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert completions(*words) == []
    assert capsys.readouterr() == ("", "")


def test_completion_offers_no_more_than_fifty(tmp_path: Path) -> None:
    write(tmp_path / "runs", "r1", *(artifact(f"a{n}", f"key-{n:03}") for n in range(80)))
    assert completions("key") == [(f"key-{n:03}", None) for n in range(50)]


def offered(complete: Any, incomplete: str) -> list[tuple[str, str | None]]:
    context = click.Context(lineage)
    return [(item.value, item.help) for item in complete(context, lineage.params[0], incomplete)]


def test_runs_are_completed_the_newest_first(logs: Path) -> None:
    write(logs, "0999", delete(None), at=NOW)
    a, b, c = (f"01912345-{four}-7000" for four in ("aaaa", "bbbb", "cccc"))
    etl, churn, last = (a, "etl, brisk-otter"), (b, "churn, lone-owl"), (c, "churn, red-fox")
    assert offered(complete_run, "") == [("latest", "the run that began last"), last, churn, etl]
    assert offered(complete_run, "la") == [("latest", "the run that began last")]
    assert offered(complete_run, "01912345-B") == [churn]


def test_metrics_and_list_metrics_are_completed(logs: Path) -> None:
    write(logs, "r9", metric("loss", 1), metric("acc", 1), list_metric("loss", [1]), list_metric("lr", [1]), at=NOW)
    assert offered(complete_metric, "l") == [("loss", None), ("lr", None)]


def test_words_that_would_confuse_a_shell_are_not_offered(tmp_path: Path) -> None:
    write(tmp_path / "runs", "r1", artifact("a1", WILD), artifact("a2", "fine"), metric("a\nb", 1), pipeline=WILD)
    assert completions("") == [("fine", None)]
    assert offered(complete_metric, "") == []
    (_, explanation) = offered(complete_run, "r")[0]
    assert explanation is not None
    assert explanation.isprintable()
