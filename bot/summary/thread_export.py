"""Write a thread as a Markdown file: what people said, as their platform tells it, and the answers as given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Final

from bot.errors import ThreadNotWhole
from bot.language import gettext, gettext_noop, minute, quantity
from bot.offload import offload
from bot.ports import Clock, Platform, Store
from bot.summary.request import MOST_MESSAGES, zone_of
from bot.types import ConversationKey, Draft, Settlement, StoredEntry, ThreadMessage, Turn, TurnState

TITLE: Final = gettext_noop("# Conversation with Seedling")
BOT: Final = "Seedling"
EMPTY: Final = gettext_noop("There is nothing to export here yet.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportLine:
    """One thing that was said."""

    at: datetime
    name: str
    text: str


@dataclass(kw_only=True)
class ThreadExport:
    """One export in the making; `run` it, then ask for its `settlement`. The model is not asked."""

    store: Store
    platform: Platform
    turn: Turn
    clock: Clock
    _draft: Draft = field(default_factory=lambda: Draft(status="stopped"), init=False)

    async def run(self) -> None:
        """Read the thread and write it. Raises `PlatformError` and `StorageError`."""
        asked = self.turn.incoming
        zone = await zone_of(asked.time_zone)
        messages, notices = await self._read(asked.key)
        entries = await self.store.get_entries(asked.key, start=0)
        said = [*_people(messages, but=asked.message_id), *_answers(entries)]
        if not said:
            self._draft = Draft(status="done", text=gettext(EMPTY))
            return
        now = self.clock().astimezone(zone)
        text = await offload(sum(len(each.text) for each in said), written, said, zone, now)
        notices = (gettext("{count} as a file.").format(count=quantity(len(said), "message")), *notices)
        self._draft = Draft(status="done", text=text, notices=notices, file_name=f"thread-{now:%Y-%m-%d}.md")

    async def _read(self, key: ConversationKey) -> tuple[Sequence[ThreadMessage], tuple[str, ...]]:
        try:
            return await self.platform.read_thread(key, limit=MOST_MESSAGES), ()
        except ThreadNotWhole as error:
            return error.messages, (error.notice,)

    def settlement(self, *, stopped: bool = False) -> Settlement:
        """Return how the turn ends; an export is no part of the conversation."""
        return Settlement(state=TurnState.CANCELLED if stopped else TurnState.DONE, draft=self._draft)


def written(said: Sequence[ExportLine], zone: tzinfo, now: datetime) -> str:
    """Return the Markdown of what was said, in order. Pure."""
    title = f"{gettext(TITLE)}\n\n{gettext('As of {time}.').format(time=f'{minute(now)} {now:%Z}')}"
    return "\n\n---\n\n".join((title, *(_part(each, zone) for each in sorted(said, key=lambda item: item.at))))


def _part(said: ExportLine, zone: tzinfo) -> str:
    return f"**{said.name}**, {said.at.astimezone(zone):%Y-%m-%d %H:%M}\n\n{said.text.strip()}"


def _people(messages: Sequence[ThreadMessage], *, but: str) -> list[ExportLine]:
    return [
        ExportLine(
            at=item.sent_at, name=item.author.name, text="\n\n".join(filter(None, (item.text.strip(), _files(item))))
        )
        for item in messages
        if item.message_id != but
    ]


def _files(message: ThreadMessage) -> str:
    return "\n".join(gettext("*File: {name}*").format(name=attachment.name) for attachment in message.attachments)


def _answers(entries: Sequence[StoredEntry]) -> list[ExportLine]:
    answers = (item for item in entries if item.entry.role == "assistant")
    return [ExportLine(at=item.at, name=BOT, text=item.entry.text) for item in answers]
