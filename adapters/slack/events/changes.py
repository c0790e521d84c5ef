"""Follow what people edit and delete while nobody listens, as if Slack told it now."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from adapters.slack.api.errors import GONE, SlackApiError
from adapters.slack.api.history import FOR_AN_ANSWER, READ_ONE, Urgency, read_one, read_pages
from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.events.messages import TOMBSTONE, SlackMessageHandler
from adapters.slack.payloads import SlackMessage, as_ts, moment, position_of
from bot.chat.backfill import edited_since
from bot.chat.background_tasks import BackgroundTasks
from bot.errors import PlatformError
from bot.event_errors import EventErrors
from bot.ports import Bot
from bot.types import ConversationKey

PAGES: Final = 3  # of the conversation, 600 messages; what is not among them is asked for by itself

HISTORY_LAG: Final = 1.5
"""Seconds after which Slack's history shows what was posted: what is younger and not there may still come."""

STOP_SECONDS: Final = 1.0
"""How long the session that was named after a deleted question may take to lose its name."""


async def follow_missed(
    bot: Bot, workspace: SlackWorkspace, key: ConversationKey, messages: Sequence[str], *, errors: EventErrors
) -> None:
    """Follow what became of messages that are about to be sent to the model, in any process. Raises as below.

    Without room for it this fails at once: Slack counts by the minute, and threads are read for answers as well.
    """
    if not workspace.calls.limiter(READ_ONE).may_progress():
        raise PlatformError(f"no place in time for {READ_ONE}")
    background = BackgroundTasks(errors)
    try:
        await follow_changes(SlackMessageHandler(bot, background), workspace, key, messages, urgency=FOR_AN_ANSWER)
    finally:
        await background.aclose(grace=STOP_SECONDS)


async def follow_changes(
    message_handler: SlackMessageHandler,
    workspace: SlackWorkspace,
    key: ConversationKey,
    kept: Sequence[str],
    *,
    since: int = 0,
    urgency: Urgency,
) -> None:
    """Follow the deletions of the `kept` messages of a conversation, and their edits at or after a position.

    Raises `PlatformError`, and then has followed nothing, and `StorageError`.
    """
    kept = [ts for ts in kept if moment(ts) is not None]
    found = await _found(workspace, key, kept, urgency) if kept else {}
    told = [_deletion(key, ts) for ts in kept if ts not in found]
    edits = {ts: position_of(found[ts].edited.ts) for ts in kept if ts in found and found[ts].edited.ts}
    told += [_change(key, found[ts]) for ts in edited_since(edits, edits, since)]
    for event in told:
        await message_handler.on_message(workspace, event)


async def _found(
    workspace: SlackWorkspace, key: ConversationKey, kept: Sequence[str], urgency: Urgency
) -> Mapping[str, SlackMessage]:
    """Return those of some messages that still stand. Raises `PlatformError` where Slack does not tell."""
    found: dict[str, SlackMessage | None] = {}
    if len(kept) > 1:
        thread = key.thread if moment(key.thread) else ""
        before = as_ts(min(map(position_of, kept)) - 1)
        try:
            read = await read_pages(workspace.calls, key.channel, thread, oldest=before, pages=PAGES, urgency=urgency)
        except SlackApiError as refusal:
            if refusal.code not in GONE:
                raise
            read = []
        found.update({item.ts: item for item in read})
    for ts in kept:
        if ts not in found:
            found[ts] = await _one(workspace, key.channel, ts, urgency)
    return {ts: item for ts, item in found.items() if item is not None and item.subtype != TOMBSTONE}


async def _one(workspace: SlackWorkspace, channel: str, ts: str, urgency: Urgency) -> SlackMessage | None:
    """Return a message, None for one that is gone: what was posted just now may only not be shown yet."""
    found = await _read(workspace, channel, ts, urgency)
    lag = _lag_left(ts, workspace.calls.clock())
    if found is None and lag > 0:
        await asyncio.sleep(lag)
        found = await _read(workspace, channel, ts, urgency)
    return found


def _lag_left(ts: str, now: datetime) -> float:
    """Return for how many seconds a message may still be missing from the history, 0 or less for none."""
    age = now - (moment(ts) or now)
    return min(HISTORY_LAG, HISTORY_LAG - age.total_seconds())


async def _read(workspace: SlackWorkspace, channel: str, ts: str, urgency: Urgency) -> SlackMessage | None:
    try:
        return await read_one(workspace.calls, channel, ts, priority=urgency.priority, patience=urgency.patience)
    except SlackApiError as refusal:
        if refusal.code not in GONE:
            raise
        return None


def _deletion(key: ConversationKey, ts: str) -> SlackMessage:
    before = SlackMessage(ts=ts, thread_ts=key.thread)
    return SlackMessage(
        type="message", subtype="message_deleted", channel=key.channel, deleted_ts=ts, previous_message=before
    )


def _change(key: ConversationKey, message: SlackMessage) -> SlackMessage:
    return SlackMessage(type="message", subtype="message_changed", channel=key.channel, message=message)
