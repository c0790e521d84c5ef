"""How messages become entries of the transcript: rendered once, stored, and replayed byte for byte.

The time, as the speaker's clock showed it, and the speaker's name are part of the entry and never change afterwards.
No name and no text can pass for the label of another message, or for a mark that begins a message of the bot's own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final

from bot.context.tokens import estimate_entry
from bot.delivery.addresses import visible
from bot.invisible import HIDDEN, without_hidden
from bot.time_zones import in_zone, zone_label
from bot.types import (
    EMPTY,
    SOURCES_ID,
    Attachment,
    Entry,
    EntryId,
    FileOutcome,
    Incoming,
    Media,
    NewEntry,
    Person,
    ReadFile,
    Source,
    StoredEntry,
    ThreadMessage,
    TurnId,
)

NAME_LENGTH: Final = 80  # Slack's and Discord's display names are shorter
NO_NAME: Final = "somebody"
NO_TEXT: Final = "(no text)"  # the API refuses empty messages
NOT_READ: Final = "not read"
MESSAGE_ID: Final = "m:"
ANSWER_ID: Final = "a:"
"""How the ids of people's messages begin."""
CORRECTION_ID: Final = "e:"
"""How the ids of corrections begin."""
CORRECTS_TO: Final = " to: "  # what stands before it has a colon in times alone
ATTACHED: Final = "(attached"
"""How the line of an attachment begins, and how that of one that was read."""
ATTACHED_AND_READ: Final = f"{ATTACHED}: "
SEARCH: Final = "(Search the web for this, and take the date of this message as today.)"
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NOTES_MARK: Final = "[notes]"
SOURCES_MARK: Final = "[sources of the answer above]"
REMOVED_ANSWER: Final = "[this answer was removed]"
"""What stands for an answer that is gone while questions to it are not: or the next request would answer them again."""
SOURCES_LISTED: Final = 10
SOURCES_CHARACTERS: Final = 1_500
TITLE_LENGTH: Final = 120
NO_FILES: Final[Mapping[str, FileOutcome]] = MappingProxyType({})

_LABELLED = re.compile(r"\[[^\]\n]*\] (?P<name>[^:\n]*):(?: (?P<text>.*))?", re.DOTALL)
_LINE_BREAK = re.compile(r"\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_BRACKETED = re.compile(rf"^(?=(?:[^\S\n]|[{HIDDEN}])*[\[\uff3b]([^\n]*))", re.MULTILINE)
_LABEL_LIKE = re.compile(  # "2026-", "Fri 2026-11", "Friday, 27/11", and the marks of what is nobody's message
    r"\s*(?:\d\d|[^\W\d_]{1,12}[^\w\]]{1,3}\d{2,4}[-/:\u2010-\u2015\u2212]\d\d|notes ?\]|sources of the answer\b)",
    re.IGNORECASE,
)
LOOKED_AT: Final = 80
"""Of a line that begins with a bracket, how many visible characters tell whether it looks like a label."""

_SHOWN_AS_NOTHING = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\ufe00-\ufe0f\uffa0]"
)  # letters and marks to Unicode
_FILE_MARK = re.compile(r"<(?=\s*+(?:/\s*+)?file\b)", re.IGNORECASE)
_SCHEME = re.compile(r"\w{1,20}://")
_ANGLES = str.maketrans({"<": "%3C", ">": "%3E"})
_QUOTED = str.maketrans('"<>', "'()")
_LABEL_MARKS = str.maketrans(
    {"[": "(", "]": ")", "\uff3b": "(", "\uff3d": ")"} | dict.fromkeys(":\uff1a\u02d0\ufe55\ufe13\u2236", " ")
)
_CORRECTS = re.compile(r"corrected\s+the\s+message", re.IGNORECASE)  # in a name it would read as a correction


def label(author: Person, at: datetime) -> str:
    """Return what stands before a message: "[Fri 2026-11-27 15:04 CET] Ada". `at` is aware, in the speaker's zone."""
    return f"[{time_label(at)}] {plain_name(author.name)}"


def time_label(at: datetime) -> str:
    """Return an aware time with its weekday and its zone: "Fri 2026-11-27 15:04 CET"."""
    return f"{WEEKDAYS[at.weekday()]} {at:%Y-%m-%d %H:%M} {zone_label(at)}"


def local_time(message: Incoming | ThreadMessage, at: datetime) -> datetime:
    """Return `at` as the clock of a message's author shows it; in UTC where their time zone is not known."""
    return in_zone(at, message.time_zone)


