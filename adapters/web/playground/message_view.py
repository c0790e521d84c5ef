"""Present messages to templates: plain values with safe HTML, without any I/O."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from adapters.web.playground.channel_access import OWN_TOPICS, WELCOME_ID
from adapters.web.playground.markdown_html import is_safe_url, render_markdown
from bot.delivery.footer import footer_details, footer_parts
from bot.language import gettext, gettext_noop, number, quantity
from bot.offload import offload
from bot.types import Attachment, Channel, ChannelMessage, Draft, FollowUp, Person, Picture

HUES = 12
"""Avatar colours in the style sheet."""

DELETED = gettext_noop("*This message was deleted.*")
GROUP: Final = timedelta(minutes=5)
"""Within which somebody who goes on speaking is not named again."""

STATUS_WORDS: Mapping[str, str] = {
    "thinking": gettext_noop("Thinking…"),
    "writing": "",
    "searching": gettext_noop("Searching the web…"),
    "done": "",
    "stopped": gettext_noop("Stopped"),
    "failed": gettext_noop("Failed"),
}

Json = dict[str, Any]


async def render_ahead(messages: Iterable[ChannelMessage]) -> None:
    """Render long messages beside the event loop, so that `present_message` finds them ready."""
    for message in messages:
        for text in (_text(message), message.answer.reasoning if message.answer else ""):
            await offload(len(text), render_markdown, text)


def present_message(message: ChannelMessage) -> Json:
    """Return one message; `html` and `answer.reasoning` are safe to insert, all else is text."""
    answer = message.answer
    return {
        "id": message.id,
        "path": place_path(message.workspace, message.channel),
        "thread": message.thread,
        "turn": message.turn,
        "author": message.author.name,
        "author_id": message.author.id,
        "bot": message.author.is_bot,
        "initials": initials(message.author.name),
        "hue": hue(message.author.id),
        "at": message.at.isoformat(),
        "html": render_markdown(gettext(DELETED) if message.is_deleted else _text(message)),
        "deleted": message.is_deleted,
        "attachments": [present_file(attachment) for attachment in message.attachments],
        "replies": quantity(message.replies, "reply") if message.replies else "",
        "last_reply_at": message.last_reply_at.isoformat() if message.last_reply_at else None,
        "answer": {**present_answer(answer), "again": ways_on(message), "empty": False} if answer else None,
    }


def _text(message: ChannelMessage) -> str:
    """Return what a message says; our own first one is in the reader's language."""
    return gettext(message.text) if message.id == WELCOME_ID else message.text


def present_file(attachment: Attachment) -> Json:
    """Return a file beside a message; `path` is "" for one that is only named."""
    return {
        "name": attachment.name,
        "path": attachment.url if attachment.url.startswith("/files/") else "",
        "size": size_text(attachment.size),
        "is_picture": attachment.media_type in PREVIEWED,
    }


PREVIEWED: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Pictures that every browser shows and that run nothing."""


def picture_html(picture: Picture) -> str:
    """Return a picture that is for one person alone, as HTML that holds all of it."""
    data = base64.b64encode(picture.data).decode()
    return f'<img class="chart" src="data:image/png;base64,{data}" alt="{escape(picture.alt)}">'


def size_text(size: int) -> str:
    """Return a number of bytes as people read it, "" for none."""
    for unit, word in ((1_000_000, "MB"), (1_000, "KB")):
        if size >= unit:
            return f"{number(size / unit, places=1)} {word}"
    return quantity(size, "byte") if size else ""


def present_answer(draft: Draft) -> Json:
    """Return what stands around the text of an answer."""
    return {
        "status": draft.status,
        "status_text": gettext(STATUS_WORDS[draft.status]),
        "is_open": draft.is_open,
        "reasoning": render_markdown(draft.reasoning) if draft.reasoning else "",
        "sources": [
            {"url": source.url, "title": source.title or source.url}
            for source in draft.sources
            if is_safe_url(source.url)
        ],
        "notices": [*draft.notices, *filter(None, (draft.progress,))],
        "footer": footer_parts(draft.footer) if draft.footer else [],
        "paid_for": footer_details(draft.footer) if draft.footer else "",
    }


def ways_on(message: ChannelMessage) -> list[str]:
    """Return how the turn of an answer can be gone on with, the likeliest way first; [] while it is being written."""
    answer = message.answer
    if answer is None or not message.turn or answer.is_open:
        return []
    if answer.status == "failed":
        return [FollowUp.RETRY.value]
    rest = answer.text and (answer.is_cut or answer.status == "stopped")
    return [FollowUp.CONTINUE.value, FollowUp.REGENERATE.value] if rest else [FollowUp.REGENERATE.value]


def present_channel(channel: Channel) -> Json:
    """Return a channel as the list of them shows it."""
    return {
        "key": f"{channel.workspace}/{channel.id}",
        "path": place_path(channel.workspace, channel.id),
        "address": f"{quote(channel.workspace, safe='')}/{quote(channel.id, safe='')}",
        "name": channel.name,
        "topic": gettext(channel.topic) if channel.topic in OWN_TOPICS else channel.topic,
        "direct": channel.direct,
    }


def place_path(*parts: str) -> str:
    """Return the address of a channel or, with a third part, of a thread."""
    return "/c/" + "/".join(quote(part, safe="") for part in parts)


def present_rows(messages: Sequence[ChannelMessage], zone: ZoneInfo, *, since: datetime | None = None) -> list[Json]:
    """Return messages with the day where one begins (`since` is what stands above), and who is not named again."""
    rows: list[Json] = []
    day = since.astimezone(zone).date() if since else None
    for index, message in enumerate(messages):
        today = message.at.astimezone(zone).date()
        compact = today == day and index > 0 and _goes_on(messages[index - 1], message)
        rows.append({"message": present_message(message), "day": today if today != day else None, "compact": compact})
        day = today
    return rows


def _goes_on(before: ChannelMessage, message: ChannelMessage) -> bool:
    return (
        before.author == message.author
        and message.at - before.at < GROUP
        and message.answer is None
        and not before.replies
    )


def present_person(person: Person) -> Json:
    """Return the person at a browser."""
    return {"id": person.id, "name": person.name, "initials": initials(person.name), "hue": hue(person.id)}


def initials(name: str) -> str:
    """One or two letters that stand for a name."""
    words = [word for word in ("".join(c if c.isalnum() else " " for c in name)).split() if word]
    if not words:
        return "?"
    letters = words[0][0] + words[-1][0] if len(words) > 1 else words[0][:2]
    return letters.upper()[:2]


def hue(person: str) -> int:
    """Return the number of a person's colour: the same on every page and after every start."""
    return hashlib.sha256(person.encode()).digest()[0] % HUES
