"""What the emulator says: rules, not a model.

The rules look for the first phrase that they know in the last message of the user, in this order:

| phrase | answer |
|---|---|
| `update your notes on this conversation` | notes of as many words as it names |
| `summary of these numbered messages, with at most N points` (or `points`) | lines with their numbers, shortened |
| `[refuse]` | HTTP 400 SensitiveContentDetected |
| `[filter]`, `[filter after N]` | stopped by the content filter before text, or after N tokens of it |
| `call NAME, N words` | for each such message of the user since the last answer `NAME: ` and N words |
| `echo TEXT` | TEXT |
| `count to N` | 1, 2, 3 ... N |
| `count the words in TEXT`, `count the letters in TEXT` | the number |
| `extract numbers/links/emails/names from TEXT` | what there is, one per line |
| `write N words` | N words |
| `long markdown N` | N sections with headings, lists, tables, code and quotes |
| `what is A + B` (also - * /) | the result |
| `what did I say` | the message before |
| `what is my name` | the name that an earlier message told by "my name is" |
| `summarise`, `summarize`, `summary` | the lines that begin with a mark in brackets, each shortened and with its mark |
| media, or nothing known | what was received, said plainly |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, DivisionByZero, InvalidOperation
from itertools import cycle, islice

from tests.emulators.seed.request import Ask, Message

MOST_WORDS = 60_000
_LINE_WORDS = 14
_SUMMARY_LINES = 8

_SENTENCE = (
    "the tide turns twice a day and every small boat in the harbour rises with it while people on the quay "
    "talk about weather bread and the price of rope before evening comes"
)

HELP = (
    "This answer comes from the Seed emulator, which follows rules and understands nothing. It can echo, count, "
    "extract, calculate, write N words, write long markdown, recall and summarise."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An answer before limits: its rule, its text, and after how many tokens the content filter stops it."""

    rule: str
    text: str
    filter_after: int | None = None


Rule = Callable[[re.Match[str], Ask], str]


def answer(ask: Ask) -> Draft:
    """The answer to the last message of the user."""
    text = ask.question.text
    stop = re.search(r"\[filter(?: after (\d+))?\]", text, re.IGNORECASE)
    filter_after = None if stop is None else int(stop[1] or 0)
    for name, pattern, rule in _RULES:
        found = pattern.search(text)
        if found:
            return Draft(rule=name, text=rule(found, ask), filter_after=filter_after)
    return Draft(rule="plain", text=_plain(ask.question), filter_after=filter_after)


def is_refused(ask: Ask) -> bool:
    """Whether the provider's check of the input stops this question."""
    return "[refuse]" in ask.question.text.lower()


def reasoning(ask: Ask, draft: Draft) -> str:
    """What stands in the reasoning; longer with more effort."""
    words = len(ask.question.text.split())
    thoughts = [
        f"The message has {words} words. I look for a rule that fits and find {draft.rule!r}.",
        "I read the message again, from its end to its beginning, and the rule still fits.",
        "I weigh whether another rule comes earlier in the list, and none does.",
        "So I write the answer as the rule says, without adding anything.",
    ]
    return "\n".join(thoughts[: {"low": 1, "medium": 2, "high": 4}[ask.settings.reasoning_effort]])


def words(count: int) -> str:
    """That many words in lines of fourteen."""
    chosen = list(islice(cycle(_SENTENCE.split()), min(count, MOST_WORDS)))
    return "\n".join(" ".join(chosen[start : start + _LINE_WORDS]) for start in range(0, len(chosen), _LINE_WORDS))


def notes(material: str) -> str:
    """Notes of as many words as are asked for, always as many, which name the length of what was to be condensed."""
    found = re.search(r"\bin at most (\d{1,4}) words\b", material)
    return f"- Notes on {100 + len(material) % 900} things.\n{words(int(found[1]) if found else 300)}"


def long_markdown(sections: int) -> str:
    """That many sections in which every kind of Markdown block occurs."""
    return "\n\n".join(_section(number) for number in range(1, sections + 1))


def _section(number: int) -> str:
    return (
        f"## Section {number}\n\n"
        f"Text with **bold**, *italic*, `code`, ~~struck~~ and a [link](https://example.org/section/{number}).\n\n"
        f"- first point of {number}\n- second point\n  - nested point with `a_b` and 2 * 3 < 7 & 8 > 1\n\n"
        f"1. one\n2. two\n\n"
        f"| name | value |\n|---|---:|\n| section | {number} |\n| square | {number * number} |\n\n"
        f'```python\ndef section_{number}() -> int:\n    return {number}  # "quoted" <tag>\n```\n\n'
        f"> A quotation, in which section {number} ends. 漢字と emoji 🌱 too."
    )


def _calculate(found: re.Match[str], _: Ask) -> str:
    left, sign, right = Decimal(found[1]), found[2], Decimal(found[3])
    try:
        value = {"+": left.__add__, "-": left.__sub__, "*": left.__mul__, "/": left.__truediv__}[sign](right)
    except (DivisionByZero, InvalidOperation):
        return "That has no result."
    return f"{value.normalize():f}"


_EXTRACTORS = {
    "number": r"-?\d+(?:[.,]\d+)*",
    "link": r"https?://[^\s<>\"]+",
    "email": r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    "name": r"(?<![.!?]\s)(?<!^)\b[A-Z][a-z]+\b",
}


def _extract(found: re.Match[str], _: Ask) -> str:
    return "\n".join(re.findall(_EXTRACTORS[found[1].lower()], found[2])) or "none"


