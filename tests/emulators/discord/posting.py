"""Messages come, change and go, and everybody who may hears of it."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.discord import components, mentions, payloads, permissions, rules
from tests.emulators.discord.core import Core
from tests.emulators.discord.errors import ApiError, wrong_form
from tests.emulators.discord.gateway import DIRECT_MESSAGES, GUILD_MESSAGES
from tests.emulators.discord.mentions import Allowed
from tests.emulators.discord.world import (
    COMPONENTS_V2,
    DEFAULT,
    EPHEMERAL,
    FORUM,
    LOADING,
    REPLY,
    SUPPRESS_EMBEDS,
    SUPPRESS_NOTIFICATIONS,
    Attachment,
    Channel,
    Message,
    Payload,
    User,
)
from tests.emulators.versions import Version

# What an author may set at the beginning and later (resources/message, message flags): previews, silence,
# components v2; ephemeral only in answers to interactions.
SETTABLE = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2
EDITABLE = SUPPRESS_EMBEDS | COMPONENTS_V2
_CHANGES = frozenset({"content", "embeds", "components", "attachments"})


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file as it was uploaded; `key` is the number in `files[n]`."""

    key: int
    filename: str
    content_type: str
    data: bytes


@dataclass(slots=True, kw_only=True)
class Draft:
    """A message that is about to be there."""

    channel: Channel
    author: User
    content: str = ""
    type: int = DEFAULT
    flags: int = 0
    embeds: list[Payload] = field(default_factory=list)
    components: list[Payload] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    allowed: Allowed = field(default_factory=Allowed)
    replied_to: Message | None = None
    reference: Payload | None = None
    interaction: Payload | None = None
    nonce: str | int | None = None
    seen_by: User | None = None
    parts: Payload = field(default_factory=dict)


def draft_of(core: Core, channel: Channel, body: Mapping[str, Any], files: Sequence[File]) -> Draft:
    """The bot's message as a request describes it. Raises `ApiError`."""
    flags = int(body.get("flags") or 0) & (SETTABLE | EPHEMERAL)
    rules.check_message(body, flags=flags)
    attachments = uploaded(core, body, files)
    draft = Draft(
        channel=channel,
        author=core.bot,
        content=body.get("content") or "",
        flags=flags,
        embeds=_embeds(body),
        components=_components(core, channel, body, attachments),
        attachments=attachments,
        allowed=Allowed.of(body.get("allowed_mentions")),
        nonce=body.get("nonce"),
    )
    others = (draft.embeds, draft.components, draft.attachments, body.get("poll"), body.get("sticker_ids"))
    rules.check_not_empty(content=draft.content, others=others)
    return draft


def _embeds(body: Mapping[str, Any]) -> list[Payload]:
    return [{"type": "rich"} | embed for embed in body.get("embeds") or []]


def _components(
    core: Core, channel: Channel, body: Mapping[str, Any], attachments: Sequence[Attachment]
) -> list[Payload]:
    at = {
        attachment.filename: (attachment, payloads.attachment_url(attachment, channel.id, core.cdn_url))
        for attachment in attachments
    }
    return components.shown(body.get("components") or (), at)


def uploaded(core: Core, body: Mapping[str, Any], files: Sequence[File]) -> list[Attachment]:
    """The uploaded files as attachments, with the descriptions of the body. Raises `ApiError` 40005 for too much."""
    if any(len(file_.data) > rules.FILE_BYTES for file_ in files):
        raise ApiError(413, 40005, "Request entity too large")
    told = {int(attachment["id"]): attachment for attachment in body.get("attachments") or () if "id" in attachment}
    made = []
    for file_ in files:
        about = told.get(file_.key, {})
        made.append(
            Attachment(
                id=core.ids.new(),
                filename=about.get("filename") or file_.filename,
                content_type=mimetypes.guess_type(file_.filename)[0] or file_.content_type,
                data=file_.data,
                description=about.get("description"),
            )
        )
    return made


