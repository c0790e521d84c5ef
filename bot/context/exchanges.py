"""Find the exchanges of a transcript: where a window may begin, and where a trim would make it begin."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.types import SOURCES_ID, Entry, NewEntry, StoredEntry


def last_answer(history: Sequence[StoredEntry]) -> int:
    """Return the index of the last answer; that of the question where there is none."""
    answers = (index for index in range(len(history) - 1, -1, -1) if history[index].entry.role == "assistant")
    return next(answers, len(history))


def is_answer(entry: NewEntry) -> bool:
    """Return whether an entry is an answer, or the list of sources that belongs to one."""
    return entry.entry.role == "assistant" or entry.id.startswith(SOURCES_ID)


def question_sizes(history: Sequence[NewEntry]) -> Sequence[int]:
    """Return the tokens of what was asked and said before each answer, in order."""
    sizes, asked = list[int](), 0
    for entry in history:
        if entry.entry.role == "assistant":
            sizes.append(asked)
            asked = 0
        elif not is_answer(entry):
            asked += entry.tokens
    return sizes


def expected_question(history: Sequence[NewEntry], at: datetime) -> NewEntry:
    """Return an entry as long as what is asked and said before an answer is on average."""
    sizes = question_sizes(history)
    return NewEntry(id="", entry=Entry(role="user", text=""), tokens=sum(sizes) // max(1, len(sizes)), at=at)


def trim_start(starts: Sequence[int], held: Sequence[int], floor: int, cap: int) -> int:
    """Return the latest start that leaves the floor in view, or the earliest after it that fits."""
    latest = bisect_right(starts, -floor, key=lambda start: -held[start]) - 1
    return next(start for start in starts[max(0, latest) :] if held[start] <= cap)


def legal_starts(history: Sequence[StoredEntry], held: Sequence[int], longest_run: int) -> Iterator[int]:
    """Yield where a window may begin: at the first of the messages that an answer answers together, or at
    the question.

    A run of messages longer than the floor is people talking among themselves, and may be cut anywhere.
    """
    run_start = 0
    for index, stored in enumerate(history):
        if is_answer(stored):
            run_start = index + 1
        elif index == run_start or held[run_start] - held[index + 1] > longest_run:
            yield index
    yield len(history)
