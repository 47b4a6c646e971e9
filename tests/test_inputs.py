"""What step code may hand over, and what is said when it may not."""

from __future__ import annotations

import base64
import datetime as dt
import enum
import json
import math
import re
import uuid
from collections import OrderedDict, UserList
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.inputs.cells import to_cell, to_param
from reportgen.inputs.images import image_extension, read_image
from reportgen.inputs.names import KEY_RULE, check_key, check_name
from reportgen.inputs.numbers import to_number, to_numbers, to_percent
from reportgen.inputs.tables import to_table

NAN, INF = math.nan, math.inf

PNG = b"\x89PNG\r\n\x1a\n" + b"rest"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


class Colour(enum.Enum):
    RED = "red"
    BLUE = 2.5
    NOTHING = None


class Level(enum.IntEnum):
    HIGH = 3


class Word(enum.StrEnum):
    YES = "yes"


class NumPyText(str):
    """A subclass of `str`, as NumPy's scalar is one."""

    __slots__ = ()


class Capsule:
    """A data frame of which only the Arrow interface is known, as polars' or duckdb's."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


# Keys and names


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


# Numbers


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3.0),
        (0.5, 0.5),
        (True, 1.0),
        (Fraction(1, 4), 0.25),
        (Decimal("0.5"), 0.5),
        (Level.HIGH, 3.0),
        (NAN, "NaN"),
        (INF, "Infinity"),
        (-INF, "-Infinity"),
        (Decimal("NaN"), "NaN"),
        (10**400, "Infinity"),
        (-(10**400), "-Infinity"),
    ],
    ids=str,
)
def test_real_number_is_taken(value: Any, number: object) -> None:
    assert to_number(value, "x") == number
    assert type(to_number(value, "x")) in {float, str}


@pytest.mark.parametrize(
    "value",
    ["1", b"1", None, 1j, [1], {}, object(), Colour.BLUE, dt.timedelta(1)],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_real_number_is_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError, match=f"^metric 'm' must be a real number, not {type(value).__name__}$"):
        to_number(value, "metric 'm'")


@pytest.mark.parametrize(
    "values", [[1, 2.5, True], (1, 2.5, True), iter([1, 2.5, True]), UserList([1, 2.5, True]), pa.array([1, 2.5, 1])]
)
def test_any_sequence_of_numbers_is_taken(values: Any) -> None:
    if isinstance(values, pa.Array):
        values = values.to_pylist()
    assert to_numbers(values, "x") == [1.0, 2.5, 1.0]


@pytest.mark.parametrize("values", ["12", b"12", {1: 2}, 3, None])
def test_what_is_no_sequence_of_numbers_is_a_type_error(values: Any) -> None:
    with pytest.raises(TypeError, match=f"^x must be a list of real numbers, not {type(values).__name__}$"):
        to_numbers(values, "x")


def test_error_in_a_sequence_names_the_place() -> None:
    with pytest.raises(TypeError, match=re.escape("x[2] must be a real number, not str")):
        to_numbers([1, 2, "3"], "x")


@pytest.mark.parametrize(
    ("progress", "percent", "clamped"),
    [
        (0, 0, False),
        (100, 100, False),
        (33.3, 33.3, False),
        (-1, 0, True),
        (100.1, 100, True),
        (INF, 100, True),
        (-INF, 0, True),
        (True, 1, False),
    ],
)
def test_progress_is_clamped(progress: float, percent: float, clamped: bool) -> None:
    assert to_percent(progress) == (percent, clamped)


def test_progress_is_never_nan() -> None:
    with pytest.raises(ValueError, match="not NaN"):
        to_percent(NAN)


def test_progress_is_a_number() -> None:
    with pytest.raises(TypeError, match="progress must be a real number, not str"):
        to_percent("50")


# Tables

TABLE = {"columns": ["id", "p"], "rows": [[1, 0.5], [2, None]]}


@pytest.mark.parametrize(
    "table",
    [
        {"id": [1, 2], "p": [0.5, NAN]},
        {"id": (1, 2), "p": iter([0.5, None])},
        OrderedDict(id=range(1, 3), p=[0.5, None]),
        [{"id": 1, "p": 0.5}, {"id": 2}],
        ({"id": 1, "p": 0.5}, {"id": 2, "p": None}),
        UserList([{"id": 1, "p": 0.5}, {"id": 2}]),
        pa.table({"id": [1, 2], "p": [0.5, None]}),
        pa.record_batch({"id": [1, 2], "p": [0.5, NAN]}),
        Capsule(pa.table({"id": [1, 2], "p": [0.5, None]})),
    ],
    ids=lambda table: type(table).__name__,
)
def test_table_has_one_form_whatever_it_came_in(table: Any) -> None:
    assert to_table(table) == TABLE


def test_columns_are_the_union_of_keys_in_order_of_appearance() -> None:
    table = to_table([{"b": 1}, {"a": 2, "b": 3}, {}, {"c": 4, "a": 5}])
    assert table == {"columns": ["b", "a", "c"], "rows": [[1, None, None], [3, 2, None], [None] * 3, [None, 5, 4]]}


def test_lists_are_rows_and_short_ones_are_filled() -> None:
    assert to_table([[1, 2], (3,), []]) == {"columns": ["0", "1"], "rows": [[1, 2], [3, None], [None, None]]}


def test_names_of_columns_become_text() -> None:
    assert to_table({1: ["a"], None: ["b"]})["columns"] == ["1", "None"]
    assert to_table([{1: "a", ("x", 2): "b"}]) == {"columns": ["1", "('x', 2)"], "rows": [["a", "b"]]}


@pytest.mark.parametrize("table", [{}, [], (), pa.table({})], ids=str)
def test_empty_table_is_a_table(table: Any) -> None:
    assert to_table(table) == {"columns": [], "rows": []}


def test_table_without_rows_keeps_its_columns() -> None:
    assert to_table({"a": [], "b": []}) == {"columns": ["a", "b"], "rows": []}
    assert to_table(pa.table({"a": pa.array([], pa.int64())})) == {"columns": ["a"], "rows": []}


def test_data_frame_may_name_two_columns_alike() -> None:
    table = pa.table([[1], [2]], names=["a", "a"])
    assert to_table(table) == {"columns": ["a", "a"], "rows": [[1, 2]]}


def test_data_frame_columns_of_every_kind() -> None:
    table = pa.table(
        {
            "text": ["é"],
            "number": pa.array([1.5], pa.float32()),
            "flag": [True],
            "decimal": pa.array([Decimal("1.50")]),
            "day": pa.array([dt.date(2026, 11, 20)]),
            "time": pa.array([1], pa.time64("ns")),
            "at": pa.array([1_000_000_123_456_789], pa.timestamp("ns", "UTC")),
            "took": pa.array([1_500_000_001], pa.duration("ns")),
            "list": [[1, None]],
            "struct": [{"a": INF}],
            "category": pa.array(["x"]).dictionary_encode(),
            "nothing": pa.nulls(1),
        }
    )
    (row,) = to_table(table)["rows"]
    assert dict(zip(table.column_names, row, strict=True)) == {
        "text": "é",
        "number": 1.5,
        "flag": True,
        "decimal": "1.50",
        "day": "2026-11-20",
        "time": "00:00:00",
        "at": "1970-01-12T13:46:40.123456+00:00",
        "took": "PT1.5S",
        "list": [1, None],
        "struct": {"a": "Infinity"},
        "category": "x",
        "nothing": None,
    }


CELLS: list[tuple[Any, Any]] = [
    (None, None),
    (True, True),
    (3, 3),
    (10**30, 10**30),
    (0.5, 0.5),
    ("é\n", "é\n"),
    (NAN, None),
    (INF, "Infinity"),
    (-INF, "-Infinity"),
    (dt.date(2026, 11, 20), "2026-11-20"),
    (dt.datetime(2026, 11, 20, 2, 0, 4), "2026-11-20T02:00:04"),  # noqa: DTZ001
    (dt.datetime(2026, 11, 20, 2, tzinfo=dt.UTC), "2026-11-20T02:00:00+00:00"),
    (dt.time(2, 0, 4, 5), "02:00:04.000005"),
    (dt.timedelta(days=1, seconds=2.5), "P1DT2.5S"),
    (dt.timedelta(seconds=-1), "-PT1S"),
    (Decimal("1.50"), "1.50"),
    (Decimal("NaN"), None),
    (Decimal("sNaN"), None),
    (Decimal("-Infinity"), "-Infinity"),
    (uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
    (Colour.RED, "red"),
    (Colour.BLUE, 2.5),
    (Colour.NOTHING, None),
    (Level.HIGH, 3),
    (Word.YES, "yes"),
    (PurePosixPath("a/b"), "a/b"),
    (NumPyText("a"), "a"),
    ([1, NAN, (2,)], [1, None, [2]]),
    ({"a": {"b": INF}, 1: Path("x")}, {"a": {"b": "Infinity"}, "1": "x"}),
    ({3, 1, 2}, [1, 2, 3]),
    (frozenset("ba"), ["a", "b"]),
]


@pytest.mark.parametrize(
    ("cell", "form"), CELLS, ids=[f"{type(cell).__name__}-{n}" for n, (cell, _) in enumerate(CELLS)]
)
def test_cell_has_a_json_form(cell: Any, form: Any) -> None:
    result = to_cell(cell, "here")
    assert result == form
    assert type(result) is type(form)
    assert json.loads(json.dumps(result, allow_nan=False)) == form


class NotATime(dt.datetime):
    """pandas' NaT: a `datetime` that does not equal itself."""

    def __ne__(self, other: object) -> bool:
        return True

    __hash__ = dt.datetime.__hash__


