"""Format a summary for people, and for the transcript of the conversation. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from bot.context.tokens import estimate_entry
from bot.context.transcript import answer_entry, label, local_time
from bot.language import gettext, minute
from bot.summary.numbered_lines import NumberedLine
from bot.summary.prompts import TITLES
from bot.types import Entry, Incoming, NewEntry, Point, Section, SummaryPart, TurnId

UNMARKED: Final = "*(no message given)*"
QUOTED_TOKENS: Final = 3_000  # of the messages that a summary rests on, kept for questions about it
QUOTED: Final = "(quoted for the summary below, addressed to nobody)"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormattedSummary:
    """Shown text, and how many of its points name a message."""

    text: str
    points: int
    marked: int


def tell(part: SummaryPart, marks: Mapping[str, str], *, since_then: Sequence[str] = ()) -> FormattedSummary:
    """Return a summary as Markdown; `marks` has what stands for each message that may be named.

    `since_then` are the headlines of what came later.
    """
    lines: list[str] = []
    headline = part.headline.replace("*", "")
    if headline:
        lines.append(f"**{headline}**")
    lines.extend(f"*Since then:* {item}" for item in since_then)
    for section in Section:
        points = part.points.get(section, ())
        if points and (section is not Section.MAIN or len(part.points) > 1):
            lines.extend(("", f"**{TITLES[section]}**"))
        if points:
            lines.extend(("", *(f"- {point.text} {_named(point, marks)}" for point in points)))
    every = [point for points in part.points.values() for point in points]
    return FormattedSummary(
        text="\n".join(lines).strip(), points=len(every), marked=sum(bool(item.rests_on) for item in every)
    )


def linked(number: int, address: str) -> str:
    """Return what stands for a message: its number, as a link where it has an address."""
    return f"[{number}]({address})" if address else f"({number})"


def _named(point: Point, marks: Mapping[str, str]) -> str:
    return " ".join(marks[id] for id in point.rests_on if id in marks) or UNMARKED


def remembered(
    incoming: Incoming, turn: TurnId, part: SummaryPart, lines: Mapping[str, NumberedLine], at: datetime
) -> tuple[NewEntry, ...]:
    """Return the request, the messages that the summary rests on, as many as fit, and the summary, as the transcript
    has them.

    Each message is an entry of its own, so that it goes when it is deleted or its author is forgotten.
    """
    cited = {id for points in part.points.values() for point in points for id in point.rests_on if id in lines}
    quotes: list[NewEntry] = []
    held = 0
    for line in sorted((lines[id] for id in cited), key=lambda each: each.number):
        said = line.message
        id = f"q:{turn}:{said.message_id}"
        text = f"{QUOTED} {line.text.strip()}"
        quotes.append(_entry(id, text, at=said.sent_at, author=said.author.id, message_id=said.message_id))
        held += quotes[-1].tokens
        if held > QUOTED_TOKENS:
            quotes.pop()
            break
    request = f"{label(incoming.author, local_time(incoming, incoming.sent_at))}: /summarise {incoming.text}"
    id = f"m:{incoming.message_id or incoming.dedupe_key}"
    asked = _entry(id, request, at=incoming.sent_at, author=incoming.author.id, message_id=incoming.message_id)
    numbers = {id: f"[{line.number}]" for id, line in lines.items()}
    return (asked, *quotes, answer_entry(turn, tell(part, numbers).text, at))


def _entry(id: str, text: str, *, at: datetime, author: str, message_id: str) -> NewEntry:
    entry = Entry(role="user", text=text)
    return NewEntry(id=id, entry=entry, tokens=estimate_entry(entry), at=at, author=author, message_id=message_id)


def span(lines: Sequence[NumberedLine], zone: tzinfo) -> str:
    """From when to when messages were written: "2026-11-22 09:14 to 17:40"."""
    first, last = (line.message.sent_at.astimezone(zone) for line in (lines[0], lines[-1]))
    if first.date() == last.date():
        return gettext("{first} to {last}").format(first=minute(first), last=f"{last:%H:%M}")
    return gettext("{first} to {last}").format(first=minute(first), last=minute(last))
