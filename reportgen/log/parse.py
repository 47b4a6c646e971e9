"""What one line of a journal says: a record, something that this version does not know, or nothing but a reason.

Journals and segments give the same `Line`s, and whoever merges or seals them looks at nothing else: that is why a
build cannot tell a sealed log from an open one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, get_args

import msgspec

from reportgen.records import MAX_SEQ, AnyRecord, Artifact, ArtifactType, End, ErrorInfo, encode_line

_BLANK = b" \t\r\n"
PADDING = b"\x00" + _BLANK
_NOT_A_RECORD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

STRUCTS: dict[str, Any] = {str(struct.__struct_config__.tag): struct for struct in get_args(AnyRecord)}


class Line(NamedTuple):
    """A line that is not blank.

    Attributes
    ----------
    number
        Where it is in its journal, from 1.
    record
        What it says, when this version knows all of that; then the rest of the line does not matter.
    raw
        Its bytes with the newline, if it has one. Empty when a segment holds the record alone.
    """

    number: int
    record: AnyRecord | None
    raw: bytes


class Meaning(NamedTuple):
    """What a line says that is no plain record.

    Attributes
    ----------
    record
        The record that is left without its unknown fields.
    unknown
        Number, kind and text of a line that holds what this version does not know.
    reasons
        What is wrong with the line, for people.
    """

    record: AnyRecord | None = None
    unknown: tuple[int, str, str] | None = None
    reasons: tuple[str, ...] = ()


def record_form(record: AnyRecord) -> bytes:
    """Give the one form that equal records have, whoever wrote them."""
    try:
        return encode_line(record)
    except RecursionError:  # it was read just below the limit, and is written a call above it
        return b""


def iter_lines(file: Iterable[bytes]) -> Iterator[Line]:
    """Give the lines of a journal."""
    for number, raw in enumerate(file, 1):
        line = make_line(number, raw)
        if line.record is not None or raw.strip(_BLANK):
            yield line


def make_line(number: int, raw: bytes) -> Line:
    """Give the line with these bytes."""
    try:
        return Line(number, None if b"\x00" in raw else _decode(raw), raw)
    except _NOT_A_RECORD:
        return Line(number, None, raw)


def interpret(raw: bytes) -> Meaning:
    """Say what is in a line that is no plain record."""
    line = raw.strip(PADDING)
    meaning = _interpret_text(line) if line else Meaning()
    reasons = meaning.reasons
    if reasons and not raw.endswith(b"\n"):
        reasons = (f"torn, as when a process is stopped while writing: {reasons[0]}",)
    if b"\x00" in raw:
        reasons = (f"{raw.count(0):,} NUL bytes, as a crashed file system leaves them", *reasons)
    return meaning._replace(reasons=reasons)


def _interpret_text(line: bytes) -> Meaning:
    try:
        return Meaning(_decode(line))
    except _NOT_A_RECORD as error:
        bad = Meaning(reasons=(_describe(error),))
    try:
        fields: Any = msgspec.json.decode(line)
    except _NOT_A_RECORD:
        return bad
    if not (isinstance(fields, dict) and type(fields.get("seq")) is int and isinstance(fields.get("kind"), str)):
        return bad
    if not 0 <= fields["seq"] <= MAX_SEQ:
        return bad
    unknown = (fields["seq"], fields["kind"], line.decode())
    struct = STRUCTS.get(fields["kind"])
    if struct is None:
        return Meaning(unknown=unknown)
    known = _known_fields(struct, fields)
    is_new_artifact = struct is Artifact and _is_new_type(known.get("type"))
    if is_new_artifact:
        known["type"] = "markdown"  # stands for it while the other fields are looked at
    try:
        record: AnyRecord = msgspec.convert(known, struct)
    except msgspec.ValidationError:
        return bad
    return Meaning(None if is_new_artifact else record, unknown)


def _known_fields(struct: Any, fields: dict[str, Any]) -> dict[str, Any]:
    known = {key: value for key, value in fields.items() if key in struct.__struct_fields__}
    if struct is End and isinstance(known.get("error"), dict):
        known["error"] = {key: value for key, value in known["error"].items() if key in ErrorInfo.__struct_fields__}
    return known


def _is_new_type(name: Any) -> bool:
    return isinstance(name, str) and name not in get_args(ArtifactType)


def _describe(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "not valid UTF-8"
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return str(error).replace(os.linesep, " ")


_decode = msgspec.json.Decoder(AnyRecord).decode
