"""Decode the headers of mails by the same labels and guesses as their texts (RFC 2047, RFC 2231, and raw bytes).

Python's own parser takes the labels by their letter: characters that writers of "gb2312" mean and its standard lacks
are lost, and so is everything under a label that Python has no name for. So headers are restated in UTF-8 before it.
"""

from __future__ import annotations

import base64
import quopri
import re
from email.policy import EmailPolicy
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes

from adapters.media.encodings import codec_of
from adapters.media.texts import decode
from adapters.media.unreadable import Unreadable

_WORD: Final = r"=\?[\w.:+-]{1,40}(?:\*[\w-]{0,20})?\?[bBqQ]\?[^?\s]*\?="
_WORDS: Final = re.compile(rf"{_WORD}(?:\s+{_WORD})*")
_PARTS: Final = re.compile(r"=\?([\w.:+-]+)(?:\*[\w-]*)?\?([bBqQ])\?([^?\s]*)\?=")
_PARAMETER: Final = re.compile(r"\*=\s*\"?([\w.:+-]{1,40})'[\w-]{0,20}'([^\s;\"]+)\"?")
_RAW: Final = re.compile(r"[\udc80-\udcff]")  # bytes beside ASCII, as Python's parser keeps them


class MailPolicy(EmailPolicy):
    """Tell Python's parser how to take mails; `declared` is the codec of raw bytes in headers, where it is known."""

    declared: str = ""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        """Return a header parsed, from UTF-8 in place of whatever it was written in."""
        return super().header_fetch_parse(name, restated(value, self.declared))


def restated(value: str, declared: str = "") -> str:
    """Return the value of a header in which all that is not ASCII is in UTF-8 or plain text."""
    if hasattr(value, "name"):  # parsed already
        return value
    if _RAW.search(value):
        value = _text(value.encode("ascii", errors="surrogateescape"), declared) or value
    return _PARAMETER.sub(_parameter, _WORDS.sub(_words, value))


def is_raw(value: str) -> bool:
    """Return whether a header has bytes in it that it states no charset for."""
    return _RAW.search(value) is not None


def _words(found: re.Match[str]) -> str:
    """Return neighbouring encoded words as they are in UTF-8; characters may be split between those of one charset."""
    runs: list[tuple[str, bytearray]] = []
    for charset, form, written in _PARTS.findall(found[0]):
        data = _unquoted(written) if form in "qQ" else _from_base64(written)
        if runs and runs[-1][0] == charset.lower():
            runs[-1][1].extend(data)
        else:
            runs.append((charset.lower(), bytearray(data)))
    texts = [_text(bytes(data), codec_of(charset)) for charset, data in runs]
    if not all(texts):
        return found[0]
    return f"=?utf-8?b?{base64.b64encode(''.join(texts).encode()).decode()}?="


def _parameter(found: re.Match[str]) -> str:
    text = _text(unquote_to_bytes(found[2]), codec_of(found[1]))
    return f"*=utf-8''{quote(text, safe='')}" if text else found[0]


def _unquoted(written: str) -> bytes:
    return quopri.decodestring(written.encode("ascii", errors="ignore"), header=True)


def _from_base64(written: str) -> bytes:
    letters = re.sub(r"[^A-Za-z0-9+/]", "", written)
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % 4))
    except ValueError:
        return b""


def _text(data: bytes, declared: str) -> str:
    """Return what bytes say; "" where that is nothing that can be read."""
    try:
        return decode(data, declared)[0]
    except Unreadable:
        return ""
