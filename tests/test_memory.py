"""What builds free goes back to the system, and nothing of that is left behind in the process."""

from __future__ import annotations

import pyarrow as pa
import pytest

from reportgen.memory import held_low


def test_arrow_uses_the_allocator_of_the_system_meanwhile() -> None:
    before = pa.default_memory_pool().backend_name
    with held_low():
        assert pa.default_memory_pool().backend_name == "system"
        with held_low():
            kept = pa.array(range(1000))
        assert pa.default_memory_pool().backend_name == "system"
    assert pa.default_memory_pool().backend_name == before
    assert kept.to_pylist() == [*range(1000)]


def test_allocator_is_given_back_after_an_error() -> None:
    before = pa.default_memory_pool().backend_name
    with pytest.raises(KeyError), held_low():
        raise KeyError
    assert pa.default_memory_pool().backend_name == before


def test_function_keeps_its_result() -> None:
    assert held_low()(sum)([1, 2]) == 3
