"""Read mails (RFC 5322, MIME): who wrote what to whom, and what is attached, by the same rules."""

from __future__ import annotations

import codecs
import email
import re
from collections.abc import Iterable, Iterator
from email.message import EmailMessage, Message
from typing import Final, NamedTuple, cast

from adapters.media.containers import MEMBERS, read_all
from adapters.media.encodings import codec_of
from adapters.media.job import DEEPEST, FileNote, Job, noted
from adapters.media.mail_headers import MailPolicy, is_raw
from adapters.media.texts import decode
from adapters.media.unreadable import Unreadable
from adapters.media.web_pages import page_text
from bot.types import ReadFile
from bot.types.said import Said

_HEADERS: Final = ("From", "To", "Cc", "Date", "Subject")
_MOST_PARTS: Final = 500
_OTHER_WORDS: Final = 1 / 3  # of the different words of a page, for it to say what the plain text beside it does not
_WORD: Final = re.compile(r"[^\W\u2e80-\uffff]+|[\u2e80-\uffff]")
_LINK: Final = re.compile(r"[a-z]{3,9}:[^\s)>]+", re.IGNORECASE)


class _Said(NamedTuple):
    """A part of text that stands in the mail itself: its words, and notes where they were guessed."""

    part: EmailMessage
    words: str
    notes: list[FileNote]


def read_mail(job: Job) -> ReadFile:
    """Return a mail: its headers, its text, and the files attached to it. Raises `Unreadable`."""
    if job.depth > DEEPEST:
        raise Unreadable("is a mail inside of several others")
    data = job.data.removeprefix(codecs.BOM_UTF8).lstrip()
    message = cast("EmailMessage", email.message_from_bytes(data, policy=MailPolicy()))
    leaves = list(_leaves(message))
    inline = [_said(part) for part in leaves if _is_inline(part)]
    said = _bodies(inline)
    in_itself = {id(item.part) for item in inline}
    attached = [part for part in leaves if id(part) not in in_itself]
    headers, guesses = _headers(message, leaves)
    text = "\n".join([*headers, "", *(item.words for item in said)]).strip()
    found = read_all(
        job, [(_name(part, number), _data(part)) for number, part in enumerate(attached[:MEMBERS], 1)], text=text
    )
    if len(attached) > MEMBERS:
        found = noted(
            found, FileNote(Said("only the first {count} of its {all} attachments", count=MEMBERS, all=len(attached)))
        )
    return noted(found, *dict.fromkeys([*guesses, *(note for item in said for note in item.notes)]))


def _leaves(message: EmailMessage) -> Iterator[EmailMessage]:
    """Yield the parts that hold something, mails in the mail as one part each."""
    waiting: list[EmailMessage] = [message]
    for _ in range(_MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        if part.get_content_maintype() == "multipart":
            inner = part.get_payload()
            waiting.extend(cast("list[EmailMessage]", inner[::-1] if isinstance(inner, list) else []))
        else:
            yield part


def _is_inline(part: EmailMessage) -> bool:
    """Return whether a part is one of the texts of the mail itself, in some form."""
    is_attached = part.get_content_disposition() == "attachment" or part.get_filename()
    return part.get_content_type() in {"text/plain", "text/html"} and not is_attached


def _bodies(inline: list[_Said]) -> list[_Said]:
    """Return what the mail itself says: its plain texts, and the pages that say what those leave out."""
    plain = [item for item in inline if item.part.get_content_subtype() == "plain" and item.words.strip()]
    known = frozenset(word for item in plain for word in _vocabulary(item.words))
    pages = [item for item in inline if item.part.get_content_subtype() == "html" and item.words.strip()]
    return [*plain, *(page for page in pages if _says_more(page.words, known))]


def _says_more(words: str, known: frozenset[str]) -> bool:
    """Return whether a page has much that the plain text lacks: that may be a stub ("See this mail in a browser")."""
    told = _vocabulary(words)
    return len(told - known) > len(told) * _OTHER_WORDS


def _vocabulary(text: str) -> frozenset[str]:
    """Return the words of a text, of Chinese and its like the characters, without addresses of links."""
    return frozenset(_WORD.findall(_LINK.sub(" ", text).casefold()))


def _headers(message: EmailMessage, leaves: Iterable[EmailMessage]) -> tuple[list[str], list[FileNote]]:
    """Return the headers that people read, and notes where their encoding was guessed.

    Raw bytes in them are taken to be in the charset of the texts.
    """
    declared = next((codec for part in leaves if (codec := codec_of(part.get_content_charset() or ""))), "")
    # a policy takes all that its class has, which the types of the library do not say
    message.policy = MailPolicy(declared=declared)  # type: ignore[call-overload]
    raw = [value for name, value in message.raw_items() if name.title() in _HEADERS and is_raw(value)]
    notes = [note for value in raw for note in _guesses(value, declared)]
    return [f"{name}: {value}" for name in _HEADERS if (value := _header(message, name))], notes


def _guesses(value: str, declared: str) -> list[FileNote]:
    try:
        return decode(value.encode("ascii", errors="surrogateescape"), declared)[1]
    except Unreadable:
        return []


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message[name] or "").split())
    except (ValueError, LookupError, IndexError, TypeError, AttributeError):  # what Python's parser of headers raises
        return ""


def _data(part: EmailMessage) -> bytes:
    """Return the bytes of a part as they were attached."""
    inner = part.get_payload()
    if isinstance(inner, list):  # a mail, or the blocks of headers of a report on its delivery
        return b"\n".join(item.as_bytes() for item in inner if isinstance(item, Message))
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _said(part: EmailMessage) -> _Said:
    """Return the words of a part of text in the charset that it declares, and a note where that was guessed."""
    try:
        text, notes = decode(_data(part), codec_of(part.get_content_charset() or ""))
    except Unreadable:
        return _Said(part, "", [])
    return _Said(part, page_text(text) if part.get_content_subtype() == "html" else text, notes)


def _name(part: EmailMessage, number: int) -> str:
    name = part.get_filename()
    return " ".join(name.split()) if name else f"part {number} ({part.get_content_type()})"
