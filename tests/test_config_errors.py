"""The line of a key is that where tomllib would first know it, whatever the file looks like."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.config_errors import Key, find_line

# A `<` at the end of a line marks where the key is expected.
FILES: list[tuple[Key, str]] = [
    (("a",), "# a = 1\na = 1 # <"),
    (("b",), "a = 1\n\n   b=2 # <\nc = 3"),
    (("a b",), "x = 1\n'a b' = 2 # <"),
    (("a=b",), 'x = 1\n"a=b" = 2 # <'),
    (('a"b',), 'x = 1\n"a\\"b" = 2 # <'),
    (("a", "b"), "a.c = 1\na.b = 2 # <"),
    (("a", "b"), 'a . c = 1\na . "b" = 2 # <'),
    (("a", "b.c"), "a.b.c = 1\na.'b.c' = 2 # <"),
    (("t",), "a = 1\n[t] # <\na = 1"),
    (("t", "a"), "a = 1\n[t]\na = 1 # <"),
    (("t", "a"), "a = 1\n[u]\na = 1\n[ t ]\na = 1 # <\n[v]\na = 1"),
    (("t", "u"), "[t.u.v] # <\nx = 1\n[t.u]\n[t]"),
    (("t", "a"), "[t.u.v]\na = 1\n[t.u]\na = 1\n[t]\na = 1 # <"),
    (("t", "u", "a"), "[t]\na = 1\nu.b = 1\nu.a = 2 # <"),
    (("t", 0, "a"), "[[t]]\na = 1 # <\n[[t]]\na = 1"),
    (("t", 1), "[[t]]\na = 1\n[[t]] # <\na = 1"),
    (("t", 1, "a"), "[[t]]\na = 1\n[[t]]\na = 1 # <"),
    (("t", 1, "u", "a"), "[[t]]\n[t.u]\na = 1\n[[t]]\n[t.u]\na = 1 # <"),
    (("t", "a"), "x = 1\nt = { b = 1, a = { c = 2 } } # <\ny = 1"),
    (("b",), 'a = """\nb = 1\n[b]\n""" # x\nb = 2 # <'),
    (("b",), "a = '''\nb = 1\n\"\"\"\n'''\nb = 2 # <"),
    (("b",), 'a = """\\"""\nb = 1\n"""""\nb = 2 # <'),
    (("b",), "a = \"[\"\nc = '{['\n# {[ \"\nd = 'it\\'\nb = 2 # <"),
    (("b",), "a = [\n  'b = 1', # ]\n  { b = 1 },\n]\nb = 2 # <"),
    (("b",), 'a = [\n"""\nb = 1\n]\n""",\n]\nb = 2 # <'),
    (("a",), "x = 1\na = [ # <\n1,\n2\n]"),
    (("a", 1), "a = [\n  1, # one\n\n  2, # <\n]"),
    (("a", 2), "a = [\n  1, 2\n  , 3 # <\n]"),
    (("a", 0), "a = [\n  # 0\n  [ # <\n  1],\n]"),
    (("a", 1, "b", 1), "a = [\n  { b = [\n1,\n2] },\n  { b = [\n1,\n2] }, # <\n]"),
    (("a", 1), "a = [1,\n  2 # <\n]"),
    (("a",), 'x = 1\na = """ # <\ntext\n"""'),
]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(("key", "text"), FILES)
def test_line_is_that_where_the_key_is_set(key: Key, text: str, end: str) -> None:
    tomllib.loads(text)
    expected = [number for number, line in enumerate(text.split("\n"), 1) if "<" in line]
    assert [find_line(text.replace("\n", end), key)] == expected
    assert [find_line(text.replace("\n", end) + end, key)] == expected


def test_other_line_ends_than_those_of_toml_do_not_count() -> None:
    assert find_line("a = '\u2028\x85'\nb = 1", ("b",)) == 2


# Files as they come

LOOK_ALIKES = [
    "1",
    "'b = 1'",
    '"""\nb = 1\n[c]\n"""',
    "'''\n]\n# b = 1\n'''",
    "[\n1, # ]\n'[',\n]",
    "{ b = [\n1] }",
    '"\\"["',
]
NAMES = st.sampled_from(["a", "b", "c", "'b c'", '"x\\"y"', "3"])
STATEMENTS = st.one_of(
    st.sampled_from(["", "# b = [", '   # """']),
    st.builds(
        "{} = {} # [".format, st.lists(NAMES, min_size=1, max_size=2).map(".".join), st.sampled_from(LOOK_ALIKES)
    ),
    st.lists(NAMES, min_size=1, max_size=2).map(lambda names: f"[{'.'.join(names)}] # ]"),
    st.lists(NAMES, min_size=1, max_size=2).map(lambda names: f"[[{'.'.join(names)}]]"),
)


def keep_valid(statements: list[str]) -> list[str]:
    kept: list[str] = []
    for statement in statements:
        try:
            tomllib.loads("\n".join([*kept, statement]))
        except tomllib.TOMLDecodeError:
            continue
        kept.append(statement)
    return kept


def list_keys(value: Any, key: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for name, item in items for path in [(*key, name), *list_keys(item, (*key, name))]]


@given(st.lists(STATEMENTS, max_size=8).map(keep_valid))
def test_every_key_is_found_in_the_statement_that_adds_it(statements: list[str]) -> None:
    text, known, first = "\n".join(statements), set[Key](), 1
    for count, statement in enumerate(statements, 1):
        after = first + statement.count("\n") + 1
        for key in list_keys(tomllib.loads("\n".join(statements[:count]))):
            if key not in known:
                known.add(key)
                assert first <= find_line(text, key) < after, (text, key)
        first = after


loads = tomllib.loads


def test_line_of_a_long_file_is_found_with_few_parses(monkeypatch: pytest.MonkeyPatch) -> None:
    parses = []

    def parse(text: str) -> dict[str, Any]:
        parses.append(text)
        return loads(text)

    monkeypatch.setattr("reportgen.config_errors.tomllib.loads", parse)
    tables = "".join(f'[t{number}]\na = 1\nlook = """\na = 1\n"""\n' for number in range(1000))
    assert find_line(f"{tables}[t]\nb = 1", ("t", "b")) == 5002
    assert len(parses) < 20
