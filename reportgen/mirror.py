"""Copies of logs and sites in object stores, in the user's cache: everything reads those as it reads any folder.

A mirror has the files of logs (journals, segments, blobs), or of a site what a build needs of it, and nothing else.
Each time it is asked for, one listing of the store tells what is new or has changed by name, size and time; only that
is downloaded, and what is gone there is removed. A file is downloaded under another name, gets the time that the store
has for it, and takes its place when it is whole; so what reportgen remembers by name, size and time holds for mirrors.

    <cache>/mirrors/<digest of the URL>/runs        the files
    <cache>/mirrors/<digest of the URL>/.new        what is being downloaded
    <cache>/mirrors/<digest of the URL>/.lock       held while it is brought up to date

Names of objects may be anything. Those that are no name of a file of a log are left alone; one that would lead out of
the mirror is an error. Removing the folder costs a download.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import platformdirs

from reportgen.errors import InputError
from reportgen.log.layout import BLOB_DIR, BLOB_NAME, JOURNAL_SUFFIX, SEGMENT_SUFFIX
from reportgen.remote import Store, digest_of_place, explaining, open_store, plain_url
from reportgen.settings import is_url
from reportgen.urls import DATA_FOLDER, MANIFEST

N_THREADS = 8
_CHUNK = 1 << 20
_MOST_NAME_BYTES = 255
_UNSAFE = {"\0", *('\\:<>"|?*' if os.name == "nt" else "")}

if TYPE_CHECKING:
    from pyarrow import NativeFile

Place = Path | str
Stage = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


class Object(NamedTuple):
    """What a store says of an object."""

    n_bytes: int
    modified_ns: int


def no_stage(_label: str, _n: int) -> AbstractContextManager[Callable[[int], None]]:
    """Show no progress."""
    return nullcontext(lambda _n: None)


def local_path(place: Place, stage: Stage = no_stage) -> Path:
    """Give a folder as it is, and the mirror of a URL, up to date.

    Raises
    ------
    InputError
        The store cannot be read, or holds nothing to read there.
    """
    return mirror(place, stage) if is_url(place) else Path(place)


def refuse_url(place: Place, verb: str) -> Path:
    """Give a folder as it is, and refuse a URL, for what changes logs.

    Raises
    ------
    InputError
        It is a URL.
    """
    if is_url(place):
        hint = f"copy the logs to a folder with the store's own tools, {verb} there, and copy them back"
        what = f"{plain_url(str(place))}: logs in an object store cannot be changed"
        raise InputError(what, hint=hint, slug="logs-in-store")
    return Path(place)


def cache_folder(kind: str, url: str) -> Path:
    """Give the folder of the cache for a URL. The same place has the same one, whatever the password."""
    return platformdirs.user_cache_path("reportgen") / kind / digest_of_place(url)


def mirror(url: object, stage: Stage = no_stage) -> Path:
    """Bring the mirror of a URL up to date and give its folder.

    Parameters
    ----------
    url
        Of a log directory or a site.
    stage
        Begins to show progress of downloads, by a label and their number.

    Raises
    ------
    InputError
        The store cannot be read or holds nothing to read there; a name in it would lead out of the mirror; or the cache
        cannot be written.
    """
    store = open_store(str(url))
    root = cache_folder("mirrors", str(url))
    try:
        with _hold(root):
            _bring_up_to_date(store, root, stage)
    except OSError as error:
        message = f"{error.filename or root} cannot be written, {error.strerror or error}"
        hint = "make room there, or set XDG_CACHE_HOME to another folder"
        raise InputError(message, hint=hint, slug="cache-not-writable") from error
    return root / "runs"


def _bring_up_to_date(store: Store, root: Path, stage: Stage) -> None:
    there = choose_objects(store, list_objects(store))
    here = dict(_iter_files(root / "runs"))
    wanted = sorted(name for name, facts in there.items() if here.get(name) != facts)
    for name in here.keys() - there.keys():
        (root / "runs" / name).unlink(missing_ok=True)
    (root / "runs").mkdir(exist_ok=True)
    if wanted:
        _download_all(store, root, {name: there[name] for name in wanted}, stage)


# What is there


def list_objects(store: Store) -> dict[str, Object]:
    """List the objects below a place by name; none when there is nothing.

    Raises
    ------
    InputError
        The store cannot be read.
    """
    from pyarrow.fs import FileSelector, FileType

    try:
        with explaining(store.url):
            found = store.files.get_file_info(FileSelector(store.base, recursive=True))
    except FileNotFoundError:
        return {}
    prefix = f"{store.base}/"
    return {
        info.path.removeprefix(prefix): Object(info.size or 0, info.mtime_ns or 0)
        for info in found
        if info.type == FileType.File and info.path.startswith(prefix)
    }


def choose_objects(store: Store, objects: Mapping[str, Object]) -> dict[str, Object]:
    """Choose the objects that a log directory, or a site, is read from.

    Raises
    ------
    InputError
        There are none, or the name of one would lead out of a folder.
    """
    is_wanted = _is_of_site if MANIFEST in objects else _is_of_log
    chosen = {name: facts for name, facts in objects.items() if is_wanted(name.split("/"))}
    for name in chosen:
        if not is_safe(name):
            hint = "remove this object from the store; no reportgen has written it"
            what = f"{store.url} holds an object whose name no folder can hold, {name[:100]!r}"
            raise InputError(what, hint=hint, slug="unsafe-name")
    if not any(_is_log(name) or name == MANIFEST for name in chosen):
        raise _nothing_there(store, objects)
    return chosen


def _is_of_log(parts: list[str]) -> bool:
    """Whether it is where the files of a log lie. A log that a `..` leads elsewhere counts, so that it is refused."""
    if ".." in parts:
        return _is_log(parts[-1]) or BLOB_NAME.fullmatch(parts[-1]) is not None
    if len(parts) == 3 and parts[1] == BLOB_DIR:
        return BLOB_NAME.fullmatch(parts[2]) is not None
    return len(parts) == 2 and parts[0] != BLOB_DIR and _is_log(parts[1])


def _is_of_site(parts: list[str]) -> bool:
    return parts == [MANIFEST] or (len(parts) > 1 and parts[0] == DATA_FOLDER)


def _is_log(name: str) -> bool:
    return name.endswith((JOURNAL_SUFFIX, SEGMENT_SUFFIX))


def is_safe(name: str) -> bool:
    """Whether a name stays below its place, in a store and here, and can be that of a file."""
    return all(
        part not in ("", ".", "..") and not set(part) & _UNSAFE and len(part.encode()) <= _MOST_NAME_BYTES
        for part in name.split("/")
    )


def _nothing_there(store: Store, objects: Mapping[str, Object]) -> InputError:
    if any("/" not in name and _is_log(name) for name in objects):
        hint = f"give its parent, {store.url.rpartition('/')[0]}"
        return InputError(f"{store.url} is the folder of a single run", hint=hint, slug="logs-of-one-run")
    hint = "record a run first, or name the folder that your pipeline records to"
    return InputError(f"{store.url} holds no run", hint=hint, slug="no-runs")


def _iter_files(folder: Path, prefix: str = "") -> Iterator[tuple[str, Object]]:
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _iter_files(Path(entry.path), f"{prefix}{entry.name}/")
            else:
                facts = entry.stat(follow_symlinks=False)
                yield f"{prefix}{entry.name}", Object(facts.st_size, facts.st_mtime_ns)


# Downloads


def _download_all(store: Store, root: Path, wanted: Mapping[str, Object], stage: Stage) -> None:
    fresh = root / ".new"
    shutil.rmtree(fresh, ignore_errors=True)  # of a process that was killed
    fresh.mkdir()
    for folder in {(root / "runs" / name).parent for name in wanted}:
        folder.mkdir(parents=True, exist_ok=True)
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(N_THREADS, "reportgen-download")
    with stage("Fetching", len(wanted)) as advance:
        try:
            tasks = [pool.submit(_download, store, root, name, facts) for name, facts in wanted.items()]
            for task in tasks:
                task.result()
                advance(1)
        finally:
            pool.shutdown(cancel_futures=True)
            shutil.rmtree(fresh, ignore_errors=True)


def _download(store: Store, root: Path, name: str, facts: Object) -> None:
    """Download an object; one that is gone since it was listed is left out."""
    fresh = root / ".new" / secrets.token_hex(8)
    try:
        stream = _open_object(store, name)
    except FileNotFoundError:
        return
    with stream, fresh.open("xb") as file:
        while True:
            with explaining(store.url):
                chunk = stream.read(_CHUNK)
            if not chunk:
                break
            file.write(chunk)
    os.utime(fresh, ns=(facts.modified_ns, facts.modified_ns))
    fresh.replace(root / "runs" / name)


def _open_object(store: Store, name: str) -> NativeFile:
    with explaining(store.url):
        return store.files.open_input_stream(store.path(name))


@contextlib.contextmanager
def _hold(root: Path) -> Iterator[None]:
    """Keep other processes from a mirror meanwhile, where there are locks."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("ab") as file:
        with contextlib.suppress(ImportError, OSError):
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield
