"""Real data as runs: converters from the sample sets beside the checkout to logs.

Each `write_…` reads one set and writes its runs as somebody would have recorded them: hundreds of runs of one
pipeline, names with spaces, dots and tabs, values that are missing, texts in four scripts, hostile attachments. The
logs are the same at every call. What a set has too much of is left out, newest kept.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import tarfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from logs import (
    HOUR,
    MINUTE,
    SECOND,
    START,
    artifact,
    end,
    list_metric,
    metric,
    progress,
    run_start,
    step_start,
    use,
    write_blob,
    write_run,
)

from reportgen.records import Record

MILLISECOND = SECOND // 1000


def write_real_data(shared_data: Path, logs: Path) -> None:
    """Write the runs of every set that has a converter, and of texts that no set has."""
    write_asv(shared_data / "asv-conda/results.tar.gz", logs, "conda", n_runs=105)
    write_asv(shared_data / "asv-metpy/results.tar.gz", logs, "metpy", n_runs=8, n_metrics=24)
    write_github_benchmarks(shared_data / "github-action-benchmark/data.js.gz", logs, n_runs=3)
    write_monitors(shared_data / "rl-monitor/monitor.tar.gz", logs)
    write_trainer(shared_data / "trainer-state/trainer_state.json", logs)
    write_mlflow(shared_data / "mlflow-export/oss_mlflow", logs)
    write_dbt(shared_data / "openlineage/dbt.tar.gz", logs)
    write_test_results(shared_data / "allure-demo", logs)
    write_documents(shared_data, logs)
    write_csv_tables(shared_data / "csv-spectrum", logs)
    write_scripts(logs)


def slug(text: str) -> str:
    """Make a key of any text."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


# Histories of benchmarks


def write_asv(archive: Path, logs: Path, pipeline: str, *, n_runs: int, n_metrics: int | None = None) -> None:
    """Write the newest results of asv; results that are null were not recorded."""
    with tarfile.open(archive) as found:
        members = [one.name for one in found if one.name.endswith(".json") and one.name.count("/") == 2]
        results = [json.load(found.extractfile(name)) for name in members if "machine" not in name.rpartition("/")[2]]  # type: ignore[arg-type]
    results.sort(key=lambda one: (one["date"], one["commit_hash"]))
    for result in results[-n_runs:]:
        commit = result["commit_hash"]
        params = {name: value for name, value in result["params"].items() if value}
        records: list[Record] = [
            run_start(pipeline, name=commit[:8], params=params, context={"git": {"commit": commit, "branch": "main"}})
        ]
        for name, found_value in sorted(result["results"].items())[:n_metrics]:
            value = _first(found_value)
            if value is not None:
                records.append(metric(name, value))
        write_run(logs, f"{pipeline}-{commit[:12]}", [*records, end()], at=result["date"] * MILLISECOND)


def _first(result: Any) -> float | None:
    """Take the number out of the forms it had over the years: bare, in lists, in an object with statistics."""
    while isinstance(result, list | dict):
        result = result["result"] if isinstance(result, dict) else result[0]
    return result


def write_github_benchmarks(archive: Path, logs: Path, *, n_runs: int) -> None:
    """Write the newest entries of each suite; a commit that was measured twice is two runs."""
    text = gzip.decompress(archive.read_bytes()).decode()
    suites = json.loads(text[text.index("{") :])["entries"]
    for suite, entries in suites.items():
        for number, entry in enumerate(entries[-n_runs:]):
            commit = entry["commit"]
            records: list[Record] = [
                run_start(
                    suite,
                    name=commit["message"].splitlines()[0][:150],
                    tags=[entry["tool"]],
                    params={"url": commit["url"], "author": commit["author"].get("username")},
                    context={"git": {"commit": commit["id"], "branch": "master"}},
                )
            ]
            records += [metric(bench["name"], bench["value"]) for bench in entry["benches"]]
            rows = [
                [bench.get(name) for name in ("name", "value", "range", "unit", "extra")] for bench in entry["benches"]
            ]
            table = {"columns": ["name", "value", "range", "unit", "extra"], "rows": rows}
            records += [artifact(f"{slug(suite)}-{number}", slug(suite), type="table", data=table), end()]
            write_run(logs, f"{slug(suite)}-{number:02}", records, at=entry["date"] * MILLISECOND)


# Training


