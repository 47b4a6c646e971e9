"""Which HTML a Markdown document may become: elements, where they may stand, classes."""

from __future__ import annotations

from pygments.token import STANDARD_TYPES

VOID = frozenset(("br", "hr", "wbr", "img", "input"))
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
TABLE_PARTS = {
    "caption": ("table",),
    "thead": ("table",),
    "tbody": ("table",),
    "tfoot": ("table",),
    "tr": ("thead", "tbody", "tfoot", "table"),
    "th": ("tr",),
    "td": ("tr",),
}
PARENTS = {**TABLE_PARTS, "li": ("ul", "ol"), "dt": ("dl",), "dd": ("dl",), "summary": ("details",)}
BLOCKS = frozenset(("p", "div", "blockquote", "ul", "ol", "dl", "table", "pre", "details", "hr", *HEADINGS, *PARENTS))
BARRIERS = frozenset(("table", "td", "th", "caption", "blockquote", "div", "details"))
INLINE = frozenset(
    (
        "a abbr b bdi bdo br cite code del dfn em i img input ins kbd mark q s samp small span strong sub sup u var wbr"
    ).split()
)
HIDDEN = frozenset(  # HTML's other elements: the tag is dropped and its content stays
    (
        "address animate area article aside audio base basefont big body button canvas center col colgroup"
        " data datalist dialog dir embed fieldset figcaption figure font footer form frame frameset g head"
        " header hgroup html iframe input label legend link main map marquee math menu meta meter nav nobr"
        " noembed noframes noscript object optgroup option output param path picture plaintext progress rp rt"
        " ruby script search section select set slot source strike style svg template textarea tfoot time"
        " title track tt use video xmp"
    ).split()
)
ALIGNS = {"right": "ta-right", "center": "ta-center"}
_ADMONITIONS = frozenset(
    (
        "note info abstract tip hint success important question example quote"
        " warning attention caution danger error bug"
    ).split()
)
CLASSES = _ADMONITIONS | frozenset(
    "highlight admonition admonition-title task-list task-list-item footnote footnote-ref footnote-backref".split()
)
_TOKENS = {"Comment": "c", "Keyword": "k", "String": "s", "Number": "m", "Error": "e", "Deleted": "d", "Inserted": "i"}
_NAMES = frozenset(("Function", "Class", "Decorator", "Tag", "Namespace", "Exception", "Heading", "Subheading"))


def _token_classes() -> dict[str, str]:
    classes = {}
    for token, short in STANDARD_TYPES.items():
        kind = next((_TOKENS[part] for part in token if part in _TOKENS), "f" if _NAMES.intersection(token) else "")
        if short and kind:
            classes[short] = f"hl-{kind}"
    return classes


HIGHLIGHT = _token_classes()
ALL_CLASSES = CLASSES | frozenset(HIGHLIGHT.values()) | frozenset(ALIGNS.values()) | {"scroll"}
ALLOWED_TAGS = (BLOCKS | INLINE) - {"img"}