def test_missing_time_is_null() -> None:
    assert to_cell(NotATime(1970, 1, 1, tzinfo=dt.UTC), "here") is None


@pytest.mark.parametrize(
    "cell", [1j, b"x", object(), print, int, range(3), (n for n in "ab")], ids=lambda c: str(type(c))
)
def test_cell_of_another_type_names_row_and_column(cell: Any) -> None:
    kind = type(cell).__name__
    message = re.escape(f"row 1, column 'p': {kind} cannot be shown in a table; convert it to text or a number")
    for table in ({"p": [1, cell]}, [{"p": 1}, {"p": cell}], [{"p": 1}, {"p": [{"deep": cell}]}]):
        with pytest.raises(TypeError, match=f"^{message}$"):
            to_table(table)
    with pytest.raises(TypeError, match=r"^row 1, column '0': "):
        to_table([[1], [cell]])


def test_cell_of_a_data_frame_that_cannot_be_shown_names_row_and_column() -> None:
    with pytest.raises(TypeError, match=r"^row 0, column 'raw': bytes cannot be shown"):
        to_table(pa.table({"id": [1], "raw": [b"x"]}))


def test_endless_cell_names_row_and_column() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(TypeError, match=r"^row 0, column 'a': list is nested too deeply"):
        to_table({"a": [endless]})


