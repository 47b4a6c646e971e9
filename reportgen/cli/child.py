"""Runs a command for `reportgen exec` as if it had been started directly, and tells how it ended.

Standard streams, other open files, process group and terminal are the command's as they are. What a terminal sends
to all processes in it (Ctrl-C, Ctrl-\\) reaches the command that way, so it is noted and not passed on; SIGTERM and
SIGHUP come to one process, so they are. A signal that was ignored stays ignored, as `nohup` wants it. Only the
command itself is signalled, not what it has started: that is the command's to do.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

NOT_FOUND = 127
NOT_EXECUTABLE = 126
_FROM_SIGNAL = 128

_PASSED_ON = {number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None))}
_STOPPING = _PASSED_ON | {number for name in ("SIGINT", "SIGQUIT") if (number := getattr(signal, name, None))}


class CommandFailed(Exception):  # noqa: N818 — the type that the run's page shows
    """The command could not be started, ended with an exit code other than 0, or crashed."""


class CommandStopped(KeyboardInterrupt):
    """The command was interrupted or terminated, so that its run counts as cancelled."""


@dataclass(frozen=True)
class Ending:
    """How a command ended.

    Attributes
    ----------
    exit_code
        As a shell gives it: 128 + n when signal n ended it, 127 when it was not found, 126 when it is no program.
    error
        What is recorded; `None` when it completed.
    was_started
        Whether there was a process.
    """

    exit_code: int
    error: CommandFailed | CommandStopped | None = None
    was_started: bool = True


class Child:
    """A command to run; a context manager that takes care of signals from before its start until after its end.

    Parameters
    ----------
    words
        The command and its arguments.
    shown
        How errors name it.
    """

    def __init__(self, words: Sequence[str], shown: str) -> None:
        self._words = words
        self._shown = shown
        self._process: subprocess.Popen[bytes] | None = None
        self._received: list[int] = []
        self._before: dict[int, object] = {}

    def __enter__(self) -> Child:
        for number in _STOPPING:
            if signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what `signal.signal` gave

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self._received.append(number)
        self._pass_on(number)

    def _pass_on(self, number: int) -> None:
        if self._process is not None and number in _PASSED_ON:
            self._process.send_signal(number)

    def run(self) -> Ending:
        """Start the command, unless a signal came before, and wait for its end."""
        if self._received:
            return self._judge(-self._received[0])
        try:
            self._process = process = subprocess.Popen(self._words, close_fds=False)  # noqa: S603 — what the user asks for
        except OSError as error:
            return self._explain(error)
        for number in self._received:  # those that came while it was started
            self._pass_on(number)
        return self._judge(process.wait())

    def _judge(self, status: int) -> Ending:
        if status == 0:
            return Ending(0)
        exit_code = status if status > 0 else _FROM_SIGNAL - status
        how = f"ended with exit code {status}" if status > 0 else f"was ended by {_signal_name(-status)}"
        if -status in _STOPPING:
            return Ending(exit_code, CommandStopped(f'"{self._shown}" {how}'))
        if self._received:
            received = _signal_name(self._received[-1])
            return Ending(exit_code, CommandStopped(f'"{self._shown}" {how} after {received}'))
        return Ending(exit_code, CommandFailed(f'"{self._shown}" {how}'))

    def _explain(self, error: OSError) -> Ending:
        """Say why the command could not be started."""
        if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
            why, exit_code = f"cannot be executed: {error.strerror}", NOT_EXECUTABLE
            if isinstance(error, PermissionError) and Path(self._words[0]).is_file():
                why += " (chmod +x makes a script executable)"
            elif "format" in str(error.strerror):
                why += " (a script begins with a line such as #!/bin/sh)"
        elif os.sep in self._words[0] and Path(self._words[0]).exists():
            why, exit_code = "cannot be started: the program that its first line names was not found", NOT_FOUND
        else:
            why, exit_code = "was not found", NOT_FOUND
        return Ending(exit_code, CommandFailed(f'"{self._shown}" {why}'), was_started=False)

    def end_as_it_did(self, ending: Ending) -> None:
        """End this process by SIGINT if Ctrl-C ended the command, or a shell would go on with its script.

        A shell takes an exit code after Ctrl-C as a sign that the command has dealt with it.
        """
        if signal.SIGINT in self._received and ending.exit_code == _FROM_SIGNAL + signal.SIGINT and os.name == "posix":
            sys.stdout.flush()
            sys.stderr.flush()
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal has none
        return f"signal {number}"
