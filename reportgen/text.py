"""How numbers, times, changes and counts read: one form for each, everywhere.

True minus signs, no-break spaces before units, thousands with a comma, times in UTC. Nothing here looks at a
clock or a locale, so the same values give the same text on every machine.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import re
from array import array
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

NBSP = "\u00a0"
MINUS = "−"
DASH = "–"

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_FULL_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()


# Numbers

_find_digit = re.compile("[1-9]").search
_MAX_PLAIN = 1e15  # larger numbers get an exponent, whatever the form


class NumberForm(NamedTuple):
    """How the values of one metric or column are written.

    Attributes
    ----------
    decimals
        Digits after the point; `None` writes three significant digits with an exponent.
    unit
        Written after the number; `"%"` multiplies by 100 first.
    """

    decimals: int | None = 0
    unit: str = ""


def number_form(values: Iterable[float | None], unit: str = "") -> NumberForm:
    """Choose one form for values that stand together: enough digits to tell them apart, never more than six.

    Whole numbers have no decimals. Else the largest absolute value gets four significant digits; values over
    10^15 or all under 10^-4 get an exponent.
    """
    scale = 100.0 if unit == "%" else 1.0
    finite = _finite(values)
    largest = max(max(finite, default=0.0), -min(finite, default=0.0)) * scale
    if largest >= _MAX_PLAIN or 0 < largest < 1e-4:
        return NumberForm(None, unit)
    if all(value * scale == int(value * scale) for value in finite):
        return NumberForm(0, unit)
    magnitude = math.floor(math.log10(largest)) if largest else 0
    decimals = min(max(3 - magnitude, 0), 6)
    while decimals > 1 and all(_has_decimals(value * scale, decimals - 1) for value in finite):
        decimals -= 1
    return NumberForm(decimals, unit)


def _finite(values: Iterable[float | None]) -> Sequence[float]:
    if isinstance(values, array) and math.isfinite(sum(values)):  # then each is, and there may be very many
        return values
    return [value for value in values if value is not None and math.isfinite(value)]


def _has_decimals(value: float, decimals: int) -> bool:
    return round(value, decimals) == round(value, 10)


def format_number(value: float | None, form: NumberForm | None = None, *, sign: bool = False) -> str:
    """Write a number in a form (default: one that suits it alone), with its unit. `None` is a dash."""
    if value is None:
        return DASH
    decimals, unit = form or number_form([value])
    digits = _format_digits(value * 100 if unit == "%" else value, decimals, sign=sign)
    return f"{digits}{NBSP}{unit}" if unit else digits


def format_numbers(values: Iterable[float | None], form: NumberForm, *, missing: str = DASH) -> list[str]:
    """Write the numbers of a column as `format_number` does, sooner; `missing` stands for `None`."""
    write = None if form.decimals is None or form.unit else f"{{:,.{form.decimals}f}}".format
    return [
        missing if value is None else write(value) if write and 0 < value < _MAX_PLAIN else format_number(value, form)
        for value in values
    ]


def _format_digits(value: float, decimals: int | None, *, sign: bool) -> str:
    if decimals is not None and -_MAX_PLAIN < value < _MAX_PLAIN:
        text = f"{value:+,.{decimals}f}" if sign else f"{value:,.{decimals}f}"
        if text[0] != "-":
            return text
        if text.strip("-0.,"):
            return MINUS + text[1:]
        return "+" + text[1:] if sign else text[1:]  # a zero has no sign
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else f"{MINUS}∞"
    mantissa, exponent = f"{value:+.2e}".split("e")
    text = f"{mantissa} × 10{_superscript(int(exponent))}"
    if text[0] == "-":
        return MINUS + text[1:]
    return text if sign else text[1:]


def _superscript(number: int) -> str:
    return str(number).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def format_count(n: int, noun: str, plural: str | None = None) -> str:
    """Write a number of things, e.g. `"1 row"`, `"2 rows"`."""
    return f"{n:,}{NBSP}{noun if n == 1 else plural or noun + 's'}"


def format_bytes(n: int) -> str:
    """Write a size with SI units, e.g. `"1.2 kB"`."""
    if n < 1000:
        return f"{n}{NBSP}B"
    size = float(n)
    for unit in ("kB", "MB", "GB", "TB"):
        size /= 1000
        if size < 999.95 or unit == "TB":
            return f"{size:.1f}{NBSP}{unit}"
    raise AssertionError("unreachable")


# Changes


class Change(NamedTuple):
    """A change as it is shown: `text` (arrow, difference, per cent) and its judgement.

    `tone` is the class of its colour: better, worse or quiet; `word` says the same in text. `brief` is `text`
    for narrow places: arrow and per cent where there is one.
    """

    text: str
    tone: Literal["better", "worse", "quiet"]
    word: str
    brief: str = ""


def describe_change(
    now: float | None,
    before: float | None,
    form: NumberForm,
    *,
    goal: Literal["max", "min"] | None = None,
    tolerance: float = 0.0,
) -> Change | None:
    """Say how a value differs from the one before; `None` when one of them is not there.

    Values that read the same in their form have not changed.

    Parameters
    ----------
    now, before
        The values.
    form
        How the metric is written.
    goal
        Which direction is better, if any.
    tolerance
        A change up to this share of the value before is noise: quiet, without a judgement.
    """
    if now is None or before is None:
        return None
    if now == before or format_number(now, form) == format_number(before, form):
        return Change("no change", "quiet", "", "no change")
    if not (math.isfinite(now) and math.isfinite(before)):
        text = f"was {format_number(before, form)}"
        return Change(text, "quiet", "", text)
    delta = now - before
    arrow = f"{'↑' if delta > 0 else '↓'}{NBSP}"
    amount = format_delta(delta, form)
    share = _format_share(delta / abs(before)) if before and form.unit != "%" else ""
    text = f"{arrow}{amount} ({share})" if share else f"{arrow}{amount}"
    brief = f"{arrow}{share or amount}"
    if tolerance and abs(delta) <= tolerance * abs(before):
        return Change(text, "quiet", "in tolerance", brief)
    if goal is None:
        return Change(text, "quiet", "", brief)
    judged: Literal["better", "worse"] = "better" if (delta > 0) == (goal == "max") else "worse"
    return Change(text, judged, judged, brief)


def format_delta(delta: float, form: NumberForm) -> str:
    if form.unit == "%":
        return _format_signed(delta * 100, form.decimals) + f"{NBSP}pp"
    text = format_number(delta, form, sign=True)
    if _find_digit(text):
        return text
    return format_number(delta, number_form([delta], form.unit), sign=True)


def _format_share(share: float) -> str:
    percent = share * 100
    if abs(percent) >= 1000:
        return _format_signed(percent, 0) + f"{NBSP}%"
    return _format_signed(percent, 1 if abs(percent) >= 0.1 else 2) + f"{NBSP}%"


def format_part(n: int, total: int) -> str:
    """Write which part of a whole something is in per cent: never 0 or 100 unless it is none or all."""
    share = 100 * n / total
    if 0 < share < 0.01:
        return f"under 0.01{NBSP}%"
    if share < 1:
        return f"{share:.2g}{NBSP}%"
    return f"{min(share, 99.9) if n < total else share:.1f}".removesuffix(".0") + f"{NBSP}%"


def _format_signed(value: float, decimals: int | None) -> str:
    """Keep the sign where rounding leaves zeros only, so that it agrees with the arrow before it."""
    text = _format_digits(value, decimals, sign=True)
    return MINUS + text[1:] if value < 0 else text


# Times


_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - all times are UTC
LAST_US = 253_402_300_799_000_000  # of the year 9999


def _utc(at_us: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(microseconds=min(max(at_us, 0), LAST_US))


def format_date(at_us: int) -> str:
    """Write a day, e.g. `"20 Nov 2026"`."""
    at = _utc(at_us)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def format_clock(at_us: int, *, seconds: bool = False) -> str:
    """Write a time of day, e.g. `"02:00"` or `"02:00:04"`."""
    return _utc(at_us).isoformat()[11 : 19 if seconds else 16]


def format_time(at_us: int) -> str:
    """Write a time in full, e.g. `"20 Nov 2026, 02:00:04"`."""
    return f"{format_date(at_us)}, {format_clock(at_us, seconds=True)}"


def format_weekday(at_us: int) -> str:
    """Write a day as a heading, e.g. `"Friday 20 November 2026"`."""
    at = _utc(at_us)
    return f"{_DAYS[at.weekday()]} {at.day} {_FULL_MONTHS[at.month - 1]} {at.year}"


def format_short_time(at_us: int, *, with_date: bool = True) -> str:
    """Write a time in a list, e.g. `"20 Nov 02:00"`; without its date `"02:00"`."""
    at = _utc(at_us)
    return f"{at.day} {_MONTHS[at.month - 1]} {format_clock(at_us)}" if with_date else format_clock(at_us)


def iso_time(at_us: int) -> str:
    """Give the time for programs, e.g. `"2026-11-20T02:00:04.000000Z"`."""
    return _utc(at_us).isoformat(timespec="microseconds") + "Z"


def html_time(at_us: int) -> str:
    """Give the time for `<time datetime>`, which takes no finer fractions: `"2026-11-20T02:00:04.000Z"`."""
    return iso_time(at_us)[:23] + "Z"


def iso_day(at_us: int) -> str:
    """Give the day for programs, e.g. `"2026-11-20"`."""
    return _utc(at_us).isoformat()[:10]


def format_duration(us: int) -> str:
    """Write how long something took, e.g. `"4 ms"`, `"48.2 s"`, `"2 min 12 s"`, `"3 h 41 min"`."""
    seconds = us / 1e6
    if us == 0:
        return f"0{NBSP}s"
    if seconds < 0.9995:
        return f"{us / 1000:.0f}{NBSP}ms" if us >= 1000 else f"{us}{NBSP}µs"
    if seconds < 59.95:
        return f"{seconds:.1f}{NBSP}s"
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}{NBSP}min" + (f" {rest:02d}{NBSP}s" if rest else "")
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours}{NBSP}h" + (f" {minutes:02d}{NBSP}min" if minutes else "")
    days, hours = divmod(hours, 24)
    return f"{days}{NBSP}days" + (f" {hours}{NBSP}h" if hours else "")


# Names and sentences


def join_words(words: Iterable[str]) -> str:
    """Join words as in a sentence: `"a"`, `"a and b"`, `"a, b and c"`."""
    items = list(words)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def no_break(text: str) -> str:
    """Keep a text on one line."""
    return text.replace(" ", NBSP)


def count_word(n: int) -> str:
    """Write a small number as a word, as sentences do up to twelve."""
    words = "no one two three four five six seven eight nine ten eleven twelve".split()
    return words[n] if n < len(words) else f"{n:,}"


def first_line(text: str, limit: int = 200) -> str:
    """Give the first line that is not blank, cut to a length."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


