"""What there is, in the words of Discord's API."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from tests.emulators.discord import permissions
from tests.emulators.discord.mentions import previews
from tests.emulators.discord.snowflakes import at
from tests.emulators.discord.world import (
    DM,
    FORUM,
    HAS_THREAD,
    REPLY,
    THREAD_STARTER,
    Attachment,
    Channel,
    Guild,
    Member,
    Message,
    Payload,
    Role,
    User,
)

UNREADABLE = frozenset({"poll", "message_snapshots"})
"""Left out of messages for apps without the message-content intent."""


def stamp(moment: datetime) -> str:
    """A moment as Discord writes it."""
    return moment.isoformat()


def user(each: User) -> Payload:
    """A user, as everywhere."""
    body: Payload = {
        "id": str(each.id),
        "username": each.name,
        "avatar": None,
        "discriminator": "0000" if each.bot else "0",
        "public_flags": 0,
        "flags": 0,
        "global_name": None if each.bot else each.name.title(),
        "primary_guild": None,
    }
    return body | {"bot": True} if each.bot else body


def own_user(each: User) -> Payload:
    """The bot's own account."""
    return user(each) | {"mfa_enabled": True, "verified": True, "email": None, "locale": each.locale}


def member(each: Member, *, with_user: bool = True) -> Payload:
    """A member; messages carry it without its user."""
    body: Payload = {
        "roles": [str(id) for id in each.roles],
        "joined_at": stamp(each.joined_at),
        "premium_since": None,
        "nick": each.nick,
        "avatar": None,
        "banner": None,
        "communication_disabled_until": None,
        "pending": False,
        "deaf": False,
        "mute": False,
        "flags": 0,
    }
    return body | {"user": user(each.user)} if with_user else body


def role(each: Role) -> Payload:
    """A role; that which came with a bot tells whose it is."""
    tags = {} if each.bot_id is None else {"tags": {"bot_id": str(each.bot_id)}}
    return tags | {
        "id": str(each.id),
        "name": each.name,
        "description": None,
        "permissions": str(each.permissions),
        "position": each.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": each.managed,
        "mentionable": each.mentionable,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }


def channel(each: Channel, bot: User | None = None) -> Payload:
    """A channel or thread; with `bot`, its own membership of a thread is told."""
    last = each.last_message_id
    body: Payload = {
        "id": str(each.id),
        "type": each.type,
        "last_message_id": str(last) if last else None,
        "flags": 0,
    }
    if each.guild is None:
        return body | {"recipients": [user(one) for one in each.recipients]} | _group(each)
    body |= {"guild_id": str(each.guild.id), "name": each.name, "rate_limit_per_user": each.slowmode_s}
    body["parent_id"] = str(each.parent.id) if each.parent else None
    return body | (_thread(each, bot) if each.thread else _guild_channel(each))


def _group(each: Channel) -> Payload:
    if each.type == DM:
        return {}
    return {"name": each.name or None, "icon": None, "owner_id": str(each.recipients[0].id)}


def _guild_channel(each: Channel) -> Payload:
    body: Payload = {
        "topic": each.topic,
        "nsfw": False,
        "position": 0,
        "permission_overwrites": [
            {"id": str(one.target), "type": int(one.is_member), "allow": str(one.allow), "deny": str(one.deny)}
            for one in each.overwrites
        ],
    }
    if each.type == FORUM:
        body |= {
            "available_tags": each.available_tags,
            "default_reaction_emoji": None,
            "default_sort_order": None,
            "default_forum_layout": 0,
            "default_thread_rate_limit_per_user": 0,
            "template": "",
        }
    return body


def _thread(each: Channel, bot: User | None) -> Payload:
    thread = each.thread
    assert thread is not None
    count = len(each.shown())
    body: Payload = {
        "owner_id": str(thread.owner.id),
        "message_count": count,
        "total_message_sent": count,
        "member_count": min(len(thread.members), 50),
        "applied_tags": [str(id) for id in thread.tags],
        "thread_metadata": {
            "archived": thread.archived,
            "archive_timestamp": stamp(thread.created_at),
            "auto_archive_duration": thread.auto_archive,
            "locked": thread.locked,
            "create_timestamp": stamp(thread.created_at),
            "invitable": thread.invitable,
        },
    }
    if bot and bot.id in thread.members:
        body["member"] = thread_member(each, bot)
    return body


def thread_member(each: Channel, who: User) -> Payload:
    """The membership of `who` in a thread."""
    assert each.thread is not None
    joined = stamp(each.thread.members[who.id])
    return {"id": str(each.id), "user_id": str(who.id), "join_timestamp": joined, "flags": 0, "muted": False} | {
        "mute_config": None
    }


