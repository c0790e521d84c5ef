"""What a sequence of windows costs: the provider's prefix cache and prices, and the cheapest sequence there is.

Prices are in units of one uncached input token of the lowest tier.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf

from benchmarks.context_traces import Trace
from bot.context.condensed_notes import WORDS_PER_TOKEN, instruction_tokens
from bot.context.view import LONGEST_NOTES, most_notes

DEAR_FROM = 128_000  # tokens of a prompt, from which all its tokens cost twice (rate card)
DEAR = 2.0

WORDS_OF_A_TOKEN = 0.75  # in English, so that notes of 120 words have 160 tokens

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
    instruction: int = instruction_tokens(LONGEST_NOTES)

    @property
    def most_prompt(self) -> int:
        """The longest prompt that the provider takes."""
        return self.context_tokens - self.max_tokens


def asked_notes(floor: int) -> int:
    """Return the tokens of the notes that the product asks for beside a floor."""
    return round(most_notes(Terms.context_tokens, floor) * WORDS_PER_TOKEN / WORDS_OF_A_TOKEN)


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

    def bill(self, turn: int, first: int, before: int | None, *, noted: int = 0) -> Request:
        """Return the request of a turn, with notes if they reach to `noted` or something has left the view.

        `before` is where the last one began, None when there was none, `NOT_SENT` when other notes have come since.
        """
        terms = self.terms
        head = terms.head + (terms.notes if max(first, noted) > 0 else 0)
        prompt = head + self.visible(first, turn)
        shared = 0
        if before is not None and self.warm[turn]:
            same = first == before and first < 2 * turn
            extended = head + self.visible(first, turn - 1) if same else head
            shared = terms.head if before == NOT_SENT else extended
        cached = shared // terms.block * terms.block if shared >= terms.shortest_prefix else 0
        cost = (prompt - cached + terms.ratio * cached) * (DEAR if prompt >= DEAR_FROM else 1.0)
        return Request(first=first, prompt=prompt, cached=cached, cost=cost)

    def notes_bill(self, until: int, reached: int, *, new: bool = True) -> float:
        """Return the cost of notes up to entry `until` where those before reach to `reached`; what is read alone where
        that is read by earlier notes, which are not `new`.

        The request is apart: old notes, instruction and what is condensed, nothing of it cached, in the lowest tier.
        """
        terms = self.terms
        if not terms.notes or until <= reached:
            return 0.0
        old = terms.notes if reached > 0 else 0
        condensed = self._before[until] - self._before[reached]
        return condensed + (old + terms.instruction + (terms.written or terms.notes) * terms.output if new else 0.0)


class Windows(list[int]):
    """The first entry of each turn's window; `noted` is the entry up to which the notes reach in each turn."""

    def __init__(self, firsts: Sequence[int], noted: Sequence[int]) -> None:
        super().__init__(firsts)
        self.noted = noted


def optimum(account: Account) -> Windows:
    """Return where the windows of the cheapest sequence begin, with the whole future known and the floor always in
    view; it pays for notes as well, and has them in the moment of the move.

    It is enough to choose the turns at which the window moves, and to move it as far as the floor allows. First,
    moving back never pays: replacing every beginning by the latest one so far keeps the floor, shortens windows
    and breaks no further prefix. Second, at a move the latest beginning makes this window and all windows up to
    the next move the shortest, and what it makes the notes read more it does not itself read again. Notes may reach
    up to the present, and what they read they read once; so with those of a move at turn i all moves can be made whose
    latest first was said before question i. With best[i] the least cost from a move at turn i on that has new notes,
    without these,
    best[i] = min over j of (a window that begins at i's latest first, from i to j - 1) + what then is condensed
    + (fixed part of j's notes + best[j], or, where i's notes reach so far, the same for a move at j without new ones).
    Needs whole tokens as blocks and a head and floor that together reach the shortest prefix: otherwise a longer window
    could be the cheaper one.
    """
    turns = len(account.trace)
    search = _Search(account)
    for i in range(turns - 1, -1, -1):
        search.add(i)
    firsts, noted, i = list[int](), list[int](), 0
    while i < turns:
        moves = search.moves_of(i)
        for turn, until in zip(moves, [*moves[1:], search.next_notes[i]], strict=True):
            firsts += [account.latest_first(turn)] * (until - turn)
        noted += [firsts[-1]] * (search.next_notes[i] - i)
        i = search.next_notes[i]
    return Windows(firsts, noted)


