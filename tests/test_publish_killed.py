"""Builds that are killed, or find the disk full, at every single step: the site is the old one or the new one."""

from __future__ import annotations

import errno
import functools
import io
import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from test_publish_update import CHANGED, GONE, NEW, OLD, alone, build, files_below, manifest_of, update

from reportgen.errors import OutputError
from reportgen.publish import check_output, repair_site, switch

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")

STEPS = ["rename", "replace", "unlink", "rmdir", "mkdir", "fsync"]
THIRD = {"index.html": b"third"}


class HalfwayFile:
    """A file of which half is written before the next step."""

    def __init__(self, file: Any, step: Callable[[], None]) -> None:
        self._file, self._step = file, step

    def write(self, content: bytes) -> None:
        self._file.write(content[: len(content) // 2])
        self._file.flush()
        self._step()
        self._file.write(content[len(content) // 2 :])

    def __enter__(self) -> HalfwayFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def watch(patch: pytest.MonkeyPatch, step: Callable[[], None]) -> None:
    """Call `step` before each change that is made to the disk."""

    def before(function: Callable[..., Any]) -> Callable[..., Any]:
        def stepping(*arguments: Any, **options: Any) -> Any:
            step()
            return function(*arguments, **options)

        return stepping

    def open_halfway(path: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if set(mode).isdisjoint("wx"):
            return open_file(path, mode, *arguments, **options)
        step()
        return HalfwayFile(open_file(path, mode, *arguments, **options), step)

    open_file = io.open
    for name in STEPS:
        patch.setattr(os, name, before(getattr(os, name)))
    patch.setattr(switch, "_exchange", before(switch._exchange))
    patch.setattr(io, "open", open_halfway)


def fail_at(number: int, action: Callable[[], None]) -> Callable[[], None]:
    """Make a step of which the one with this number, counted from 0, does something else."""
    steps = iter(range(10_000))
    return lambda: action() if next(steps) == number else None


def is_killed_at(number: int, work: Callable[[], object]) -> bool:
    """Do something in a process that is killed at a step; say whether it came to that."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking beside threads of the test runner
        child = os.fork()
    if child == 0:
        try:
            watch(pytest.MonkeyPatch(), fail_at(number, lambda: os._exit(9)))
            work()
            os._exit(0)
        finally:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in {0, 9}
    return code == 9


def no_space() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[Callable[[], Path]]:
    """Gives the old site again and again, alone in its folder."""
    build(tmp_path / "old", OLD)

    def make() -> Path:
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        shutil.copytree(tmp_path / "old", tmp_path / "out" / "site")
        return tmp_path / "out" / "site"

    return make


def without_manifest(files: dict[str, bytes]) -> dict[str, bytes]:
    return {url: content for url, content in files.items() if url != "manifest.json"}


def state_of(site: Path) -> str:
    """Say which site this is, if it is one as a whole."""
    assert alone(site)
    assert manifest_of(site).find_damage(site) == []
    state = {1: "old", 2: "new"}[manifest_of(site).facts["n_runs"]]
    assert without_manifest(files_below(site)) == {"old": OLD, "new": NEW}[state]
    return state


def update_to_new(site: Path) -> None:
    update(site, CHANGED, GONE, n_runs=2)


def build_new(site: Path) -> None:
    build(site, NEW, n_runs=2)


def build_new_without_exchange(site: Path) -> None:
    switch._exchange = lambda one, other: False
    build(site, NEW, n_runs=2)


every_way = pytest.mark.parametrize("work", [update_to_new, build_new, build_new_without_exchange])


@every_way
def test_site_of_a_killed_build_is_the_old_or_the_new_one(
    sites: Callable[[], Path], work: Callable[[Path], None]
) -> None:
    outcomes = list[tuple[str, str]]()
    for number in range(1000):
        site = sites()
        killed = is_killed_at(number, functools.partial(work, site))
        check_output(site, [])
        outcomes.append((repair_site(site), state_of(site)))
        if not killed:
            break
    assert outcomes[-1] == ("unneeded", "new")
    assert len(outcomes) > 15
    half_way = ["finished new"] if work is update_to_new else []
    assert list(dict.fromkeys(map(" ".join, outcomes))) == ["unneeded old", *half_way, "unneeded new"]


@every_way
@pytest.mark.parametrize("following", [update, build])
def test_build_after_a_killed_one_is_right(
    sites: Callable[[], Path], work: Callable[[Path], None], following: Callable[..., None]
) -> None:
    for number in range(0, 1000, 5):
        site = sites()
        killed = is_killed_at(number, functools.partial(work, site))
        if following is update:
            repair_site(site)
        following(site, THIRD, n_runs=3)
        kept = files_below(site)
        assert (kept["index.html"], manifest_of(site).facts["n_runs"], alone(site)) == (b"third", 3, True)
        assert manifest_of(site).find_damage(site) == []
        check_output(site, [])
        if not killed:
            return
    raise AssertionError


def test_repair_that_is_killed_is_finished_by_the_next(sites: Callable[[], Path], tmp_path: Path) -> None:
    site = sites()
    number = next(n for n in range(1000) if leaves_a_record(sites(), n))
    for second in range(1000):
        site = sites()
        assert is_killed_at(number, functools.partial(update_to_new, site))
        killed = is_killed_at(second, functools.partial(repair_site, site))
        repair_site(site)
        assert state_of(site) == "new"
        if not killed:
            assert second > 5
            return
    raise AssertionError


def leaves_a_record(site: Path, number: int) -> bool:
    is_killed_at(number, functools.partial(update_to_new, site))
    return bool([*site.parent.glob(".site.new-*/commit.json")])


@every_way
def test_full_disk_at_any_step_leaves_the_old_site_or_one_that_can_be_finished(
    sites: Callable[[], Path], work: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    slugs = dict[str, None]()
    exchange = switch._exchange
    for number in range(1000):
        site = sites()
        with monkeypatch.context() as patch:
            watch(patch, fail_at(number, no_space))
            slug = slug_of(work, site)
        switch._exchange = exchange
        slugs[slug] = None
        check_output(site, [])
        if slug == "cannot-write":
            assert state_of_but_lock(site) == "old"
        repaired = repair_site(site)
        if slug == "cannot-finish":
            assert repaired == "finished"
        assert state_of(site) == ("old" if slug == "cannot-write" else "new")
        if number > 15 and slug == "" and all_steps_done(number, work, sites()):
            break
    assert {"cannot-write", ""} <= slugs.keys()
    assert ("cannot-finish" in slugs) == (work is update_to_new)


def all_steps_done(number: int, work: Callable[[Path], None], site: Path) -> bool:
    return not is_killed_at(number, functools.partial(work, site))


def state_of_but_lock(site: Path) -> str:
    """The state of a site beside which the lock may lie, if it was its removal that failed."""
    site.with_name(".site.lock").unlink(missing_ok=True)
    return state_of(site)


def slug_of(work: Callable[[Path], None], site: Path) -> str:
    try:
        work(site)
    except OutputError as error:
        return error.slug
    return ""
