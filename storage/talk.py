"""Recent messages of a conversation, from its transcript and the turns that are not in it yet. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.chat.message_markdown import typed_text
from bot.context.new_entries import ASKED_ID
from bot.context.transcript import without_label
from bot.types import BOT, Utterance

LONGEST: Final = 1_000
"""How many characters of a message are enough to tell to whom it is said."""

_SAID = "m:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An entry of the transcript; of a long `text` the beginning."""

    id: str
    role: str
    author: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A message of a turn, a question if it `is_asked`; `waits` says that it is not in the transcript yet."""

    dedupe_key: str
    source_id: str
    author: str
    name: str
    text: str
    waits: bool
    is_asked: bool

    @property
    def id(self) -> str:
        """The id of its entry."""
        return f"{_SAID}{self.source_id or self.dedupe_key}"


def recent_talk(lines: Sequence[Line], heard: Sequence[Heard], *, without: str = "") -> list[Utterance]:
    """Return what was typed, oldest first; corrections, notes and whatever nobody said are left out.

    An answer is addressed to those whose questions stand between it and the answer before. The message with the id
    `without` is left out as well.
    """
    if without:
        lines = [line for line in lines if line.id != f"{_SAID}{without}"]
        heard = [item for item in heard if item.source_id != without]
    asked = {item.id for item in heard if item.is_asked}
    told = {line.id for line in lines}
    said: list[Utterance] = []
    askers: set[str] = set()
    for line in lines:
        if line.role == "assistant":
            said.append(Utterance(speaker=BOT, text=line.text[:LONGEST], addressees=frozenset(askers)))
            askers = set()
        elif line.id.endswith(ASKED_ID):
            askers.add(line.author)
        elif line.id.startswith(_SAID) and line.author:
            is_question = line.id in asked
            name, text = without_label(line.text[:LONGEST])
            said.append(_by_person(line.author, name, text, is_question=is_question))
            askers |= {line.author} if is_question else set()
    waiting = (item for item in heard if item.waits and item.id not in told)
    said += (_by_person(item.author, item.name, item.text[:LONGEST], is_question=item.is_asked) for item in waiting)
    return said


def _by_person(id: str, name: str, text: str, *, is_question: bool) -> Utterance:
    addressees = frozenset({BOT}) if is_question else frozenset[str]()
    return Utterance(speaker=id, name=name, text=typed_text(text), addressees=addressees)
