"""A git repository, asked through the program git."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from reportgen.errors import InputError, OutputError

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*@")


class Git:
    """Runs git in a repository, without its hooks and without asking anybody when nobody is there to answer."""

    def __init__(self, folder: str | Path) -> None:
        self._command = ["git", "-C", str(folder), "-c", f"core.hooksPath={os.devnull}"]
        self._environment = {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
        if not sys.stdin or not sys.stdin.isatty():
            self._environment.setdefault("GIT_TERMINAL_PROMPT", "0")
            self._environment.setdefault("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")

    def run(self, *words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(  # noqa: S603 — git
                [*self._command, *words], input=stdin, capture_output=True, check=False, env=self._environment
            )
        except FileNotFoundError as error:
            hint = "install git, e.g. with `apt install git`"
            raise InputError("git is not installed", hint=hint, slug="no-git") from error

    def try_to(self, *words: str) -> str:
        """Give what a command prints; nothing when it fails."""
        done = self.run(*words)
        return "" if done.returncode else done.stdout.decode("utf-8", "replace").strip()

    def must(self, *words: str, stdin: bytes = b"") -> bytes:
        """Give what a command prints that is to work on any sound repository."""
        done = self.run(*words, stdin=stdin)
        if done.returncode:
            raise _failure(words[0], done)
        return done.stdout

    def feed(self, pieces: Iterable[bytes], *words: str) -> None:
        """Give a command what it reads piece by piece.

        Raises
        ------
        OutputError
            It fails.
        """
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(  # noqa: S603 — git
                [*self._command, *words, "--quiet", "--done"],
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=said,
                env=self._environment,
            )
            with contextlib.suppress(BrokenPipeError), process.stdin or io.BytesIO() as pipe:
                for piece in pieces:
                    pipe.write(piece)
            if process.wait():
                said.seek(0)
                raise _failure(words[0], subprocess.CompletedProcess([], process.returncode, b"", said.read()))

    @property
    def hash_name(self) -> str:
        """How objects are named, `"sha1"` or `"sha256"`."""
        return self.try_to("rev-parse", "--show-object-format") or "sha1"


def _failure(command: str, done: subprocess.CompletedProcess[bytes]) -> OutputError:
    hint = "see whether `git fsck` finds the repository sound and the disk has room"
    return OutputError(f"git {command} failed: {reason_of(done)}", hint=hint, slug="git-failed")


def reason_of(done: subprocess.CompletedProcess[bytes]) -> str:
    """Give what git says is wrong, in one line without credentials."""
    out, err = (text.decode("utf-8", "replace").splitlines() for text in (done.stdout, done.stderr))
    refused = [line.rpartition("\t")[2] for line in out if line.startswith("!")]
    remote = [text for line in err if line.startswith("remote:") and (text := line[7:].strip())]
    telling = [line for line in err if line.startswith(("fatal:", "error:"))]
    chosen = refused[:1] + remote[:1] if refused else (telling or remote or err or [f"exit code {done.returncode}"])[:1]
    return without_credentials(", ".join(chosen))


def without_credentials(text: str) -> str:
    return _CREDENTIALS.sub("", text)
