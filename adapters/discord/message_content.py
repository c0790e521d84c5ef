"""Parse Discord's messages with all their parts; missing or malformed parts are ignored. Pure.

Messages as the gateway and REST send them: https://docs.discord.com/developers/resources/message
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from adapters.discord.components_text import component_text
from adapters.discord.events.parse import Names, readable, without_address
from adapters.discord.fields import Record, field, number, record, records
from adapters.discord.replies.components import are_below_answer
from adapters.discord.replies.rendering import SMALL
from bot.chat.message_rendering import beginning
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
POLL_RESULT: Final = 46

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
    24: "AutoMod acted on a message: {text}",
    25: "subscribed to a role of this server",
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
    44: "bought something in the shop of this server",
}
"""What Discord itself says, by the type of the message; those in small letters follow the author's name."""


def read_content(message: Record, names: Names, *, bot_ids: frozenset[str] = frozenset()) -> MessageContent:
    """Return a message as people see it, without the mention of one of `bot_ids` that it begins or ends with."""
    return _Reader(names).message(message, bot_ids=bot_ids)


def quoted(message: Record, names: Names) -> Quote:
    """Return a whole message within a question about it."""
    return _Reader(names).quote(message, 0, kind=QuoteKind.REPLIED_TO, author=name_of(message, names))


def name_of(message: Record, names: Names) -> str:
    """Return the author's name as others see it, "" where it is not told."""
    author, member = record(message, "author"), record(message, "member")
    return field(member, "nick") or names("user", field(author, "id")) or _shown_name(author, {})


def _shown_name(user: Record, member: Record) -> str:
    return field(member, "nick") or field(user, "global_name") or field(user, "username")


def _mentioned(message: Record) -> Iterator[tuple[str, str]]:
    """Return the people whom a message mentions, by id, under the names that others see."""
    for item in records(message, "mentions"):
        if name := _shown_name(item, record(item, "member")):
            yield field(item, "id"), name


class _Reader:
    """Read messages, also those within messages; `further` knows names that the messages do not tell."""

    def __init__(self, further: Names) -> None:
        self._further = further

    def message(self, message: Record, depth: int = 0, bot_ids: frozenset[str] = frozenset()) -> MessageContent:
        """Return what a message holds; `depth` is how many messages it stands in."""
        kind, names = number(message, "type"), self._names_of(message)
        reply = self._reply(message, depth, bot_ids) if kind == REPLY else None
        if are_below_answer(records(message, "components")):
            return replace(_answer(message, names), reply_to=reply)
        content = field(message, "content")
        text = readable(without_address(content, bot_ids) if bot_ids else content, names)
        if kind == POLL_RESULT:
            return MessageContent(parts=(Notice(text=_poll_result(message)),))
        parts = tuple(self._parts(message, names, depth))
        if kind in NOTICES:
            return MessageContent(parts=(_notice(message, kind, text, names), *parts))
        shown = (text, *(component_text(item, names) for item in records(message, "components")))
        return MessageContent(
            text="\n".join(item for item in shown if item.strip()),
            parts=parts,
            reply_to=reply,
        )

    def _names_of(self, message: Record) -> Names:
        people = dict(_mentioned(message))
        channels = {field(item, "id"): field(item, "name") for item in records(message, "mention_channels")}
        told = {"user": people, "channel": channels}
        return lambda kind, key: self._further(kind, key) or told.get(kind, {}).get(key)

    def _parts(self, message: Record, names: Names, depth: int) -> Iterator[Part]:
        if depth < MOST_DEPTH:
            for item in records(message, "message_snapshots"):
                yield self._forward(record(item, "message"), message, depth)
            starter = record(message, "referenced_message")
            if number(message, "type") == THREAD_STARTER and starter:
                yield self.quote(starter, depth, kind=QuoteKind.THREAD_START, author=name_of(starter, self._further))
        yield from (_card(item, names) for item in records(message, "embeds"))
        if poll := record(message, "poll"):
            yield _poll(poll)
        for item in records(message, "sticker_items") or records(message, "stickers"):
            yield Sticker(name=field(item, "name"))

    def _forward(self, snapshot: Record, message: Record, depth: int) -> Quote:
        """Return a forwarded message; Discord tells neither its author nor the name of its channel."""
        channel = field(message, "message_reference", "channel_id")
        name = self._further("channel", channel) or ""
        return self.quote(snapshot, depth, place=f"#{name}" if name else "")

    def quote(
        self, message: Record, depth: int, *, kind: QuoteKind = QuoteKind.FORWARD, author: str = "", place: str = ""
    ) -> Quote:
        """Return a message as another one shows it."""
        names = (field(item, "title") or field(item, "filename") for item in records(message, "attachments"))
        return Quote(
            content=self.message(message, depth + 1),
            kind=kind,
            author=author,
            place=place,
            files=tuple(filter(None, names)),
        )

    def _reply(self, message: Record, depth: int, bot_ids: frozenset[str]) -> ReplyTo | None:
        id = field(message, "message_reference", "message_id")
        told = record(message, "referenced_message")
        if depth >= MOST_DEPTH or not (id or told):
            return None
        is_own = field(record(told, "author"), "id") in bot_ids
        content = _answer(told, self._names_of(told)) if is_own else self.message(told, depth + 1)
        files = (field(item, "filename") for item in records(told, "attachments"))
        return ReplyTo(
            message_id=field(told, "id") or id,
            author=name_of(told, self._further),
            beginning=beginning(content) or ", ".join(filter(None, files)),
        )


