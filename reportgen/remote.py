"""URLs of object stores: how messages show them, how they are opened, and what may go wrong with a store.

Whatever `pyarrow.fs.FileSystem.from_uri` opens over a network can be given where a folder can
(`reportgen.settings.is_url`). pyarrow is loaded when a store is opened and not before. Credentials that a URL holds are
never shown.
"""

from __future__ import annotations

import contextlib
import hashlib
from typing import NamedTuple
from urllib.parse import quote, unquote

from reportgen.errors import InputError, OutputError, ReportgenError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyarrow.fs import FileSystem

SCHEMES = ("s3", "gs", "gcs", "abfs", "abfss", "hdfs", "viewfs")

_MOST_SHOWN = 200  # characters of what a store says


def plain_url(url: str) -> str:
    """Give a URL without credentials, query and the last `/`: how messages show it."""
    scheme, _, rest = url.partition("://")
    location, _, _ = rest.partition("?")
    server, slash, path = location.partition("/")
    user, at, host = server.rpartition("@")
    if at:  # in a URL of Azure, the container stands there
        user = "" if scheme == "s3" else user.partition(":")[0]
        server = f"{user}@{host}" if user else host
    return f"{scheme}://{server}{slash}{path}".rstrip("/")


def place_of(url: str) -> str:
    """Give what tells places apart: the URL without its password, but with the server that its query may name."""
    return f"{plain_url(url)}?{'&'.join(sorted(_iter_servers(url)))}"


def digest_of_place(url: str) -> str:
    """Give 32 hex digits for the place that a URL names: a folder on this machine is called so."""
    return hashlib.sha256(place_of(url).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _iter_servers(url: str) -> Iterator[str]:
    for option in url.partition("?")[2].split("&"):
        if option.startswith(("endpoint_override=", "blob_storage_authority=", "dfs_storage_authority=")):
            yield unquote(option)


class Store:
    """A place in an object store.

    Attributes
    ----------
    url
        As messages show it.
    files
        The file system of pyarrow.
    base
        The path in it, without `/` at its end.
    """

    def __init__(self, url: str, files: FileSystem, base: str) -> None:
        self.url = url
        self.files = files
        self.base = base.rstrip("/")

    def path(self, name: str) -> str:
        """Give the path of an object below the place."""
        return f"{self.base}/{name}"


def check_url(url: str) -> None:
    """Refuse what cannot be the URL of a folder in a store.

    Raises
    ------
    InputError
        It names no kind of store that is known, or no bucket.
    """
    shown = plain_url(url)
    scheme = url.partition("://")[0]
    if scheme not in SCHEMES:
        hint = f"give a folder, or a URL that begins with one of {', '.join(f'{name}://' for name in SCHEMES)}"
        raise InputError(f"{shown} is not the URL of an object store", hint=hint, slug="bad-url")
    if not shown.partition("://")[2].strip("/"):
        hint = f"give bucket and folder, such as {scheme}://bucket/runs"
        raise InputError(f"{url.partition('?')[0]} names no bucket", hint=hint, slug="bad-url")


def open_store(url: str) -> Store:
    """Open the place that a URL names; most stores are not asked anything yet.

    Raises
    ------
    InputError
        The URL cannot be used, or the store's client is not there.
    """
    check_url(url)
    shown = plain_url(url)
    with explaining(shown):
        files, base = _open(url, url.partition("://")[0])
    return Store(shown, files, base)


def _open(url: str, scheme: str) -> tuple[FileSystem, str]:
    from pyarrow.fs import FileSystem

    url = quote(url, safe="/:?=&@%+,;!$'()*#[]~._-")  # a space, or a letter that is not ASCII
    if scheme == "s3" and "allow_delayed_open=" not in url:
        with contextlib.suppress(ValueError):  # one request for a small object, and not three; newer pyarrow only
            return _from_uri(FileSystem, f"{url}{'&' if '?' in url else '?'}allow_delayed_open=true")
    return _from_uri(FileSystem, url)


def _from_uri(kind: type[FileSystem], url: str) -> tuple[FileSystem, str]:
    files, base = kind.from_uri(url)
    return files, base


@contextlib.contextmanager
def explaining(url: str, kind: type[ReportgenError] = InputError) -> Iterator[None]:
    """Turn what a store says into one line that says what to do; a missing file stays a `FileNotFoundError`.

    Raises
    ------
    InputError, OutputError
        As `kind` says.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except (OSError, ValueError, NotImplementedError) as error:
        raise explain(url, error, kind) from error


def explain(url: str, error: Exception, kind: type[ReportgenError] = InputError) -> ReportgenError:
    """Make the error for what a store said."""
    said = " ".join(str(error).split())
    folded = said.upper()
    for reason in _REASONS:
        if any(word in folded for word in reason.words):
            return kind(f"{url}: {reason.what} ({_shorten(said)})", hint=reason.hint, slug=reason.slug)
    if isinstance(error, ValueError):
        hint = "see docs/object-stores.md for the parts of a URL"
        return kind(f"{url} cannot be used ({_shorten(_without_url(said))})", hint=hint, slug="bad-url")
    written = kind is OutputError
    what, hint = ("written", "try again, which goes on") if written else ("read", "try again")
    return kind(f"{url} cannot be {what} ({_shorten(said)})", hint=hint, slug="store-failed")


class _Reason(NamedTuple):
    """What a store's words mean: any of them, the error's slug, what is wrong and what to do."""

    words: Sequence[str]
    slug: str
    what: str
    hint: str


_REASONS = (
    _Reason(
        words=("NO_SUCH_BUCKET", "BUCKET NOT FOUND", "CONTAINERNOTFOUND", "SPECIFIED BUCKET DOES NOT EXIST"),
        slug="no-such-bucket",
        what="there is no such bucket",
        hint="make the bucket, or mend its name",
    ),
    _Reason(
        words=(
            "ACCESS_DENIED INVALID_ACCESS_KEY INVALID_SIGNATURE SIGNATURE_DOES_NOT_MATCH UNRECOGNIZED_CLIENT "
            "INVALID_CLIENT_TOKEN MISSING_AUTHENTICATION EXPIRED_TOKEN HTTP_STATUS_403 HTTP_STATUS_401 FORBIDDEN "
            "UNAUTHORIZED UNAUTHENTICATED PERMISSION_DENIED CREDENTIAL AUTHENTICATION"
        ).split(),
        slug="store-access",
        what="the store refuses access",
        hint="set credentials as its own tools take them, e.g. AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    ),
    _Reason(
        words=(
            "NETWORK_CONNECTION",
            "RESOLVE HOST",
            "CURLCODE",
            "TIMEOUT",
            "TIMED OUT",
            "CONNECTION REFUSED",
            "UNAVAILABLE",
        ),
        slug="store-unreachable",
        what="the store cannot be reached",
        hint="see to the network, to endpoint_override and scheme in the URL, and to the region",
    ),
    _Reason(
        words=("LIBJVM", "LIBHDFS"),
        slug="bad-url",
        what="the client of this store is not installed",
        hint="HDFS needs Java and Hadoop: set JAVA_HOME, HADOOP_HOME and CLASSPATH",
    ),
)


def _without_url(said: str) -> str:
    """Leave out the URL that pyarrow repeats, which may hold a password."""
    return " ".join("the URL" if "://" in word else word for word in said.split())


def _shorten(said: str) -> str:
    return said if len(said) <= _MOST_SHOWN else f"{said[:_MOST_SHOWN]}…"
