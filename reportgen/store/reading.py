"""How other programs read the store: the names of its types there, and ready queries.

The site's page Data and `docs/data.md` show them, and `tests/test_data_queries.py` runs every one of them. Nothing in
them comes from a site: paths are relative to a site's folder, and names like `churn` and `accuracy` are to be replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa


class TypeNames(NamedTuple):
    """What a type of column is called: by us, in DuckDB, in pandas, and in polars.

    Attributes
    ----------
    word
        On the page and in the documentation.
    duckdb, polars
        As the libraries write it.
    pandas
        The same; the first is what it mostly is, `pandas_note` says when it is another.
    """

    word: str
    duckdb: str
    pandas: Sequence[str]
    pandas_note: str
    polars: str


TYPES: dict[pa.DataType, TypeNames] = {
    pa.string(): TypeNames("text", "VARCHAR", ("str", "object"), "before pandas 3", "String"),
    pa.int64(): TypeNames("int64", "BIGINT", ("int64", "float64"), "where values are missing", "Int64"),
    pa.float64(): TypeNames("float64", "DOUBLE", ("float64",), "", "Float64"),
    pa.bool_(): TypeNames("bool", "BOOLEAN", ("bool",), "", "Boolean"),
    pa.timestamp("us", tz="UTC"): TypeNames(
        "time",
        "TIMESTAMP WITH TIME ZONE",
        ("datetime64[us, UTC]",),
        "",
        "Datetime(time_unit='us', time_zone='UTC')",
    ),
    pa.list_(pa.string()): TypeNames("list of text", "VARCHAR[]", ("object",), "", "List(String)"),
}


class ReadyQuery(NamedTuple):
    """A question, and how three tools answer it.

    Attributes
    ----------
    title
        What it gives.
    note
        What to know of the answer or the way to it, Markdown of one line.
    sql
        For DuckDB; its last statement gives the answer.
    pandas, polars
        Python; the data frame `answer` is the answer.
    """

    title: str
    note: str
    sql: str
    pandas: str
    polars: str


QUERIES = (
    ReadyQuery(
        "The newest version of each key",
        "Deleted versions are passed over. Rows come sorted by key and version: the last one of a key is the newest.",
        sql="""\
select key, version, type, run_id, created_at
from 'data/artifacts.parquet'
where key is not null and deleted_at is null
qualify row_number() over (partition by key order by version desc) = 1
order by key;
""",
        pandas="""\
import pandas as pd

columns = ["key", "version", "type", "run_id", "created_at", "deleted_at"]
artifacts = pd.read_parquet("data/artifacts.parquet", columns=columns)
there = artifacts[artifacts["key"].notna() & artifacts["deleted_at"].isna()]
newest = there.drop_duplicates("key", keep="last")
answer = newest.drop(columns="deleted_at").astype({"version": "int64"})
""",
        polars="""\
import polars as pl

answer = (
    pl.scan_parquet("data/artifacts.parquet")
    .filter(pl.col("key").is_not_null(), pl.col("deleted_at").is_null())
    .unique("key", keep="last", maintain_order=True)
    .select("key", "version", "type", "run_id", "created_at")
    .collect()
)
""",
    ),
    ReadyQuery(
        "A metric over the runs of a pipeline, newest first",
        "For a list metric, read `lists` in place of `metrics` and `last`, `min`, `max` or `mean` in place of `value`.",
        sql="""\
select run_id, started_at, deployment, value
from 'data/metrics.parquet' as metrics
join 'data/runs.parquet' as runs using (run_id)
where metrics.name = 'accuracy' and pipeline = 'churn'
order by started_at desc;
""",
        pandas="""\
import pandas as pd

metrics = pd.read_parquet("data/metrics.parquet", filters=[("name", "==", "accuracy")])
runs = pd.read_parquet("data/runs.parquet", filters=[("pipeline", "==", "churn")])
both = runs[["run_id", "started_at", "deployment"]].merge(metrics[["run_id", "value"]], on="run_id")
answer = both.sort_values("started_at", ascending=False)
""",
        polars="""\
