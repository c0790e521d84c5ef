"""Parse the words after "summarise", once, and store them as exact ones."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from bot.errors import InvalidInput, UsageError
from bot.language import gettext, number
from bot.ports import TimeWords
from bot.time_zones import find_zone

USAGE: Final = (
    "summarise [thread|channel] [last N|since yesterday 9am|since my last message|since last summary|"
    "from MESSAGE] [private]"
)

MOST_MESSAGES: Final = 20_000
USUAL_MESSAGES: Final = 200  # of a channel, where nothing is said about how far back

_PLACE = re.compile(r"(?:of |in |the |this )*(?P<place>thread|channel|here)\b\s*", re.IGNORECASE)
_PRIVATE = re.compile(r"(?<!\s)\s*+\b(?:private(?:ly)?|only for me|for me)\b\s*", re.IGNORECASE)
_COUNT = re.compile(r"(?:the )?last (?P<count>[\d,]{1,80})(?: messages?)?", re.IGNORECASE)
_SPAN = re.compile(r"(?:since |in )?(?:the )?last (?P<span>\d{1,9} ?[a-z]{1,20})", re.IGNORECASE)
_OWN = re.compile(r"since (?:my last (?:message|post)|i last wrote|i was here)", re.IGNORECASE)
_SUMMARY = re.compile(r"since (?:the |your )?last (?:summary|digest)", re.IGNORECASE)
_START = re.compile(r"from (?P<start>\S+)(?: on)?", re.IGNORECASE)
_SINCE = re.compile(r"(?:since |from )?(?P<words>.{1,80})", re.IGNORECASE | re.DOTALL)
_MESSAGE = re.compile(r"\S*\d{6}\S*|m-\w+")  # what no words of time look like: ids and links


_CLEAR = re.compile(
    r"(?:since|from) \S.*|(?:in )?(?:the )?last \d.*|(?:today|yesterday|this (?:week|morning|afternoon|evening))",
    re.IGNORECASE | re.DOTALL,
)

_AS_FILE: Final = " as a file"

RANGES: Final = ("last 50", "last 200", "since yesterday", "since my last message", "since last summary")
"""What people are offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryRequest:
    """Range to read: a thread or a channel, and where to begin; at most one beginning is set.

    `last` is a number of messages. `after_own` and `after_summary` begin behind the asker's last message and behind
    what the last summary told; `start` is a message's id, or a link that ends in it. `as_file` asks for it as a file.
    """

    thread: bool
    last: int | None = None
    since: datetime | None = None
    after_own: bool = False
    after_summary: bool = False
    start: str = ""
    as_file: bool = False

    @property
    def is_usual(self) -> bool:
        """Return whether nothing is said of where to begin in a channel: about the newest `USUAL_MESSAGES` are meant
        then.
        """
        return replace(self, as_file=False) == SummaryRequest(thread=False)

    def __str__(self) -> str:
        """Return the exact words, which `stored_wanted` reads back."""
        return self._range + (_AS_FILE if self.as_file else "")

    @property
    def _range(self) -> str:
        place = "thread" if self.thread else "channel"
        if self.last is not None:
            return f"{place} last {self.last}"
        if self.since is not None:
            return f"{place} since {self.since.astimezone(UTC).isoformat()}"
        if self.start:
            return f"{place} from {self.start}"
        own = " since my last message" if self.after_own else ""
        return place + (" since last summary" if self.after_summary else own)


def is_range(words: str) -> bool:
    """Return whether words say by themselves from where on to read, as "since ..." does and most sentences do not."""
    rest = _PLACE.sub("", _PRIVATE.sub(" ", words).strip(), count=1).strip()
    return not rest or _CLEAR.fullmatch(rest) is not None


class IsoTimes:
    """`TimeWords` for exact times alone: "2026-11-22", "2026-11-22 09:30", with or without an offset."""

    async def read(self, words: str, *, now: datetime, time_zone: str) -> datetime | None:
        """Return the time, in `time_zone` where the words name no offset."""
        del now
        try:
            at = datetime.fromisoformat(words.strip())
        except ValueError:
            return None
        return (at.replace(tzinfo=await zone_of(time_zone)) if at.tzinfo is None else at).astimezone(UTC)


async def zone_of(name: str) -> ZoneInfo:
    """Return the time zone of that IANA name, read in a thread, since it is a file; UTC for one that is not known."""
    return await asyncio.to_thread(find_zone, name)


async def read_wanted(
    arguments: str, *, now: datetime, time_zone: str, outside: bool, times: TimeWords
) -> tuple[SummaryRequest, bool]:
    """Return what is wanted, and whether it is for the asker alone. Raises `InvalidInput`.

    `outside` says that it was asked outside threads, where the channel is meant unless the words say otherwise.
    """
    rest, private = _PRIVATE.subn(" ", arguments.strip())
    rest = rest.strip()
    thread = not outside
    if place := _PLACE.match(rest):
        rest = rest[place.end() :].strip()
        if place["place"].lower() != "here":
            thread = place["place"].lower() == "thread"
    if thread and outside:
        raise InvalidInput(gettext("There is no thread here. Use this inside a thread, or add `channel`."))
    wanted = _without_time(SummaryRequest(thread=thread), rest)
    if wanted is None:
        wanted = SummaryRequest(thread=thread, since=await _time(rest, now=now, time_zone=time_zone, times=times))
    return wanted, private > 0


def _without_time(place: SummaryRequest, rest: str) -> SummaryRequest | None:
    """Return what is wanted by words that tell no time; None when they do."""
    if not rest:
        return place
    if match := _COUNT.fullmatch(rest):
        count = int(match["count"].replace(",", "") or 0)
        if not 1 <= count <= MOST_MESSAGES:
            raise InvalidInput(
                gettext("I can read from 1 to {most} messages, not {count}.").format(
                    most=number(MOST_MESSAGES), count=match["count"][:12]
                )
            )
        return replace(place, last=count)
    if _OWN.fullmatch(rest):
        return replace(place, after_own=True)
    if _SUMMARY.fullmatch(rest):
        return replace(place, after_summary=True)
    match = _START.fullmatch(rest)
    if match and _MESSAGE.fullmatch(match["start"]):
        return replace(place, start=match["start"])
    return None


async def _time(rest: str, *, now: datetime, time_zone: str, times: TimeWords) -> datetime:
    span, since = _SPAN.fullmatch(rest), _SINCE.fullmatch(rest)
    words = f"{span['span']} ago" if span else since["words"].strip() if since else ""
    at = await times.read(words, now=now, time_zone=time_zone) if words else None
    if at is None:
        raise UsageError(gettext("I do not understand where to start. Usage: `/{usage}`.").format(usage=USAGE))
    if at > now:
        raise InvalidInput(gettext("That time is in the future, so there is nothing to read yet."))
    return at


def stored_wanted(text: str) -> SummaryRequest:
    """Return what was wanted, from its exact words. Raises `InvalidInput` for any others."""
    place, _, rest = text.removesuffix(_AS_FILE).partition(" ")
    wanted = SummaryRequest(thread=place == "thread", as_file=text.endswith(_AS_FILE))
    if place not in {"thread", "channel"}:
        raise InvalidInput(gettext("Usage: `/{usage}`.").format(usage=USAGE))
    if not rest:
        return wanted
    if rest.startswith("since 2"):
        return replace(wanted, since=datetime.fromisoformat(rest.removeprefix("since ")))
    exact = _without_time(wanted, rest)
    if exact is None:
        raise InvalidInput(gettext("Usage: `/{usage}`.").format(usage=USAGE))
    return exact
