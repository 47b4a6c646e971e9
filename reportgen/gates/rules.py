"""Rules: one line of text each, the same in `reportgen.toml` and after `--rule`.

    metric NAME                       the run recorded the metric
    artifact KEY                      the run made a version of the key
    NAME >= 0.9                       or < <= > == !=; 5% is 0.05
    NAME against BASELINE             not worse than the baseline by more than the tolerance
    NAME steady                       not worse than the noise of earlier runs explains

`*` in place of a name is every metric that has a goal. Words are divided as a shell divides them. After them stand
options such as `pipeline=churn` or `tolerance=2%`.
"""

from __future__ import annotations

import difflib
import math
import operator
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from reportgen.errors import InputError
from reportgen.settings import find_config

ANY = "*"
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
Goal = Literal["max", "min"]

_UNSPACED = re.compile(r"([^<>=!]+)(>=|<=|==|!=|>|<)([^<>=!]+)")
_FORMS = 'a rule is "NAME >= 0.9", "NAME against BASELINE", "NAME steady", "metric NAME" or "artifact KEY"'
_PLACE_OPTIONS = ("pipeline", "deployment")


@dataclass(frozen=True)
class Recorded:
    """That the run recorded a metric, or made a version of a key."""

    kind: Literal["metric", "artifact"]


@dataclass(frozen=True)
class Threshold:
    """That a value stands on one side of a limit."""

    sign: str
    limit: float


@dataclass(frozen=True)
class Against:
    """That a value is not worse than that of another run.

    Attributes
    ----------
    baseline
        `latest`, `branch:NAME`, a run's id, or the folder of a site or of logs.
    tolerance
        The share of the baseline's value that is noise; `None` takes that of the configuration.
    goal
        Which direction is better; `None` takes that of the configuration, and without one any change is worse.
    """

    baseline: str
    tolerance: float | None = None
    goal: Goal | None = None


@dataclass(frozen=True)
class Steady:
    """That a value is not worse than the noise of earlier runs explains.

    Attributes
    ----------
    window
        How many earlier values count.
    deviations
        How many deviations from their median are noise.
    effect
        The share of their median below which no difference matters; `None` takes the metric's tolerance.
    goal
        As of `Against`.
    """

    window: int = 20
    deviations: float = 4.0
    effect: float | None = None
    goal: Goal | None = None


@dataclass(frozen=True)
class Rule:
    """What runs must meet.

    Attributes
    ----------
    text
        As it was written.
    subject
        The metric or key; `*` for every metric with a goal.
    test
        What must be so.
    pipeline, deployment
        Of the runs that it is for; `None` for those that ever recorded the subject.
    """

    text: str
    subject: str
    test: Recorded | Threshold | Against | Steady
    pipeline: str | None = None
    deployment: str | None = None


def parse_rule(text: str, place: str = "") -> Rule:
    """Read a rule.

    Parameters
    ----------
    text
        The rule.
    place
        Where it stands, for the error, e.g. `"reportgen.toml:4: "`.

    Raises
    ------
    InputError
        It is none; the message says what is wrong.
    """
    try:
        return _parse(text)
    except ValueError as error:
        raise InputError(f"{place}rule {text!r}: {error}", hint=_FORMS, slug="bad-rule") from error


def check_rules(rules: Sequence[str]) -> list[Rule]:
    """Read the rules of the configuration in the working directory; an error names the line.

    Raises
    ------
    InputError
        One of them is none.
    """
    parsed = []
    for number, text in enumerate(rules):
        try:
            parsed.append(_parse(text))
        except ValueError:
            file = find_config()
            parse_rule(text, file.place_of(("check", "rules", number)))
    return parsed


def _parse(text: str) -> Rule:
    try:
        words = shlex.split(text)
    except ValueError:
        raise ValueError("a quotation mark is not closed") from None
    if words and (match := _UNSPACED.fullmatch(words[0])) and not _is_option(words[0]):
        words[:1] = match.groups()
    match words:
        case [name, sign, limit, *rest] if sign in COMPARISONS:
            options = _Options(rest, _PLACE_OPTIONS)
            return Rule(text, _name(name), Threshold(sign, _number(limit)), **options.place())
        case [name, "against", baseline, *rest]:
            options = _Options(rest, ("tolerance", "goal", *_PLACE_OPTIONS))
            against = Against(baseline, options.share("tolerance"), options.goal())
            return Rule(text, _name(name), against, **options.place())
        case [name, "steady", *rest]:
            options = _Options(rest, ("window", "deviations", "effect", "goal", *_PLACE_OPTIONS))
            steady = Steady(
                options.count("window", Steady.window),
                options.positive("deviations", Steady.deviations),
                options.share("effect"),
                options.goal(),
            )
            return Rule(text, _name(name), steady, **options.place())
        case ["metric" | "artifact" as kind, name, *rest]:
            options = _Options(rest, _PLACE_OPTIONS)
            return Rule(text, _name(name), Recorded("metric" if kind == "metric" else "artifact"), **options.place())
        case [_, "against"]:
            raise ValueError("what to compare with is missing: latest, branch:NAME, a run's id, or a site")
        case [_, sign] if sign in COMPARISONS:
            raise ValueError(f"the number after {sign} is missing")
        case [_, word, *_]:
            raise ValueError(f"{word!r} is neither a comparison, nor against, nor steady")
    raise ValueError("it says nothing of a metric or artifact")


def _is_option(word: str) -> bool:
    return word.partition("=")[0] in _PLACE_OPTIONS and "==" not in word


def _name(name: str) -> str:
    if not name:
        raise ValueError("the name is empty")
    return name


def _number(text: str) -> float:
    """Read a number; one with a per-cent sign is a share."""
    digits = text.removesuffix("%")
    try:
        value = float(digits)
    except ValueError:
        raise ValueError(f"{text!r} is no number") from None
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is no limit")
    return value if digits == text else value / 100


class _Options:
    """The words `name=value` after a rule."""

    def __init__(self, words: Sequence[str], known: Sequence[str]) -> None:
        self._values: dict[str, str] = {}
        for word in words:
            name, sign, value = word.partition("=")
            if not sign:
                raise ValueError(f"{word!r} is one word too many; quote names with spaces")
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                raise ValueError(f"unknown option {name!r}, {f'did you mean {near[0]}?' if near else _listed(known)}")
            if name in self._values:
                raise ValueError(f"{name} is given twice")
            self._values[name] = value

    def place(self) -> dict[str, str | None]:
        return {name: self._values.get(name) for name in _PLACE_OPTIONS}

    def share(self, name: str) -> float | None:
        return None if name not in self._values else self.positive(name, 0.0, or_zero=True)

    def positive(self, name: str, default: float, *, or_zero: bool = False) -> float:
        value = _number(self._values[name]) if name in self._values else default
        if value < 0 or (value == 0 and not or_zero):
            raise ValueError(f"{name} must be {'0 or more' if or_zero else 'over 0'}")
        return value

    def count(self, name: str, default: int) -> int:
        text = self._values.get(name, str(default))
        if not re.fullmatch("[0-9]{1,6}", text) or int(text) < 8:
            raise ValueError(f"{name} must be a whole number from 8")
        return int(text)

    def goal(self) -> Goal | None:
        match self._values.get("goal"):
            case None:
                return None
            case "max":
                return "max"
            case "min":
                return "min"
        raise ValueError("goal must be max or min")


def _listed(names: Sequence[str]) -> str:
    return f"there are {', '.join(names)}"
