"""Cases of an evaluation: questions with facts that their answers must have, read from JSON lines and judged. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, get_args

from bot.errors import InvalidInput
from bot.types import Role

KNOWN: Final = frozenset(
    {"name", "question", "asker", "thread", "files", "search", "parameters", "contains", "lacks", "most_words"}
)
"""Fields of a case that somebody writes."""

MOST_CASES: Final = 10_000

_HALVES: Final = re.compile("[\ud800-\udfff]")
"""Halves of surrogate pairs, which JSON may have and no request or database takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierMessage:
    """A message of the thread before a question; one of a person may begin with its label or with "Name: "."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationCase:
    """A question and what its answer must have.

    Each of `contains` is a text, or several with | between them, one of which has to stand in the answer; none of
    `lacks` may, and it may have `most_words` at most. `search` None leaves it to the setting. `files` are paths beside
    the file of the cases. `bad_answer` was found bad by somebody: the same words again are wrong.
    """

    name: str
    question: str
    asker: str = "You"
    thread: tuple[EarlierMessage, ...] = ()
    files: tuple[str, ...] = ()
    search: bool | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    contains: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    most_words: int | None = None
    bad_answer: str = ""

    @property
    def is_judged(self) -> bool:
        """Return whether an answer can be right; otherwise a person has to read it."""
        return bool(self.contains or self.lacks or self.most_words)


def read_cases(text: str) -> Sequence[EvaluationCase]:
    """Return the cases of a file of JSON lines, such as `seedling feedback --json` prints. Raises `InvalidInput`."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) > MOST_CASES:
        raise InvalidInput(f"There are more than {MOST_CASES:,} cases.")
    cases = [_read_case(line, number) for number, line in lines]
    if not cases:
        raise InvalidInput("There are no cases in this file: write one JSON object on each line.")
    return cases


def _read_case(line: str, number: int) -> EvaluationCase:
    try:
        told = _object(json.loads(line))
        return _rated(told) if "verdict" in told else _written(told, number)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InvalidInput(f"Line {number} is no case: {_reason(error)}.") from None


def _object(told: object) -> Mapping[str, Any]:
    if not isinstance(told, dict):
        raise TypeError("it is not one JSON object in braces")
    return told


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error} is missing"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]


def _written(told: Mapping[str, Any], number: int) -> EvaluationCase:
    if unknown := told.keys() - KNOWN:
        raise ValueError(f"{min(unknown)!r} is no field of a case")
    search, words = told.get("search"), told.get("most_words")
    if not isinstance(search, bool | None):
        raise TypeError("search is true or false")
    if isinstance(words, bool) or not isinstance(words, int | None) or (words is not None and words < 1):
        raise TypeError("most_words is a number from 1 on")
    if not _text(told["question"]).strip():
        raise ValueError("its question is empty")
    return EvaluationCase(
        name=_text(told.get("name", f"line {number}")),
        question=_text(told["question"]),
        asker=_text(told.get("asker", "You")),
        thread=_thread(told),
        files=_texts(told.get("files", [])),
        search=search,
        parameters={name: _value(value) for name, value in told.get("parameters", {}).items()},
        contains=_texts(told.get("contains", [])),
        lacks=_texts(told.get("lacks", [])),
        most_words=words,
    )


def _rated(told: Mapping[str, Any]) -> EvaluationCase:
    """Return an answer that was rated as a case; what is expected can be added to its line."""
    return EvaluationCase(
        name=f"turn {told['turn']}",
        question=_text(told["question"]),
        thread=_thread(told),
        contains=_texts(told.get("contains", [])),
        lacks=_texts(told.get("lacks", [])),
        bad_answer=_text(told["answer"]) if told["verdict"] == "bad" else "",
    )


def _thread(told: Mapping[str, Any]) -> tuple[EarlierMessage, ...]:
    said = [EarlierMessage(role=item["role"], content=_text(item["content"])) for item in told.get("thread", [])]
    if any(item.role not in get_args(Role) for item in said):
        raise ValueError(f"a role is one of {', '.join(get_args(Role))}")
    return tuple(said)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{str(value)[:40]!r} is no text")
    return _HALVES.sub("\N{REPLACEMENT CHARACTER}", value)


def _value(value: object) -> str:
    """Return the value of a parameter as people type it; JSON has numbers and truth values of its own."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, int | float) else _text(value)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(f"{str(value)[:40]!r} is no list of texts")
    return tuple(map(_text, value))


# ---------------------------------------------------------------- judging


def wrongs_in(case: EvaluationCase, answer: str) -> Sequence[str]:
    """Return what is wrong with an answer, a clause each; nothing where it is right."""
    said = _plain(answer)
    wrong = [f"lacks {fact!r}" for fact in case.contains if not any(_plain(way) in said for way in fact.split("|"))]
    wrong += [f"has {fact!r}" for fact in case.lacks if any(_plain(way) in said for way in fact.split("|"))]
    if case.most_words is not None and len(answer.split()) > case.most_words:
        wrong.append(f"has {len(answer.split()):,} words and not {case.most_words:,} at most")
    if case.bad_answer and said == _plain(case.bad_answer):
        wrong.append("says again what was found bad")
    return wrong


def _plain(text: str) -> str:
    """Return text as it is compared: without case, marks of Markdown, and the other forms of blanks and dashes."""
    text = re.sub(r"[*_`\\]", "", text.casefold())
    text = text.replace("\u2019", "'").replace("\u2011", "-").replace("\u2013", "-")
    return " ".join(text.split())