_TERMINAL_CODE = re.compile("\x1b\\[[0-9;:?]*[A-Za-z]")


def strip_terminal_codes(text: str) -> str:
    """Leave out what colours text and moves the cursor in a terminal: tools write it into messages and logs."""
    return _TERMINAL_CODE.sub("", text) if "\x1b" in text else text


def printable(text: str) -> str:
    """Give a text with plain spaces, and U+FFFD for each character that is none to see."""
    spaced = text.replace(NBSP, " ")
    return "".join(character if character.isprintable() else "\ufffd" for character in spaced)


_ADJECTIVES = (
    "amber ashen azure bold brave bright brisk calm clear clever cold cool coral crisp deep dry early eager "
    "even fair fine firm fleet fresh gentle golden grand green grey happy hardy hazel high honest ivory "
    "jolly keen kind late light lively lone lucky mellow merry mild neat noble north olive pale plain "
    "proud quick quiet rapid ready red rosy round royal russet sharp shy silent silver slow smooth snowy "
    "soft solid south spry steady still stout sunny sure swift tidy true vast vivid warm west white wide "
    "wild wise witty young"
).split()
_NOUNS = (
    "alder aspen avocet badger basalt bay beech birch brook cedar cliff cloud comet coot copper crane creek "
    "crow curlew dale delta dove dune elm falcon fern field finch fjord flint forest fox garnet glade gorge "
    "granite grove gull harbor hare hawk hazel heath heron hill ibis iris island jasper jay juniper kestrel "
    "lake larch lark ledge linden lynx maple marsh marten meadow merlin mesa mica moor moss newt oak onyx "
    "opal orchid osprey otter owl pebble petrel pine plover pond poplar quartz quail raven reed ridge river "
    "robin rook rowan sage salmon sparrow spruce stork summit swan teal tern thrush tide tulip vale valley "
    "walnut wave willow wren yew"
).split()


def readable_name(identity: str) -> str:
    """Derive a name that people can say from an id, e.g. `"brisk-otter"`. Not unique: the id is what counts."""
    digest = int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8], "big")
    return f"{_ADJECTIVES[digest % len(_ADJECTIVES)]}-{_NOUNS[digest // len(_ADJECTIVES) % len(_NOUNS)]}"
