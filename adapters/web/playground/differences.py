"""Say what changed between two states of an answer, and make the newer one of it again. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.types import ChannelMessage, Draft, PlaygroundEvent

Patch = tuple[int, int, str]
"""What to do with a text: from where, how much to take out, and what to put there; in UTF-16 units, as browsers count.

"""

NOTHING: Final = Draft(status="thinking")


def step(message: ChannelMessage, before: Draft, after: Draft) -> PlaygroundEvent:
    """Return the event that makes `after` of `before`, the answer in `message`."""
    text_from, reasoning_from = _common(before.text, after.text), _common(before.reasoning, after.reasoning)
    rest = replace(after, text=after.text[text_from:], reasoning=after.reasoning[reasoning_from:])
    return PlaygroundEvent(
        kind="answer",
        workspace=message.workspace,
        channel=message.channel,
        thread=message.thread,
        message=message.id,
        is_open=True,
        draft=rest,
        text_from=text_from,
        reasoning_from=reasoning_from,
    )


def grown(known: Draft, event: PlaygroundEvent) -> Draft | None:
    """Return what an answer has come to by an event; None when something between is missing."""
    if event.draft is None or event.text_from > len(known.text) or event.reasoning_from > len(known.reasoning):
        return None
    return replace(
        event.draft,
        text=known.text[: event.text_from] + event.draft.text,
        reasoning=known.reasoning[: event.reasoning_from] + event.draft.reasoning,
    )


def patch(before: str, after: str) -> Patch | None:
    """Return what makes `after` of `before`; None when they are the same."""
    if before == after:
        return None
    start = _common(before, after)
    rest, new = before[start:], after[start:]
    end = _common(rest[::-1], new[::-1])
    return _units(before[:start]), _units(rest[: len(rest) - end]), new[: len(new) - end]


def _common(one: str, other: str) -> int:
    """Return how many characters two texts begin with in common, halving: comparing slices is quick."""
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