@pytest.mark.parametrize(
    "table", [None, 3, "text", b"bytes", {1, 2}, (n for n in "ab")], ids=lambda t: type(t).__name__
)
def test_what_is_no_table_is_a_type_error(table: Any) -> None:
    kind = type(table).__name__
    message = f"a table must be a dict of lists, a list of dicts or lists, or a data frame, not {kind}"
    with pytest.raises(TypeError, match=f"^{message}$"):
        to_table(table)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"a": 1}, "column 'a' must be a list, not int"),
        ({"a": "text"}, "column 'a' must be a list, not str"),
        ([1], "row 0 must be a list, not int"),
        ([[1], "text"], "row 1 must be a list, not str"),
        ([[1], {"a": 1}], "row 1 must be a list, not dict"),
    ],
)
def test_what_is_no_column_or_row_is_named(table: Any, message: str) -> None:
    with pytest.raises(TypeError, match=f"^{message}$"):
        to_table(table)


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"must have one length, not \{'a': 1, 'b': 2\}"):
        to_table({"a": [1], "b": [1, 2]})


def test_wide_table_is_read_once() -> None:
    class Counted(dict[str, int]):
        n_reads = 0

        def items(self) -> Any:
            Counted.n_reads += 1
            return super().items()

    to_table([Counted({str(column): column for column in range(50)}) for _ in range(3)])
    assert Counted.n_reads == 3


