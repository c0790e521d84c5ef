"""Present messages to the page: plain values with safe HTML, without any I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adapters.web.markdown_html import is_safe_url, render_markdown
from bot.delivery.footer import footer_details, footer_parts
from bot.offload import offload
from bot.types import Channel, ChannelMessage, Draft, FollowUp, Person, Source, Workspace

HUES = 12
"""Avatar colours in the style sheet."""

DELETED = "*This message was deleted.*"

STREAMING = frozenset({"thinking", "writing", "searching"})
STATUS_WORDS: Mapping[str, str] = {
    "thinking": "Thinking…",
    "writing": "",
    "searching": "Searching the web…",
    "done": "",
    "stopped": "Stopped",
    "failed": "Failed",
}

Json = dict[str, Any]


async def render_ahead(messages: Iterable[ChannelMessage]) -> None:
    """Render long messages beside the event loop, so that `present_message` finds them ready."""
    for message in messages:
        for text in (message.text, message.answer.reasoning if message.answer else ""):
            await offload(len(text), render_markdown, text)


def present_message(message: ChannelMessage) -> Json:
    """One message; `html` and `answer.reasoning` are safe to insert, all else is text."""
    answer = message.answer
    return {
        "id": message.id,
        "thread": message.thread,
        "author": message.author.name,
        "authorId": message.author.id,
        "bot": message.author.is_bot,
        "initials": initials(message.author.name),
        "hue": hue(message.author.id),
        "at": message.at.isoformat(),
        "html": render_markdown(DELETED if message.is_deleted else message.text),
        "deleted": message.is_deleted,
        "attachments": [attachment.name for attachment in message.attachments],
        "replies": message.replies,
        "lastReplyAt": message.last_reply_at.isoformat() if message.last_reply_at else None,
        "answer": {**present_answer(answer), "again": ways_on(message)} if answer else None,
    }


def present_answer(draft: Draft) -> Json:
    """Return what stands around the text of an answer."""
    return {
        "status": draft.status,
        "statusText": STATUS_WORDS[draft.status],
        "streaming": draft.status in STREAMING,
        "reasoning": render_markdown(draft.reasoning) if draft.reasoning else "",
        "sources": [present_source(source) for source in draft.sources if is_safe_url(source.url)],
        "notices": [*draft.notices, *filter(None, (draft.progress,))],
        "footer": footer_parts(draft.footer) if draft.footer else [],
        "paidFor": footer_details(draft.footer) if draft.footer else "",
    }


def ways_on(message: ChannelMessage) -> list[str]:
    """Return how the turn of an answer can be gone on with, the likeliest way first; [] while it is being written."""
    answer = message.answer
    if answer is None or not message.turn or answer.status in STREAMING:
        return []
    if answer.status == "failed":
        return [FollowUp.RETRY.value]
    rest = answer.text and (answer.is_cut or answer.status == "stopped")
    return [FollowUp.CONTINUE.value, FollowUp.REGENERATE.value] if rest else [FollowUp.REGENERATE.value]


def present_source(source: Source) -> Json:
    """Return a link to a page that the answer rests on."""
    return {"url": source.url, "title": source.title or source.url}


def present_workspace(workspace: Workspace, channels: Sequence[Channel]) -> Json:
    """Return a workspace with the channels that somebody sees of it."""
    return {
        "id": workspace.id,
        "name": workspace.name,
        "channels": [
            {"id": channel.id, "name": channel.name, "topic": channel.topic, "direct": channel.direct}
            for channel in channels
        ],
    }


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
