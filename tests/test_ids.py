"""Ids: unique in threads and forked children, in the form of RFC 9562, sorted by time."""

from __future__ import annotations

import os
import re
import threading
import uuid
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen import ids
from reportgen.ids import format_id, new_id, new_id_number


@given(st.integers(0, 2**128 - 1))
def test_number_is_written_as_uuid_does(number: int) -> None:
    assert format_id(number) == str(uuid.UUID(int=number))


@given(st.integers(0, 2**48 - 1), st.integers(0, 2**80 - 1))
def test_time_and_random_bits_leave_version_and_variant_alone(milliseconds: int, drawn: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids, "time_ns", lambda: milliseconds * 1_000_000 + 999_999)
        patch.setattr(ids, "_random_numbers", iter([drawn]))
        identity = uuid.UUID(int=new_id_number())
    assert (identity.version, identity.variant) == (7, uuid.RFC_4122)
    assert identity.int >> 80 == milliseconds
    assert identity.int & (1 << 62) - 1 == drawn & (1 << 62) - 1
    assert identity.int >> 64 & 0xFFF == drawn >> 64 & 0xFFF


def test_all_74_random_bits_vary() -> None:
    numbers = [new_id_number() for _ in range(300)]
    ones = zeros = 0
    for number in numbers:
        ones |= number
        zeros |= ~number
    fixed = ~(ones & zeros) & (1 << 80) - 1
    assert fixed == 0xF << 76 | 0b11 << 62


def test_id_is_lowercase_text() -> None:
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", new_id())


def test_threads_never_get_the_same_id() -> None:
    drawn: list[list[str]] = [[] for _ in range(8)]
    start = threading.Barrier(8)

    def work(mine: list[str]) -> None:
        start.wait()
        mine += [new_id() for _ in range(500)]

    threads = [threading.Thread(target=work, args=(mine,)) for mine in drawn]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({identity for mine in drawn for identity in mine}) == 8 * 500


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_forked_children_never_get_the_numbers_that_their_parent_drew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "time_ns", lambda: 10**18)  # only the random bits tell them apart
    new_id()  # draws ahead
    read, write = os.pipe()
    for _ in range(3):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # forking beside threads of the test runner
            child = os.fork()
        if child == 0:
            try:
                os.write(write, "".join(f"{new_id()}\n" for _ in range(20)).encode())
            finally:
                os._exit(0)
        os.waitpid(child, 0)
    os.close(write)
    with open(read) as pipe:  # noqa: PTH123 — a pipe has no path
        drawn = pipe.read().split()
    drawn += [new_id() for _ in range(20)]
    assert len(drawn) == len({*drawn}) == 80
