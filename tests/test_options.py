from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from reportgen.errors import InputError
from reportgen.options import ContextOptions, MetricOptions, Options, load_options

EVERY_KEY = """
title = "Nightly"
logs = ["a", "b"]
output = "public"
headline_metrics = ["accuracy"]
warn_outside_run = false
max_list_values = 100
durability = "disk"
strict = true
log_format = "parquet"

[context]
git = false
command = false
environment = ["CI"]
packages = ["numpy"]

[metrics.accuracy]
goal = "max"
unit = "%"
tolerance = 0.02

[metrics."train/loss"]
goal = "min"
"""

ALL_SET = Options(
    title="Nightly",
    logs=["a", "b"],
    output="public",
    headline_metrics=["accuracy"],
    warn_outside_run=False,
    max_list_values=100,
    durability="disk",
    strict=True,
    log_format="parquet",
    context=ContextOptions(git=False, command=False, environment=["CI"], packages=["numpy"]),
    metrics={"accuracy": MetricOptions("max", "%", 0.02), "train/loss": MetricOptions("min")},
)


def write(name: str, text: str) -> None:
    Path(name).write_text(text, "utf-8")


def refusal(text: str, name: str = "reportgen.toml") -> InputError:
    write(name, text)
    with pytest.raises(InputError) as caught:
        load_options()
    assert caught.value.slug == "bad-config"
    assert caught.value.message.startswith(f"{name}: ")
    assert "\n" not in str(caught.value)
    return caught.value


def test_defaults_are_those_of_a_missing_file() -> None:
    assert load_options() == Options()
    assert msgspec.to_builtins(Options()) == {
        "title": "Pipeline reports",
        "logs": [],
        "output": "site",
        "metrics": {},
        "headline_metrics": [],
        "warn_outside_run": True,
        "max_list_values": 50_000,
        "durability": "process",
        "strict": False,
        "log_format": "jsonl",
        "context": {"git": True, "command": True, "environment": [], "packages": []},
    }


def test_empty_file_changes_nothing() -> None:
    write("reportgen.toml", "")
    assert load_options() == Options()


def test_file_sets_every_key() -> None:
    write("reportgen.toml", EVERY_KEY)
    assert load_options() == ALL_SET
    assert {name for name in Options.__struct_fields__ if getattr(ALL_SET, name) == getattr(Options(), name)} == set()


def test_table_in_pyproject_sets_every_key() -> None:
    table = EVERY_KEY.replace("[metrics", "[tool.reportgen.metrics").replace("[context", "[tool.reportgen.context")
    write("pyproject.toml", f'[project]\nname = "x"\n[tool.reportgen]\n{table}')
    assert load_options() == ALL_SET


def test_own_file_wins_over_pyproject_as_a_whole() -> None:
    write("reportgen.toml", 'title = "own"')
    write("pyproject.toml", '[tool.reportgen]\ntitle = "project"\noutput = "public"')
    assert load_options() == Options(title="own")


@pytest.mark.parametrize("text", ["", '[project]\nname = "x"', "[tool.ruff]\nline-length = 9", "tool = 1"])
def test_pyproject_of_others_changes_nothing(text: str) -> None:
    write("pyproject.toml", text)
    assert load_options() == Options()


def test_other_folder_can_be_named(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "reportgen.toml").write_text('title = "there"')
    assert load_options(folder).title == "there"
    assert load_options().title == Options().title


def test_parent_folders_are_not_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("reportgen.toml", 'title = "above"')
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert load_options() == Options()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("colour = 'red'", "colour"),
        ("Title = 'x'", "Title"),
        ("[metrics.loss]\ngaol = 'min'", "gaol"),
        ("title = 3", "$.title"),
        ("logs = 'runs'", "$.logs"),
        ("logs = [1]", "$.logs[0]"),
        ("strict = 'yes'", "$.strict"),
        ("max_list_values = 1.5", "$.max_list_values"),
        ("durability = 'ram'", "$.durability"),
        ("log_format = 'csv'", "$.log_format"),
        ("context = true", "$.context"),
        ("[context]\ngit = 1", "$.context.git"),
        ("[context]\nhost = true", "host"),
        ("[context]\npackages = 'numpy'", "$.context.packages"),
        ("metrics = ['loss']", "$.metrics"),
        ("[metrics.loss]\ngoal = 'low'", "$.metrics[...].goal"),
        ("[metrics.loss]\ntolerance = '2 %'", "$.metrics[...].tolerance"),
    ],
)
def test_wrong_key_or_type_names_file_and_key(text: str, key: str) -> None:
    error = refusal(text)
    assert f"`{key}`" in error.message
    assert error.hint == "docs/configuration.md lists every key"


def test_wrong_key_in_pyproject_names_that_file() -> None:
    assert "`colour`" in refusal("[tool.reportgen]\ncolour = 'red'", "pyproject.toml").message
    assert "`tool.reportgen` must be a table, not 3" in refusal("[tool]\nreportgen = 3", "pyproject.toml").message


@pytest.mark.parametrize("name", ["reportgen.toml", "pyproject.toml"])
@pytest.mark.parametrize(("text", "place"), [("title = ", "line 1"), ("\n\na = 1\na = 2", "line 4"), ("x", "line 1")])
def test_broken_toml_names_file_and_place(name: str, text: str, place: str) -> None:
    error = refusal(f"{text}\n# reportgen", name)
    assert "cannot be read as TOML" in error.message
    assert place in error.message


def test_broken_pyproject_that_does_not_speak_of_reportgen_is_none_of_its_business() -> None:
    write("pyproject.toml", "title = ")
    assert load_options() == Options()


def test_text_that_is_not_utf8_is_an_error_in_words() -> None:
    Path("reportgen.toml").write_bytes(b'title = "\xff"')
    with pytest.raises(InputError, match=r"^reportgen.toml: cannot be read as TOML, 'utf-8' codec"):
        load_options()
