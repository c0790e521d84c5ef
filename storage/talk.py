"""What was said in a conversation lately, from its transcript and the turns that are not in it yet. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.context.transcript import without_label
from bot.types import BOT, Utterance

LONGEST: Final = 2_000
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
class Question:
    """A question of a turn; `waits` says that it is not in the transcript yet."""

    dedupe_key: str
    source_id: str
    author: str
    name: str
    text: str
    waits: bool

    @property
    def id(self) -> str:
        """The id of its entry."""
        return f"{_SAID}{self.source_id or self.dedupe_key}"


def recent_talk(lines: Sequence[Line], questions: Sequence[Question]) -> list[Utterance]:
    """Return what was said, oldest first; corrections, notes and whatever nobody said are left out."""
    asked = {question.id for question in questions}
    told = {line.id for line in lines}
    said = [_utterance(line, line.id in asked) for line in lines if line.role == "assistant" or _is_said(line)]
    return said + [
        Utterance(speaker=each.author, name=each.name, text=each.text[:LONGEST], addressees=frozenset({BOT}))
        for each in questions
        if each.waits and each.id not in told
    ]


def _is_said(line: Line) -> bool:
    return line.id.startswith(_SAID) and line.author != ""


def _utterance(line: Line, is_question: bool) -> Utterance:
    if line.role == "assistant":
        return Utterance(speaker=BOT, text=line.text[:LONGEST])
    name, text = without_label(line.text[:LONGEST])
    return Utterance(
        speaker=line.author, name=name, text=text, addressees=frozenset({BOT}) if is_question else frozenset()
    )
