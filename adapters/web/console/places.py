"""Read the places that people name in forms. Pure."""

from __future__ import annotations

from bot.errors import InvalidInput
from bot.types import ConversationKey

LONGEST = 1_000


def read_place(text: str) -> ConversationKey:
    """Return the place of "PLATFORM[/WORKSPACE[/CHANNEL[/THREAD]]]", "" for everywhere. Raises `InvalidInput`."""
    parts = text.strip().split("/", 3) if text.strip() else []
    if len(text) > LONGEST or any(not part for part in parts) or not text.isprintable():
        raise InvalidInput("Write a place as PLATFORM/WORKSPACE[/CHANNEL[/THREAD]], as the log does.")
    platform, workspace, channel, thread = [*parts, "", "", "", ""][:4]
    return ConversationKey(platform=platform, workspace=workspace, channel=channel, thread=thread)


def place_text(key: ConversationKey) -> str:
    """Return a place as `read_place` reads it."""
    return "/".join(part for part in (key.platform, key.workspace, key.channel, key.thread) if part)
