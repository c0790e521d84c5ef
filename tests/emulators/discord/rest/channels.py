"""Channels, threads and forum posts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.emulators.discord import payloads, permissions, posting, threads
from tests.emulators.discord.core import Core
from tests.emulators.discord.errors import ApiError, missing_permissions, unknown, wrong_form
from tests.emulators.discord.limits import MESSAGE
from tests.emulators.discord.rest.call import NO_CONTENT, Call, Reply, Routes
from tests.emulators.discord.world import FORUM, PRIVATE_THREAD, Channel, User


def one(core: Core, call: Call) -> Reply:
    """A channel or thread."""
    return Reply(body=payloads.channel(core.find_channel(call.id("channel_id")), core.bot))


def change(core: Core, call: Call) -> Reply:
    """Change a channel or thread; its name and topic only now and then."""
    channel = core.find_channel(call.id("channel_id"))
    body = call.body
    if channel.guild is None:
        raise ApiError(403, 50003, "Cannot execute action on a DM channel")
    if not _may_change(core, channel, body):
        raise missing_permissions()
    if {"name", "topic"} & set(body) and (wait := core.limits.rename(channel.id)) is not None:
        raise ApiError(
            429,
            20028,
            "The write action you are performing on the channel has hit the write rate limit.",
            retry_after=wait,
        )
    _apply(channel, body)
    core.tell_channel("UPDATE", channel)
    return Reply(body=payloads.channel(channel, core.bot))


def _may_change(core: Core, channel: Channel, body: Mapping[str, Any]) -> bool:
    if channel.thread is None:
        return permissions.may(core.bot, channel, "manage_channels")
    if permissions.may(core.bot, channel, "manage_threads"):
        return True
    own = channel.thread.owner is core.bot
    return (own and not {"locked", "rate_limit_per_user"} & set(body)) or (
        set(body) == {"archived"} and not channel.thread.locked
    )


def _apply(channel: Channel, body: Mapping[str, Any]) -> None:
    channel.name = body.get("name") or channel.name
    channel.topic = body.get("topic", channel.topic)
    channel.slowmode_s = int(body.get("rate_limit_per_user") or channel.slowmode_s)
    thread = channel.thread
    if thread is None:
        return
    for name in ("archived", "locked", "invitable"):
        if body.get(name) is not None:
            setattr(thread, name, body[name])
    thread.auto_archive = int(body.get("auto_archive_duration") or thread.auto_archive)
    if body.get("applied_tags") is not None:
        thread.tags = [int(tag) for tag in body["applied_tags"]]


def thread_of_message(core: Core, call: Call) -> Reply:
    """Open the thread of a message."""
    channel = core.find_channel(call.id("channel_id"))
    _check_thread_name(call.body)
    if channel.guild is not None and not permissions.may(core.bot, channel, "create_public_threads"):
        raise missing_permissions()
    message = core.find_message(channel, call.id("message_id"))
    return Reply(status=201, body=payloads.channel(threads.from_message(core, message, core.bot, call.body), core.bot))


def thread(core: Core, call: Call) -> Reply:
    """Open a thread without a message, or a post in a forum."""
    parent = core.find_channel(call.id("channel_id"))
    _check_thread_name(call.body)
    if parent.type == FORUM:
        return _post(core, parent, call)
    private = int(call.body.get("type") or PRIVATE_THREAD) == PRIVATE_THREAD
    needed = "create_private_threads" if private else "create_public_threads"
    if parent.guild is not None and not permissions.may(core.bot, parent, needed):
        raise missing_permissions()
    return Reply(
        status=201, body=payloads.channel(threads.without_message(core, parent, core.bot, call.body), core.bot)
    )


def _check_thread_name(body: Mapping[str, Any]) -> None:
    if not body.get("name", "").strip():
        raise wrong_form(["name"], "BASE_TYPE_REQUIRED", "This field is required")


def _post(core: Core, parent: Channel, call: Call) -> Reply:
    if not permissions.may(core.bot, parent, "send_messages"):
        raise missing_permissions()
    told = call.body.get("message")
    if told is None:
        raise wrong_form(["message"], "BASE_TYPE_REQUIRED", "This field is required")
    draft = posting.draft_of(core, parent, told, call.files)
    channel, message = threads.forum_post(core, parent, call.body, draft)
    body = payloads.channel(channel, core.bot) | {"message": posting.shown_payload(core, message)}
    return Reply(status=201, body=body)


def delete(core: Core, call: Call) -> Reply:
    """Delete a channel or thread."""
    channel = core.find_channel(call.id("channel_id"))
    if channel.guild is not None:
        needed = "manage_threads" if channel.is_thread else "manage_channels"
        if not permissions.may(core.bot, channel, needed):
            raise missing_permissions()
        core.remove_channel(channel)
    return Reply(body=payloads.channel(channel))


def join(core: Core, call: Call) -> Reply:
    """The bot joins a thread."""
    threads.join(core, core.find_channel(call.id("channel_id")), core.bot)
    return NO_CONTENT


def leave(core: Core, call: Call) -> Reply:
    """The bot leaves a thread."""
    threads.leave(core, core.find_channel(call.id("channel_id")), core.bot)
    return NO_CONTENT


def add(core: Core, call: Call) -> Reply:
    """The bot adds somebody to a thread."""
    threads.join(core, core.find_channel(call.id("channel_id")), _user(core, call))
    return NO_CONTENT


def take_out(core: Core, call: Call) -> Reply:
    """The bot takes somebody out of a thread."""
    channel = core.find_channel(call.id("channel_id"))
    if not permissions.may(core.bot, channel, "manage_threads"):
        raise missing_permissions()
    threads.leave(core, channel, _user(core, call))
    return NO_CONTENT


def members(core: Core, call: Call) -> Reply:
    """The members of a thread."""
    channel = core.find_channel(call.id("channel_id"))
    if channel.thread is None:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    return Reply(body=[payloads.thread_member(channel, core.users[id]) for id in channel.thread.members])


def member(core: Core, call: Call) -> Reply:
    """One member of a thread."""
    channel = core.find_channel(call.id("channel_id"))
    who = core.bot if call.path.get("user_id") is None else _user(core, call)
    if channel.thread is None or who.id not in channel.thread.members:
        raise unknown("Member")
    return Reply(body=payloads.thread_member(channel, who))


def _user(core: Core, call: Call) -> User:
    found = core.users.get(call.id("user_id"))
    if found is None:
        raise unknown("User")
    return found


def archived(core: Core, call: Call) -> Reply:
    """The archived public threads of a channel, the latest first."""
    parent = core.find_channel(call.id("channel_id"))
    guild = parent.guild
    found = [
        one
        for one in reversed((guild.channels if guild else {}).values())
        if one.parent is parent and one.thread and one.thread.archived and one.type != PRIVATE_THREAD
    ]
    limit = int(call.query.get("limit", 50))
    return Reply(
        body={
            "threads": [payloads.channel(one, core.bot) for one in found[:limit]],
            "members": [
                payloads.thread_member(one, core.bot)
                for one in found[:limit]
                if one.thread and core.bot.id in one.thread.members
            ],
            "has_more": len(found) > limit,
        }
    )


_CHANNEL = "/channels/{channel_id}"
_MEMBERS = f"{_CHANNEL}/thread-members"

ROUTES: Routes = {
    ("GET", _CHANNEL): one,
    ("PATCH", _CHANNEL): change,
    ("DELETE", _CHANNEL): delete,
    ("POST", f"{MESSAGE}/threads"): thread_of_message,
    ("POST", f"{_CHANNEL}/threads"): thread,
    ("GET", f"{_CHANNEL}/threads/archived/public"): archived,
    ("PUT", f"{_MEMBERS}/@me"): join,
    ("DELETE", f"{_MEMBERS}/@me"): leave,
    ("PUT", f"{_MEMBERS}/{{user_id}}"): add,
    ("DELETE", f"{_MEMBERS}/{{user_id}}"): take_out,
    ("GET", _MEMBERS): members,
    ("GET", f"{_MEMBERS}/{{user_id}}"): member,
}
