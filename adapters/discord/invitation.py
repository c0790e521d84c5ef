"""Build the link that adds the bot to a server, with exactly the permissions that it uses. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import discord

SCOPES: Final = ("bot", "applications.commands")

REASONS: Final[Mapping[str, str]] = {
    "view_channel": "to receive the messages of a channel",
    "send_messages": "to answer in channels",
    "create_public_threads": "to open a thread for a question in a channel",
    "send_messages_in_threads": "to answer in threads and forum posts",
    "read_message_history": "to reply to a message, to read a thread that it joins late, and for summaries",
}
"""Each permission that is used, and what for; none beyond these is asked for."""

PERMISSIONS: Final = discord.Permissions(**dict.fromkeys(REASONS, True))


def invite_link(application: str) -> str:
    """Return the address at which an administrator adds the bot to a server."""
    return discord.utils.oauth_url(int(application), permissions=PERMISSIONS, scopes=SCOPES)
