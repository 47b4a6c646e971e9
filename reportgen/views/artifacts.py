"""The newest version of every key, by type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reportgen import urls
from reportgen.model import Key, Model
from reportgen.text import format_count
from reportgen.views.content import KIND_WORDS, Card, make_card
from reportgen.views.overview import artifact_source
from reportgen.views.parts import Frame, Here, Link, Page, make_frame

_KINDS = ("markdown", "table", "image", "progress", "link")
_TITLES = {"markdown": "Markdown", "table": "Tables", "image": "Images", "progress": "Progress", "link": "Links"}


@dataclass(frozen=True)
class KindSection:
    """The keys of one type, newest first."""

    anchor: str
    title: str
    note: str
    cards: Sequence[Card]


@dataclass(frozen=True)
class ArtifactsView:
    """The list of artifacts.

    Attributes
    ----------
    frame
        What surrounds the page.
    kind
        How many keys there are, in words.
    lede
        How many versions they have, in a sentence.
    sections
        The keys by type.
    """

    frame: Frame
    kind: str
    lede: str
    sections: Sequence[KindSection]


def make_pages(model: Model) -> Iterator[Page]:
    """Make the list of artifacts."""
    here = Here(urls.ARTIFACTS)
    n_versions = sum(len(key.versions) for key in model.keys.values())
    n_keyless = sum(artifact.key is None for artifact in model.artifact_by_id.values())
    lede = f"{format_count(n_versions, 'version')} in all."
    if n_keyless:
        verb = "is" if n_keyless == 1 else "are"
        lede += f" {format_count(n_keyless, 'artifact')} without a key {verb} on the pages of runs."
    view = ArtifactsView(
        frame=make_frame(model, urls.ARTIFACTS, "Artifacts"),
        kind=format_count(len(model.keys), "key"),
        lede=lede if model.artifact_by_id else "",
        sections=[section for section in (_section(model, here, kind) for kind in _KINDS) if section.cards],
    )
    yield Page(urls.ARTIFACTS, "artifacts.html", view)


def _section(model: Model, here: Here, kind: str) -> KindSection:
    keys = [key for key in model.keys.values() if key.newest.type == kind]
    keys.sort(key=lambda key: (-key.newest.updated_at, key.name))
    note = f"{format_count(len(keys), 'key')}, newest first"
    return KindSection(
        KIND_WORDS.get(kind, kind).lower(), _TITLES[kind], note, [_card(model, here, key) for key in keys]
    )


def _card(model: Model, here: Here, key: Key) -> Card:
    card = make_card(model, key.newest, here, artifact_source(model, here, key.newest))
    n_versions = format_count(len(key.versions), "version")
    return Card(Link(key.name, here.to(urls.key(key.name))), n_versions, card.content, card.source)