import polars as pl

metrics = pl.scan_parquet("data/metrics.parquet").filter(pl.col("name") == "accuracy")
runs = pl.scan_parquet("data/runs.parquet").filter(pl.col("pipeline") == "churn")
answer = (
    runs.join(metrics, on="run_id")
    .select("run_id", "started_at", "deployment", "value")
    .sort("started_at", descending=True)
    .collect()
)
""",
    ),
    ReadyQuery(
        "The ten best runs by a metric, with one of their parameters",
        "NaN, which DuckDB and polars sort above all numbers, and the infinities are left out.",
        sql="""\
select run_id, (params_json ->> 'lr')::double as lr, value
from 'data/metrics.parquet' as metrics
join 'data/runs.parquet' as runs using (run_id)
where metrics.name = 'accuracy' and pipeline = 'churn' and isfinite(value)
order by value desc
limit 10;
""",
        pandas="""\
import json

import numpy as np
import pandas as pd

metrics = pd.read_parquet("data/metrics.parquet", filters=[("name", "==", "accuracy")])
runs = pd.read_parquet("data/runs.parquet", filters=[("pipeline", "==", "churn")])
runs["lr"] = [json.loads(params).get("lr") for params in runs["params_json"]]
both = runs[["run_id", "lr"]].merge(metrics[["run_id", "value"]], on="run_id")
answer = both[np.isfinite(both["value"])].nlargest(10, "value")
""",
        polars="""\
import polars as pl

metrics = pl.scan_parquet("data/metrics.parquet").filter(pl.col("name") == "accuracy")
runs = pl.scan_parquet("data/runs.parquet").filter(pl.col("pipeline") == "churn")
lr = pl.col("params_json").str.json_path_match("$.lr").cast(pl.Float64)
answer = (
    runs.join(metrics, on="run_id")
    .filter(pl.col("value").is_finite())
    .select("run_id", lr.alias("lr"), "value")
    .sort("value", descending=True)
    .head(10)
    .collect()
)
""",
    ),
    ReadyQuery(
        "Runs that failed in the last 30 days, with their errors",
        "Counted back from the newest record, as the site does not know today's date.",
        sql="""\
select run_id, pipeline, started_at, error_type, error_message
from 'data/runs.parquet'
where status = 'failed' and deleted_at is null
  and started_at > (select max(last_record_at) from 'data/runs.parquet') - interval 30 days
order by started_at desc;
""",
        pandas="""\
import pandas as pd

runs = pd.read_parquet("data/runs.parquet")
since = runs["last_record_at"].max() - pd.Timedelta(days=30)
failed = runs[(runs["status"] == "failed") & runs["deleted_at"].isna() & (runs["started_at"] > since)]
columns = ["run_id", "pipeline", "started_at", "error_type", "error_message"]
answer = failed.sort_values("started_at", ascending=False)[columns]
""",
        polars="""\
import polars as pl

since = pl.col("last_record_at").max() - pl.duration(days=30)
answer = (
    pl.scan_parquet("data/runs.parquet")
    .filter(pl.col("started_at") > since, pl.col("status") == "failed", pl.col("deleted_at").is_null())
    .select("run_id", "pipeline", "started_at", "error_type", "error_message")
    .sort("started_at", descending=True)
    .collect()
)
""",
    ),
    ReadyQuery(
        "How long the steps of each pipeline take",
        "Only attempts that completed; a step without an end has no `ended_at`.",
        sql="""\
select pipeline, steps.name as step, count(*) as n,
       median(epoch_us(steps.ended_at) - epoch_us(steps.started_at)) / 1e6 as median_seconds
from 'data/steps.parquet' as steps
join 'data/runs.parquet' as runs using (run_id)
where steps.status = 'completed'
group by pipeline, step
order by median_seconds desc;
""",
        pandas="""\
