"""The policies that are compared: where the window of each turn begins.

Each takes an account and gives the index of the first entry of every turn's window. Those with a floor move so that it
stays in view; the others are what bots commonly do.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from benchmarks.context_billing import DEAR, DEAR_FROM, NOT_SENT, Account, Terms, Windows, optimum
from bot.context.system_prompt import digest
from bot.context.tokens import ENTRY_OVERHEAD, LATIN, REQUEST_OVERHEAD, SYMBOL
from bot.context.view import View, WindowLimits, expected_question
from bot.context.window import after, is_due, plan, with_notes
from bot.errors import QuestionTooLong
from bot.pricing import RateCard, Tier
from bot.types import Condensation, Conversation, Entry, Role, StoredEntry

Policy = Callable[[Account], Sequence[int]]

START = datetime(2026, 1, 1, tzinfo=UTC)


def seedling(account: Account, *, counts_notes: bool = True) -> Windows:
    """Return the policy of the product: the same code that composes its requests; what notes cost may be left out."""
    terms, entries = account.terms, _entries(account)
    memory = counts_notes and terms.notes > 0
    limits = WindowLimits(
        context_tokens=terms.context_tokens,
        max_tokens=terms.max_tokens,
        card=_card(account),
        floors=MappingProxyType({"normal": terms.floor}),
        memory=memory,
    )
    head, notes = _text(terms.head - REQUEST_OVERHEAD), _notes(terms)
    conversation, firsts, noted = Conversation(), list[int](), list[int]()
    for turn, seconds in enumerate(account.trace.at):
        view = View(
            conversation=conversation,
            history=entries[conversation.window_start : 2 * turn],
            question=entries[2 * turn : 2 * turn + 1],
            system_prompt=head,
            now=START + timedelta(seconds=seconds),
            notes=notes if (conversation.memory if memory else conversation.window_start) else (),
        )
        try:
            window = plan(view, limits)
        except QuestionTooLong:
            firsts.append(NOT_SENT)
            noted.append(noted[-1] if noted else 0)
            continue
        conversation = after(view, window)
        firsts.append(window.start)
        noted.append(conversation.condensed_until if memory else window.start)
        if memory:
            history = entries[conversation.window_start : 2 * turn + 2]
            conversation = _noted(replace(view, conversation=conversation, history=history), limits, account, turn)
        elif window.start and not view.notes:  # the notes stand there from the first trim on
            conversation = replace(conversation, prompt_digest=digest(head, notes))
    return Windows(firsts, noted)


def _noted(answered: View, limits: WindowLimits, account: Account, turn: int) -> Conversation:
    """Return the conversation with the notes that are written after an answer, or when the cache has expired then."""
    conversation = answered.conversation
    coming = replace(answered, question=[expected_question(answered.history, answered.now)])
    pauses = turn + 1 < len(account.trace) and not account.warm[turn + 1]
    if not is_due(coming, limits) and not (pauses and is_due(coming, limits, cold=True)):
        return conversation
    until = 2 * turn + 2  # the present
    condensed = Condensation(revision=0, begin=conversation.condensed_until, until=until, notes="told")
    return with_notes(conversation, condensed)


def seedling_without_notes(account: Account) -> Windows:
    """Return the policy of the product where it takes notes for free, as with memory off."""
    return seedling(account, counts_notes=False)


def sliding(account: Account) -> list[int]:
    """Drop the oldest in every turn, down to the floor."""
    return [account.latest_first(turn) for turn in range(len(account.trace))]


def last_messages(account: Account, *, count: int = 25) -> list[int]:
    """Return the last so many messages, answers included."""
    return [max(0, 2 * turn + 1 - count) for turn in range(len(account.trace))]


def fill_and_slide(account: Account) -> list[int]:
    """Keep all that fits into the model's context; then drop the oldest until it fits."""
    before, room = account.trace.before, account.terms.most_prompt - account.terms.head
    return [bisect_left(before, before[2 * turn + 1] - room) for turn in range(len(account.trace))]


