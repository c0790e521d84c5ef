"""Load attachments for the transcript: fetched from their platform, prepared, kept within a request.

Every attachment has an outcome, and none of them keeps the rest from being answered.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from bot.access.metered_sounds import MeteredSounds
from bot.context.sounds import heard
from bot.context.tokens import estimate
from bot.context.transcript import one_line, plain_name
from bot.errors import FileGone, FileTooLarge, PlatformError
from bot.language import gettext, told
from bot.ports import FileSource, MediaReader
from bot.types import (
    Attachment,
    Entry,
    FileOutcome,
    FileTerms,
    Incoming,
    MessageRef,
    ParameterValue,
    ReadFile,
    ThreadMessage,
    Turn,
    UnreadableFile,
)
from bot.types.said import Said

logger = logging.getLogger(__name__)

Progress = Callable[[str], None]
"""Told what is being done, for people."""


def unnoticed(_text: str) -> None:
    """Tell nobody."""


Message = TypeVar("Message", Incoming, ThreadMessage)

FILES_AT_ONCE: Final = 20  # more in one question, or in an old thread, are named and not read
SHARE_OF_PROMPT: Final = 1 / 2  # what of a prompt files may fill; the rest is for the conversation
NO_LONGER_SHOWN: Final = "(the pictures and files of this message are no longer shown)"
TOO_MANY: Final = Said("is one of more than {count} files", count=FILES_AT_ONCE)
NOTE_LENGTH: Final = 300  # characters of what people are told of one file; the model reads all of it
NOT_FETCHED: Final = Said("could not be fetched")
GONE: Final = Said("was deleted")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentLoader:
    """Loads attachments: `sources` by platform name; `media_bytes` is what one request can carry in all.

    `sounds` hears what people say in their files; without it nobody does.
    """

    reader: MediaReader
    sources: Mapping[str, FileSource]
    media_bytes: int
    sounds: MeteredSounds | None = None

    def terms(self, parameters: Mapping[str, ParameterValue], *, prompt: int) -> FileTerms:
        """Return what the files of one question may take together, when a prompt may have `prompt` tokens."""
        most, room = FileTerms(), int(prompt * SHARE_OF_PROMPT)
        return FileTerms(
            image_detail=str(parameters.get("image_detail", most.image_detail)),
            video_fps=float(str(parameters.get("video_fps", most.video_fps))),
            text_tokens=min(most.text_tokens, room),
            media_tokens=min(most.media_tokens, room),
            media_bytes=self.media_bytes,
        )

    async def read(
        self,
        turn: Turn,
        messages: Sequence[Incoming | ThreadMessage],
        terms: FileTerms,
        progress: Progress = unnoticed,
    ) -> Mapping[str, FileOutcome]:
        """Return what became of every attachment of these messages, by its id, for the turn that needs them.

        They share `terms`, the first ones first. `progress` is told which one is being read.
        """
        outcomes: dict[str, FileOutcome] = {}
        if turn.incoming.key.platform not in self.sources:
            return outcomes
        attached = [(item, message) for message in messages for item in message.attachments]
        for number, (attachment, message) in enumerate(attached):
            if number >= FILES_AT_ONCE:
                outcomes[attachment.id] = UnreadableFile(name=attachment.name, reason=TOO_MANY)
                continue
            ahead = min(len(attached), FILES_AT_ONCE) - number
            share = replace(terms, text_tokens=terms.text_tokens // ahead)
            progress(reading_text(number + 1, number + ahead, attachment.name))
            outcome = await self._read_one(turn, attachment, message.message_id, share)
            outcomes[attachment.id] = outcome
            terms = left_of(terms, outcome)
        return outcomes

    async def _read_one(self, turn: Turn, attachment: Attachment, message_id: str, terms: FileTerms) -> FileOutcome:
        limit, asked = self.reader.file_bytes, turn.incoming
        too_large = Said("is larger than {size} MB", size=limit / 1_000_000)
        if attachment.size > limit:
            return UnreadableFile(name=attachment.name, reason=too_large)
        try:
            of = MessageRef(key=asked.key, message_id=message_id)
            data = await self.sources[asked.key.platform].fetch(attachment, limit=limit, of=of)
        except FileTooLarge:
            return UnreadableFile(name=attachment.name, reason=too_large)
        except PlatformError as error:
            logger.warning("attachment not fetched", extra={"attachment": attachment.id, "error": str(error)})
            return UnreadableFile(name=attachment.name, reason=GONE if isinstance(error, FileGone) else NOT_FETCHED)
        owner = f"{asked.key.platform}/{asked.key.workspace}/{asked.author.id}"
        outcome = await self.reader.read(attachment.name, data, terms, owner=owner)
        return await heard(outcome, attachment, terms, self.sounds, turn)


def is_lost(outcome: FileOutcome | None) -> bool:
    """Return whether a file was not to be had at all, whatever is in it."""
    return isinstance(outcome, UnreadableFile) and outcome.reason in {GONE, NOT_FETCHED}


def reading_text(number: int, count: int, name: str) -> str:
    """Return what people read while a file is being read."""
    return gettext("Reading file {number} of {count}: {name}…").format(
        number=number, count=count, name=plain_name(name)
    )


def left_of(terms: FileTerms, outcome: FileOutcome) -> FileTerms:
    """Return what of `terms` is left to the next files once one was read."""
    if isinstance(outcome, UnreadableFile):
        return terms
    text = estimate(outcome.text)
    media = sum(media.tokens for media in outcome.media)
    room = max(0, terms.media_tokens - media - text)
    return replace(
        terms,
        text_tokens=min(max(0, terms.text_tokens - text), room),
        media_tokens=room,
        media_bytes=max(0, terms.media_bytes - sum(len(media.data) for media in outcome.media)),
    )


def tokens_of(file: ReadFile) -> int:
    """Return the estimated tokens that a file adds to a prompt, known before it is sent."""
    return estimate(file.text) + sum(media.tokens for media in file.media)


def notices_of(outcomes: Mapping[str, FileOutcome]) -> tuple[str, ...]:
    """Return what people should know about their files: what was not read, cut, guessed at or drawn, and what to do."""
    return tuple(filter(None, map(_notice, outcomes.values())))


def _notice(outcome: FileOutcome) -> str:
    name = repr(plain_name(outcome.name))
    if isinstance(outcome, UnreadableFile):
        return gettext("{name} was not read: it {reason}.").format(name=name, reason=told(outcome.reason))
    if not outcome.note:
        return ""
    said = one_line(told(outcome.note))
    shown = said if len(said) <= NOTE_LENGTH else f"{said[:NOTE_LENGTH].rstrip()}..."
    return gettext("About {name}: {note}. {advice}").format(name=name, note=shown, advice=told(outcome.advice)).rstrip()


def newest_files(messages: Sequence[Message], count: int = FILES_AT_ONCE) -> Sequence[Message]:
    """Return the newest messages, in order, that have at most `count` attachments together."""
    start = len(messages)
    for start in range(len(messages), 0, -1):
        count -= len(messages[start - 1].attachments)
        if count < 0:
            break
    else:
        start = 0
    return messages[start:]


def media_start(sizes: Sequence[int], limit: int, *, keep: int) -> int:
    """Return how many entries from the beginning are sent without their media, whose `sizes` are in bytes.

    None while all together have at most `limit` bytes; else so many that half of that is left, so that the next time is
    some way off. The media of the last `keep` entries always stay.
    """
    held, start = sum(sizes), 0
    if held <= limit:
        return 0
    while held > limit // 2 and start < len(sizes) - keep:
        held -= sizes[start]
        start += 1
    return start


def media_bytes(entry: Entry) -> int:
    """Return how large the media of an entry are."""
    return sum(len(media.data) for media in entry.media)


def without_media(entries: Sequence[Entry], count: int) -> tuple[Entry, ...]:
    """Return the entries, the first `count` of them with a line in place of their media."""
    return (*map(_without_media, entries[:count]), *entries[count:])


def _without_media(entry: Entry) -> Entry:
    return replace(entry, media=(), text=f"{entry.text}\n{NO_LONGER_SHOWN}") if entry.media else entry
