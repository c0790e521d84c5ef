"""Decide when trimming pays: the lot-size rule for a prefix cache.

Carrying an excess token costs the cached price in every turn. Trimming costs, once, the difference between the full
and the cached price for every cached token that is kept, since the prefix changes. After a pause that outlasts the
cache everything is paid in full anyway, so trimming then is free, and waiting for it is worth something.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.pricing import Tier

# Until a conversation shows its own rhythm: one pause in so many turns. Found on the first year of a team channel
# and checked on the second (benchmarks/context_cost.py); anything from 8 to 20 costs the same within 0.1 %.
TURNS_FOR_ONE_PAUSE: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class TrimSchedule:
    """Rhythm of a conversation, as far as its window shows it.

    `growth` are the mean tokens that a turn adds, `overshoot` those by which a level is passed on average, since a
    turn's tokens come at once; `pauses` of its `turns` came after the cache's lifetime.
    """

    growth: float
    overshoot: float
    turns: int
    pauses: int

    @property
    def pause_chance(self) -> float:
        """The chance that the next message comes too late for the cache."""
        return (self.pauses + 1) / (self.turns + TURNS_FOR_ONE_PAUSE)


def overshoot(turns: Sequence[int]) -> float:
    """Return the mean tokens by which a level is passed when turns of these sizes add up; 0.0 for none.

    Half a turn when all are alike; more when they differ, since a long turn is likelier to be the one that passes it.
    """
    total = sum(turns)
    return sum(tokens * tokens for tokens in turns) / (2 * total) if total else 0.0


def excess_limit(rhythm: TrimSchedule, *, reread: float, usual: float, cached_share: float) -> float:
    """Return the excess in tokens above which a trim pays now; infinite where cached input is free.

    `reread` are the cached tokens that a trim now would make the provider read anew, `usual` those of a trim at
    an ordinary moment, `cached_share` the price of cached input as a share of uncached input. With a share of 1 no
    excess is worth carrying: a sliding window.

    With B = usual * (1 - share) / share, what an ordinary trim costs in tokens carried for a turn, the limit is the
    lot size sqrt(2 * B * growth) (F. W. Harris, 1913). A pause with a chance of q would save the reading: that adds
    q * B / 3, the next term of the exact solution, which is y - 1 + exp(-y) = B * q^2 / growth for
    y = q * excess / growth. A moment at which a trim costs less lowers the limit in proportion. A turn's tokens come
    at once: the overshoot is taken off, so that trims are where they should be on average.
    """
    if cached_share <= 0:
        return math.inf
    usual = max(usual, 1.0)
    burden = usual * max(0.0, 1 - cached_share) / cached_share
    ordinary = math.sqrt(2 * burden * rhythm.growth) + rhythm.pause_chance * burden / 3
    return ordinary * reread / usual - rhythm.overshoot


def notes_cost(prompt: int, notes: int, tier: Tier) -> float:
    """Return what writing notes costs whatever they condense, in uncached input tokens; 0.0 where input is free.

    `prompt` are the tokens that the request for notes has besides what it condenses, `notes` those it is expected to
    write. What it condenses is read by such a request once, however often one trims, and so is no reason to wait.
    """
    return prompt + notes * float(tier.output / tier.input) if tier.input else 0.0


def notes_delay(rhythm: TrimSchedule, *, notes: float, condensed: int, carried_share: float) -> float:
    """Return the excess in tokens that is carried longer so that notes that cost `notes` are written later.

    Notes now would condense so many tokens. A turn later they condense `growth` more, so that the same cost is spread
    over more tokens: that saves growth * notes / condensed, and carrying an excess token for a turn costs
    `carried_share`, the price of cached input as a share of uncached input, and 1 after a pause. 0.0 for free notes,
    and infinite where carrying costs nothing.
    """
    saved = rhythm.growth * notes / max(1, condensed)
    if not saved:
        return 0.0
    return saved / carried_share if carried_share > 0 else math.inf
