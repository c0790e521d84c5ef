"""Decide when a turn that failed is tried again, and when it is given up; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.language import gettext
from bot.types import Turn

RETRY_SECONDS = (5.0, 20.0, 60.0)
"""How long a turn waits before each retry, where the model's server names no time; their number bounds the retries."""

SHOW_SECONDS = (2.0, 10.0, 30.0)
"""The same for a turn whose answer the platform did not take, as when a connection breaks."""

ACCESS_SECONDS = 60.0
ACCESS_HOLDS = timedelta(hours=1)
"""How often a turn looks whether its platform accepts the bot again, and for how long after its question."""

BUG_SECONDS = (2.0, 4.0, 8.0)
"""The same for a turn that a bug has ended."""

LONGEST_WAIT_SECONDS = 300.0
"""A person would rather be told than wait longer; questions asked meanwhile in the conversation wait as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """A turn is tried again at a time; `notice` tells people."""

    until: datetime
    notice: str


def next_retry(retries: int, retry_after: float | None, now: datetime, *, chance: float) -> Retry | None:
    """Return when a turn is tried again after its `retries` before, None when it is to fail.

    `retry_after` is the server's wish in seconds and is never undercut; `chance` in [0, 1) spreads those apart that
    failed together, by up to a quarter.
    """
    if retries >= len(RETRY_SECONDS):
        return None
    seconds = max(RETRY_SECONDS[retries], retry_after or 0.0)
    if seconds > LONGEST_WAIT_SECONDS:
        return None
    seconds *= 1 + chance / 4
    return Retry(
        until=now + timedelta(seconds=seconds),
        notice=gettext("The model is not answering right now. Trying again in {count} s.").format(
            count=max(1, round(seconds))
        ),
    )


def next_showing(showings: int, now: datetime) -> datetime | None:
    """Return when an answer that the platform did not take is shown again, None when its turn is to fail."""
    return now + timedelta(seconds=SHOW_SECONDS[showings]) if showings < len(SHOW_SECONDS) else None


def next_look_for_access(turn: Turn, now: datetime) -> datetime | None:
    """Return when a turn is run again whose platform does not accept the bot, None when it has waited long enough."""
    return now + timedelta(seconds=ACCESS_SECONDS) if now - turn.incoming.sent_at < ACCESS_HOLDS else None


def next_after_bug(turn: Turn, now: datetime) -> datetime | None:
    """Return when a turn is run again that a bug has ended, None when it is to fail, so that it blocks nobody.

    What was tried before counts as far as the turn has come: waits for the model take none of a recorded answer's.
    """
    tried = turn.retries if turn.outcome is None else turn.showings
    return now + timedelta(seconds=BUG_SECONDS[tried]) if tried < len(BUG_SECONDS) else None