def without_label(text: str) -> tuple[str, str]:
    """Return the name and the words of a message as `render_message` wrote it; no name where there is no label."""
    labelled = _LABELLED.match(text)
    return (labelled["name"], labelled["text"] or "") if labelled else ("", text)


def plain_name(name: str) -> str:
    """Return a name on one line, without the marks that a label is made of and without invisible characters."""
    plain = _CORRECTS.sub("corrected", one_line(name.translate(_LABEL_MARKS)))
    return plain[:NAME_LENGTH].rstrip() or NO_NAME


def one_line(text: str) -> str:
    """Return a text on one line, without invisible characters."""
    spaced = "".join(" " if character.isspace() else character for character in _SHOWN_AS_NOTHING.sub("", text))
    visible = "".join(character for character in spaced if unicodedata.category(character)[0] != "C")
    return " ".join(visible.split())


def plain_text(text: str) -> str:
    """Return a text with plain line ends, in which no line begins like a label or like a message of the bot's own.

    A line that would gets a backslash in front.
    """
    return _BRACKETED.sub(_backslash, with_plain_line_ends(text)).strip()


def with_plain_line_ends(text: str) -> str:
    """Return a text in which whatever is shown as the end of a line is a line feed."""
    return _LINE_BREAK.sub("\n", text)


def _backslash(bracket: re.Match[str]) -> str:
    """Return what is put before a line that begins with a bracket; it is looked at as people see it."""
    return "\\" if _LABEL_LIKE.match(as_seen(bracket[1])) else ""


def as_seen(line: str) -> str:
    """Return the beginning of a line as people see it: on one line of plain letters, nothing invisible in between."""
    shown = " ".join(without_hidden(line).split())[:LOOKED_AT]
    return " ".join(visible(shown).split())


def render_message(
    author: Person,
    text: str,
    at: datetime,
    attachments: Sequence[Attachment] = (),
    unavailable: Mapping[str, str] = EMPTY,
    notes: Mapping[str, str] = EMPTY,
) -> str:
    """Return a message as the model reads it: "[Fri 2026-11-27 15:04 CET] Ada: text", with a line for each
    attachment.

    `at` is aware, in the speaker's zone. `unavailable` gives the reason for each attachment, by id, that the model does
    not get to see; `notes` says in what others are not the whole file.
    """
    lines = [f"{label(author, at)}: {plain_text(text)}".rstrip()]
    lines.extend(
        _render_attachment(attachment, unavailable.get(attachment.id), notes.get(attachment.id, ""))
        for attachment in attachments
    )
    return "\n".join(lines)


def user_entry(
    message: Incoming | ThreadMessage,
    *,
    media: tuple[Media, ...] = (),
    unavailable: Mapping[str, str] = EMPTY,
    files: Mapping[str, FileOutcome] = NO_FILES,
) -> NewEntry:
    """Return the entry of a person's message; the same message always has the same id.

    `files` says by attachment id what became of it: its media join the entry, its text stands below the message,
    marked as the file's. `media` are attachments made ready elsewhere, under the attachments' names. All others are
    named in the text as unavailable, with the reason that `unavailable` gives by attachment id.
    """
    read = {attachment.id: files[attachment.id] for attachment in message.attachments if attachment.id in files}
    ready = {item.name for item in media}
    missing = {
        attachment.id: unavailable.get(attachment.id, NOT_READ)
        for attachment in message.attachments
        if attachment.id not in read and attachment.name not in ready
    }
    missing |= {id: f"because it {item.reason}" for id, item in read.items() if not isinstance(item, ReadFile)}
    seen = [item for item in read.values() if isinstance(item, ReadFile)]
    notes = {id: item.note for id, item in read.items() if isinstance(item, ReadFile) and item.note}
    at = local_time(message, message.sent_at)
    text = render_message(message.author, message.text, at, message.attachments, missing, notes)
    if isinstance(message, Incoming) and message.overrides.get("enable_web_search") == "yes":
        text = f"{text}\n{SEARCH}"
    text = "\n".join((text, *(file_text(item.name, item.text) for item in seen if item.text)))
    whole = (*media, *(part for item in seen for part in item.media))
    return _entry_of(message, _id_of(message), Entry(role="user", text=text, media=whole), message.sent_at)


def file_text(name: str, text: str) -> str:
    """Return what a file says, between marks that nothing inside it can pass for."""
    quoted, plain = plain_name(name).translate(_QUOTED), _FILE_MARK.sub(r"<\\", plain_text(text))
    return f'<file name="{quoted}">\n{plain}\n</file>'


