"""Cuts the content of artifacts out of the lines of a log; every other line stays as it was, to the byte.

A line keeps its number, what stands around its record, and all of the record but what people wrote. So whoever reads
it finds the same artifact, of the same version, with the same problems beside it.

Left as they are: artifacts of a type that this version does not know, which have no version, and records of whose
number there is another one, because which of them counts may depend on their content.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from functools import cached_property

import msgspec

from reportgen.errors import OutputError
from reportgen.log.find import LogFile, read_file
from reportgen.log.layout import BLOB_NAME
from reportgen.log.parse import PADDING, Line, interpret, make_line, record_form
from reportgen.log.reader import read_segment
from reportgen.log.rewrite import is_same_line
from reportgen.records import AnyRecord, Artifact, Progress, without_content

Identity = tuple[str, int]  # writer and seq


class Sheet(msgspec.Struct, frozen=True, dict=True):
    """A journal or segment with its lines, blank ones too."""

    file: LogFile
    lines: Sequence[Line]

    @cached_property
    def records(self) -> list[AnyRecord | None]:
        """What each line says."""
        return [line.record or interpret(line.raw).record for line in self.lines]

    def encode(self) -> bytes:
        """Give the file.

        Raises
        ------
        OutputError
            What was made of a segment does not read back as the same records.
        """
        if not self.file.is_segment:
            return b"".join(line.raw for line in self.lines)
        from reportgen.log.segment import decode_segment, encode_segment

        content = encode_segment(self.file.run_id, self.file.writer, self.lines)
        written = [*decode_segment(content)]
        if len(written) != len(self.lines) or not all(map(is_same_line, self.lines, written)):
            message = f"{self.file.path} cannot be rewritten (what was made does not read back as the same records)"
            raise OutputError(message, hint="it is as it was; please report this", slug="cannot-delete")
        return content


def read_sheet(file: LogFile) -> Sheet:
    """Read the lines of a file.

    Raises
    ------
    InputError
        The file cannot be read.
    DamagedSegmentError
        It is not a whole segment.
    """
    if file.is_segment:
        return Sheet(file, [*read_segment(file.path)])
    return Sheet(file, [make_line(number, raw) for number, raw in enumerate(io.BytesIO(read_file(file.path)), 1)])


def find_content(sheets: Sequence[Sheet], artifact_ids: Collection[str]) -> set[Identity]:
    """Say which records hold content of some artifacts."""
    return {
        (sheet.file.writer, record.seq)
        for sheet in sheets
        for record in sheet.records
        if record is not None and artifact_of(record) in artifact_ids and has_content(record)
    }


def find_conflicts(sheets: Sequence[Sheet], identities: Collection[Identity]) -> set[Identity]:
    """Say of which numbers there is more than one record, other than the same with and without content."""
    whole: dict[Identity, set[bytes]] = {identity: set() for identity in identities}
    bare: dict[Identity, set[bytes]] = {identity: set() for identity in identities}
    for sheet in sheets:
        for line, record in zip(sheet.lines, sheet.records, strict=True):
            if record is not None and (identity := (sheet.file.writer, record.seq)) in whole:
                (whole if has_content(record) else bare)[identity].add(_form_of(line, record))
                bare[identity].add(record_form(without_content(record)))
    return {identity for identity in identities if len(whole[identity]) > 1 or len(bare[identity]) > 1}


def cut_out(sheet: Sheet, identities: Collection[Identity]) -> Sheet:
    """Give a file without the content of some records; the same one where there is none."""
    cut = {
        place: _cut_line(sheet.lines[place], record)
        for place, record in enumerate(sheet.records)
        if record is not None and has_content(record) and (sheet.file.writer, record.seq) in identities
    }
    return Sheet(sheet.file, [cut.get(place, line) for place, line in enumerate(sheet.lines)]) if cut else sheet


def find_blobs(sheets: Sequence[Sheet]) -> set[str]:
    """Give the files by content that lines speak of, those that this version does not understand, too."""
    found = {blob_of(record) for sheet in sheets for record in sheet.records}
    raw = [line.raw for sheet in sheets for line in sheet.lines if line.record is None]
    return {blob for blob in found if blob} | {
        blob for line in raw for blob in names_in(line.decode("utf-8", "ignore"))
    }


def names_in(text: str) -> set[str]:
    """Give all names in a text that a file by content could have."""
    return {*BLOB_NAME.findall(text)}


def artifact_of(record: AnyRecord | None) -> str | None:
    """The id of the artifact that a record tells of."""
    if isinstance(record, Artifact):
        return record.id
    return record.artifact if isinstance(record, Progress) else None


def has_content(record: AnyRecord | None) -> bool:
    """Whether something goes when the artifact of the record is deleted."""
    return record is not None and without_content(record) != record


def blob_of(record: AnyRecord | None) -> str | None:
    """The file by content that an artifact's content is in."""
    if not (isinstance(record, Artifact) and isinstance(record.data, dict)):
        return None
    blob = record.data.get("blob")
    return blob if isinstance(blob, str) and BLOB_NAME.fullmatch(blob) else None


def _cut_line(line: Line, record: AnyRecord) -> Line:
    """Put the record without content between what stands around it."""
    text = record_form(without_content(record))
    if not line.raw:
        return make_line(line.number, text)
    body = line.raw.strip(PADDING)
    before, after = line.raw.split(body, 1)
    return make_line(line.number, before + text.removesuffix(b"\n") + after)


def _form_of(line: Line, record: AnyRecord) -> bytes:
    """Give the form by which the reader tells records of one number apart."""
    has_unknown = line.record is None and interpret(line.raw).unknown is not None
    return line.raw.strip(PADDING) if has_unknown else record_form(record)
