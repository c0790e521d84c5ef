"""Turns: an incoming message, its visible answer, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, Literal

from bot.types.entry import Conversation, NewEntry
from bot.types.incoming import EMPTY, FollowUp, Incoming, Task, TurnId
from bot.types.model_request import CostSplit, Source, Usage

ReplyStatus = Literal["thinking", "writing", "searching", "done", "stopped", "failed"]
OPEN_STATUSES: Final[frozenset[ReplyStatus]] = frozenset({"thinking", "writing", "searching"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """The small print under an answer; `cost` is None where no price is known, `seconds` from question to end.

    `split` is what the list says of each part, None in answers of earlier versions; a `cost` that the provider itself
    reported may be another sum.
    """

    model: str
    usage: Usage
    cost: Decimal | None
    seconds: float
    show_cost: bool = True
    split: CostSplit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The whole visible state of a reply at one moment; each one replaces the one before.

    `is_cut` says that the text ends before the model was done, so that a person may want the rest. `links` are
    the addresses in the text that people wrote before, or that the bot itself made. Where `file_name` is set, the text
    is for a file of that name, and `notices` are what people read beside it. `progress` says what is being done right
    now, while the answer grows.
    """

    status: ReplyStatus
    text: str = ""
    reasoning: str = ""
    sources: tuple[Source, ...] = ()
    notices: tuple[str, ...] = ()
    footer: Footer | None = None
    is_cut: bool = False
    links: tuple[str, ...] = ()
    file_name: str = ""
    progress: str = ""

    @property
    def is_open(self) -> bool:
        """Return whether it is still being written."""
        return self.status in OPEN_STATUSES

    @property
    def addresses(self) -> frozenset[str]:
        """Return where the text may lead: the model alone names no address that people can follow."""
        return frozenset(self.links).union(source.url for source in self.sources)


# ------------------------------------------------------------ turns


