"""Go on with a reply in another process: by the reference that names its messages, or by finding what was posted.

A post is remembered before it is made, so that it is waited for after a crash or a call without an answer.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from adapters.slack.api.errors import GONE, SlackApiError
from adapters.slack.api.history import read_pages
from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.payloads import AnswerMark, SlackMessage, moment
from adapters.slack.replies.rendering import METADATA
from bot.ports import AdapterStateStore, AuditStore, Clock
from bot.types import Turn, TurnId

_PART: Final = re.compile(r"(?P<ts>\d+\.\d+)(?P<streaming>s?)(?P<file>(?:F[A-Z0-9]+)?)")
_CHANNEL: Final = re.compile(r"[A-Z0-9]+")


@dataclass(slots=True, weakref_slot=True, eq=False)
class ReplyMessage:
    """One message: whether it is a stream that is open, since when (loop time), and what it holds as far as known.

    `shown` is its escaped text, None where that is not known; `blocks` stand below it, and the `file` of that id.
    """

    ts: str
    streaming: bool = False
    since: float = 0.0
    shown: str | None = None
    blocks: Sequence[dict[str, Any]] = ()
    file: str = ""


def write_reference(channel: str, parts: Sequence[ReplyMessage]) -> str:
    """Return the reference of an answer: its channel and messages, open streams marked by an s, files by their ids;
    "" for none.
    """
    return f"{channel}:{','.join(map(_written, parts))}" if parts else ""


def private_reference(turn: TurnId) -> str:
    """Return the reference of an answer that was shown to its author alone; another answer to it is shown, too."""
    return f"private:{turn}"


def read_reference(reference: str) -> tuple[str, list[ReplyMessage]]:
    """Return the channel and messages of a reference; none for another text."""
    channel, _, parts = reference.partition(":")
    read = [_PART.fullmatch(part) for part in parts.split(",")]
    if _CHANNEL.fullmatch(channel) is None or None in read:
        return "", []
    return channel, [
        ReplyMessage(ts=part["ts"], streaming=bool(part["streaming"]), file=part["file"]) for part in read if part
    ]


def _written(part: ReplyMessage) -> str:
    return part.ts + ("s" if part.streaming else "") + part.file


# ------------------------------------------------------------ posts that are under way


CLOCKS_APART: Final = timedelta(seconds=3)
"""How much earlier than ours the clock of Slack may say that a message came."""

PAGES: Final = 5  # of a thread; the newest messages are on the last ones of those since the question


class SlackStore(AdapterStateStore, AuditStore, Protocol):
    """Store for the state of the adapter, the record of installs, and posts that are under way."""

    async def begin_post(self, turn: Turn) -> None:
        """Remember that a new message of an answer is about to be posted. Raises `ClaimLost`."""
        ...


class Posts:
    """Posts of one process that are under way."""

    def __init__(self, store: SlackStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def begin(self, turn: Turn) -> datetime:
        """Remember that a new message is about to be posted, now. Raises `ClaimLost` and `StorageError`."""
        await self._store.begin_post(turn)
        return self._clock()

    def seconds_left(self, turn: Turn, settle: float) -> float:
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
