from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from reportgen.errors import InputError
from reportgen.options import (
    CheckOptions,
    ContextOptions,
    MetricOptions,
    Options,
    RedactOptions,
    RetentionOptions,
    load_options,
    parse_age,
)

EVERY_KEY = """
title = "Nightly"
url = "https://example.org/reports/"
logs = ["a", "b"]
output = "public"
headline_metrics = ["accuracy"]
theme = "theme"
max_size = "900MB"
max_files = 50_000
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

[redact]
defaults = false
names = ["customer_*"]
patterns = ["C-[0-9]+"]
paths = true
hosts = true

[retention]
max_age = "90d"
max_versions = 10
max_runs = 100

[check]
rules = ["* against latest"]
allow_failed = true

[metrics.accuracy]
goal = "max"
unit = "%"
tolerance = 0.02

[metrics."train/loss"]
goal = "min"
"""

ALL_SET = Options(
    title="Nightly",
    url="https://example.org/reports/",
    logs=["a", "b"],
    output="public",
    headline_metrics=["accuracy"],
    theme="theme",
    max_size="900MB",
    max_files=50_000,
    warn_outside_run=False,
    max_list_values=100,
    durability="disk",
    strict=True,
    log_format="parquet",
    context=ContextOptions(git=False, command=False, environment=["CI"], packages=["numpy"]),
    redact=RedactOptions(defaults=False, names=["customer_*"], patterns=["C-[0-9]+"], paths=True, hosts=True),
    retention=RetentionOptions(max_age="90d", max_versions=10, max_runs=100),
    check=CheckOptions(rules=["* against latest"], allow_failed=True),
    metrics={"accuracy": MetricOptions("max", "%", 0.02), "train/loss": MetricOptions("min")},
)


def write(name: str, text: str) -> None:
    Path(name).write_text(text, "utf-8")


def refusal(text: str, name: str = "reportgen.toml") -> InputError:
    write(name, text)
    with pytest.raises(InputError) as caught:
        load_options()
    assert caught.value.slug == "bad-config"
    assert caught.value.message.startswith(f"{name}:")
    assert "\n" not in str(caught.value)
    return caught.value