def _answer(message: Record, names: Names) -> MessageContent:
    """Return what the bot answered in a message of its own, without the small print and the buttons below it."""
    lines = field(message, "content").split("\n")
    text = "\n".join(line for line in lines if not line.startswith(SMALL))
    return MessageContent(text=readable(text, names).rstrip())


def _notice(message: Record, kind: int, text: str, names: Names) -> Notice:
    mentioned = ", ".join(names("user", id) or name for id, name in _mentioned(message)) or "somebody"
    told = NOTICES[kind].format(text=text.strip(), mentioned=mentioned).strip().removesuffix(":")
    return Notice(text=told if told[:1].isupper() else f"{name_of(message, names) or 'Somebody'} {told}")


def _poll_result(message: Record) -> str:
    """Return what an embed of the type poll_result tells (resources/message, embed fields by embed type)."""
    embed = next(iter(records(message, "embeds")), {})
    told = {field(item, "name"): field(item, "value") for item in records(embed, "fields")}
    question, winner = told.get("poll_question_text", ""), told.get("victor_answer_text", "")
    emoji, votes = told.get("victor_answer_emoji_name", ""), told.get("victor_answer_votes", "")
    ended = f"The poll {question!r} has closed" if question else "A poll has closed"
    winner = " ".join(filter(None, (emoji, winner)))
    leads = f"{winner!r} won with {votes or '0'} of" if winner else "no answer won among"
    return f"{ended}: {leads} {told.get('total_votes') or '0'} votes"


def _card(embed: Record, names: Names) -> Card:
    sources = (field(embed, "provider", "name"), field(embed, "author", "name"))
    fields = (
        CardField(name=readable(field(item, "name"), names), value=readable(field(item, "value"), names))
        for item in records(embed, "fields")
    )
    pictures = (field(embed, name, "description") for name in ("image", "thumbnail"))
    shown = (readable(field(embed, "description"), names), *(f"(image: {picture})" for picture in pictures if picture))
    link = next(
        filter(None, (field(embed, "url"), *(field(embed, name, "url") for name in ("video", "image", "author")))), ""
    )
    return Card(
        title=readable(field(embed, "title"), names),
        link=link,
        source=", ".join(dict.fromkeys(filter(None, sources))),
        text="\n".join(filter(None, shown)),
        fields=tuple(item for item in fields if item.name or item.value),
        footer=field(embed, "footer", "text"),
    )


def _poll(poll: Record) -> Poll:
    """Return a poll with its counts, where they are told: an answer without votes may be left out of them."""
    results = record(poll, "results")
    counts = {number(item, "id"): number(item, "count") for item in records(results, "answer_counts")}
    return Poll(
        question=_media(record(poll, "question")),
        options=tuple(
            PollOption(
                text=_media(record(item, "poll_media")),
                votes=counts.get(number(item, "answer_id"), 0) if results else None,
            )
            for item in records(poll, "answers")
        ),
        is_closed=results.get("is_finalized") is True,
    )


def _media(media: Record) -> str:
    emoji: Any = record(media, "emoji")
    return " ".join(filter(None, (field(emoji, "name"), field(media, "text"))))
