"""Checks the quality of a table month by month: profile, failed checks, chart, report, and a check that fails the run.

Data: daily prices of Google's share, which ship with matplotlib (`goog.npz`, from Yahoo Finance). Each run of
`prices-quality` takes one month, from March to August 2008, as a monthly job would have.

A run records the month's profile and its failed checks as tables, the daily closes and moves as list metrics, a chart
as SVG, its progress through the checks, and a Markdown report. A check with the severity "error" also makes the run
fail: in two months, after quarterly results, the price moved by more than 9 % in a day.
"""

import hashlib
import io
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.cbook import get_sample_data
from matplotlib.figure import Figure

import reportgen

SAMPLE_DATA = "https://github.com/matplotlib/matplotlib/tree/main/lib/matplotlib/mpl-data/sample_data"


class CheckFailed(RuntimeError):  # noqa: N818 - named for what happened
    """A check of the severity "error" found something."""


class Prices(NamedTuple):
    """One month: its days (columns of `rows`: date, open, high, low, close, volume, adj_close) and their moves."""

    month: np.datetime64
    rows: np.ndarray
    moves: np.ndarray  # share by which each day's close differs from that of the trading day before


Finding = tuple[np.datetime64, str]  # the day, and what was found


def missing_days(prices: Prices) -> Iterator[Finding]:
    weekdays = np.arange(prices.month, prices.month + 1, dtype="datetime64[D]")
    for day in weekdays[np.is_busday(weekdays)]:
        if day not in prices.rows["date"]:
            yield day, "no prices on a weekday (a market holiday, unless the source lost it)"


def disordered_prices(prices: Prices) -> Iterator[Finding]:
    for row in prices.rows:
        if not row["low"] <= min(row["open"], row["close"]) <= max(row["open"], row["close"]) <= row["high"]:
            yield row["date"], "open or close is not between low and high"


def volume_spikes(prices: Prices) -> Iterator[Finding]:
    usual = np.median(prices.rows["volume"])
    for row in prices.rows:
        if row["volume"] > 3 * usual:
            yield row["date"], f"{row['volume']:,} shares, {row['volume'] / usual:.1f} times the month's median"


def moves_over(limit: float, prices: Prices) -> Iterator[Finding]:
    for day, move in zip(prices.rows["date"], prices.moves, strict=True):
        if abs(move) > limit:
            yield day, f"close moved by {move:+.1%}"


class Check(NamedTuple):
    name: str
    severity: str
    find: Callable[[Prices], Iterator[Finding]]


CHECKS = [
    Check("low ≤ open, close ≤ high", "error", disordered_prices),
    Check("prices on every weekday", "warning", missing_days),
    Check("volume ≤ 3 × median", "warning", volume_spikes),
    Check("daily move ≤ 5 %", "warning", partial(moves_over, 0.05)),
    Check("daily move ≤ 9 %", "error", partial(moves_over, 0.09)),
]


def load(month: str) -> Prices:
    rows = get_sample_data("goog.npz")["price_data"]
    moves = rows["adj_close"] / np.roll(rows["adj_close"], 1) - 1
    in_month = rows["date"].astype("datetime64[M]") == np.datetime64(month)
    digest = hashlib.sha256(rows[in_month].tobytes()).hexdigest()
    reportgen.record_input(f"{SAMPLE_DATA}/goog.npz", name=f"prices of {month}", digest=digest)
    return Prices(np.datetime64(month), rows[in_month], moves[in_month])


def profile(rows: np.ndarray) -> list[dict[str, Any]]:
    """Describe each column in one row."""
    return [
        {
            "column": name,
            "count": len(rows),
            "missing": np.isnat(rows[name]).sum() if name == "date" else np.isnan(rows[name]).sum(),
            "distinct": len(np.unique(rows[name])),
            "min": rows[name].min().item(),
            "mean": None if name == "date" else round(rows[name].mean(), 2),
            "max": rows[name].max().item(),
        }
        for name in rows.dtype.names
    ]


def check(prices: Prices) -> list[dict[str, Any]]:
    """Give a row for each finding, with progress after each check."""
    progress = reportgen.create_progress_artifact(0, key="checks-progress")
    failures = []
    for n_done, rule in enumerate(CHECKS, start=1):
        for day, found in rule.find(prices):
            row = {"date": day.item(), "check": rule.name, "severity": rule.severity, "found": found}
            failures.append(row)
        reportgen.update_progress_artifact(progress, 100 * n_done / len(CHECKS), f"{n_done} of {len(CHECKS)} checks")
    return failures