json_cells = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.decimals() | st.uuids(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(st.text(min_size=1), json_cells, min_size=1, max_size=4).flatmap(lambda row: st.lists(st.just(row)))
)
def test_dict_of_lists_and_list_of_dicts_are_one_table(rows: list[dict[str, Any]]) -> None:
    by_row = to_table(rows)
    by_column = to_table({name: [row[name] for row in rows] for name in (rows[0] if rows else {})})
    assert by_row == by_column
    assert json.loads(json.dumps(by_row, allow_nan=False)) == by_row


@given(json_cells)
def test_form_of_a_form_is_itself(cell: Any) -> None:
    form = to_cell(cell, "here")
    assert to_cell(form, "here") == form


# NumPy and data frames


def test_numpy_scalars_are_numbers() -> None:
    np = pytest.importorskip("numpy")
    for kind in ("float16", "float32", "float64", "longdouble", "int8", "uint64", "bool"):
        assert to_number(np.dtype(kind).type(1), "x") == 1.0
        assert to_cell(np.dtype(kind).type(1), "here") == 1
    assert to_number(np.array(2.5), "x") == 2.5
    assert to_number(np.float32("nan"), "x") == "NaN"


def test_numpy_arrays_are_lists_of_numbers() -> None:
    np = pytest.importorskip("numpy")
    assert to_numbers(np.arange(3), "x") == [0.0, 1.0, 2.0]
    assert to_numbers(np.array([True, False]), "x") == [1.0, 0.0]
    assert to_numbers([np.float32(0.5), np.int8(1)], "x") == [0.5, 1.0]


def test_numpy_arrays_of_other_things_are_type_errors() -> None:
    np = pytest.importorskip("numpy")
    times = np.array(["2026-01-01"], dtype="M8[ns]")
    for values in (np.ones((2, 2)), np.array(1.0), np.array(["a"]), np.array([1j]), times, times - times):
        with pytest.raises(TypeError, match=r"^x"):
            to_numbers(values, "x")
    for value in (np.ones(1), np.array(["a"])[0], np.complex64(1), times[0]):
        with pytest.raises(TypeError, match=r"^x must be a real number, not "):
            to_number(value, "x")


def test_numpy_cells_have_the_forms_of_python_cells() -> None:
    np = pytest.importorskip("numpy")
    cells = [
        (np.float32("nan"), None),
        (np.float32("inf"), "Infinity"),
        (np.longdouble("0.5"), 0.5),
        (np.bool_(True), True),
        (np.int64(3), 3),
        (np.str_("é"), "é"),
        (np.datetime64("2026-11-20T02:00:04.123456789"), "2026-11-20T02:00:04.123456"),
        (np.datetime64("2026-11-20"), "2026-11-20T00:00:00"),
        (np.datetime64("NaT"), None),
        (np.datetime64("99999-01-01"), "99999-01-01"),
        (np.timedelta64(1500, "ms"), "PT1.5S"),
        (np.timedelta64("NaT"), None),
        (np.array([1.0, np.nan]), [1.0, None]),
        (np.array(3), 3),
    ]
    for cell, form in cells:
        assert to_cell(cell, "here") == form
        assert type(to_cell(cell, "here")) is type(form)
    for cell in (np.complex64(1), np.bytes_(b"a")):
        with pytest.raises(TypeError, match=r"^here: "):
            to_cell(cell, "here")


