"""Short texts: one line of Markdown in a cell, and excerpts of a document. No library, linear time."""

from __future__ import annotations

import html
import re

from markupsafe import Markup

from reportgen.prose.source import clean_characters
from reportgen.webaddress import web_address

MAX_LINK_TEXT = 500
MAX_URL = 2000

_NEXT = re.compile(r"[\\`*_\[<]|https?://", re.IGNORECASE)
_PUNCTUATION = frozenset(r"""!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~""")
_URL = re.compile(r"https?://[^\s<>`\"|]+", re.IGNORECASE)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_LINE_MARKS = re.compile(r"(?: {0,3}(?:>|#{1,6}(?= )|[-+*](?= )|[0-9]{1,9}[.)](?= )|!!!|\[[ xX]\](?= )) ?)+")
_RULE = re.compile(r"[\s|:=*_-]+$")
_RAW_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9-]*+(?:\s[^<>]*+)?/?>")
_NOTE = re.compile(r"\[\^[^\]\s]{1,80}\]:?|\[![A-Za-z]{1,20}\]")
_IMAGE = re.compile(r"!(?=\[)")
_REFERENCE = re.compile(r"\[([^\[\]]{1,300})\](?:\[[^\[\]]{0,300}\])?(?!\()")


def render_inline(text: str) -> Markup:
    """Convert one line with links, `code`, **bold** and *emphasis*; all else is text.

    Parameters
    ----------
    text
        A table cell or a one-line description. Line breaks become blanks.

    Returns
    -------
    Markup
        Escaped text with `<a>`, `<code>`, `<strong>` and `<em>`, balanced. Links lead to http, https and
        mailto addresses only; any other link is its text.
    """
    line = " ".join(clean_characters(text).split())
    return Markup(_Scanner(line, links=True).run())  # noqa: S704  (every piece of text was escaped)


class _Scanner:
    """One pass over a line; what may close is remembered, never searched for again."""

    def __init__(self, text: str, *, links: bool) -> None:
        self.text = text
        self.links = links
        self.out: list[str] = []
        self.open: list[tuple[str, int]] = []  # delimiter and its place in `out`: a strong, an em, or both
        self.ticks: dict[int, list[int]] = {}  # length of a run of backticks: where such runs are, last first
        for match in reversed(list(re.finditer("`+", text))):
            self.ticks.setdefault(len(match[0]), []).append(match.start())

    def run(self) -> str:
        position = 0
        while match := _NEXT.search(self.text, position):
            self._add(self.text[position : match.start()])
            position = self._handle(match.start())
        self._add(self.text[position:])
        return "".join(self.out)

    def _add(self, text: str) -> None:
        self.out.append(html.escape(text))

    def _handle(self, start: int) -> int:
        character = self.text[start]
        if character == "\\":
            return self._escape(start)
        if character == "`":
            return self._code(start)
        if character in "*_":
            return self._emphasis(start)
        after = start
        if self.links:
            after = self._link(start) if character == "[" else self._address(start)
        if after == start:
            self._add(character)
        return max(after, start + 1)

    def _escape(self, start: int) -> int:
        following = self.text[start + 1 : start + 2]
        escaped = following in _PUNCTUATION
        self._add(following if escaped else "\\")
        return start + 1 + escaped

    def _code(self, start: int) -> int:
        length = _run_length(self.text, start)
        places = self.ticks.get(length, [])
        while places and places[-1] <= start:
            places.pop()
        if not places:
            self._add("`" * length)
            return start + length
        content = self.text[start + length : places[-1]]
        padded = content[:1] == content[-1:] == " " and content.strip()
        self.out.append(f"<code>{html.escape(content[1:-1] if padded else content)}</code>")
        return places[-1] + length

    def _emphasis(self, start: int) -> int:
        sign = self.text[start]
        length = _run_length(self.text, start)
        before, after = self.text[start - 1 : start] or " ", self.text[start + length : start + length + 1] or " "
        inside_word = sign == "_" and before.isalnum() and after.isalnum()
        if length > 3 or inside_word:
            self._add(sign * length)
            return start + length
        rest = length
        while rest and not before.isspace() and (closed := self._close(sign, rest)):
            rest -= closed
        while rest and not after.isspace() and len(self.open) < 2:
            width = 2 if rest >= 2 else 1
            if any(len(delimiter) == width for delimiter, _ in self.open):
                break
            self.open.append((sign * width, len(self.out)))
            self._add(sign * width)
            rest -= width
        self._add(sign * rest)
        return start + length

    def _close(self, sign: str, rest: int) -> int:
        """Close the innermost emphasis that a run of `rest` signs can close; how many signs that took."""
        for place in range(len(self.open) - 1, -1, -1):
            delimiter, at = self.open[place]
            width = len(delimiter)
            exact = rest in (width, 3)
            if delimiter[0] == sign and exact and at < len(self.out) - 1:
                name = "strong" if width == 2 else "em"
                self.out[at] = f"<{name}>"
                self.out.append(f"</{name}>")
                del self.open[place:]
                return width
        return 0

    def _link(self, start: int) -> int:
        middle = self.text.find("](", start, start + MAX_LINK_TEXT)
        end = self.text.find(")", middle, middle + MAX_URL) if middle > 0 else -1
        label = self.text[start + 1 : middle]
        if end < 0 or not label.strip() or "[" in label.replace("\\[", ""):
            return start
        url = self.text[middle + 2 : end]
        if url.count("(") and self.text.startswith(")", end + 1):
            url, end = url + ")", end + 1
        content = _Scanner(label, links=False).run()
        target = web_address(url.split(' "')[0].strip(" <>"))
        self.out.append(_anchor(target, content) if target else content)
        return end + 1

    def _address(self, start: int) -> int:
        bracket = self.text.startswith("<", start)
        match = _URL.match(self.text, start + bracket)
        if not match or (start and self.text[start - 1].isalnum() and not bracket):
            return start
        closed = bracket and self.text.startswith(">", match.end())
        url = match[0] if closed else _trim_url(match[0])
        target = web_address(url)
        if not target or (bracket and not closed):
            return start
        self.out.append(_anchor(target, html.escape(url)))
        return start + len(url) + 2 * closed


