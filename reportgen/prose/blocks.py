"""Raw HTML between Markdown, as CommonMark has it: an HTML block ends at a blank line.

So Markdown inside `<details>` or `<div dir="rtl">` is Markdown when a blank line stands before it, as on
GitHub. The library's own step reads to the closing tag and leaves all of that as it is; and it is not linear.
"""

from __future__ import annotations

import re

from markdown.preprocessors import Preprocessor

_BLOCK_START = re.compile(
    r" {0,3}</?(?:address|article|aside|blockquote|body|caption|center|col|colgroup|dd|details|dialog|div|dl|dt"
    r"|fieldset|figcaption|figure|footer|form|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|meta|nav|ol|optgroup"
    r"|option|p|section|summary|table|tbody|td|tfoot|th|thead|title|tr|ul)(?:[\s/>]|$)",
    re.IGNORECASE,
)
_LONE_TAG = re.compile(r""" {0,3}</?[a-zA-Z][a-zA-Z0-9-]*+(?:\s(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+)?/?>\s*$""")
_TO_END = re.compile(r" {0,3}<(script|style|pre|textarea)(?:[\s>]|$)|( {0,3}<!--)", re.IGNORECASE)
_ENDS = re.compile(r"</(script|style|pre|textarea)>|(-->)", re.IGNORECASE)


class HtmlBlocks(Preprocessor):
    """Put blocks of raw HTML aside; the shaper reads them later. Linear in the number of lines."""

    def run(self, lines: list[str]) -> list[str]:
        if not any("<" in line for line in lines):
            return lines
        last = {_end_name(match): number for number, line in enumerate(lines) for match in _ENDS.finditer(line)}
        out: list[str] = []
        number = 0
        while number < len(lines):
            after = self._block_end(lines, number, last)
            if after > number:
                out += ["", self.md.htmlStash.store("\n".join(lines[number:after])), ""]
                number = after
            else:
                out.append(lines[number])
                number += 1
        return out

    def _block_end(self, lines: list[str], number: int, last: dict[str, int]) -> int:
        """The line after the HTML block that begins here; `number` itself if none does."""
        line = lines[number]
        if "<" not in line:
            return number
        opening = _TO_END.match(line)
        if opening and last.get(_end_name(opening), -1) >= number:
            wanted = _end_name(opening)
            return 1 + next(
                at
                for at in range(number, len(lines))
                if wanted in {_end_name(match) for match in _ENDS.finditer(lines[at])}
            )
        after_blank = number == 0 or not lines[number - 1].strip()
        if not (_BLOCK_START.match(line) or (after_blank and _LONE_TAG.match(line))):
            return number
        return next((at for at in range(number, len(lines)) if not lines[at].strip()), len(lines))


def _end_name(match: re.Match[str]) -> str:
    return (match[1] or "-->").lower()