def write_monitors(archive: Path, logs: Path) -> None:
    """Write a run for each algorithm and environment, with a curve of each worker; some have no episode."""
    files: dict[str, list[tuple[str, str]]] = defaultdict(list)
    with tarfile.open(archive) as found:
        for member in sorted(found.getmembers(), key=lambda one: one.name):
            if member.isfile():
                algorithm, environment, *_, name = member.name.split("/")
                content = found.extractfile(member).read().decode()  # type: ignore[union-attr]
                files[f"{algorithm}/{environment}"].append((name, content))
    for number, (name, parts) in enumerate(files.items()):
        write_run(logs, slug(f"rl-{name}"), _monitor_records(name, parts), at=START + number * HOUR)


def _monitor_records(name: str, parts: list[tuple[str, str]]) -> Iterator[Record]:
    algorithm, environment = name.split("/")
    config = next((text for part, text in parts if part == "config.yml"), "")
    yield run_start(
        f"rl {environment.partition('_')[0]}",
        name=algorithm,
        deployment="zoo",
        params=dict(re.findall(r"- - (\w+)\n +- (.+)", config)),
        tags=[algorithm],
    )
    yield step_start("s", "episodes")
    for part, text in parts:
        if not part.endswith("monitor.csv"):
            continue
        rows = [[float(value) for value in row] for row in csv.reader(text.splitlines()[2:])]
        worker = part.partition(".")[0]
        yield list_metric(f"reward {worker}", [r for r, _, _ in rows], [t for _, _, t in rows], step="s")
        if rows:
            yield metric("mean reward", sum(row[0] for row in rows) / len(rows), step="s")
        table = {"columns": ["r", "l", "t"], "rows": rows[-200:]}
        if worker == "0":
            yield artifact(f"{slug(name)}-{worker}", "episodes", type="table", data=table, step="s")
    yield end(step="s")
    yield end()


def write_trainer(path: Path, logs: Path) -> None:
    """Write the one run of a trainer: each value that it logged as a list metric over steps."""
    state = json.loads(path.read_text("utf-8"))
    points: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for entry in state["log_history"]:
        for name, value in entry.items():
            if name != "step":
                points[name].append((entry["step"], value))
    params = {name: value for name, value in state.items() if not isinstance(value, list)}
    records: list[Record] = [run_start("finetune", params=params), step_start("s", "train")]
    for name, pairs in points.items():
        records.append(list_metric(name, [value for _, value in pairs], [x for x, _ in pairs], step="s"))
        records.append(metric(name, pairs[-1][1], step="s"))
    write_run(logs, "trainer", [*records, end(step="s"), end()])


def write_mlflow(folder: Path, logs: Path) -> None:
    """Write exported runs, each once, with tags that hold JSON and paths."""
    for path in sorted({path.parent.name: path for path in sorted(folder.rglob("run.json"))}.values()):
        found = json.loads(path.read_text("utf-8"))["mlflow"]
        info, tags = found["info"], found["tags"]
        at = info["start_time"] * MILLISECOND
        status = {"FINISHED": "completed", "FAILED": "failed"}.get(info["status"], "cancelled")
        records: list[Record] = [
            run_start(
                tags.get("mlflow.source.name", "mlflow"),
                name=info.get("run_name"),
                params=found["params"],
                tags=[f"{name}={value}"[:150] for name, value in sorted(tags.items())],
                context={"tags": tags},
            )
        ]
        for name, values in found["metrics"].items():
            records.append(metric(name, values[-1]["value"]))
            records.append(list_metric(name, [one["value"] for one in values], [one["step"] for one in values]))
        records += [use(uri=tags["data_path"])] if "data_path" in tags else []
        write_run(logs, info["run_id"], [*records, end(status, ts=info["end_time"] * MILLISECOND)], at=at)


# Lineage and tests

DBT_CASES = ("fail", "large", "small", "snapshot", "test")


def write_dbt(archive: Path, logs: Path) -> None:
    """Write dbt's runs: a step for each model, which reads what it depends on; what failed failed."""
    with tarfile.open(archive) as found:
        documents = {
            member.name: json.load(found.extractfile(member))  # type: ignore[arg-type]
            for member in found
            if member.name.endswith(("manifest.json", "run_results.json")) and member.name.split("/")[1] in DBT_CASES
        }
    for number, name in enumerate(sorted(name for name in documents if name.endswith("run_results.json"))):
        case = name.split("/")[1]
        manifest = documents.get(name.replace("run_results", "manifest"), {})
        records = _dbt_records(case, documents[name]["results"], manifest)
        write_run(logs, f"dbt-{slug(case)}", records, at=START + number * HOUR)


