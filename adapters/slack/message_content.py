"""Parse Slack's messages with all their parts; missing or malformed parts are ignored. Pure.

Messages: https://docs.slack.dev/reference/events/message, attachments of both generations:
https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final, Literal

from adapters.slack.block_kit import BlockReader, Piece
from adapters.slack.mrkdwn import to_plain
from adapters.slack.payloads import LEFT_OUT, Record, attachments, field, first_line, moment, records
from adapters.slack.rich_text import MOST_DEPTH, Names
from bot.chat.message_rendering import MESSAGE_CHARACTERS, beginning, render, repeats
from bot.types import Attachment, Mention
from bot.types.content import Card, CardField, MessageContent, Notice, Part, Passage, Quote, QuoteKind, ReplyTo

BROADCAST: Final = "thread_broadcast"
"""Subtype of a reply that was sent to the channel as well."""

_PLACES: Final = ("channel", "group")
_CHANGES: Final = (
    *("join", "leave", "topic", "purpose", "name", "archive", "unarchive", "posting_permissions"),
    *("convert_to_private", "convert_to_public", "canvas_updated"),
)
NOTICES: Final = frozenset(
    {f"{place}_{change}" for place in _PLACES for change in _CHANGES}
    | {"pinned_item", "unpinned_item", "bot_add", "bot_remove", "reminder_add", "huddle_thread", "tombstone"}
    | {"ekm_access_denied", "sh_room_created", "bot_enable", "bot_disable"}
)
"""Subtypes of what Slack itself says on one line."""

_MENTION = re.compile(r"<(?P<mark>[@#]|!subteam\^)(?P<id>[A-Z][A-Z0-9]{1,30})(?:\|[^<>]*)?>")
_KINDS: Final[Mapping[str, Literal["person", "group", "channel"]]] = {
    "@": "person",
    "#": "channel",
    "!subteam^": "group",
}
_MENTIONED: Final = {"user_id": "@", "channel_id": "#", "usergroup_id": "!subteam^", "author_id": "@"}
_NO_PREVIEW: Final = "[no preview available]"
_PREVIEW: Final = ("from_url", "original_url", "app_unfurl_url")
"""Fields that say of which address an attachment is a preview: https://docs.slack.dev/messaging/unfurling-links-in-messages"""


def read_content(message: Record, names: Names, *, bot_user: str = "") -> MessageContent:
    """Return a message as people see it, without the mention of `bot_user` that it begins or ends with.

    `names` are those of whom `mentions` finds.
    """
    unnamed = {id: name for id, name in names.items() if id != bot_user}
    content = _Reader(unnamed).message(message)
    if not bot_user:
        return content
    text = _without_address(content.text, f"@{bot_user}").replace(f"@{bot_user}", f"@{names.get(bot_user, bot_user)}")
    return MessageContent(text=text, parts=content.parts, reply_to=content.reply_to)


def written(message: Record, names: Names, *, bot_user: str = "", most: int = MESSAGE_CHARACTERS) -> str:
    """Return a message with all its parts as Markdown of at most `most` characters; see `read_content`."""
    return render(read_content(message, names, bot_user=bot_user), most=most)


def has_content(message: Record) -> bool:
    """Return whether a message says or shows something that people put there."""
    if message.get("hidden") is True or field(message, "subtype") in LEFT_OUT or moment(field(message, "ts")) is None:
        return False
    return bool(field(message, "text").strip()) or any(files(message)) or bool(written(message, {}).strip())


def is_same(before: Record, after: Record) -> bool:
    """Return whether two states of a message say the same, whatever previews Slack has put below it meanwhile."""
    first, second = (read_content(_without_previews(message), {}) for message in (before, after))
    return first == second


def _without_previews(message: Record) -> Record:
    own = [item for item in records(message, "attachments") if not _is_preview(item)]
    return {**message, "attachments": own}


def _is_preview(attachment: Record) -> bool:
    return attachment.get("is_share") is not True and any(field(attachment, name) for name in _PREVIEW)


