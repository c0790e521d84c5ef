"""Go on with a reply in another process: find the messages that were posted and could not be noted."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from adapters.slack.api.errors import GONE, SlackApiError
from adapters.slack.api.history import read_pages
from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.payloads import AnswerMark, SlackMessage, moment
from adapters.slack.replies.message_stream import ReplyMessage
from adapters.slack.replies.rendering import METADATA
from bot.types import Turn

CLOCKS_APART: Final = timedelta(seconds=3)
"""How much earlier than ours the clock of Slack may say that a message came."""

PAGES: Final = 5  # of a thread; the newest messages are on the last ones of those since the question


def seconds_left(turn: Turn, settle: float) -> float:
    """Return how long to wait until a post that an ended runner had begun can be seen, or never comes.

    The `settle` seconds pass once, from the first claim after its end, however many runners end while they wait.
    """
    if turn.post_left_at is None or turn.claimed_at is None:
        return settle
    waited = (turn.claimed_at - turn.post_left_at).total_seconds()
    return max(0.0, settle - waited)


async def find_parts(
    workspace: SlackWorkspace, turn: Turn, *, channel: str, thread: str, begun_at: datetime, known: Collection[str]
) -> list[ReplyMessage]:
    """Return the messages of the answer to `turn` that Slack has there and that are not `known`, in order. Raises
    `PlatformError`.

    A message of the bot without a mark that came since the post was begun, at `begun_at`, is a stream whose process
    ended before its end: Slack takes the mark of a stream only then. Others without a mark are nobody's answer. Of a
    thread whose one message was deleted there are none.
    """
    oldest = f"{turn.incoming.sent_at.timestamp():.6f}"
    try:
        found = await read_pages(workspace.calls, channel, thread, oldest=oldest, pages=PAGES)
    except SlackApiError as refusal:
        if refusal.code not in GONE:
            raise
        return []
    own = [item for item in found if workspace.is_own(item) and moment(item.ts) is not None]
    marked = [item for item in own if _mark_of(item).turn == str(turn.id)]
    begun = max(oldest, f"{(begun_at - CLOCKS_APART).timestamp():.6f}")
    unmarked = [item for item in own if item.metadata is None and item.ts > begun]
    parts = [ReplyMessage(ts=item.ts) for item in sorted(marked, key=_part_of)]
    parts += [ReplyMessage(ts=item.ts, streaming=True) for item in unmarked if thread]
    return [part for part in parts if part.ts not in known]


def _mark_of(message: SlackMessage) -> AnswerMark:
    metadata = message.metadata
    return metadata.event_payload if metadata is not None and metadata.event_type == METADATA else AnswerMark()


def _part_of(message: SlackMessage) -> tuple[int, str]:
    return _mark_of(message).part, message.ts
