"""An artifact: one version of a key, or an artifact without a key. Its content, its details, its neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from markupsafe import Markup

from reportgen import urls
from reportgen.model import Artifact, Model
from reportgen.prose import render_markdown
from reportgen.text import format_count, format_time
from reportgen.views import rows
from reportgen.views.content import (
    Content,
    artifact_page,
    artifact_title,
    artifact_url,
    image_origin,
    kind_word,
    make_content,
    percent_text,
    raw_files,
    table_size,
)
from reportgen.views.difference import Difference, make_difference
from reportgen.views.graphs import Neighbourhood, make_neighbourhood
from reportgen.views.parts import Fact, Frame, Here, Link, Page, RawFile, make_frame, value_text


class VersionView(msgspec.Struct, frozen=True):
    """An artifact's page.

    Attributes
    ----------
    frame
        What surrounds the page.
    title
        Key and version, or what a keyless artifact is called.
    kind
        Its kind, and whether it is the newest version.
    lede
        What changed since the version before, in a sentence.
    facts
        When, by whom, used by whom, its metadata, id.
    description
        What its maker says of it, as safe HTML; `None` when nothing.
    difference
        What changed since the version before, in full; `None` when there is none to compare with.
    content
        What it holds.
    lineage
        What it was made from and what read it; `None` when nothing of it is recorded.
    older, newer, newest, all_versions
        Its neighbours; `None` where there is none.
    deleted
        When and why it was deleted; empty when it is there.
    """

    frame: Frame
    title: str
    kind: str
    lede: str
    facts: Sequence[Fact]
    description: Markup | None
    difference: Difference | None
    content: Content
    lineage: Neighbourhood | None
    older: Link | None
    newer: Link | None
    newest: Link | None
    all_versions: Link | None
    deleted: str


def make_files(model: Model, artifact: Artifact) -> Iterator[Page | RawFile]:
    """Make the page and the raw files of an artifact, further pages of its rows, and pictures of what changed."""
    page = make_page(model, artifact)
    yield page
    yield from rows.make_pages(model, artifact)
    yield from raw_files(artifact, page.url)
    if page.view.difference:
        yield from page.view.difference.files


def make_page(model: Model, artifact: Artifact) -> Page:
    """Make the page of one artifact."""
    url = artifact_page(artifact)
    here = Here(url)
    title = artifact_title(artifact)
    run = model.run_of(artifact)
    crumbs = [("Artifacts", urls.ARTIFACTS), (artifact.key, urls.key(artifact.key))] if artifact.key else []
    crumbs = crumbs or [("Runs", urls.RUNS), (run.name, urls.run(run.id))]
    older, newer, newest = _neighbours(model, artifact)
    content = make_content(model, artifact, here, url)
    difference = make_difference(model, here, artifact, content)
    view = VersionView(
        frame=make_frame(
            model,
            url,
            f"v{artifact.version}" if artifact.key else title,
            crumbs=crumbs,
            image_origin=image_origin(artifact),
            more="pictures" if difference and difference.pictures else "",
        ),
        title=title,
        kind=_kind(artifact, newest),
        lede=difference.sentence if difference else _describe_state(artifact),
        facts=_facts(model, here, artifact),
        description=_description(artifact, title),
        difference=difference,
        content=content,
        lineage=make_neighbourhood(model, here, artifact),
        older=_link(here, older),
        newer=_link(here, newer),
        newest=Link("newest", here.to(urls.key(newest.key))) if newest and newest.key else None,
        all_versions=_all_versions(model, here, artifact),
        deleted=describe_deletion(artifact),
    )
    return Page(url, "version.html", view)


def _description(artifact: Artifact, title: str) -> Markup | None:
    """The description, unless the title says it all."""
    text = artifact.description.strip()
    return render_markdown(text, id_prefix="about-") if text and text != title else None


def _neighbours(model: Model, artifact: Artifact) -> tuple[Artifact | None, Artifact | None, Artifact | None]:
    """The version before, the version after, and the newest one when that is another."""
    if artifact.key is None:
        return None, None, None
    newest = model.keys[artifact.key].newest
    return model.version_before(artifact), model.version_after(artifact), newest if newest != artifact else None


def _link(here: Here, artifact: Artifact | None) -> Link | None:
    return Link(f"v{artifact.version}", artifact_url(here, artifact)) if artifact else None


def _all_versions(model: Model, here: Here, artifact: Artifact) -> Link | None:
    if artifact.key is None:
        return None
    return Link("all versions", here.to(urls.key(artifact.key)))


def _kind(artifact: Artifact, newest: Artifact | None) -> str:
    word = kind_word(artifact)
    if artifact.key is None:
        return f"{word} without a key"
    return word if newest else f"{word}, newest version"


def describe_deletion(artifact: Artifact) -> str:
    """Say when and why an artifact was deleted; empty when it was not."""
    if artifact.deleted_at is None:
        return ""
    why = f": {artifact.deleted_reason}" if artifact.deleted_reason else ""
    return f"deleted on {format_time(artifact.deleted_at)}{why}"


def _describe_state(artifact: Artifact) -> str:
    """Say of an artifact that is compared with none why that is so."""
    if artifact.deleted_at is not None:
        return f"This version was {describe_deletion(artifact)}."
    if artifact.key is None:
        return ""
    return "First version." if artifact.version == 1 else "The first version that is not deleted."


def short_difference(before: Artifact | None, artifact: Artifact) -> str:
    """Say in few words how a version differs from the one before; `"first version"` where there is none."""
    if before is None:
        return "first version"
    if before.deleted_at is not None:
        return f"v{before.version} is deleted"
    if before.type != artifact.type:
        return f"now {kind_word(artifact)}, was {kind_word(before)}"
    if before.content_digest == artifact.content_digest:
        return "no change" if before.description == artifact.description else "another description"
    if artifact.type == "progress":
        return f"{percent_text(before)} → {percent_text(artifact)}"
    if artifact.type == "table":
        n_rows, n_before = table_size(artifact)[0], table_size(before)[0]
        delta = n_rows - n_before
        rows = format_count(abs(delta), "row")
        return f"{rows} more" if delta > 0 else f"{rows} fewer" if delta < 0 else "other cells, as many rows"
    return "new content"


def _facts(model: Model, here: Here, artifact: Artifact) -> list[Fact]:
    run = model.run_of(artifact)
    step = next((n for n, step in enumerate(run.steps) if step.id == artifact.step_id), None)
    made_by = [here.run(run), Link("of"), here.pipeline_of(model, run)]
    if step is not None:
        step_link = Link(run.steps[step].name, here.to_run(run, f"#step-{step + 1}"))
        made_by[1:1] = [Link("/"), step_link]
    facts = [Fact("Recorded", [Link(format_time(artifact.created_at))]), Fact("By", made_by)]
    if artifact.n_updates:
        updates = f"{format_time(artifact.updated_at)}, {format_count(artifact.n_updates, 'update')}"
        facts.append(Fact("Updated", [Link(updates)]))
    users = model.users(artifact)
    if users:
        facts.append(Fact("Used by", [here.run(user) for user in users[:5]]))
    facts += [Fact(name, [Link(value_text(value))]) for name, value in sorted(artifact.metadata.items())]
    facts.append(Fact("Artifact id", [Link(artifact.id)], is_id=True))
    return facts