def mentions(message: Record) -> list[tuple[str, str]]:
    """Return whom and what a message names, in any of its parts: the marks "@", "#" or "!subteam^" with the ids."""
    found: dict[tuple[str, str], None] = {("@", id): None for id in (field(message, "root", "user"),) if id}
    waiting: list[Any] = [message]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            found.update(dict.fromkeys((match["mark"], match["id"]) for match in _MENTION.finditer(value)))
        elif isinstance(value, list):
            waiting += reversed(value)
        elif isinstance(value, Mapping):
            named = ((mark, field(value, name)) for name, mark in _MENTIONED.items())
            found.update(dict.fromkeys((mark, id) for mark, id in named if id))
            waiting += reversed(list(value.values()))
    return list(found)


def named_in(text: str, names: Mapping[str, str]) -> Mapping[str, Mention]:
    """Return whom and what a text names, by how it is written for people; what two have in common names neither."""
    found: dict[str, Mention] = {}
    unclear: set[str] = set()
    for match in _MENTION.finditer(text):
        word, mention = to_plain(match[0], names), Mention(kind=_KINDS[match["mark"]], id=match["id"])
        if found.setdefault(word, mention) != mention:
            unclear.add(word)
    return {word: mention for word, mention in found.items() if word not in unclear}


def files(message: Record) -> Iterator[Attachment]:
    """Return the files beside a message and those of the messages that it forwards, each once."""
    shared = (item for item in records(message, "attachments") if _is_message(item))
    found = chain(attachments(message), *(attachments(record) for item in shared for record in (item, *_inside(item))))
    yield from {item.id: item for item in found}.values()


def _is_message(attachment: Record) -> bool:
    return any(attachment.get(name) is True for name in ("is_share", "is_msg_unfurl", "is_reply_unfurl"))


def _inside(attachment: Record) -> Iterator[Record]:
    """Return the messages that a forward holds in their own form, beside its plain text."""
    for record in records(attachment, "message_blocks"):
        inner = record.get("message")
        if isinstance(inner, Mapping):
            yield inner


def _without_address(text: str, mention: str) -> str:
    name = re.escape(mention) + r"(?!\w)"
    text = re.sub(rf"^(?:\s*+{name}[\s,:]*+)++", "", text)
    end = len(text.rstrip())
    while text.endswith(mention, 0, end):
        end -= len(mention)
        while end and text[end - 1].isspace():
            end -= 1
    return text[:end].strip()


