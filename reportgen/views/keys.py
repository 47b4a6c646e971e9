"""The list of all keys by name, in pages; a site of few keys needs none, since each has a card."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from reportgen import urls
from reportgen.model import Model
from reportgen.views.content import artifact_source, kind_word
from reportgen.views.parts import Frame, Here, Link, Moment, Page, Pager, make_frame, short_moment

_MANY_KEYS = 120  # that are too many for a card each
_PAGE_SIZE = 200


class KeyRow(msgspec.Struct, frozen=True):
    """A key in the list: its type, how many versions it has, when and by whom the newest was recorded."""

    key: Link
    kind: str
    n_versions: str
    recorded: Moment
    source: Sequence[Link]


class KeysView(msgspec.Struct, frozen=True):
    """A page of the list of all keys.

    Attributes
    ----------
    frame
        What surrounds the page.
    heading
        Its title.
    rows
        The keys by name.
    pager
        Where the list goes on.
    """

    frame: Frame
    heading: str
    rows: Sequence[KeyRow]
    pager: Pager


def count_pages(model: Model) -> int:
    """Say into how many pages the list of all keys is divided; none where each key has a card."""
    return -(-len(model.keys) // _PAGE_SIZE) if len(model.keys) > _MANY_KEYS else 0


def keys_on_page(model: Model, number: int) -> list[str]:
    """Give the keys on a page of the list."""
    return [*model.keys][(number - 1) * _PAGE_SIZE : number * _PAGE_SIZE]


def make_page(model: Model, number: int) -> Page:
    """Make a page of the list of all keys; page 1 has the first by name."""
    url = urls.keys_page(number)
    here = Here(url)
    heading = f"Keys by name, page {number}"
    view = KeysView(
        frame=make_frame(model, url, heading, crumbs=[("Artifacts", urls.ARTIFACTS)]),
        heading=heading,
        rows=[_key_row(model, here, name) for name in keys_on_page(model, number)],
        pager=_make_pager(model, here, number),
    )
    return Page(url, "keys.html", view)


def _key_row(model: Model, here: Here, name: str) -> KeyRow:
    key = model.keys[name]
    return KeyRow(
        key=here.key(name),
        kind=kind_word(key.newest),
        n_versions=f"{len(key.versions):,}",
        recorded=short_moment(key.newest.updated_at),
        source=artifact_source(model, here, key.newest)[:-1],
    )


def _make_pager(model: Model, here: Here, number: int) -> Pager:
    start = (number - 1) * _PAGE_SIZE
    stop = min(start + _PAGE_SIZE, len(model.keys))  # how many there are in all would change every page with each
    return Pager(
        range_text=f"Keys {start + 1:,}–{stop:,}",
        newer=Link("Back", here.to(urls.keys_page(number - 1))) if number > 1 else None,
        older=Link("Next", here.to(urls.keys_page(number + 1))) if number < count_pages(model) else None,
        oldest=None,
    )
