"""Files and the standard input, for `reportgen log`: read up to a limit, and checked before anything is recorded."""

from __future__ import annotations

import sys
from pathlib import Path

from reportgen.errors import InputError

STANDARD_INPUT = "-"


def read_content(name: str, n_most: int) -> bytes:
    """Read a file, or the standard input when its name is `-`.

    Parameters
    ----------
    name
        Which.
    n_most
        Bytes that it may have; no more than that are read, however much there is.

    Raises
    ------
    InputError
        It cannot be read, or is too large.
    """
    try:
        if name == STANDARD_INPUT:
            content = _read_standard_input(n_most + 1)
        else:
            with Path(name).open("rb") as file:
                content = file.read(n_most + 1)
    except OSError as error:
        hint = "give a file, or - for the standard input"
        raise InputError(
            f"{shown(name)} cannot be read, {error.strerror or error}", hint=hint, slug="unreadable-input"
        ) from error
    if len(content) > n_most:
        message = f"{shown(name)} is larger than {n_most // 1_000_000} MB"
        raise InputError(message, hint="record a part of it, or a link to it", slug="too-large-input")
    return content


def _read_standard_input(n_most: int) -> bytes:
    if sys.stdin is None:
        raise OSError("it is closed")
    return sys.stdin.buffer.read(n_most)


def shown(name: str) -> str:
    """How messages name an input."""
    return "the standard input" if name == STANDARD_INPUT else name


def decode(content: bytes, name: str) -> str:
    """Take bytes as UTF-8 text.

    Raises
    ------
    InputError
        They are not; it names the line.
    """
    try:
        text = content.decode("utf-8-sig")
        at = content.find(b"\0")
        if at < 0:
            return text
    except UnicodeDecodeError as error:
        at = error.start
    raise bad_input(name, content.count(b"\n", 0, at) + 1, "this is not text in UTF-8")


def bad_input(name: str, line: int | None, what: str) -> InputError:
    """Say that an input cannot be understood, and where."""
    place = shown(name) if line is None else f"{shown(name)}, line {line}"
    return InputError(f"{place}: {what}", hint="nothing was recorded", slug="unusable-input")


def read_numbers(name: str, n_most: int) -> list[float]:
    """Read numbers that are separated by spaces or line ends.

    Raises
    ------
    InputError
        There are none, or one of the words is not a number; it names the line.
    """
    text = decode(read_content(name, n_most), name)
    words = text.split()
    if not words:
        raise bad_input(name, None, "there are no numbers in it")
    try:
        return [to_number(word) for word in words]
    except ValueError:
        for number, line in enumerate(text.split("\n"), 1):
            for word in line.split():
                try:
                    to_number(word)
                except ValueError as error:
                    raise bad_input(name, number, str(error)) from error
        raise


def to_number(word: str) -> float:
    """Read a number as programs print it; NaN and the infinities too.

    Raises
    ------
    ValueError
        It is none.
    """
    try:
        if "_" not in word:  # which only Python takes
            return float(word)
    except ValueError:
        pass
    raise ValueError(f"{word[:60]!r} is not a number, such as 0.93, -1e-3, NaN or -Infinity")


def is_file(name: str) -> bool:
    """Whether there is a file of this name."""
    try:
        return Path(name).is_file()
    except ValueError:
        return False