def _recall(_: re.Match[str], ask: Ask) -> str:
    said = [message.text for message in ask.messages if message.role == "user"][:-1]
    return f"Before, you said: {said[-1]}" if said else "You have said nothing before this."


def _name(_: re.Match[str], ask: Ask) -> str:
    for message in reversed(ask.messages):
        told = re.search(r"\bmy name is (\w+)", message.text, re.IGNORECASE)
        if told and message.role == "user":
            return f"Your name is {told[1]}."
    return "You have not told me your name."


CALL = re.compile(r"\bcall (\w+), (\d{1,5}) words\b")


def _calls(_: re.Match[str], ask: Ask) -> str:
    asked: list[Message] = []
    for message in ask.messages:
        asked = [] if message.role == "assistant" else [*asked, message]
    calls = [call for message in asked if message.role == "user" for call in CALL.findall(message.text)]
    return "\n\n".join(called(name, int(count)) for name, count in calls)


def called(name: str, count: int) -> str:
    """The answer to one call."""
    return f"{name}: {words(count)}"


_MARKED = re.compile(r"^\W{0,3}\[([^\]\s]{1,40})\]\W*(.+)$", re.MULTILINE)


def _summary(_: re.Match[str], ask: Ask) -> str:
    text = ask.question.text
    lines: Sequence[tuple[str, str]] = _MARKED.findall(text)
    if not lines and ask.question.media:
        return _plain(ask.question)
    if not lines:
        said = [message for message in ask.messages[:-1] if message.role in {"user", "assistant"}]
        return "\n".join(f"- {message.role}: {_shorten(message.text)}" for message in said) or "There is nothing yet."
    step = -(-len(lines) // _SUMMARY_LINES)
    return "\n".join(f"- {_shorten(line)} [{mark}]" for mark, line in lines[::step])


_NUMBERED = re.compile(r"^ *\[(?P<number>\d+)\] (?:\d\d:\d\d )?(?P<said>.+)$", re.MULTILINE)
_POINT = re.compile(r"^- (?P<said>.+?)(?P<numbers>(?: \[\d+\])+)$", re.MULTILINE)


def _numbered_summary(found: re.Match[str], ask: Ask) -> str:
    """As many points as allowed, spread over the lines; a line that asks is an open question."""
    material, most = ask.question.text[: found.start()], int(found[1])
    lines = [(match["said"], match["numbers"]) for match in _POINT.finditer(material)]
    lines = lines or [(match["said"], f" [{match['number']}]") for match in _NUMBERED.finditer(material)]
    if not lines:
        return "There is nothing to summarise."
    chosen = lines[:: -(-len(lines) // most)]
    asked = [f"- {_shorten(said)}{numbers}" for said, numbers in chosen if said.endswith("?")]
    told = [f"- {_shorten(said)}{numbers}" for said, numbers in chosen if not said.endswith("?")]
    sections = [f"Headline: {len(lines)} lines, of which {len(chosen)} are told"]
    sections += ["Main points", *told] if told else []
    sections += ["Open questions", *asked] if asked else []
    return "\n".join(sections)


def _shorten(text: str) -> str:
    return " ".join(text.split()[:12])


def _plain(question: Message) -> str:
    if question.media:
        seen = "\n".join(f"- {part.kind}: {part.facts}, {part.tokens} tokens" for part in question.media)
        return f"I received:\n{seen}"
    return f"You wrote {len(question.text.split())} words. {HELP}"


_I = re.IGNORECASE
_RULES: tuple[tuple[str, re.Pattern[str], Rule], ...] = (
    ("notes", re.compile(r"\AUpdate your notes on this conversation"), lambda _, ask: notes(ask.question.text)),
    (
        "numbered summary",
        re.compile(r"\bsummary of these numbered (?:messages|points), with at most (\d{1,3}) points\b"),
        _numbered_summary,
    ),
    ("call", CALL, _calls),
    ("echo", re.compile(r"\becho[:\s]\s*(.+)", _I | re.DOTALL), lambda found, _: found[1]),
    (
        "count",
        re.compile(r"\bcount to (\d{1,5})\b", _I),
        lambda found, _: ", ".join(str(number) for number in range(1, int(found[1]) + 1)),
    ),
    (
        "count words",
        re.compile(r"\bcount the words in[:\s]\s*(.+)", _I | re.DOTALL),
        lambda found, _: str(len(found[1].split())),
    ),
    (
        "count letters",
        re.compile(r"\bcount the letters in[:\s]\s*(.+)", _I | re.DOTALL),
        lambda found, _: str(sum(letter.isalpha() for letter in found[1])),
    ),
    (
        "extract",
        re.compile(r"\bextract(?: all)?(?: the)? (number|link|email|name)s? (?:from|in)[:\s]\s*(.+)", _I | re.DOTALL),
        _extract,
    ),
    ("write", re.compile(r"\bwrite (\d{1,5}) words\b", _I), lambda found, _: words(int(found[1]))),
    (
        "markdown",
        re.compile(r"\blong markdown(?: (\d{1,3}))?\b", _I),
        lambda found, _: long_markdown(int(found[1] or 5)),
    ),
    ("calculate", re.compile(r"\bwhat is (-?\d+(?:\.\d+)?)\s*([-+*/])\s*(-?\d+(?:\.\d+)?)", _I), _calculate),
    ("recall", re.compile(r"\bwhat did i (?:just )?say\b", _I), _recall),
    ("name", re.compile(r"\bwhat is my name\b|\bwhat's my name\b", _I), _name),
    ("summarise", re.compile(r"\bsummari[sz]e\b|\bsummary\b", _I), _summary),
)