def _run_length(text: str, start: int) -> int:
    end = start
    while end < len(text) and text[end] == text[start]:
        end += 1
    return end - start


def _trim_url(url: str) -> str:
    """An address in running text, without the punctuation of the sentence around it."""
    surplus = url.count(")") - url.count("(")
    end = len(url)
    while end and (url[end - 1] in ".,:;!?'*_~]" or (url[end - 1] == ")" and surplus > 0)):
        surplus -= url[end - 1] == ")"
        end -= 1
    return url[:end]


def _anchor(url: str, content: str) -> str:
    return f'<a href="{html.escape(url)}" rel="noreferrer nofollow">{content}</a>'


def plain_text(text: str, limit: int = 160) -> str:
    """The beginning of a Markdown document as one line of text, for `<meta>` and previews.

    Parameters
    ----------
    text
        Markdown. Only its first part is looked at, so the time does not depend on its length.
    limit
        Most characters of the result, the ellipsis included; at least 2.

    Returns
    -------
    str
        Plain text, not escaped: no markup, addresses of links, code fences or footnote marks.
    """
    lines = []
    for line in clean_characters(text[: 2000 + 20 * limit]).split("\n"):
        if not (_FENCE.match(line) or _RULE.match(line)):
            mark = _LINE_MARKS.match(line)
            lines.append(line[mark.end() if mark else 0 :].strip(" |"))
    return _shorten(" ".join(_words_of(" ".join(lines)).split()), limit)


def _words_of(markdown: str) -> str:
    bare = _IMAGE.sub("", _NOTE.sub("", _RAW_TAG.sub("", markdown)))
    marked = _Scanner(_REFERENCE.sub(r"\1", bare).replace("~~", ""), links=True).run()
    return html.unescape(re.sub(r"<[^>]*>", "", marked))


def _shorten(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    at_word = cut.rsplit(" ", 1)[0] if " " in cut[limit // 2 :] else cut
    return at_word.rstrip(" ,;:–-") + "…"


def excerpt_markdown(text: str, limit: int = 600) -> str:
    """The first blocks of a Markdown document, as Markdown.

    Parameters
    ----------
    text
        Markdown.
    limit
        Most characters of the source to keep. A single line longer than that is cut at a word.

    Returns
    -------
    str
        Whole blocks if the first one fits, else its first lines. An open code fence is closed, so the result may be a
        few characters longer than `limit`. Footnotes and link definitions further down are lost.
    """
    if len(text) <= limit:
        return text
    lines = text[: limit + 1].replace("\r\n", "\n").split("\n")
    whole = lines[:-1]  # the last line is cut
    if not any(line.strip() for line in whole):
        return _shorten(lines[-1], limit)
    block_end = _last_block_end(whole, next_is_blank=not lines[-1].strip() and text[limit : limit + 1] == "\n")
    kept = whole[:block_end] if block_end else whole
    fence = _open_fence(kept)
    excerpt = "\n".join(kept).rstrip()
    return f"{excerpt}\n{fence}" if fence else excerpt


def _last_block_end(lines: list[str], *, next_is_blank: bool) -> int:
    fence, end, seen = "", 0, False
    for number, line in enumerate(lines):
        fence = _fence_after(fence, line)
        if not line.strip() and not fence and seen:
            end = number
        seen = seen or bool(line.strip())
    return len(lines) if next_is_blank and not fence else end


def _open_fence(lines: list[str]) -> str:
    fence = ""
    for line in lines:
        fence = _fence_after(fence, line)
    return fence


def _fence_after(fence: str, line: str) -> str:
    """The code fence that is open after a line, given the one that was open before it."""
    match = _FENCE.match(line)
    if not match:
        return fence
    if not fence:
        return match[1]
    closes = match[1][0] == fence[0] and len(match[1]) >= len(fence) and not line.strip().strip(fence[0])
    return "" if closes else fence