class _Search:
    """The dynamic programme: turns are added from the last to the first.

    `best[i]` and `next_notes[i]` belong to a move at turn i with new notes: the least cost from there on, without these
    notes, and the turn of the next ones. `_after[i][j]` is the move after j that is made with i's notes, if any.
    `_carried[j]` are the costs of the requests behind a move at turn j while nothing moves, added up. `_noted[j]` are
    the tokens that notes have read which reach as far as a move at turn j.
    """

    def __init__(self, account: Account) -> None:
        turns = len(account.trace)
        self._account = account
        self._latest = [account.latest_first(turn) for turn in range(turns)]
        self._most_lost = [_most_lost(account, turn) for turn in range(turns)]
        read = account.trace.before if account.terms.notes else [0] * (2 * turns + 1)
        self._noted = [read[first] for first in self._latest]
        self._fixed = account.notes_bill(1, 0) + account.terms.notes - account.notes_bill(1, 0, new=False)
        self._carried: list[list[float]] = [[0.0] for _ in range(turns)]
        self._after: list[dict[int, int]] = [{} for _ in range(turns)]
        self.best, self.next_notes = [0.0] * (turns + 1), [turns] * (turns + 1)

    def moves_of(self, i: int) -> list[int]:
        """Return the moves that are made with the notes of turn i, from that on."""
        moves = [i]
        while moves[-1] in self._after[i]:
            moves.append(self._after[i][moves[-1]])
        return moves

    def add(self, i: int) -> None:
        """Find the best for a move at turn i, from what is known of all later ones; infinite where none can move."""
        if i > 0 and self._latest[i] == 0:
            self.best[i] = inf
            return
        reached = bisect_right(self._latest, 2 * i) if self._account.terms.notes and i > 0 else i + 1
        known: dict[int, tuple[float, int]] = {}
        for j in range(reached - 1, i - 1, -1):
            cost, move, next_notes = self._best_move(i, j, known)
            if move < next_notes:
                self._after[i][j] = move
            known[j] = cost, next_notes
        self.best[i], self.next_notes[i] = known[i]

    def _best_move(self, i: int, j: int, known: Mapping[int, tuple[float, int]]) -> tuple[float, int, int]:
        """Return the least cost from a move at turn j on with the notes of turn i, the next move, and the next turn
        with new notes; `known` is the first and the last of these for later moves with the same notes.
        """
        account, turns, first = self._account, len(self._latest), self._latest[j]
        before = None if i == 0 else NOT_SENT if j == i else 1  # any beginning but this one, with the notes or without
        opened = account.bill(j, first, before).cost
        fixed = self._fixed if first > 0 else self._fixed - account.terms.notes
        least, found = inf, (turns, turns)
        sums, notes = self._carried[j], account.terms.notes
        for k in range(j + 1, turns):
            carried = sums[k - j - 1] if k - j <= len(sums) else self._carried_until(j, k)
            if opened + carried >= least or carried == inf:
                return least, *found
            if self._latest[k] == first:
                continue
            noted, next_notes = known.get(k, (inf, k))
            anew = fixed + self.best[k] if notes else self.best[k]
            moved = opened + carried + self._noted[k] - self._noted[j] + min(noted, anew)
            if moved < least:
                least, found = moved, (k, next_notes if noted < anew else k)
            if first > 0 and moved - self._most_lost[k] >= least:
                return least, *found
        whole = opened + self._carried_until(j, turns)
        return (whole, turns, turns) if whole < least else (least, *found)

    def _carried_until(self, j: int, k: int) -> float:
        """Return what the requests after turn j and before k cost if nothing moves; infinite if one is too long."""
        account, first, sums = self._account, self._latest[j], self._carried[j]
        for turn in range(j + len(sums), k):
            request = account.bill(turn, first, first)
            sums.append(sums[-1] + request.cost if request.prompt <= account.terms.most_prompt else inf)
        return sums[k - j - 1]


def _most_lost(account: Account, turn: int) -> float:
    """Return the most that a move at this turn can cost more than none: what it reads again, and the notes' fixed part.

    Once a move here would be dearer than the best by more than that, so is every later one: moving here as well would
    cost no more than that.
    """
    terms, first = account.terms, account.latest_first(turn)
    lost = account.bill(turn, first, NOT_SENT).prompt * (1 - terms.ratio) * DEAR if account.warm[turn] else 0.0
    return lost + (account.notes_bill(1, 0) + terms.notes if terms.notes else 0.0)
