"""Publishing a site to a branch of a git repository, such as `gh-pages`.

A commit is made of what differs from the branch, right in the object database: neither the working tree, nor the index,
nor any branch of the local repository is touched, and no hook runs. Of the branch only files that an earlier build
wrote are changed or removed; whatever else is there stays. History is added to, never rewritten unless that is asked
for, and when somebody else pushed meanwhile the commit is made anew on top of theirs.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from reportgen.errors import InputError, OutputError
from reportgen.git import Git, reason_of, without_credentials
from reportgen.hosting import MOST_FILE_BYTES
from reportgen.publish import Manifest
from reportgen.urls import MANIFEST

KEPT = "CNAME"  # the file that gives GitHub Pages a domain of one's own
NO_JEKYLL = ".nojekyll"
_MOST_TRIES = 4
_MANY_CLASHES = 3
_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_GITHUB = re.compile(r"(?:^|[/@])github\.com[:/]+([^/]+)/([^/]+?)(?:\.git)?/?$")
_PUSHED_MEANWHILE = ("fetch first", "non-fast-forward", "stale info", "cannot lock ref", "incorrect old value")


@dataclass(frozen=True)
class Published:
    """What became of a branch.

    Attributes
    ----------
    remote, branch
        Where, without credentials.
    commit
        The new commit; empty when the branch has the site already.
    n_written, n_removed
        Files that differ from those that were there.
    url
        Where GitHub Pages shows it, if that is known.
    """

    remote: str
    branch: str
    commit: str
    n_written: int
    n_removed: int
    url: str


class _Entry(NamedTuple):
    mode: str
    object_id: str


@dataclass(frozen=True)
class _Target:
    """Where to publish, and a repository to make the commit in."""

    git: Git
    remote: str
    is_shallow: bool

    @property
    def shown(self) -> str:
        return without_credentials(self.remote)


def publish_to_branch(
    site: Path,
    *,
    repo: str = "",
    branch: str = "gh-pages",
    prefix: str = "",
    message: str = "",
    keep_history: bool = True,
    replace: bool = False,
) -> Published:
    """Put a site on a branch of a git repository, and push it.

    Parameters
    ----------
    site
        The folder of the site.
    repo
        A remote of the repository around the working directory, by default `origin`; or a URL or path.
    branch
        The branch; it is made if need be.
    prefix
        A folder of the branch for the site; by default its root.
    message
        Of the commit.
    keep_history
        Whether the commit follows those of the branch; else it is the only one.
    replace
        Whether files that no build wrote give way, all but a `CNAME`.

    Raises
    ------
    InputError
        The folder is no site or not as it was built, there is no git or no such repository, or a name is not allowed.
    OutputError
        The branch has files of somebody else in the place of the site's, or does not take the commit.
    """
    with _open_target(repo) as target:
        _check_branch(target.git, branch)
        publication = _Publication(target, branch, _check_prefix(prefix), _list_site(site), keep_history, replace)
        text = message or _describe(target.git, site)
        for _ in range(_MOST_TRIES):
            published = publication.try_to_push(text)
            if published:
                return published
    hint = "wait until nobody else publishes, and try again"
    raise OutputError(f"others keep pushing to {branch} of {target.shown}", hint=hint, slug="push-refused")


@dataclass(frozen=True)
class _Publication:
    """What goes where; the arguments are those of `publish_to_branch`."""

    target: _Target
    branch: str
    prefix: str
    files: Mapping[str, Path]
    keep_history: bool
    replace: bool

    def try_to_push(self, message: str) -> Published | None:
        """Do it on top of the branch as it is now; `None` when somebody else has pushed meanwhile."""
        git = self.target.git
        tip = _fetch(self.target, self.branch)
        there = _list_tree(git, tip)
        wanted = {self.prefix + url: path for url, path in self.files.items()}
        if self.prefix and NO_JEKYLL not in there:
            wanted[NO_JEKYLL] = self.files[NO_JEKYLL]
        known = _known_files(git, there, self.prefix, replace=self.replace)
        changed = _find_changed(wanted, there, git.hash_name)
        _check_clashes(changed, there, known, self.branch)
        gone = known - wanted.keys()
        commit = ""
        if changed or gone or not self.keep_history:
            kept = {} if self.keep_history else {path: one for path, one in there.items() if path not in gone}
            commit = _commit(git, message, tip if self.keep_history else "", kept, changed, gone)
            if not _push(self.target, commit, self.branch, tip, force=not self.keep_history):
                return None
        url = _pages_url(self.target, there, self.prefix)
        return Published(self.target.shown, self.branch, commit, len(changed), len(gone), url)


# The site


def _check_prefix(prefix: str) -> str:
    folder = prefix.strip("/")
    if not folder:
        return ""
    if not _PREFIX.fullmatch(folder):
        hint = "give a relative folder such as reports or pr-12"
        raise InputError(f"the prefix {prefix!r} is no folder of a branch", hint=hint, slug="bad-prefix")
    return f"{folder}/"


def _list_site(site: Path) -> dict[str, Path]:
    """Give the files of a site by address."""
    manifest = Manifest.read(site)
    if manifest is None:
        hint = "build one into a folder with `reportgen build`, or name the folder"
        raise InputError(f"{site} is no site", hint=hint, slug="not-a-site")
    damaged = manifest.find_damage(site)
    if damaged:
        hint = "build it again before it is published"
        raise InputError(f"{site}: {damaged[0]} is not as it was built", hint=hint, slug="damaged-site")
    return {url: site / url for url in (*manifest.urls, MANIFEST)}


def find_large_files(site: Path) -> tuple[list[tuple[Path, int]], int]:
    """Give the files of a site that are too large for GitHub, with their sizes in bytes, and the size of all files."""
    sizes = [(path, path.stat().st_size) for path in sorted(site.rglob("*")) if path.is_file()]
    return [(path, size) for path, size in sizes if size > MOST_FILE_BYTES], sum(size for _, size in sizes)


def _describe(git: Git, site: Path) -> str:
    """Say what is published: of which commit, and how much."""
    manifest = Manifest.read(site)
    n_runs = manifest.facts.get("n_runs", 0) if manifest else 0
    head = git.try_to("rev-parse", "--short", "HEAD")
    return f"Report site{f' of {head}' if head else ''}: {n_runs:,} run{'' if n_runs == 1 else 's'}"


# The repository


@contextmanager
def _open_target(repo: str) -> Iterator[_Target]:
    here = Git(Path.cwd())
    found = here.run("rev-parse", "--is-shallow-repository")
    is_repository = found.returncode == 0
    remotes = here.try_to("remote").split() if is_repository else []
    name = repo or ("origin" if "origin" in remotes else remotes[0] if len(remotes) == 1 else "")
    if name in remotes:
        yield _Target(here, name, found.stdout.strip() == b"true")
    elif repo:
        with _scratch_repository() as git:
            folder = Path(repo).expanduser()
            yield _Target(git, str(folder.resolve()) if folder.is_dir() else repo, is_shallow=True)
    else:
        raise _no_remote(is_repository, remotes, reason_of(found))


@contextmanager
def _scratch_repository() -> Iterator[Git]:
    folder = tempfile.mkdtemp(prefix="reportgen-")
    try:
        git = Git(folder)
        git.must("init", "--quiet", "--bare")
        yield git
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _no_remote(is_repository: bool, remotes: list[str], reason: str) -> InputError:
    if not is_repository:
        message = "there is no git repository here" if "not a git repository" in reason else f"git: {reason}"
        hint = "go to a checkout, or name a repository with --repo URL"
        return InputError(message, hint=hint, slug="no-git-repository")
    if remotes:
        message = "the repository here has several remotes and none is origin"
        return InputError(message, hint=f"name one with --repo: {', '.join(remotes)}", slug="no-git-remote")
    hint = "add one with `git remote add origin URL`, or name a repository with --repo URL"
    return InputError("the repository here has no remote", hint=hint, slug="no-git-remote")


def _check_branch(git: Git, branch: str) -> None:
    if git.run("check-ref-format", f"refs/heads/{branch}").returncode or branch.startswith("-"):
        hint = "give one such as gh-pages"
        raise InputError(f"{branch!r} is no name of a branch", hint=hint, slug="bad-branch")


def _fetch(target: _Target, branch: str) -> str:
    """Give the newest commit of the branch, and see that it is here; nothing when there is no such branch."""
    git, ref = target.git, f"refs/heads/{branch}"
    listed = git.run("ls-remote", "--quiet", target.remote, ref)
    if listed.returncode:
        hint = "check the address, and that this machine may read it"
        message = f"{target.shown} cannot be reached: {reason_of(listed)}"
        raise InputError(message, hint=hint, slug="unreachable-repository")
    tip = listed.stdout.decode().partition("\t")[0].strip()
    if tip and git.run("cat-file", "-e", f"{tip}^{{tree}}").returncode:
        depth = ["--depth=1"] if target.is_shallow else []
        words = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", *depth, target.remote, tip]
        done = git.run(*words)
        if done.returncode:  # a host that gives branches, but no single commits
            done = git.run(*words[:-1], ref)
        if done.returncode:
            hint = "check that this machine may read it"
            message = f"{branch} cannot be fetched from {target.shown}: {reason_of(done)}"
            raise InputError(message, hint=hint, slug="unreachable-repository")
    return tip


def _list_tree(git: Git, tip: str) -> dict[str, _Entry]:
    """Give all files of a commit by path."""
    entries = {}
    for line in git.must("ls-tree", "-r", "-z", tip).split(b"\0") if tip else ():
        facts, _, path = line.partition(b"\t")
        if path:
            mode, _, object_id = facts.decode().split()
            entries[path.decode("utf-8", "surrogateescape")] = _Entry(mode, object_id)
    return entries


# What changes


def _known_files(git: Git, there: Mapping[str, _Entry], prefix: str, *, replace: bool) -> set[str]:
    """Give the files of the branch that may be changed or removed: those of an earlier build."""
    if replace:
        return {path for path in there if path.startswith(prefix) and path != KEPT}
    entry = there.get(prefix + MANIFEST)
    manifest = Manifest.parse(git.must("cat-file", "blob", entry.object_id)) if entry else None
    if manifest is None:
        return set()
    return {path for url in (*manifest.urls, MANIFEST) if (path := prefix + url) in there}


def _find_changed(wanted: Mapping[str, Path], there: Mapping[str, _Entry], hash_name: str) -> dict[str, Path]:
    """Give the files that the branch has not, or has with other content."""
    return {
        path: file
        for path, file in wanted.items()
        if path not in there or there[path] != _Entry("100644", _object_id(file.read_bytes(), hash_name))
    }


def _object_id(content: bytes, hash_name: str) -> str:
    known = hashlib.new(hash_name, b"blob %d\0" % len(content), usedforsecurity=False)
    known.update(content)
    return known.hexdigest()


def _check_clashes(changed: Mapping[str, Path], there: Mapping[str, _Entry], known: set[str], branch: str) -> None:
    """See that nothing of somebody else is in the way: a file of the same name, or a file where a folder is to be."""
    folders = {folder for path in changed for folder in _folders_of(path)}
    clashes = [
        path
        for path in sorted(there.keys() - known)
        if path in changed or path in folders or any(folder in changed for folder in _folders_of(path))
    ]
    if clashes:
        rest = len(clashes) - _MANY_CLASHES
        names = ", ".join(clashes[:_MANY_CLASHES]) + (f" and {rest} more" if rest > 0 else "")
        hint = "publish below a folder with --prefix, or let them give way with --replace"
        raise OutputError(f"{branch} has files that no build wrote: {names}", hint=hint, slug="foreign-branch")


def _folders_of(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


# Commit and push


def _commit(
    git: Git,
    message: str,
    parent: str,
    kept: Mapping[str, _Entry],
    changed: Mapping[str, Path],
    gone: set[str],
) -> str:
    """Make a commit on top of another, or of files that are kept, and give its name."""
    ref = f"refs/reportgen/{os.getpid()}-{time.time_ns()}"
    try:
        git.feed(
            _write_commit(f"{ref}\ncommitter {_identity(git)}", message, parent, kept, changed, gone), "fast-import"
        )
        return git.must("rev-parse", ref).decode().strip()
    finally:
        git.run("update-ref", "-d", ref)


def _write_commit(
    head: str, message: str, parent: str, kept: Mapping[str, _Entry], changed: Mapping[str, Path], gone: set[str]
) -> Iterator[bytes]:
    """Write a commit as `git fast-import` reads it."""
    text = message.encode("utf-8", "replace")
    yield f"commit {head} {int(time.time())} +0000\ndata {len(text)}\n".encode() + text + b"\n"
    if parent:
        yield f"from {parent}\n".encode()
    for path, one in kept.items():
        yield f"M {one.mode} {one.object_id} ".encode() + _quote(path)
    for path in sorted(gone):
        yield b"D " + _quote(path)
    for path, file in sorted(changed.items()):
        content = file.read_bytes()
        yield b"M 100644 inline " + _quote(path) + b"data %d\n" % len(content) + content + b"\n"
    yield b"done\n"


def _identity(git: Git) -> str:
    name = os.environ.get("GIT_COMMITTER_NAME") or git.try_to("config", "user.name") or "reportgen"
    email = os.environ.get("GIT_COMMITTER_EMAIL") or git.try_to("config", "user.email") or "reportgen@localhost"
    clean = (re.sub(r"[<>\x00-\x1f]", "", text).strip() for text in (name, email))
    return "{} <{}>".format(*clean)


def _quote(path: str) -> bytes:
    """Write a path so that fast-import takes it whatever it holds."""
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"\n'.encode("utf-8", "surrogateescape")


def _push(target: _Target, commit: str, branch: str, tip: str, *, force: bool) -> bool:
    """Push a commit; `False` when the branch is not any more where it was."""
    ref = f"refs/heads/{branch}"
    lease = [f"--force-with-lease={ref}:{tip}"] if force else []
    done = target.git.run("push", "--quiet", "--porcelain", *lease, target.remote, f"{commit}:{ref}")
    if done.returncode == 0:
        return True
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    if any(words in said for words in _PUSHED_MEANWHILE):
        return False
    if "branch is currently checked out" in said:
        hint = "publish to a bare repository, or check out another branch there"
        message = f"{branch} is checked out in {target.shown}"
    else:
        hint = "check that you may push there, and whether the branch is protected"
        message = f"{target.shown} refused the push to {branch}: {reason_of(done)}"
    raise OutputError(message, hint=hint, slug="push-refused")


def _pages_url(target: _Target, there: Mapping[str, _Entry], prefix: str) -> str:
    """Give the address at which GitHub Pages shows the site; nothing for other hosts."""
    address = target.git.try_to("remote", "get-url", target.remote) or target.remote
    match = _GITHUB.search(address)
    if KEPT in there:
        domain = target.git.must("cat-file", "blob", there[KEPT].object_id).decode("utf-8", "replace").strip()
        return f"https://{domain}/{prefix}" if re.fullmatch(r"[A-Za-z0-9.-]+", domain) else ""
    if not match:
        return ""
    owner, name = match[1].lower(), match[2]
    return (
        f"https://{owner}.github.io/{prefix}"
        if name.lower() == f"{owner}.github.io"
        else f"https://{owner}.github.io/{name}/{prefix}"
    )