class TurnState(StrEnum):
    """State of a turn."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REMEMBERED = "remembered"  # context that waits for the next question; never claimed


OPEN_STATES = frozenset({TurnState.QUEUED, TurnState.RUNNING})


MOST_CLAIMS: Final = 8
"""How often a turn is begun without an outcome before it is held to be what ends its runners."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One incoming and its answer, claimed by one runner; `epoch` is the fencing token of that claim.

    `reply_ref` names the first visible message once there is one, in the platform's own words; `draft` is the last
    state of the reply that was stored, `stop` says that a person asked to stop it. `outcome` is set once the answer
    is recorded: all that is left is to show `draft` whole. `coalesced` are later messages that are answered together
    with `incoming`, in order, and `context` what was said before the last of them and not answered; of what is left
    out of that the text is "". `withdrawn` says that the question was deleted, or its answer was taken away:
    nothing is answered, and what is shown is taken back. `attempt` counts the claims that were not handed back,
    `retries` how often the turn was put off before there was an answer, because the model was away, and `showings`
    how often its recorded answer was, because the platform was. `claimed_at` is when it was claimed last,
    `post_begun_at` says that a new message was being posted which was never noted, and `post_left_at` when the turn was
    first claimed after that.
    """

    id: TurnId
    incoming: Incoming
    state: TurnState
    epoch: int
    attempt: int
    retries: int = 0
    showings: int = 0
    reply_ref: str | None = None
    draft: Draft | None = None
    stop: bool = False
    outcome: TurnState | None = None
    coalesced: tuple[Incoming, ...] = ()
    context: tuple[Incoming, ...] = ()
    withdrawn: bool = False
    claimed_at: datetime | None = None
    post_begun_at: datetime | None = None
    post_left_at: datetime | None = None

    @property
    def put_off(self) -> int:
        """Return how many claims ended in order, without an end of the turn."""
        return self.retries + self.showings

    @property
    def is_poison(self) -> bool:
        """Return whether it was begun so often without an outcome that it is given up."""
        return self.outcome is None and self.attempt - self.put_off > MOST_CLAIMS

    @property
    def was_interrupted(self) -> bool:
        """Return whether an earlier runner may have shown something: there were more claims than put-offs."""
        return self.epoch - 1 > self.put_off


LONGEST_PUT_OFF: Final = timedelta(minutes=10)
"""No turn is put off for longer."""

LONGEST_PAUSE_FACTOR: Final = 4.0
"""A burst that does not end is answered after this many pauses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The open questions of a conversation: when the first and the last of them were accepted, and until when
    the one that is next was put off."""

    first_accepted_at: datetime
    last_accepted_at: datetime
    not_before: datetime | None = None

    def seconds_until_due(self, now: datetime, *, pause: float) -> float:
        """Return how many seconds the next one has to wait; 0 when it is due.

        `pause` seconds have to pass since the newest arrival, so that what people write in one go is answered together
        and what the platform delivered in the wrong order is put right; but never more than four pauses in all. What
        seems to come later than it can was told by a clock that has been set back since, and is due.
        """
        rest = (
            min(
                self.last_accepted_at + timedelta(seconds=pause),
                self.first_accepted_at + timedelta(seconds=pause * LONGEST_PAUSE_FACTOR),
            )
            - now
        )
        put_off = self.not_before - now if self.not_before is not None else timedelta()
        left = (
            rest if rest <= timedelta(seconds=pause) else timedelta(),
            put_off if put_off <= LONGEST_PUT_OFF else timedelta(),
        )
        return max(0.0, max(left).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFigures:
    """The queue in figures; `oldest_accepted_at` is that of the oldest open turn that is not withdrawn, `retried` and
    `recovered` count turns that were put off because the model was away, and turns that were claimed more than once."""

    queued: int
    running: int
    oldest_accepted_at: datetime | None
    retried: int
    recovered: int
    done: int
    failed: int
    cancelled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFigures:
    """One request in figures, for people who ask what is sent and why; all but `entries` and `removed` are tokens.

    `broken` says why it does not extend the request before, "" when it does. `removed` entries left the view
    with it. `system_prompt`, `question` and `total` are corrected estimates, `cached` what the cache probably held, and
    `until_trim` is how much more fits before the next trim.
    """

    broken: str
    entries: int
    removed: int
    system_prompt: int
    question: int
    total: int
    cached: int
    until_trim: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """A request that was made for a turn; `usage` is what the provider counted, None while that is not known.

    `error` is what operators were told of that turn, "" when all went well.
    """

    turn: TurnId
    at: datetime
    figures: RequestFigures
    usage: Usage | None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """End of a turn: everything that is written once the answer is known, in one transaction.

    `entries` are appended to the transcript (none for a refused or failed turn); `conversation` replaces
    what was remembered; `parameters` are the effective values as text; `error` is for operators; `request`
    is None when nothing was sent. The request carried the transcript to before `sent_until`: what was appended from
    there on meanwhile moves behind `entries`, so that the next request extends this one.
    """

    state: TurnState
    draft: Draft
    entries: tuple[NewEntry, ...] = ()
    conversation: Conversation | None = None
    parameters: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    error: str = ""
    request: RequestFigures | None = None
    sent_until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Result of writing a settlement.

    `conversation` is what is remembered now, with what people deleted while the answer was being written. Of a turn
    that is `withdrawn` nothing was written. `stale` says the same of an answer to several questions of
    which one was deleted, or of a summary of messages of which one was: the turn is to be answered anew.
    """

    conversation: Conversation | None = None
    withdrawn: bool = False
    stale: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Condensation:
    """Notes on the entries of a conversation from position `begin` to before `until`, with all that was noted before.

    They were made of the conversation at that `revision`, whose notes reached to `begin`. `notes` is "" where the model
    wrote none, `in_vain` where asking the same again would not help.
    """

    revision: int
    begin: int
    until: int
    notes: str
    in_vain: bool = False


NAMES_OF_ANSWERS: Final = tuple(f"{how.value}:" for how in FollowUp if how is not FollowUp.RETRY)
"""How the names begin of what goes on with an answer that people have read; a retry asks its questions as they were."""


def takes_others(incoming: Incoming) -> bool:
    """Return whether the answer to `incoming` can be one to other questions as well: it is for everybody, and an
    answer, and neither another one in the place of one that stands there already nor the rest of one.
    """
    is_own = not incoming.dedupe_key.startswith(NAMES_OF_ANSWERS)
    return incoming.task is Task.ANSWER and not incoming.private and is_own


def joins_others(incoming: Incoming) -> bool:
    """Return whether `incoming` can be answered together with a question before it: it asks for nothing of its own."""
    return takes_others(incoming) and not incoming.overrides and not incoming.reply_ref
