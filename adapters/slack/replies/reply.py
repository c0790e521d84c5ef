"""Show an answer on Slack: streamed or edited, in as many messages as it needs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from adapters.slack.api.errors import SlackApiError, SlackUnknownOutcome
from adapters.slack.api.files import delete_file, upload
from adapters.slack.api.limits import MINUTE_SECONDS
from adapters.slack.api.workspace import SlackWorkspace
from adapters.slack.replies.ephemeral import post_ephemeral
from adapters.slack.replies.markdown import Block, SlackRenderer, escape_mrkdwn
from adapters.slack.replies.message_stream import (
    MessageStream,
    Posts,
    ReplyMessage,
    read_reference,
    write_reference,
)
from adapters.slack.replies.recovery import find_parts, seconds_left
from adapters.slack.replies.rendering import (
    PIECE_CHARACTERS,
    PLAIN_CHARACTERS,
    end_blocks,
    escape_markdown,
    metadata_of,
    notice_blocks,
    plain_text,
    writing_blocks,
)
from adapters.slack.replies.status import ThreadStatus
from bot.chat.rate_limit import PROGRESS_SHARE, Priority
from bot.delivery import AnswerPieces, Piece, split
from bot.delivery.split import IN_A_FILE, file_of, is_for_file, most_messages
from bot.errors import PlatformError, ReplyRemoved
from bot.language import gettext, gettext_noop
from bot.offload import offload
from bot.types import Draft, Turn

logger = logging.getLogger(__name__)

MESSAGES: Final = 3
"""How many messages an answer may have, unless people have set that."""

BEGINS_ANEW: Final = gettext_noop("Thinking…")
"""What stands in the place of an answer that is tried again."""

TRIES: Final = 4
"""How often a message is posted of which nobody knows whether Slack has it; it is looked for in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRules:
    """Rules for writing answers; `settle_seconds` is how long a call that nobody waits for any more may still be on
    its way to Slack or not be seen there, `stream_seconds` after how long Slack ends a stream, `code_entities` whether
    it shows `&lt;` in code as `<`.
    """

    settle_seconds: float
    stream_seconds: float
    minute: float = MINUTE_SECONDS
    code_entities: bool = True


