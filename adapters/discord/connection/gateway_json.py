"""Convert discord.py's objects into the JSON of REST, so that the rest of the adapter reads one form only."""

from __future__ import annotations

from typing import Any

import discord

from adapters.discord.api.client import Json


def message_json(message: discord.Message) -> Json:
    """Return a message, with what the adapter reads of it."""
    told: dict[str, Any] = {
        "id": str(message.id),
        "type": message.type.value,
        "channel_id": str(message.channel.id),
        "author": user_json(message.author),
        "content": message.content,
        "timestamp": message.created_at.isoformat(),
        "edited_timestamp": message.edited_at.isoformat() if message.edited_at else None,
        "mentions": [user_json(mention) for mention in message.mentions],
        "attachments": [attachment_json(attachment) for attachment in message.attachments],
        "message_snapshots": [
            {
                "message": {
                    "content": snapshot.content,
                    "attachments": [attachment_json(file) for file in snapshot.attachments],
                }
            }
            for snapshot in message.message_snapshots
        ],
    }
    if message.webhook_id is not None:
        told["webhook_id"] = str(message.webhook_id)
    reference = message.reference
    if reference is not None:
        told["message_reference"] = {"type": reference.type.value, "message_id": reference.message_id}
        if isinstance(reference.resolved, discord.Message):
            told["referenced_message"] = message_json(reference.resolved)
    return told


def user_json(user: discord.User | discord.Member) -> Json:
    """Somebody, by the name that others see."""
    return {"id": str(user.id), "username": user.name, "global_name": user.display_name, "bot": user.bot}


def attachment_json(file: discord.Attachment) -> Json:
    """Return a file."""
    return {
        "id": str(file.id),
        "filename": file.filename,
        "content_type": file.content_type,
        "size": file.size,
        "url": file.url,
    }


def channel_json(channel: discord.abc.MessageableChannel | discord.interactions.InteractionChannel) -> Json | None:
    """Return a channel whose place is known without asking; None for one that is not cached."""
    if isinstance(channel, discord.Thread):
        return {
            "id": str(channel.id),
            "type": channel.type.value,
            "guild_id": str(channel.guild.id),
            "name": channel.name,
            "parent_id": str(channel.parent_id),
            "thread_metadata": {"archived": channel.archived, "locked": channel.locked},
        }
    if isinstance(channel, discord.abc.GuildChannel):
        return {
            "id": str(channel.id),
            "type": channel.type.value,
            "guild_id": str(channel.guild.id),
            "name": channel.name,
        }
    if isinstance(channel, discord.DMChannel):
        return {"id": str(channel.id), "type": channel.type.value}
    return None
