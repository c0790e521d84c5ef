"""Pass sound on as it is, with about what it costs; whether anybody hears it is decided by whoever knows the model."""

from __future__ import annotations

import struct
from typing import Final

from adapters.media import media_limits
from adapters.media.job import Job, made
from adapters.media.media_tokens import audio_tokens
from adapters.media.unreadable import Unreadable
from bot.types import Media, ReadFile

MEDIA_TYPES: Final = {  # the API's names of formats follow "audio/" (API fact sheet, addenda)
    "WAV": "audio/wav", "MP3": "audio/mp3", "OGG": "audio/ogg", "FLAC": "audio/flac", "M4A": "audio/m4a",
    "AAC": "audio/aac",
}  # fmt: skip
_WAV_RATE: Final = struct.Struct("<I")


def read_sound(job: Job) -> ReadFile:
    """Return the sound as it is. Raises `Unreadable`."""
    if job.depth:
        raise Unreadable("is a sound file inside of another file; attach it on its own")
    most = min(media_limits.AUDIO_BYTES, job.terms.media_bytes)
    if len(job.data) > most:
        size, fitting = media_limits.megabytes(len(job.data)), media_limits.megabytes(most)
        raise Unreadable("is a sound file of {size}, and at most {most} can be sent", size=size, most=fitting)
    tokens = audio_tokens(_seconds(job.form, job.data))
    if tokens > job.terms.media_tokens:
        raise Unreadable(
            "is a sound file of about {tokens} tokens, and at most {most} fit",
            tokens=tokens,
            most=job.terms.media_tokens,
        )
    media = Media(kind="audio", media_type=MEDIA_TYPES[job.form], name=job.name, data=job.data, tokens=tokens)
    return made(job.name, media=(media,))


def _seconds(form: str, data: bytes) -> float:
    """Return about how long it is: by the bytes a second that a WAV file states, or that speech usually has."""
    rate = _WAV_RATE.unpack_from(data, 28)[0] if form == "WAV" and len(data) >= 32 else 0
    return len(data) / (rate or media_limits.AUDIO_BYTES_PER_SECOND)
