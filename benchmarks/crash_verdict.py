"""What people saw, held against what they asked: pure, so that it can be tested itself."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

ORDER_SECONDS = 1.5
"""Of two questions in the wrong order that arrived within this time, the earlier must still be answered first."""


@dataclass(slots=True, kw_only=True)
class Question:
    """One question as it was sent; `at` is the platform's time, `acked_at` when its sender was told that it is stored
    (None: never), `accepted_at` when it was: a process may be killed between the two.
    """

    id: str
    conversation: str
    at: float
    expected: str
    acked_at: float | None = None
    accepted_at: float = 0.0
    deliveries: int = 0
    stop_asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """A process that was ended, or held up and let go again at `until`."""

    at: float
    process: str
    until: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The counts; all of the first six are to be 0. `failed` are answers that say honestly that they failed,
    `withdrawn` messages that were shown and taken back.
    """

    lost: int
    double: int
    out_of_order: int
    hanging: int
    wrong_text: int
    failed: int
    questions: int
    stopped: int
    withdrawn: int
    duplicates: int
    interrupted: int
    recovery_median: float | None
    recovery_p90: float | None
    recovery_max: float | None
    examples: Sequence[str] = field(default=())

    @property
    def is_clean(self) -> bool:
        """Return whether nothing went wrong."""
        return not any((self.lost, self.double, self.out_of_order, self.hanging, self.wrong_text, self.failed))

    def as_json(self) -> dict[str, Any]:
        """All of it by name."""
        return asdict(self)


def judge(questions: Sequence[Question], record: Sequence[Mapping[str, Any]], kills: Sequence[Kill]) -> Verdict:
    """Compare what stands on the platform with what was acknowledged."""
    taken = [question for question in questions if question.acked_at is not None]
    replies: dict[str, list[Mapping[str, Any]]] = {}
    for message in record:
        if message["removed_at"] is None:
            replies.setdefault(message["question"], []).append(message)
    wrong = {question.id: _look(question, replies.get(question.id, [])) for question in taken}
    swapped = _out_of_order(taken, replies)
    times = sorted(_recoveries(record, kills))
    verdicts = list(wrong.values())
    return Verdict(
        lost=verdicts.count("lost"),
        double=verdicts.count("double"),
        out_of_order=len(swapped),
        hanging=verdicts.count("hanging"),
        wrong_text=verdicts.count("wrong text"),
        failed=verdicts.count("failed"),
        questions=len(taken),
        stopped=verdicts.count("stopped"),
        withdrawn=sum(message["removed_at"] is not None for message in record),
        duplicates=sum(max(0, question.deliveries - 1) for question in taken),
        interrupted=len(times),
        recovery_median=statistics.median(times) if times else None,
        recovery_p90=times[int(len(times) * 0.9)] if times else None,
        recovery_max=times[-1] if times else None,
        examples=[_told(id, what, replies.get(id, [])) for id, what in wrong.items() if what not in {"", "stopped"}][
            :10
        ]
        + [f"{first} after {second}" for first, second in swapped][:5],
    )


def _look(question: Question, replies: Sequence[Mapping[str, Any]]) -> str:
    if not replies:
        return "lost"
    if len(replies) > 1:
        return "double"
    last = replies[0]["changes"][-1]
    match last["status"]:
        case "final done":
            return "" if last["text"] == question.expected else "wrong text"
        case "final stopped":
            is_part = question.stop_asked and question.expected.startswith(last["text"])
            return "stopped" if is_part else "wrong text"
        case "final failed":
            return "failed"
        case _:
            return "hanging"


def _told(question: str, what: str, replies: Sequence[Mapping[str, Any]]) -> str:
    """Return an example with the last states of its messages: when, by which process, how many characters."""
    told = [f"{question}: {what}"]
    for reply in replies:
        last = [
            f"{change['at']:.2f} by {change['by']} {change['status']} ({len(change['text'])})"
            for change in reply["changes"]
        ]
        told.append(f"{reply['key']} {', '.join(last[-4:])}")
    return "; ".join(told)


def _out_of_order(
    questions: Sequence[Question], replies: Mapping[str, Sequence[Mapping[str, Any]]]
) -> list[tuple[str, str]]:
    """Pairs of questions of one conversation whose answers appeared the other way round without need.

    A process can be held up while it stores a question: it is there at the latest when it was acknowledged, and at
    the earliest at the time that is stored with it.
    """
    pairs = []
    conversations: dict[str, list[Question]] = {}
    for question in sorted(questions, key=lambda each: each.at):
        conversations.setdefault(question.conversation, []).append(question)
    for asked in conversations.values():
        for first, second in pairwise(asked):
            shown = [replies[item.id][0]["created_at"] for item in (first, second) if item.id in replies]
            in_time = (first.acked_at or 0) <= second.accepted_at + ORDER_SECONDS
            if len(shown) == 2 and shown[1] < shown[0] and in_time:
                pairs.append((first.id, second.id))
    return pairs


def _recoveries(record: Sequence[Mapping[str, Any]], kills: Sequence[Kill]) -> list[float]:
    """For every reply in the making when its process was killed: seconds until it went on."""
    times = []
    for kill in kills:
        if kill.until is not None:
            continue
        for message in record:
            before = [change for change in message["changes"] if change["at"] <= kill.at]
            after = [change for change in message["changes"] if change["at"] > kill.at and change["by"] != kill.process]
            if before and before[-1]["by"] == kill.process and not before[-1]["status"].startswith("final") and after:
                times.append(after[0]["at"] - kill.at)
    return times