def retention(share: float) -> Policy:
    """Return when more than floor / share is held, keep that share of it."""
    return lambda account: _marks(account, high=account.terms.floor / share, low=account.terms.floor)


def stepped(*, high: float, low: float) -> Policy:
    """Return when more than `high` tokens are held, keep `low`."""
    return lambda account: _marks(account, high=high, low=low)


def stepped_shares(*, high: float, low: float) -> Policy:
    """Return the same with marks as shares of the model's context."""
    return lambda account: _marks(
        account, high=high * account.terms.context_tokens, low=low * account.terms.context_tokens
    )


def prune_when_cold(account: Account) -> list[int]:
    """Cut to the floor whenever the cache has expired, and at no other time."""
    firsts: list[int] = []
    for turn in range(len(account.trace)):
        firsts.append(firsts[-1] if turn and account.warm[turn] else account.latest_first(turn))
    return firsts


def _marks(account: Account, *, high: float, low: float) -> list[int]:
    before, firsts, first = account.trace.before, list[int](), 0
    for turn in range(len(account.trace)):
        if account.visible(first, turn) > high:
            first = max(first, 2 * min(turn, bisect_right(before[::2], before[2 * turn + 1] - low) - 1))
        firsts.append(first)
    return firsts


@dataclass(frozen=True)
class Contender:
    """A policy under its name."""

    name: str
    choose: Policy


CONTENDERS: tuple[Contender, ...] = (
    Contender("clairvoyant optimum", optimum),
    Contender("Seedling", seedling),
    Contender("sliding by tokens", sliding),
    Contender("last 25 messages", last_messages),
    Contender("drop oldest until it fits", fill_and_slide),
    Contender("retention 0.8", retention(0.8)),
    Contender("retention 0.5", retention(0.5)),
    Contender("marks 0.9 / 0.5 of context", stepped_shares(high=0.9, low=0.5)),
    Contender("marks 48K / 24K", stepped(high=48_000, low=24_000)),
    Contender("prune only when cold", prune_when_cold),
)

# Where there are notes to be billed: the product's rule, taking them for free.
UNCOUNTED = Contender("Seedling, notes uncounted", seedling_without_notes)

BY_NAME: Mapping[str, Policy] = MappingProxyType(
    {contender.name: contender.choose for contender in (*CONTENDERS, UNCOUNTED)}
)


def _card(account: Account) -> RateCard:
    ratio = Decimal(str(account.terms.ratio))
    dear = Decimal(str(DEAR))
    return RateCard(
        tiers=(
            Tier(from_tokens=0, input=Decimal(1), output=Decimal(8), cached=ratio),
            Tier(from_tokens=DEAR_FROM, input=dear, output=dear * 8, cached=dear * ratio),
        ),
        origin="benchmark",
        cache_lifetime=timedelta(seconds=account.terms.lifetime),
        notes_tokens=account.terms.written or account.terms.notes,
    )


def _notes(terms: Terms) -> tuple[Entry, ...]:
    """Return the message with the notes; () for none."""
    return (Entry(role="user", text=_text(terms.notes - ENTRY_OVERHEAD)),) if terms.notes else ()


def _text(tokens: int) -> str:
    """Return a text of so many estimated tokens, of symbols, which are the quickest to count; "" for none."""
    symbols = max(0, int(tokens * SYMBOL))
    return "\N{SEEDLING}" * symbols + " " * int((tokens - symbols / SYMBOL) * LATIN)


def _entries(account: Account) -> list[StoredEntry]:
    roles: tuple[Role, Role] = ("user", "assistant")
    return [
        StoredEntry(
            id=str(position),
            entry=Entry(role=roles[position % 2], text=""),
            tokens=tokens,
            at=START + timedelta(seconds=account.trace.at[position // 2]),
            position=position,
        )
        for position, tokens in enumerate(account.trace.entries)
    ]
