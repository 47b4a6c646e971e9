"""With what code, on what machine and by what command a run was made: the facts that reviewers ask for.

Only what is safe to publish is gathered: no host or user name, neither the home nor the working directory, of the
environment only the variables that the configuration names, and of the command line no word that looks like a secret.
Git is asked once, and only where there is a repository.
"""

from __future__ import annotations

import os
import re
import sys

from reportgen.secretwords import SECRET_NAME, SECRET_VALUE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from reportgen.settings import Settings

_GIT_SECONDS = 5.0  # a repository that takes longer is recorded without whether files differ
_MAX_COMMAND = 1000
_MAX_WORD = 200

# Compiled once a word may match: that takes milliseconds, which few command lines need.
_SECRET_OPTION = rf"(?is)-(?!-?(?:no|ask|without|skip|disable)[-_]).*?(?:{SECRET_NAME})"
_SECRET_SETTING = rf"(?is)((?:{SECRET_NAME})[\w.\-\]\"']{{0,40}}?\s*[:=]|\bbearer\s)(?!//).+"
_MAY_BE_SECRET = re.compile(r"pass|pwd|secret|cred|auth|token|key|bearer|cookie|sig", re.IGNORECASE)

_URL_PASSWORD = re.compile(r"(?<=://)(?:[^/\s:@]*:(?!\d+/)[^\s]+|[^/\s]+)(?=@)")
_SECRET_VALUE = re.compile(SECRET_VALUE)
_CI_COMMITS = ("GITHUB_SHA", "CI_COMMIT_SHA", "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", "GIT_COMMIT")
_CI_BRANCHES = (
    ("GITHUB_HEAD_REF", ""),
    ("GITHUB_REF", "refs/heads/"),
    ("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", ""),
    ("CI_COMMIT_BRANCH", ""),
    ("CHANGE_BRANCH", ""),  # Jenkins: of a pull request
    ("BRANCH_NAME", ""),
    ("GIT_BRANCH", "origin/"),
)
_FOREIGN_REPOSITORY = frozenset("GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_COMMON_DIR GIT_OBJECT_DIRECTORY".split())


def gather_context(settings: Settings, command: Sequence[str] | None = None) -> dict[str, Any]:
    """Give the facts that the settings ask for, as the `context` of a run: of `command`, else of this process."""
    from reportgen import __version__

    context: dict[str, Any] = {"python": sys.version.split()[0], "system": sys.platform, "reportgen": __version__}
    if settings.packages:
        context["packages"] = _package_versions(settings.packages)
    if settings.command:
        context["command"] = describe_command(command or sys.orig_argv)
    if settings.git and (git := describe_code(command)):
        context["git"] = git
    if settings.environment:
        context["environment"] = {name: os.environ[name] for name in settings.environment if name in os.environ}
    return {name: value for name, value in context.items() if value}


def _package_versions(names: Iterable[str]) -> dict[str, str]:
    from importlib import metadata

    versions = {}
    for name in names:
        try:
            versions[name] = metadata.version(name)
        except (metadata.PackageNotFoundError, ValueError, KeyError):  # not there, no name, or damaged
            continue
    return versions


# Command line


def describe_command(words: Sequence[str]) -> str:
    """Write a command line as it would be typed, without folders of this machine and words that look like secrets."""
    import shlex

    shown = [os.path.basename(words[0])] if words else []
    is_secret = False
    for word in words[1:]:
        is_option = word.startswith("--") or (word.startswith("-") and len(word) == 2)
        text = "***" if is_secret and not is_option else _shorten_word(word)
        plain = text.replace("***", "")
        shown.append(text if plain == shlex.quote(plain) or text == "***" else shlex.quote(text))
        is_secret = word.startswith("-") and "=" not in word and _names_secret(word)
    command = " ".join(shown)
    return command if len(command) <= _MAX_COMMAND else f"{command[:_MAX_COMMAND]}…"


def _names_secret(word: str) -> bool:
    return bool(_MAY_BE_SECRET.search(word) and re.match(_SECRET_OPTION, word))