def _dbt_records(case: str, results: list[dict[str, Any]], manifest: dict[str, Any]) -> Iterator[Record]:
    nodes = manifest.get("nodes", {})
    yield run_start("dbt", name=case, deployment="warehouse", context={"dbt": manifest.get("metadata", {})})
    failed = None
    for number, result in enumerate(results):
        name = result["unique_id"]
        node = nodes.get(name, {})
        step = f"s{number}"
        yield step_start(step, name)
        for source in node.get("depends_on", {}).get("nodes", []):
            yield use(step=step, uri=f"dbt://{case}/{source}", name=source)
        yield use("write", step=step, uri=f"dbt://{case}/{name}", name=name)
        sql = node.get("raw_sql") or node.get("raw_code") or ""
        text = f"{node.get('description', '')}\n\n```sql\n{sql}\n```\n"
        yield artifact(f"{case}-{number}", slug(name)[:90], data=text, description=result.get("message"), step=step)
        yield metric("execution_time", result["execution_time"], step=step)
        if result["status"] in {"error", "fail"}:
            failed = ("DatabaseError", result["message"] or "", result["message"] or "")
            yield end("failed", failed, step=step)
        else:
            yield end("cancelled" if result["status"] == "skipped" else "completed", step=step)
    yield end("failed" if failed else "completed", failed)


def write_test_results(folder: Path, logs: Path) -> None:
    """Write each result of a test as a run, nested steps and attachments with it; some attachments are not there."""
    for number, path in enumerate(sorted(folder.glob("*-result.json"))):
        run_id = f"test-{number:02}"
        result = json.loads(path.read_text("utf-8"))
        records = _test_records(folder, logs, run_id, result)
        write_run(logs, run_id, records, at=result.get("start", 1_710_000_000_000) * MILLISECOND)


def _test_records(folder: Path, logs: Path, run_id: str, result: dict[str, Any]) -> Iterator[Record]:
    labels = {label["name"]: label["value"] for label in result.get("labels", [])}
    yield run_start(
        labels.get("suite") or "tests",
        name=result["name"][:150],
        deployment=labels.get("host"),
        params={one["name"]: one["value"] for one in result.get("parameters", [])},
        tags=sorted(f"{name}:{value}"[:150] for name, value in labels.items()),
    )
    if result.get("description"):
        yield artifact(f"{run_id}-text", None, data=result["description"])
    yield from _test_steps(folder, logs, run_id, result.get("steps", []), None)
    yield from _attachments(folder, logs, run_id, result.get("attachments", []), None)
    details = result.get("statusDetails") or {}
    error = ("AssertionError", details.get("message") or "", details.get("trace") or "")
    status = {"passed": "completed", "failed": "failed", "broken": "failed"}.get(result["status"], "cancelled")
    yield end(status, error if status == "failed" else None, ts=result.get("stop", 0) * MILLISECOND)


def _test_steps(folder: Path, logs: Path, run_id: str, steps: Any, parent: str | None) -> Iterator[Record]:
    for number, step in enumerate(steps):
        own = f"{parent or 's'}.{number}"
        yield step_start(own, step["name"] or "step", step=parent, ts=step.get("start", 0) * MILLISECOND)
        yield from _test_steps(folder, logs, run_id, step.get("steps", []), own)
        yield from _attachments(folder, logs, run_id, step.get("attachments", []), own)
        status = "completed" if step.get("status") == "passed" else "failed"
        yield end(status, step=own, ts=step.get("stop", 0) * MILLISECOND)


def _attachments(folder: Path, logs: Path, run_id: str, attachments: Any, step: str | None) -> Iterator[Record]:
    for one in attachments:
        path = folder / one["source"]
        extension = path.suffix[1:].replace("jpeg", "jpg")
        key = slug(one.get("name") or one["source"])[:90]
        facts: dict[str, Any] = {"description": one.get("name"), "step": step}
        identity = f"{run_id}-{step}-{one['source']}"
        if not path.is_file():
            blob = {"blob": f"{'0' * 64}.png", "name": one["source"]}
            yield artifact(identity, key, type="image", data=blob, **facts)
        elif extension in {"png", "jpg", "svg"}:
            blob = {"blob": write_blob(logs, run_id, path.read_bytes(), extension), "name": path.name}
            yield artifact(identity, key, type="image", data=blob, **facts)
        elif extension in {"csv", "tsv"}:
            rows = list(csv.reader(io.StringIO(path.read_text("utf-8")), delimiter="\t" if extension == "tsv" else ","))
            yield artifact(identity, key, type="table", data={"columns": rows[0], "rows": rows[1:]}, **facts)
        elif extension == "html":
            yield artifact(identity, key, data=path.read_text("utf-8"), **facts)  # raw, for the sanitiser to see
        else:
            yield artifact(identity, key, data=f"```\n{path.read_text('utf-8', 'replace')}\n```\n", **facts)


