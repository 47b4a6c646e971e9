"""The build, from logs to site: what has to be done is decided here, and done by `reportgen.making`.

A build in full makes every unit of the site in a folder beside it and then puts that in its place. An update goes on
from the site that is there: it reads only the logs that changed, makes only the units that depend on them, and leaves
all other files as they are. Both come to the same bytes. On any doubt about the site that is there the build is one in
full; when nothing changed there is nothing to do, and no library for it is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from reportgen.basis import basis_of_site, source_date_us
from reportgen.errors import InputError
from reportgen.history import BuildState, find_changed_runs, load_state, look_at_blobs, save_state
from reportgen.hosting import MOST_FILE_BYTES
from reportgen.log.find import FoundFile, scan_logs
from reportgen.options import Options
from reportgen.parallel import OpenExecutor, begin
from reportgen.places import divide_paths, find_store
from reportgen.plan import Base, BuildResult, NoProgress, Plan, Progress
from reportgen.publish import Manifest, check_output, lock_site, repair_site
from reportgen.seen import basis_of, choose_masked, identify_all
from reportgen.theme import NO_THEME, load_theme
from reportgen.urls import MANIFEST

if TYPE_CHECKING:
    from reportgen.archives import Difference
    from reportgen.compact import Update
    from reportgen.model import Model

Say = Callable[[str], None]

_MANY_FILES = 10_000  # that make it worth to look at them in a process of its own


def build_site(
    inputs: Sequence[Path],
    output: Path,
    options: Options,
    *,
    base: Path | None = None,
    full: bool = False,
    open_executor: OpenExecutor | None = None,
    say: Say = lambda line: None,
    progress: Progress | None = None,
    remember: bool = True,
    as_of_us: int | None = None,
) -> BuildResult:
    """Build the site of some log directories and earlier sites.

    Parameters
    ----------
    inputs
        Folders that hold one folder per run, and sites that reportgen built.
    output
        The site's folder: empty, not there yet, or an earlier site, which is replaced or brought up to date.
    options
        Title, what is known of metrics, and the folder of the theme.
    base
        An earlier site, of which runs stay though their logs are gone.
    full
        Make every page anew.
    open_executor
        Opens what does the work; by default worker processes where they pay.
    say
        Gets lines that tell what the build does otherwise than expected.
    progress
        Shows how far it is.
    remember
        Whether to write down beside the logs what the site was built from, so that the next build goes on from it.
    as_of_us
        The moment that the site speaks of, if it is later than the newest record: microseconds since the epoch; by
        default `SOURCE_DATE_EPOCH` says it.

    Raises
    ------
    InputError
        The logs cannot be used; the old site is as it was.
    OutputError
        The output folder is not ours or cannot be written; the old site is as it was.
    """
    inputs = [*inputs, *([base] if base else [])]
    logs, sites = divide_paths(inputs)
    log_dirs = [*{path.resolve() if path.is_dir() else path: None for path in logs}]
    theme, masked = load_theme(options.theme), choose_masked(log_dirs)
    basis, moment_us = basis_of_site(options, theme), source_date_us() if as_of_us is None else as_of_us
    with lock_site(output, lambda path: say(f"another build is at work on {path}; waiting for it")):
        if repair_site(output) == "finished":
            say(f"finished an update of {output} that was interrupted")
        goes_on = any(_is_site_at(path, output) for path in inputs)
        old, doubt = (None, "") if full or len(sites) > goes_on else _find_base(log_dirs, output, basis, goes_on)
        check = partial(check_output, output, [path for path in inputs if not _is_site_at(path, output)])
        if not old:
            check()
        with _finding_damage(old) as find_damage:
            seen = identify_all(_scan_all(log_dirs), old.state.files if old else ())
            state = BuildState(old.manifest.digest if old else "", basis_of(log_dirs), seen, look_at_blobs(seen))
            run_ids = _find_changed(old, state) if old else set()
            is_current = old is not None and not run_ids and _is_of_its_moment(old.manifest, moment_us)
            shown = progress or NoProgress()
            plan = Plan(inputs, sites, seen, output, options, theme, basis, moment_us, open_executor, shown, masked)
            update, failure = (None, None) if is_current else _read_update(plan, old, run_ids)
            damaged = find_damage()
        if damaged:
            old, update, doubt = None, None, f"{damaged[0]} is not as it was built"
            check()
        elif failure:
            raise failure
        if doubt:
            say(f"building {output} in full: {doubt}")
        if old and is_current:
            result, manifest = _result_of(old), old.manifest
        else:
            from reportgen.making import make_site, update_site_of

            result, manifest = update_site_of(plan, old, update) if old and update else make_site(plan)
        state = msgspec.structs.replace(state, manifest=manifest.digest)
        if remember and (not old or state != old.state):
            save_state(log_dirs, output, state)
    return result


def check_site(
    inputs: Sequence[Path],
    output: Path,
    options: Options,
    *,
    base: Path | None = None,
    open_executor: OpenExecutor | None = None,
    progress: Progress | None = None,
) -> list[Difference]:
    """Build a site anew in a temporary folder and compare the one in the output folder with it; nothing is changed.

    The arguments are those of `build_site`.

    Returns
    -------
    list
        The files that a build would write otherwise, add or remove.

    Raises
    ------
    InputError
        There is no site in the output folder, or the logs cannot be used.
    OutputError
        The temporary folder cannot be written.
    """
    from tempfile import TemporaryDirectory

    from reportgen.archives import Difference, compare_files, open_holding, read_manifest

    with open_holding(output) as holding, TemporaryDirectory(prefix="reportgen-") as folder:
        before = read_manifest(holding)
        scratch = Path(folder, "site")
        build_site(
            inputs,
            scratch,
            options,
            base=base,
            full=True,
            open_executor=open_executor,
            progress=progress,
            remember=False,
        )
        after = Manifest.read(scratch)
        assert after is not None  # noqa: S101 — it was just written
        found = [*compare_files(holding, after.read_files())]
    if found or before.digest == after.digest:
        return found
    return [Difference("changed", MANIFEST, "what it says of the site, not of its files")]


def _scan_all(log_dirs: Sequence[Path]) -> list[FoundFile]:
    return [file for log_dir in log_dirs for file in scan_logs(log_dir)]


def _is_site_at(path: Path, output: Path) -> bool:
    """Whether an input is the earlier site in the output folder, from which a build goes on."""
    return path.resolve() == output.resolve() and find_store(path) is not None


def _find_base(log_dirs: Sequence[Path], output: Path, basis: str, keep: bool) -> tuple[Base | None, str]:
    """Find the site to go on from, if its files are as they were, or say what is in doubt about it.

    Raises
    ------
    InputError
        A newer reportgen built it, in a format that this one does not know.
    """
    manifest = Manifest.read(output)
    if manifest is None:
        return None, ""
    manifest.check_format(output)
    state = load_state(log_dirs, output, manifest.digest)
    if manifest.facts.get("basis") != basis:
        reason = "it was built with another version or other options"
    elif state is None and not keep:
        reason = "it is not known which logs it was built from"
    else:
        return Base(output, manifest, state or BuildState(manifest.digest, "", [], {}), keep), ""
    return None, reason


def _finding_damage(old: Base | None) -> AbstractContextManager[Callable[[], list[str]]]:
    """Begin to look at the files of a site, which takes as long as to look at the logs."""
    if old is None:
        return nullcontext(list)
    return begin(partial(old.manifest.find_damage, old.folder), pays=len(old.manifest) >= _MANY_FILES)


def _find_changed(old: Base, state: BuildState) -> set[str]:
    """Give the runs whose logs are not those that the site was made from."""
    came, gone = find_changed_runs(old.state, state)
    return came if old.keep else came | gone


def _read_update(plan: Plan, old: Base | None, run_ids: set[str]) -> tuple[Update | None, InputError | None]:
    """Read what an update needs, while another process looks at the files of the site; or say why that failed."""
    from reportgen.making import read_update

    try:
        return (read_update(plan, old, run_ids) if old else None), None
    except InputError as error:  # maybe of a file that is not as it was built
        return None, error


def _is_of_its_moment(manifest: Manifest, moment_us: int | None) -> bool:
    """Whether a site speaks of the moment that one of the same logs would speak of now."""
    facts = manifest.facts
    return bool(facts["as_of_us"] == max(facts["newest_us"], moment_us or 0))


def _result_of(old: Base) -> BuildResult:
    facts: dict[str, Any] = old.manifest.facts
    n_runs, n_problems, n_missing = (facts[name] for name in ("n_runs", "n_problems", "n_missing"))
    n_files, n_bytes = len(old.manifest), old.manifest.n_bytes
    large = old.manifest.find_large(MOST_FILE_BYTES)
    thinned = facts.get("thinned") or {}
    return BuildResult(
        old.folder, n_runs, n_files, 0, n_bytes, (), n_problems, n_missing, facts["masked"], thinned, large
    )


def read_model(inputs: Sequence[Path], options: Options) -> Model:
    """Read log directories and sites into memory, and make the model of what they say."""
    from reportgen.making import open_model

    logs, sites = divide_paths(inputs)
    seen = identify_all(_scan_all(logs))
    plan = Plan(
        inputs, sites, seen, Path(), options, NO_THEME, "", source_date_us(), None, NoProgress(), choose_masked(logs)
    )
    return open_model(plan)
