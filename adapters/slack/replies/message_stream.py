"""Write single messages of answers, streamed where Slack has streams, else posted and edited, and refer to them."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from adapters.slack.api.errors import GONE, THREAD_GONE, SlackApiError, SlackUnknownOutcome
from adapters.slack.api.files import delete_file
from adapters.slack.api.limits import MARKDOWN_CHARACTERS
from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.replies.markdown import Block
from adapters.slack.replies.rendering import fallback_text, markdown_blocks
from bot.chat.rate_limit import Priority
from bot.errors import PlatformError, ReplyRemoved
from bot.language import gettext, gettext_noop
from bot.offload import offload
from bot.ports import AdapterStateStore, AuditStore, Clock
from bot.types import Turn, TurnId

logger = logging.getLogger(__name__)

TAKEN_BACK: Final = gettext_noop("(This answer was removed.)")
"""What a message says that was to be deleted and could not be."""

READ_ALONG_SECONDS: Final = 15.0
"""How long an answer is streamed where others read: they see a stream only at its end, and edits as they come."""

STREAM_SHARE: Final = 0.8
"""When a stream is ended by ourselves, as a share of the time after which Slack would."""


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


class SlackStore(AdapterStateStore, AuditStore, Protocol):
    """Store for the state of the adapter, the record of installs, and posts that are under way."""

    async def begin_post(self, turn: Turn) -> None:
        """Remember that a new message of an answer is about to be posted. Raises `ClaimLost`."""
        ...


class Posts:
    """Posts of one process: each is remembered before it is made, to be looked for after a crash."""

    def __init__(self, store: SlackStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def begin(self, turn: Turn) -> datetime:
        """Remember that a new message is about to be posted, now. Raises `ClaimLost` and `StorageError`."""
        await self._store.begin_post(turn)
        return self._clock()


class MessageStream:
    """Writes the messages of one answer into one place.

    `recipient` are the arguments that a stream in a channel needs beside the place. Where it `has_readers` beside the
    asker, a stream is ended after a while, and the message edited. While it is `plain`, a message is text alone,
    without blocks.
    """

    def __init__(
        self,
        workspace: SlackWorkspace,
        *,
        channel: str,
        thread: str,
        recipient: Mapping[str, str],
        stream_seconds: float,
        has_readers: bool,
    ) -> None:
        self._workspace = workspace
        self._calls = workspace.calls
        self.channel = channel
        self.thread = thread
        self._recipient = recipient
        own_end = stream_seconds * STREAM_SHARE
        self._stream_seconds = min(own_end, READ_ALONG_SECONDS) if has_readers else own_end
        self.may_stream = bool(thread)
        self.plain = False
        self._is_thread_gone = False

    # ------------------------------------------------------------ beginning

    async def start_stream(self, text: str) -> ReplyMessage | None:
        """Begin a message as a stream; None where that cannot be now. Raises `SlackUnknownOutcome`."""
        if not (self.may_stream and self._workspace.may_stream):
            return None
        arguments = {"channel": self.channel, "thread_ts": self.thread, "markdown_text": text, **self._recipient}
        try:
            answer = await self._calls.call("chat.startStream", arguments, priority=Priority.FIRST)
        except SlackApiError as refusal:
            self.may_stream = False
            if not self._workspace.learn(refusal):
                logger.info("answer is not streamed", extra={"code": refusal.code})
            return None
        part = ReplyMessage(ts=str(answer["ts"]), streaming=True, since=asyncio.get_running_loop().time(), shown=text)
        self._workspace.open_streams.add(part)
        return part

    async def post(
        self, text: str, blocks: Sequence[Block], metadata: Mapping[str, Any], *, priority: Priority
    ) -> ReplyMessage:
        """Post a message. Raises `SlackApiError` and `SlackUnknownOutcome`.

        Where the message that it answers is gone Slack posts it to the whole channel, and leaves `thread_ts` out of
        what it returns: such a post is deleted at once and counts as refused.
        """
        if self._is_thread_gone:
            raise SlackApiError("chat.postMessage", THREAD_GONE)
        arguments = {
            "channel": self.channel,
            "thread_ts": self.thread or None,
            **await self._content(text, blocks),
            "metadata": metadata,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        answer = await self._calls.call("chat.postMessage", arguments, priority=priority)
        part = ReplyMessage(ts=str(answer["ts"]), shown=text, blocks=blocks)
        self._is_thread_gone = bool(self.thread) and "thread_ts" not in answer.get("message", {"thread_ts": ""})
        if self._is_thread_gone:
            await self.delete(part)
            raise SlackApiError("chat.postMessage", THREAD_GONE)
        return part

    # ------------------------------------------------------------ going on

    async def go_on(self, part: ReplyMessage, text: str, blocks: Sequence[Block], *, reserved: int) -> None:
        """Bring a message nearer to `text`, if there is room for it. Raises `SlackApiError` and `ReplyRemoved`."""
        if part.streaming:
            await self._append(part, text)
        elif part.shown != text:
            try:
                arguments = {"channel": self.channel, "ts": part.ts, **await self._content(text, blocks)}
                if await self._calls.try_call("chat.update", arguments, reserved=reserved) is not None:
                    part.shown, part.blocks = text, blocks
            except SlackApiError as refusal:
                raise _removed(refusal) from refusal
            except SlackUnknownOutcome:
                part.shown = None  # the next edit tells the whole anyway

    async def _append(self, part: ReplyMessage, text: str) -> None:
        """Add to a stream; one that cannot hold the text as it now is, or is too old, is ended and edited from then."""
        loop = asyncio.get_running_loop()
        too_old = loop.time() - part.since > self._stream_seconds
        if too_old or not self.may_stream or part.shown is None or not text.startswith(part.shown):
            await self.end_stream(part)
            return
        rest = text[len(part.shown) :][:MARKDOWN_CHARACTERS]
        if not rest:
            return
        arguments = {"channel": self.channel, "ts": part.ts, "markdown_text": rest}
        try:
            if await self._calls.try_call("chat.appendStream", arguments) is not None:
                part.shown += rest
        except SlackUnknownOutcome:
            part.shown = None
        except SlackApiError as refusal:
            logger.info("stream has already ended", extra={"code": refusal.code})
            self._workspace.learn(refusal)
            self._closed(part)
            if refusal.code in GONE:
                raise _removed(refusal) from refusal

    # ------------------------------------------------------------ ending

    async def settle(
        self, part: ReplyMessage, text: str, blocks: Sequence[Block], metadata: Mapping[str, Any], *, file: str = ""
    ) -> None:
        """Make a message hold exactly this, and the file of that id; one that it had before is deleted.

        Raises `SlackApiError`, `SlackUnknownOutcome` and `ReplyRemoved`.
        """
        if part.streaming and await self._stop(part, text, blocks, metadata) and not file:
            return
        if part.shown == text and part.blocks == blocks and part.file == file:
            return
        files = ([file] if file else []) if part.file != file else None
        place = {"channel": self.channel, "ts": part.ts}
        arguments = {**place, **await self._content(text, blocks), "metadata": metadata, "file_ids": files}
        try:
            await self._calls.call("chat.update", arguments, priority=Priority.FINAL)
        except SlackApiError as refusal:
            raise _removed(refusal) from refusal
        before, part.shown, part.blocks, part.file = part.file, text, blocks, file
        if before and before != file:
            await delete_file(self._workspace, before)

    async def _stop(self, part: ReplyMessage, text: str, blocks: Sequence[Block], metadata: Mapping[str, Any]) -> bool:
        """End a stream with the rest of its text; whether it holds the whole text now."""
        if not self.may_stream or part.shown is None or not text.startswith(part.shown):
            await self.end_stream(part)
            return False
        rest = text[len(part.shown) :]
        arguments = {
            "channel": self.channel,
            "ts": part.ts,
            "markdown_text": rest or None,
            "blocks": list(blocks) or None,
            "metadata": metadata,
        }
        if self._workspace.sessions:
            arguments["session_status"] = "active"
        try:
            await self._calls.call("chat.stopStream", arguments, priority=Priority.FINAL)
        except (SlackApiError, SlackUnknownOutcome) as error:
            logger.info("stream could not be ended, so the message is edited", extra={"error": str(error)})
            part.shown = None
            return False
        finally:
            self._closed(part)
        part.shown, part.blocks = text, blocks
        return True

    async def end_stream(self, part: ReplyMessage) -> None:
        """End a stream as it stands, so that the message can be edited."""
        try:
            arguments = {"channel": self.channel, "ts": part.ts}
            await self._calls.call("chat.stopStream", arguments, priority=Priority.FINAL)
        except (SlackApiError, SlackUnknownOutcome) as error:
            logger.info("stream had ended", extra={"error": str(error)})
        finally:
            self._closed(part)
            part.shown = None

    async def retract(self, part: ReplyMessage) -> None:
        """Delete a message; where Slack refuses that, leave nothing of what it says and its buttons.

        Raises `SlackApiError` and `SlackUnknownOutcome` when it stands as it was.
        """
        place = {"channel": self.channel, "ts": part.ts}
        if part.file:
            await delete_file(self._workspace, part.file)
        try:
            await self._calls.call("chat.delete", place, priority=Priority.FINAL)
        except SlackApiError as refusal:
            if refusal.code in GONE:
                return
            logger.info("message not deleted, text removed instead", extra={"code": refusal.code})
            emptied = {**place, "text": gettext(TAKEN_BACK), "blocks": []}
            await self._calls.call("chat.update", emptied, priority=Priority.FINAL)

    async def delete(self, part: ReplyMessage) -> None:
        """Retract a message that the answer no longer needs, if Slack lets that be."""
        try:
            await self.retract(part)
        except (SlackApiError, SlackUnknownOutcome) as error:
            logger.warning("message not deleted", extra={"error": str(error)})

    def _closed(self, part: ReplyMessage) -> None:
        part.streaming = False
        self._workspace.open_streams.discard(part)

    async def _content(self, text: str, blocks: Sequence[Block]) -> dict[str, Any]:
        """Both forms of a message: blocks for people, `text` for notifications and screen readers."""
        if self.plain:
            return {"text": text or "…", "blocks": []}  # none would leave those that are there
        return await offload(len(text), _both_forms, text, blocks)


def _removed(refusal: SlackApiError) -> PlatformError:
    """Return what the refusal of an edit means: of an answer that somebody deleted nothing is posted again."""
    return ReplyRemoved(str(refusal)) if refusal.code in GONE else refusal


def _both_forms(text: str, blocks: Sequence[Block]) -> dict[str, Any]:
    said = "\n".join(_said(block) for block in blocks if block["type"] == "section")
    return {"text": fallback_text(text or said), "blocks": [*markdown_blocks(text), *blocks]}


def _said(block: Block) -> str:
    return str(block["text"]["text"])