def correction_entry(message: Incoming | ThreadMessage, at: datetime) -> NewEntry:
    """Return the entry that follows when a message was edited at `at`; `message` has the new text and the original
    time.

    The entry of the original stays as it is, so the prefix does. The same edit always has the same id.
    """
    original, edited = time_label(local_time(message, message.sent_at)), local_time(message, at)
    begins = f"{label(message.author, edited)} corrected the message of {original}{CORRECTS_TO}"
    text = f"{begins}{plain_text(message.text)}".rstrip()
    id = f"{CORRECTION_ID}{message.message_id}:{int(at.timestamp() * 1000)}"
    return _entry_of(message, id, Entry(role="user", text=text), at)


def corrects_nothing(correction: NewEntry, known_id: str, known: str) -> bool:
    """Return whether a message reads already, as it stands last in a transcript, as its correction says.

    An edit that only adds a mention changes nothing of what is sent.
    """
    is_correction = known_id.startswith(CORRECTION_ID)
    reads = known.partition(CORRECTS_TO)[2] if is_correction else without_label(known)[1]
    return reads == correction.entry.text.partition(CORRECTS_TO)[2]


def answer_entry(turn_id: TurnId, text: str, at: datetime) -> NewEntry:
    """Return the entry of the bot's answer, its text as the model wrote it; a blank one gets a placeholder."""
    entry = Entry(role="assistant", text=text if text.strip() else NO_TEXT)
    return NewEntry(id=f"{ANSWER_ID}{turn_id}", entry=entry, tokens=estimate_entry(entry), at=at)


def answering_turn(id: EntryId) -> TurnId | None:
    """Return the turn whose answer an entry is, by its id; None for what no turn has answered."""
    turn = id.removeprefix(ANSWER_ID)
    return int(turn) if turn != id and turn.isdecimal() else None


def sources_entry(turn_id: TurnId, sources: Sequence[Source], at: datetime) -> NewEntry | None:
    """Return the entry behind an answer that lists the pages it rests on, None for no page.

    It is no part of the answer, so that the model does not take to writing such lists, and stands in the user's role:
    two answers never stand in a row. Of very long lists and addresses some are left out.
    """
    lines = [SOURCES_MARK]
    room = SOURCES_CHARACTERS - len(SOURCES_MARK)
    for source in sources[:SOURCES_LISTED]:
        line = _source_line(len(lines), source)
        if len(line) < room:
            lines.append(line)
            room -= len(line) + 1
    if len(lines) == 1:
        return None
    entry = Entry(role="user", text="\n".join(lines))
    return NewEntry(id=f"{SOURCES_ID}{turn_id}", entry=entry, tokens=estimate_entry(entry), at=at)


def _source_line(number: int, source: Source) -> str:
    """Return a page as "1. Title <address>"; a title, which strangers write, names no address of its own."""
    title = one_line(_SCHEME.sub(" ", source.title)).translate(_QUOTED)[:TITLE_LENGTH].rstrip()
    url = "".join(source.url.split()).translate(_ANGLES)
    return f"{number}. {title} <{url}>" if title else f"{number}. <{url}>"


def _entry_of(message: Incoming | ThreadMessage, id: str, entry: Entry, at: datetime) -> NewEntry:
    return NewEntry(
        id=id,
        entry=entry,
        tokens=estimate_entry(entry),
        at=at,
        author=message.author.id,
        author_is_bot=message.author.is_bot,
        message_id=message.message_id,
        replies_to=message.replies_to,
    )


def _id_of(message: Incoming | ThreadMessage) -> str:
    if message.message_id or isinstance(message, ThreadMessage):
        return f"{MESSAGE_ID}{message.message_id}"
    return f"{MESSAGE_ID}{message.dedupe_key}"


def _render_attachment(attachment: Attachment, reason: str | None, note: str) -> str:
    name = plain_name(attachment.name)
    if reason is not None:
        return f"{ATTACHED} but not available: {name}, {reason})"
    return f"{ATTACHED_AND_READ}{name}, {note})" if note else f"{ATTACHED_AND_READ}{name})"


def message_ids(entries: Sequence[StoredEntry]) -> Sequence[str]:
    """Return the ids of the messages of people among entries, each once, in order."""
    said = (entry.message_id for entry in entries if entry.message_id and entry.id.startswith(MESSAGE_ID))
    return list(dict.fromkeys(said))
