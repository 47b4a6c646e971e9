"""The newest version of every key, by type; of very many keys the newest ones, and a link to the list of all."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from reportgen import urls
from reportgen.model import Artifact, Model
from reportgen.text import format_count
from reportgen.views.content import KIND_WORDS, Card, artifact_source, make_card
from reportgen.views.keys import count_pages
from reportgen.views.parts import Frame, Here, Link, Page, make_frame

_KINDS = ("markdown", "table", "image", "progress", "link")
_TITLES = {"markdown": "Markdown", "table": "Tables", "image": "Images", "progress": "Progress", "link": "Links"}
_N_CARDS = 12  # of each type, where keys are many


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
        list_link=Link("All keys by name", here.to(urls.keys_page(1))) if count_pages(model) else None,
        sections=[section for section in sections if section.cards],
    )
    return Page(urls.ARTIFACTS, "artifacts.html", view)


def _section(model: Model, here: Here, kind: str) -> KindSection:
    newest = [artifact for artifact in model.newest_artifacts() if artifact.type == kind]
    newest.sort(key=lambda artifact: (-artifact.updated_at, artifact.key))
    shown = newest[:_N_CARDS] if count_pages(model) else newest
    count = format_count(len(newest), "key")
    note = f"{count}, newest first" if len(shown) == len(newest) else f"The newest {len(shown)} of {count}"
    cards = [_card(model, here, artifact) for artifact in shown]
    return KindSection(KIND_WORDS.get(kind, kind).lower(), _TITLES[kind], note, cards)


def _card(model: Model, here: Here, newest: Artifact) -> Card:
    key = model.keys[newest.key or ""]
    card = make_card(model, newest, here, artifact_source(model, here, newest))
    n_versions = format_count(len(key.versions), "version")
    return Card(Link(key.name, here.to(urls.key(key.name))), n_versions, card.content, card.source)
