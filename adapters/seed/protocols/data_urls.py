"""Encode media as data URLs."""

from __future__ import annotations

from base64 import b64encode

from bot.types import Media


def data_url(media: Media) -> str:
    """Return the file as a data URL; the same file always gives the same one."""
    return f"data:{media.media_type};base64,{base64_text(media)}"


def audio(media: Media) -> dict[str, str]:
    """Return a sound as both OpenAI protocols carry it (createChatCompletion, createResponse: input_audio)."""
    return {"data": base64_text(media), "format": media.media_type.removeprefix("audio/")}


def base64_text(media: Media) -> str:
    """Return the file's bytes in base64."""
    return b64encode(media.data).decode("ascii")
