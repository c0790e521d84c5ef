"""Payloads of Discord's REST interface and gateway: the fields that are read of them.

https://docs.discord.com/developers/resources/message and its neighbours; the gateway's messages are the same objects
with a little more.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AliasPath, BeforeValidator, Field

from bot.chat.payload import Flag, Id, Ids, Many, Nested, Number, OrNone, Payload, Text


class User(Payload):
    """Somebody's account."""

    id: Id = ""
    username: Text = ""
    global_name: Text = ""
    bot: Flag = False

    @property
    def shown_name(self) -> str:
        """The name that others see outside servers."""
        return self.global_name or self.username


class GuildMember(Payload):
    """Somebody in a server."""

    user: Nested[User] = User()
    nick: Text = ""
    roles: Ids = ()


class MentionPayload(User):
    """Somebody whom a message mentions."""

    member: Nested[GuildMember] = GuildMember()


class Named(Payload):
    """Anything with a name: a channel, role, tag, sticker or emoji; what an embed has of its author and provider."""

    id: Id = ""
    name: Text = ""
    url: Text = ""


class Medium(Payload):
    """A picture or video of an embed, a gallery or a file component."""

    url: Text = ""
    description: Text = ""


class GalleryItem(Payload):
    """A picture or video of a gallery."""

    media: Nested[Medium] = Medium()
    description: Text = ""


class AttachmentPayload(Payload):
    """A file of a message."""

    id: Id = ""
    filename: Text = ""
    title: Text = ""
    content_type: Text = ""
    size: Number = 0
    url: Text = ""


# ---------------------------------------------------------------- parts of messages


class EmbedFooter(Payload):
    """Text under an embed."""

    text: Text = ""


class EmbedField(Payload):
    """A name and its value."""

    name: Text = ""
    value: Text = ""


class Embed(Payload):
    """A card under a message."""

    type: Text = ""
    title: Text = ""
    description: Text = ""
    url: Text = ""
    provider: Nested[Named] = Named()
    author: Nested[Named] = Named()
    footer: Nested[EmbedFooter] = EmbedFooter()
    timestamp: Text = ""
    image: Nested[Medium] = Medium()
    thumbnail: Nested[Medium] = Medium()
    video: Nested[Medium] = Medium()
    named_fields: Many[EmbedField] = Field(default=(), alias="fields")


class PollMedia(Payload):
    """The words of a question or an answer."""

    text: Text = ""
    emoji: Nested[Named] = Named()


class PollAnswer(Payload):
    """An answer that can be chosen."""

    answer_id: Number = 0
    poll_media: Nested[PollMedia] = PollMedia()


class PollCount(Payload):
    """The votes of one answer."""

    id: Number = 0
    count: Number = 0


class PollResults(Payload):
    """The votes of a poll."""

    is_finalized: Flag = False
    answer_counts: Many[PollCount] = ()


class PollPayload(Payload):
    """A poll; its results may not be told."""

    question: Nested[PollMedia] = PollMedia()
    answers: Many[PollAnswer] = ()
    allow_multiselect: Flag = False
    expiry: Text = ""
    results: OrNone[PollResults] = None


class SelectOption(Payload):
    """One line of a menu."""

    label: Text = ""
    default: Flag = False


class Component(Payload):
    """A component of any type (https://docs.discord.com/developers/components/reference)."""

    type: Number = 0
    custom_id: Text = ""
    content: Text = ""
    label: Text = ""
    emoji: Nested[Named] = Named()
    url: Text = ""
    name: Text = ""
    description: Text = ""
    placeholder: Text = ""
    file: Nested[Medium] = Medium()
    media: Nested[Medium] = Medium()
    options: Many[SelectOption] = ()
    items: Many[GalleryItem] = ()
    components: Many[Component] = ()
    accessory: OrNone[Component] = None


class MessageReference(Payload):
    """Place of a message that another one answers or forwards; `type` 0 is an answer."""

    type: Number = 0
    message_id: Id = ""
    channel_id: Id = ""


class HangingThread(Payload):
    """The thread that hangs on a message."""

    message_count: Number = 0


class CommandUse(Payload):
    """The command of a bot that a message answers, and who gave it."""

    name: Text = ""
    user: Nested[User] = User()


class MessageSnapshot(Payload):
    """A message as it was when it was forwarded."""

    message: OrNone[Message] = None


