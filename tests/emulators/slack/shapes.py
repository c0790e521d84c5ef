"""How things look in answers and events (slack_payloads of the recorded traffic)."""

from __future__ import annotations

from typing import Any

from tests.emulators.slack import rendering
from tests.emulators.slack.options import APP_ID
from tests.emulators.slack.world import (
    BOT_MESSAGE,
    CHANNEL_TYPES,
    Channel,
    File,
    Message,
    Person,
    UserGroup,
    Workspace,
    World,
)

Json = dict[str, Any]

TOMBSTONE = "This message was deleted."


def person_json(person: Person, viewer: Workspace, *, locale: bool = False) -> Json:
    """A person as `users.info` tells; the locale only when it was asked for."""
    profile: Json = {
        "real_name": person.name,
        "real_name_normalized": person.name,
        "display_name": person.handle,
        "display_name_normalized": person.handle,
        "status_text": "",
        "status_emoji": "",
        "team": person.team,
    }
    if person.email:
        profile["email"] = person.email
    if person.bot_id:
        profile |= {"api_app_id": person.app_id, "bot_id": person.bot_id, "always_active": True}
    told: Json = {
        "id": person.id,
        "team_id": person.team,
        "name": person.handle,
        "deleted": person.deleted,
        "real_name": person.name,
        "tz": person.tz,
        "tz_label": person.tz,
        "tz_offset": person.tz_offset,
        "profile": profile,
        "is_admin": person.is_admin,
        "is_owner": person.is_owner,
        "is_primary_owner": False,
        "is_restricted": person.is_restricted,
        "is_ultra_restricted": person.is_ultra_restricted,
        "is_bot": bool(person.bot_id),
        "is_app_user": False,
        "updated": 0,
    }
    if person.team != viewer.id:
        told["is_stranger"] = True
    return told | ({"locale": person.locale} if locale else {})


def channel_json(channel: Channel, viewer: Person) -> Json:
    """A channel as `conversations.info` tells its members."""
    told: Json = {
        "id": channel.id,
        "created": channel.created,
        "is_archived": channel.is_archived,
        "is_channel": channel.kind == "public",
        "is_group": channel.kind == "private",
        "is_im": channel.kind == "im",
        "is_mpim": channel.kind == "mpim",
        "is_private": channel.kind != "public",
        "is_shared": channel.is_ext_shared,
        "is_ext_shared": channel.is_ext_shared,
        "is_org_shared": False,
        "context_team_id": channel.team,
    }
    if channel.kind == "im":
        other = next((member for member in channel.members if member != viewer.id), viewer.id)
        return told | {"user": other, "is_open": True}
    return told | {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_read_only": channel.is_read_only,
        "is_general": channel.name == "general",
        "is_member": viewer.id in channel.members,
        "creator": channel.creator,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "previous_names": [],
    }


def group_json(group: UserGroup, workspace: Workspace, *, users: bool) -> Json:
    """A user group as `usergroups.list` tells it (docs.slack.dev/reference/objects/usergroup-object)."""
    told: Json = {
        "id": group.id,
        "team_id": workspace.id,
        "is_usergroup": True,
        "is_external": False,
        "name": group.handle.capitalize(),
        "handle": group.handle,
        "description": "",
        "date_create": 0,
        "date_update": 0,
        "date_delete": 1 if group.is_disabled else 0,
        "auto_type": None,
        "created_by": "",
        "updated_by": "",
        "deleted_by": None,
        "prefs": {"channels": [], "groups": []},
        "user_count": len(group.members),
    }
    return told | ({"users": list(group.members)} if users else {})


PREVIEW = 60
"""Characters of a transcript that a file tells; how many they really are is not published."""


def file_json(file: File, origin: str) -> Json:
    """A file as messages carry it."""
    if file.hidden:  # of another organisation (Slack Connect): files.info tells the rest
        return {"id": file.id, "mode": "file_access", "file_access": "check_file_info", "created": 0, "user": file.user}
    kind = file.name.rpartition(".")[2].lower() if "." in file.name else "text"
    private = f"{origin}/files-pri/{file.team}-{file.id}"
    preview = {"content": file.heard[:PREVIEW], "has_more": len(file.heard) > PREVIEW}
    heard = {"transcription": {"status": "complete", "locale": "en-US", "preview": preview}} if file.heard else {}
    return (
        heard
        | {
            "id": file.id,
            "created": file.created,
            "timestamp": file.created,
            "name": file.name,
            "title": file.title or file.name,
            "mimetype": file.mimetype,
            "filetype": kind,
            "pretty_type": kind.upper(),
            "user": file.user,
            "user_team": file.team,
            "editable": False,
            "size": len(file.content),
            "mode": "hosted",
            "is_external": False,
            "external_type": "",
            "is_public": False,
            "public_url_shared": False,
            "display_as_bot": False,
            "username": "",
            "url_private": f"{private}/{file.name}",
            "url_private_download": f"{private}/download/{file.name}",
            "permalink": f"{origin}/files/{file.user}/{file.id}/{file.name}",
            "has_rich_preview": False,
            "file_access": "visible",
        }
        | ({"alt_txt": file.alt} if file.alt else {})
    )


