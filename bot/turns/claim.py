"""One claim of a turn: what its runner needs, what a crash must not lose, and who gives way when another has it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.delivery import Presenter
from bot.errors import PlatformError, StorageError
from bot.intervals import has_passed
from bot.ports import Clock, Platform, TurnStore
from bot.types import OPEN_STATES, Draft, Incoming, Turn, joins_others, takes_others

logger = logging.getLogger(__name__)

MOST_RENEWALS = 5
"""How often an answer is begun anew for what people add: each time its request is paid, mostly from the cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A claimed turn, and where its answer goes; setting `stop` ends its generation and nothing else.

    `added` is set when those who asked have asked more before the first word of the answer; `has_begun` from that word
    on; `interrupted` once others have written in the channel where it was asked. `renewals` counts how often the answer
    was begun anew for what was added.
    """

    turn: Turn
    platform: Platform
    presenter: Presenter
    stop: asyncio.Event
    started: datetime
    added: asyncio.Event = field(default_factory=asyncio.Event)
    interrupted: asyncio.Event = field(default_factory=asyncio.Event)
    has_begun: asyncio.Event = field(default_factory=asyncio.Event)
    renewals: int = 0

    @property
    def takes_more(self) -> bool:
        """Return whether what is added to the question is still taken in, and not left to be the next one."""
        plain = takes_others(self.turn.incoming) and not self.turn.is_poison
        return plain and not self.has_begun.is_set() and self.renewals < MOST_RENEWALS

    def show_progress(self, progress: str) -> None:
        """Show what is being done before there is any answer."""
        self.presenter.submit(lambda: Draft(status="thinking", progress=progress))

    def note_said(self, said: Incoming) -> None:
        """Note what is said beside the question in its channel: once others have spoken there, or the asker to the bot,
        nothing adds to it any more.
        """
        if self._is_beside(said) and not self._goes_on(said):
            self.interrupted.set()

    def as_addition(self, said: Incoming) -> Incoming | None:
        """Return what is `said` outside threads as an addition to the question, which began its conversation there.

        None where it is none: somebody else's, or in another channel, or to others, or after one of them or the answer.
        """
        asked = self.turn.incoming
        is_added = self._is_beside(said) and self._goes_on(said) and not said.addressees
        if not is_added or self.interrupted.is_set() or not self.takes_more:
            return None
        return replace(said, key=asked.key, is_top_level=False, platform_data=asked.platform_data)

    def _goes_on(self, said: Incoming) -> bool:
        return said.author.id == self.turn.incoming.author.id and not said.is_directed

    def _is_beside(self, said: Incoming) -> bool:
        """Return whether another message is said in the channel in which the question began its conversation."""
        asked = self.turn.incoming
        is_there = asked.is_top_level and replace(asked.key, thread=said.key.thread) == said.key
        return is_there and asked.key.thread != "" and said.message_id != asked.message_id

    def add(self, incoming: Incoming) -> None:
        """Begin the answer anew if `incoming` adds to what is asked."""
        asked = (self.turn.incoming, *self.turn.coalesced)
        is_theirs = incoming.key == asked[0].key and incoming.author.id in {question.author.id for question in asked}
        if is_theirs and joins_others(incoming) and self.takes_more:
            self.added.set()

    @property
    def log_fields(self) -> Mapping[str, object]:
        """Return what every log line about the turn names."""
        turn = self.turn
        return {"turn": turn.id, "conversation": str(turn.incoming.key), "epoch": turn.epoch, "attempt": turn.attempt}


# ------------------------------------------------------------ the checkpoint


CHECKPOINT = timedelta(seconds=2)
"""How much of a stream a crash may cost: the least time between two stored drafts."""


class Checkpoint:
    """Stores what a crash must not lose: the first visible message at once, the text every few seconds.

    Checks as well that the turn is still this runner's, before anything of it is shown.
    """

    def __init__(self, store: TurnStore, turn: Turn, clock: Clock, *, stop: asyncio.Event) -> None:
        self._store = store
        self._turn = turn
        self._stop = stop
        self._clock = clock
        self._noted: tuple[str | None, Sequence[str]] = turn.reply_ref, ()
        self._saved_at = clock()

    async def note(self, ref: str, messages: Sequence[str]) -> None:
        """Store where the reply stands, if that has changed. Raises `ClaimLost`."""
        if (ref, messages) != self._noted:
            self._stop_if(await self._store.set_reply_ref(self._turn, ref, messages))
            self._noted = ref, messages

    async def check(self, draft: Draft) -> None:
        """Check that `draft` may be shown, right before it is, and store it every few seconds.

        Raises `ClaimLost`, before who was held up shows it beside or over another's answer.
        """
        if not has_passed(CHECKPOINT, since=self._saved_at, now=self._clock()):
            self._stop_if(await self._store.check_claim(self._turn))
            return
        self._stop_if(await self._store.save_draft(self._turn, draft))
        self._saved_at = self._clock()

    def _stop_if(self, is_stopped: bool) -> None:
        if is_stopped:  # told again here, in case the word of it came before this turn began or got lost on the way
            self._stop.set()


# ------------------------------------------------------------ the takeover by another runner


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeoverTimes:
    """Waits of a takeover for calls that are still on their way, in seconds.

    A call that a runner sent before its end may reach the platform `late` seconds after it. Whoever lost a turn looks
    for the other's message so many `looks`, `between` them a pause; a conversation's runner is not free for that long.
    """

    late: float = 3.0
    looks: int = 10
    between: float = 1.0


DEFAULT_TAKEOVER = TakeoverTimes()


class Takeover:
    """Keeps two runners of one turn from leaving two answers, or the wrong one."""

    def __init__(self, store: TurnStore, platforms: Mapping[str, Platform], times: TakeoverTimes) -> None:
        self._store = store
        self._platforms = platforms
        self._times = times

    async def give_way(self, turn: Turn, presenter: Presenter) -> None:
        """Take back what was shown here beside the other runner's message, and mend what was shown over it.

        For a runner that was held up while another took `turn` over.
        """
        try:
            current = await self._taken_over(turn)
            if current is not None:
                await presenter.retract(current.reply_ref or "")
        except PlatformError as error:
            logger.warning("duplicate message not deleted", extra=_told(turn, error))
        await self._show_again(turn)

    async def show_over_latecomers(self, turn: Turn) -> None:
        """Show the answer of an interrupted turn once more.

        What an earlier runner sent before its end may arrive after it, and nobody else would mend that. One whose
        message was not noted before this claim was not editing any: no runner edits before that.
        """
        if turn.was_interrupted and turn.reply_ref:
            await asyncio.sleep(self._times.late)
            await self._show_again(turn)

    async def _taken_over(self, turn: Turn) -> Turn | None:
        """Return the turn as soon as the other runner has noted its message, or needs none any more.

        None when neither comes: the other may be going on with the very message that this runner has shown. A database
        that is away meanwhile is asked again.
        """
        for _ in range(self._times.looks):
            try:
                current = await self._store.get_turn(turn.id)
            except StorageError as error:
                logger.warning("could not read who runs the turn", extra=_told(turn, error))
            else:
                if current is None or current.reply_ref or current.state not in OPEN_STATES:
                    return current
            await asyncio.sleep(self._times.between)
        return None

    async def _show_again(self, turn: Turn) -> None:
        """Show a recorded answer again in its message; while it is being written, its runner does so itself.

        Where no message is noted there is none to mend, and a post from here could be a second one.
        """
        try:
            current = await self._store.get_turn(turn.id)
            if current is None or not current.reply_ref or current.outcome is None or current.draft is None:
                return
            reply = await self._platforms[turn.incoming.key.platform].open_reply(current)
            await reply.finish(current.draft)
        except (PlatformError, StorageError) as error:
            logger.warning("answer not shown again", extra=_told(turn, error))


def _told(turn: Turn, error: Exception) -> dict[str, object]:
    return {"turn": turn.id, "conversation": str(turn.incoming.key), "epoch": turn.epoch, "error": str(error)}
