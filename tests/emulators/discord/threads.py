"""Threads and forum posts come, change and are joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.emulators.discord import payloads, posting
from tests.emulators.discord.core import Core
from tests.emulators.discord.errors import ApiError
from tests.emulators.discord.gateway import GUILDS
from tests.emulators.discord.mentions import Allowed
from tests.emulators.discord.world import (
    FORUM,
    HAS_THREAD,
    NEWS,
    NEWS_THREAD,
    PRIVATE_THREAD,
    PUBLIC_THREAD,
    THREAD_CREATED,
    THREAD_STARTER,
    Channel,
    Message,
    Payload,
    Thread,
    User,
)

MOST_TAGS = 5  # resources/channel
MOST_MEMBERS = 1_000  # platform reference, 2.6


def open_thread(core: Core, parent: Channel, owner: User, body: Mapping[str, Any], *, type: int, id: int) -> Channel:
    """A new thread in `parent`, known to the emulator and told to nobody yet."""
    now = core.clock.now()
    thread = Thread(owner=owner, created_at=now, members={owner.id: now})
    thread.auto_archive = int(body.get("auto_archive_duration") or thread.auto_archive)
    thread.invitable = bool(body.get("invitable", True))
    thread.tags = [int(tag) for tag in body.get("applied_tags") or ()]
    channel = Channel(id=id, type=type, name=body["name"], guild=parent.guild, parent=parent, thread=thread)
    channel.slowmode_s = int(body.get("rate_limit_per_user") or 0)
    assert parent.guild is not None
    core.channels[id] = channel
    parent.guild.channels[id] = channel
    return channel


def tell_new(core: Core, channel: Channel) -> None:
    """Tell THREAD_CREATE of a thread that was just opened."""
    core.tell_channel("CREATE", channel, newly_created=True)


def from_message(core: Core, message: Message, owner: User, body: Mapping[str, Any]) -> Channel:
    """The thread of a message, which has the message's id. Raises `ApiError` 160004 when there is one, 50024 for
    messages that cannot have one.
    """
    parent = message.channel
    if parent.guild is None or parent.is_thread or parent.type == FORUM:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    if message.thread is not None or message.id in core.channels:
        raise ApiError(400, 160004, "A thread has already been created for this message")
    type = NEWS_THREAD if parent.type == NEWS else PUBLIC_THREAD
    channel = open_thread(core, parent, owner, body, type=type, id=message.id)
    message.thread = channel
    message.flags |= HAS_THREAD
    tell_new(core, channel)
    core.tell_message("MESSAGE_UPDATE", message)
    _say(core, channel, owner, type=THREAD_STARTER, about=message)
    return channel


def without_message(core: Core, parent: Channel, owner: User, body: Mapping[str, Any]) -> Channel:
    """A thread of its own; a public one is announced in its channel."""
    type = int(body.get("type") or PRIVATE_THREAD)
    if parent.guild is None or parent.is_thread or type not in {PUBLIC_THREAD, PRIVATE_THREAD, NEWS_THREAD}:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    channel = open_thread(core, parent, owner, body, type=type, id=core.ids.new())
    tell_new(core, channel)
    if type != PRIVATE_THREAD:
        announced = _say(core, parent, owner, type=THREAD_CREATED, content=channel.name)
        announced.thread = channel
        announced.reference = {"type": 0, "channel_id": str(channel.id), "guild_id": str(parent.guild.id)}
    return channel


def _say(
    core: Core, channel: Channel, author: User, *, type: int, content: str = "", about: Message | None = None
) -> Message:
    """A message that Discord writes itself."""
    draft = posting.Draft(
        channel=channel,
        author=author,
        content=content,
        type=type,
        replied_to=about,
        allowed=Allowed(parse=frozenset(), replied_user=False),
    )
    return posting.post(core, draft)


def forum_post(core: Core, parent: Channel, body: Mapping[str, Any], draft: posting.Draft) -> tuple[Channel, Message]:
    """A post in a forum: a thread and its first message, which share their id."""
    tags = [int(tag) for tag in body.get("applied_tags") or ()]
    known = {int(item["id"]) for item in parent.available_tags}
    if len(tags) > MOST_TAGS or not set(tags) <= known:
        raise ApiError(400, 50035, "Invalid Form Body", errors={"applied_tags": _tag_error(tags)})
    channel = open_thread(core, parent, draft.author, body, type=PUBLIC_THREAD, id=core.ids.new())
    tell_new(core, channel)
    message = Message(
        id=channel.id,
        channel=channel,
        author=draft.author,
        at=core.clock.now(),
        content=draft.content,
        flags=draft.flags,
        embeds=draft.embeds,
        components=draft.components,
        attachments=draft.attachments,
        app_sent=draft.author is core.bot,
    )
    assert channel.thread is not None
    channel.thread.starter = message
    posting.place(core, message, draft.allowed)
    return channel, message


def _tag_error(tags: list[int]) -> Payload:
    why = f"Must be {MOST_TAGS} or fewer in length." if len(tags) > MOST_TAGS else "Unknown tag"
    return {"_errors": [{"code": "BASE_TYPE_BAD_LENGTH" if len(tags) > MOST_TAGS else "INVALID_TAG", "message": why}]}


def join(core: Core, channel: Channel, user: User) -> None:
    """Let somebody be a member of a thread."""
    thread = channel.thread
    if thread is None:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    if user.id in thread.members:
        return
    if len(thread.members) >= MOST_MEMBERS:
        raise ApiError(400, 30033, f"Maximum number of thread participants reached ({MOST_MEMBERS})")
    thread.members[user.id] = core.clock.now()
    _tell_members(core, channel, added=[user])


def leave(core: Core, channel: Channel, user: User) -> None:
    """Let somebody no longer be a member of a thread."""
    if channel.thread is None:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    if channel.thread.members.pop(user.id, None) is not None:
        _tell_members(core, channel, removed=[user])


def _tell_members(core: Core, channel: Channel, *, added: Sequence[User] = (), removed: Sequence[User] = ()) -> None:
    assert channel.thread is not None
    assert channel.guild is not None
    guild = channel.guild
    body: Payload = {
        "id": str(channel.id),
        "guild_id": str(guild.id),
        "member_count": min(50, len(channel.thread.members)),
    }
    if added:
        body["added_members"] = [
            payloads.thread_member(channel, one) | {"member": payloads.member(guild.members[one.id]), "presence": None}
            for one in added
        ]
    if removed:
        body["removed_member_ids"] = [str(one.id) for one in removed]
    core.tell("THREAD_MEMBERS_UPDATE", channel, body, GUILDS)