class _Reader:
    """Read messages, also those within messages."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._blocks = BlockReader(names)

    def message(self, message: Record, depth: int = 0) -> MessageContent:
        """Return what a message holds; `depth` is how many messages it stands in."""
        subtype = field(message, "subtype")
        further = self._attachments(message, depth)
        if subtype in NOTICES:
            told = first_line(self._words(message, "text"), self._words(message, "topic"), subtype.replace("_", " "))
            return MessageContent(parts=(Notice(text=told), *further))
        pieces = self._blocks.pieces(records(message, "blocks"))
        is_app = subtype == "bot_message" or bool(field(message, "bot_id"))
        text, parts = _joined(self._words(message, "text"), pieces, is_app=is_app)
        if subtype == "me_message" and text and "\n" not in text:
            text = f"_{text}_"
        return MessageContent(text=text, parts=(*parts, *further), reply_to=self._root(message))

    def _words(self, record: Record, name: str) -> str:
        return self._blocks.words(field(record, name))

    def _root(self, message: Record) -> ReplyTo | None:
        """Return the message whose thread a reply stands in that is shown in the channel as well."""
        root = message.get("root")
        if field(message, "subtype") != BROADCAST or not isinstance(root, Mapping):
            return None
        user = field(root, "user")
        author = self._names.get(user, "") or first_line(field(root, "username"), field(root, "bot_profile", "name"))
        told = self.message({name: value for name, value in root.items() if name != "root"}, MOST_DEPTH)
        return ReplyTo(message_id=field(root, "ts"), author=author or user, beginning=beginning(told))

    # ------------------------------------------------------------ attachments

    def _attachments(self, message: Record, depth: int) -> list[Part]:
        if depth > MOST_DEPTH:
            return []
        return [part for record in records(message, "attachments") for part in self._attachment(record, depth)]

    def _attachment(self, attachment: Record, depth: int) -> Iterator[Part]:
        if _is_message(attachment):
            yield self._quote(attachment, depth)
            return
        pieces = self._blocks.pieces(records(attachment, "blocks"))
        card = self._card(attachment, [piece for piece in pieces if isinstance(piece, str)])
        others = [piece for piece in pieces if not isinstance(piece, str)]
        fallback = self._words(attachment, "fallback")
        if not (card.title or card.text or card.fields or others) and fallback != _NO_PREVIEW:
            card = Card(link=card.link, source=card.source, footer=card.footer, text=fallback)
        yield card
        yield from others

    def _card(self, attachment: Record, words: list[str]) -> Card:
        preview = attachment.get("preview")
        more = self._blocks.pieces([preview]) if isinstance(preview, Mapping) else []
        told = "\n".join(words)
        plain = [each for name in ("pretext", "text") if (each := self._words(attachment, name))]
        shown = [
            *(item for item in plain if not repeats(item, told)),
            told,
            *(item for item in more if isinstance(item, str)),
        ]
        shown.append(self._blocks.buttons(records(attachment, "actions")))
        fields = (
            CardField(name=self._words(record, "title"), value=self._words(record, "value"))
            for record in records(attachment, "fields")
        )
        sources = dict.fromkeys(filter(None, (field(attachment, "service_name"), field(attachment, "author_name"))))
        addresses = ("title_link", "from_url", "original_url", "app_unfurl_url", "image_url")
        return Card(
            title=self._words(attachment, "title"),
            link=first_line(*(field(attachment, name) for name in addresses)),
            source=", ".join(sources),
            text="\n".join(filter(None, shown)),
            fields=tuple(item for item in fields if item.name or item.value),
            footer=self._words(attachment, "footer"),
        )

    def _quote(self, attachment: Record, depth: int) -> Quote:
        """Return a message of somebody that is forwarded, or whose address was written."""
        inside = list(_inside(attachment))
        pieces = [piece for item in inside for piece in self._blocks.pieces(records(item, "blocks"))]
        pieces = pieces or self._blocks.pieces([*records(attachment, "message_blocks"), *records(attachment, "blocks")])
        plain = self._words(attachment, "text") or ("" if pieces else self._words(attachment, "fallback"))
        text, parts = _joined(plain, pieces, is_app=True)
        named = {name: attachment.get(name) for name in ("title", "title_link", "fields")}
        if field(named, "title") or named["fields"]:
            parts.append(self._card(named, []))
        for item in (attachment, *inside):
            parts += self._attachments(item, depth + 1)
        author, channel = field(attachment, "author_id"), field(attachment, "channel_id")
        place = self._names.get(channel, "") or field(attachment, "channel_name")
        return Quote(
            content=MessageContent(text=text, parts=tuple(parts)),
            kind=QuoteKind.FORWARD if attachment.get("is_share") is True else QuoteKind.LINK,
            author=first_line(self._names.get(author, ""), field(attachment, "author_name"), author),
            place=f"#{place.removeprefix('#')}" if place else "",
            files=tuple(dict.fromkeys(item.name for one in (attachment, *inside) for item in attachments(one))),
        )


def _joined(text: str, pieces: list[Piece], *, is_app: bool) -> tuple[str, list[Part]]:
    """Return the words of a message and what stands behind them; `text` is left out where the blocks say it.

    Slack's own editor writes each message as rich text and, with marks and escapes, as its text: blocks of people are
    what they typed. Apps may say something else in the text, or the same in both.
    """
    said = "\n".join(piece for piece in pieces if isinstance(piece, str))
    if said.strip() and (not is_app or repeats(text, said)):
        text = ""
    elif text.strip() and repeats(said, text):
        pieces = [piece for piece in pieces if not isinstance(piece, str)]
    if pieces and isinstance(pieces[0], str):
        text, pieces = "\n".join(filter(None, (text, pieces[0]))), pieces[1:]
    return text, [Passage(text=item) if isinstance(item, str) else item for item in pieces]