def test_defaults_are_those_of_a_missing_file() -> None:
    assert load_options() == Options()
    assert msgspec.to_builtins(Options()) == {
        "title": "Pipeline reports",
        "url": "",
        "logs": [],
        "output": "site",
        "metrics": {},
        "headline_metrics": [],
        "theme": "",
        "max_size": None,
        "max_files": None,
        "warn_outside_run": True,
        "max_list_values": 50_000,
        "durability": "process",
        "strict": False,
        "log_format": "jsonl",
        "context": {"git": True, "command": True, "environment": [], "packages": []},
        "retention": {"max_age": None, "max_versions": None, "max_runs": None},
        "check": {"rules": [], "allow_failed": False},
        "redact": {"defaults": True, "names": [], "patterns": [], "paths": False, "hosts": False},
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
    for group in ("retention", "redact", "check"):
        table = table.replace(f"[{group}", f"[tool.reportgen.{group}")
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
    ("text", "message"),
    [
        ("title = 3", "1: `title` must be text, not 3"),
        ("title = 2026-01-31", "1: `title` must be text, not 2026-01-31"),
        ("headline_metrics = 'loss'", '1: `headline_metrics` must be a list of texts, not "loss"'),
        ("headline_metrics = [\n  'loss',\n  [],\n]", "3: `headline_metrics[1]` must be text, not a list"),
        ("metrics = ['loss']", "1: `metrics` must be a table, not a list"),
        ("[metrics]\nloss = 'min'", '2: `metrics.loss` must be a table, not "min"'),
        ("[metrics.loss]\ngoal = 'low'", '2: `metrics.loss.goal` must be "max" or "min", not "low"'),
        ("[metrics.loss]\n\ntolerance = '2 %'", '3: `metrics.loss.tolerance` must be a number from 0, not "2 %"'),
        ("metrics.loss.tolerance = -1", "1: `metrics.loss.tolerance` must be a number from 0, not -1"),
        ("metrics.loss.tolerance = nan", "1: `metrics.loss.tolerance` must be a number from 0, not nan"),
        (
            "[metrics.a]\ngoal = 'max'\n[metrics.'train/loss']\nunit = false",
            '4: `metrics."train/loss".unit` must be text, not false',
        ),
        ("[retention]\nmax_runs = 0", "2: `retention.max_runs` must be a whole number from 1, not 0"),
        ("[retention]\nmax_versions = 1.5", "2: `retention.max_versions` must be a whole number from 1, not 1.5"),
        (
            "retention.max_age = '3 months'",
            '1: `retention.max_age` must be an age such as "36h", "90d", "12w" or "2y", not "3 months"',
        ),
        (
            "[retention]\nmax_runs = 9\nmax_age = 0",
            '3: `retention.max_age` must be an age such as "36h", "90d", "12w" or "2y", not 0',
        ),
        (f"strict = '{99 * 'x'}'", f'1: `strict` must be true or false, not "{38 * "x"}…'),
    ],
)
def test_wrong_value_names_line_key_what_is_accepted_and_what_is_there(text: str, message: str) -> None:
    error = refusal(text)
    assert error.message == f"reportgen.toml:{message}"
    assert error.hint == "docs/configuration.md lists every key"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[metrics.accuracy]\ntolernce = 1",
            "2: unknown key `tolernce` in metrics.accuracy: did you mean `tolerance`?",
        ),
        ("[metrics.a]\n[metrics.b]\ngaol = 'min'", "3: unknown key `gaol` in metrics.b: did you mean `goal`?"),
        (
            '[metrics."a b"]\n"no such" = 1',
            '2: unknown key `"no such"` in metrics."a b": docs/configuration.md lists every key',
        ),
        ("retention = { max_ages = '90d' }", "1: unknown key `max_ages` in retention: did you mean `max_age`?"),
        ("LOG-FORMAT = 'jsonl'", "1: unknown key `LOG-FORMAT`: did you mean `log_format`?"),
        ("titel = 'x'", "1: unknown key `titel`: did you mean `title`?"),
        ('"größe" = 1', '1: unknown key `"größe"`: docs/configuration.md lists every key'),
        ('"a\\n\\u009b" = 1', '1: unknown key `"a\\n\\u009b"`: docs/configuration.md lists every key'),
    ],
)
def test_unknown_key_names_line_and_table_and_the_key_that_was_meant(text: str, message: str) -> None:
    assert str(refusal(text)) == f"reportgen.toml:{message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.reportgen]\ncolour = 'red'", "4: unknown key `colour` in tool.reportgen"),
        ("[tool.reportgen.metrics.a]\ngaol = 1", "4: unknown key `gaol` in tool.reportgen.metrics.a"),
        ("tool.reportgen.strict = 1", "3: `tool.reportgen.strict` must be true or false, not 1"),
        ("[tool]\nreportgen = 3", "4: `tool.reportgen` must be a table, not 3"),
        ("[[tool.reportgen]]", "3: `tool.reportgen` must be a table, not a list"),
    ],
)
def test_error_in_pyproject_names_that_file_and_the_place_in_it(text: str, message: str) -> None:
    assert refusal(f'x = "strict = 1"\n\n{text}', "pyproject.toml").message == f"pyproject.toml:{message}"


def test_documented_error_is_that_of_the_documented_file(repository: Path) -> None:
    blocks = re.findall(r"```(?:toml)?\n(.*?)```", (repository / "docs/configuration.md").read_text("utf-8"), re.DOTALL)
    write("reportgen.toml", blocks[0])
    assert load_options().retention.max_age == "90d"
    assert f"{refusal(blocks[0].replace('tolerance', 'tolernce'))}\n" == blocks[1]


