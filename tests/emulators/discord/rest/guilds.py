"""Guilds: channels, threads, members, roles, and the search for messages."""

from __future__ import annotations

from tests.emulators.discord import payloads, permissions, posting
from tests.emulators.discord.core import Core
from tests.emulators.discord.errors import missing_access, missing_permissions, unknown
from tests.emulators.discord.rest.call import Call, Reply, Routes

_SEARCH_PAGE = 25  # platform reference, 2.1
_BOT_ADD = 28  # resources/audit-log, audit log events


def one(core: Core, call: Call) -> Reply:
    """A guild."""
    guild = core.find_guild(call.id("guild_id"))
    body = payloads.guild(guild)
    if call.flag("with_counts"):
        body |= {"approximate_member_count": len(guild.members), "approximate_presence_count": len(guild.members)}
    return Reply(body=body)


def channels(core: Core, call: Call) -> Reply:
    """The channels of a guild, without its threads."""
    guild = core.find_guild(call.id("guild_id"))
    shown = [one for one in guild.channels.values() if not one.is_thread and core.sees(one)]
    return Reply(body=[payloads.channel(one) for one in shown])


def active_threads(core: Core, call: Call) -> Reply:
    """The threads of a guild that are not archived, the newest first."""
    guild = core.find_guild(call.id("guild_id"))
    found = [
        one for one in reversed(guild.channels.values()) if one.thread and not one.thread.archived and core.sees(one)
    ]
    mine = [one for one in found if one.thread and core.bot.id in one.thread.members]
    return Reply(
        body={
            "threads": [payloads.channel(one, core.bot) for one in found],
            "members": [payloads.thread_member(one, core.bot) for one in mine],
            "has_more": False,
        }
    )


def members(core: Core, call: Call) -> Reply:
    """The members of a guild by their ids; needs the members intent in the portal."""
    guild = core.find_guild(call.id("guild_id"))
    if not core.options.members:
        raise missing_access()
    after, limit = int(call.query.get("after", 0)), int(call.query.get("limit", 1))
    chosen = [guild.members[id] for id in sorted(guild.members) if id > after][:limit]
    return Reply(body=[payloads.member(one) for one in chosen])


def member(core: Core, call: Call) -> Reply:
    """One member of a guild."""
    guild = core.find_guild(call.id("guild_id"))
    found = guild.members.get(call.id("user_id"))
    if found is None:
        raise unknown("Member")
    return Reply(body=payloads.member(found))


def roles(core: Core, call: Call) -> Reply:
    """The roles of a guild."""
    guild = core.find_guild(call.id("guild_id"))
    return Reply(body=[payloads.role(one) for one in guild.roles.values()])


def audit_log(core: Core, call: Call) -> Reply:
    """Who added the bot to a guild, the newest first (resources/audit-log); other entries are not kept."""
    guild = core.find_guild(call.id("guild_id"))
    if not permissions.may_in(core.bot, guild, "view_audit_log"):
        raise missing_permissions()
    wanted = call.query.get("action_type", str(_BOT_ADD)), call.query.get("target_id", str(core.bot.id))
    found = list(reversed(guild.adding)) if wanted == (str(_BOT_ADD), str(core.bot.id)) else []
    entries = [
        {"id": str(id), "action_type": _BOT_ADD, "user_id": str(by.id), "target_id": str(core.bot.id)}
        for id, by in found[: int(call.query.get("limit", 50))]
    ]
    others = ("integrations", "webhooks", "guild_scheduled_events", "threads", "application_commands")
    body = {"audit_log_entries": entries, "users": [], "auto_moderation_rules": [], **{name: [] for name in others}}
    return Reply(body=body)


def search(core: Core, call: Call) -> Reply:
    """The messages of a guild that contain a text, the newest first; needs message content and history."""
    guild = core.find_guild(call.id("guild_id"))
    if not core.options.message_content:
        raise missing_access()
    wanted = call.query.get("content", "").casefold()
    found = [
        message
        for channel in guild.channels.values()
        if core.sees(channel) and permissions.may(core.bot, channel, "read_message_history")
        for message in channel.shown()
        if wanted in message.content.casefold() and call.query.get("channel_id", str(channel.id)) == str(channel.id)
    ]
    found.sort(key=lambda one: one.id, reverse=call.query.get("sort_order", "desc") == "desc")
    start, limit = int(call.query.get("offset", 0)), int(call.query.get("limit", _SEARCH_PAGE))
    return Reply(
        body={
            "doing_deep_historical_index": False,
            "total_results": len(found),
            "messages": [[posting.shown_payload(core, one) | {"hit": True}] for one in found[start : start + limit]],
        }
    )


_GUILD = "/guilds/{guild_id}"

ROUTES: Routes = {
    ("GET", _GUILD): one,
    ("GET", f"{_GUILD}/channels"): channels,
    ("GET", f"{_GUILD}/threads/active"): active_threads,
    ("GET", f"{_GUILD}/members"): members,
    ("GET", f"{_GUILD}/members/{{user_id}}"): member,
    ("GET", f"{_GUILD}/roles"): roles,
    ("GET", f"{_GUILD}/audit-logs"): audit_log,
    ("GET", f"{_GUILD}/messages/search"): search,
}
