"""Read mails (RFC 5322, MIME): who wrote what to whom, and what is attached, by the same rules."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage, Message
from typing import Final, cast

from adapters.media.containers import MEMBERS, read_all
from adapters.media.encodings import codec_of
from adapters.media.job import DEEPEST, FileNote, Job, noted
from adapters.media.texts import decode
from adapters.media.unreadable import Unreadable
from adapters.media.web_pages import page_text
from bot.types import ReadFile

_HEADERS: Final = ("From", "To", "Cc", "Date", "Subject")
_MOST_PARTS: Final = 500


def read_mail(job: Job) -> ReadFile:
    """Return a mail: its headers, its text, and the files attached to it. Raises `Unreadable`."""
    if job.depth > DEEPEST:
        raise Unreadable("is a mail inside of several others")
    message = email.message_from_bytes(job.data, policy=email.policy.default)
    leaves = list(_leaves(message))
    bodies = _bodies(leaves)
    attached = [part for part in leaves if part not in bodies and not _is_other_form(part)]
    headers = [f"{name}: {value}" for name in _HEADERS if (value := _header(message, name))]
    said = [_words(part) for part in bodies]
    text = "\n".join([*headers, "", *(words for words, _ in said)]).strip()
    found = read_all(
        job, [(_name(part, number), _data(part)) for number, part in enumerate(attached[:MEMBERS], 1)], text=text
    )
    if len(attached) > MEMBERS:
        found = noted(found, FileNote(f"only the first {MEMBERS} of its {len(attached):,} attachments"))
    return noted(found, *(note for _, notes in said for note in notes))


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


def _bodies(leaves: list[EmailMessage]) -> list[EmailMessage]:
    """Return what the mail itself says: its plain texts, or its pages where it has none of those."""
    inline = [part for part in leaves if part.get_content_disposition() != "attachment" and not part.get_filename()]
    plain = [part for part in inline if part.get_content_type() == "text/plain"]
    said = [part for part in plain if _words(part)[0].strip()]
    return said or [part for part in inline if part.get_content_type() == "text/html"] or plain


def _is_other_form(part: EmailMessage) -> bool:
    """Return whether a part says in another form what the mail says: its page beside its plain text."""
    return (
        part.get_content_type() == "text/html"
        and part.get_content_disposition() != "attachment"
        and not part.get_filename()
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message[name] or "").split())
    except (ValueError, LookupError, IndexError, TypeError, AttributeError):  # what Python's parser of headers raises
        return ""


def _data(part: EmailMessage) -> bytes:
    """Return the bytes of a part as they were attached."""
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload()
        first = inner[0] if isinstance(inner, list) and inner else None
        return first.as_bytes() if isinstance(first, Message) else b""
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _words(part: EmailMessage) -> tuple[str, list[FileNote]]:
    """Return the words of a part of text in the charset that it declares, and a note where that was guessed."""
    try:
        text, notes = decode(_data(part), codec_of(part.get_content_charset() or ""))
    except Unreadable:
        return "", []
    return page_text(text) if part.get_content_subtype() == "html" else text, notes


def _name(part: EmailMessage, number: int) -> str:
    name = part.get_filename()
    return " ".join(name.split()) if name else f"part {number} ({part.get_content_type()})"
