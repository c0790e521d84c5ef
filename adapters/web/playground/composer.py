"""Read what a person typed: a message, a question by command, or a command; without any I/O."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from adapters.web.frame.identity import PLATFORM
from bot.commands.parser import Invocation, parse, unknown_command
from bot.language import gettext
from bot.time_zones import UTC_NAME
from bot.types import EMPTY, LOCALE, Attachment, Channel, ChannelMessage, ConversationKey, Entrance, Incoming, Person

MENTION = "@seedling"
SUGGESTIONS = 20
"""The list scrolls; more than this nobody reads."""

_MENTION = re.compile(r"(?<![\w@])@seedling\b", re.IGNORECASE)
_LEADING_MENTION = re.compile(r"\s*@seedling\b[\s,:]*", re.IGNORECASE)
_PRIVATE = re.compile(r"\b(?:private(?:ly)?|for me)\b", re.IGNORECASE)
_OPEN_MENTION = re.compile(r"(?:^|(?<=\s))@\w*$")


class CompletionLike(Protocol):
    """One way to go on typing: `insert` replaces the whole text."""

    @property
    def insert(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def help(self) -> str: ...


Complete = Callable[[str], Sequence[CompletionLike]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One way to go on typing, as the composer offers it."""

    insert: str
    label: str
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposedMessage:
    """A text as it leaves the composer; `token` is the same when the same text is sent again after a failure."""

    channel: Channel
    thread: str
    author: Person
    text: str
    token: str
    at: datetime
    is_admin: bool = False
    zone: str = UTC_NAME
    locale: str = ""
    attachments: tuple[Attachment, ...] = ()
    overrides: Mapping[str, str] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Submitted text: `message` is for everybody (None for a command), `incoming` is for the bot."""

    message: ChannelMessage | None
    incoming: Incoming


def prepare(written: ComposedMessage) -> Submission:
    """Return the message to show and the incoming to hand to the bot."""
    id, text = message_id(written.author, written.token), written.text.strip()
    invocation = parse(text, directed=False)
    if invocation is None and not unknown_command(text):
        asked = written.channel.direct or bool(_MENTION.search(written.text))
        return _message(written, id, shown=text, said=spoken(written.text), asked=asked)
    if invocation is not None and invocation.command.asks_model and not _PRIVATE.search(_before_text(invocation)):
        shown = invocation.arguments if invocation.command.needs_mark else text
        if shown:
            return _message(written, id, shown=shown, said=text, asked=True)
    channel = written.channel
    incoming = Incoming(
        key=ConversationKey(platform=PLATFORM, workspace=channel.workspace, channel=channel.id, thread=written.thread),
        dedupe_key=id,
        author=written.author,
        text=text,
        sent_at=written.at,
        is_directed=True,
        is_top_level=_starts_thread(written),
        is_admin=written.is_admin,
        entrance=Entrance.COMMAND,
        is_direct=channel.direct,
        time_zone=written.zone,
        platform_data={LOCALE: written.locale},
    )
    return Submission(message=None, incoming=incoming)


def _before_text(invocation: Invocation) -> str:
    """Return the words that a command reads itself; a question says "private" as it likes."""
    return "" if invocation.command.needs_mark else invocation.arguments


def _message(written: ComposedMessage, id: str, *, shown: str, said: str, asked: bool) -> Submission:
    channel, is_top_level = written.channel, _starts_thread(written)
    message = ChannelMessage(
        workspace=channel.workspace,
        channel=channel.id,
        id=id,
        author=written.author,
        text=shown,
        at=written.at,
        thread=written.thread,
        attachments=written.attachments,
    )
    thread = id if is_top_level else written.thread
    incoming = Incoming(
        key=ConversationKey(platform=PLATFORM, workspace=channel.workspace, channel=channel.id, thread=thread),
        dedupe_key=id,
        author=written.author,
        text=said,
        sent_at=written.at,
        message_id=id,
        is_directed=asked,
        is_top_level=is_top_level,
        is_admin=written.is_admin,
        is_direct=channel.direct,
        attachments=written.attachments,
        overrides=written.overrides,
        time_zone=written.zone,
        platform_data={LOCALE: written.locale},
    )
    return Submission(message=message, incoming=incoming)


def as_edited(message: ChannelMessage, written: ComposedMessage) -> Incoming:
    """Return a message as it would come in now, with its new text, under the name that it had."""
    incoming = prepare(replace(written, thread=message.thread, at=message.at)).incoming
    is_top_level = not message.thread and not written.channel.direct
    key = replace(incoming.key, thread=message.id if is_top_level else message.thread)
    return replace(
        incoming,
        key=key,
        dedupe_key=message.id,
        message_id=message.id,
        text=spoken(written.text),
        is_top_level=is_top_level,
        is_directed=written.channel.direct or bool(_MENTION.search(written.text)),
        entrance=Entrance.MESSAGE,
        attachments=message.attachments,
    )


def _starts_thread(written: ComposedMessage) -> bool:
    """Outside threads a question starts one; a direct channel is one conversation by itself."""
    return not written.thread and not written.channel.direct


def spoken(text: str) -> str:
    """Return what was said to the bot: the text without the mention it begins with."""
    return _LEADING_MENTION.sub("", text, count=1).strip() if _LEADING_MENTION.match(text) else text.strip()


def message_id(author: Person, token: str) -> str:
    """Return an id that the author's browser can repeat and nobody else can choose."""
    return "m-" + hashlib.sha256(f"{author.id}\n{token}".encode()).hexdigest()[:24]


def suggest(text: str, names: Sequence[str], complete: Complete) -> Sequence[Suggestion]:
    """Ways to go on with a half-typed command or mention."""
    if text[:1] in ("/", "!"):
        return [Suggestion(insert=item.insert, label=item.label, help=item.help) for item in complete(text)][
            :SUGGESTIONS
        ]
    match = _OPEN_MENTION.search(text)
    if match is None:
        return []
    typed, before = match.group().lower(), text[: match.start()]
    mentions = [(MENTION, gettext("Ask the bot")), *((f"@{name}", "") for name in names)]
    return [
        Suggestion(insert=f"{before}{mention} ", label=mention, help=help)
        for mention, help in mentions
        if mention.lower().startswith(typed)
    ][:SUGGESTIONS]
