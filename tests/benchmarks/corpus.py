"""Logs of any number of runs, the same for the same seed, for the benchmarks of builds.

Each run has 10 metrics, 5 list metrics, one table of 20 × 5, one Markdown document of 2 kB and one small image, of 50
keys in all; 5 pipelines take turns, and a run begins every ten minutes. It reads a dataset, and
the table of the run before of its pipeline. `write_runs` adds runs to a log directory.
"""

from __future__ import annotations

import hashlib
import random
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from reportgen.records import (
    LOG_FORMAT,
    AnyRecord,
    Artifact,
    End,
    LogStart,
    Metric,
    RunStart,
    StepStart,
    Use,
    encode_line,
)

START, STRIDE = 1_767_225_600_000_000, 600_000_000
N_PIPELINES, N_METRICS, N_LISTS, N_KEYS = 5, 10, 5, 50
WORDS = "loss drift epoch of the model was better than before, while rows without a label went down again".split()


def id_of(number: int, kind: int = 0) -> str:
    """Give an id as UUIDv7 has it: the time first, so that ids sort as runs began."""
    at = (START + number * STRIDE) // 1000
    rest = random.Random(number * 64 + kind).getrandbits(62)
    return f"{at >> 16:08x}-{at & 0xFFFF:04x}-7{kind:03x}-8{rest & 0xFFF:03x}-{rest >> 14:012x}"


class _Pool:
    """Many numbers as JSON has them, of which runs take slices: drawing each anew takes longer than a build."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self._numbers = [f"{rng.gauss(1, 0.3):.6f}" for _ in range(50_000)]

    def take(self, rng: random.Random, n: int) -> bytes:
        numbers = self._numbers
        while n > len(numbers) - 1000:
            numbers = numbers * 2
        start = rng.randrange(len(numbers) - n)
        return ",".join(numbers[start : start + n]).encode()


def _key_of(name: str, number: int, n: int) -> str:
    return f"{name}-{(number * 3 + n) % N_KEYS // 3}"


def _markdown(rng: random.Random, number: int) -> str:
    def sentence() -> str:
        return " ".join(rng.choice(WORDS) for _ in range(rng.randrange(8, 16))).capitalize() + "."

    parts = [
        f"# Report of run {number}",
        sentence(),
        f"**{sentence()}** See [the notes](https://example.org/{number}).",
    ]
    parts += ["## Findings", "\n".join(f"- `part-{n}`: {sentence()}" for n in range(5))]
    parts += [
        "| part | rows | share |\n| :-- | --: | --: |\n"
        + "\n".join(f"| part {n} | {rng.randrange(10**6):,} | {rng.random():.3f} |" for n in range(6))
    ]
    parts += [
        "```python\n" + "\n".join(f"score_{n} = model.fit(rows[{n}:], seed={number})" for n in range(5)) + "\n```"
    ]
    text = "\n\n".join(parts)
    while len(text) < 2000:
        text += "\n\n" + " ".join(sentence() for _ in range(3))
    return text[:2000]


def _png(rng: random.Random) -> bytes:
    """A picture of 64 × 48 pixels."""
    colours = [rng.randbytes(3) for _ in range(4)]
    rows = b"".join(b"\0" + b"".join(colours[(x // 8 + y // 8) % 4] for x in range(64)) for y in range(48))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


def _records(rng: random.Random, number: int, image: str) -> Iterator[AnyRecord]:
    """Give what one run records besides its list metrics, without numbers and times."""
    run_id, step = id_of(number), id_of(number, 1)
    yield LogStart(ts=0, seq=0, format=LOG_FORMAT, run=run_id, writer="main")
    params = {"lr": round(rng.random(), 4), "seed": number, "model": rng.choice(["small", "large"])}
    context = {"git": {"commit": f"{rng.getrandbits(160):040x}", "branch": "main"}, "python": "3.11.7"}
    yield RunStart(ts=0, seq=0, pipeline=f"pipeline-{number % N_PIPELINES}", params=params, context=context)
    yield StepStart(ts=0, seq=0, id=step, name="train")
    yield Use(ts=0, seq=0, step=step, direction="read", uri=f"s3://bucket/pipeline-{number % N_PIPELINES}.parquet")
    if number >= N_PIPELINES:
        read = number - N_PIPELINES
        yield Use(ts=0, seq=0, step=step, direction="read", artifact=id_of(read, 2), key=_key_of("worst-rows", read, 0))
    for n in range(N_METRICS):
        yield Metric(ts=0, seq=0, step=step, name=f"metric-{n}", value=rng.gauss(0.8, 0.05))
    columns = ["name", "rows", "share", "loss", "note"]
    rows = [[f"part {n}", rng.randrange(10**6), rng.random(), rng.gauss(1, 0.3), rng.choice(WORDS)] for n in range(20)]
    contents = [
        ("table", "worst-rows", {"columns": columns, "rows": rows}),
        ("markdown", "report", _markdown(rng, number)),
        ("image", "picture", {"blob": image}),
    ]
    for n, (kind, name, data) in enumerate(contents):
        key = _key_of(name, number, n)
        description = f"{name.capitalize()} of a run"
        yield Artifact(
            ts=0, seq=0, step=step, id=id_of(number, 2 + n), type=kind, key=key, data=data, description=description
        )
    yield End(ts=0, seq=0, step=step, status="completed")
    yield End(ts=0, seq=0, status="failed" if rng.random() < 0.03 else "completed")


def write_runs(log_dir: Path, numbers: range, *, n_points: int = 1000, seed: int = 0) -> int:
    """Write the logs of some runs; give how many bytes they have."""
    pool = _Pool(seed)
    n_bytes = 0
    for number in numbers:
        rng = random.Random(f"{seed}/{number}")
        folder = log_dir / id_of(number)
        (folder / "blobs").mkdir(parents=True)
        image = _png(rng)
        name = f"{hashlib.sha256(image).hexdigest()}.png"
        (folder / "blobs" / name).write_bytes(image)
        at = START + number * STRIDE
        lines: list[bytes] = []
        for record in _records(rng, number, name):
            values = {field: getattr(record, field) for field in record.__struct_fields__}
            values |= {"seq": len(lines), "ts": at + 1_000_000 * len(lines)}
            lines.append(encode_line(type(record)(**values)))
            if isinstance(record, StepStart):
                step = msgspec.json.encode(record.id)
                for n in range(N_LISTS):
                    ts = b"%d" % (at + 1_000_000 * len(lines))
                    lines.append(
                        b'{"kind":"list","ts":%s,"seq":%d,"step":%s,"name":"list-%d","values":[%s]}\n'
                        % (ts, len(lines), step, n, pool.take(rng, n_points))
                    )
        content = b"".join(lines)
        (folder / "main.jsonl").write_bytes(content)
        n_bytes += len(content) + len(image)
    return n_bytes
