"""What people do with messages."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from typing import Any

from tests.emulators.discord import components, permissions, posting, threads
from tests.emulators.discord.gateway import DIRECT_REACTIONS, GUILD_REACTIONS
from tests.emulators.discord.mentions import Allowed
from tests.emulators.discord.scene import Scene
from tests.emulators.discord.world import (
    DEFAULT,
    FORWARD,
    HAS_SNAPSHOT,
    PUBLIC_THREAD,
    SUPPRESS_EMBEDS,
    SUPPRESS_NOTIFICATIONS,
    Attachment,
    Channel,
    Message,
    Payload,
    User,
)

Upload = tuple[str, bytes]  # the file's name and what is in it
PARTS = ("poll", "sticker_items", "message_snapshots", "webhook_id")
SNAPSHOT = (
    *("type", "content", "embeds", "attachments", "timestamp", "edited_timestamp", "flags", "components", "mentions"),
    *("mention_roles", "sticker_items"),
)
"""What a forward keeps of a message (resources/message, message snapshot)."""

MOST_CHARACTERS = 4_000  # of people with a subscription; 2,000 without


class CannotDo(Exception):
    """A person's client does not offer this, and says why."""


class People(Scene):
    """A person writes, changes, deletes and reacts. What the client would not let through raises `CannotDo`."""

    def say(
        self,
        user: User,
        channel: Channel,
        text: str,
        *,
        reply_to: Message | None = None,
        ping: bool = True,
        attachments: Sequence[Upload] = (),
        silent: bool = False,
    ) -> Message:
        """Write a message; `reply_to` with `ping` notifies its author. Mentions are `<@id>`, see `mention`."""
        self._check_there(user, channel)
        if not permissions.may_send(user, channel):
            raise CannotDo(f"{user.name} may not write in {channel.name!r}")
        if len(text) > MOST_CHARACTERS or not (text or attachments):
            raise CannotDo(f"a message has 1 to {MOST_CHARACTERS} characters, or a file")
        draft = posting.Draft(
            channel=channel,
            author=user,
            content=text,
            flags=SUPPRESS_NOTIFICATIONS if silent else 0,
            replied_to=reply_to,
            allowed=Allowed(replied_user=ping),
            attachments=[self.attachment(item) for item in attachments],
            nonce=str(self.ids.new()),
        )
        if channel.thread is not None:
            channel.thread.members.setdefault(user.id, self.clock.now())
        return posting.post(self, draft)

    def send(self, user: User, channel: Channel, body: Payload, *, reply_to: Message | None = None) -> Message:
        """Write a message of any parts, as another app or a person's client can: the fields are those of Discord's API.

        `content`, `type`, `flags`, `embeds`, `components`, `message_reference`, and, as messages carry them, `poll`,
        `sticker_items`, `message_snapshots` and `webhook_id`. Nothing of them is checked.
        """
        self._check_there(user, channel)
        draft = posting.Draft(
            channel=channel,
            author=user,
            content=body.get("content", ""),
            type=body.get("type", DEFAULT),
            flags=body.get("flags", 0),
            embeds=[{"type": "rich"} | embed for embed in body.get("embeds", ())],
            components=components.shown(body.get("components", ()), {}),
            replied_to=reply_to,
            reference=body.get("message_reference"),
            parts={name: body[name] for name in PARTS if name in body},
        )
        return posting.post(self, draft)

    def forward(self, user: User, message: Message, channel: Channel) -> Message:
        """Forward a message to a channel; Discord keeps a copy of what it said, without its author."""
        told = self.message_payload(message)
        snapshot = {name: told[name] for name in SNAPSHOT if name in told}
        reference = posting.reference_to(message) | {"type": FORWARD}
        body = {"flags": HAS_SNAPSHOT, "message_reference": reference, "message_snapshots": [{"message": snapshot}]}
        return self.send(user, channel, body)

    def tell_again(self, message: Message) -> None:
        """Tell a message once more: RESUME tells everything behind the sequence number that a client had stored last.

        https://docs.discord.com/developers/events/gateway#resuming
        """
        self.tell_message("MESSAGE_CREATE", message)

    def attachment(self, upload: Upload) -> Attachment:
        """A file as Discord keeps it."""
        name, data = upload
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Attachment(id=self.ids.new(), filename=name, content_type=kind, data=data)

    def mention(self, user: User | None = None) -> str:
        """How a message mentions somebody, the bot if nobody is named."""
        return f"<@{(user or self.bot).id}>"

    def edit(self, user: User, message: Message, text: str) -> None:
        """Change one's own message."""
        if message.author is not user:
            raise CannotDo("only the author can edit a message")
        posting.edit(self, message, {"content": text})

    def unfurl(self, message: Message, **embed: Any) -> None:
        """Discord adds the preview of a link, which is told as an update that is no edit."""
        message.embeds.append({"type": "link", **embed})
        self.tell_message("MESSAGE_UPDATE", message)

    def delete(self, user: User, message: Message) -> None:
        """Delete one's own message, or somebody's with the permission to."""
        if message.author is not user and not permissions.may(user, message.channel, "manage_messages"):
            raise CannotDo(f"{user.name} may not delete this message")
        posting.remove(self, message)

    def delete_all(self, user: User, messages: Sequence[Message]) -> None:
        """Delete up to 100 messages of one channel at once, as a moderator's bot does (MESSAGE_DELETE_BULK)."""
        if not permissions.may(user, messages[0].channel, "manage_messages"):
            raise CannotDo(f"{user.name} may not delete these messages")
        posting.remove_all(self, messages)

    def delete_channel(self, user: User, channel: Channel) -> None:
        """Delete a channel or thread."""
        if not permissions.may(user, channel, "manage_threads" if channel.is_thread else "manage_channels"):
            raise CannotDo(f"{user.name} may not delete this channel")
        self.remove_channel(channel)

    def dismiss_previews(self, user: User, message: Message) -> None:
        """Somebody closes the previews of a message."""
        posting.edit(self, message, {"flags": message.flags | SUPPRESS_EMBEDS})

    def react(self, user: User, message: Message, emoji: str, *, id: int | None = None) -> None:
        """Add a reaction; `id` is that of an emoji of the server's own."""
        who = message.reactions.setdefault(emoji, [])
        if user in who:
            raise CannotDo(f"{user.name} has reacted so already")
        who.append(user)
        self._tell_reaction(user, message, emoji, id)

    def react_again(self, user: User, message: Message, emoji: str) -> None:
        """Discord tells a reaction a second time, as the events of a session that is resumed may be."""
        self._tell_reaction(user, message, emoji, None)

    def _tell_reaction(self, user: User, message: Message, emoji: str, id: int | None) -> None:
        body = posting.reaction_payload(self, message, user, emoji) | {"message_author_id": str(message.author.id)}
        body["emoji"] = {"id": None if id is None else str(id), "name": emoji}
        intent = GUILD_REACTIONS if message.channel.guild else DIRECT_REACTIONS
        self.tell("MESSAGE_REACTION_ADD", message.channel, body, intent)

    def type_in(self, user: User, channel: Channel) -> None:
        """Somebody is typing."""
        channel.typing.append((user, self.clock.now()))
        self.tell_typing(channel, user)

    def thread(self, user: User, message: Message, name: str) -> Channel:
        """Open a thread at a message."""
        self._check_there(user, message.channel)
        return threads.from_message(self, message, user, {"name": name})

    def open_thread(self, user: User, channel: Channel, name: str) -> Channel:
        """Open a public thread without a message."""
        self._check_there(user, channel)
        return threads.without_message(self, channel, user, {"name": name, "type": PUBLIC_THREAD})

    def post(
        self,
        user: User,
        forum: Channel,
        title: str,
        text: str,
        *,
        tags: Sequence[str] = (),
        attachments: Sequence[Upload] = (),
    ) -> Channel:
        """Open a post in a forum, with tags by their names; its first message has the post's id."""
        self._check_there(user, forum)
        chosen = [tag["id"] for tag in forum.available_tags if tag["name"] in tags]
        files = [self.attachment(item) for item in attachments]
        draft = posting.Draft(channel=forum, author=user, content=text, attachments=files)
        post, _ = threads.forum_post(self, forum, {"name": title, "applied_tags": chosen}, draft)
        return post

    def join_thread(self, user: User, thread: Channel) -> None:
        """Join a thread."""
        threads.join(self, thread, user)

    def leave_thread(self, user: User, thread: Channel) -> None:
        """Leave a thread."""
        threads.leave(self, thread, user)

    def add_bot(self, thread: Channel) -> None:
        """Add the bot to a thread, which it needs to see a private one."""
        threads.join(self, thread, self.bot)

    def _check_there(self, user: User, channel: Channel) -> None:
        there = user.id in channel.guild.members if channel.guild else user in channel.recipients
        if not there or (channel.guild and not permissions.may(user, channel, "view_channel")):
            raise CannotDo(f"{user.name} does not see this channel")
