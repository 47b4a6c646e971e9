"""What a site was built with: any change to it makes the whole site anew."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reportgen import basis
from reportgen.basis import basis_of_site
from reportgen.options import CheckOptions, MetricOptions, Options


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Without what is remembered of the program itself."""
    basis._basis_of_program.cache_clear()
    yield
    basis._basis_of_program.cache_clear()


def test_basis_is_the_same_for_the_same_options() -> None:
    one = {"accuracy": MetricOptions(goal="max"), "loss": MetricOptions(goal="min")}
    other = dict(reversed(one.items()))
    assert basis_of_site(Options(metrics=one)) == basis_of_site(Options(metrics=other))
    assert len(basis_of_site(Options())) == 32


def test_basis_changes_with_every_option() -> None:
    options = [
        Options(),
        Options(title="Other"),
        Options(url="https://example.org/"),
        Options(metrics={"accuracy": MetricOptions(goal="max")}),
        Options(metrics={"accuracy": MetricOptions(goal="max", unit="%")}),
        Options(headline_metrics=["accuracy"]),
    ]
    assert len({basis_of_site(one) for one in options}) == len(options)


def test_rules_that_runs_must_meet_change_no_page() -> None:
    assert basis_of_site(Options(check=CheckOptions(rules=["* steady"]))) == basis_of_site(Options())


@pytest.mark.parametrize("name", ["run.html", "static/report.css", "new.html"])
def test_basis_changes_with_the_templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    before = basis_of_site(Options())
    templates = shutil.copytree(basis.find_data_folder("templates"), tmp_path / "templates")
    monkeypatch.setattr(basis, "find_data_folder", lambda _: templates)
    basis._basis_of_program.cache_clear()
    assert basis_of_site(Options()) == before
    with (templates / name).open("a") as file:
        file.write(" ")
    basis._basis_of_program.cache_clear()
    assert basis_of_site(Options()) != before


@pytest.mark.parametrize("library", ["jinja2", "pyarrow", "markdown"])
def test_basis_changes_with_the_libraries(monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    before = basis_of_site(Options())
    basis._basis_of_program.cache_clear()
    version_of = basis.version_of
    monkeypatch.setattr(basis, "version_of", lambda name: "99.0" if name == library else version_of(name))
    assert basis_of_site(Options()) != before


def test_basis_knows_whether_there_is_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    before = basis_of_site(Options())
    basis._basis_of_program.cache_clear()
    monkeypatch.setattr(basis, "_OPTIONAL_LIBRARIES", ("no-such-library",))
    assert basis_of_site(Options()) != before
