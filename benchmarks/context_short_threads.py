"""What short threads cost, and what richer requests add: a long system prompt, longer labels, the channel above.

    python -m benchmarks.context_short_threads

Threads of 2 to 20 messages of recorded channels; each message is a question, answered with `ANSWER_TOKENS`. The
provider caches a prefix from `CACHED_FROM` tokens on for ten minutes: that of the thread's last request, or
the system prompt, which all threads of a channel share. The baseline has a prompt of 250 tokens, short labels, and
begins with the question alone. An answer is taken to be thought about for `REASONING_TOKENS`.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final

if not __package__:  # run as a file: the packages lie beside this folder
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.context_tokens import data_folder
from benchmarks.context_traces import ANSWER_TOKENS, question_tokens
from bot.context.new_entries import CHANNEL_TOKENS
from bot.pricing import SEED_CARD

CACHED_FROM: Final = 1_024
LIFETIME_SECONDS: Final = 600.0
CACHED: Final = 0.2
"""Price of a cached input token, in uncached ones."""

WRITTEN: Final = float(SEED_CARD.tiers[0].output / SEED_CARD.tiers[0].input)
REASONING_TOKENS: Final = 200
"""For an answer: an assumption, between the 0 without thinking and the 500 and more of a hard question."""

NEWEST: Final = 10
SHORT: Final = range(2, 21)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Parts of a request beside the messages, in tokens."""

    prompt: int
    label: int
    channel: int


BEFORE: Final = Form(prompt=250, label=0, channel=0)
FORMS: Final = {
    "before": BEFORE,
    "prompt of 1,100": Form(prompt=1_100, label=0, channel=0),
    "and labels": Form(prompt=1_100, label=3, channel=0),
    "and the channel above": Form(prompt=1_100, label=3, channel=CHANNEL_TOKENS),
}


@dataclass(slots=True)
class Bill:
    """Sum that was paid, in uncached input tokens; `too_short` are prefixes that were sent before, never cached."""

    read: float = 0.0
    too_short: float = 0.0
    cached: float = 0.0
    reasoned: float = 0.0
    written: float = 0.0

    @property
    def whole(self) -> float:
        """The whole bill."""
        return sum((float(getattr(self, part)) for part in PARTS), 0.0)


PARTS: Final = tuple(part.name for part in fields(Bill))


@dataclass(slots=True)
class Channel:
    """Course of a channel so far: when a prompt was sent last, and the sizes of the newest messages."""

    prompted_at: float = float("-inf")
    newest: list[int] = field(default_factory=list)


Message = tuple[float, int]
"""When, in seconds, and how many tokens."""


def threads_of(path: Path) -> list[list[Message]]:
    """Return the short threads of a file, in the order in which they began."""
    threads: dict[str, list[Message]] = defaultdict(list)
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            threads[row["conversation"]].append((float(row["seconds"]), question_tokens(int(row["characters"]))))
    return [messages for messages in threads.values() if len(messages) in SHORT]


def bill(threads: Sequence[Sequence[Message]], form: Form) -> Bill:
    """Return what all threads cost with requests of a form, in the order in which their questions came."""
    total, channel = Bill(), Channel()
    held: dict[int, tuple[float, int]] = {}
    asked = sorted((at, number, tokens) for number, thread in enumerate(threads) for at, tokens in thread)
    for at, number, tokens in asked:
        if number not in held:
            above = min(form.channel, sum(channel.newest[-NEWEST:]))
            held[number] = (float("-inf"), form.prompt + above)
        last, prefix = held[number]
        size = prefix + tokens + form.label
        warm = prefix if at - last <= LIFETIME_SECONDS else 0
        shared = form.prompt if at - channel.prompted_at <= LIFETIME_SECONDS else 0
        known = max(warm, shared)
        total.read += size - known
        if known >= CACHED_FROM:
            total.cached += known * CACHED
        else:
            total.too_short += known
        total.reasoned += REASONING_TOKENS * WRITTEN
        total.written += ANSWER_TOKENS * WRITTEN
        held[number] = (at, size + ANSWER_TOKENS)
        channel.prompted_at = at
        channel.newest.append(tokens + form.label)
    return total


def main() -> None:
    """Print the table, all files of traffic together."""
    files = sorted((data_folder() / "traces").glob("racket-*.csv"))
    threads = [threads_of(path) for path in files]
    print(f"{sum(map(len, threads)):,} threads of {SHORT.start} to {SHORT.stop - 1} messages, c/p {CACHED}\n")
    print(f"{'requests':<24}{''.join(f'{part:>10}' for part in PARTS)} {'whole bill':>11}")
    base = sum(bill(each, BEFORE).whole for each in threads)
    for name, form in FORMS.items():
        bills = [bill(each, form) for each in threads]
        whole = sum(item.whole for item in bills)
        shares = (sum(getattr(item, part) for item in bills) / whole for part in PARTS)
        print(f"{name:<24}{''.join(f'{share:>10.1%}' for share in shares)} {whole / base:>9.3f} x")


if __name__ == "__main__":
    main()
