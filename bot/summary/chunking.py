"""Divide messages into parts at natural breaks: between days, at long pauses, between threads. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from itertools import chain
from typing import Final

from bot.summary.numbered_lines import NumberedLine

Lines = Sequence[NumberedLine]

# A part may end anywhere between this share of its goal and its room; the longest pause there is where it ends.
EARLIEST: Final = 0.7

# The night between two days counts as a pause of at least this much more.
NEW_DAY: Final = timedelta(hours=2)


def size(lines: Lines) -> int:
    """About how many tokens lines take."""
    return sum(line.tokens for line in lines)


def divide(blocks: Sequence[Lines], room: int) -> list[list[NumberedLine]]:
    """Return the lines in parts of at most `room` tokens each, about equally long; a block is torn only if it is
    longer.
    """
    pieces = list(chain.from_iterable(_torn(block, room) for block in blocks))
    sizes = [size(piece) for piece in pieces]
    total = sum(sizes)
    if not total:
        return []
    goal = total / math.ceil(total / room)
    parts: list[list[NumberedLine]] = []
    begin = 0
    while begin < len(pieces):
        end = _end(pieces, sizes, begin, goal=goal, room=room)
        parts.append(list(chain.from_iterable(pieces[begin:end])))
        begin = end
    return parts


def _end(pieces: Sequence[Lines], sizes: Sequence[int], begin: int, *, goal: float, room: int) -> int:
    """Return where the part that begins with a piece ends: at the longest pause within its bounds."""
    best, longest, held = begin + 1, timedelta(-1), 0
    for index in range(begin, len(pieces)):
        held += sizes[index]
        if held > room and index > begin:
            break
        if index + 1 == len(pieces):
            return len(pieces)
        pause = _pause(pieces[index], pieces[index + 1])
        if held >= goal * EARLIEST and pause >= longest:
            best, longest = index + 1, pause
        elif held < goal * EARLIEST:
            best = index + 1
    return best


def _pause(before: Lines, after: Lines) -> timedelta:
    """Return how long nobody began anything."""
    earlier, later = before[0].message.sent_at, after[0].message.sent_at
    return later - earlier + (NEW_DAY if later.date() != earlier.date() else timedelta())


def _torn(block: Lines, room: int) -> list[list[NumberedLine]]:
    pieces: list[list[NumberedLine]] = [[]]
    held = 0
    for line in block:
        if pieces[-1] and held + line.tokens > room:
            pieces.append([])
            held = 0
        pieces[-1].append(line)
        held += line.tokens
    return pieces