def guild(each: Guild) -> Payload:
    """A guild as REST tells it."""
    return {
        "id": str(each.id),
        "name": each.name,
        "icon": None,
        "description": None,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": [],
        "banner": None,
        "owner_id": str(each.owner.id),
        "application_id": None,
        "region": "deprecated",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 0,
        "roles": [role(one) for one in each.roles.values()],
        "default_message_notifications": 1,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_presences": None,
        "max_members": 500_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": each.locale,
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "public_updates_channel_id": None,
        "hub_type": None,
        "premium_progress_bar_enabled": False,
        "premium_progress_bar_enabled_user_customized": False,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "incidents_data": None,
        "inventory_settings": None,
        "embed_enabled": False,
        "embed_channel_id": None,
        "owner": False,
    }


def guild_create(each: Guild, bot: User) -> Payload:
    """A guild as the gateway tells it: with what the bot can see in it."""
    seen = [one for one in each.channels.values() if permissions.may(bot, one, "view_channel")]
    return guild(each) | {
        "joined_at": stamp(each.members[bot.id].joined_at),
        "large": False,
        "unavailable": False,
        "member_count": len(each.members),
        "voice_states": [],
        "members": [member(each.members[bot.id])],
        "channels": [channel(one) for one in seen if not one.is_thread],
        "threads": [channel(one, bot) for one in seen if one.thread and not one.thread.archived],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def attachment_url(each: Attachment, channel_id: int, cdn: str) -> str:
    """Where a file is fetched from."""
    return f"{cdn}/attachments/{channel_id}/{each.id}/{quote(each.filename)}?hm={each.signature:x}"


def attachment(each: Attachment, channel_id: int, cdn: str) -> Payload:
    """A file at a message; its address is on the CDN."""
    url = attachment_url(each, channel_id, cdn)
    body: Payload = {
        "id": str(each.id),
        "filename": each.filename,
        "size": len(each.data),
        "url": url,
        "proxy_url": url,
        "content_type": each.content_type,
    }
    return body | {"description": each.description} if each.description is not None else body


class Messages:
    """Writes messages; `cdn` is where attachments are fetched from."""

    def __init__(self, cdn: str, application: User) -> None:
        self._cdn = cdn
        self._application = application

    def __call__(self, each: Message, *, readable: bool = True, nested: bool = False) -> Payload:
        """A message as REST tells it; not `readable` empties it as for an app without the message-content intent."""
        body: Payload = {
            "id": str(each.id),
            "type": each.type,
            "channel_id": str(each.channel.id),
            "author": user(each.author),
            "content": each.content,
            "timestamp": stamp(each.at),
            "edited_timestamp": stamp(each.edited_at) if each.edited_at else None,
            "tts": False,
            "mention_everyone": each.mention_everyone,
            "mentions": [user(one) for one in each.mentions],
            "mention_roles": [str(id) for id in each.mention_roles],
            "attachments": [attachment(one, each.channel.id, self._cdn) for one in each.attachments],
            "embeds": each.embeds + [_preview(url) for url in previews(each)],
            "components": each.components,
            "pinned": False,
            "flags": each.flags,
        }
        if not readable:
            body |= {"content": "", "embeds": [], "attachments": [], "components": []}
        body |= self._extras(each)
        if not readable:
            body = {name: value for name, value in body.items() if name not in UNREADABLE}
        if each.type in {REPLY, THREAD_STARTER} and not nested:
            told = each.replied_to
            body["referenced_message"] = (
                None if told is None or told.deleted else self(told, readable=readable or told.app_sent, nested=True)
            )
        return body

    def _extras(self, each: Message) -> Payload:
        body: Payload = {**each.parts}
        if each.nonce is not None:
            body["nonce"] = each.nonce
        if each.reference is not None:
            body["message_reference"] = each.reference
        if each.interaction is not None:
            body["interaction_metadata"] = each.interaction
        if each.app_sent:
            body["application_id"] = str(self._application.id)
        if each.interaction is not None:
            body["webhook_id"] = str(self._application.id)
        if each.flags & HAS_THREAD and each.thread is not None:
            body["thread"] = channel(each.thread, self._application)
        if each.reactions:
            body["reactions"] = [_reaction(name, who, self._application) for name, who in each.reactions.items()]
        return body


def _preview(url: str) -> Payload:
    return {"type": "link", "url": url, "title": url}


def _reaction(name: str, who: list[User], bot: User) -> Payload:
    mine = bot in who
    return {
        "emoji": {"id": None, "name": name},
        "count": len(who),
        "count_details": {"burst": 0, "normal": len(who)},
        "burst_colors": [],
        "me_burst": False,
        "burst_me": False,
        "me": mine,
        "burst_count": 0,
    }


def joined(id: int) -> datetime:
    """When somebody with this id came; everybody came when they were made."""
    return at(id)


def compact(body: Payload, *names: str) -> dict[str, Any]:
    """Those fields of a payload that there are."""
    return {name: body[name] for name in names if name in body}
