"""Errors that users see, which workers in other processes raise, too."""

from __future__ import annotations

import copy
import pickle

import pytest

from reportgen.errors import InputError, OutputError, ReportgenError


@pytest.mark.parametrize("kind", [ReportgenError, InputError, OutputError])
def test_error_is_the_same_after_a_way_through_another_process(kind: type[ReportgenError]) -> None:
    error = kind("the disk is full", hint="make room", slug="cannot-write")
    error.add_note("while writing")
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(other) is kind
        assert (other.message, other.hint, other.slug, str(other), other.args, other.__notes__) == (
            "the disk is full",
            "make room",
            "cannot-write",
            "the disk is full: make room",
            ("the disk is full",),
            ["while writing"],
        )
