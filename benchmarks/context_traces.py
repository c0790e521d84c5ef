"""Conversations to measure with: who wrote how much when, from recorded traffic."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from pathlib import Path

from bot.context.tokens import ENTRY_OVERHEAD

ANSWER_TOKENS = 300
CHARACTERS = 4  # of a token
LABEL_CHARACTERS = len("[Sun 2026-11-22 14:03 UTC] Somebody: ")

# The arrival file tells no length of the newest message alone: once a short one is assumed, once a long pasted one.
SHORT_QUESTION = 60
ONE_THREAD_IN = 30
SLOWED = 80


@dataclass(frozen=True)
class Trace:
    """One conversation: question i comes at `at[i]` seconds and has `questions[i]` tokens, its answer `answers[i]`."""

    name: str
    at: Sequence[float]
    questions: Sequence[int]
    answers: Sequence[int]

    def __len__(self) -> int:
        return len(self.at)

    @property
    def entries(self) -> Sequence[int]:
        """The tokens of all entries in order: question 0, answer 0, question 1, ..."""
        return [tokens for pair in zip(self.questions, self.answers, strict=True) for tokens in pair]

    @property
    def before(self) -> Sequence[int]:
        """The tokens of all entries before each one; one item more than there are entries."""
        return list(accumulate(self.entries, initial=0))

    def pieces(self, turns: int) -> Iterator[Trace]:
        """Yield the trace cut into whole pieces of so many turns; itself for 0 or when it is shorter."""
        if turns <= 0 or len(self) < turns:
            yield self
            return
        for number, start in enumerate(range(0, len(self) - turns + 1, turns), 1):
            cut = slice(start, start + turns)
            yield Trace(f"{self.name} #{number}", self.at[cut], self.questions[cut], self.answers[cut])


def read_traces(path: Path) -> list[Trace]:
    """Return the conversations of a file: one for a channel (`seconds`, `characters`), two for arrivals of requests."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        raise ValueError(f"{path.name} has no rows")
    if "TIMESTAMP" in rows[0]:
        return _arrivals(path.stem, rows)
    questions = [question_tokens(int(row["characters"])) for row in rows]
    return [Trace(path.stem, [float(row["seconds"]) for row in rows], questions, [ANSWER_TOKENS] * len(rows))]


def question_tokens(characters: int) -> int:
    """Return the tokens of a person's message with its label."""
    return ENTRY_OVERHEAD + math.ceil((LABEL_CHARACTERS + characters) / CHARACTERS)


def _arrivals(stem: str, rows: Sequence[Mapping[str, str]]) -> list[Trace]:
    """One request in `ONE_THREAD_IN`, `SLOWED` times, so that some pauses outlast the cache; real answer lengths."""
    chosen = rows[::ONE_THREAD_IN]
    times = [datetime.fromisoformat(f"{row['TIMESTAMP'][:26]}+00:00").timestamp() for row in chosen]
    at = [(time - times[0]) * SLOWED for time in times]
    answers = [max(1, int(row["GeneratedTokens"])) for row in chosen]
    name = "arrivals" if "conv" in stem else stem
    return [
        Trace(f"{name}, short questions", at, [SHORT_QUESTION] * len(at), answers),
        Trace(f"{name}, long questions", at, [max(1, int(row["ContextTokens"])) for row in chosen], answers),
    ]