import pandas as pd

steps = pd.read_parquet("data/steps.parquet", filters=[("status", "==", "completed")])
runs = pd.read_parquet("data/runs.parquet", columns=["run_id", "pipeline"])
steps["seconds"] = (steps["ended_at"] - steps["started_at"]).dt.total_seconds()
both = steps.rename(columns={"name": "step"}).merge(runs, on="run_id")
seconds = both.groupby(["pipeline", "step"])["seconds"].agg(n="count", median_seconds="median")
answer = seconds.reset_index().sort_values("median_seconds", ascending=False)
""",
        polars="""\
import polars as pl

steps = pl.scan_parquet("data/steps.parquet").filter(pl.col("status") == "completed")
runs = pl.scan_parquet("data/runs.parquet").select("run_id", "pipeline")
seconds = (pl.col("ended_at") - pl.col("started_at")).dt.total_microseconds() / 1e6
answer = (
    steps.join(runs, on="run_id")
    .group_by("pipeline", pl.col("name").alias("step"))
    .agg(pl.len().alias("n"), seconds.median().alias("median_seconds"))
    .sort("median_seconds", descending=True)
    .collect()
)
""",
    ),
    ReadyQuery(
        "The curve of a list metric in the newest run that has it",
        "Points lie by the day, in UTC, on which their run began: read that day's file, or all with `*`.",
        sql="""\
select x, value
from 'data/points/*.parquet'
where name = 'loss'
  and run_id = (
    select run_id
    from 'data/lists.parquet' as lists
    join 'data/runs.parquet' as runs using (run_id)
    where lists.name = 'loss' and pipeline = 'churn'
    order by started_at desc
    limit 1
  )
order by "index";
""",
        pandas="""\
import pandas as pd

lists = pd.read_parquet("data/lists.parquet", filters=[("name", "==", "loss")])
runs = pd.read_parquet("data/runs.parquet", filters=[("pipeline", "==", "churn")])
newest = runs[runs["run_id"].isin(lists["run_id"])].iloc[-1]  # they come sorted by started_at
file = f"data/points/{newest['started_at']:%Y-%m-%d}.parquet"
points = pd.read_parquet(file, filters=[("name", "==", "loss"), ("run_id", "==", newest["run_id"])])
answer = points[["x", "value"]]
""",
        polars="""\
import polars as pl

lists = pl.scan_parquet("data/lists.parquet").filter(pl.col("name") == "loss")
runs = pl.scan_parquet("data/runs.parquet").filter(pl.col("pipeline") == "churn")
newest = runs.join(lists, on="run_id").sort("started_at").collect().row(-1, named=True)
file = f"data/points/{newest['started_at']:%Y-%m-%d}.parquet"
answer = (
    pl.scan_parquet(file)
    .filter(pl.col("name") == "loss", pl.col("run_id") == newest["run_id"])
    .select("x", "value")
    .collect()
)
""",
    ),
    ReadyQuery(
        "The runs that read a version of a key",
        "With `write` in place of `read`, and `uri` in place of key and version, it asks for datasets outside.",
        sql="""\
select distinct run_id, pipeline, started_at
from 'data/edges.parquet' as edges
join 'data/runs.parquet' as runs using (run_id)
where direction = 'read' and key = 'summary' and version = 2
order by started_at;
""",
        pandas="""\
import pandas as pd

wanted = [("direction", "==", "read"), ("key", "==", "summary"), ("version", "==", 2)]
edges = pd.read_parquet("data/edges.parquet", filters=wanted)
runs = pd.read_parquet("data/runs.parquet", columns=["run_id", "pipeline", "started_at"])
answer = runs[runs["run_id"].isin(edges["run_id"])]
""",
        polars="""\
import polars as pl

