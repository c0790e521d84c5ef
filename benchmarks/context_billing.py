"""What a sequence of windows costs: the provider's prefix cache and prices, and the cheapest sequence there is.

Prices are in units of one uncached input token of the lowest tier.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf

from benchmarks.context_traces import Trace
from bot.context.condensed_notes import MOST_TOKENS, instruction_tokens

DEAR_FROM = 128_000  # tokens of a prompt, from which all its tokens cost twice (rate card)
DEAR = 2.0

NOT_SENT = -1  # in place of a first entry: the person was told that the question is too long


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The terms of one cell: the floor in tokens, the price of cached input as a share, and the provider's limits.

    A cached prefix has at least `shortest_prefix` tokens and whole blocks of `block` tokens. What leaves the view is
    condensed into `notes` tokens, written at the `output` price and carried behind the head from then on; 0 for none.
    `written` are the tokens written where that is not the same.
    """

    floor: int
    ratio: float
    head: int = 600
    lifetime: float = 600.0
    shortest_prefix: int = 1_024
    block: int = 1
    context_tokens: int = 256_000
    max_tokens: int = 4_096
    notes: int = 0
    written: int = 0
    output: float = 8.0
    instruction: int = instruction_tokens(MOST_TOKENS)

    @property
    def most_prompt(self) -> int:
        """The longest prompt that the provider takes."""
        return self.context_tokens - self.max_tokens


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request as it was billed, with the notes on what left the view; `first` is the first entry carried."""

    first: int
    prompt: int
    cached: int
    cost: float


@dataclass(frozen=True)
class Account:
    """A trace under certain terms: prices any window of it. Entry 2i is question i, entry 2i + 1 its answer."""

    trace: Trace
    terms: Terms

    @cached_property
    def _before(self) -> Sequence[int]:
        return self.trace.before

    @cached_property
    def _turns_before(self) -> Sequence[int]:
        return self._before[::2]

    @cached_property
    def warm(self) -> Sequence[bool]:
        """Return whether each question comes within the cache's lifetime after the one before."""
        at = self.trace.at
        return [i > 0 and at[i] - at[i - 1] <= self.terms.lifetime for i in range(len(at))]

    def visible(self, first: int, turn: int) -> int:
        """Return the tokens from entry `first` to question `turn`."""
        return self._before[2 * turn + 1] - self._before[first]

    def latest_first(self, turn: int) -> int:
        """Return the latest question that a window of that turn can begin with and still hold the floor; 0 if none."""
        spare = self._before[2 * turn + 1] - self.terms.floor
        return 2 * max(0, min(turn, bisect_right(self._turns_before, spare) - 1))

    def bill(self, turn: int, first: int, before: int | None) -> Request:
        """Return the request of a turn; `before` is where the last one began, None when there was none."""
        terms = self.terms
        head = terms.head + (terms.notes if first > 0 else 0)
        prompt = head + self.visible(first, turn)
        shared = 0
        if before is not None and self.warm[turn]:
            same = first == before and first < 2 * turn
            shared = head + self.visible(first, turn - 1) if same else terms.head
        cached = shared // terms.block * terms.block if shared >= terms.shortest_prefix else 0
        cost = (prompt - cached + terms.ratio * cached) * (DEAR if prompt >= DEAR_FROM else 1.0)
        return Request(first=first, prompt=prompt, cached=cached, cost=cost)

    def notes_bill(self, first: int, reached: int) -> float:
        """Return the cost of the notes when a window begins at `first` and none before began later than `reached`.

        The request is apart: old notes, instruction and what left the view, nothing of it cached, in the lowest tier.
        """
        terms = self.terms
        if not terms.notes or first <= reached:
            return 0.0
        old = terms.notes if reached > 0 else 0
        removed = self._before[first] - self._before[reached]
        return old + terms.instruction + removed + (terms.written or terms.notes) * terms.output


def optimum(account: Account) -> list[int]:
    """Return where the windows of the cheapest sequence begin, with the whole future known and the floor always in
    view; it pays for notes as well.

    It is enough to choose the turns at which the window moves, and to move it as far as the floor allows. First,
    moving back never pays: replacing every beginning by the latest one so far keeps the floor, shortens windows
    and breaks no further prefix. Second, at a move the latest beginning makes this window and all windows up to
    the next move the shortest, and what it makes the notes read more it does not itself read again. So with best[i]
    the least cost from a move at turn i on, without its notes,
    best[i] = min over j of (a window that begins at i's latest first, from i to j - 1) + (j's notes) + best[j].
    Needs whole tokens as blocks and a head and floor that together reach the shortest prefix: otherwise a longer window
    could be the cheaper one.
    """
    turns = len(account.trace)
    best, moves = [0.0] * (turns + 1), [turns] * (turns + 1)
    for i in range(turns - 1, -1, -1):
        best[i], moves[i] = _best_segment(account, i, best)
    firsts: list[int] = []
    while len(firsts) < turns:
        i = len(firsts)
        firsts += [account.latest_first(i)] * (moves[i] - i)
    return firsts


def _best_segment(account: Account, i: int, best: Sequence[float]) -> tuple[float, int]:
    """Return the least cost from a move at turn i on, and the turn of the next move; infinite where none can move."""
    turns, first = len(account.trace), account.latest_first(i)
    if i > 0 and first == 0:
        return inf, i + 1
    spent = account.bill(i, first, None if i == 0 else NOT_SENT).cost  # any beginning but this one
    least, move, j = inf, turns, i + 1
    while j < turns and spent < least:
        latest = account.latest_first(j)
        moved = spent + account.notes_bill(latest, first) + best[j] if latest > first else inf
        if moved < least:
            least, move = moved, j
        if moved < inf and moved - _most_lost(account, j) >= least and first > 0:
            return least, move
        request = account.bill(j, first, first)
        if request.prompt > account.terms.most_prompt:
            return least, move
        spent += request.cost
        j += 1
    return (spent, turns) if j == turns and spent < least else (least, move)


def _most_lost(account: Account, turn: int) -> float:
    """Return the most that a move at this turn can cost more than none: what it reads again, and the notes' fixed part.

    Once a move here would be dearer than the best by more than that, so is every later one: moving here as well would
    cost no more than that.
    """
    terms, first = account.terms, account.latest_first(turn)
    lost = account.bill(turn, first, NOT_SENT).prompt * (1 - terms.ratio) * DEAR if account.warm[turn] else 0.0
    return lost + (account.notes_bill(1, 0) + terms.notes if terms.notes else 0.0)
