"""Markdown source, before the library sees it: GitHub's habits, and what is too costly to convert.

Python-Markdown follows the Markdown of 2004: a list needs a blank line before it and four spaces for each
level, `1)` is no list, a fence without an end is no fence. People write for GitHub, so `normalize` rewrites
the indentation of lists and adds the blank lines; it never changes the text of a line.

`reason_not_to_render` names why a document would take the library too long. Its inline patterns scan to the
end of a paragraph from every bracket, so the cost is (special characters × length) of a paragraph, list item or
row; nesting and the number of blocks cost too. The limits were measured: the slowest document that passes
takes about a second. All of this is linear.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from reportgen.text import strip_terminal_codes

MAX_BYTES = 256 * 1024
MAX_DEPTH = 24  # of lists and quotes; the library recurses for each level and copies the text
MAX_BLOCKS = 8_000  # the library removes blocks from the front of a list
MAX_LINES = 24_000
MAX_SPECIALS = 60_000
MAX_NOTES = 3_000  # footnotes, references to them, and link definitions
MAX_FENCES = 4_000  # fence lines; each block starts the highlighter
MAX_INNER_HEADINGS = 1_000  # headings and rules inside lists, which cannot be set apart by blank lines
MAX_WORK = 12_000_000  # sum over paragraphs of special characters × length

_BAD_CHARACTERS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane * 0x10000 + low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
    + "]"
)
_QUOTE = re.compile(r" {0,3}> ?")
_FENCE = re.compile(r"(`{3,}(?!.*`)|~{3,})")
_MARKER = re.compile(r"([-+*]|[0-9]{1,9}[.)])( +|$)")
_BREAK = re.compile(r"(?:\*[ \t]*+){3,}$|(?:-[ \t]*+){3,}$|(?:_[ \t]*+){3,}$")
_DELIMITER_ROW = re.compile(r"[ |:-]+$")
_LINE_BLOCK = re.compile(r" *(?:[-+*] |[0-9]{1,9}\. |\||#{1,6} )")
_HEADING = re.compile(r"#{1,6}(?: |$)")
_INNER_HEADING = re.compile(r"^[ >]+(?:#|[-*_] *[-*_])", re.MULTILINE)
_NOTE = re.compile(r"\[\^[^\]\s]+\]:")
_FENCE_LINE = re.compile(r"^[ >]*(?:```|~~~)", re.MULTILINE)
_SPECIALS = "[]()<>*_`~!\\:&^@\"'/=#.+|-"
_SPECIAL = re.compile(f"[{re.escape(_SPECIALS)}]")


def clean_characters(text: str) -> str:
    """Text without codes of terminals; what HTML forbids (other controls, lone surrogates …) are U+FFFD."""
    if type(text) is str and text.replace("\n", "").replace("\t", "").isprintable():
        return text  # none of those is printable, and this is fast; of `Markup` the slow way makes a plain text
    return _BAD_CHARACTERS.sub("\ufffd", strip_terminal_codes(text).replace("\r\n", "\n").replace("\r", "\n"))


@dataclass
class _Lines:
    """The state of `normalize`: what was written, and the lists and the fence that are open."""

    out: list[str] = field(default_factory=list)
    items: list[int] = field(default_factory=list)  # column where the text of each open list item begins
    signs: dict[int, str] = field(default_factory=dict)  # the last list's sign at each depth
    quotes: int = 0
    fence: str = ""
    fence_lead: str = ""
    after_text: bool = False  # the line before belongs to a paragraph
    in_table: bool = False
    deepest: int = 0

    def add(self, quote: str, line: str) -> None:
        self.out.append(f"{quote}{line}" if line else quote.rstrip())


def normalize(text: str) -> tuple[str, int]:
    """Rewrite GitHub's lists, tables and open fences to what Python-Markdown reads.

    Parameters
    ----------
    text
        Markdown without forbidden characters (`clean_characters`).

    Returns
    -------
    tuple
        The rewritten source and the deepest nesting of lists and quotes.
    """
    state = _Lines()
    for raw in text.expandtabs(4).split("\n"):
        _add_line(state, raw)
    if state.fence:
        state.add(state.fence_lead, state.fence)
    return "\n".join(state.out), state.deepest


def _split_quote(line: str) -> tuple[int, str]:
    if ">" not in line:
        return 0, line
    depth = position = 0
    while match := _QUOTE.match(line, position):
        depth, position = depth + 1, match.end()
        if depth > MAX_DEPTH:
            break
    return depth, line[position:]


def _add_line(state: _Lines, raw: str) -> None:
    depth, line = (0, raw) if state.fence and not state.quotes else _split_quote(raw)
    if depth != state.quotes:
        if state.fence:
            state.add(state.fence_lead, state.fence)
        state.quotes, state.items, state.fence, state.after_text, state.in_table = depth, [], "", False, False
    state.deepest = max(state.deepest, depth + len(state.items))
    quote = "> " * depth
    line = line.rstrip() + ("  " if line.endswith("  ") and line.strip() else "")
    if state.fence:
        _add_fenced(state, quote, line)
    elif not line.strip():
        state.add(quote, "")
        state.after_text = state.in_table = False
    else:
        _add_block_line(state, quote, line)


def _add_fenced(state: _Lines, quote: str, line: str) -> None:
    base = state.items[-1] if state.items else 0
    indent = len(line) - len(line.lstrip(" "))
    text = line[min(base, indent) :]
    closing = text.strip()
    is_end = len(closing) >= len(state.fence) and not closing.strip(state.fence[0])
    if is_end and len(text) - len(text.lstrip(" ")) < 4:
        state.add(state.fence_lead, state.fence)
        state.fence = ""
        return
    state.add(quote + "    " * len(state.items), text)


def _add_block_line(state: _Lines, quote: str, line: str) -> None:
    indent = len(line) - len(line.lstrip(" "))
    text = line.lstrip(" ")
    is_break = bool(_BREAK.match(text))
    marker = None if is_break else _MARKER.match(text)
    fence = _FENCE.match(text)
    starts_block = bool(marker or fence or is_break) or text.startswith(("#", "<"))
    n_open = len(state.items)
    if starts_block or not state.after_text:  # otherwise a paragraph goes on, however it is indented
        while state.items and indent < state.items[-1]:
            state.items.pop()
    left_items = n_open > len(state.items)
    after_text = state.after_text
    base = state.items[-1] if state.items else 0
    lead = quote + "    " * len(state.items)
    extra = max(indent - base, 0)
    if marker and extra < 4 and (left_items or not _continues_paragraph(state, marker[1])):
        _add_item(state, quote, text, marker, indent)
    elif fence and extra < 4:
        if left_items and state.after_text:
            state.add(quote, "")
        state.fence, state.fence_lead, state.after_text = fence[1], lead, False
        state.add(lead, text)
    else:
        _add_text(state, lead, " " * extra + text)
        if extra < 4 and not state.items:
            _set_apart(state, lead.rstrip(), text, after_text)


def _set_apart(state: _Lines, blank: str, text: str, after_text: bool) -> None:
    """Put blank lines around what is a block of its own; the library finds it without, but copies all that follows."""
    underlines = after_text and not text.strip().strip("-")
    if _HEADING.match(text) or (_BREAK.match(text) and not underlines):
        state.out[-1:] = [blank, state.out[-1], blank]
    elif _NOTE.match(text):
        state.out[-1:] = [blank, state.out[-1]]


def _continues_paragraph(state: _Lines, marker: str) -> bool:
    return state.after_text and not state.items and marker[:-1].isdigit() and marker[:-1] != "1"


def _add_item(state: _Lines, quote: str, text: str, marker: re.Match[str], indent: int) -> None:
    sign = marker[1].replace(")", ".")
    is_other_list = state.signs.get(len(state.items), sign[-1]) != sign[-1]
    begins = not state.items and state.out and not _LINE_BLOCK.match(_split_quote(state.out[-1])[1])
    if (state.after_text and begins) or (is_other_list and state.out):
        state.add(quote, "")
    state.signs[len(state.items)] = sign[-1]
    lead = quote + "    " * len(state.items)
    state.add(lead, f"{sign} {text[marker.end() :]}")
    width = len(marker[0]) if len(marker[2]) in range(1, 5) else len(marker[1]) + 1
    state.items.append(indent + width)
    state.deepest = max(state.deepest, state.quotes + len(state.items))
    state.after_text = True


def _add_text(state: _Lines, lead: str, line: str) -> None:
    is_row = "|" in line and "-" in line and bool(_DELIMITER_ROW.match(line))
    if is_row and not state.in_table and state.after_text and "|" in state.out[-1]:
        state.in_table = True
        if len(state.out) > 1 and _split_quote(state.out[-2])[1].strip():
            state.out.insert(-1, lead.rstrip())
    state.add(lead, line)
    state.after_text = not line.lstrip().startswith("#") and (state.after_text or not line.startswith("    "))


def reason_not_to_render(source: str, depth: int) -> str:
    """Why the library would take too long for a normalized source; an empty string if it will not.

    Parameters
    ----------
    source, depth
        The result of `normalize`.
    """
    if depth > MAX_DEPTH:
        return "its lists or quotes are nested too deeply"
    lines = source.split("\n")
    if len(lines) > MAX_LINES or source.count("\n\n") > MAX_BLOCKS:
        return "it has too many lines"
    if len(_FENCE_LINE.findall(source)) > MAX_FENCES:
        return "it has too many code blocks"
    if source.count("[^") + source.count("]:") > MAX_NOTES or len(_INNER_HEADING.findall(source)) > MAX_INNER_HEADINGS:
        return "it has too many footnotes or headings in lists"
    if sum(map(source.count, _SPECIALS)) * len(source) <= MAX_WORK and len(source) <= MAX_SPECIALS:
        return ""
    specials = work = 0
    for unit in _iter_units(lines):
        n_special = len(_SPECIAL.findall(unit))
        specials += n_special
        work += n_special * len(unit)
    if specials > MAX_SPECIALS or work > MAX_WORK:
        return "it has too many brackets or other markup characters"
    return ""


def _iter_units(lines: list[str]) -> list[str]:
    """Pieces of text that the library reads as one: paragraphs, list items, rows."""
    units: list[list[str]] = [[]]
    for line in lines:
        if not line.strip() or _LINE_BLOCK.match(line):
            units.append([])
        units[-1].append(line)
    return ["\n".join(unit) for unit in units]
