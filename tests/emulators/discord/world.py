"""What there is on the emulated Discord: people, guilds, channels, threads and messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.emulators.versions import Version

Payload = dict[str, Any]

# Channel types of Discord's documentation (resources/channel).
TEXT, DM, GROUP_DM, NEWS = 0, 1, 3, 5
NEWS_THREAD, PUBLIC_THREAD, PRIVATE_THREAD, FORUM = 10, 11, 12, 15
THREADS = frozenset({NEWS_THREAD, PUBLIC_THREAD, PRIVATE_THREAD})

# Message types and flags (resources/message).
DEFAULT, THREAD_CREATED, REPLY, CHAT_INPUT, THREAD_STARTER, CONTEXT_MENU = 0, 18, 19, 20, 21, 23
SUPPRESS_EMBEDS, HAS_THREAD, EPHEMERAL, LOADING = 1 << 2, 1 << 5, 1 << 6, 1 << 7
SUPPRESS_NOTIFICATIONS, HAS_SNAPSHOT, COMPONENTS_V2 = 1 << 12, 1 << 14, 1 << 15
FORWARD = 1  # type of a message reference


@dataclass(slots=True, kw_only=True, eq=False)
class User:
    """A person or a bot; `locale` is the language of the client, `installed` whether the app is in the account."""

    id: int
    name: str
    bot: bool = False
    locale: str = "en-US"
    installed: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Role:
    """A role of a guild; the one with the guild's id is everyone's."""

    id: int
    name: str
    permissions: int
    position: int = 0
    mentionable: bool = False
    managed: bool = False
    bot_id: int | None = None  # of the bot that it came with


@dataclass(slots=True, kw_only=True, eq=False)
class Member:
    """A user in a guild."""

    user: User
    joined_at: datetime
    roles: list[int] = field(default_factory=list)
    nick: str | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Guild:
    """A server; the bot is in it when it is among the members. `adding` is what its audit log tells of that."""

    id: int
    name: str
    owner: User
    locale: str = "en-US"
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    adding: list[tuple[int, User]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False)
class Overwrite:
    """Rights that a channel allows or denies to one role or member."""

    target: int
    is_member: bool
    allow: int = 0
    deny: int = 0


@dataclass(slots=True, kw_only=True, eq=False)
class Thread:
    """State of a channel that is a thread."""

    owner: User
    created_at: datetime
    auto_archive: int = 4320  # minutes, a client's default
    archived: bool = False
    locked: bool = False
    invitable: bool = True
    tags: list[int] = field(default_factory=list)
    members: dict[int, datetime] = field(default_factory=dict)
    starter: Message | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Channel:
    """A place for messages; `guild` is None for direct messages, `thread` is set for threads and forum posts."""

    id: int
    type: int
    name: str
    guild: Guild | None = None
    parent: Channel | None = None
    topic: str | None = None
    slowmode_s: int = 0
    recipients: list[User] = field(default_factory=list)
    overwrites: list[Overwrite] = field(default_factory=list)
    available_tags: list[Payload] = field(default_factory=list)
    messages: dict[int, Message] = field(default_factory=dict)
    thread: Thread | None = None
    typing: list[tuple[User, datetime]] = field(default_factory=list)

    @property
    def is_thread(self) -> bool:
        """Whether it is a thread or a forum post."""
        return self.type in THREADS

    @property
    def last_message_id(self) -> int | None:
        """The id of the newest message, also when that is deleted."""
        return next(reversed(self.messages), None)

    def shown(self) -> list[Message]:
        """The messages that everybody sees, the oldest first."""
        return [message for message in self.messages.values() if not message.deleted and not message.ephemeral]


@dataclass(slots=True, kw_only=True, eq=False)
class Attachment:
    """A file at a message."""

    id: int
    filename: str
    content_type: str
    data: bytes
    description: str | None = None
    signature: int = 1
    """Part of its address: one with another signature has expired (reference, signed attachment URLs)."""


@dataclass(slots=True, kw_only=True, eq=False)
class Message:
    """A message and its history. `versions` are the earlier contents; `seen_by` is set when it is ephemeral.

    `parts` are further fields as Discord sends them: `poll`, `sticker_items`, `message_snapshots`.

    `pinged` are the ids of users and roles that got a notification, and "everyone". `seen` is all that was ever seen of
    it, from when on.
    """

    id: int
    channel: Channel
    author: User
    at: datetime
    content: str = ""
    type: int = DEFAULT
    flags: int = 0
    embeds: list[Payload] = field(default_factory=list)
    components: list[Payload] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    mentions: list[User] = field(default_factory=list)
    mention_roles: list[int] = field(default_factory=list)
    mention_everyone: bool = False
    reference: Payload | None = None
    replied_to: Message | None = None
    replied_ping: bool = False
    nonce: str | int | None = None
    edited_at: datetime | None = None
    interaction: Payload | None = None
    app_sent: bool = False
    thread: Channel | None = None
    deleted: bool = False
    seen_by: User | None = None
    pinged: set[int | str] = field(default_factory=set)
    versions: list[str] = field(default_factory=list)
    late_edits: list[datetime] = field(default_factory=list)
    reactions: dict[str, list[User]] = field(default_factory=dict)
    parts: Payload = field(default_factory=dict)
    seen: list[Version] = field(default_factory=list, repr=False)

    @property
    def ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return bool(self.flags & EPHEMERAL)
