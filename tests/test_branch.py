"""Publishing to a branch: against real repositories in temporary folders, through the command line and the function."""

from __future__ import annotations

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from logs import HOUR, START, end, metric, run_start, write_run

import reportgen.branch
from reportgen import cli
from reportgen.branch import find_large_files, publish_to_branch
from reportgen.build import build_site
from reportgen.git import Git
from reportgen.options import Options

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture(autouse=True)
def own_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let git know nothing of the person who runs the tests."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))


def git(*words: str | Path, folder: str | Path = ".") -> str:
    done = subprocess.run(["git", "-C", folder, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A bare repository, and in the working directory a checkout of it with one commit."""
    origin = tmp_path / "origin.git"
    git("init", "--quiet", "--bare", "-b", "main", origin)
    git("init", "--quiet", "-b", "main")
    git("config", "user.name", "Ada")
    git("config", "user.email", "ada@example.org")
    Path("pipeline.py").write_text("print()")
    Path(".gitignore").write_text("*.parquet\nruns\nsite\n")
    git("add", "pipeline.py", ".gitignore")
    git("commit", "--quiet", "-m", "First")
    git("remote", "add", "origin", origin)
    git("push", "--quiet", "origin", "main")
    return origin


def add_run(number: int) -> None:
    records = [run_start(params={"n": number}), metric("accuracy", number), end()]
    write_run(Path("runs"), f"run-{number}", records, at=START + number * HOUR)


@pytest.fixture
def site(origin: Path) -> Path:
    add_run(1)
    build_site([Path("runs")], Path("site"), Options())
    return Path("site")


def files_on(origin: Path, branch: str = "gh-pages", prefix: str = "") -> dict[str, bytes]:
    """The content of every file of a branch below a folder."""
    names = git("ls-tree", "-r", "-z", "--name-only", branch, folder=origin).split("\0")
    return {
        name.removeprefix(prefix): subprocess.run(
            ["git", "-C", origin, "cat-file", "blob", f"{branch}:{name}"], capture_output=True, check=True
        ).stdout
        for name in names
        if name and name.startswith(prefix)
    }


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def commits_on(origin: Path, branch: str = "gh-pages") -> list[str]:
    return git("rev-list", branch, folder=origin).split()


def publish(*words: str) -> int:
    return cli.run(["publish", "gh-pages", *words])


def commit_to(origin: Path, files: dict[str, str], branch: str = "gh-pages") -> None:
    """Commit files to a branch as somebody else."""
    folder = origin.with_name("elsewhere")
    shutil.rmtree(folder, ignore_errors=True)
    git("clone", "--quiet", origin, folder)
    if git("ls-remote", origin, branch):
        git("checkout", "--quiet", branch, folder=folder)
    else:
        git("checkout", "--quiet", "--orphan", branch, folder=folder)
        git("rm", "-rfq", ".", folder=folder)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git("add", "-A", folder=folder)
    git("-c", "user.name=Bob", "-c", "user.email=b@c.de", "commit", "--quiet", "-m", "Theirs", folder=folder)
    git("push", "--quiet", "origin", branch, folder=folder)


def test_branch_has_the_site_and_the_checkout_is_as_it_was(
    site: Path, origin: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("pipeline.py").write_text("edited")
    Path("staged").write_text("x")
    git("add", "staged")
    before = git("status", "--porcelain"), git("rev-parse", "HEAD"), git("for-each-ref")
    assert publish() == 0
    assert files_on(origin) == files_of(site)
    assert (git("status", "--porcelain"), git("rev-parse", "HEAD")) == before[:2]
    assert not git("for-each-ref", "refs/reportgen")
    out = capsys.readouterr().out
    assert out.startswith(f"pushed to gh-pages of origin: {len(files_of(site))} files written in ")
    message = git("log", "-1", "--format=%an <%ae>%n%s", "gh-pages", folder=origin)
    assert message == f"Ada <ada@example.org>\nReport site of {git('rev-parse', '--short', 'HEAD')}: 1 run"


def test_nothing_is_pushed_when_nothing_changed(site: Path, origin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert publish("-q") == publish() == 0
    assert len(commits_on(origin)) == 1
    assert capsys.readouterr().out == "gh-pages of origin has this site already: nothing pushed\n"


def test_next_build_is_a_commit_of_what_differs(site: Path, origin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert publish("-q") == 0
    add_run(2)
    shutil.rmtree("runs/run-1")
    build_site([Path("runs")], site, Options())
    assert publish("-m", "Zwei — ‘2’") == 0
    assert files_on(origin) == files_of(site)
    assert len(commits_on(origin)) == 2
    assert git("log", "-1", "--format=%s", "gh-pages", folder=origin) == "Zwei — ‘2’"
    changed = git("diff", "--no-renames", "--name-status", "gh-pages~", "gh-pages", folder=origin).splitlines()
    assert "D\truns/run-1.html" in changed
    assert not any(line.endswith("static/report.css") for line in changed)
    assert "1 file removed" in capsys.readouterr().out


def test_files_of_others_stay(site: Path, origin: Path) -> None:
    commit_to(origin, {"CNAME": "reports.example.org\n", "robots.txt": "x", "notes/a.html": "theirs"})
    assert publish("-q") == 0
    theirs = {"CNAME": b"reports.example.org\n", "robots.txt": b"x", "notes/a.html": b"theirs"}
    assert files_on(origin) == {**files_of(site), **theirs}
    add_run(2)
    build_site([Path("runs")], site, Options())
    assert publish("-q") == 0
    assert files_on(origin) == {**files_of(site), **theirs}


def test_below_a_prefix_nothing_else_is_touched(site: Path, origin: Path) -> None:
    commit_to(origin, {"index.html": "home", "pr-1/notes.txt": "x"})
    assert publish("-q", "--prefix", "/pr-1/reports/") == 0
    below = {name: content for name, content in files_on(origin).items() if name.startswith("pr-1/reports/")}
    assert {name.removeprefix("pr-1/reports/"): content for name, content in below.items()} == files_of(site)
    assert files_on(origin).keys() - below.keys() == {"index.html", "pr-1/notes.txt", ".nojekyll"}


@pytest.mark.parametrize("theirs", [{"index.html": "home"}, {"data": "a file"}, {"index.html/x": "a folder"}])
def test_files_in_the_way_are_named_and_give_way_when_asked(
    site: Path, origin: Path, theirs: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    commit_to(origin, {**theirs, "CNAME": "a.b"})
    before = commits_on(origin)
    assert publish() == 1
    error = f"error: gh-pages has files that no build wrote: {next(iter(theirs))}: publish below a folder with --prefix"
    assert capsys.readouterr().err.startswith(error)
    assert commits_on(origin) == before
    assert publish("--replace") == 0
    assert files_on(origin) == {**files_of(site), "CNAME": b"a.b"}


def test_history_is_rewritten_only_when_asked(site: Path, origin: Path) -> None:
    commit_to(origin, {"CNAME": "a.b"})
    assert publish("-q", "--no-history") == 0
    assert len(commits_on(origin)) == 1
    assert files_on(origin) == {**files_of(site), "CNAME": b"a.b"}


def test_commit_is_made_anew_when_somebody_pushes_meanwhile(
    site: Path, origin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    push = reportgen.branch._push
    pushed: list[str] = []

    def push_later(*arguments: object, **options: bool) -> bool:
        if not pushed:
            commit_to(origin, {"theirs.txt": "x"})
        pushed.append("")
        return push(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("reportgen.branch._push", push_later)
    assert publish("-q") == 0
    assert len(pushed) == 2
    assert files_on(origin) == {**files_of(site), "theirs.txt": b"x"}
    assert len(commits_on(origin)) == 2


def test_jobs_that_publish_at_once_all_arrive(site: Path, origin: Path) -> None:
    with ThreadPoolExecutor(3) as threads:
        done = list(threads.map(lambda n: publish_to_branch(site, prefix=f"pr-{n}"), range(3)))
    assert len({one.commit for one in done}) == 3
    assert len(commits_on(origin)) == 3
    assert len(files_on(origin)) == 3 * len(files_of(site)) + 1


def test_detached_shallow_checkout_as_in_ci_publishes(
    site: Path, origin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert publish("-q") == 0
    add_run(2)
    build_site([Path("runs")], site, Options())
    checkout = Path("ci").absolute()
    git("clone", "--quiet", "--depth=1", f"file://{origin}", checkout)
    git("checkout", "--quiet", "--detach", folder=checkout)
    built = site.absolute()
    monkeypatch.chdir(checkout)
    assert publish("-q", str(built)) == 0
    assert files_on(origin) == files_of(built)
    assert len(commits_on(origin)) == 2


def test_repository_is_named_by_remote_path_or_url_from_anywhere(
    site: Path, origin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.git"
    git("init", "--quiet", "--bare", other)
    git("remote", "add", "backup", other)
    assert publish("-q", "--repo", "backup", "--branch", "pages") == 0
    assert files_on(other, "pages") == files_of(site)
    built = site.absolute()
    (tmp_path / "nowhere").mkdir()
    monkeypatch.chdir(tmp_path / "nowhere")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert publish("-q", str(built), "--repo", "../origin.git") == 0
    assert publish("-q", str(built), "--repo", f"file://{other}") == 0
    assert files_on(origin) == files_on(other) == files_of(built)
    assert git("log", "-1", "--format=%an", "gh-pages", folder=other) == "reportgen"


def test_repository_with_longer_names_of_objects_works(site: Path, tmp_path: Path) -> None:
    other = tmp_path / "sha256.git"
    git("init", "--quiet", "--bare", "--object-format=sha256", other)
    checkout = tmp_path / "checkout"
    git("init", "--quiet", "--object-format=sha256", checkout)
    git("remote", "add", "origin", other, folder=checkout)
    done = publish_from(checkout, site)
    assert len(done.commit) == 64
    assert publish_from(checkout, site).commit == ""


def publish_from(folder: Path, site: Path) -> reportgen.branch.Published:
    built = site.absolute()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return publish_to_branch(built)


def failure(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert publish(*words) == 1
    (line,) = capsys.readouterr().err.splitlines()
    return line.removeprefix("error: ")


def test_wrong_input_is_one_line(site: Path, origin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert failure(capsys, "runs").startswith("runs is no site: build one into a folder")
    assert failure(capsys, "--prefix", "../up").startswith("the prefix '../up' is no folder of a branch")
    assert failure(capsys, "--branch", "a..b").startswith("'a..b' is no name of a branch")
    nowhere = "https://user:secret@localhost:1/x.git"
    line = failure(capsys, "--repo", nowhere)
    assert line.startswith("https://localhost:1/x.git cannot be reached: fatal: unable to access")
    assert "secret" not in line
    (site / "index.html").unlink()
    assert failure(capsys) == "site: index.html is not as it was built: build it again before it is published"
    assert git("branch", "--list", "gh-pages", folder=origin) == ""


def test_missing_git_repository_or_remote_is_one_line(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    git("remote", "rename", "origin", "one")
    git("remote", "add", "two", "x")
    assert (
        failure(capsys) == "the repository here has several remotes and none is origin: name one with --repo: one, two"
    )
    git("remote", "remove", "one")
    git("remote", "remove", "two")
    assert failure(capsys).startswith("the repository here has no remote: add one with `git remote add origin URL`")
    built = str(site.absolute())
    (tmp_path / "nowhere").mkdir()
    monkeypatch.chdir(tmp_path / "nowhere")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert failure(capsys, built).startswith("there is no git repository here: go to a checkout")
    monkeypatch.setenv("PATH", "")
    assert failure(capsys, built).startswith("git is not installed: install git")


def test_refused_push_is_one_line_and_leaves_nothing(
    site: Path, origin: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hook = origin / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'the branch is protected' >&2\nexit 1\n")
    hook.chmod(0o755)
    line = failure(capsys)
    assert line.startswith("origin refused the push to gh-pages: ")
    assert "[remote rejected] (pre-receive hook declined), the branch is protected: check that you may push" in line
    assert not git("for-each-ref", "refs/reportgen")
    checkout = tmp_path / "checkout"
    git("init", "--quiet", "-b", "gh-pages", checkout)
    line = failure(capsys, "--repo", "checkout")
    assert line.startswith(f"gh-pages is checked out in {checkout}: publish to a bare repository")


def test_own_hooks_are_not_run(site: Path, origin: Path) -> None:
    hook = Path(".git/hooks/pre-push")
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    assert publish("-q") == 0


@pytest.mark.parametrize(
    ("address", "prefix", "url"),
    [
        ("git@github.com:Ada/engine.git", "", "https://ada.github.io/engine/"),
        ("https://x-access-token:abc@github.com/ada/engine", "pr-1/", "https://ada.github.io/engine/pr-1/"),
        ("ssh://git@github.com/ada/ada.github.io.git", "", "https://ada.github.io/"),
        ("https://gitlab.com/ada/engine.git", "", ""),
        ("https://notgithub.com/ada/engine.git", "", ""),
    ],
)
def test_address_of_the_pages_follows_from_the_remote(origin: Path, address: str, prefix: str, url: str) -> None:
    target = reportgen.branch._Target(Git(Path.cwd()), address, is_shallow=False)
    assert reportgen.branch._pages_url(target, {}, prefix) == url


def test_domain_of_the_branch_is_the_address(site: Path, origin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit_to(origin, {"CNAME": "reports.example.org\n"})
    assert publish() == 0
    assert capsys.readouterr().out.splitlines()[-1] == "https://reports.example.org/"


def test_files_too_large_for_github_are_warned_of(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert find_large_files(site)[0] == []
    for module in ("branch", "hosting"):
        monkeypatch.setattr(f"reportgen.{module}.MOST_FILE_BYTES", 20_000)
    monkeypatch.setattr("reportgen.hosting.MOST_SITE_BYTES", 50_000)
    assert publish("-q") == 0
    warnings = capsys.readouterr().err.splitlines()
    assert any("report.css is 2" in line and "GitHub takes no file over 20" in line for line in warnings)
    assert "GitHub Pages publishes no site over 1 GB" in warnings[-1]