def post(core: Core, draft: Draft) -> Message:
    """Put a message into its channel, tell it, and let its links be previewed."""
    message = Message(
        id=core.ids.new(),
        channel=draft.channel,
        author=draft.author,
        at=core.clock.now(),
        content=draft.content,
        type=REPLY if draft.replied_to is not None and draft.type == DEFAULT else draft.type,
        flags=draft.flags,
        embeds=draft.embeds,
        components=draft.components,
        attachments=draft.attachments,
        reference=draft.reference,
        replied_to=draft.replied_to,
        nonce=draft.nonce,
        interaction=draft.interaction,
        app_sent=draft.author is core.bot,
        seen_by=draft.seen_by,
        parts=draft.parts,
    )
    if draft.replied_to is not None and draft.reference is None:
        message.reference = reference_to(draft.replied_to)
    place(core, message, draft.allowed)
    return message


def place(core: Core, message: Message, allowed: Allowed) -> None:
    """Let a message appear, with its pings."""
    _mention(core, message, allowed, ping=True)
    message.channel.messages[message.id] = message
    _saw(core, message)
    _unarchive(core, message.channel)
    if not message.ephemeral:
        core.tell_message("MESSAGE_CREATE", message)
        _preview(core, message)


def _saw(core: Core, message: Message) -> None:
    """Keep what people see of a message from now on."""
    controls = tuple(str(node["custom_id"]) for node in rules.walk(message.components) if node.get("custom_id"))
    version = Version(
        at=core.clock.time(),
        text=message.content,
        controls=controls,
        growing=bool(message.flags & LOADING),
        removed=message.deleted,
    )
    message.seen.append(version)


def _preview(core: Core, message: Message) -> None:
    """Discord tells the preview of a link in an update that is no edit."""
    if mentions.previews(message):
        core.tell_message("MESSAGE_UPDATE", message)


def reference_to(message: Message) -> Payload:
    """A reference as it stands in a reply."""
    body: Payload = {"type": 0, "channel_id": str(message.channel.id), "message_id": str(message.id)}
    return body | ({"guild_id": str(message.channel.guild.id)} if message.channel.guild else {})


def _mention(core: Core, message: Message, allowed: Allowed, *, ping: bool) -> None:
    text = mentions.texts(message.content, message.components)
    found = mentions.pings(text, message.author, message.channel, allowed, core.users)
    users = list(found.users)
    told: set[int | str] = set(found.ids)
    replied = message.replied_to
    if message.type == REPLY and replied is not None and (allowed.replied_user if ping else message.replied_ping):
        message.replied_ping = True
        if replied.author not in users:
            users.append(replied.author)
        told.add(replied.author.id)
    message.mentions = [one for one in users if message.channel.guild is None or _is_member(message, one)]
    message.mention_roles, message.mention_everyone = list(found.roles), found.everyone
    if ping and not mentions.is_silent(message):
        message.pinged |= told - {message.author.id}


def _is_member(message: Message, user: User) -> bool:
    assert message.channel.guild is not None
    return user.id in message.channel.guild.members


def _unarchive(core: Core, channel: Channel) -> None:
    thread = channel.thread
    if thread is not None and thread.archived:
        thread.archived = False
        core.tell_channel("UPDATE", channel)


def edit(core: Core, message: Message, body: Mapping[str, Any], files: Sequence[File] = ()) -> Message:
    """Change what `body` names, as PATCH does. Raises `ApiError`, and then nothing has changed."""
    flags = message.flags
    if body.get("flags") is not None:
        flags = message.flags & ~SUPPRESS_EMBEDS | int(body["flags"]) & EDITABLE
    rules.check_message(_whole(message, body), flags=flags)
    content = (body["content"] or "") if "content" in body else message.content
    embeds = _embeds(body) if "embeds" in body else message.embeds
    attachments = _kept(message, body) + uploaded(core, body, files)
    shown = message.components
    if "components" in body:
        shown = _components(core, message.channel, body, attachments)
    rules.check_not_empty(content=content, others=(embeds, shown, attachments))
    if files or not _CHANGES.isdisjoint(body):
        _note_edit(core, message)
    message.flags, message.content = flags & ~LOADING, content
    message.embeds, message.components, message.attachments = embeds, shown, attachments
    _mention(core, message, Allowed.of(body.get("allowed_mentions")), ping=False)
    _saw(core, message)
    if not message.ephemeral:
        core.tell_message("MESSAGE_UPDATE", message)
    return message


