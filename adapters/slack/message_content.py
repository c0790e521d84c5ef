"""Parse Slack's messages with all their parts; missing or malformed parts are ignored.

Messages: https://docs.slack.dev/reference/events/message, attachments of both generations:
https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from adapters.slack.block_kit import MOST_DEPTH, BlockReader, Names, Piece
from adapters.slack.mrkdwn import to_plain
from adapters.slack.payloads import FilePayload, Huddle, MessageAttachment, SlackMessage, first_line, moment
from bot.chat.message_markdown import MESSAGE_CHARACTERS, beginning, render, repeats
from bot.chat.payload import Payload, length_of
from bot.offload import offload
from bot.types import Attachment, Mention
from bot.types.content import Card, CardField, MessageContent, Notice, Part, Passage, Quote, QuoteKind, ReplyTo

BROADCAST: Final = "thread_broadcast"
"""Subtype of a reply that was sent to the channel as well."""

QUESTION_CHARACTERS: Final = 40_000
"""Of a question itself, which nobody may lose a part of; Slack cuts messages there.

https://docs.slack.dev/changelog/2018-truncating-really-long-messages
"""

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
_MENTIONED: Final = {"user_id": "@", "channel_id": "#", "usergroup_id": "!subteam^", "author_id": "@", "slack_id": "@"}
_CHOSEN: Final = {
    **dict.fromkeys(("initial_user", "initial_users", "participants", "participant_history"), "@"),
    **dict.fromkeys(("initial_channel", "initial_channels", "initial_conversation", "initial_conversations"), "#"),
}
_NO_PREVIEW: Final = "[no preview available]"

_NOTICES_OF_PLACES: Final = ("join", "leave", "archive", "unarchive")
LEFT_OUT: Final = frozenset(
    {f"{place}_{notice}" for place in _PLACES for notice in _NOTICES_OF_PLACES}
    | {"bot_add", "bot_remove", "message_changed", "message_deleted", "message_replied", "tombstone"}
)
"""Subtypes that tell nothing that people said."""

HIDDEN_FILES: Final = "hidden_by_limit"
DELETED_FILES: Final = "tombstone"
DELETED_FILE: Final = "a deleted file"


def read_content(message: SlackMessage, names: Names, *, bot_user: str = "") -> MessageContent:
    """Return a message as people see it, without the mention of `bot_user` that it begins or ends with.

    `names` are those of whom `mentions` finds.
    """
    unnamed = {id: name for id, name in names.items() if id != bot_user}
    content = _Reader(unnamed).message(message)
    if not bot_user:
        return content
    text = _without_address(content.text, f"@{bot_user}").replace(f"@{bot_user}", f"@{names.get(bot_user, bot_user)}")
    return MessageContent(text=text, parts=content.parts, reply_to=content.reply_to)


def written(message: SlackMessage, names: Names, *, bot_user: str = "", most: int = MESSAGE_CHARACTERS) -> str:
    """Return a message with all its parts as Markdown of at most `most` characters; see `read_content`."""
    return render(read_content(message, names, bot_user=bot_user), most=most)


async def message_text(
    message: SlackMessage, names: Names, *, bot_user: str = "", most: int = MESSAGE_CHARACTERS
) -> str:
    """Return what `written` returns, beside the event loop where the message is long."""
    return await offload(length_of(message), written, message, names, bot_user=bot_user, most=most)


def has_content(message: SlackMessage) -> bool:
    """Return whether a message says or shows something that people put there."""
    if message.hidden or message.subtype in LEFT_OUT or moment(message.ts) is None:
        return False
    return bool(message.text.strip()) or any(files(message)) or bool(written(message, {}).strip())


def replied_to(message: SlackMessage) -> str:
    """Return the message, by its ts, whose first words a reply repeats that is shown in the channel; "" for none."""
    return message.root.ts if message.subtype == BROADCAST and message.root is not None else ""


def is_same(before: SlackMessage, after: SlackMessage) -> bool:
    """Return whether two states of a message say the same, whatever previews Slack has put below it meanwhile."""
    first, second = (read_content(_without_previews(message), {}) for message in (before, after))
    return first == second


def _without_previews(message: SlackMessage) -> SlackMessage:
    own = tuple(item for item in message.attachments if not _is_preview(item))
    return message.model_copy(update={"attachments": own})


def _is_preview(attachment: MessageAttachment) -> bool:
    """Return whether it shows what an address leads to.

    https://docs.slack.dev/messaging/unfurling-links-in-messages
    """
    addresses = (attachment.from_url, attachment.original_url, attachment.app_unfurl_url)
    return not attachment.is_share and any(addresses)


def mentions(message: SlackMessage) -> list[tuple[str, str]]:
    """Return whom and what a message names, in any of its parts: the marks "@", "#" or "!subteam^" with the ids."""
    root = message.root.user if message.root else ""
    found: dict[tuple[str, str], None] = {("@", root): None} if root else {}
    waiting: list[object] = [message]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            found.update(dict.fromkeys((match["mark"], match["id"]) for match in _MENTION.finditer(value)))
        elif isinstance(value, tuple):
            waiting += reversed(value)
        elif isinstance(value, Payload):
            told = [(name, item) for name, item in value if item]
            found.update(dict.fromkeys((_MENTIONED[name], str(item)) for name, item in told if name in _MENTIONED))
            found.update(dict.fromkeys((_CHOSEN[name], id) for name, ids in told if name in _CHOSEN for id in ids))
            waiting += [item for _, item in reversed(told)]
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


def attachments(message: SlackMessage | MessageAttachment) -> Iterator[Attachment]:
    """Yield the files beside a message, deleted ones too, without those that Slack hides."""
    for file in message.files:
        if file.mode == HIDDEN_FILES or not file.id:
            continue
        unnamed = DELETED_FILE if file.mode == DELETED_FILES else file.id
        yield Attachment(
            id=file.id,
            name=first_line(file.name, file.title, unnamed),
            media_type=file.mimetype,
            size=max(0, file.size),
            url=_without_token(file.url_private),
            transcript=_transcript(file),
        )


def _transcript(file: FilePayload) -> str:
    """Return what Slack heard in a file, once it is done with that, with an ellipsis where it tells the beginning."""
    told = file.transcription.preview
    is_there = file.transcription.status == "complete" and told.content.strip()
    return f"{told.content}\u2026" if is_there and told.has_more else told.content if is_there else ""


def files(message: SlackMessage) -> Iterator[Attachment]:
    """Return the files beside a message and those of the messages that it forwards, each once."""
    shared = (item for item in message.attachments if item.is_message)
    found = chain(attachments(message), *(attachments(item) for one in shared for item in one.with_messages))
    yield from {item.id: item for item in found}.values()


def _without_token(url: str) -> str:
    """Return a file's address without the token that the export adds, which would open the file to every reader."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "t"]
    return parts._replace(query=urlencode(query)).geturl()


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

    def message(self, message: SlackMessage, depth: int = 0) -> MessageContent:
        """Return what a message holds; `depth` is how many messages it stands in."""
        further = self._attachments(message, depth)
        if message.subtype in NOTICES:
            words = (self._words(message.text), self._words(message.topic), message.subtype.replace("_", " "))
            told = " ".join(filter(None, (first_line(*words), self._huddle(message.room))))
            return MessageContent(parts=(Notice(text=told), *further))
        pieces = self._blocks.pieces(message.blocks)
        is_app = message.subtype == "bot_message" or message.bot_id != ""
        text, parts = _joined(self._words(message.text), pieces, is_app=is_app)
        if message.subtype == "me_message" and text and "\n" not in text:
            text = f"_{text}_"
        return MessageContent(text=text, parts=(*parts, *further), reply_to=self._root(message))

    def _words(self, text: str) -> str:
        return self._blocks.words(text)

    def _huddle(self, room: Huddle | None) -> str:
        """Return what people see of a huddle beside that there is one: its name, who was there, how long it took."""
        if room is None:
            return ""
        people = dict.fromkeys((*room.participant_history, *room.participants))
        minutes = (room.date_end - room.date_start + 59) // 60 if room.date_end > room.date_start > 0 else 0
        lasted = f"ended after {minutes} min" if minutes else ""
        told = (room.name, ", ".join(self._names.get(id, id) for id in people), lasted)
        return f"({'; '.join(filter(None, told))})" if any(told) else ""

    def _root(self, message: SlackMessage) -> ReplyTo | None:
        """Return the message whose thread a reply stands in that is shown in the channel as well."""
        root = message.root
        if message.subtype != BROADCAST or root is None:
            return None
        author = self._names.get(root.user, "") or first_line(root.username, root.bot_profile.name)
        told = self.message(root.model_copy(update={"root": None}), MOST_DEPTH)
        return ReplyTo(message_id=root.ts, author=author or root.user, beginning=beginning(told))

    # ------------------------------------------------------------ attachments

    def _attachments(self, message: SlackMessage | MessageAttachment, depth: int) -> list[Part]:
        if depth > MOST_DEPTH:
            return []
        return [part for item in message.attachments for part in self._attachment(item, depth)]

    def _attachment(self, attachment: MessageAttachment, depth: int) -> Iterator[Part]:
        if attachment.is_message:
            yield self._quote(attachment, depth)
            return
        pieces = self._blocks.pieces(attachment.blocks)
        card = self._card(attachment, [piece for piece in pieces if isinstance(piece, str)])
        others = [piece for piece in pieces if not isinstance(piece, str)]
        if not (card.title or card.text or card.fields or others):
            card = Card(link=card.link, source=card.source, footer=card.footer, text=self._fallback(attachment))
        yield card
        yield from others

    def _fallback(self, attachment: MessageAttachment) -> str:
        """Return what stands for an attachment where nothing else of it can be shown."""
        return "" if attachment.fallback == _NO_PREVIEW else self._words(attachment.fallback)

    def _card(self, attachment: MessageAttachment, words: list[str]) -> Card:
        more = self._blocks.pieces([attachment.preview]) if attachment.preview else []
        told = "\n".join(words)
        plain = (self._words(attachment.pretext), self._words(attachment.text))
        shown = [
            *(item for item in plain if item and not repeats(item, told)),
            told,
            *(item for item in more if isinstance(item, str)),
        ]
        shown.append(self._blocks.buttons(attachment.actions))
        return Card(
            title=self._words(attachment.title),
            link=_link_of(attachment),
            source=", ".join(dict.fromkeys(filter(None, (attachment.service_name, attachment.author_name)))),
            text="\n".join(filter(None, shown)),
            fields=self._fields(attachment),
            footer=", ".join(filter(None, (self._words(attachment.footer), _time_of(attachment)))),
        )

    def _fields(self, attachment: MessageAttachment) -> tuple[CardField, ...]:
        read = (CardField(name=self._words(each.title), value=self._words(each.value)) for each in attachment.fields)
        return tuple(item for item in read if item.name or item.value)

    def _quote(self, attachment: MessageAttachment, depth: int) -> Quote:
        """Return a message of somebody that is forwarded, or whose address was written."""
        pieces = [piece for item in attachment.messages for piece in self._blocks.pieces(item.blocks)]
        pieces = pieces or self._blocks.pieces([*attachment.message_blocks, *attachment.blocks])
        plain = self._words(attachment.text) or ("" if pieces else self._fallback(attachment))
        text, parts = _joined(plain, pieces, is_app=True)
        if attachment.title or attachment.fields:
            named = MessageAttachment(
                title=attachment.title, title_link=attachment.title_link, fields=attachment.fields
            )
            parts.append(self._card(named, []))
        for item in attachment.with_messages:
            parts += self._attachments(item, depth + 1)
        author, place = attachment.author_id, self._names.get(attachment.channel_id, "") or attachment.channel_name
        return Quote(
            content=MessageContent(text=text, parts=tuple(parts)),
            kind=QuoteKind.FORWARD if attachment.is_share else QuoteKind.LINK,
            author=first_line(self._names.get(author, ""), attachment.author_name, attachment.author_subname, author),
            place=f"#{place.removeprefix('#')}" if place else "",
            files=tuple(dict.fromkeys(item.name for one in attachment.with_messages for item in attachments(one))),
        )


def _time_of(attachment: MessageAttachment) -> str:
    """Return the moment that stands beside the footer of an attachment."""
    at = moment(attachment.ts if "." in attachment.ts else f"{attachment.ts}.0")
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""


def _link_of(attachment: MessageAttachment) -> str:
    return first_line(
        attachment.title_link,
        attachment.from_url,
        attachment.original_url,
        attachment.app_unfurl_url,
        attachment.image_url,
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
