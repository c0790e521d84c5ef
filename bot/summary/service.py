"""Make one summary: check access, read, summarise, show, remember."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import chain
from typing import cast

from bot.access.metered_model import Bill, MeteredModel
from bot.access.pace import asker_of
from bot.delivery import Presenter
from bot.errors import InvalidInput, PlatformError
from bot.language import gettext, gettext_noop, minute, number, quantity
from bot.offload import offload
from bot.parameter_resolver import effective_parameters, values_of
from bot.ports import ChannelReader, Clock, Platform, Rates, Store
from bot.summary.channel_history import ChannelHistory, HistoryReader, ReadablePlatform
from bot.summary.format import FormattedSummary, linked, remembered, span, tell
from bot.summary.map_reduce import MapReduce, MapReduceResult
from bot.summary.model_requests import SummaryModel, TokenRatio
from bot.summary.numbered_lines import NumberedLine, numbered
from bot.summary.request import MOST_MESSAGES, USUAL_MESSAGES, stored_wanted, zone_of
from bot.summary.segments import stitched
from bot.summary.thread_export import ThreadExport
from bot.types import (
    EMPTY,
    THREAD_EXPORT,
    ConversationKey,
    Draft,
    Incoming,
    NewEntry,
    ParameterValue,
    Purpose,
    Settlement,
    SummaryPart,
    Turn,
    TurnState,
)

logger = logging.getLogger(__name__)

CLOCKS = timedelta(seconds=2)  # by which a platform's clock and ours may differ: what was said just before counts

NOT_HERE = gettext_noop("I cannot read channels here, so there is nothing to summarise.")
NO_ACCESS = gettext_noop(
    "You cannot read this channel, so I cannot summarise it for you. Ask somebody in it to add you."
)
NOTHING_NEW = gettext_noop("Nothing new: there are no messages {since}.")
UNCHANGED = gettext_noop("Nothing has changed since the last summary, so the model was not asked again.")


class ReadableChannels:
    """The channels of all platforms that can be read."""

    def __init__(self, platforms: Mapping[str, Platform]) -> None:
        self._platforms = platforms

    def platform(self, key: ConversationKey) -> ReadablePlatform:
        """Return the platform of a conversation. Raises `InvalidInput` where channels cannot be read."""
        platform: object = self._platforms.get(key.platform)
        if not isinstance(platform, ChannelReader):
            raise InvalidInput(gettext(NOT_HERE))
        return cast("ReadablePlatform", platform)

    async def check_access(self, incoming: Incoming) -> None:
        """Raise `InvalidInput` unless whoever asks may read the channel, and `PlatformError` when that is not known."""
        if not await self.platform(incoming.key).may_read(incoming.key, incoming.author):
            raise InvalidInput(gettext(NO_ACCESS))


class SummaryService:
    """Summarises channels and threads for people who may read them."""

    def __init__(
        self, store: Store, model: MeteredModel, rates: Rates, platforms: Mapping[str, Platform], *, clock: Clock
    ) -> None:
        self._store = store
        self._model = model
        self._rates = rates
        self._clock = clock
        self._gauge = TokenRatio()
        self._channels = ReadableChannels(platforms)
        self.check_access = self._channels.check_access

    def begin(self, turn: Turn, presenter: Presenter) -> SummaryRun | ThreadExport:
        """Return the summary, or the file of a thread, that a turn asks for; nothing is done yet.

        Raises `InvalidInput` where channels cannot be read.
        """
        if turn.incoming.text == THREAD_EXPORT:
            platform = self._channels.platform(turn.incoming.key)
            return ThreadExport(store=self._store, platform=platform, turn=turn, clock=self._clock)
        bill = Bill(turn=turn, purpose=Purpose.SUMMARY, asker=asker_of(turn, EMPTY))
        return SummaryRun(
            store=self._store,
            channels=self._channels,
            asker=SummaryModel(model=self._model, bill=bill, gauge=self._gauge),
            rates=self._rates,
            presenter=presenter,
            turn=turn,
            clock=self._clock,
        )


@dataclass(kw_only=True)
class SummaryRun:
    """One summary in the making; `run` it, then ask for its `settlement`."""

    store: Store
    channels: ReadableChannels
    asker: SummaryModel
    rates: Rates
    presenter: Presenter
    turn: Turn
    clock: Clock

    def __post_init__(self) -> None:
        self._incoming = self.turn.incoming
        self._zone: tzinfo = UTC
        self._started = self.clock()
        self._draft = Draft(status="stopped")
        self._entries: tuple[NewEntry, ...] = ()
        self._parameters: Mapping[str, ParameterValue] = {}

    @property
    def _place(self) -> ConversationKey:
        """Return what is summarised, as parts are kept by."""
        return self._incoming.key if self._wanted.thread else replace(self._incoming.key, thread="")

    async def run(self) -> None:
        """Make the summary. Raises `InvalidInput`, `PlatformError`, `ModelError` and `StorageError`."""
        self._wanted = stored_wanted(self._incoming.text)
        await self.channels.check_access(self._incoming)
        self._zone = await zone_of(self._incoming.time_zone)
        self._parameters = values_of(await effective_parameters(self._incoming, self.store))
        reading = await self._read()
        length = sum(len(message.text) for message in reading.messages)
        lines = await offload(length, numbered, reading.blocks, self._zone)
        if not lines:
            self._draft = Draft(status="done", text=gettext(NOTHING_NEW).format(since=self._since()))
            return
        condenser = MapReduce(
            store=self.store,
            asker=self.asker,
            rates=self.rates,
            place=self._place,
            zone=self._zone,
            tell=self._progress,
        )
        outcome = await condenser.condense(reading, lines)
        await self._finish(reading, list(chain.from_iterable(lines)), outcome)

    def settlement(self, *, stopped: bool = False) -> Settlement:
        """Return how the turn ends; under it stands what all requests together used and cost."""
        seconds = (self.clock() - self._started).total_seconds()
        footer = self.asker.footer(seconds=seconds, show_cost=self._parameters.get("show_cost") is not False)
        draft = replace(self._draft, status="stopped") if stopped else self._draft
        return Settlement(
            state=TurnState.CANCELLED if stopped else TurnState.DONE,
            draft=replace(draft, footer=footer, notices=(*draft.notices, *self.asker.notices)),
            entries=() if stopped or self._incoming.private else self._entries,
        )

    # ------------------------------------------------------------ reading

    async def _read(self) -> ChannelHistory:
        incoming = self._incoming
        mark = await self.store.get_mark(self._place, incoming.author.id)
        reader = HistoryReader(
            platform=self.channels.platform(incoming.key),
            key=incoming.key,
            person=incoming.author,
            until=incoming.sent_at + CLOCKS,
            message_id=incoming.message_id,
            bots=self._parameters.get("bots_in_summaries") is True,
        )
        self._progress(gettext("Reading…"))
        wanted = self._wanted
        if not wanted.is_usual:
            return await reader.read(wanted, mark, self._read_so_far)
        reading = await reader.read(replace(wanted, last=USUAL_MESSAGES), mark, self._read_so_far)
        begin = _reach_back(await self.store.get_parts(self._place), reading)
        return reading if begin is None else await reader.read(replace(wanted, since=begin), mark, self._read_so_far)

    def _read_so_far(self, count: int) -> None:
        self._progress(gettext("Read {count} so far…").format(count=quantity(count, "message")))

    def _progress(self, text: str) -> None:
        self.presenter.submit(lambda: Draft(status="thinking", progress=text))

    # ------------------------------------------------------------ telling

    async def _finish(self, reading: ChannelHistory, lines: Sequence[NumberedLine], outcome: MapReduceResult) -> None:
        whole = stitched(outcome.parts)
        by_id = {line.message.message_id: line for line in lines}
        links = await self._links(whole, by_id)
        marks = {id: linked(by_id[id].number, link) for id, link in links.items()}
        told = tell(whole, marks, since_then=_later_headlines(outcome.parts))
        notices = self._notices(reading, lines, outcome, told)
        now = self.clock()
        self._draft = Draft(
            status="done",
            text=told.text,
            notices=notices,
            links=tuple(filter(None, links.values())),
            file_name=f"summary-{now.astimezone(self._zone):%Y-%m-%d}.md" if self._wanted.as_file else "",
        )
        if not self._incoming.private:
            self._entries = remembered(self._incoming, self.turn.id, whole, by_id, now)
        person = self._incoming.author.id if self._incoming.private else ""
        if not outcome.failures:
            await self.store.put_mark(self._place, person, max(line.message.sent_at for line in lines))
        counts = {"messages": len(lines), "parts": len(outcome.parts), "points": told.points, "marked": told.marked}
        removed = {"citations_removed": outcome.citations_removed, "points_removed": outcome.points_removed}
        logger.info("summary made", extra={"turn": self.turn.id, **counts, **removed})

    async def _links(self, whole: SummaryPart, by_id: Mapping[str, NumberedLine]) -> Mapping[str, str]:
        """Return the address of each message that is named; only of messages that were read."""
        platform = self.channels.platform(self._incoming.key)
        named = {id for points in whole.points.values() for point in points for id in point.rests_on if id in by_id}
        try:
            return {id: await platform.link(self._incoming.key, by_id[id].message) for id in sorted(named)}
        except PlatformError as error:  # what was paid for is shown all the same, with numbers alone
            logger.warning("links to messages not found", extra={"turn": self.turn.id, "error": str(error)})
            return dict.fromkeys(named, "")

    def _notices(
        self, reading: ChannelHistory, lines: Sequence[NumberedLine], outcome: MapReduceResult, told: FormattedSummary
    ) -> tuple[str, ...]:
        notices = [
            gettext("From {count}, {span}.").format(count=quantity(len(lines), "message"), span=span(lines, self._zone))
        ]
        if reading.is_cut:
            notices.append(
                gettext("There are more messages; only the newest {most_messages} were read.").format(
                    most_messages=number(MOST_MESSAGES)
                )
            )
        if not outcome.is_new:
            notices.append(gettext(UNCHANGED))
        if outcome.failures:
            notices.append(
                gettext("Missing here, because the model failed: {names}.").format(names="; ".join(outcome.failures))
            )
        if outcome.citations_removed:
            notices.append(
                gettext("Left out: {count} to messages that were not read.").format(
                    count=quantity(outcome.citations_removed, "link")
                )
            )
        if outcome.points_removed:
            notices.append(
                gettext("Left out: {count} that said nothing about the messages.").format(
                    count=quantity(outcome.points_removed, "point")
                )
            )
        if told.marked < told.points:
            notices.append(
                gettext("{value} of {count} without a link to a message.").format(
                    value=told.points - told.marked, count=quantity(told.points, "point")
                )
            )
        return tuple(notices)

    def _since(self) -> str:
        wanted = self._wanted
        if wanted.since is not None:
            return gettext("since {time}").format(time=minute(wanted.since.astimezone(self._zone)))
        if wanted.after_own:
            return gettext("since your last one")
        return gettext("since the last summary") if wanted.after_summary else gettext("to summarise here")


def _later_headlines(parts: Sequence[SummaryPart]) -> list[str]:
    headlines = [part.headline for part in parts if part.headline]
    return headlines[1:]


def _reach_back(parts: Sequence[SummaryPart], reading: ChannelHistory) -> datetime | None:
    """Return where a kept part begins that ends among what was read, if that is not far: then it can be used again."""
    begins_at = reading.begins_at
    if begins_at is None:
        return None
    torn = [part for part in parts if part.covers[0].at < begins_at <= max(cover.at for cover in part.covers)]
    if not torn:
        return None
    longest = max(torn, key=lambda part: len(part.covers))
    before = sum(cover.at < begins_at for cover in longest.covers)
    return min(cover.at for cover in longest.covers) if before <= USUAL_MESSAGES else None