edges = pl.scan_parquet("data/edges.parquet").filter(
    pl.col("direction") == "read", pl.col("key") == "summary", pl.col("version") == 2
)
runs = pl.scan_parquet("data/runs.parquet").select("run_id", "pipeline", "started_at")
answer = runs.join(edges, on="run_id", how="semi").sort("started_at").collect()
""",
    ),
    ReadyQuery(
        "A table artifact as a data frame",
        "Its newest version; contents lie by day, as points do. SQL has to name the columns; of a table that is a "
        "file, because it has over 1,000 rows, that query gives none: take the next one.",
        sql="""\
with newest as (
    select run_id, artifact_id, blob
    from 'data/artifacts.parquet'
    where key = 'worst-rows' and type = 'table' and deleted_at is null
    order by version desc
    limit 1
), lines as (
    select unnest((data_json -> 'rows')::json[]) as line
    from 'data/contents/*.parquet'
    join newest using (run_id, artifact_id)
    where blob is null
)
select (line ->> 0)::bigint as id, line ->> 1 as text
from lines;
""",
        pandas="""\
import json

import pandas as pd

wanted = [("key", "==", "worst-rows"), ("type", "==", "table")]
versions = pd.read_parquet("data/artifacts.parquet", filters=wanted)
newest = versions[versions["deleted_at"].isna()].iloc[-1]
if pd.notna(newest["blob"]):
    answer = pd.read_parquet(f"data/blobs/{newest['blob']}")
else:
    identity = [(column, "==", newest[column]) for column in ("run_id", "artifact_id")]
    run = pd.read_parquet("data/runs.parquet", filters=identity[:1]).iloc[0]
    contents = pd.read_parquet(f"data/contents/{run['started_at']:%Y-%m-%d}.parquet", filters=identity)
    data = json.loads(contents.iloc[0]["data_json"])
    answer = pd.DataFrame(data["rows"], columns=data["columns"])
""",
        polars="""\
import json

import polars as pl

wanted = (pl.col("key") == "worst-rows") & (pl.col("type") == "table") & pl.col("deleted_at").is_null()
versions = pl.scan_parquet("data/artifacts.parquet").filter(wanted).collect()
newest = versions.row(-1, named=True)
if newest["blob"]:
    answer = pl.read_parquet(f"data/blobs/{newest['blob']}")
else:
    of_run = pl.col("run_id") == newest["run_id"]
    run = pl.scan_parquet("data/runs.parquet").filter(of_run).collect().row(0, named=True)
    contents = pl.scan_parquet(f"data/contents/{run['started_at']:%Y-%m-%d}.parquet")
    content = contents.filter(of_run, pl.col("artifact_id") == newest["artifact_id"]).collect()
    data = json.loads(content["data_json"][0])
    answer = pl.DataFrame(data["rows"], schema=data["columns"], orient="row", strict=False)
""",
    ),
    ReadyQuery(
        "Some columns of a table of over 1,000 rows",
        "The file holds the whole table; only the columns that are named are read.",
        sql="""\
set variable file = (
    select 'data/blobs/' || blob
    from 'data/artifacts.parquet'
    where key = 'predictions' and type = 'table' and deleted_at is null
    order by version desc
    limit 1
);
select id, p
from read_parquet(getvariable('file'));
""",
        pandas="""\
import pandas as pd

wanted = [("key", "==", "predictions"), ("type", "==", "table")]
versions = pd.read_parquet("data/artifacts.parquet", filters=wanted)
newest = versions[versions["deleted_at"].isna()].iloc[-1]
answer = pd.read_parquet(f"data/blobs/{newest['blob']}", columns=["id", "p"])
""",
        polars="""\
import polars as pl

wanted = (pl.col("key") == "predictions") & (pl.col("type") == "table") & pl.col("deleted_at").is_null()
versions = pl.scan_parquet("data/artifacts.parquet").filter(wanted).collect()
answer = pl.scan_parquet(f"data/blobs/{versions['blob'][-1]}").select("id", "p").collect()
""",
    ),
)