class Message(Payload):
    """A message; one that is forwarded tells neither its id nor its author."""

    id: Id = ""
    type: Number = 0
    guild_id: Id = ""
    channel_id: Id = ""
    webhook_id: Id = ""
    author: Nested[User] = User()
    member: OrNone[GuildMember] = None
    content: Text = ""
    flags: Number = 0
    timestamp: Text = ""
    edited_timestamp: Text = ""
    mentions: Many[MentionPayload] = ()
    mention_channels: Many[Named] = ()
    attachments: Many[AttachmentPayload] = ()
    embeds: Many[Embed] = ()
    components: Many[Component] = ()
    poll: OrNone[PollPayload] = None
    sticker_items: Many[Named] = ()
    stickers: Many[Named] = ()
    message_snapshots: Many[MessageSnapshot] = ()
    message_reference: Nested[MessageReference] = MessageReference()
    referenced_message: OrNone[Message] = None
    thread: Nested[HangingThread] = HangingThread()
    activity: OrNone[Named] = None
    application: Nested[Named] = Named()
    interaction: Nested[CommandUse] = CommandUse()
    interaction_metadata: Nested[CommandUse] = CommandUse()
    subscribed_role: Text = Field(default="", validation_alias=AliasPath("role_subscription_data", "tier_name"))
    bought: Text = Field(
        default="", validation_alias=AliasPath("purchase_notification", "guild_product_purchase", "product_name")
    )

    def check_whole(self) -> None:
        """Raise `KeyError` unless it tells which message it is, when and where it was sent, and by whom."""
        for name in ("id", "channel_id", "timestamp"):
            if not getattr(self, name):
                raise KeyError(name)
        if not self.author.id:
            raise KeyError("author")

    def tells(self, name: str) -> bool:
        """Return whether Discord sent the field at all, be it empty."""
        return name in self.model_fields_set

    @property
    def is_direct(self) -> bool:
        """Return whether the gateway tells it of no server: the bot is in none but direct messages there."""
        return not self.tells("guild_id")

    @property
    def is_answer(self) -> bool:
        """Return whether it refers to a message that it replies to."""
        return self.message_reference.message_id != "" and self.message_reference.type == 0

    @property
    def created_at(self) -> datetime:
        """Return when it was sent. Raises `ValueError` where that is not told."""
        return moment(self.timestamp)

    @property
    def edited_at(self) -> datetime | None:
        """Return when it was edited last."""
        return moment(self.edited_timestamp) if self.edited_timestamp else None


def moment(text: str) -> datetime:
    """Return a moment as Discord writes it. Raises `ValueError`."""
    return datetime.fromisoformat(text).astimezone(UTC)


# ---------------------------------------------------------------- places


class Overwrite(Payload):
    """Rights of a role (`type` 0) or a member (1) beside what the server says; bits as decimal texts."""

    id: Id = ""
    type: Number = 0
    allow: Id = "0"
    deny: Id = "0"


class ThreadMetadata(Payload):
    """The state of a thread."""

    locked: Flag = False


class ChannelPayload(Payload):
    """A channel, thread or direct conversation (https://docs.discord.com/developers/resources/channel)."""

    id: Id = ""
    type: Number = 0
    guild_id: Id = ""
    name: Text = ""
    topic: Text = ""
    parent_id: Id = ""
    owner_id: Id = ""
    thread_metadata: Nested[ThreadMetadata] = ThreadMetadata()
    permission_overwrites: Many[Overwrite] = ()
    recipients: Many[User] = ()
    available_tags: Many[Named] = ()
    applied_tags: Ids = ()


class RolePayload(Payload):
    """A role of a server; bits as a decimal text, and the bot that it came with."""

    id: Id = ""
    name: Text = ""
    permissions: Id = "0"
    bot_id: Id = Field(default="", validation_alias=AliasPath("tags", "bot_id"))


class Guild(Payload):
    """A server (https://docs.discord.com/developers/resources/guild)."""

    id: Id = ""
    name: Text = ""
    owner_id: Id = ""
    roles: Many[RolePayload] = ()


# ---------------------------------------------------------------- others


class Reaction(Payload):
    """Somebody reacts to a message (events/gateway-events#message-reaction-add)."""

    guild_id: Id = ""
    channel_id: Id = ""
    message_id: Id = ""
    user_id: Id = ""
    message_author_id: Id = ""
    member: Nested[GuildMember] = GuildMember()
    emoji: Nested[Named] = Named()


class FormComponent(Payload):
    """A component of a form that was sent in, and what stands in it; Discord nests them."""

    value: Text = ""
    components: Many[FormComponent] = ()
    component: OrNone[FormComponent] = None

    def values(self) -> Iterator[str]:
        """Yield the texts that were typed, from the first field on."""
        yield from filter(None, (self.value,))
        for item in (*self.components, *filter(None, (self.component,))):
            yield from item.values()


class InteractionData(Payload):
    """Control that was pressed, or form with its fields (interactions/receiving-and-responding#interaction-data)."""

    custom_id: Text = ""
    components: Many[FormComponent] = ()


class AuditLogEntry(Payload):
    """One action in a server."""

    user_id: Id = ""


class AuditLog(Payload):
    """The log of a server, the newest entries first (https://docs.discord.com/developers/resources/audit-log)."""

    audit_log_entries: Many[AuditLogEntry] = ()


class SessionStarts(Payload):
    """Sessions that may still be started at the gateway."""

    total: Number = 0
    remaining: Number = 0


class GatewayBot(Payload):
    """The gateway as it is open to one bot (events/gateway#get-gateway-bot)."""

    session_start_limit: Nested[SessionStarts] = SessionStarts()


class ApplicationInfo(Payload):
    """Public settings of the application: who may add the bot, and where to (https://docs.discord.com/developers/resources/application)."""

    bot_public: Annotated[bool, BeforeValidator(lambda value: value is not False)] = True
    integration_types_config: Nested[dict[str, Any]] = Field(default_factory=dict)
