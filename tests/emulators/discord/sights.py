"""What people see: transcripts, who was pinged, whose links were fetched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.emulators.discord import mentions, rules
from tests.emulators.discord.core import Core
from tests.emulators.discord.world import LOADING, SUPPRESS_EMBEDS, Channel, Message, Payload, User

TYPING_S = 10.0  # how long the indicator lasts (platform reference, 2.5)
_NAMES = {18: "opened a thread", 21: "thread began here"}
_LABELS = ("label", "placeholder", "content")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One message as it is seen. `labels` are the words on components; `previews` the links that show one;
    `only_for` is the name of the one person who sees it; `pinged` the ids that were notified.
    """

    message: Message
    author: str
    text: str
    edits: int
    labels: Sequence[str]
    embeds: Sequence[Payload]
    suppressed: bool
    previews: Sequence[str]
    files: Sequence[str]
    only_for: str | None
    thinking: bool
    pinged: frozenset[int | str]
    reply_to: int | None
    reactions: Sequence[str]

    def __str__(self) -> str:
        """The message as a few lines."""
        notes = [f"only {self.only_for} sees this"] if self.only_for else []
        notes += ["is thinking ..."] if self.thinking else []
        notes += [f"edited {self.edits} times"] if self.edits else []
        notes += [_NAMES[self.message.type]] if self.message.type in _NAMES else []
        notes += ["link previews off"] if self.suppressed else []
        notes += [f"preview of {preview}" for preview in self.previews]
        head = f"{self.author}{''.join(f' ({note})' for note in notes)}:"
        lines = [head, *(f"    {line}" for line in self.text.splitlines())]
        lines += [f"    [file {file_}]" for file_ in self.files]
        lines += ["    " + " ".join(f"[{label}]" for label in self.labels)] if self.labels else []
        lines += ["    " + " ".join(self.reactions)] if self.reactions else []
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A channel as it is seen, the oldest message first."""

    channel: str
    messages: Sequence[Shown]
    typing: Sequence[str]

    @property
    def texts(self) -> list[str]:
        """The texts alone."""
        return [message.text for message in self.messages]

    def of(self, name: str) -> list[Shown]:
        """The messages of one author."""
        return [message for message in self.messages if message.author == name]

    def __str__(self) -> str:
        """The channel as lines of text."""
        lines = [f"# {self.channel}", *(str(message) for message in self.messages)]
        lines += [f"({', '.join(self.typing)} typing ...)"] if self.typing else []
        return "\n".join(lines)


class Sights(Core):
    """Sights on the emulated Discord."""

    def transcript(self, channel: Channel, *, viewer: User | None = None) -> Transcript:
        """The channel as `viewer` sees it; without one, with what each person alone sees."""
        messages = [
            message
            for message in channel.messages.values()
            if not message.deleted and (not message.ephemeral or viewer is None or message.seen_by is viewer)
        ]
        name = channel.name or ", ".join(one.name for one in channel.recipients)
        return Transcript(
            channel=name,
            messages=[shown(message) for message in messages],
            typing=[one.name for one in self.typing(channel)],
        )

    def typing(self, channel: Channel) -> list[User]:
        """Who is typing there; the indicator ends with a message."""
        now = self.clock.now()
        seen: dict[int, User] = {}
        for user, at in channel.typing:
            said = any(one.author is user and one.at > at for one in channel.messages.values())
            if (now - at).total_seconds() < TYPING_S and not said:
                seen[user.id] = user
        return list(seen.values())

    def pings(self, who: User) -> list[Message]:
        """The messages that notified somebody by name, by a reply, by a role or as everyone."""
        found = []
        for channel in self.channels.values():
            guild = channel.guild
            member = guild.members.get(who.id) if guild else None
            ids = {who.id, *(member.roles if member else ())} | ({"everyone"} if member else set())
            found += [
                message for message in channel.messages.values() if message.pinged & ids and message.author is not who
            ]
        return found

    def pinged_by_bot(self) -> set[int | str]:
        """Everybody whom a message of the bot notified: ids of people and roles, and "everyone"."""
        every = (message for channel in self.channels.values() for message in channel.messages.values())
        return set().union(*(item.pinged for item in every if item.author is self.bot))

    def fetched_links(self) -> list[str]:
        """The links in messages of the bot of which Discord fetches a preview."""
        every = (message for channel in self.channels.values() for message in channel.messages.values())
        return [
            link for item in every if item.author is self.bot and not item.deleted for link in mentions.previews(item)
        ]

    def edits_of(self, message: Message) -> list[str]:
        """Every content that a message has had, the present one last."""
        return [*message.versions, message.content]

    def typed_at(self, channel: Channel, user: User | None = None) -> list[datetime]:
        """When somebody, the bot if nobody is named, showed as typing."""
        return [at for who, at in channel.typing if who is (user or self.bot)]


def shown(message: Message) -> Shown:
    """A message as it is seen."""
    labels = [node[name] for node in rules.walk(message.components) for name in _LABELS[:2] if node.get(name)]
    return Shown(
        message=message,
        author=message.author.name,
        text=mentions.texts(message.content, message.components),
        edits=len(message.versions),
        labels=labels,
        embeds=message.embeds,
        suppressed=bool(message.flags & SUPPRESS_EMBEDS),
        previews=mentions.previews(message),
        files=[attachment.filename for attachment in message.attachments],
        only_for=message.seen_by.name if message.ephemeral and message.seen_by else None,
        thinking=bool(message.flags & LOADING),
        pinged=frozenset(message.pinged),
        reply_to=message.replied_to.id if message.replied_to else None,
        reactions=[f"{name} {len(who)}" for name, who in message.reactions.items()],
    )
