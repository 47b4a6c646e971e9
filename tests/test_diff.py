"""Differences: what they say, put together, gives both contents again; and no content takes them long."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.diff import (
    Fold,
    LineChange,
    Match,
    Piece,
    Table,
    TextDiff,
    compare_tables,
    compare_texts,
    count_words,
    find_delta,
    fold_lines,
    match_closely,
    match_sequences,
)
from reportgen.diff.table import is_same_cell
from reportgen.diff.words import MAX_CHARACTERS, MAX_LINES

letters = st.lists(st.sampled_from("abcd"), max_size=14)

# Sequences


def n_common(old: Sequence[str], new: Sequence[str]) -> int:
    """The length of the longest common subsequence, by the textbook."""
    row = [0] * (len(new) + 1)
    for element in old:
        before = row[:]
        for j, other in enumerate(new):
            row[j + 1] = before[j] + 1 if element == other else max(row[j], before[j + 1])
    return row[-1]


def check_matches(old: Sequence[Any], new: Sequence[Any], matches: Sequence[Match]) -> None:
    i = j = 0
    for match in matches:
        assert match.size > 0
        assert match.old >= i
        assert match.new >= j
        i, j = match.old + match.size, match.new + match.size
        assert old[match.old : i] == new[match.new : j]
    assert i <= len(old)
    assert j <= len(new)


@given(letters, letters)
def test_few_edits_are_matched_as_well_as_can_be(old: list[str], new: list[str]) -> None:
    matches = match_sequences(old, new)
    check_matches(old, new, matches)
    assert sum(match.size for match in matches) == n_common(old, new)


@given(letters, letters, st.integers(0, 5))
def test_matches_hold_where_there_are_too_many_edits(old: list[str], new: list[str], most: int) -> None:
    check_matches(old, new, match_sequences(old, new, most_edits=most))


@given(letters, letters, st.integers(0, 28))
def test_sequences_are_close_when_few_elements_come_and_go(old: list[str], new: list[str], most: int) -> None:
    matches = match_closely(old, new, most)
    n_edits = len(old) + len(new) - 2 * n_common(old, new)
    assert (matches is not None) is (n_edits <= most)
    assert matches is None or len(old) + len(new) - 2 * sum(match.size for match in matches) == n_edits


# Texts

words = st.lists(st.sampled_from(["one", "two", "0.81", "0.84", ",", ".", "|", "**", "  ", "\t", "é"]), max_size=9)
documents = st.lists(words.map(" ".join), max_size=9).map("\n".join)
any_text = st.text(max_size=60) | documents


def side(found: TextDiff, sign: str) -> str:
    """The old text (`"-"`) or the new one (`"+"`) of a difference."""
    lines = [line for line in found.lines if line.sign in {"=", "~", sign}]
    return "\n".join("".join(piece.text for piece in line.pieces if piece.sign in {"=", sign}) for line in lines)


@given(any_text, any_text)
def test_difference_of_texts_gives_both_texts(old: str, new: str) -> None:
    found = compare_texts(old, new)
    assert side(found, "-") == old.replace("\r\n", "\n")
    assert side(found, "+") == new.replace("\r\n", "\n")


@given(any_text, any_text)
def test_signs_of_lines_and_pieces_agree(old: str, new: str) -> None:
    check_lines(compare_texts(old, new))


def check_lines(found: TextDiff) -> None:
    for line in found.lines:
        signs = {piece.sign for piece in line.pieces}
        assert signs <= ({"=", "-", "+"} if line.sign == "~" else {line.sign})
        assert line.sign != "~" or signs & {"-", "+"}
        assert all(one.sign != other.sign for one, other in zip(line.pieces, line.pieces[1:], strict=False))


@given(any_text)
def test_text_does_not_differ_from_itself(text: str) -> None:
    assert {line.sign for line in compare_texts(text, text.replace("\n", "\r\n")).lines} <= {"="}


@given(st.lists(st.sampled_from("=====-+"), max_size=40), st.integers(0, 3))
def test_folding_leaves_out_only_what_is_far_from_a_change(signs: list[str], context: int) -> None:
    lines = [LineChange(sign, [Piece(sign, str(number))]) for number, sign in enumerate(signs)]
    folded = fold_lines(lines, context)
    assert sum(one.n_lines if isinstance(one, Fold) else 1 for one in folded) == len(lines)
    kept = [one for one in folded if isinstance(one, LineChange)]
    changes = [number for number, sign in enumerate(signs) if sign != "="]
    assert kept == [line for line in lines if line in kept]
    near = {number for number in range(len(signs)) if any(abs(number - change) <= context for change in changes)}
    assert {int(line.pieces[0].text) for line in kept} >= near
    assert all(one.n_lines > 1 for one in folded if isinstance(one, Fold))


def pieces_of(old: str, new: str) -> str:
    """The difference of two texts, removed words in [], added ones in {}."""
    marks = {"=": "", "-": "[]", "+": "{}"}
    lines = compare_texts(old, new).lines
    return "\n".join("".join(f"{marks[p.sign][:1]}{p.text}{marks[p.sign][1:]}" for p in line.pieces) for line in lines)


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("Run of 19 November", "Run of 20 November", "Run of [19]{20} November"),
        ("It is right.", "It is right, as before.", "It is right{, as before}."),
        ("A loss of 0.124.", "A loss of 0.121.", "A loss of [0.124]{0.121}."),
        ("one two three four five six", "one 2 3 four five six", "one [two three]{2 3} four five six"),
        ("Nothing of this", "All is other", "[Nothing of this]\n{All is other}"),
        ("same\nold words", "same\nnew lines", "same\n[old words]\n{new lines}"),
        ("a\nb", "a\nx\nb", "a\n{x}\nb"),
        ("| cat | 0.81 |\n| dog | 0.9 |", "| cat | 0.84 |\n| dog | 0.9 |", "| cat | [0.81]{0.84} |\n| dog | 0.9 |"),
    ],
)  # fmt: skip
def test_words_that_changed_are_marked(old: str, new: str, shown: str) -> None:
    assert pieces_of(old, new) == shown


def test_words_are_counted() -> None:
    lines = compare_texts("It is 19 by now, all in all", "It is 20 or 21 by now, all in all").lines
    assert (count_words(lines, "+"), count_words(lines, "-")) == (3, 1)


@pytest.mark.parametrize("text", ["x" * (MAX_CHARACTERS + 1), "\n" * MAX_LINES], ids=["characters", "lines"])
def test_text_that_is_too_long_is_not_compared(text: str) -> None:
    assert compare_texts(text, "x") == compare_texts("x", text) == TextDiff([], is_compared=False)


RNG = random.Random(5)
HOSTILE: dict[str, Callable[[], tuple[str, str]]] = {
    "one word": lambda: ("a " * 100_000, "a " * 99_999 + "b"),
    "line over line": lambda: ("a\n" * 4_000, "a\nb\n" * 2_000),
    "few lines": lambda: ("\n".join(RNG.choices("abcd", k=4_900)), "\n".join(RNG.choices("abcd", k=4_900))),
    "few words": lambda: (
        "\n".join(" ".join(RNG.choices("abcd", k=60)) for _ in range(400)),
        "\n".join(" ".join(RNG.choices("abcd", k=60)) for _ in range(400)),
    ),
    "like lines": lambda: (
        "\n".join(f"a b c d e f g h {n}" for n in range(4_900)),
        "\n".join(f"a b c d e f g h {n}" for n in range(9_000, 4_100, -1)),
    ),
    "signs": lambda: ("!" * 200_000, "!?" * 100_000),
    "blanks": lambda: (" " * 200_000, "\t" * 200_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_takes_long(name: str) -> None:
    old, new = HOSTILE[name]()
    start = time.process_time()
    found = compare_texts(old, new)
    assert time.process_time() - start < 2
    assert (side(found, "-"), side(found, "+")) == (old, new)
    check_lines(found)


# Tables

cells = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, "a", "b", "", [1], [True], {"a": 1}])
)
names = st.lists(st.sampled_from(["id", "share", "note", ""]), max_size=4)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    columns = draw(names)
    keys = st.permutations([*"pqrstu"])
    rows = draw(st.lists(st.lists(cells, min_size=len(columns), max_size=len(columns)), max_size=6))
    if columns and draw(st.booleans()):
        rows = [[key, *row[1:]] for key, row in zip(draw(keys), rows, strict=False)]
    return Table(columns, rows)


@given(tables(), tables())
def test_difference_of_tables_accounts_for_every_row_and_column(old: Table, new: Table) -> None:
    found = compare_tables(old, new)
    n_changed, n_added, n_removed = (found.count(sign) for sign in "~+-")
    assert n_removed + n_changed + found.n_same == len(old.rows)
    assert n_added + n_changed + found.n_same == len(new.rows)
    for places, table in (([row.old for row in found.rows], old), ([row.new for row in found.rows], new)):
        there = [place for place in places if place is not None]
        assert len({*there}) == len(there)
        assert {*there} <= {*range(len(table.rows))}
    assert sorted(c.old for c in found.columns if c.old is not None) == [*range(len(old.columns))]
    assert [c.new for c in found.columns if c.new is not None] == [*range(len(new.columns))]
    for name, i, j in found.columns:
        assert i is None or old.columns[i] == name
        assert j is None or new.columns[j] == name


@given(tables(), tables())
def test_changed_rows_name_exactly_the_cells_that_differ(old: Table, new: Table) -> None:
    found = compare_tables(old, new)
    for row in found.rows:
        assert (row.old is None) is (row.sign == "+")
        assert (row.new is None) is (row.sign == "-")
        if row.old is not None and row.new is not None:
            before, after = old.rows[row.old], new.rows[row.new]
            common = [(n, i, j) for n, (_, i, j) in enumerate(found.columns) if i is not None and j is not None]
            assert row.cells == [n for n, i, j in common if not is_same_cell(before[i], after[j])] != []
            assert found.key not in row.cells


@given(tables())
def test_table_does_not_differ_from_itself(table: Table) -> None:
    found = compare_tables(table, table)
    assert (found.rows, found.n_same, found.n_cells) == ([], len(table.rows), 0)
    assert not found.is_reordered
    assert not found.is_resorted


def test_rows_are_matched_by_a_key() -> None:
    old = Table(["class", "f1"], [["cat", 0.81], ["dog", 0.9], ["eel", 0.2]])
    new = Table(["f1", "class"], [[0.9, "dog"], [0.84, "cat"], [0.2, "fox"]])
    found = compare_tables(old, new)
    assert found.columns[found.key or 0].name == "class"
    assert [(row.sign, row.old, row.new) for row in found.rows] == [("~", 0, 1), ("+", None, 2), ("-", 2, None)]
    assert found.is_reordered
    assert found.is_resorted


def test_rows_without_a_key_are_matched_by_their_cells_and_order() -> None:
    old = Table(["x", "y"], [[0.5, 1.5], [0.5, 2.5], [0.5, 3.5]])
    new = Table(["x", "y"], [[0.1, 9.5], [0.5, 1.5], [0.5, 2.5], [0.7, 3.5]])
    found = compare_tables(old, new)
    assert found.key is None
    assert [(row.sign, row.old, row.new) for row in found.rows] == [("+", None, 0), ("~", 2, 3)]


@pytest.mark.parametrize(
    ("old", "new", "is_same"),
    [(1, 1.0, True), (1, True, False), (0, False, False), (None, None, True), (None, 0, False), ("1", 1, False),
     ([1], [True], False), ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True), ("a", "a", True)],
)  # fmt: skip
def test_cells_are_the_same_when_they_mean_the_same(old: Any, new: Any, is_same: bool) -> None:
    assert is_same_cell(old, new) is is_same is is_same_cell(new, old)


@pytest.mark.parametrize(
    ("old", "new", "delta"),
    [(1, 3, 2.0), (0.5, 0.25, -0.25), (True, 2, None), (None, 2, None), ("Infinity", 2, None), (10**400, 1, None),
     (1e308, -1e308, None), (float("nan"), 1, None)],
)  # fmt: skip
def test_delta_is_given_for_plain_numbers(old: Any, new: Any, delta: float | None) -> None:
    assert find_delta(old, new) == delta


def test_no_table_takes_long() -> None:
    old = Table(["a"] * 50, [[RNG.random() < 0.5 for _ in range(50)] for _ in range(1000)])
    new = Table(["a"] * 50, [[RNG.random() < 0.5 for _ in range(50)] for _ in range(1000)])
    start = time.process_time()
    compare_tables(old, new)
    assert time.process_time() - start < 2
