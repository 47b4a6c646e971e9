"""Sites as archives: `verify` and `pack`, with what is changed, hostile, cut short or of others."""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
import struct
import subprocess
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from logs import HOUR, START, end, run_start, write_run, write_small_project

from reportgen import cli
from reportgen.archives import holding, pack_site, verify_site, write_single
from reportgen.build import build_site
from reportgen.errors import InputError, OutputError
from reportgen.exports import export_bag
from reportgen.options import Options


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that no test changes."""
    folder = tmp_path_factory.mktemp("built")
    write_small_project(folder / "runs")
    build_site([folder / "runs"], folder / "site", Options())
    return folder / "site"


@pytest.fixture
def site(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "site"))


@pytest.fixture
def packed(built: Path, tmp_path: Path) -> Path:
    pack_site(built, tmp_path / "site.zip")
    return tmp_path / "site.zip"


def differences(path: Path) -> list[tuple[str, str]]:
    return [(one.kind, one.url) for one in verify_site(path).differences]


def refusal(action: Callable[[], object]) -> str:
    """The slug of the error that something ends in, which is one line."""
    with pytest.raises((InputError, OutputError)) as caught:
        action()
    assert "\n" not in str(caught.value)
    return caught.value.slug


# Verify


def test_whole_site_is_whole_in_a_folder_and_in_a_zip(site: Path, packed: Path) -> None:
    assert differences(site) == differences(packed) == []


def test_every_kind_of_difference_is_found(site: Path) -> None:
    (site / "index.html").write_bytes((site / "index.html").read_bytes().replace(b"churn", b"chunk"))
    (site / "feed").mkdir()
    (site / "feed/new.js").write_text("1")
    (site / "404.html").unlink()
    (site / "runs/index.html").rename(site / "runs/Index.html")
    with (site / "static/report.css").open("ab") as file:
        file.write(b" ")
    (site / ".DS_Store").write_text("left by a file manager")

    assert differences(site) == [
        ("missing", "404.html"),
        ("added", "feed/new.js"),
        ("changed", "index.html"),
        ("wrong case", "runs/index.html"),
        ("changed", "static/report.css"),
    ]


def test_link_is_no_file_of_a_site(site: Path, tmp_path: Path) -> None:
    shutil.copy(site / "index.html", tmp_path / "same.html")
    (site / "index.html").unlink()
    (site / "index.html").symlink_to(tmp_path / "same.html")
    shutil.copytree(site / "metrics", tmp_path / "metrics")
    shutil.rmtree(site / "metrics")
    (site / "metrics").symlink_to(tmp_path / "metrics")

    found = differences(site)

    assert ("changed", "index.html") in found
    assert ("added", "metrics") in found
    assert ("missing", "metrics/index.html") in found


def test_command_says_what_differs_and_fails(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (site / "404.html").unlink()
    (site / "a\n\x1b[31mb").write_text("x")

    assert cli.run(["verify", str(site)]) == 1

    out, err = capsys.readouterr()
    assert out == "missing: 404.html\nadded: a��[31mb\n"
    assert err == f"error: {site} is not as it was built: 1 missing, 1 added\n"


def test_command_prints_json(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    digest = hashlib.sha256((site / "manifest.json").read_bytes()).hexdigest()
    (site / "404.html").unlink()

    assert cli.run(["verify", str(site), "-o", "json"]) == 1

    said = json.loads(capsys.readouterr().out)
    assert said["whole"] is False
    assert said["manifest_sha256"] == digest
    assert said["differences"] == [{"kind": "missing", "url": "404.html", "detail": ""}]


def test_digest_tells_another_manifest(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    digest = verify_site(site).manifest.digest
    assert cli.run(["verify", str(site), "--digest", digest.upper()]) == 0
    assert digest in capsys.readouterr().out

    assert cli.run(["verify", str(site), "--digest", "0" * 64]) == 1
    assert capsys.readouterr().err.startswith("error: manifest.json has the SHA-256 ")
    assert cli.run(["verify", str(site), "--digest", "abc"]) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"404.html"', b'"../b.html"'),
        (b'"404.html"', b'"/etc/passwd"'),
        (b'"404.html"', b'"c:/a.html"'),
        (b'"404.html"', b'"a\\\\b.html"'),
        (b'"404.html"', b'"manifest.json"'),
        (b'"404.html"', b'"zzz.html"'),
        (b'"bytes": 0}', b'"bytes": -1}'),
        (b'"n_bytes": ', b'"n_bytes": 1'),
        (b'"bytes": 0}', b'"bytes": "0"}'),
    ],
)
def test_manifest_changed_by_hand_is_refused(site: Path, old: bytes, new: bytes) -> None:
    content = (site / "manifest.json").read_bytes()
    assert old in content
    (site / "manifest.json").write_bytes(content.replace(old, new, 1))

    assert refusal(lambda: verify_site(site)) == "damaged-site"


@pytest.mark.parametrize(
    ("name", "slug"), [("format", "newer-site-format"), ("data_format", "newer-data-format")], ids=str
)
def test_site_of_a_newer_reportgen_is_told(site: Path, name: str, slug: str) -> None:
    path = site / "manifest.json"
    path.write_bytes(path.read_bytes().replace(f'"{name}": 1,'.encode(), f'"{name}": 99,'.encode()))

    assert refusal(lambda: verify_site(site)) == slug
    assert refusal(lambda: pack_site(site, Path("a.zip"))) == slug


@pytest.mark.parametrize("name", ["format", "data_format"])
def test_site_of_a_newer_reportgen_is_replaced_only_by_a_full_build(built: Path, site: Path, name: str) -> None:
    runs = built.parent / "runs"
    path = site / "manifest.json"
    newer = path.read_bytes().replace(f'"{name}": 1,'.encode(), f'"{name}": 99,'.encode())
    path.write_bytes(newer)

    assert refusal(lambda: build_site([runs], site, Options())).startswith("newer-")
    assert path.read_bytes() == newer
    build_site([runs], site, Options(), full=True)
    assert path.read_bytes() != newer


def test_what_is_no_site_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("no zip")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with zipfile.ZipFile(tmp_path / "manifest.zip", "w") as archive:
        archive.writestr("manifest.json", '{"generator": "webpack", "files": {}}')

    for name in ("empty", "text.zip", "other.zip", "manifest.zip", "nowhere.zip"):
        assert refusal(lambda name=name: verify_site(tmp_path / name)) == "not-a-site", name


# Zips of others


def repack(packed: Path, change: Callable[[zipfile.ZipFile], None], prefix: str = "") -> Path:
    """Write a zip of the same files, and let something be added to it."""
    output = packed.with_name("repacked.zip")
    with zipfile.ZipFile(packed) as old, zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(prefix + info.filename, old.read(info))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            change(new)
    return output


@pytest.mark.parametrize(
    "name", ["../evil", "a/../../evil", "/evil", "C:/evil", "c:evil", "a\\..\\evil", "a//b", "./a", "evil\n", "con?"]
)
def test_zip_with_a_hostile_name_is_refused(packed: Path, name: str) -> None:
    evil = repack(packed, lambda archive: archive.writestr(zipfile.ZipInfo(name), "x"))

    assert refusal(lambda: verify_site(evil)) == "unsafe-zip"


def test_zip_with_a_name_twice_is_refused(packed: Path) -> None:
    evil = repack(packed, lambda archive: archive.writestr("index.html", "another"))

    assert refusal(lambda: verify_site(evil)) == "unsafe-zip"


def test_zip_with_a_link_is_refused(packed: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16

    evil = repack(packed, lambda archive: archive.writestr(link, "/etc/passwd"))

    assert refusal(lambda: verify_site(evil)) == "unsafe-zip"


def set_flags(path: Path, flags: int, method: int | None = None) -> None:
    """Change flags and method of the first file of a zip, in both of its headers."""
    content = bytearray(path.read_bytes())
    central = content.index(b"PK\x01\x02")
    for place in (6, central + 8):
        content[place : place + 2] = struct.pack("<H", flags)
        if method is not None:
            content[place + 2 : place + 4] = struct.pack("<H", method)
    path.write_bytes(content)


def test_encrypted_zip_is_refused(packed: Path) -> None:
    set_flags(packed, 1)

    assert refusal(lambda: verify_site(packed)) == "unsafe-zip"


def test_zip_compressed_otherwise_is_refused(packed: Path) -> None:
    set_flags(packed, 0, method=14)

    assert refusal(lambda: verify_site(packed)) == "unsafe-zip"


def test_bomb_is_refused_unread(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def add_bomb(archive: zipfile.ZipFile) -> None:
        with archive.open("bomb.bin", "w", force_zip64=True) as file:
            for _ in range(100):
                file.write(bytes(2**20))

    bomb = repack(packed, add_bomb)
    monkeypatch.setattr(holding, "_ALWAYS_FITS", 10**6)
    monkeypatch.setattr(zipfile.ZipFile, "open", None)

    assert refusal(lambda: verify_site(bomb)) == "unsafe-zip"


def test_zip_whose_files_overlap_is_refused(packed: Path) -> None:
    content = bytearray(packed.read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at + 20 : at + 24] = struct.pack("<I", len(content))
    packed.write_bytes(content)

    assert refusal(lambda: verify_site(packed)) == "unsafe-zip"


def test_file_that_is_longer_than_listed_is_not_read(packed: Path) -> None:
    with zipfile.ZipFile(packed) as archive:
        size = archive.getinfo("404.html").file_size
    content = packed.read_bytes()
    packed.write_bytes(content.replace(struct.pack("<I", size), struct.pack("<I", size + 1)))

    assert ("changed", "404.html") in differences(packed)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_zip_that_is_cut_short_is_told(packed: Path, share: float) -> None:
    content = packed.read_bytes()
    packed.write_bytes(content[: int(len(content) * share)])

    assert refusal(lambda: verify_site(packed)) == "bad-zip"


def test_damage_within_a_zip_is_found(packed: Path) -> None:
    with zipfile.ZipFile(packed) as archive:
        info = archive.getinfo("index.html")
    content = bytearray(packed.read_bytes())
    for at in range(info.header_offset + 60, info.header_offset + 90):
        content[at] ^= 0xFF
    packed.write_bytes(content)

    assert differences(packed) == [("changed", "index.html")]


def test_damaged_zip_becomes_nothing_else(packed: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(packed) as archive:
        info = archive.getinfo("index.html")
    content = bytearray(packed.read_bytes())
    content[info.header_offset + 80] ^= 0xFF
    packed.write_bytes(content)

    assert refusal(lambda: pack_site(packed, tmp_path / "again.zip")) == "damaged-site"
    assert refusal(lambda: write_single(packed, tmp_path / "one.html")) == "damaged-site"
    assert refusal(lambda: export_bag(packed, tmp_path / "bag")) == "damaged-site"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site.zip"]


def test_site_in_a_folder_of_a_zip_is_found(packed: Path) -> None:
    assert differences(repack(packed, lambda archive: None, prefix="report/")) == []
    assert differences(repack(packed, lambda archive: archive.writestr("new.txt", ""))) == [("added", "new.txt")]


# Pack


def test_same_site_gives_the_same_zip(built: Path, packed: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(built, copy, copy_function=shutil.copyfile)
    for path in copy.rglob("*"):
        path.chmod(0o700)

    pack_site(copy, tmp_path / "again.zip")

    assert (tmp_path / "again.zip").read_bytes() == packed.read_bytes()


def test_zip_holds_the_files_of_the_site_and_nothing_else(site: Path, tmp_path: Path) -> None:
    expected = {path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()}
    (site / "notes.txt").write_text("not of the site")

    for compress in (True, False):
        pack_site(site, tmp_path / "site.zip", compress=compress)
        with zipfile.ZipFile(tmp_path / "site.zip") as archive:
            assert archive.testzip() is None
            assert {name: archive.read(name) for name in archive.namelist()} == expected
            assert archive.namelist() == sorted(expected)
            assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            methods = {info.compress_type for info in archive.infolist() if not info.filename.endswith(".parquet")}
        assert (methods == {zipfile.ZIP_STORED}) is not compress


def test_zip_can_be_packed_again_to_the_same(packed: Path, tmp_path: Path) -> None:
    pack_site(packed, tmp_path / "again.zip")

    assert (tmp_path / "again.zip").read_bytes() == packed.read_bytes()


def test_damaged_site_is_not_packed(site: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.zip"
    (site / "index.html").write_bytes(b"x" * (site / "index.html").stat().st_size)
    assert refusal(lambda: pack_site(site, output)) == "damaged-site"
    (site / "index.html").unlink()
    assert refusal(lambda: pack_site(site, output)) == "damaged-site"
    (site / "index.html").write_bytes(bytes(10**6))
    assert refusal(lambda: pack_site(site, output)) == "damaged-site"

    assert sorted(path.name for path in tmp_path.iterdir()) == ["site"]


def test_only_zips_of_sites_are_replaced(built: Path, packed: Path, tmp_path: Path) -> None:
    other = tmp_path / "thesis.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("thesis.tex", "years of work")
    before = other.read_bytes()

    assert refusal(lambda: pack_site(built, other)) == "foreign-file"
    assert other.read_bytes() == before
    pack_site(built, other, force=True)
    pack_site(built, packed)
    assert other.read_bytes() == packed.read_bytes()


def test_output_that_cannot_be_is_refused(site: Path, tmp_path: Path) -> None:
    assert refusal(lambda: pack_site(site, tmp_path)) == "output-is-a-folder"
    assert refusal(lambda: pack_site(site, site / "a.zip")) == "output-in-site"
    assert refusal(lambda: pack_site(site, tmp_path / "no/folder/a.zip")) == "cannot-write"
    assert differences(site) == []


def test_pack_command_takes_the_configured_site(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["pack", "-o", "out.zip"]) == 0

    out = capsys.readouterr().out
    assert "out.zip" in out
    assert verify_site(site).manifest.digest in out
    assert differences(Path("out.zip")) == []


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_unzip_gives_the_site(packed: Path, built: Path, tmp_path: Path) -> None:
    subprocess.run(["unzip", "-q", packed, "-d", tmp_path / "unpacked"], check=True)

    assert differences(tmp_path / "unpacked") == []
    assert (tmp_path / "unpacked/index.html").read_bytes() == (built / "index.html").read_bytes()


# Build --check


def state_of(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Content and time of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_check_of_a_build_changes_nothing_and_says_what_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_small_project(tmp_path / "runs")
    build_site([tmp_path / "runs"], tmp_path / "site", Options())
    before = state_of(tmp_path)

    assert cli.run(["build", "--check"]) == 0
    assert capsys.readouterr().out == "site is what a build makes now, byte for byte\n"
    assert state_of(tmp_path) == before

    (tmp_path / "site/404.html").write_text("tampered")
    (tmp_path / "site/own.html").write_text("not of the site")
    write_run(tmp_path / "runs", "late", [run_start("etl"), end()], at=START + 9 * HOUR)
    before = state_of(tmp_path)

    assert cli.run(["build", "--check"]) == 1
    out, err = capsys.readouterr()
    assert state_of(tmp_path) == before
    assert "missing: runs/late.html\n" in out
    assert "added: own.html\n" in out
    assert "changed: 404.html (8 bytes instead of " in out
    assert "changed: static/stamp.css" in out
    assert "error: site is not what a build makes now: " in err


def test_check_without_a_site_is_told(tmp_path: Path) -> None:
    write_small_project(tmp_path / "runs")

    assert cli.run(["build", "--check"]) == 1
    assert cli.run(["build", "--check", "-o", "s3://bucket/site"]) == 2
    assert not (tmp_path / "site").exists()
