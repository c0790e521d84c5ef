"""Summaries of channels: the parts that are kept, and the schedules of digests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from bot.types.incoming import ConversationKey, Person

# ---------------------------------------------------------------- what a summary says


class Section(StrEnum):
    """The sections of a summary, in the order in which they are shown."""

    MAIN = "main"
    DECISIONS = "decisions"
    QUESTIONS = "questions"
    ACTIONS = "actions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One statement, and the ids of the messages that it rests on."""

    text: str
    rests_on: tuple[str, ...] = ()


NO_POINTS: Mapping[Section, tuple[Point, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """A message that a part was made of; `version` changes whenever the message does."""

    id: str
    version: str
    at: datetime
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryPart:
    """Stored part of a summary of some messages, in order; `id` follows from them."""

    id: str
    headline: str
    points: Mapping[Section, tuple[Point, ...]] = field(default_factory=lambda: NO_POINTS)
    covers: tuple[Covered, ...] = ()

    @property
    def size(self) -> int:
        """The number of points."""
        return sum(map(len, self.points.values()))

    def is_within(self, other: SummaryPart) -> bool:
        """Return whether another part covers all that this one does."""
        return {cover.id for cover in self.covers} <= {cover.id for cover in other.covers}


# ---------------------------------------------------------------- when one is wanted

Rhythm = Literal["daily", "weekly"]
ScheduleId = int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSchedule:
    """A digest of a channel at a local time; `weekday` is 0 for Monday, and None for every day.

    `key` has no thread. `author` wanted it, in whose `time_zone` (an IANA name) `at` is meant. `next_at` is when
    the next one is due, and `since` the time from which on it tells.
    """

    key: ConversationKey
    author: Person
    at: time
    weekday: int | None
    time_zone: str
    next_at: datetime
    since: datetime
    paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule(NewSchedule):
    """A digest that is kept."""

    id: ScheduleId

    @property
    def rhythm(self) -> Rhythm:
        """Return how often it comes."""
        return "daily" if self.weekday is None else "weekly"
