"""Have sound transcribed for turns, each time with a line in the ledger."""

from __future__ import annotations

import logging

from bot.errors import BudgetReached
from bot.ports import Ledger, Rates, SoundReader
from bot.types import Charge, Costs, Media, Purpose, RequestId, SentRequest, Transcription, Turn, Usage

logger = logging.getLogger(__name__)


class MeteredSounds:
    """Hears sound, and keeps the ledger equal to what that is billed."""

    def __init__(self, sounds: SoundReader, ledger: Ledger, rates: Rates) -> None:
        self._sounds = sounds
        self._ledger = ledger
        self._rates = rates

    async def takes_sound(self) -> bool:
        """Return whether the model itself can be sent sound; never raises."""
        return await self._sounds.takes_sound()

    async def transcribe(self, sound: Media, turn: Turn) -> str:
        """Return what is said in a sound, "" where that cannot be had. Raises `StorageError`, and then asks nobody."""
        expected = self._charge(Usage(input=sound.tokens, estimated=True))
        request = SentRequest(
            turn=turn,
            purpose=Purpose.TRANSCRIPTION,
            model=self._sounds.transcriber,
            charge=expected,
            costs=Costs(likely=expected.cost, greatest=expected.cost),
        )
        try:
            id = await self._ledger.open_request(request)
        except BudgetReached:
            logger.info("a sound was not transcribed", extra={"turn": turn.id, "code": "budget"})
            return ""
        told: Transcription | None = Transcription(text="", usage=expected.usage)  # if it is cut off in the middle
        try:
            told = await self._sounds.transcribe(sound)
        finally:
            await self._settle(id, told)
        return told.text if told is not None else ""

    async def _settle(self, id: RequestId, told: Transcription | None) -> None:
        if told is None:
            await self._ledger.drop_request(id)
        else:
            await self._ledger.settle_request(id, self._charge(told.usage))

    def _charge(self, usage: Usage) -> Charge:
        return Charge(usage=usage, cost=self._rates.card().transcription_cost(usage))