def test_every_key_has_words_for_what_it_accepts() -> None:
    groups: tuple[tuple[str, type[msgspec.Struct]], ...] = (
        ("", Options),
        ("context.", ContextOptions),
        ("retention.", RetentionOptions),
        ("check.", CheckOptions),
        ("metrics.a.", MetricOptions),
    )
    for prefix, group in groups:
        for name in group.__struct_fields__:
            message = refusal(f"{prefix}{name} = 1979-05-27").message
            assert re.fullmatch(rf"reportgen\.toml:1: `{prefix}{name}` must be .+, not 1979-05-27", message), message


# Ages

HOUR = 3_600_000_000


@pytest.mark.parametrize(
    ("age", "hours"),
    [
        ("36h", 36),
        ("90d", 90 * 24),
        ("12w", 12 * 168),
        ("2y", 2 * 8760),
        ("7", 168),
        (7, 168),
        ("99999y", 99999 * 8760),
    ],
)
def test_age_is_a_number_of_hours_days_weeks_or_years(age: str | int, hours: int) -> None:
    assert parse_age(age) == hours * HOUR
    assert RetentionOptions(max_age=age).max_age_us == hours * HOUR


@pytest.mark.parametrize(
    "age", ["", "d", "0d", 0, -1, "-1d", "1.5d", "90 d", "90D", "3m", "1d12h", "1d\n", "١d", "100000y", True]
)
def test_other_ages_are_refused_by_function_and_file(age: str | int) -> None:
    with pytest.raises(ValueError, match=r'^must be an age such as "36h", "90d", "12w" or "2y", not ') as caught:
        parse_age(age)
    assert str(caught.value).endswith(f", not {age!r}")
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"retention": {"max_age": age}}, Options)


def test_nothing_is_too_old_by_default() -> None:
    assert Options().retention == RetentionOptions(max_age=None, max_versions=None, max_runs=None)
    assert RetentionOptions().max_age_us is None


# Files that are not TOML


@pytest.mark.parametrize("name", ["reportgen.toml", "pyproject.toml"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title = \nstrict = true", "1: not TOML: invalid value (column 9)"),
        ("\n\na = 1\na = 2\n", "4: not TOML: cannot overwrite a value (column 6)"),
        ("\n\na = 1\na = 2", "4: not TOML: cannot overwrite a value (at end of document)"),
        ("[a]\n[a]\n", "2: not TOML: cannot declare ('a',) twice (column 3)"),
        ("title = nightly", "1: not TOML: invalid value (column 9)"),
        (
            'strict = true\n\ntitle = """\nstrict = false\n[a]\n',
            "3: not TOML: unterminated string (at end of document)",
        ),
        ("a = 1\n# list\nlogs = [\n  'a', # ]\n  'b',\n\n", "3: not TOML: invalid value (at end of document)"),
        ("a = 1\nb = 1" + 5000 * "0" + "\nc = 1", "2: not TOML: exceeds the limit"),
        ("a = 1\nb = " + 5000 * "[" + 5000 * "]" + "\nc = 1", "2: not TOML: nested too deeply"),
    ],
)
def test_broken_toml_names_file_and_line(name: str, text: str, message: str) -> None:
    line, colon, reason = message.partition(":")
    error = refusal(f"# reportgen\n{text}", name)
    assert error.message.startswith(f"{name}:{int(line) + 1}{colon}{reason}")
    assert error.hint == "docs/configuration.md has an example"


def test_broken_pyproject_that_does_not_speak_of_reportgen_is_none_of_its_business() -> None:
    write("pyproject.toml", "title = ")
    assert load_options() == Options()


def test_text_that_is_not_utf8_names_file_and_line() -> None:
    Path("reportgen.toml").write_bytes(b'strict = true\ntitle = "\xff"')
    with pytest.raises(InputError, match=r"^reportgen\.toml:2: not TOML: byte 0xff is not UTF-8: "):
        load_options()


def test_file_that_cannot_be_read_is_an_error_without_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "reportgen.toml")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(InputError, match=r"^reportgen\.toml: cannot be read: Permission denied: make it readable, or"):
        load_options()
