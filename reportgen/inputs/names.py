"""Keys and names: what may name an artifact, a metric, a step."""

from __future__ import annotations

import re

KEY_RULE = "Artifact key must only contain lowercase letters, numbers, and dashes"
_is_key = re.compile(r"[a-z0-9-]{1,200}").fullmatch
_MAX_NAME = 200


def check_key(key: str | None) -> None:
    """Refuse a key that is not 1 to 200 lowercase letters, digits and dashes. `None` is keyless.

    Raises
    ------
    ValueError
        The key breaks the rule.
    """
    if key is not None and not (isinstance(key, str) and _is_key(key)):
        raise ValueError(f"{KEY_RULE} (1 to 200 of them), not {key!r}")


def check_name(name: str, what: str) -> None:
    """Refuse a name that is not 1 to 200 printable characters.

    Raises
    ------
    TypeError, ValueError
        The name is not text, or breaks the rule.
    """
    if not isinstance(name, str):
        raise TypeError(f"{what} must be text, not {type(name).__name__}")
    if not name.strip() or len(name) > _MAX_NAME or not name.isprintable():
        raise ValueError(f"{what} must be 1 to {_MAX_NAME} printable characters, not {name[:60]!r}")
