"""Documentation that code can contradict: generated parts are compared, named things must be mentioned.

`make docs` writes the generated files.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import click
import msgspec
import pytest

import reportgen
import reportgen.views
from reportgen.cli import cli
from reportgen.options import CheckOptions, ContextOptions, MetricOptions, Options, RedactOptions, RetentionOptions
from reportgen.records import AnyRecord
from reportgen.store import TABLES
from reportgen.store.reading import QUERIES, TYPES

DATA = Path(__file__).resolve().parent.parent / "docs/data.md"
ABOUT_QUERIES = """\
Run them in the site's folder, and put in your own names for `churn`, `accuracy` and so on. SQL is for DuckDB: its
shell, or `duckdb.sql(text)`. In Python `answer` is a data frame. The page *Data* of every site has them too.
"""


def cli_reference() -> str:
    """The help of every command."""
    text = "# Commands\n\nGenerated from the command line's own help by `make docs`.\n"
    for name, command in iter_commands(cli, "reportgen"):
        with click.Context(command, info_name=name, terminal_width=100, help_option_names=["-h", "--help"]) as context:
            text += f"\n## {name}\n\n```\n{command.get_help(context)}\n```\n"
    return text


def iter_commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        for child in sorted(command.commands):
            yield from iter_commands(command.commands[child], f"{name} {child}")


def views_reference() -> str:
    """What every template gets."""
    text = "# Views\n\nWhat each template gets, generated from the views by `make docs`.\n"
    for name, view in iter_views():
        assert view.__doc__
        summary = inspect.cleandoc(view.__doc__).split("\n\nAttributes")[0]
        text += f"\n## {name}.html — {summary}\n\n| field | type |\n|---|---|\n"
        text += "".join(
            f"| `{name}` | `{view.__annotations__[name]}` |\n".replace(" | None", " or None")
            for name in view.__match_args__
        )
    return text


def iter_views() -> Iterator[tuple[str, Any]]:
    for module in pkgutil.iter_modules(reportgen.views.__path__):
        contents = vars(importlib.import_module(f"reportgen.views.{module.name}"))
        class_name = "".join(word.capitalize() for word in module.name.split("_")) + "View"
        if class_name in contents:
            yield module.name, contents[class_name]


def data_reference() -> str:
    """The tables of a site's `data/` and the ready queries, below what is written by hand."""
    mark = "<!-- What follows is generated from reportgen/store by `make docs`. -->\n"
    by_hand, found, _ = DATA.read_text("utf-8").partition(mark)
    assert found, "docs/data.md has lost the line that its generated part begins after"
    return by_hand + mark + types_reference() + tables_reference() + queries_reference()


def types_reference() -> str:
    text = "\n## Types\n\n| type | DuckDB | pandas | polars |\n|---|---|---|---|\n"
    for names in TYPES.values():
        usual, *others = names.pandas
        pandas = f"`{usual}`" + "".join(f", `{other}` {names.pandas_note}" for other in others)
        text += f"| {names.word} | `{names.duckdb}` | {pandas} | `{names.polars}` |\n"
    return text


def tables_reference() -> str:
    text = "\n## Tables\n"
    for name, table in TABLES.items():
        files = f"data/{name}/<day>.parquet" if table.by_day else f"data/{name}.parquet"
        order = ", ".join(f"`{column}`" for column in table.order)
        text += f"\n### {name}\n\n`{files}`: a row is {table.meaning}. Sorted by {order}.\n"
        text += "\n| column | type | meaning |\n|---|---|---|\n"
        text += "".join(f"| `{c.name}` | {TYPES[c.type].word} | {c.meaning} |\n" for c in table.columns)
    return text


def queries_reference() -> str:
    text = f"\n## Ready queries\n\n{ABOUT_QUERIES}"
    for query in QUERIES:
        text += f"\n### {query.title}\n\n{query.note}\n\n```sql\n{query.sql}```\n"
        text += "".join(f"\n```python\n{code}```\n" for code in (query.pandas, query.polars))
    return text