def bot_profile(person: Person) -> Json:
    """The bot as its messages carry it."""
    icons = {f"image_{size}": f"https://a.slack-edge.com/bot_{size}.png" for size in (36, 48, 72)}
    return {
        "id": person.bot_id,
        "deleted": False,
        "name": person.name,
        "updated": 0,
        "app_id": person.app_id,
        "icons": icons,
        "team_id": person.team,
    }


def message_json(message: Message, origin: str, *, metadata: bool = False) -> Json:
    """A message as history and events carry it, without what it has from its replies."""
    author = message.author
    told: Json = {
        "type": "message",
        "user": author.id,
        "ts": message.ts,
        "text": rendering.raw_text(message),
    }
    told |= {} if message.subtype == BOT_MESSAGE else _origin_json(message)
    if message.client_msg_id:
        told["client_msg_id"] = message.client_msg_id
    if message.subtype == BOT_MESSAGE:  # of a webhook: no account stands behind it
        del told["user"]
        told |= {"bot_id": author.bot_id, "username": message.username or author.name}
    elif author.bot_id:
        told |= {"bot_id": author.bot_id, "app_id": author.app_id, "bot_profile": bot_profile(author)}
    blocks = rendering.all_blocks(message)
    told |= {"blocks": blocks} if blocks else {}
    told |= {"attachments": message.attachments} if message.attachments else {}
    if message.subtype:
        told["subtype"] = message.subtype
    if message.files:
        told["files"] = [file_json(file_, origin) for file_ in message.files]
    if message.thread_ts:
        told["thread_ts"] = message.thread_ts
    if message.edited_ts:
        told["edited"] = {"user": author.id, "ts": message.edited_ts}
    if message.reactions:
        told["reactions"] = [{"name": n, "users": u, "count": len(u)} for n, u in message.reactions.items()]
    if metadata and message.metadata:
        told["metadata"] = message.metadata
    return told


def _origin_json(message: Message) -> Json:
    """Where the author is from; messages with files were recorded without it."""
    team = message.author.team
    told: Json = {"upload": False, "display_as_bot": False} if message.subtype == "file_share" else {"team": team}
    return told | ({"user_team": team, "source_team": team} if team != message.channel.team else {})


def thread_json(message: Message, world: World, origin: str, *, metadata: bool = False) -> Json:
    """A message with what the thread below it, or the thread around it, adds."""
    told = message_json(message, origin, metadata=metadata)
    thread = world.thread(message.channel, message.root_ts)
    replies = [item for item in thread if item.is_reply]
    if message.is_reply:
        root = world.find(message.channel, message.thread_ts)
        if root and message.subtype == "thread_broadcast":
            told |= {"root": thread_json(root, world, origin, metadata=metadata)}
        return told | ({"parent_user_id": root.author.id} if root else {})
    if not replies:
        return told
    users = list(dict.fromkeys(reply.author.id for reply in replies))
    return told | {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users": users[:5],
        "reply_users_count": len(users),
        "latest_reply": replies[-1].ts,
        "is_locked": False,
        "subscribed": False,
    }


def tombstone_json(before: Json) -> Json:
    """What events and the history carry in place of a deleted message that has replies."""
    kept = {name: before[name] for name in ("type", "ts", "thread_ts", "reply_count", "latest_reply") if name in before}
    return kept | {"subtype": "tombstone", "text": TOMBSTONE, "user": "USLACKBOT", "hidden": True}


def event_envelope(workspace: Workspace, event: Json, *, id: str, at: int, shared: bool = False) -> Json:
    """The outer part of an event, as the Events API posts it."""
    channel = event.get("channel")
    place = channel if isinstance(channel, str) else ""
    return {
        "token": "emulator-verification-token",
        "team_id": workspace.id,
        "context_team_id": workspace.id,
        "context_enterprise_id": None,
        "api_app_id": APP_ID,
        "event": event,
        "type": "event_callback",
        "event_id": id,
        "event_time": at,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": workspace.id,
                "user_id": workspace.bot.id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": shared,
        "event_context": f"1-{event['type']}-{workspace.id}-{place}",
    }


def channel_type(channel: Channel) -> str:
    """What message events say about the channel."""
    return CHANNEL_TYPES[channel.kind]
