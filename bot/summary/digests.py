"""Post summaries of a channel on a schedule, every day or week at somebody's local time.

Each process that runs turns looks for what is due; the turn's dedupe key is made of the schedule and the time, so that
a digest is posted once, however many look. After a downtime only the newest one is posted, for all the time since.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any, Final

from bot.errors import InvalidInput, PlatformError, StorageError
from bot.language import day, gettext, weekday
from bot.ports import ChannelReader, Clock, Platform, ScheduleStore, Store
from bot.summary.request import SummaryRequest, zone_of
from bot.turns.effects import AddDigest, Effect, PauseDigest, RemoveDigest, telling
from bot.types import (
    DIGEST_KEY,
    AuthorKind,
    ConversationKey,
    Entrance,
    Incoming,
    NewSchedule,
    ReadMessage,
    Schedule,
    Task,
)

logger = logging.getLogger(__name__)

GRAMMAR: Final = "add daily|weekly [DAY] [at] TIME | list | pause N | resume N | remove N"

TICK_SECONDS: Final = 20.0
MOST_OF_CHANNEL: Final = 10
LOOKED_AT: Final = 100  # newest messages in which something that somebody said is looked for

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_ADD = re.compile(
    r"(?P<rhythm>daily|weekly|every day|every week)(?:\s+(?:on\s+)?(?P<day>[a-z]{3,9}))?\s+(?:at\s+)?"
    r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?(?:\s*+(?P<half>am|pm))?(?:\s++(?:for|in)\s++this\s++channel)?",
    re.IGNORECASE,
)


_CHANGE = re.compile(r"list|(?:pause|resume|remove)\s+#?\d+", re.IGNORECASE)


# ---------------------------------------------------------------- the command


def is_digest_command(words: str) -> bool:
    """Return whether words are in the grammar of the command as a whole."""
    verb, _, rest = words.strip().partition(" ")
    if verb.lower() == "add":
        return _ADD.fullmatch(rest.strip()) is not None
    return _CHANGE.fullmatch(words.strip()) is not None


def adds_digest(arguments: str) -> bool:
    """Return whether the words are to add a digest."""
    return arguments.strip().partition(" ")[0].lower() == "add"


async def decide(
    arguments: str, incoming: Incoming, store: ScheduleStore, *, manages: bool, now: datetime
) -> Effect[Any]:
    """Return what adds, lists, pauses, resumes or removes digests of this channel. Raises `InvalidInput`.

    `manages` says that the author may change those of others.
    """
    verb, _, rest = arguments.strip().partition(" ")
    match verb.lower():
        case "add":
            return await _add(rest.strip(), incoming, store, now=now)
        case "list" | "":
            return telling(await _list(incoming, store))
        case "pause" | "resume" | "remove":
            return await _change(verb.lower(), await _found(rest, incoming, store, manages=manages), now=now)
        case _:
            raise InvalidInput(
                gettext("Usage: `/digest {grammar}`, for example `/digest add weekly friday at 16:00`.").format(
                    grammar=GRAMMAR
                )
            )


async def _add(words: str, incoming: Incoming, store: ScheduleStore, *, now: datetime) -> Effect[Schedule]:
    at, weekday = _read(words)
    if len(await store.get_schedules(incoming.key)) >= MOST_OF_CHANNEL:
        raise InvalidInput(
            gettext("A channel has at most {most_of_channel} digests. Remove one first.").format(
                most_of_channel=MOST_OF_CHANNEL
            )
        )
    zone = await zone_of(incoming.time_zone)
    wanted = NewSchedule(
        key=replace(incoming.key, thread=""),
        author=incoming.author,
        at=at,
        weekday=weekday,
        time_zone=zone.key,
        next_at=next_time(at, weekday, zone, after=now),
        since=now,
    )

    def tell(added: Schedule) -> str:
        return gettext("Digest {id} is set: {described}. The first one comes {local}.").format(
            id=added.id, described=_described(added), local=_local(added.next_at, zone)
        )

    return Effect(change=AddDigest(schedule=wanted), tell=tell)


def _read(words: str) -> tuple[time, int | None]:
    """Return the time and the weekday, None for every day. Raises `InvalidInput`."""
    match = _ADD.fullmatch(words)
    if match is None:
        raise InvalidInput(
            gettext("Add a time, as in `/digest add daily at 9:00` or `/digest add weekly friday at 16:00`.")
        )
    hour, minute, half = int(match["hour"]), int(match["minute"] or 0), (match["half"] or "").lower()
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59:
        raise InvalidInput(gettext("I cannot read that time. Write it like `9:00` or `4:30 pm`."))
    is_weekly = match["rhythm"].lower().endswith(("weekly", "week"))
    day = (match["day"] or "").lower()
    index = next((index for index, name in enumerate(DAYS) if day and name.startswith(day)), None)
    if (day and index is None) or (day and not is_weekly):
        raise InvalidInput(gettext("Only a weekly digest has a day, as in `/digest add weekly friday at 16:00`."))
    return time(hour, minute), (index or 0) if is_weekly else None


async def _list(incoming: Incoming, store: ScheduleStore) -> str:
    schedules = await store.get_schedules(incoming.key)
    if not schedules:
        return gettext("This channel has no digests. Add one with `/digest add daily at 9:00`.")
    lines = []
    for schedule in schedules:
        coming = _local(schedule.next_at, await zone_of(schedule.time_zone))
        lines.append(
            gettext("- **{id}**: {described}, {state}").format(
                id=schedule.id,
                described=_described(schedule),
                state=gettext("paused") if schedule.paused else gettext("next {time}").format(time=coming),
            )
        )
    return "\n".join(lines)


async def _found(number: str, incoming: Incoming, store: ScheduleStore, *, manages: bool) -> Schedule:
    """Return the digest of that number. Raises `InvalidInput` where there is none, and to who may not change it."""
    schedules = await store.get_schedules(incoming.key)
    found = next((schedule for schedule in schedules if str(schedule.id) == number.strip().lstrip("#")), None)
    if found is None:
        raise InvalidInput(gettext("There is no such digest in this channel. `/digest list` shows their numbers."))
    if not (manages or found.author.id == incoming.author.id):
        raise InvalidInput(
            gettext("Only the person who added a digest, a manager here or an administrator can change it.")
        )
    return found


async def _change(verb: str, found: Schedule, *, now: datetime) -> Effect[None]:
    if verb == "remove":
        return Effect(
            change=RemoveDigest(id=found.id), tell=lambda _: gettext("Digest {id} is removed.").format(id=found.id)
        )
    zone = await zone_of(found.time_zone)
    next_at = next_time(found.at, found.weekday, zone, after=now)
    paused = verb == "pause"
    if paused:
        answer = gettext("Digest {id} is paused.").format(id=found.id)
    else:
        answer = gettext("Digest {id} is resumed: next {time}.").format(id=found.id, time=_local(next_at, zone))
    return Effect(change=PauseDigest(id=found.id, paused=paused, next_at=next_at), tell=lambda _: answer)


def _described(schedule: Schedule) -> str:
    day = (
        gettext("every day")
        if schedule.weekday is None
        else gettext("every {weekday}").format(weekday=weekday(schedule.weekday))
    )
    return gettext("{day} at {time} ({zone})").format(day=day, time=f"{schedule.at:%H:%M}", zone=schedule.time_zone)


def _local(at: datetime, zone: tzinfo) -> str:
    local = at.astimezone(zone)
    return gettext("on {day} at {time}").format(day=day(local), time=f"{local:%H:%M}")


# ---------------------------------------------------------------- times


def next_time(at: time, weekday: int | None, zone: tzinfo, *, after: datetime) -> datetime:
    """Return the first time later than `after` at which a digest is due, in UTC.

    A local time that a change of clocks leaves out comes an hour later on that day, one that comes twice is meant the
    first time.
    """
    day = after.astimezone(zone).date()
    while True:
        due = datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
        if due > after and weekday in {None, day.weekday()}:
            return due
        day += timedelta(days=1)


def last_time(schedule: Schedule, zone: tzinfo, *, now: datetime) -> datetime:
    """Return the newest time up to `now` at which it was due: of several missed ones only this is posted."""
    due = schedule.next_at
    while (later := next_time(schedule.at, schedule.weekday, zone, after=due)) <= now:
        due = later
    return due


# ---------------------------------------------------------------- the ticking


class Digests:
    """Stores the turns of due digests, for as long as `run` runs."""

    def __init__(
        self,
        store: Store,
        platforms: Mapping[str, Platform],
        wake: Callable[[ConversationKey], None],
        *,
        admits: Callable[[Incoming], Awaitable[bool]],
        clock: Clock,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._platforms = platforms
        self._wake = wake
        self._admits = admits
        self._clock = clock
        self._rest = rest

    async def run(self) -> None:
        """Look for what is due, until cancelled."""
        while True:
            try:
                await self.tick()
            except StorageError as error:
                logger.warning("digests are waiting for the database", extra={"error": str(error)})
            await self._rest(TICK_SECONDS)

    async def tick(self) -> None:
        """Store a turn for each digest that is due. Raises `StorageError`."""
        now = self._clock()
        for schedule in await self._store.due_schedules(now):
            platform: object = self._platforms.get(schedule.key.platform)
            if not isinstance(platform, ChannelReader):
                continue  # another process has this platform
            try:
                await self._post(schedule, platform, now)
            except PlatformError as error:
                logger.warning("digest is waiting for its platform", extra={"digest": schedule.id, "error": str(error)})

    async def _post(self, schedule: Schedule, platform: ChannelReader, now: datetime) -> None:
        zone = await zone_of(schedule.time_zone)
        due = last_time(schedule, zone, now=now)
        following = next_time(schedule.at, schedule.weekday, zone, after=due)
        question = _turn_of(schedule, due)
        if not (await platform.may_read(schedule.key, schedule.author) and await self._admits(question)):
            logger.info("digest paused, its author may not have it", extra={"digest": schedule.id})
            await self._store.pause_schedule(schedule.id, paused=True, next_at=following)
            return
        newest = await platform.read_channel(schedule.key, since=schedule.since, before=due, limit=LOOKED_AT)
        if any(_is_said(item) for item in newest):
            if await self._store.enqueue(question) is not None:
                logger.info("digest due", extra={"digest": schedule.id, "due": due.isoformat()})
            self._wake(schedule.key)
        else:
            logger.info("digest skipped, no new messages", extra={"digest": schedule.id})
        await self._store.advance_schedule(schedule, next_at=following, since=due)


def _is_said(message: ReadMessage) -> bool:
    return not message.author.is_bot


def _turn_of(schedule: Schedule, due: datetime) -> Incoming:
    """Return the question that a digest stands for; the same however often it is made. What its author is by now, the
    platform is asked.
    """
    return Incoming(
        key=schedule.key,
        dedupe_key=f"{DIGEST_KEY}{schedule.id}:{due.isoformat()}",
        author=schedule.author,
        author_kind=AuthorKind.UNTOLD,
        text=str(SummaryRequest(thread=False, since=schedule.since)),
        sent_at=due,
        task=Task.SUMMARY,
        entrance=Entrance.SCHEDULE,
        time_zone=schedule.time_zone,
    )