def json_schema() -> str:
    """The JSON Schema of a line of a log."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(AnyRecord)}
    return msgspec.json.format(msgspec.json.encode(schema), indent=1).decode() + "\n"


@pytest.mark.parametrize(
    ("path", "generate"),
    [
        ("docs/cli.md", cli_reference),
        ("docs/views.md", views_reference),
        ("docs/data.md", data_reference),
        ("reportgen/log-format.schema.json", json_schema),
    ],
    ids=["cli", "views", "data", "schema"],
)
def test_generated_reference_is_up_to_date(repository: Path, update: bool, path: str, generate: object) -> None:
    assert callable(generate)
    text = generate()
    if update:
        (repository / path).write_text(text, "utf-8")
    assert (repository / path).read_text("utf-8") == text, f"{path} is out of date: run make docs"


def test_every_template_has_a_view_of_its_name(repository: Path) -> None:
    templates = {path.stem for path in (repository / "templates").glob("*.html")} - {"base", "macros"}

    assert templates == {name for name, _ in iter_views()}


def test_every_error_slug_is_documented(repository: Path) -> None:
    slugs = set()
    for path in sorted((repository / "reportgen").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "slug" and isinstance(node.value, ast.Constant):
                slugs.add(node.value.value)
    documented = set(
        re.findall(r"^\| `([a-z-]+)` \|", (repository / "docs/errors.md").read_text("utf-8"), re.MULTILINE)
    )

    assert slugs
    assert documented == slugs


def test_every_configuration_key_is_documented(repository: Path) -> None:
    text = (repository / "docs/configuration.md").read_text("utf-8")
    documented = set(re.findall(r"^\| `([a-z_.<>]+)` \|", text, re.MULTILINE))
    groups = {"context": ContextOptions, "retention": RetentionOptions, "check": CheckOptions, "redact": RedactOptions}
    options = {field.name for field in msgspec.structs.fields(Options)} - {"metrics", *groups}
    options |= {f"metrics.<name>.{field.name}" for field in msgspec.structs.fields(MetricOptions)}
    for name, group in groups.items():
        options |= {f"{name}.{field.name}" for field in msgspec.structs.fields(group)}

    assert documented == options


def test_every_environment_variable_is_documented(repository: Path) -> None:
    text = (repository / "docs/configuration.md").read_text("utf-8")
    used = set()
    for path in sorted((repository / "reportgen").rglob("*.py")):
        used |= set(re.findall(r"REPORTGEN_[A-Z_]+", path.read_text("utf-8")))

    assert used
    assert not {name for name in used if name not in text}


def test_every_record_kind_and_field_is_documented(repository: Path) -> None:
    text = (repository / "docs/log-format.md").read_text("utf-8")
    for kind in get_args(AnyRecord):
        assert f"`{kind.__struct_config__.tag}`" in text
        for field in msgspec.structs.fields(kind):
            assert f"`{field.name}`" in text, (kind, field.name)


def test_every_public_name_has_a_docstring() -> None:
    missing = [name for name in reportgen.__all__ if name != "__version__" and not getattr(reportgen, name).__doc__]

    assert not missing


def test_first_report_of_the_readme_works(repository: Path, tmp_path: Path) -> None:
    readme = (repository / "README.md").read_text("utf-8")
    code = re.search(r"```python\n(import reportgen\n.*?)```", readme, re.DOTALL)
    assert code
    exec(compile(code[1], "README.md", "exec"), {})
    from reportgen.cli import run

    assert run(["build", "--quiet"]) == 0
    overview = (tmp_path / "site/index.html").read_text("utf-8")
    assert "churn" in overview
    assert "0.93" in overview
    assert (tmp_path / "site/artifacts/worst-rows/v1.csv").read_text("utf-8") == "id,p\n1,0.85\n2,0.41\n"


def test_links_of_the_documentation_lead_somewhere(repository: Path) -> None:
    broken = []
    for page in [*repository.glob("*.md"), *repository.glob("docs/*.md"), repository / "examples/README.md"]:
        targets = re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8"))
        broken += [(page.name, t) for t in targets if "://" not in t and not (page.parent / t).exists()]

    assert not broken
