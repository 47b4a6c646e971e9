"""What may name an artifact, a metric, a step, and what is said when it may not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.inputs.names import KEY_RULE, check_key, check_name


@given(st.from_regex(r"[a-z0-9-]{1,200}", fullmatch=True))
def test_key_of_lowercase_letters_digits_and_dashes_is_allowed(key: str) -> None:
    check_key(key)


def test_no_key_is_allowed() -> None:
    check_key(None)


BAD_KEYS: list[Any] = ["", "A", "a b", "a_b", "a.b", "a/b", "é", "a\n", "\n", "a" * 201, "１", 3, b"a"]


@pytest.mark.parametrize("key", BAD_KEYS, ids=ascii)
def test_other_key_is_refused_in_the_words_of_prefect(key: Any) -> None:
    with pytest.raises(ValueError, match=KEY_RULE):
        check_key(key)
    assert KEY_RULE == "Artifact key must only contain lowercase letters, numbers, and dashes"


@pytest.mark.parametrize("name", ["a", "train/loss", "Größe (m²)", "损失", " a ", "a" * 200, "<b>", "🦦"])
def test_printable_name_is_allowed(name: str) -> None:
    check_name(name, "the name")


@pytest.mark.parametrize(
    "name", ["", " ", "a" * 201, "a\nb", "a\tb", "\x00", "\x1b[0m", "\ud800", "a\u202eb"], ids=ascii
)
def test_other_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"^the name must be 1 to 200 printable characters, not "):
        check_name(name, "the name")


@pytest.mark.parametrize("name", [None, 3, b"a", ["a"]])
def test_name_that_is_no_text_is_a_type_error(name: Any) -> None:
    with pytest.raises(TypeError, match=f"^the name must be text, not {type(name).__name__}$"):
        check_name(name, "the name")
