"""Learn from answered requests what no price list tells: the price of cached input, how long a cache lives, and how
long notes are.

Evidence is kept as sums, for each model and host, so that any number of processes can add to it. Each thing has a prior
that holds until enough was seen, and moves with every observation.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from bot.errors import StorageError
from bot.language import gettext, number, quantity
from bot.ports import AdapterStateStore, Rates
from bot.pricing import MILLION, RateCard
from bot.types import Observation, Usage

logger = logging.getLogger(__name__)

# What the priors weigh, in observations of the same kind.
CACHED_TOKENS: Final = 20_000  # tokens read from the cache at the assumed share
NOTES: Final = 2  # notes of the assumed length
PAUSES: Final = 2  # pauses that the assumed lifetime is right about

LIFETIMES: Final = tuple(timedelta(minutes=minutes) for minutes in (5, 10, 20, 40, 80, 160, 320))
"""Lifetimes that are told apart; pauses are counted by the shortest one that they fit into."""

PLAUSIBLE: Final = (Decimal("-0.05"), Decimal("1.05"))
"""Shares of the price of input that a cached token can cost, with some rounding; others come from other prices."""

MOST_CACHED: Final = 10_000_000
"""Tokens after which older evidence weighs half, so that a price that changes is noticed."""

SAVED_EVERY_SECONDS: Final = 60.0
PLACE: Final = "model"
"""What stands for the platform where evidence is stored among the state of adapters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Sums of what was observed.

    `cached_tokens` were billed like `cached_as_input` tokens of uncached input, in `priced` requests. `found` and
    `lost` count requests after a pause, by `LIFETIMES`, that found in the cache what the one before had sent, or not.
    """

    priced: int = 0
    cached_tokens: int = 0
    cached_as_input: Decimal = Decimal(0)
    found: tuple[int, ...] = (0,) * len(LIFETIMES)
    lost: tuple[int, ...] = (0,) * len(LIFETIMES)
    notes: int = 0
    notes_tokens: int = 0

    def __add__(self, other: Evidence) -> Evidence:
        """Return both together."""
        names = [field.name for field in fields(self)]
        return Evidence(**{name: _sum(getattr(self, name), getattr(other, name)) for name in names})

    def cached_share(self, prior: Decimal) -> Decimal:
        """Return the price of cached input as a share of that of input."""
        return (prior * CACHED_TOKENS + self.cached_as_input) / (CACHED_TOKENS + self.cached_tokens)

    def lifetime(self, prior: timedelta) -> timedelta:
        """Return how long the cache lives: up to the first length of pause that mostly lost it.

        Where nothing was ever found, nobody may tell what is cached, and a loss says nothing.
        """
        told = any(self.found)
        lives = LIFETIMES[0]
        for bound, found, lost in zip(LIFETIMES, self.found, self.lost, strict=True):
            assumed = PAUSES if bound <= prior else -PAUSES
            if found + assumed <= (lost if told else 0):
                break
            lives = bound
        return lives

    def told(self, prior: RateCard) -> Sequence[str]:
        """Return what was learned in place of what a card assumes, and from what, a sentence each."""
        lifetime, notes = self.lifetime(prior.cache_lifetime), self.mean_notes(prior.notes_tokens)
        pauses = [
            gettext("{minutes} min: {found} of {all}").format(
                minutes=_minutes(bound), found=number(found), all=number(found + lost)
            )
            for bound, found, lost in zip(LIFETIMES, self.found, self.lost, strict=True)
            if found + lost
        ]
        return (
            gettext(
                "Cached input, for decisions: {price} ({share}% assumed; {requests} with {tokens} told it)."
            ).format(
                price=self._price_told(prior),
                share=number(round(100 * prior.cached_share)),
                requests=quantity(self.priced, "request"),
                tokens=quantity(self.cached_tokens, "cached token"),
            ),
            _lifetime_told(_minutes(lifetime), _minutes(prior.cache_lifetime), ", ".join(pauses)),
            gettext("First notes have {tokens} ({assumed} assumed; {written} written).").format(
                tokens=quantity(notes, "token"), assumed=number(prior.notes_tokens), written=number(self.notes)
            ),
        )

    def _price_told(self, prior: RateCard) -> str:
        if prior.tiers[0].cached is not None:
            return gettext("as published")
        share = number(100 * self.cached_share(prior.cached_share), places=1)
        return gettext("{share}% of the price of input").format(share=share)

    def mean_notes(self, prior: int) -> int:
        """Return how many tokens the first notes of a conversation will probably have."""
        return (prior * NOTES + self.notes_tokens) // (NOTES + self.notes)


def _lifetime_told(minutes: str, assumed: str, pauses: str) -> str:
    if not pauses:
        return gettext("A cache lives {minutes} min (assumed: no question after a pause has shown it yet).").format(
            minutes=minutes
        )
    told = gettext("A cache lives {minutes} min ({assumed} assumed; found after pauses of up to {pauses}).")
    return told.format(minutes=minutes, assumed=assumed, pauses=pauses)


def _minutes(time: timedelta) -> str:
    return number(time.total_seconds() / 60)


def _sum(one: Any, other: Any) -> Any:
    return tuple(map(sum, zip(one, other, strict=True))) if isinstance(one, tuple) else one + other


def evidence_of(seen: Observation, card: RateCard) -> Evidence:
    """Return what one answered request tells."""
    found, lost = [0] * len(LIFETIMES), [0] * len(LIFETIMES)
    place = _pause_of(seen)
    if place is not None:
        (found if _was_found(seen) else lost)[place] = 1
    paid = cached_as_input(seen.usage, card)
    return Evidence(
        priced=int(paid is not None),
        cached_tokens=0 if paid is None else seen.usage.cached,
        cached_as_input=paid or Decimal(0),
        found=tuple(found),
        lost=tuple(lost),
        notes=int(seen.is_notes),
        notes_tokens=seen.usage.output if seen.is_notes else 0,
    )


def cached_as_input(usage: Usage, card: RateCard) -> Decimal | None:
    """Return as many tokens of uncached input as the cached ones of a request cost; None where it does not tell.

    It has to state its cost, and what else was billed has to be known.
    """
    if usage.reported_cost is None or usage.requests != 1 or usage.tools or usage.estimated or usage.cached <= 0:
        return None
    tier = card.tier(usage.input)
    if not tier.input or tier.cached is not None:
        return None
    others = (usage.input - usage.cached) * tier.input + usage.output * tier.output
    paid = (usage.reported_cost * MILLION - others) / tier.input
    low, high = PLAUSIBLE
    return min(max(paid, Decimal(0)), Decimal(usage.cached)) if low <= paid / usage.cached <= high else None


def _pause_of(seen: Observation) -> int | None:
    """Return which of the `LIFETIMES` a pause fits into; None where the request tells nothing of the cache."""
    if seen.pause is None or seen.usage.estimated or seen.usage.requests != 1:
        return None
    return next((place for place, bound in enumerate(LIFETIMES) if seen.pause <= bound), None)


def _was_found(seen: Observation) -> bool:
    """Return whether more than half of what was sent before was cached, beside what other conversations send too."""
    return 2 * (seen.usage.cached - seen.shared_prefix) > seen.repeated - seen.shared_prefix


class LearnedRates:
    """The `Rates` of a model, with what was learned of it in place of what is assumed.

    `answers_tell_costs` says that answers have stated what they cost since this was made.
    """

    def __init__(self, rates: Rates, store: AdapterStateStore, *, name: str) -> None:
        self._rates = rates
        self._store = store
        self._name = f"learned/{name}"
        self._fresh = Evidence()
        self._saving: asyncio.Task[None] | None = None
        self.answers_tell_costs = False
        self.evidence = Evidence()

    def card(self) -> RateCard:
        """Return the card in force."""
        told, seen = self._rates.card(), self.evidence
        return replace(
            told,
            cached_share=seen.cached_share(told.cached_share),
            cache_lifetime=seen.lifetime(told.cache_lifetime),
            notes_tokens=seen.mean_notes(told.notes_tokens),
        )

    def observe(self, seen: Observation) -> None:
        """Take in what an answered request tells; it is stored within a minute."""
        self.answers_tell_costs |= seen.usage.reported_cost is not None and not seen.is_from_account
        more = evidence_of(seen, self._rates.card())
        if more == Evidence():
            return
        self.evidence, self._fresh = self.evidence + more, self._fresh + more
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._save_soon(), name="learned rates")

    async def recall(self) -> None:
        """Read what was learned before."""
        self.evidence = _read(await self._store.get_state(PLACE, self._name)) + self._fresh

    async def aclose(self) -> None:
        """Store what is not stored yet."""
        if self._saving is not None:
            self._saving.cancel()
            await asyncio.gather(self._saving, return_exceptions=True)
        with suppress(StorageError):
            await self._save()

    async def _save_soon(self) -> None:
        await asyncio.sleep(SAVED_EVERY_SECONDS)
        try:
            await self._save()
        except StorageError as error:
            logger.warning("what was learned of prices is not stored", extra={"error": str(error)})

    async def _save(self) -> None:
        """Add what is fresh to what is stored, by whatever process."""
        while (fresh := self._fresh) != Evidence():
            before = await self._store.get_state(PLACE, self._name)
            whole = _faded(_read(before) + fresh)
            after = json.dumps(asdict(whole), default=str)
            if await self._store.swap_state(PLACE, self._name, before=before, after=after):
                self._fresh = _minus(self._fresh, fresh)
                self.evidence = whole + self._fresh


def _minus(whole: Evidence, part: Evidence) -> Evidence:
    negative: dict[str, Any] = {}
    for name in (field.name for field in fields(part)):
        value = getattr(part, name)
        negative[name] = tuple(-item for item in value) if isinstance(value, tuple) else -value
    return whole + Evidence(**negative)


def _faded(evidence: Evidence) -> Evidence:
    if evidence.cached_tokens <= MOST_CACHED:
        return evidence
    halves = {"cached_tokens": evidence.cached_tokens // 2, "cached_as_input": evidence.cached_as_input / 2}
    return replace(evidence, **halves)  # type: ignore[arg-type]  # names and types are those of Evidence


def _read(stored: str | None) -> Evidence:
    """Return stored evidence; none where it cannot be read."""
    if stored is None:
        return Evidence()
    try:
        kept = json.loads(stored)
        pauses = {name: tuple(map(int, kept[name])) for name in ("found", "lost")}
        counts = {name: int(kept[name]) for name in ("priced", "cached_tokens", "notes", "notes_tokens")}
        read = Evidence(**pauses, **counts, cached_as_input=Decimal(kept["cached_as_input"]))  # type: ignore[arg-type]  # by name
    except (ValueError, KeyError, TypeError, ArithmeticError):
        return Evidence()
    return read if len(read.found) == len(read.lost) == len(LIFETIMES) else Evidence()
