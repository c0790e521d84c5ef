"""Answer turns: the facade over the room of turns."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.access.fallback import PricedModel
from bot.access.metered_model import MeteredModel
from bot.context.compaction import WAIT_SECONDS, Compactor, Sleep
from bot.context.request_builder import RequestBuilder, RequestOptions
from bot.delivery import Presenter
from bot.errors import ClaimLost, PlatformError
from bot.language import speaking
from bot.parameter_resolver import language_of
from bot.ports import Clock, Model, Platform, Rates, Store
from bot.summary.service import SummaryService
from bot.turns.asker_notices import AskerNotices
from bot.turns.claim import DEFAULT_TIMES, Attempt, Checkpoint, Takeover, TakeoverTimes
from bot.turns.generator import BURST_NOTICE, Generator
from bot.turns.runner import TurnRunner
from bot.turns.undelivered import Undelivered
from bot.types import ConversationKey, Incoming, Turn, TurnId

__all__ = ["BURST_NOTICE", "ConversationManager", "TurnOptions"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOptions(RequestOptions):
    """Options that differ between places where turns run: what requests may hold, how a takeover is timed, how the
    end of the cache is waited for and for how long notes, and which model is asked while the first is away.
    """

    takeover: TakeoverTimes = DEFAULT_TIMES
    sleep: Sleep = asyncio.sleep
    notes_wait: float = WAIT_SECONDS
    fallback: PricedModel | None = None


class ConversationManager:
    """Answer turns, one at a time in each conversation; the dispatcher sees to that order."""

    def __init__(
        self,
        store: Store,
        model: Model,
        rates: Rates,
        platforms: Mapping[str, Platform],
        *,
        clock: Clock,
        options: TurnOptions = TurnOptions(),
    ) -> None:
        self._store = store
        self.platforms = platforms
        self._clock = clock
        metered = MeteredModel(model, store, rates, clock=clock, fallback=options.fallback)
        self._summariser = SummaryService(store, metered, rates, platforms, clock=clock)
        self._takeover = Takeover(store, platforms, options.takeover)
        composer = RequestBuilder(store, model, rates, platforms, clock=clock, options=options)
        self._compactor = Compactor(store, metered, clock=clock, sleep=options.sleep, wait_seconds=options.notes_wait)
        self._runner = TurnRunner(
            store,
            Generator(store, metered, composer=composer, summariser=self._summariser, clock=clock),
            self._compactor,
            takeover=self._takeover,
            undelivered=Undelivered(store, platforms, clock=clock, model=model.name),
            clock=clock,
        )
        self._attempts: dict[TurnId, Attempt] = {}
        self._notices = AskerNotices(store, platforms, clock=clock)

    async def answer(self, turn: Turn) -> None:
        """Run one claimed turn to its end, or put it off until the model may be back.

        Raises `StorageError` when the turn stays open, to be taken up again; `ClaimLost` among them says that
        another runner has it.
        """
        attempt = self._attempt(turn)
        self._attempts[turn.id] = attempt
        try:
            with speaking(await language_of(turn.incoming, self._store)):
                await self._runner.run(attempt)
                await self._notices.tell_done(turn)
        except ClaimLost:
            await self._takeover.give_way(turn, attempt.presenter)
            raise
        finally:
            del self._attempts[turn.id]

    async def settled(self) -> None:
        """Wait until no notes are being written."""
        await self._compactor.settled()

    async def aclose(self, *, patience: float = 0) -> None:
        """End what goes on between turns: notes that are being written may be finished within `patience` seconds."""
        await self._notices.aclose()
        await self._compactor.aclose(patience=patience)

    def interrupt(self, turns: Sequence[TurnId]) -> None:
        """End the generation of these turns at once; what is being posted already is left to finish."""
        for turn in turns:
            if attempt := self._attempts.get(turn):
                attempt.stop.set()

    def take_back(self, key: ConversationKey) -> None:
        """Show no more in a conversation that a question has come in which is gone."""
        self._notices.take_back(key)

    def add(self, incoming: Incoming) -> None:
        """Show that a stored question has come in, before any pause, and take it into the answer that is being made for
        its author, if nothing of that was said yet.
        """
        self._notices.acknowledge(incoming)
        for attempt in self._attempts.values():
            attempt.add(incoming)

    async def check_may_summarise(self, incoming: Incoming) -> None:
        """Raise `InvalidInput` for those who may not read what they want summarised; asked again before it is read."""
        try:
            await self._summariser.check_access(incoming)
        except PlatformError as error:
            logger.warning("could not check access", extra={"conversation": str(incoming.key), "error": str(error)})

    def _attempt(self, turn: Turn) -> Attempt:
        """Return a claimed turn with a presenter that keeps a checkpoint and stops it when the answer is removed."""
        platform, stop = self.platforms[turn.incoming.key.platform], asyncio.Event()
        checkpoint = Checkpoint(self._store, turn, self._clock, stop=stop)
        presenter = Presenter(
            lambda: platform.open_reply(turn),
            min_update_interval=platform.min_update_interval,
            on_shown=checkpoint.note,
            before=checkpoint.ask,
            on_removed=stop.set,
        )
        return Attempt(turn=turn, platform=platform, presenter=presenter, stop=stop, started=self._clock())