def _kept(message: Message, body: Mapping[str, Any]) -> list[Attachment]:
    """The files that an edit leaves: all, unless it says which."""
    if body.get("attachments") is None:
        return message.attachments
    kept = {int(attachment["id"]) for attachment in body["attachments"] if "id" in attachment}
    return [attachment for attachment in message.attachments if attachment.id in kept]


def _note_edit(core: Core, message: Message) -> None:
    """An edit is seen as one, but for that which ends "is thinking"."""
    if message.flags & LOADING:
        return
    message.versions.append(message.content)
    message.edited_at = core.clock.now()


def _whole(message: Message, body: Mapping[str, Any]) -> Payload:
    """What the message would hold after the edit, for the rules."""
    whole: Payload = {"content": message.content, "embeds": message.embeds, "components": message.components}
    return whole | {name: body[name] for name in whole if name in body}


def remove(core: Core, message: Message) -> None:
    """Delete a message; it stays known to those who look at what was there."""
    message.deleted = True
    _saw(core, message)
    if message.ephemeral:
        return
    body: Payload = {"id": str(message.id), "channel_id": str(message.channel.id)}
    guild = message.channel.guild
    if guild is not None:
        body["guild_id"] = str(guild.id)
    core.tell("MESSAGE_DELETE", message.channel, body, GUILD_MESSAGES if guild else DIRECT_MESSAGES)


def remove_all(core: Core, messages: Sequence[Message]) -> None:
    """Delete messages of one channel, told at once (events/gateway-events: Message Delete Bulk)."""
    channel = messages[0].channel
    for message in messages:
        message.deleted = True
        _saw(core, message)
    ids = [str(message.id) for message in messages]
    body: Payload = {"ids": ids, "channel_id": str(channel.id)}
    if channel.guild is not None:
        body["guild_id"] = str(channel.guild.id)
    core.tell("MESSAGE_DELETE_BULK", channel, body, GUILD_MESSAGES)


def check_may_post(core: Core, channel: Channel, *, files: bool) -> None:
    """Whether the bot may write there. Raises `ApiError` 50013, 50008, 50083 or 160005."""
    if not permissions.may_send(core.bot, channel) or (
        files and not permissions.may(core.bot, channel, "attach_files")
    ):
        raise ApiError(403, 50013, "Missing Permissions")
    if channel.type == FORUM:
        raise ApiError(400, 50008, "Cannot send messages in a non-text channel")
    if channel.thread is None or not channel.thread.locked or permissions.may(core.bot, channel, "manage_threads"):
        return
    if channel.thread.archived:
        raise ApiError(400, 50083, "Thread is archived")
    raise ApiError(403, 160005, "This thread is locked")


def find_reply(core: Core, channel: Channel, body: Mapping[str, Any]) -> Message | None:
    """The message that a new one replies to. Raises `ApiError` 50035 for an unknown one, 160002 without the history."""
    told = body.get("message_reference")
    if not told:
        return None
    if not permissions.may(core.bot, channel, "read_message_history"):
        raise ApiError(400, 160002, "Cannot reply without permission to read message history")
    found = channel.messages.get(int(told["message_id"]))
    if found is not None and not found.deleted and not found.ephemeral:
        return found
    if told.get("fail_if_not_exists", True) is False:
        return None
    raise wrong_form(["message_reference"], "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")


def shown_payload(core: Core, message: Message) -> Payload:
    """A message as REST tells it to this application; the portal's switch decides what it may read."""
    readable = core.options.message_content or core.is_readable(message)
    return core.message_payload(message, readable=readable)


def reaction_payload(core: Core, message: Message, user: User, emoji: str) -> Payload:
    """What MESSAGE_REACTION_ADD and _REMOVE tell."""
    body: Payload = {
        "user_id": str(user.id),
        "channel_id": str(message.channel.id),
        "message_id": str(message.id),
        "emoji": {"id": None, "name": emoji},
        "type": 0,
        "burst": False,
    }
    guild = message.channel.guild
    if guild is None:
        return body
    return body | {"guild_id": str(guild.id), "member": payloads.member(guild.members[user.id])}
