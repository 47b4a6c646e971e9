"""What looks like a secret never reaches a site, whatever record it is in; what does not stays as it is."""

from __future__ import annotations

import base64
import hashlib
import json
import pickle
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from logs import artifact, delete, end, metric, progress, run_start, step_start, use, write_run

from reportgen.build import build_site
from reportgen.errors import InputError
from reportgen.options import Options, RedactOptions
from reportgen.publish import Manifest
from reportgen.redact.texts import Texts
from reportgen.redact.values import Values
from reportgen.tables import encode_table

DIGITS = "0123456789abcdefABCDEF"
CORE = "Zq7xK2vW9pL4mN8rT3yB6dF1hJ5s"  # the part of each planted secret that must not be found

# Each kind of secret in a text as people write it.
PLANTED = {
    "github": f"pushed with ghp_{CORE} at noon",
    "gitlab": f"glpat-{CORE}",
    "aws": f"AKIA{CORE}",
    "openai": f"sk-{CORE}",
    "jwt": f"eyJhbGciOiJI.{CORE}.{CORE}",
    "npm": f"npm_{CORE}",
    "url": f"see postgres://user:{CORE}@db.example/x for it",
    "url token": f"https://{CORE}@git.example/x.git",
    "link": f"[notes](https://u:{CORE}@h.example/a)",
    "query": f"GET https://h.example/a?x=1&access_token={CORE}&y=2",
    "signed": f"https://h.example/a?sig={CORE}",
    "setting": f"DB_PASSWORD={CORE}",
    "quoted": f'{{"apiKey": "{CORE}"}}',
    "escaped": f'{{\\"client_secret\\": \\"{CORE}\\"}}',
    "code": f"connect(password='{CORE}', host='x')",
    "spaced": f"token:  {CORE}",
    "yaml": f"a: 1\nsecret: {CORE}\nb: 2",
    "option": f"run --api-key {CORE} --fast",
    "option is": f"run --password={CORE}",
    "bearer": f"Authorization: Bearer {CORE}",
    "basic": f"authorization: Basic {CORE}==",
    "key": f"-----BEGIN RSA PRIVATE KEY-----\n{CORE}\n{CORE}\n-----END RSA PRIVATE KEY-----",
    "cut key": f"-----BEGIN PRIVATE KEY-----\n{CORE}",
    "table": f"| password | x |\n|---|---|\n| a | pwd={CORE} |",
}

HARMLESS = [
    "n_tokens=512, max_token: 9, tokenizer=bert, --author me --no-auth x --n-tokens 5",
    "the author: Ada; monkey: 3; passed: 12; passes=4; keyboard: qwerty; compass=north; bypass 3",
    "https://example.org/a:b/@c https://medium.com/@user http://host:8080/@x mailto:a@b.example",
    "token = get_token()\npassword: str\nsecret=None\napi_key=os.environ['X']",
    "| key | count |\n| a-key | 3 |",
    "accuracy 0.93, design: new, significance=0.05, signal: 3",
    "sk-learn hf_models AKIAN ghp_ eyJ dapi",
    "password=*** and https://***@h.example",
    "data:image/png;base64,pwd=" + base64.b64encode(b"x" * 20).decode(),
]


def mask(text: str, **options: Any) -> str:
    return Texts(RedactOptions(**options)).mask(text, Counter())


@pytest.mark.parametrize("kind", PLANTED)
def test_secret_in_a_text_is_masked_and_the_rest_stays(kind: str) -> None:
    text = PLANTED[kind]
    masked = mask(text)

    assert CORE not in masked
    assert "***" in masked
    assert mask(masked) == masked
    assert masked.split("***")[0] == text[: len(masked.split("***")[0])]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask(text) == text


def test_text_around_a_secret_stays_whole() -> None:
    assert mask(f"a b password={CORE}, c") == "a b password=***, c"
    assert mask(PLANTED["quoted"]) == '{"apiKey": "***"}'
    assert mask(PLANTED["query"]) == "GET https://h.example/a?x=1&access_token=***&y=2"
    assert mask(PLANTED["link"]) == "[notes](https://***@h.example/a)"
    assert mask(PLANTED["key"]).endswith("-----END RSA PRIVATE KEY-----")


