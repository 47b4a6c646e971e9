"""The light reader of the configuration takes and refuses what the full one does, as far as step code depends on it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reportgen.errors import InputError
from reportgen.options import ContextOptions, Options, load_options
from reportgen.settings import (
    CONTEXT_KEYS,
    KEYS,
    Settings,
    find_config,
    is_disabled,
    load_settings,
    resolve_log_dir,
)

ROOT = Path(__file__).resolve().parent.parent
SCALARS = ("warn_outside_run", "max_list_values", "durability", "strict", "log_format")
CHECKED = (*SCALARS, "logs", "context")


def comparable(settings: Settings) -> dict[str, Any]:
    names = [*SCALARS, "log_dir", *CONTEXT_KEYS]
    return {name: getattr(settings, name) for name in names}


def comparable_options(options: Options) -> dict[str, Any]:
    context = {name: getattr(options.context, name) for name in CONTEXT_KEYS}
    return {
        **{name: getattr(options, name) for name in SCALARS},
        **{name: tuple(value) if isinstance(value, list) else value for name, value in context.items()},
        "log_dir": options.logs[0] if options.logs else "runs",
    }


def to_toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{to_toml(key)} = {to_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(to_toml, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(character):08x}" for character in value) + '"'
    return str(value) if not isinstance(value, float) else repr(value)


# Keys


def test_both_readers_know_the_same_keys() -> None:
    assert set(Options.__struct_fields__) == KEYS
    assert set(ContextOptions.__struct_fields__) == CONTEXT_KEYS


def test_both_readers_have_the_same_defaults() -> None:
    assert comparable(load_settings()) == comparable(Settings()) == comparable_options(Options())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\ncolour = 1", "2: unknown key `colour`: docs/configuration.md lists every key"),
        ("Strict = true", "1: unknown key `Strict`: did you mean `strict`?"),
        ("[context]\nhost = true", "2: unknown key `host` in context: docs/configuration.md lists every key"),
        ("[context]\ngit = true\npackage = []", "3: unknown key `package` in context: did you mean `packages`?"),
        ("[tool.reportgen]\nstrict = true", "1: unknown key `tool`: docs/configuration.md lists every key"),
    ],
)
def test_unknown_key_is_refused_by_both_in_the_same_words(text: str, message: str) -> None:
    Path("reportgen.toml").write_text(text)
    for load in (load_settings, load_options):
        with pytest.raises(InputError) as caught:
            load()
        assert (str(caught.value), caught.value.slug) == (f"reportgen.toml:{message}", "bad-config")


# Values

WORDS = st.sampled_from(["jsonl", "parquet", "process", "disk", "Disk", "", "true", "runs"])
NUMBERS = st.sampled_from([0, 1, 7, 10**30, 0.0, 1.0, 1.5, float("inf")])
LEAVES = st.one_of(st.booleans(), NUMBERS, WORDS, st.text(st.characters(exclude_categories=["Cs"]), max_size=4))
VALUES = st.one_of(LEAVES, st.lists(LEAVES, max_size=3), st.dictionaries(WORDS, LEAVES, max_size=2))
CONTEXTS = st.dictionaries(st.sampled_from([*sorted(CONTEXT_KEYS), "host"]), VALUES, max_size=3)
TABLES = st.fixed_dictionaries({}, optional=dict.fromkeys(CHECKED, VALUES) | {"context": CONTEXTS | VALUES})


@given(TABLES)
def test_both_readers_take_and_refuse_the_same_values(table: dict[str, Any]) -> None:
    text = "".join(f"{name} = {to_toml(value)}\n" for name, value in table.items())
    assume("=" in text)
    assert tomllib.loads(text).keys() == table.keys()
    Path("reportgen.toml").write_text(text, "utf-8")
    context = table.get("context")
    n_keys = len(table) + (len(context) if isinstance(context, dict) else 0)
    answers: list[object] = []
    for load, compare in ((load_settings, comparable), (load_options, comparable_options)):
        try:
            answers.append(compare(load()))  # type: ignore[arg-type]
        except InputError as error:
            answers.append(error.slug if n_keys > 1 else str(error))  # of several, either may come first
    assert answers[0] == answers[1], text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("strict = 1", "1: `strict` must be true or false, not 1"),
        ("# words\n\nmax_list_values = -1", "3: `max_list_values` must be a whole number from 0, not -1"),
        ("max_list_values = true", "1: `max_list_values` must be a whole number from 0, not true"),
        ("max_list_values = 1.0", "1: `max_list_values` must be a whole number from 0, not 1.0"),
        ("durability = 'ram'", '1: `durability` must be "disk" or "process", not "ram"'),
        ("log_format = 'csv'", '1: `log_format` must be "jsonl" or "parquet", not "csv"'),
        ("logs = 'runs'", '1: `logs` must be a list of texts, not "runs"'),
        ("logs = [\n  'runs', # first\n  2026-01-31,\n]", "3: `logs[1]` must be text, not 2026-01-31"),
        ("context = 1", "1: `context` must be a table, not 1"),
        ("[[context]]\ngit = true", "1: `context` must be a table, not a list"),
        ("[context]\ngit = 'no'", '2: `context.git` must be true or false, not "no"'),
        ("[context]\npackages = [1]", "2: `context.packages[0]` must be text, not 1"),
        ("strict = 0x1" + 9999 * "0", "1: `strict` must be true or false, not a huge number"),
    ],
)
def test_wrong_value_is_refused_by_both_in_the_same_words(text: str, message: str) -> None:
    Path("reportgen.toml").write_text(text)
    for load in (load_settings, load_options):
        with pytest.raises(InputError) as caught:
            load()
        assert (caught.value.message, caught.value.slug) == (f"reportgen.toml:{message}", "bad-config")
        assert caught.value.hint == "docs/configuration.md lists every key"


@pytest.mark.parametrize("text", ["metrics = 3", "[retention]\nmax_age = 'x'", "title = 1", "metrics.a.gaol = 'max'"])
def test_what_recording_does_not_depend_on_does_not_stop_it(text: str) -> None:
    Path("reportgen.toml").write_text(text)
    assert comparable(load_settings()) == comparable(Settings())
    with pytest.raises(InputError):
        load_options()


def test_settings_come_from_the_working_directory_unless_another_is_named(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there/pyproject.toml").write_text('[tool.reportgen]\nlogs = ["a", "b"]\nstrict = true')
    assert (load_settings().log_dir, load_settings().strict) == ("runs", False)
    settings = load_settings(str(tmp_path / "there"))
    assert (settings.log_dir, settings.strict) == ("a", True)


def test_one_file_does_not_change_what_another_call_reads() -> None:
    Path("reportgen.toml").write_text("strict = true\n[context]\npackages = ['numpy']")
    assert load_settings().packages == ("numpy",)
    Path("reportgen.toml").unlink()
    assert (load_settings().strict, load_settings().packages, Settings.strict) == (False, (), False)


def test_own_file_wins_over_pyproject() -> None:
    Path("pyproject.toml").write_text("[tool.reportgen]\nstrict = true")
    assert (find_config().table, find_config().path) == ({"strict": True}, "pyproject.toml")
    Path("reportgen.toml").write_text("")
    assert (find_config().table, find_config().path) == ({}, "reportgen.toml")


def test_folder_in_the_place_of_the_file_is_no_file() -> None:
    Path("reportgen.toml").mkdir()
    assert comparable(load_settings()) == comparable(Settings())


def test_settings_are_read_without_the_schema_library() -> None:
    assert not hasattr(Settings, "__struct_fields__")
    assert issubclass(Options, msgspec.Struct)


def test_good_file_is_read_without_what_errors_need() -> None:
    Path("reportgen.toml").write_text("strict = true\n[context]\npackages = ['numpy']")
    code = "import sys; from reportgen.settings import load_settings; assert load_settings().strict"
    code += "; print(sorted({'reportgen.config_errors', 'difflib', 'bisect', 'msgspec'} & set(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    answer = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"


# The log directory


def settings_with(log_dir: str) -> Settings:
    settings = Settings()
    settings.log_dir = log_dir
    return settings


def test_log_directory_is_the_argument_else_environment_else_configuration_else_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    configured = settings_with("configured")
    assert resolve_log_dir(None, Settings()) == str(tmp_path / "runs")
    assert resolve_log_dir(None, configured) == str(tmp_path / "configured")
    monkeypatch.setenv("REPORTGEN_LOG_DIR", "environment")
    assert resolve_log_dir(None, configured) == str(tmp_path / "environment")
    assert resolve_log_dir("argument", configured) == str(tmp_path / "argument")
    assert resolve_log_dir(Path("/argument"), configured) == "/argument"


def test_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REPORTGEN_LOG_DIR", "")
    assert resolve_log_dir(None, settings_with("configured")) == str(tmp_path / "configured")


def test_working_directory_that_is_gone_is_no_error_yet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    os.rmdir(tmp_path / "gone")  # noqa: PTH106 — `Path.rmdir` of the working directory reads worse
    assert resolve_log_dir(None, Settings()) == "runs"
    assert resolve_log_dir(tmp_path, Settings()) == str(tmp_path)


@pytest.mark.parametrize(("value", "disabled"), [(None, False), ("", False), ("0", False), ("1", True), ("true", True)])
def test_recording_is_disabled_by_any_value_but_zero(
    value: str | None, disabled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if value is not None:
        monkeypatch.setenv("REPORTGEN_DISABLED", value)
    assert is_disabled() is disabled
