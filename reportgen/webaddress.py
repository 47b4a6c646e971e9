"""Addresses on the web that records name: which of them a page may link to, written as the standard wants them."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import quote

_WEB = re.compile(r"(https?)://([^/?#\\]*)(.*)", re.IGNORECASE | re.DOTALL)
_MAIL = re.compile(r"(mailto:)(.+)", re.IGNORECASE | re.DOTALL)
_ORDINARY = re.compile(
    r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]+(?:[/?][\w.~!$&'()*+,;=:@/?-]*)?(?:#[\w./?-]*)?", re.ASCII
)
_AUTHORITY = re.compile(
    r"(?:[\w.~!$&'()*+,;=%:-]*@)?(\[[0-9a-f:.]+\]|[^\W_](?:[\w.-]*\w)?\.?)(?::(\d{0,5}))?", re.IGNORECASE
)
_NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LONE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_NOT_IN_ADDRESS = re.compile(r"[^\w.~!$&'()*+,;=:@/?%\-\u00a1-\ud7ff\uf900-\ufdcf\ufdf0-\uffef]")
_MAX_PORT = 65_535


@lru_cache(10_000)
def web_address(written: str) -> str:
    """Give an address that a browser may follow, percent-encoded where it has to be; empty for what none should.

    Only `http`, `https` and `mailto` lead anywhere. A host that is no name and no plain IP address, such as
    `0x42.0x66`, and a control character anywhere spoil the address.
    """
    if _ORDINARY.fullmatch(written):
        return written
    written = written.strip()
    if _CONTROL.search(written):
        return ""
    if mail := _MAIL.fullmatch(written):
        return mail[1] + _encode(mail[2])
    found = _WEB.fullmatch(written)
    if found is None or not _is_authority(found[2]):
        return ""
    before, hash_sign, fragment = found[3].partition("#")
    return f"{found[1]}://{found[2]}{_encode(before)}{hash_sign}{_encode(fragment)}"


def _is_authority(text: str) -> bool:
    found = _AUTHORITY.fullmatch(text)
    if found is None or int(found[2] or 0) > _MAX_PORT or _LONE_PERCENT.search(text):
        return False
    host = found[1]
    if host[0] != "[" and not _NUMERIC.fullmatch(host):
        return True
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _encode(part: str) -> str:
    part = _LONE_PERCENT.sub("%25", part)
    return _NOT_IN_ADDRESS.sub(lambda found: quote(found[0], safe=""), part)