class SlackReply:
    """A `bot.ports.Reply` in a channel, thread or direct message."""

    def __init__(self, workspace: SlackWorkspace, turn: Turn, rules: ReplyRules, posts: Posts, *, direct: bool) -> None:
        asked = turn.incoming
        self._workspace = workspace
        self._posts = posts
        self._begun_at = turn.post_begun_at
        self._turn = turn
        self._rules = rules
        self._direct = direct
        channel, self._parts = read_reference(turn.reply_ref or "")
        # they go once what stands in their place is noted, or they would seem removed
        self._replaced: list[ReplyMessage] = []
        recipient = {
            "recipient_user_id": asked.author.id,
            "recipient_team_id": asked.platform_data.get("user_team", ""),
        }
        self._messages = MessageStream(
            workspace,
            channel=channel or asked.key.channel,
            thread=asked.key.thread,
            recipient={name: value for name, value in recipient.items() if value},
            stream_seconds=rules.stream_seconds,
            has_readers=not direct,
        )
        # What stands there already is written anew whole; streams are for answers that begin.
        self._messages.may_stream = self._messages.may_stream and not self._parts
        self._renderer = SlackRenderer()
        self._renderer.code_entities = rules.code_entities
        self._answer = AnswerPieces(
            self._renderer, limit=PIECE_CHARACTERS, size=lambda text: len(escape_markdown(text))
        )
        self._status = ThreadStatus(workspace, turn, channel=self._messages.channel)
        self._edited_at = 0.0
        self._most = most_messages(asked, MESSAGES)

    async def find(self) -> None:
        """Find what was being posted and could not be noted, since its process ended or Slack refused what came after.

        Raises `PlatformError`.
        """
        if self._turn.post_begun_at is None:
            return
        await asyncio.sleep(seconds_left(self._turn, self._rules.settle_seconds))
        self._parts += await self._unknown_parts()
        self._messages.may_stream = self._messages.may_stream and not self._parts

    @property
    def messages(self) -> tuple[str, ...]:
        """Return the messages that stand there."""
        return tuple(part.ts for part in self._parts)

    async def show(self, draft: Draft) -> str:
        """Bring people nearer to `draft`, as far as the limits leave room. Raises `PlatformError`."""
        if self._begins_anew(draft):
            draft = replace(draft, progress=draft.progress or gettext(BEGINS_ANEW))
        has_words = bool(draft.text.strip() or draft.notices)
        if not has_words or draft.progress:
            await self._status.show(draft.status, draft.progress)
        if has_words or (draft.progress and (self._parts or not self._status.is_shown)):
            await self._write(draft)
        return self._reference()

    def _begins_anew(self, draft: Draft) -> bool:
        """Return whether an answer is tried again whose buttons have been used, and has no words yet."""
        return bool(self._parts) and not draft.text.strip() and not self._turn.was_interrupted

    async def finish(self, draft: Draft, *, plain: bool = False) -> str:
        """Make the whole answer stand, with what belongs under it. Raises `PlatformError`."""
        if plain:
            await self._write_plain(draft)
        elif draft.status == "failed" and not self._parts and not self._direct:
            await self._apologise(draft)
        else:
            await self._write_end(draft)
        await self._status.clear()
        return self._reference()

    async def retract(self, keep: str) -> None:
        """Delete the messages that `keep` does not name, all with ""; one that cannot be is left without text.

        Raises `PlatformError` when some stand as they were.
        """
        _, kept = read_reference(keep)
        names = {part.ts for part in kept}
        trouble: PlatformError | None = None
        self._parts, self._replaced = [*self._parts, *self._replaced], []
        for part in [item for item in self._parts if item.ts not in names]:
            if part.streaming:
                await self._messages.end_stream(part)
            self._workspace.open_edits.discard(part)
            try:
                await self._messages.retract(part)
            except PlatformError as error:
                trouble = error
            else:
                self._parts.remove(part)
        if not keep:
            await self._status.clear()
        if trouble is not None:
            raise trouble

    def _reference(self) -> str:
        return write_reference(self._messages.channel, self._parts)

    # ------------------------------------------------------------ writing

    async def _write(self, draft: Draft) -> None:
        most = self._most if self._workspace.uploads else None  # the rest comes in a file
        pieces = (await self._pieces(draft, growing=True, most=most))[:most]
        for index, piece in enumerate(pieces):
            if index < len(pieces) - 1:
                await self._settle(index, escape_markdown(piece.shown), ())
                continue
            text = self._growing(piece)
            below = [*notice_blocks(draft), *writing_blocks(self._turn.id)]
            if index < len(self._parts):
                await self._go_on(self._parts[index], text, below)
            elif text or draft.notices or draft.progress:
                await self._begin(index, text, below)

    async def _write_end(self, draft: Draft) -> None:
        most = self._most if self._workspace.uploads else None
        pieces = await self._pieces(draft, most=most)
        if most is not None and is_for_file(draft, len(pieces), most):
            if await self._write_file(draft, pieces[0]):
                return
            pieces = await self._pieces(draft)
        for index, piece in enumerate(pieces):
            below = end_blocks(draft, self._turn.id) if index == len(pieces) - 1 else ()
            await self._settle(index, escape_markdown(piece.shown), below)
        while len(self._parts) > len(pieces):
            await self._messages.delete(self._parts.pop())

    async def _write_file(self, draft: Draft, first: Piece) -> bool:
        """Write the first page with the whole answer as a file beside it; whether Slack took the file.

        A file that no message names is seen by nobody, so that a crash in between leaves nothing to be seen twice.
        """
        file = file_of(draft)
        try:
            id = await upload(self._workspace, file.name, file.data)
        except (SlackApiError, SlackUnknownOutcome) as error:
            if isinstance(error, SlackApiError):
                self._workspace.learn(error)
            logger.info("file not uploaded, answering in messages", extra={"turn": self._turn.id, "error": str(error)})
            return False
        notices = draft.notices if draft.file_name else (gettext(IN_A_FILE), *draft.notices)
        text = "" if draft.file_name else escape_markdown(first.shown)
        below = end_blocks(replace(draft, text=text, notices=notices), self._turn.id)
        try:
            await self._settle(0, text, below, file=id)
        except SlackApiError as refusal:
            logger.info("file refused, answering in messages", extra={"turn": self._turn.id, "code": refusal.code})
            await delete_file(self._workspace, id)
            return False
        while len(self._parts) > 1:
            await self._messages.delete(self._parts.pop())
        return True

    async def _write_plain(self, draft: Draft) -> None:
        """Write the answer as text alone; in new messages where Slack lets those that are there not be changed."""
        self._messages.plain = True
        pieces = await offload(len(draft.text), _plain_pieces, draft)
        for index, piece in enumerate(pieces):
            await self._settle_plain(index, escape_mrkdwn(piece.shown))
        while len(self._parts) > len(pieces):
            await self._messages.delete(self._parts.pop())

    async def _settle_plain(self, index: int, text: str) -> None:
        if index < len(self._parts) and self._parts[index].streaming:
            await self._messages.end_stream(self._parts[index])
        try:
            await self._settle(index, text, ())
        except SlackApiError as refusal:
            if index >= len(self._parts):
                raise
            logger.info("message is gone, posting a new one", extra={"turn": self._turn.id, "code": refusal.code})
            await self._replace(index, text, ())

    async def _replace(self, index: int, text: str, blocks: Sequence[Block]) -> None:
        """Post a message in the place of one that cannot be changed."""
        old, self._parts[index] = self._parts[index], await self._post(index, text, blocks, Priority.FINAL)
        self._workspace.open_edits.discard(old)
        self._replaced.append(old)

    async def _pieces(self, draft: Draft, *, growing: bool = False, most: int | None = None) -> Sequence[Piece]:
        """Return the messages that an answer needs, behind `most` of them only enough to tell that there are more; of
        one that is still growing only what stays as it is.
        """
        pieces = await offload(len(draft.text), self._answer.divide, draft, growing=growing, most=most)
        # A stream has no switch for previews, and what fetches one may carry off what an address was made of.
        self._messages.may_stream = self._messages.may_stream and not self._renderer.has_unknown
        return pieces or [Piece(text="", shown="")]

    def _growing(self, piece: Piece) -> str:
        """Return what can be shown of the last piece while more of it is to come: no end of a code block
        that goes on.
        """
        shown = piece.shown.removesuffix(piece.after) if piece.after else piece.shown
        return escape_markdown(shown)

    async def _settle(self, index: int, text: str, blocks: Sequence[Block], *, file: str = "") -> None:
        if index >= len(self._parts):
            self._parts.append(await self._post(index, text, blocks, Priority.FINAL))
            if not file:  # a post takes none
                return
        try:
            mark = metadata_of(self._turn.id, index)
            await self._messages.settle(self._parts[index], text, blocks, mark, file=file)
        except ReplyRemoved:
            # A further message may have been another runner's, who took it back when it gave way to this one.
            if not index or not self._turn.was_interrupted:
                raise
            self._parts[index] = await self._post(index, text, blocks, Priority.FINAL)
        self._workspace.open_edits.discard(self._parts[index])

    async def _begin(self, index: int, text: str, below: Sequence[Block]) -> None:
        """Begin a message: as a stream where that can be, else as a post that is edited."""
        try:
            part = await self._stream(text) if text and self._messages.may_stream else None
        except SlackUnknownOutcome:
            part = await self._lost()
        if part is None:
            part = await self._post(index, text, below, Priority.FINAL if index else Priority.FIRST)
            self._workspace.open_edits.add(part)
        self._parts.append(part)

    async def _stream(self, text: str) -> ReplyMessage | None:
        self._begun_at = await self._posts.begin(self._turn)
        return await self._messages.start_stream(text)

    async def _post(self, index: int, text: str, blocks: Sequence[Block], priority: Priority) -> ReplyMessage:
        """Post a message once, also when the network hides whether Slack has it."""
        self._begun_at = await self._posts.begin(self._turn)
        for tries_left in range(TRIES - 1, -1, -1):
            try:
                return await self._messages.post(text, blocks, metadata_of(self._turn.id, index), priority=priority)
            except SlackUnknownOutcome:
                if not tries_left:
                    raise
                if (part := await self._lost()) is not None:
                    return part
        raise AssertionError("the last try returns or raises")

    async def _lost(self) -> ReplyMessage | None:
        """Return the message of a call without an answer, if Slack has made it."""
        await asyncio.sleep(self._rules.settle_seconds)
        parts = await self._unknown_parts()
        return parts[0] if parts else None

    async def _unknown_parts(self) -> list[ReplyMessage]:
        """Return the messages of the answer that Slack has and that are not known here. Raises `PlatformError`."""
        begun_at = self._begun_at or self._turn.incoming.sent_at
        known = [part.ts for part in self._parts]
        place = {"channel": self._messages.channel, "thread": self._messages.thread}
        return await find_parts(self._workspace, self._turn, **place, begun_at=begun_at, known=known)

    async def _go_on(self, part: ReplyMessage, text: str, below: Sequence[Block]) -> None:
        if not part.streaming and not self._may_edit():
            return
        await self._messages.go_on(part, text, below, reserved=len(self._workspace.open_edits))

    def _may_edit(self) -> bool:
        """Return whether it is this answer's turn to be edited: all that are being written share the calls evenly."""
        now = asyncio.get_running_loop().time()
        calls = self._workspace.calls.limiter("chat.update").calls * PROGRESS_SHARE
        interval = max(1, len(self._workspace.open_edits)) * self._rules.minute / calls
        if now - self._edited_at < interval:
            return False
        self._edited_at = now
        return True

    # ------------------------------------------------------------ for the asker alone

    async def _apologise(self, draft: Draft) -> None:
        """Tell only who asked that there is no answer."""
        blocks = end_blocks(draft, self._turn.id)
        try:
            await post_ephemeral(self._workspace, self._turn.incoming, draft.text, blocks)
        except (SlackApiError, SlackUnknownOutcome) as error:
            logger.info(
                "error message posted instead of the answer", extra={"turn": self._turn.id, "error": str(error)}
            )
            await self._write_end(draft)


def _plain_pieces(draft: Draft) -> Sequence[Piece]:
    """Return the messages that an answer needs as text alone."""
    return split(plain_text(draft), limit=PLAIN_CHARACTERS, size=lambda each: len(escape_mrkdwn(each)))
