"""Parse Discord's messages with all their parts; missing or malformed parts are ignored. Pure.

Messages as the gateway and REST send them: https://docs.discord.com/developers/resources/message
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from adapters.discord.components_text import component_text
from adapters.discord.events.parse import Names, readable, without_address
from adapters.discord.payloads import Embed, Message, PollMedia, PollPayload
from adapters.discord.replies.components import are_below_answer
from adapters.discord.replies.rendering import SMALL
from bot.chat.message_markdown import beginning
from bot.types.content import (
    Card,
    CardField,
    MessageContent,
    Notice,
    Part,
    Poll,
    PollOption,
    Quote,
    QuoteKind,
    ReplyTo,
    Sticker,
)

MOST_DEPTH: Final = 4
"""Messages within messages that are read; Discord nests one."""

# Types of messages (resources/message, message types).
REPLY: Final = 19
THREAD_STARTER: Final = 21
COMMAND_USED: Final = 20
AUTOMOD: Final = 24
POLL_RESULT: Final = 46

AUTOMOD_REPORT: Final = "auto_moderation_message"
"""The type of the embed in which AutoMod tells what it found."""

NOTICES: Final[Mapping[int, str]] = {
    1: "added {mentioned} to the group",
    2: "removed {mentioned} from the group",
    3: "started a call",
    4: "changed the name of this channel to {text}",
    5: "changed the picture of this channel",
    6: "pinned a message to this channel",
    7: "joined the server",
    8: "boosted the server",
    9: "boosted the server, which reached level 1",
    10: "boosted the server, which reached level 2",
    11: "boosted the server, which reached level 3",
    12: "made this channel follow {text}",
    14: "The server was removed from Server Discovery",
    15: "The server is eligible for Server Discovery again",
    16: "The server has failed the requirements of Server Discovery for 1 week",
    17: "The server has failed the requirements of Server Discovery for 3 weeks",
    18: "started a thread: {text}",
    22: "was reminded to invite people",
    AUTOMOD: "AutoMod acted on a message: {text}",
    25: "subscribed to a role of this server: {text}",
    26: "An app offered a premium feature",
    27: "started a stage: {text}",
    28: "ended the stage: {text}",
    29: "became a speaker",
    31: "changed the topic of the stage to {text}",
    32: "subscribed the server to an app",
    36: "locked down the server: {text}",
    37: "ended the lockdown of the server",
    38: "reported a raid",
    39: "reported a false alarm",
    44: "bought something in the shop of this server: {text}",
}
"""What Discord itself says, by the type of the message; those in small letters follow the author's name."""


def read_content(message: Message, names: Names, *, bot_ids: frozenset[str] = frozenset()) -> MessageContent:
    """Return a message as people see it, without the mention of one of `bot_ids` that it begins or ends with."""
    return _Reader(names).message(message, bot_ids=bot_ids)


def name_of(message: Message, names: Names) -> str:
    """Return the author's name as others see it, "" where it is not told."""
    nick = message.member.nick if message.member else ""
    return nick or names("user", message.author.id) or message.author.shown_name


def _mentioned(message: Message) -> Iterator[tuple[str, str]]:
    """Return the people whom a message mentions, by id, under the names that others see."""
    for item in message.mentions:
        if name := item.member.nick or item.shown_name:
            yield item.id, name


class _Reader:
    """Read messages, also those within messages; `further` knows names that the messages do not tell."""

    def __init__(self, further: Names) -> None:
        self._further = further

    def message(self, message: Message, depth: int = 0, bot_ids: frozenset[str] = frozenset()) -> MessageContent:
        """Return what a message holds; `depth` is how many messages it stands in."""
        names = self._names_of(message)
        reply = self._reply(message, depth, bot_ids) if message.type == REPLY else None
        if are_below_answer(message.components):
            return replace(_answer(message, names), reply_to=reply)
        content = without_address(message.content, bot_ids) if bot_ids else message.content
        text = readable(content, names)
        if message.type == POLL_RESULT:
            return MessageContent(parts=(Notice(text=_poll_result(message)),))
        parts = tuple(self._parts(message, names, depth))
        if message.type in NOTICES:
            return MessageContent(parts=(_notice(message, text, names), *parts))
        shown = (text, *(component_text(item, names) for item in message.components))
        return MessageContent(
            text="\n".join(item for item in shown if item.strip()),
            parts=parts,
            reply_to=reply or _command_of(message, names),
        )

    def _names_of(self, message: Message) -> Names:
        people = dict(_mentioned(message))
        channels = {item.id: item.name for item in message.mention_channels}
        told = {"user": people, "channel": channels}
        return lambda kind, key: self._further(kind, key) or told.get(kind, {}).get(key)

    def _parts(self, message: Message, names: Names, depth: int) -> Iterator[Part]:
        if depth < MOST_DEPTH:
            for item in message.message_snapshots:
                yield self._forward(item.message or Message(), message, depth)
            starter = message.referenced_message
            if message.type == THREAD_STARTER and starter:
                yield self.quote(starter, depth, kind=QuoteKind.THREAD_START, author=name_of(starter, self._further))
        yield from (_card(item, names) for item in message.embeds if item.type != AUTOMOD_REPORT)
        if message.activity and message.application.name:
            yield Card(source="invitation", title=message.application.name)
        if message.poll:
            yield _poll(message.poll)
        for sticker in message.sticker_items or message.stickers:
            yield Sticker(name=sticker.name)

    def _forward(self, snapshot: Message, message: Message, depth: int) -> Quote:
        """Return a forwarded message; Discord tells neither its author nor the name of its channel."""
        name = self._further("channel", message.message_reference.channel_id) or ""
        return self.quote(snapshot, depth, place=f"#{name}" if name else "")

    def quote(
        self, message: Message, depth: int, *, kind: QuoteKind = QuoteKind.FORWARD, author: str = "", place: str = ""
    ) -> Quote:
        """Return a message as another one shows it."""
        return Quote(
            content=self.message(message, depth + 1),
            kind=kind,
            author=author,
            place=place,
            files=tuple(filter(None, (item.title or item.filename for item in message.attachments))),
        )

    def _reply(self, message: Message, depth: int, bot_ids: frozenset[str]) -> ReplyTo | None:
        id = message.message_reference.message_id
        told = message.referenced_message or Message()
        if depth >= MOST_DEPTH or not (id or message.referenced_message):
            return None
        if not message.tells("referenced_message"):  # within others it is left out; None is gone (resources/message)
            return ReplyTo(message_id=id, is_told=False)
        content = _answer(told, self._names_of(told)) if told.author.id in bot_ids else self.message(told, depth + 1)
        return ReplyTo(
            message_id=told.id or id,
            author=name_of(told, self._further),
            beginning=beginning(content) or ", ".join(item.filename for item in told.attachments if item.filename),
        )