@given(st.text(alphabet=st.sampled_from("://@=?& \n\"'-_.aAkKeEyYpwdtoken*sg{}[]()"), max_size=300))
def test_masking_twice_is_masking_once(text: str) -> None:
    once = mask(text)
    assert mask(once) == once


@given(st.text(), st.sampled_from(sorted(PLANTED)), st.text())
def test_what_stands_around_a_secret_does_not_hide_it(before: str, kind: str, after: str) -> None:
    assert CORE not in mask(f"{before}\n{PLANTED[kind]}\n{after}")


@pytest.mark.parametrize(
    "piece", ["://a:", "password", "-----BEGIN PRIVATE KEY-----", "a.", '"', "--token ", "eyJ", "/a", "1."]
)
def test_no_text_takes_long(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    assert isinstance(mask(text, paths=True, hosts=True), str)


def test_names_mask_whole_values_however_deep() -> None:
    values = Values(RedactOptions(names=["customer*"]))
    params = {
        "a": [{"password": 12345, "n": 1}],
        "customer_id": {"x": [1]},
        "api_key": "",
        "auth": True,
        "token": None,
        "n_tokens": 7,
    }

    assert values.value(params) == {**params, "a": [{"password": "***", "n": 1}], "customer_id": "***"}
    assert values.counts == {"secret by name": 2}


def test_name_that_is_a_secret_itself_is_masked_and_no_member_is_lost() -> None:
    masked = Values(RedactOptions()).value({f"ghp_{CORE}": 1, f"glpat-{CORE}": 2})
    assert sorted(masked.values()) == [1, 2]
    assert CORE not in json.dumps(masked)


def test_columns_of_words_are_not_those_of_secrets() -> None:
    values = Values(RedactOptions())
    _, rows = values.table(["token", "password", "access_token"], [["the", "x", "y", "z"], [1, 2, None]])
    assert rows == [["the", "***", "***", "z"], [1, "***", None]]
    assert Values(RedactOptions(names=["TOKEN"])).is_secret_column("Token")


def test_patterns_mask_their_group_else_all() -> None:
    assert mask("id C-123 and mail a@b.example", patterns=[r"C-(\d+)", r"\S+@\S+"]) == "id C-*** and mail ***"
    assert mask(f"ghp_{CORE} C-1", defaults=False, patterns=["C-1"]) == f"ghp_{CORE} ***"


@pytest.mark.parametrize("pattern", ["(", "a*", "", "(?P<x"])
def test_pattern_that_is_none_is_an_error(pattern: str, tmp_path: Path) -> None:
    write_run(tmp_path / "runs", "r1", [run_start(), end()])
    with pytest.raises(InputError, match="pattern") as refused:
        build_site([tmp_path / "runs"], tmp_path / "site", Options(redact=RedactOptions(patterns=[pattern])))
    assert refused.value.slug == "bad-redaction"
    assert not (tmp_path / "site").exists()


def test_paths_and_hosts_are_masked_when_asked() -> None:
    text = 'File "/home/ada/work/train.py", C:\\Users\\ada\\x.csv and http://ada.corp.example:80/x'
    text += " on 10.1.2.3, gpu-7.local; a/b 1/2"
    assert mask(text) == text
    assert mask(text, paths=True, hosts=True) == (
        'File "***train.py", ***x.csv and http://***:80/x on ***, ***; a/b 1/2'
    )


# Whole sites


def records_with(text: str) -> list[Any]:
    """Give a record of every kind with a text in each field that is no identity."""
    many = {"columns": ["a", text], "rows": [[1, text], [text, 2.5]]}
    return [
        run_start(
            name=text,
            params={"p": text, "deep": [{"q": text}]},
            tags=[text],
            context={"command": text, "environment": {"E": text}},
        ),
        step_start("s1", text),
        artifact("a1", "text", data=text, description=text, metadata={"m": text}),
        artifact("a2", "rows", type="table", data=many, description=text),
        artifact("a3", "link", type="link", data={"link": text, "link_text": text}),
        artifact("a4", "image", type="image", data={"url": text, "name": text}),
        artifact("a5", "done", type="progress", data=5, description=text),
        artifact("a6", None, data={"strange": [text]}),
        artifact("a7", "gone", data="x"),
        progress("a5", 7, description=text),
        use(uri=text, name=text, digest=text),
        use("write", uri=text),
        metric("loss", 1.0),
        delete("a7", text),
        end("failed", (text, text, f"Traceback:\n{text}"), step="s1"),
        end("failed", (text, text, text)),
    ]


def strange_lines(text: str) -> bytes:
    """Give lines that this version does not know or understand, with a text in them."""
    lines = [
        {"kind": "later", "seq": 90, "ts": 1, "note": text, "more": {"x": [text]}},
        {
            "kind": "artifact",
            "seq": 91,
            "ts": 1,
            "id": "n1",
            "type": "markdown",
            "key": "new",
            "data": text,
            "later": text,
        },
        {"kind": "artifact", "seq": 92, "ts": 1, "id": "n2", "type": "hologram", "data": {"x": text}},
        {"kind": "end", "seq": 93, "ts": 1, "status": text},
        {"kind": "metric", "seq": 94, "ts": 1, "name": "m", "value": text},
        {"kind": "step", "seq": 95, "ts": 1, "id": "s9", "name": "x", text: 1},
    ]
    return (
        b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
        + text.encode()
        + b"\n"
        + b'{"kind": "'
        + text.encode()
    )


def write_blob(log_dir: Path, run_id: str, content: bytes) -> str:
    name = f"{hashlib.sha256(content).hexdigest()}.parquet"
    (log_dir / run_id / "blobs").mkdir(parents=True, exist_ok=True)
    (log_dir / run_id / "blobs" / name).write_bytes(content)
    return name


def write_all(log_dir: Path, run_id: str, text: str) -> None:
    columns = [
        [*range(1500)],
        [f"{text} {n}" if n % 500 == 7 else "plain" for n in range(1500)],
        [[text]] * 1500,
    ]
    table = encode_table(["n", "note", text], columns)
    blob = write_blob(log_dir, run_id, table)
    large = {"columns": ["n", "note", text], "rows": [[0, "plain", [text]]], "blob": blob, "n_rows": 1500}
    records = records_with(text)
    records.insert(4, artifact("a8", "large", type="table", data=large))
    path = write_run(log_dir, run_id, records)
    with path.open("ab") as file:
        file.write(strange_lines(text))


def all_bytes(site: Path) -> Iterator[tuple[str, bytes]]:
    """Give all that is in the files of a site, Parquet also as the text of its cells."""
    for path in sorted(site.rglob("*")):
        if path.is_file():
            yield path.name, path.read_bytes()
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            yield path.name, repr([table.to_pylist(), table.schema.metadata, table.schema.names]).encode()


@pytest.mark.parametrize("kind", PLANTED)
def test_planted_secret_is_nowhere_in_the_site(kind: str, tmp_path: Path) -> None:
    write_all(tmp_path / "runs", "r1", PLANTED[kind])
    build_site([tmp_path / "runs"], tmp_path / "site", Options())

    found = [name for name, content in all_bytes(tmp_path / "site") if CORE.encode() in content]
    assert found == []


def test_the_same_site_holds_the_text_when_nothing_is_masked(tmp_path: Path) -> None:
    """So that the test before this one could fail."""
    write_all(tmp_path / "runs", "r1", CORE)
    build_site([tmp_path / "runs"], tmp_path / "site", Options())
    found = {name.rpartition(".")[2] for name, content in all_bytes(tmp_path / "site") if CORE.encode() in content}

    assert {"html", "parquet", "js"} <= found


def test_site_with_masks_goes_on_to_the_bytes_of_one_from_scratch(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    write_all(runs, "r1", PLANTED["setting"])
    build_site([runs], tmp_path / "site", Options())
    for number in (2, 3):
        shutil.rmtree(tmp_path / ".runs-cache" / "masked", ignore_errors=number == 3)
        write_all(runs, f"r{number}", PLANTED["url" if number == 2 else "setting"])
        build_site([runs], tmp_path / "site", Options())
        build_site([runs], tmp_path / f"fresh{number}", Options())
        assert digest_of(tmp_path / "site") == digest_of(tmp_path / f"fresh{number}")
    assert digest_of(tmp_path / "site") is not None


def digest_of(site: Path) -> str:
    manifest = Manifest.read(site)
    assert manifest is not None
    return manifest.digest


def test_masked_table_is_named_by_what_it_holds_and_can_be_downloaded(tmp_path: Path) -> None:
    write_all(tmp_path / "runs", "r1", PLANTED["setting"])
    build_site([tmp_path / "runs"], tmp_path / "site", Options())
    (blob,) = (tmp_path / "site" / "data" / "blobs").glob("*.parquet")

    assert hashlib.sha256(blob.read_bytes()).hexdigest() == blob.stem
    assert not (tmp_path / "runs" / "r1" / "blobs" / blob.name).exists()
    table = pq.read_table(blob)
    assert table.column("note").to_pylist()[6:9] == ["plain", "DB_PASSWORD=*** 7", "plain"]
    assert table.column("n").to_pylist() == [*range(1500)]


def test_site_as_input_is_masked_when_rules_grew(tmp_path: Path) -> None:
    write_all(tmp_path / "runs", "r1", f"ward {CORE} seven")
    build_site([tmp_path / "runs"], tmp_path / "old", Options())
    options = Options(redact=RedactOptions(patterns=[CORE]))
    build_site([tmp_path / "old"], tmp_path / "new", options)

    assert [name for name, content in all_bytes(tmp_path / "new") if CORE.encode() in content] == []


def test_rule_that_is_new_builds_an_old_site_in_full(tmp_path: Path) -> None:
    write_all(tmp_path / "runs", "r1", f"ward {CORE} seven")
    build_site([tmp_path / "runs"], tmp_path / "site", Options())
    build_site([tmp_path / "runs"], tmp_path / "site", Options(redact=RedactOptions(patterns=[CORE])))

    assert [name for name, content in all_bytes(tmp_path / "site") if CORE.encode() in content] == []


def test_page_of_data_says_how_much_was_masked_by_which_rule(tmp_path: Path) -> None:
    records = [
        run_start(params={"password": "x", "url": "https://u:p1@h.example"}),
        artifact("a", data=PLANTED["github"]),
        end(),
    ]
    write_run(tmp_path / "runs", "r1", records)
    result = build_site([tmp_path / "runs"], tmp_path / "site", Options())
    page = (tmp_path / "site" / "data" / "index.html").read_text("utf-8")

    assert result.masked == {"password in a URL": 1, "secret by name": 1, "token of a known form": 1}
    assert "3\N{NO-BREAK SPACE}texts masked" in page
    assert "token of a known form" in page
    assert result.n_problems == 0


def test_nothing_is_masked_when_it_is_turned_off(tmp_path: Path) -> None:
    write_run(tmp_path / "runs", "r1", [run_start(params={"password": CORE}), end()])
    result = build_site([tmp_path / "runs"], tmp_path / "site", Options(redact=RedactOptions(defaults=False)))

    assert result.masked == {}
    assert CORE in (tmp_path / "site" / "runs" / "r1.html").read_text("utf-8")


def test_file_that_cannot_be_looked_into_is_left_out(tmp_path: Path) -> None:
    import pyarrow as pa

    pq.write_table(pa.table({"x": [{"a": CORE}]}), tmp_path / "nested.parquet")
    blob = write_blob(tmp_path / "runs", "r1", (tmp_path / "nested.parquet").read_bytes())
    data = {"columns": ["x"], "rows": [["first"]], "blob": blob, "n_rows": 1}
    write_run(tmp_path / "runs", "r1", [run_start(), artifact("a", "rows", type="table", data=data), end()])
    result = build_site([tmp_path / "runs"], tmp_path / "site", Options())

    assert not (tmp_path / "site" / "data" / "blobs").exists()
    assert [problem.reason for problem in result.problems] == [
        "the file of a table cannot be searched for secrets, so it was left out"
    ]


def test_identities_stay(tmp_path: Path) -> None:
    write_run(
        tmp_path / "runs", "r1", [run_start("password=x"), metric("token=5", 1.0), artifact("a", "sk-key-1"), end()]
    )
    build_site([tmp_path / "runs"], tmp_path / "site", Options())

    assert pq.read_table(tmp_path / "site/data/metrics.parquet")["name"].to_pylist() == ["token=5"]


def test_redactor_goes_to_workers(tmp_path: Path) -> None:
    from reportgen.redact import Redactor

    redactor = pickle.loads(pickle.dumps(Redactor(RedactOptions(), tmp_path)))
    assert redactor.folder == tmp_path
