"""Image files beside the logs: their size, or why they cannot be shown."""

from __future__ import annotations

import base64
import hashlib
import io
from pathlib import Path
from typing import Any

import imagesize
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from logs import PNG, START, artifact, model_of, run_start, write_blob, write_run

from reportgen.images import ImageFacts, inspect_image
from reportgen.images.ends import find_gif_cut, find_jpeg_cut, find_webp_cut
from reportgen.inputs.images import image_extension

# What a JPEG of 3 x 2 grey pixels is made of; the pixels themselves are not looked at.
JPEG = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffc0000b080002000301011100ffda0008010100003f007fff00aaffd9"
)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><path d="M0 0h30v20z"/></svg>'
SVG_WITH_HEAD = b'<?xml version="1.0"?>\n<!-- drawn -->\n' + SVG
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


def inspect(log_dir: Path, name: str, *run_ids: str) -> ImageFacts:
    return inspect_image(name, [log_dir / run_id for run_id in run_ids or ("r1",)])


@pytest.mark.parametrize(
    ("content", "extension", "size"),
    [(PNG, "png", (1, 1)), (JPEG, "jpg", (3, 2)), (GIF, "gif", (1, 1)), (SVG, "svg", (30, 20))],
    ids=["png", "jpg", "gif", "svg"],
)
def test_size_of_an_image_is_read_from_the_file(
    tmp_path: Path, content: bytes, extension: str, size: tuple[int, int]
) -> None:
    name = write_blob(tmp_path, "r1", content, extension)
    facts = inspect(tmp_path, name)
    assert facts == ImageFacts(tmp_path / "r1" / "blobs" / name, len(content), *size)
    assert facts.broken == ""


def test_svg_with_an_xml_head_is_an_svg(tmp_path: Path) -> None:
    assert inspect(tmp_path, write_blob(tmp_path, "r1", SVG_WITH_HEAD, "svg")).broken == ""


def test_missing_file_says_so(tmp_path: Path) -> None:
    facts = inspect(tmp_path, f"{'0' * 64}.png")
    assert facts.path is None
    assert facts.broken == "its file is not in the logs"


def test_changed_file_says_so(tmp_path: Path) -> None:
    name = write_blob(tmp_path, "r1", PNG)
    (tmp_path / "r1" / "blobs" / name).write_bytes(PNG[:-4])
    facts = inspect(tmp_path, name)
    assert facts.path is None
    assert "changed or cut short" in facts.broken


def test_file_with_the_wrong_extension_says_what_it_is(tmp_path: Path) -> None:
    facts = inspect(tmp_path, write_blob(tmp_path, "r1", PNG, "jpg"))
    assert facts.path is None
    assert facts.broken == "it is named .jpg but is png"


def test_file_that_is_no_image_says_so(tmp_path: Path) -> None:
    facts = inspect(tmp_path, write_blob(tmp_path, "r1", b"<html><script>alert(1)</script></html>", "svg"))
    assert facts.path is None
    assert "none of PNG" in facts.broken


def test_link_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(PNG)
    name = f"{hashlib.sha256(PNG).hexdigest()}.png"
    (tmp_path / "r1" / "blobs").mkdir(parents=True)
    (tmp_path / "r1" / "blobs" / name).symlink_to(secret)
    assert inspect(tmp_path, name).path is None