# Texts and tables


def write_documents(shared_data: Path, logs: Path) -> None:
    """Write long Markdown: lists of books in four scripts, the specification of Markdown, a page of injections."""
    paths = [
        *sorted((shared_data / "markdown-books").glob("*/*.md")),
        *sorted((shared_data / "markdown-spec").glob("*.txt")),
        *sorted((shared_data / "xss-markdown").glob("XSS*.md")),
    ]
    texts = [path.read_text("utf-8") for path in paths]
    for number in range(2):  # a version with its second half changed gives a long difference
        records: list[Record] = [run_start("documents")]
        for path, text in zip(paths, texts, strict=True):
            changed = text if not number else text[: len(text) // 2] + text[len(text) // 2 :].replace("the", "a")
            records.append(
                artifact(f"{slug(path.stem)}-{number}", slug(path.stem), data=changed, description=path.name)
            )
        write_run(logs, f"documents-{number}", [*records, end()], at=START + number * HOUR)


def write_csv_tables(folder: Path, logs: Path) -> None:
    """Write small tables with line ends, quotes, JSON and nothing in their cells."""
    records: list[Record] = [run_start("csv")]
    for path in sorted((folder / "csvs").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            columns, *rows = csv.reader(file)
        data = {"columns": columns, "rows": rows}
        records.append(artifact(slug(path.stem), slug(path.stem), type="table", data=data, description=path.name))
    write_run(logs, "csv", [*records, end()])


ARABIC = "تقرير عن تدريب النموذج"
HEBREW = "דוח על אימון המודל"
LONG_TEXT = "All of these words stand in one paragraph, as logs of long nights do. " * 60
LONG_WORD = "no_place_to_break_" * 30


def write_scripts(logs: Path) -> None:
    """Write what the sets have too little of: names from right to left, long words and paragraphs, no value at all."""
    texts = [ARABIC, HEBREW, f"{ARABIC} v2.0 ({HEBREW})", "訓練レポート", "हिन्दी रिपोर्ट", LONG_WORD, LONG_TEXT]
    for number, text in enumerate([*texts, *texts]):
        name = text[:150]
        records = [
            run_start(name, name=name, deployment=name, params={name: text, "empty": "", "none": None}, tags=[name]),
            step_start("s", name),
            use(step="s", uri=f"s3://{name}", name=name),
            *_numbers(name, number),
            artifact(f"text-{number}", slug(f"text {number % 7}"), data=f"# {text}\n\n{text}\n\n- {text}\n", step="s"),
            artifact(f"table-{number}", f"rows-{number % 7}", type="table", data=_rows(text), description=text),
            artifact(
                f"link-{number}",
                f"link-{number % 7}",
                type="link",
                data={"link": "https://example.org", "link_text": text},
            ),
            artifact(f"bar-{number}", f"bar-{number % 7}", type="progress", data=number * 7, description=text),
            progress(f"bar-{number}", number * 7 + 1.5),
        ]
        error = ("ValueError", text, f"Traceback (most recent call last):\n  {text}\nValueError: {text}")
        ending = [end("failed", error, step="s"), end("failed", error)] if number % 7 == 0 else [end(step="s"), end()]
        write_run(
            logs, f"script-{number:02}", [*records, *ending[: None if number != 13 else 0]], at=START + number * MINUTE
        )


def _numbers(name: str, number: int) -> Iterable[Record]:
    yield metric(name, "NaN" if number % 3 == 0 else 10.0 ** (number - 7), step="s")
    yield list_metric(name, [1, "NaN", 3, "Infinity", 5] * number, step="s")


def _rows(text: str) -> dict[str, Any]:
    rows = [
        [text, 1, None, True],
        [text[::-1], -2.5e-9, "", False],
        ["", 10**15, "NaN", None],
        [None, "x", [1], {"a": 1}],
    ]
    return {"columns": [text[:150], "n", "", "n"], "rows": rows}