def test_numpy_columns_and_rows_make_tables() -> None:
    np = pytest.importorskip("numpy")
    table = {"columns": ["a"], "rows": [[1.0], [None]]}
    assert to_table({"a": np.array([1.0, np.nan])}) == table
    assert to_table([np.array([1.0]), np.array([np.nan])]) == {**table, "columns": ["0"]}


class Tensor:
    """A tensor with no dimension, as PyTorch has them: its `dtype` has no `kind`."""

    dtype = object()
    shape = ()

    def item(self) -> float:
        return 0.5


def test_scalar_of_another_library_is_its_item() -> None:
    assert to_cell(Tensor(), "here") == 0.5


def test_pandas_data_frame_is_a_table() -> None:
    pd = pytest.importorskip("pandas")
    assert to_table(pd.DataFrame({"id": [1, 2], "p": [0.5, NAN]})) == TABLE


# Parameters


class Unprintable:
    def __repr__(self) -> str:
        raise OSError("no words")


class Hostile(Mapping[str, int]):
    def __getitem__(self, key: str) -> int:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("not today")

    def __len__(self) -> int:
        return 1


def make_endless() -> Any:
    endless: dict[str, Any] = {}
    endless["again"] = endless
    return endless


def make_deep() -> Any:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    return deep


@pytest.mark.parametrize(
    ("make", "start"),
    [
        (lambda: 0.1, 0.1),
        (lambda: {"lr": [0.1, Path("a")]}, {"lr": [0.1, "a"]}),
        (lambda: 10**30, 10**30),
        (lambda: 1j, "1j"),
        (lambda: b"ab", "b'ab'"),
        (Unprintable, "<Unprintable>"),
        (lambda: {"deep": [Unprintable()]}, "<dict>"),
        (Hostile, "<"),
        (make_endless, "{'again': {...}}"),
        (make_deep, "<list>"),
        (lambda: "\ud800", "'\\ud800'"),
    ],
    ids=[
        "float",
        "dict",
        "large-int",
        "complex",
        "bytes",
        "unprintable",
        "nested-unprintable",
        "hostile",
        "endless",
        "deep",
        "lone-surrogate",
    ],
)
def test_every_parameter_has_a_form(make: Callable[[], Any], start: Any) -> None:
    form = to_param(make())
    assert form == start or (isinstance(form, str) and form.startswith(start))


@pytest.mark.parametrize("make", [lambda: "x" * 10**6, lambda: list(range(10**5)), lambda: {"a": b"x" * 10**6}])
def test_huge_parameter_is_cut(make: Callable[[], Any]) -> None:
    form = to_param(make())
    assert isinstance(form, str)
    assert len(form) == 501
    assert form.endswith("…")


# Images


@pytest.mark.parametrize("url", ["http://example.org/a.png", "https://example.org/a?b=c"])
def test_image_on_the_web_stays_there(url: str) -> None:
    assert read_image(url) == url