def _shorten_word(word: str) -> str:
    text = _SECRET_VALUE.sub("***", _URL_PASSWORD.sub("***", word[: 20 * _MAX_WORD]))
    if _MAY_BE_SECRET.search(text):
        text = re.sub(_SECRET_SETTING, r"\1***", text)
    for folder, sign in _folders():
        text = re.sub(rf"(?<![\w.~-]){re.escape(folder)}{re.escape(os.sep)}", sign, text)
        text = re.sub(rf"(?<![\w.~-]){re.escape(folder)}(?![\w.-])", sign.rstrip("/") or ".", text)
    return text if len(text) <= _MAX_WORD else f"{text[:_MAX_WORD]}…"


def _folders() -> list[tuple[str, str]]:
    """Give the folders of this machine that are not shown, and what stands for them, the longest first."""
    home = os.path.expanduser("~")
    names = [(_working_folder(), ""), (os.environ.get("PWD", ""), ""), (sys.prefix, "")]
    names += [(home, "~/"), (os.path.realpath(home), "~/")]
    return sorted(
        {(name.rstrip(os.sep), sign) for name, sign in names if name.rstrip(os.sep)}, key=lambda n: -len(n[0])
    )


def _working_folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it is gone
        return os.devnull


# Git


def describe_code(command: Sequence[str] | None = None) -> dict[str, Any]:
    """Give commit, branch and whether files differ from the commit; nothing where there is no repository.

    The repository is that of the script that was started, or that `command` starts, else of the working directory.
    """
    for folder in _code_folders(command):
        if _is_in_repository(folder):
            return _ask_git(folder)
    return {}


def _code_folders(command: Sequence[str] | None) -> list[str]:
    if command:  # `./pipeline.sh` or `python train.py`
        scripts = [os.path.abspath(word) for word in command[:2] if os.path.isfile(word)]
    else:
        script = getattr(sys.modules.get("__main__"), "__file__", None)
        scripts = [os.path.abspath(script)] if script else []
    own = [os.path.dirname(script) for script in scripts if not script.startswith(sys.prefix + os.sep)]
    return [*own, _working_folder()]


def _is_in_repository(folder: str) -> bool:
    while not os.path.exists(os.path.join(folder, ".git")):
        folder, below = os.path.dirname(folder), folder
        if folder == below:
            return False
    return True


def _ask_git(folder: str) -> dict[str, Any]:
    import subprocess

    status = ["status", "--porcelain=v2", "--branch", "--untracked-files=no", "--ignore-submodules=dirty"]
    try:
        answer = _run_git(folder, status, _GIT_SECONDS)
    except subprocess.TimeoutExpired:
        return _ask_git_briefly(folder)
    return _read_status(answer) if answer else {}


def _ask_git_briefly(folder: str) -> dict[str, Any]:
    import subprocess

    try:
        commit = _run_git(folder, ["rev-parse", "HEAD"], 1.0).strip()
    except subprocess.TimeoutExpired:
        return {}
    return {"commit": commit} if commit else {}


def _run_git(folder: str, arguments: Sequence[str], seconds: float) -> str:
    """Give what git prints; nothing when it fails or is not there.

    Raises
    ------
    subprocess.TimeoutExpired
        It took too long.
    """
    import subprocess

    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN_REPOSITORY}
    environment = {**kept, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603 — a fixed program, arguments from this module
            ["git", "-C", folder, *arguments],  # noqa: S607 — whichever git the user's PATH has
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=seconds,
            env=environment,
            check=False,
        )
    except OSError:
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def _read_status(answer: str) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    is_dirty = False
    for line in answer.splitlines():
        if line.startswith("# branch.oid ") and not line.endswith("(initial)"):
            facts["commit"] = line.split()[2]
        elif line.startswith("# branch.head ") and not line.endswith("(detached)"):
            facts["branch"] = line.split(maxsplit=2)[2]
        elif not line.startswith("#"):
            is_dirty = True
    if "branch" not in facts and (branch := _branch_of_ci(facts.get("commit", ""))):
        facts["branch"] = branch
    return {**facts, "dirty": is_dirty}


def _branch_of_ci(commit: str) -> str:
    """Give the branch that a CI job is of, whose checkouts mostly have none; only of the job's own commit."""
    if not commit or commit not in map(os.environ.get, _CI_COMMITS):
        return ""
    found = ((os.environ.get(name, ""), prefix) for name, prefix in _CI_BRANCHES)
    return next((text[len(prefix) :] for text, prefix in found if text.startswith(prefix) and text != prefix), "")
