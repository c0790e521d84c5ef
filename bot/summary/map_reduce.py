"""Summarise in parts: kept parts are used again, the rest is summarised side by side, many are merged."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Final

from bot.context.tokens import estimate, estimate_request
from bot.context.view import WindowLimits
from bot.errors import ContextTooLong, ModelError
from bot.language import gettext, number
from bot.ports import Rates, SummaryStore
from bot.summary.channel_history import ChannelHistory
from bot.summary.chunking import Lines, divide
from bot.summary.format import span
from bot.summary.model_requests import AT_ONCE, SummaryModel
from bot.summary.numbered_lines import NumberedLine, version
from bot.summary.prompts import ASK, SYSTEM_PROMPT, asking, merging, room_for
from bot.summary.sanitize import addresses
from bot.summary.segments import Checked, checked, chosen, covered, mended, stitched, told, within
from bot.types import ConversationKey, SummaryPart

logger = logging.getLogger(__name__)

MOST_POINTS: Final = 20  # of a summary made in one go
MOST_SHOWN: Final = 40  # of one that grew; beyond it is merged
FEWEST_OF_PART: Final = 6
MESSAGES_PER_POINT: Final = 8
FEWEST_POINTS: Final = 2
LEAST_ROOM: Final = 200  # tokens of messages in one request, however small the model is


@dataclass(slots=True)
class MapReduceResult:
    """Result of condensing: the parts in order, what failed, and what was left out of what the model wrote."""

    parts: list[SummaryPart] = field(default_factory=list)
    is_new: bool = False
    failures: list[str] = field(default_factory=list)
    citations_removed: int = 0
    points_removed: int = 0

    def take(self, found: Checked) -> SummaryPart:
        """Count what was left out of a part."""
        self.citations_removed += found.citations_removed
        self.points_removed += found.points_removed
        return found.part


@dataclass(frozen=True, slots=True, kw_only=True)
class MapReduce:
    """Condenses what was read in one place, at the prices of `rates`; `tell` is told how far it is."""

    store: SummaryStore
    asker: SummaryModel
    rates: Rates
    place: ConversationKey
    zone: tzinfo
    tell: Callable[[str], None]

    async def condense(self, reading: ChannelHistory, lines: Sequence[Sequence[NumberedLine]]) -> MapReduceResult:
        """Return the parts that together cover all that was read. Raises `ModelError` when nothing at all
        can be told.
        """
        outcome = MapReduceResult(parts=await self._kept(reading))
        known = {cover.id for part in outcome.parts for cover in part.covers}
        rest = [left for block in lines if (left := [line for line in block if line.message.message_id not in known])]
        if not rest:
            return outcome
        outcome.is_new = True
        fresh = await self._condense_all(rest, outcome, has_kept=bool(outcome.parts))
        if len(fresh) > 1:
            fresh = [await self._merged(fresh, lines, outcome)]
        outcome.parts = sorted([*outcome.parts, *fresh], key=lambda part: part.covers[0].at)
        if sum(part.size for part in outcome.parts) > MOST_SHOWN:
            outcome.parts = [await self._merged(outcome.parts, lines, outcome)]
        return outcome

    # ------------------------------------------------------------ what was kept

    async def _kept(self, reading: ChannelHistory) -> list[SummaryPart]:
        """Return the kept parts that tell of nothing else, mended where messages were edited or deleted."""
        read = {message.message_id: version(message) for message in reading.messages}
        usable: list[SummaryPart] = []
        for part in await self.store.get_parts(self.place):
            if not within(part, reading.begins_at) or all(cover.id not in read for cover in part.covers):
                continue
            now = mended(part, read)
            if now is None:
                await self.store.remove_parts(self.place, [part.id])
                continue
            if now is not part:
                await self.store.put_part(self.place, now, replaces=[part.id])
            usable.append(now)
        kept = chosen(usable)
        needless = [part.id for part in usable if part not in kept and any(map(part.is_within, kept))]
        await self.store.remove_parts(self.place, needless)
        return kept

    # ------------------------------------------------------------ what is new

    async def _condense_all(
        self, rest: Sequence[Lines], outcome: MapReduceResult, *, has_kept: bool
    ) -> list[SummaryPart]:
        """Return the parts of what is new; one that fails is named, unless there is nothing else to tell."""
        count = sum(map(len, rest))
        points = min(MOST_POINTS, FEWEST_POINTS + count // MESSAGES_PER_POINT)
        pieces = divide(rest, self._room(points))
        if len(pieces) > 1:
            points = min(points, max(FEWEST_OF_PART, math.ceil(MOST_POINTS / len(pieces))))
        gate, done = asyncio.Semaphore(AT_ONCE), 0
        self.tell(_so_far(count, 0, len(pieces)))

        async def one(piece: Lines) -> list[SummaryPart]:
            nonlocal done
            async with gate:
                parts = await self._part(piece, points, outcome)
            done += 1
            self.tell(_so_far(count, done, len(pieces)))
            return parts

        results = await asyncio.gather(*map(one, pieces), return_exceptions=True)
        fresh: list[SummaryPart] = []
        for piece, result in zip(pieces, results, strict=True):
            if isinstance(result, ModelError):
                outcome.failures.append(
                    gettext("{count} messages, {span}").format(count=number(len(piece)), span=span(piece, self.zone))
                )
                logger.warning("part of a summary failed", extra={"error": str(result)})
            elif isinstance(result, BaseException):
                raise result
            else:
                fresh.extend(result)
        if not fresh and not has_kept:
            raise next(item for item in results if isinstance(item, ModelError))
        return fresh

    async def _part(self, piece: Lines, points: int, outcome: MapReduceResult) -> list[SummaryPart]:
        """One part, kept as soon as it is there; in halves where it proves too long."""
        try:
            said = await self.asker.insist(asking(piece, self.zone, points=points), points=points)
        except ContextTooLong:
            if len(piece) < 2:
                raise
            middle = len(piece) // 2
            halves = [await self._part(half, points, outcome) for half in (piece[:middle], piece[middle:])]
            return [part for half in halves for part in half]
        named = {line.number: line.message.message_id for line in piece}
        messages = [line.message for line in piece]
        known = addresses("\n".join(message.text for message in messages))
        part = outcome.take(checked(said, covered(messages), named, known, most=points))
        await self.store.put_part(self.place, part)
        return [part]

    # ------------------------------------------------------------ what is many

    async def _merged(
        self, parts: Sequence[SummaryPart], lines: Sequence[Lines], outcome: MapReduceResult
    ) -> SummaryPart:
        """Return the parts as one; set one behind the other where the model fails."""
        numbers = {line.message.message_id: line.number for block in lines for line in block}
        self.tell(gettext("Putting the parts together…"))
        whole = stitched(parts)
        rendered = [told(part, lambda name: numbers.get(name, 0)) for part in parts]
        try:
            said = await self.asker.insist(merging(rendered, points=MOST_POINTS), points=MOST_POINTS)
        except ModelError as error:
            logger.warning("parts of a summary not merged", extra={"error": str(error)})
            return whole
        cited = {id for points in whole.points.values() for point in points for id in point.rests_on}
        named: Mapping[int, str] = {numbers[id]: id for id in cited if id in numbers}
        part = outcome.take(checked(said, whole.covers, named, addresses("\n".join(rendered)), most=MOST_POINTS))
        await self.store.put_part(self.place, part, replaces=[item.id for item in parts])
        return part

    def _room(self, points: int) -> int:
        """Return how many tokens of messages fit into one request of the lowest price tier."""
        model, card = self.asker.model, self.rates.card()
        limits = WindowLimits(context_tokens=model.context_tokens, max_tokens=room_for(points), card=card)
        estimated = int(limits.cheap_prompt / self.asker.gauge.ratio)
        return max(LEAST_ROOM, estimated - estimate_request(SYSTEM_PROMPT, ()) - estimate(ASK))


def _so_far(messages: int, done: int, parts: int) -> str:
    if parts == 1:
        return gettext("Summarising {messages} messages…").format(messages=number(messages))
    return gettext("Summarising {messages} messages: {done} of {parts} parts are done…").format(
        messages=number(messages), done=done, parts=parts
    )
