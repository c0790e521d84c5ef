"""Decide what open pages of the playground hear of stored messages. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from bot.types import Channel, ChannelMessage, PlaygroundEvent

MOST_EVENTS: Final = 100
"""Of one channel in one transaction; of more, as of an import, pages hear that they have to be read anew."""


def events_of(messages: Collection[ChannelMessage], known: Collection[str]) -> list[PlaygroundEvent]:
    """Return what pages have to hear of messages of one channel that were stored; `known` were there before."""
    first = next(iter(messages), None)
    if first is None:
        return []
    if len(messages) > MOST_EVENTS:
        return [PlaygroundEvent(kind="place", workspace=first.workspace, channel=first.channel)]
    return [
        PlaygroundEvent(
            kind="message",
            workspace=message.workspace,
            channel=message.channel,
            thread=message.thread,
            message=message.id,
            is_new=message.id not in known,
            is_open=message.answer is not None and message.answer.is_open,
        )
        for message in messages
    ]


def events_of_channels(workspace: str, channels: Sequence[Channel]) -> list[PlaygroundEvent]:
    """Return what pages have to hear of channels that were stored."""
    if len(channels) > MOST_EVENTS:
        return [PlaygroundEvent(kind="place", workspace=workspace)]
    return [PlaygroundEvent(kind="place", workspace=workspace, channel=channel.id) for channel in channels]