@pytest.mark.parametrize("name", ["../../secret.png", "/etc/passwd", "", "x.png", f"{'A' * 64}.png", f"{'0' * 64}"])
def test_name_that_is_not_one_of_content_is_never_opened(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.png").write_bytes(PNG)
    facts = inspect(tmp_path, name)
    assert facts.path is None
    assert "not that of a file kept by content" in facts.broken


def test_whole_copy_in_another_run_stands_in_for_a_broken_one(tmp_path: Path) -> None:
    name = write_blob(tmp_path, "r1", PNG)
    write_blob(tmp_path, "r2", PNG)
    (tmp_path / "r1" / "blobs" / name).write_bytes(b"")
    assert inspect(tmp_path, name, "r1", "r2").path == tmp_path / "r2" / "blobs" / name


def test_folder_in_the_place_of_a_file_is_not_one(tmp_path: Path) -> None:
    name = f"{hashlib.sha256(PNG).hexdigest()}.png"
    (tmp_path / "r1" / "blobs" / name).mkdir(parents=True)
    assert inspect(tmp_path, name).broken == "its file is not in the logs"


def test_file_that_cannot_be_read_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = write_blob(tmp_path, "r1", PNG)

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert inspect(tmp_path, name).broken == "its file cannot be read (Permission denied)"


@pytest.mark.parametrize("content", [PNG[:12], PNG[:20], b"\xff\xd8\xff", b"GIF89a", b"<svg", b"<svg width='x'/>"])
def test_image_cut_in_its_header_has_no_size_and_raises_nothing(tmp_path: Path, content: bytes) -> None:
    facts = inspect(tmp_path, write_blob(tmp_path, "r1", content, image_extension(content)))
    assert (facts.width, facts.height) == (0, 0)


def test_good_images_of_pngsuite_have_their_size(shared_data: Path, tmp_path: Path) -> None:
    for path in sorted((shared_data / "pngsuite").glob("[a-w]*.png")):
        facts = inspect(tmp_path, write_blob(tmp_path, "r1", path.read_bytes()))
        assert (facts.width, facts.height) == imagesize.get(path), path.name
        assert facts.broken == "", path.name


NOT_PNG = "the image is none of PNG, JPEG, GIF, WebP, AVIF, SVG"
REASONS = {
    "xc1n0g08": "its colour type 1 is none of PNG",
    "xc9n2c08": "its colour type 9 is none of PNG",
    "xcrn0g04": NOT_PNG,
    "xcsn0g01": "its part IDAT is damaged (another check sum)",
    "xd0n2c08": "its 0 bits a channel are not allowed for its colour type 2",
    "xd3n2c08": "its 3 bits a channel are not allowed for its colour type 2",
    "xd9n2c08": "its 99 bits a channel are not allowed for its colour type 2",
    "xdtn0g01": "its pixels are missing",
    "xhdn0g08": "its part IHDR is damaged (another check sum)",
    "xlfn0g04": NOT_PNG,
    "xs1n0g01": NOT_PNG,
    "xs2n0g01": NOT_PNG,
    "xs4n0g01": NOT_PNG,
    "xs7n0g01": NOT_PNG,
}


def test_broken_images_of_pngsuite_say_why(shared_data: Path, tmp_path: Path) -> None:
    paths = sorted((shared_data / "pngsuite").glob("x*.png"))
    found = {path.stem: inspect(tmp_path, write_blob(tmp_path, "r1", path.read_bytes())) for path in paths}
    assert {name: facts.broken for name, facts in found.items()} == REASONS
    assert {facts.path for facts in found.values()} == {None}


def test_model_knows_the_images_of_all_artifacts(tmp_path: Path) -> None:
    name = write_blob(tmp_path, "r1", PNG)
    data = [{"blob": name}, {"blob": "../../x"}, {"url": "https://example.org/x.png"}, None, [1], {"blob": 1}]
    records = [artifact(f"i{n}", "plot", type="image", data=one) for n, one in enumerate(data)]
    write_run(tmp_path, "r1", [run_start(), *records], at=START)
    model = model_of(tmp_path)
    images = {one.blob: model.image_of(one) for one in model.runs[0].artifacts if one.blob}
    assert {one: bool(facts.path) for one, facts in images.items()} == {name: True, "../../x": False}
    assert {one: model.read_blob(one) for one in model.blobs()} == {name: PNG, "../../x": None}


@pytest.mark.parametrize(
    "content",
    [
        b"<script>alert(1)</script>",
        b"<g><SCRIPT/></g>",
        b'<path onload="alert(1)"/>',
        b'<a href="java\nscript:alert(1)"><path/></a>',
        b'<animate attributeName="href" to="javascript:alert(1)"/>',
        b"<foreignObject><p>text</p></foreignObject>",
        b'<image href="data:text/html,x"/>',
        b'<image href="data:image/svg+xml,x"/>',
        b'<animate attributeName="href" values="#a;javascript:alert(1)"/>',
    ],
)
def test_svg_that_holds_script_is_not_published(tmp_path: Path, content: bytes) -> None:
    """A reader may open the file itself, where no policy of a page holds."""
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="3" height="2">' + content + b"</svg>"
    facts = inspect(tmp_path, write_blob(tmp_path, "r1", svg, "svg"))
    assert facts.path is None
    assert facts.broken == "it is an SVG that holds script"


def test_svg_that_holds_html_is_not_published(tmp_path: Path) -> None:
    html = b'<meta xmlns="http://www.w3.org/1999/xhtml" http-equiv="refresh" content="0;url=https://example.org"/>'
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="3" height="2">' + html + b"</svg>"
    assert inspect(tmp_path, write_blob(tmp_path, "r1", svg, "svg")).broken == "it is an SVG that holds HTML"


def test_svg_with_entities_or_a_style_sheet_of_its_own_is_not_published(tmp_path: Path) -> None:
    for head in (b'<?xml-stylesheet type="text/xsl" href="x"?>', b'<!DOCTYPE svg [<!ENTITY a "b">]>'):
        facts = inspect(tmp_path, write_blob(tmp_path, "r1", b'<?xml version="1.0"?>' + head + SVG, "svg"))
        assert facts.broken == "it is an SVG with entities or a style sheet of its own"


def test_svg_cut_short_says_so(tmp_path: Path) -> None:
    facts = inspect(tmp_path, write_blob(tmp_path, "r1", SVG[:-8], "svg"))
    assert facts.path is None
    assert facts.broken.startswith("it is not well-formed SVG")


def test_svg_of_matplotlib_is_published(tmp_path: Path) -> None:
    figure = pytest.importorskip("matplotlib.figure").Figure()
    figure.subplots().plot([1, 3, 2])
    file = tmp_path / "figure.svg"
    figure.savefig(file)
    facts = inspect(tmp_path, write_blob(tmp_path, "r1", file.read_bytes(), "svg"))
    assert facts.broken == ""
    assert facts.width > 100


@pytest.mark.parametrize(
    "content",
    [
        b'<image href="https://example.org/x.png"/>',
        b'<use href="//example.org/x.svg#a"/>',
        b'<style>@import "x.css";</style>',
        b'<path fill="url( https://example.org/x.svg#a )"/>',
        b'<path style="fill: u\\72l(https://example.org/x.svg#a)"/>',
        b"<style>@\\69mport 'x.css';</style>",
        b"<style>svg { background: image-set('https://example.org/x.png' 1x) }</style>",
    ],
)
def test_svg_that_loads_files_from_elsewhere_is_not_published(tmp_path: Path, content: bytes) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="3" height="2">' + content + b"</svg>"
    facts = inspect(tmp_path, write_blob(tmp_path, "r1", svg, "svg"))
    assert facts.broken == "it is an SVG that loads files from elsewhere"


def test_svg_with_links_and_its_own_gradients_is_published(tmp_path: Path) -> None:
    svg = SVG[:-6] + b'<a href="https://example.org"><path fill="url(#g)"/></a></svg>'
    assert inspect(tmp_path, write_blob(tmp_path, "r1", svg, "svg")).broken == ""


# Files that are cut short


def picture(extension: str, **options: Any) -> bytes:
    image = PIL.Image.effect_noise((60, 40), 50).convert("P" if extension == "gif" else "RGB")
    file = io.BytesIO()
    image.save(file, {"jpg": "jpeg"}.get(extension, extension), **options)
    return file.getvalue()


def frames(extension: str) -> dict[str, Any]:
    more = [PIL.Image.effect_noise((60, 40), 60 + n).convert("P" if extension == "gif" else "RGB") for n in range(3)]
    return {"save_all": True, "append_images": more}


def with_small_picture() -> dict[str, Any]:
    small = picture("jpg")
    return {"exif": b"Exif\x00\x00" + small + b"\xff\xd9"}


PICTURES = {
    "jpeg": ("jpg", {}),
    "progressive jpeg": ("jpg", {"progressive": True, "comment": b"\xff\xd9"}),
    "jpeg with a thumbnail": ("jpg", with_small_picture()),
    "gif": ("gif", {}),
    "moving gif": ("gif", frames("gif")),
    "webp": ("webp", {}),
    "lossless webp": ("webp", {"lossless": True}),
    "moving webp": ("webp", frames("webp")),
}


@pytest.mark.parametrize(("extension", "options"), PICTURES.values(), ids=PICTURES)
def test_file_that_is_cut_short_says_so(tmp_path: Path, extension: str, options: dict[str, Any]) -> None:
    content = picture(extension, **options)
    assert inspect(tmp_path, write_blob(tmp_path, "r1", content, extension)).broken == ""
    assert inspect(tmp_path, write_blob(tmp_path, "r1", content + b"more", extension)).broken == ""
    for n_left in {*range(16, len(content), 97), len(content) - 1, len(content) // 2}:
        if extension == "gif" and content[n_left - 1] == 0:
            continue  # the end of a block: what there is shows
        facts = inspect(tmp_path, write_blob(tmp_path, "r1", content[:n_left], extension))
        assert facts.broken == "the file is cut short", n_left


@pytest.mark.parametrize(
    ("extension", "content"),
    [("jpg", JPEG[:2] + b"\xff\xe0\x00\x03x" * 2 + b"no marker"), ("gif", GIF[:19] + b"nothing")],
)
def test_file_of_no_structure_is_not_shown(tmp_path: Path, extension: str, content: bytes) -> None:
    assert inspect(tmp_path, write_blob(tmp_path, "r1", content, extension)).broken.startswith("it is no valid")


@given(st.sampled_from([picture("jpg"), picture("gif"), picture("webp")]), st.data())
def test_damaged_file_is_no_error(content: bytes, data: st.DataObject) -> None:
    damaged = bytearray(content[: data.draw(st.integers(12, len(content)))])
    for _ in range(data.draw(st.integers(0, 20))):
        damaged[data.draw(st.integers(12, len(damaged)) if len(damaged) > 12 else st.just(0)) - 1] = data.draw(
            st.integers(0, 255)
        )
    for check in (find_jpeg_cut, find_gif_cut, find_webp_cut):
        assert isinstance(check(bytes(damaged)), str)
