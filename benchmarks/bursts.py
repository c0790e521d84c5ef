"""What it brings to begin at once and to take in what the same person adds, beside a pause and beside doing neither.

    python -m benchmarks.bursts

Recorded traffic of a channel: in each conversation its first author asks the bot, each of their messages a question.
Messages that follow one of the same person within `BURST_SECONDS` belong to one burst. The model thinks for some
seconds, then writes; a request that is given up is paid with what it read and thought until then. Each policy sees the
same questions; the baseline begins at once and never anew, so that only what came while an answer was written is
answered together.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

if not __package__:  # run as a file: the packages lie beside this folder
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.context_tokens import data_folder
from benchmarks.context_traces import ANSWER_TOKENS, question_tokens
from bot.pricing import SEED_CARD
from bot.turns.claim import MOST_RENEWALS

BURST_SECONDS: Final = 30.0
WRITING_SECONDS: Final = 5.0
THINKING_TOKENS_PER_SECOND: Final = 60
CACHED: Final = 0.2
"""Price of a cached input token, in uncached ones."""

PREFIX_TOKENS: Final = 1_024
WINDOW_TOKENS: Final = 8_000
THINKING: Final = (2.0, 5.0, 15.0)
PAUSE: Final = 1.5


@dataclass(frozen=True, slots=True)
class Question:
    """A message of somebody who asks: when, in seconds, and how many tokens."""

    at: float
    tokens: int


@dataclass(slots=True)
class Sums:
    """Sums of a policy: cost in uncached input tokens, seconds to the first word of each question."""

    cost: float = 0.0
    requests: int = 0
    waits: float = 0.0
    questions: int = 0
    bursts: int = 0
    together: int = 0


def read(path: Path) -> list[list[Question]]:
    """Return the questions of each conversation: those of its first author, in order."""
    threads: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            threads[row["conversation"]].append(row)
    return [
        [
            Question(float(row["seconds"]), question_tokens(int(row["characters"])))
            for row in rows
            if row["author"] == rows[0]["author"]
        ]
        for rows in threads.values()
    ]


def play(threads: Iterable[Sequence[Question]], thinking: float, *, pause: float, renewals: int) -> Sums:
    """Return what answering all of it comes to, when an answer waits for `pause` and is begun anew so often."""
    sums = Sums()
    for questions in threads:
        _play_thread(questions, thinking, pause, renewals, sums)
    return sums


def _play_thread(questions: Sequence[Question], thinking: float, pause: float, renewals: int, sums: Sums) -> None:
    written = float(SEED_CARD.tiers[0].output / SEED_CARD.tiers[0].input)
    history, free_at, index = float(PREFIX_TOKENS), 0.0, 0
    while index < len(questions):
        begin = max(questions[index].at + pause, free_at)
        end = _taken(questions, index, begin)
        renewed = 0
        while renewed < renewals and end < len(questions) and questions[end].at < begin + thinking:
            spent = questions[end].at - begin
            asked = sum(question.tokens for question in questions[index:end])
            sums.cost += history * CACHED + asked + spent * THINKING_TOKENS_PER_SECOND * written
            sums.requests += 1
            begin, renewed = questions[end].at, renewed + 1
            end = _taken(questions, index, begin)
        asked = sum(question.tokens for question in questions[index:end])
        answer = thinking * THINKING_TOKENS_PER_SECOND + ANSWER_TOKENS
        sums.cost += history * CACHED + asked + answer * written
        sums.requests += 1
        _count(questions, index, end, begin + thinking, sums)
        history = min(history + asked + ANSWER_TOKENS, WINDOW_TOKENS)
        free_at, index = begin + thinking + WRITING_SECONDS, end


def _taken(questions: Sequence[Question], index: int, begin: float) -> int:
    return index + sum(question.at <= begin for question in questions[index:])


def _count(questions: Sequence[Question], index: int, end: int, first_word: float, sums: Sums) -> None:
    for number in range(index, end):
        sums.questions += 1
        sums.waits += first_word - questions[number].at
        follows = number > 0 and questions[number].at - questions[number - 1].at <= BURST_SECONDS
        sums.bursts += follows
        sums.together += follows and number > index


def main() -> None:
    """Print the tables, one for each file of traffic."""
    for path in sorted((data_folder() / "traces").glob("racket-*.csv")):
        threads = read(path)
        print(f"\n{path.stem}: {sum(map(len, threads)):,} questions in {len(threads):,} conversations")
        print(f"{'thinks':>7} {'policy':<22} {'together':>9} {'requests':>9} {'cost':>7} {'first word':>11}")
        for thinking in THINKING:
            plain = play(threads, thinking, pause=0, renewals=0)
            rows = {
                "at once, never anew": plain,
                f"pause of {PAUSE} s": play(threads, thinking, pause=PAUSE, renewals=0),
                "begin anew (Seedling)": play(threads, thinking, pause=0, renewals=MOST_RENEWALS),
            }
            for name, sums in rows.items():
                together = sums.together / max(1, sums.bursts)
                wait = sums.waits / sums.questions
                print(
                    f"{thinking:>5.0f} s {name:<22} {together:>9.1%} {sums.requests / sums.questions:>9.3f} "
                    f"{sums.cost / plain.cost:>7.3f} {wait / (plain.waits / plain.questions):>8.3f} x"
                )


if __name__ == "__main__":
    main()
