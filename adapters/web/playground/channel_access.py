"""List the channels that somebody sees: those for everybody, and a direct conversation of their own. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.language import gettext, gettext_noop
from bot.types import Channel, Person, Workspace

HOME: Final = Workspace(id="local", name="Seedling")
HOME_CHANNELS: Final = (
    Channel(workspace=HOME.id, id="general", name="general", topic=gettext_noop("Questions and answers for everybody")),
    Channel(workspace=HOME.id, id="random", name="random", topic=gettext_noop("Everything else")),
)
DIRECT_TOPIC: Final = gettext_noop("Just you and the bot")
SHARED_TOPIC: Final = gettext_noop("What was written before everybody had their own")
OWN_TOPICS: Final = frozenset({*(channel.topic for channel in HOME_CHANNELS), DIRECT_TOPIC, SHARED_TOPIC})
"""Topics that are ours, and so are said in the language of who reads them; the model is told them in English."""

WELCOME_ID: Final = "welcome"
DIRECT: Final = "seedling"
"""What the direct conversation is called in addresses, whoever's it is; once it was one channel for everybody."""

CHANNELS_EACH: Final = 20
"""How many channels somebody makes who is no administrator."""

_DIRECT_PREFIX: Final = "direct-"

Furnished = Sequence[tuple[Workspace, Sequence[Channel]]]
"""The workspaces with their channels."""


def direct_channel(person: Person) -> Channel:
    """Return somebody's direct conversation with the bot; it is stored with the first message."""
    id = _DIRECT_PREFIX + person.id
    return Channel(workspace=HOME.id, id=id, name="Seedling", topic=DIRECT_TOPIC, direct=True)


def is_reserved(workspace: str, id: str) -> bool:
    """Return whether an id can only be that of a direct conversation, so that nobody makes a channel under it."""
    return workspace == HOME.id and (id == DIRECT or id.startswith(_DIRECT_PREFIX))


def is_direct(channel: Channel) -> bool:
    """Return whether a channel is a direct conversation; its id says so, too, whatever was stored under it first."""
    return channel.direct or is_reserved(channel.workspace, channel.id)


def may_remove(channel: Channel, person: Person, *, is_admin: bool) -> bool:
    """Return whether somebody is offered to remove a channel: its maker and administrators, but not the first ones."""
    is_first = any((channel.workspace, channel.id) == (first.workspace, first.id) for first in HOME_CHANNELS)
    return not (is_direct(channel) or is_first) and (is_admin or (channel.maker == person.id != ""))


def is_for(channel: Channel, person: Person, *, is_admin: bool = False) -> bool:
    """Return whether somebody may read a channel."""
    own = {direct_channel(person).id, *((DIRECT,) if is_admin else ())}
    return not is_direct(channel) or (channel.workspace == HOME.id and channel.id in own)


def seen_by(person: Person, workspace: Workspace, channels: Sequence[Channel], *, is_admin: bool) -> list[Channel]:
    """Return the channels of a workspace that somebody sees, their direct conversation last.

    What stands in the one that everybody shared is nobody's own: administrators keep it.
    """
    shared = [
        replace(channel, name=gettext("Seedling, as all shared it"), topic=SHARED_TOPIC)
        for channel in channels
        if is_admin and (workspace.id, channel.id) == (HOME.id, DIRECT)
    ]
    own = [direct_channel(person)] if workspace.id == HOME.id else []
    return [*(channel for channel in channels if not is_direct(channel)), *shared, *own]
