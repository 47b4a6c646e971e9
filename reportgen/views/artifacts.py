"""The newest version of every key by type; of very many keys the newest ones, and all of them as a list in pages."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from reportgen import urls
from reportgen.model import Artifact, Model
from reportgen.text import format_count
from reportgen.views.content import KIND_WORDS, Card, kind_word, make_card
from reportgen.views.overview import artifact_source
from reportgen.views.parts import Frame, Here, Link, Moment, Page, Pager, make_frame, short_moment

_KINDS = ("markdown", "table", "image", "progress", "link")
_TITLES = {"markdown": "Markdown", "table": "Tables", "image": "Images", "progress": "Progress", "link": "Links"}
_MANY_KEYS = 120  # that are too many for a card each
_N_CARDS = 12  # of each type, where keys are many
_PAGE_SIZE = 200


class KindSection(msgspec.Struct, frozen=True):
    """The keys of one type, newest first."""

    anchor: str
    title: str
    note: str
    cards: Sequence[Card]


class ArtifactsView(msgspec.Struct, frozen=True):
    """The page of artifacts.

    Attributes
    ----------
    frame
        What surrounds the page.
    kind
        How many keys there are, in words.
    lede
        How many versions they have, in a sentence.
    list_link
        The list of all keys by name; `None` where each has a card here.
    sections
        The keys by type.
    """

    frame: Frame
    kind: str
    lede: str
    list_link: Link | None
    sections: Sequence[KindSection]


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


def make_page(model: Model) -> Page:
    """Make the page of artifacts."""
    here = Here(urls.ARTIFACTS)
    lede = f"{format_count(model.n_versions, 'version')} in all."
    if model.n_keyless:
        verb = "is" if model.n_keyless == 1 else "are"
        lede += f" {format_count(model.n_keyless, 'artifact')} without a key {verb} on the pages of runs."
    sections = (_section(model, here, kind) for kind in _KINDS)
    view = ArtifactsView(
        frame=make_frame(model, urls.ARTIFACTS, "Artifacts"),
        kind=format_count(len(model.keys), "key"),
        lede=lede if model.n_artifacts else "",
        list_link=Link("All keys by name", here.to(urls.keys_page(1))) if count_list_pages(model) else None,
        sections=[section for section in sections if section.cards],
    )
    return Page(urls.ARTIFACTS, "artifacts.html", view)


def _section(model: Model, here: Here, kind: str) -> KindSection:
    newest = [artifact for artifact in model.newest_artifacts() if artifact.type == kind]
    newest.sort(key=lambda artifact: (-artifact.updated_at, artifact.key))
    shown = newest[:_N_CARDS] if len(model.keys) > _MANY_KEYS else newest
    count = format_count(len(newest), "key")
    note = f"{count}, newest first" if len(shown) == len(newest) else f"The newest {len(shown)} of {count}"
    cards = [_card(model, here, artifact) for artifact in shown]
    return KindSection(KIND_WORDS.get(kind, kind).lower(), _TITLES[kind], note, cards)


def _card(model: Model, here: Here, newest: Artifact) -> Card:
    key = model.keys[newest.key or ""]
    card = make_card(model, newest, here, artifact_source(model, here, newest))
    n_versions = format_count(len(key.versions), "version")
    return Card(Link(key.name, here.to(urls.key(key.name))), n_versions, card.content, card.source)


# The list of all keys


def count_list_pages(model: Model) -> int:
    """Say into how many pages the list of all keys is divided; none where each key has a card."""
    return -(-len(model.keys) // _PAGE_SIZE) if len(model.keys) > _MANY_KEYS else 0


def keys_on_page(model: Model, number: int) -> list[str]:
    """Give the keys on a page of the list."""
    return [*model.keys][(number - 1) * _PAGE_SIZE : number * _PAGE_SIZE]


def make_list_page(model: Model, number: int) -> Page:
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
        older=Link("Next", here.to(urls.keys_page(number + 1))) if number < count_list_pages(model) else None,
        oldest=None,
    )