@pytest.mark.parametrize(
    ("url", "content", "extension"),
    [
        ("data:image/png;base64," + base64.b64encode(PNG).decode(), PNG, "png"),
        ("data:image/PNG;base64," + base64.b64encode(PNG).decode().replace("=", "%3D"), PNG, "png"),
        ("data:image/svg+xml;charset=utf-8,%3Csvg%20xmlns='x'/%3E", b"<svg xmlns='x'/>", "svg"),
        ("data:image/jpeg;base64," + base64.b64encode(PNG).decode(), PNG, "png"),
    ],
    ids=["base64", "quoted-base64", "text", "wrong-media-type"],
)
def test_data_url_is_unpacked_and_its_content_decides(url: str, content: bytes, extension: str) -> None:
    assert read_image(url) == (content, extension, "")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("data:text/html,<b>", "a data URL must hold an image"),
        ("data:image/png", "a data URL must hold an image"),
        ("data:,x", "a data URL must hold an image"),
        ("data:image/png;base64,####", "the data URL is not valid base64"),
        ("data:image/png;base64,YWJj", "the image is none of PNG, JPEG"),
    ],
)
def test_data_url_without_an_image_is_refused(url: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_image(url)


def test_image_file_is_read_by_path(tmp_path: Path) -> None:
    path = tmp_path / "plot.txt"
    path.write_bytes(PNG)
    assert read_image(path) == (PNG, "png", "plot.txt")
    assert read_image("plot.txt") == (PNG, "png", "plot.txt")


def test_image_file_that_is_not_there_is_an_os_error() -> None:
    with pytest.raises(FileNotFoundError):
        read_image("nowhere.png")


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_are_an_image(kind: type) -> None:
    assert read_image(kind(PNG)) == (PNG, "png", "")


class Figure:
    def savefig(self, file: Any, *, format: str, **options: Any) -> None:  # noqa: A002
        file.write(PNG + format.encode() + str(options["metadata"]).encode())


class Picture:
    mode = "RGB"

    def save(self, file: Any, format: str) -> None:  # noqa: A002
        file.write(PNG + format.encode())


def test_figure_is_saved_as_png_without_the_version_of_its_software() -> None:
    assert read_image(Figure()) == (PNG + b"png" + b"{'Software': None}", "png", "")


def test_picture_is_saved_as_png() -> None:
    assert read_image(Picture()) == (PNG + b"PNG", "png", "")


def test_pil_image_is_saved_as_png() -> None:
    image = pytest.importorskip("PIL.Image")
    content, extension, name = read_image(image.new("L", (1, 1)))
    assert (image_extension(content), extension, name) == ("png", "png", "")


@pytest.mark.parametrize("image", [None, 3, [PNG], object()], ids=lambda image: type(image).__name__)
def test_what_is_no_image_is_a_type_error(image: Any) -> None:
    with pytest.raises(TypeError, match=f"an image must be .*, not {type(image).__name__}$"):
        read_image(image)


@pytest.mark.parametrize(
    ("content", "extension"),
    [
        (PNG, "png"),
        (b"\xff\xd8\xff\xe0", "jpg"),
        (b"GIF89a", "gif"),
        (b"GIF87a", "gif"),
        (b"RIFF\x00\x00\x00\x00WEBP", "webp"),
        (b"\x00\x00\x00\x20ftypavif", "avif"),
        (SVG, "svg"),
        (b"\xef\xbb\xbf\n " + SVG, "svg"),
        (b'<?xml version="1.0"?>\n<!-- c -->\n' + SVG, "svg"),
        (b"<!DOCTYPE svg>" + SVG, "svg"),
    ],
)
def test_format_of_an_image_is_told_by_its_first_bytes(content: bytes, extension: str) -> None:
    assert image_extension(content) == extension


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG",
        b"BM",
        b"II*\x00",
        b"%PDF-1.7",
        b"<html><svg></svg></html>",
        b"<?xml version='1.0'?><rss/>",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"text <svg>",
    ],
)
def test_other_formats_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="none of PNG, JPEG, GIF, WebP, AVIF, SVG"):
        image_extension(content)


@given(st.binary(max_size=40))
def test_any_bytes_are_an_image_or_a_value_error(content: bytes) -> None:
    try:
        assert image_extension(content) in {"png", "jpg", "gif", "webp", "avif", "svg"}
    except ValueError as error:
        assert "none of" in str(error)  # noqa: PT017