def draw(prices: Prices) -> bytes:
    """Give the month's closes, and each day's range from low to high, as an SVG."""
    figure = Figure(figsize=(6, 2.5), layout="tight")
    axes = figure.subplots()
    axes.vlines(days_of_month(prices), prices.rows["low"], prices.rows["high"], color="lightsteelblue", linewidth=5)
    axes.plot(days_of_month(prices), prices.rows["close"])
    axes.set(xlabel=f"day of {prices.month}", ylabel="dollars")
    svg = io.BytesIO()
    # text stays text, and equal prices give equal bytes
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "quality"}):
        figure.savefig(svg, format="svg", metadata={"Date": None})
    return svg.getvalue()


def days_of_month(prices: Prices) -> list[int]:
    return [day.day for day in prices.rows["date"].tolist()]


def describe(prices: Prices, failures: list[dict[str, Any]]) -> str:
    """Give the month's report as Markdown, with an alert for each severity that occurs."""
    opened, closed = prices.rows["open"][0], prices.rows["close"][-1]
    lines = [f"{len(prices.rows)} trading days, from **{opened:.2f}** to **{closed:.2f}** dollars.", ""]
    for severity, alert in (("error", "CAUTION"), ("warning", "WARNING")):
        found = [f"> - {row['date']}: {row['found']}" for row in failures if row["severity"] == severity]
        if found:
            lines += [f"> [!{alert}]", f"> Checks of severity *{severity}* found:", ">", *found, ""]
    if not failures:
        lines += [f"> [!NOTE]\n> All {len(CHECKS)} checks passed."]
    return "\n".join(lines)


def record_metrics(prices: Prices, failures: list[dict[str, Any]]) -> None:
    reportgen.record_metric_value("rows", len(prices.rows))
    reportgen.record_metric_value("failed_checks", len({row["check"] for row in failures}))
    reportgen.record_metric_value("missing_days", len(list(missing_days(prices))))
    reportgen.record_metric_value("worst_daily_move", np.abs(prices.moves).max())
    reportgen.record_metric_value("volume", prices.rows["volume"].sum())
    reportgen.record_list_metric_values("daily_close", prices.rows["close"], x=days_of_month(prices))
    reportgen.record_list_metric_values("daily_move", prices.moves, x=days_of_month(prices))


def check_month(month: str) -> None:
    """Check one month in a run of its own.

    Raises
    ------
    CheckFailed
        A check of the severity "error" found something; by then everything is recorded.
    """
    days = np.arange(month, np.datetime64(month) + 1, dtype="datetime64[D]").tolist()
    params = {"first_day": days[0], "last_day": days[-1], "checks": len(CHECKS)}
    with reportgen.start_run("prices-quality", name=month, params=params, tags=["goog"]) as run:
        with run.step("load"):
            prices = load(month)
            reportgen.create_link_artifact(SAMPLE_DATA, link_text="matplotlib's sample data", key="prices-source")
        with run.step("profile"):
            reportgen.create_table_artifact(
                profile(prices.rows), key="prices-profile", description=f"Columns, {month}."
            )
        with run.step("check"):
            failures = check(prices)
            table = {name: [row[name] for row in failures] for name in ("date", "check", "severity", "found")}
            reportgen.create_table_artifact(table, key="failed-checks", description="One row for each *finding*.")
        with run.step("report"):
            record_metrics(prices, failures)
            reportgen.create_image_artifact(
                draw(prices), key="prices-chart", description=f"Closes and daily ranges, {month}."
            )
            reportgen.create_markdown_artifact(describe(prices, failures), key="quality-report")
        errors = [f"{row['date']}: {row['found']}" for row in failures if row["severity"] == "error"]
        if errors:
            raise CheckFailed("; ".join(errors))


def runs() -> list[partial[None]]:
    """Give callables that make one run each, oldest month first. Those of April and July 2008 raise."""
    months = np.arange("2008-03", "2008-09", dtype="datetime64[M]")
    return [partial(check_month, str(month)) for month in months]


if __name__ == "__main__":
    for run in runs():
        try:
            run()
            print("completed ", *run.args)
        except CheckFailed as error:
            print("failed    ", *run.args, error)
