"""Hear the sound that people attach: by the model itself, or as a transcript, or say plainly that nobody hears it."""

from __future__ import annotations

import re
from typing import Final

from bot.access.metered_sounds import MeteredSounds
from bot.types import Attachment, FileOutcome, FileTerms, Media, ReadFile, Turn, UnreadableFile
from bot.types.said import Said

CUT: Final = "\u2026"
"""How a transcript ends that goes on."""

NOT_HEARD: Final = Said("is a sound file, which the model in use does not take")
BY_GATEWAY: Final = Said("heard as a transcript")
BY_PLATFORM: Final = Said("heard as the transcript that came with it")
BEGINNING: Final = Said("heard as the transcript that came with it, of which only the beginning is told")
ADVICE: Final = Said("If words are wrong, write what was said.")
QUOTED: Final = 160  # characters of a transcript that people are shown under their question
CHARACTERS_PER_TOKEN: Final = 2  # kept of a transcript: fewer than any language has, so that it surely fits


async def heard(
    outcome: FileOutcome, attachment: Attachment, terms: FileTerms, sounds: MeteredSounds | None, turn: Turn
) -> FileOutcome:
    """Return a file as it can be sent: a sound itself where the model takes it, what is said in it, or why not."""
    sound = _sound_in(outcome)
    if sound is None or (sounds is not None and await sounds.takes_sound()):
        return outcome
    said = await sounds.transcribe(sound, turn) if sounds is not None else ""
    if said.strip():
        return _as_told(outcome.name, said, BY_GATEWAY, terms)
    if attachment.transcript.strip():
        how = BEGINNING if attachment.transcript.rstrip().endswith(CUT) else BY_PLATFORM
        return _as_told(outcome.name, attachment.transcript, how, terms)
    return UnreadableFile(name=outcome.name, reason=NOT_HEARD)


def _sound_in(outcome: FileOutcome) -> Media | None:
    media = outcome.media if isinstance(outcome, ReadFile) else ()
    return next((item for item in media if item.kind == "audio"), None)


def _as_told(name: str, said: str, how: str, terms: FileTerms) -> ReadFile:
    kept = said.strip()[: terms.text_tokens * CHARACTERS_PER_TOKEN]
    if len(kept) < len(said.strip()):
        how = Said("{how}, cut after {count} characters", how=how, count=len(kept))
    words = re.sub(r"\s+", " ", kept)
    quoted = words if len(words) <= QUOTED else f"{words[:QUOTED].rstrip()}{CUT}"
    return ReadFile(name=name, text=kept, note=Said('{how}: "{words}"', how=how, words=quoted), advice=ADVICE)
