"""Find addresses in text, compare them, and detect labels that pretend to be one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import urlsplit

LINKED_SCHEMES: Final = ("http://", "https://")

_WRITTEN: Final = re.compile(r"https?://[^\s<>\"`\\|]+", re.IGNORECASE)
_TARGETS: Final = re.compile(r"\]\([ \t]*<?(https?://[^\s<>()]+)", re.IGNORECASE)
_LOOKS_LIKE_ADDRESS: Final = re.compile(
    r"""(?<![\w.-])(?:[a-z][a-z0-9+.-]{0,30}:// | [\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}
    | \d{1,3}(?:\.\d{1,3}){3}(?![\w.]) | localhost(?![\w.-]))""",
    re.IGNORECASE | re.VERBOSE,
)
_DOT_OF_HOST: Final = re.compile(r"(?<=[a-z0-9])\u3002(?=[a-z0-9])", re.IGNORECASE)  # as browsers read it (UTS 46)
TRAILING: Final = ".,;:!?'\"*_~]}>。，、！？；：»”’"  # noqa: RUF001 - full width ones, too


def urls_in(text: str) -> frozenset[str]:
    """Return the web addresses in a text, bare or in links, without the punctuation that follows them."""
    written = (bare_address(found.group()) for found in _WRITTEN.finditer(text))
    return frozenset(written) | frozenset(found.group(1) for found in _TARGETS.finditer(text))


def known(addresses: Iterable[str]) -> Callable[[str], bool]:
    """Return the policy that only these addresses may be links, however their host and last slash are written."""
    keys = frozenset(map(_key, addresses))
    return lambda address: _key(address) in keys


def bare_address(run: str) -> str:
    """Return the address at the start of a run of characters: what follows it as punctuation is left out."""
    end = len(run)
    unclosed = run.count("(") - run.count(")")
    while end and (run[end - 1] in TRAILING or (run[end - 1] == ")" and unclosed < 0)):
        unclosed += run[end - 1] == ")"
        end -= 1
    return run[:end]


def pretends(label: str, address: str) -> bool:
    """Return whether a label looks like an address other than the one it leads to."""
    plain = _as_address(label).strip("*_~`<>[]() ")
    if _LOOKS_LIKE_ADDRESS.search(plain) is None:
        return False
    if _key(plain) == _key(address):
        return False
    return plain.casefold() != (_host(address) or plain)


def looks_like_address(label: str) -> bool:
    """Return whether a reader could take a text for an address."""
    return _LOOKS_LIKE_ADDRESS.search(_as_address(label)) is not None


def _as_address(label: str) -> str:
    return _DOT_OF_HOST.sub(".", visible(label))


def visible(text: str) -> str:
    """Return a text as it looks: compatible forms made plain, invisible characters left out."""
    if text.isascii():
        return text
    compatible = unicodedata.normalize("NFKC", text)
    if compatible.isprintable():
        return compatible
    return "".join(item for item in compatible if unicodedata.category(item) != "Cf")


def _key(address: str) -> str:
    """Return what two writings of one address have in common; the scheme does not matter, the fragment is kept."""
    scheme, separator, rest = address.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return address.rstrip("/")
    cut = next((at for at, item in enumerate(rest) if item in "/?#"), len(rest))
    return rest[:cut].lower() + rest[cut:].rstrip("/")


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