def _answer(message: Message, names: Names) -> MessageContent:
    return MessageContent(text=readable(own_answer(message), names).rstrip())


def own_answer(message: Message) -> str:
    """Return what the bot answered in a message of its own, without the small print and the buttons below it."""
    return "\n".join(line for line in message.content.split("\n") if not line.startswith(SMALL))


def _command_of(message: Message, names: Names) -> ReplyTo | None:
    """Return the command that a message answers, which people see above it."""
    used = message.interaction if message.interaction.name else message.interaction_metadata
    if message.type != COMMAND_USED or not used.name:
        return None
    return ReplyTo(message_id="", author=names("user", used.user.id) or used.user.shown_name, beginning=f"/{used.name}")


def _notice(message: Message, text: str, names: Names) -> Notice:
    report = _automod_report(message) if message.type == AUTOMOD else ""
    text = report or text or message.subscribed_role or message.bought
    mentioned = ", ".join(names("user", id) or name for id, name in _mentioned(message)) or "somebody"
    told = NOTICES[message.type].format(text=text.strip(), mentioned=mentioned).strip().removesuffix(":")
    return Notice(text=told if told[:1].isupper() else f"{name_of(message, names) or 'Somebody'} {told}")


def _automod_report(message: Message) -> str:
    """Return what AutoMod tells moderators: the words of the message, and by which rule.

    The fields of such an embed: resources/auto-moderation and resources/message.
    """
    told = next((embed for embed in message.embeds if embed.type == AUTOMOD_REPORT), Embed())
    fields = {item.name: item.value for item in told.named_fields}
    why = [
        f"{word}: {fields[name]}" for name, word in (("rule_name", "rule"), ("keyword", "keyword")) if fields.get(name)
    ]
    return " ".join(filter(None, (told.description or message.content, f"({', '.join(why)})" if why else "")))


def _poll_result(message: Message) -> str:
    """Return what an embed of the type poll_result tells (resources/message, embed fields by embed type)."""
    told = {item.name: item.value for embed in message.embeds[:1] for item in embed.named_fields}
    question, winner = told.get("poll_question_text", ""), told.get("victor_answer_text", "")
    emoji, votes = told.get("victor_answer_emoji_name", ""), told.get("victor_answer_votes", "")
    ended = f"The poll {question!r} has closed" if question else "A poll has closed"
    winner = " ".join(filter(None, (emoji, winner)))
    leads = f"{winner!r} won with {votes or '0'} of" if winner else "no answer won among"
    return f"{ended}: {leads} {told.get('total_votes') or '0'} votes"


def _card(embed: Embed, names: Names) -> Card:
    fields = (
        CardField(name=readable(item.name, names), value=readable(item.value, names)) for item in embed.named_fields
    )
    pictures = (item.description for item in (embed.image, embed.thumbnail))
    shown = (readable(embed.description, names), *(f"(image: {picture})" for picture in pictures if picture))
    links = (embed.url, embed.video.url, embed.image.url, embed.author.url)
    return Card(
        title=readable(embed.title, names),
        link=next(filter(None, links), ""),
        source=", ".join(dict.fromkeys(filter(None, (embed.provider.name, embed.author.name)))),
        text="\n".join(filter(None, shown)),
        fields=tuple(item for item in fields if item.name or item.value),
        footer=", ".join(filter(None, (embed.footer.text, _moment(embed.timestamp)))),
    )


def _moment(timestamp: str) -> str:
    """Return a moment in words, "" for none."""
    try:
        return f"{datetime.fromisoformat(timestamp).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError):
        return ""


def _poll(poll: PollPayload) -> Poll:
    """Return a poll with its counts, where they are told: an answer without votes may be left out of them."""
    counts = {item.id: item.count for item in poll.results.answer_counts} if poll.results else {}
    ends = _moment(poll.expiry)
    return Poll(
        question=_media(poll.question),
        options=tuple(
            PollOption(text=_media(item.poll_media), votes=counts.get(item.answer_id, 0) if poll.results else None)
            for item in poll.answers
        ),
        is_closed=poll.results is not None and poll.results.is_finalized,
        rules=", ".join(
            filter(None, ("several can be chosen" if poll.allow_multiselect else "", ends and f"ends {ends}"))
        ),
    )


def _media(media: PollMedia) -> str:
    return " ".join(filter(None, (media.emoji.name, media.text)))
