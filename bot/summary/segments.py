"""Parts of summaries: made of the model's output, corrected when messages change, chosen for a request. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from bot.summary.numbered_lines import version
from bot.summary.parse_output import ParsedOutput
from bot.summary.prompts import TITLES
from bot.summary.sanitize import LINK_REMOVED, harmless, repeats_rules
from bot.types import Covered, Point, ReadMessage, Section, SummaryPart


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A part, and how many citations and whole points of it were left out."""

    part: SummaryPart
    citations_removed: int = 0
    points_removed: int = 0


def checked(
    said: ParsedOutput, covers: Sequence[Covered], named: Mapping[int, str], known_addresses: Set[str], *, most: int
) -> Checked:
    """Return what the model wrote about the messages that it was given; `named` has their ids by number.

    A number that it was not given is no citation, and a point that repeats the rules of the request is none. Of each
    section the first `most` points count: a model that does not know when to stop says nothing with the rest.
    """
    removed = dropped = 0
    points: dict[Section, tuple[Point, ...]] = {}
    for section in Section:
        kept: list[Point] = []
        for raw in said.points.get(section, [])[:most]:
            text = harmless(raw.text, known_addresses)
            if not any(map(str.isalnum, text.replace(LINK_REMOVED, ""))) or repeats_rules(raw.text):
                dropped += 1
                continue
            ids = tuple(dict.fromkeys(named[number] for number in raw.numbers if number in named))
            removed += sum(number not in named for number in raw.numbers)
            kept.append(Point(text=text, rests_on=ids))
        if kept:
            points[section] = tuple(kept)
    headline = "" if repeats_rules(said.headline) else harmless(said.headline, known_addresses)
    part = SummaryPart(id=part_id(covers), headline=headline, points=points, covers=tuple(covers))
    return Checked(part=part, citations_removed=removed, points_removed=dropped)


def covered(messages: Sequence[ReadMessage]) -> tuple[Covered, ...]:
    """Messages as a part remembers them."""
    return tuple(
        Covered(id=message.message_id, version=version(message), at=message.sent_at, author=message.author.id)
        for message in messages
    )


def part_id(covers: Sequence[Covered]) -> str:
    """Return the name of the part that covers exactly these messages."""
    names = "\n".join(f"{cover.id} {cover.version}" for cover in covers)
    return sha256(names.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def mended(part: SummaryPart, read: Mapping[str, str]) -> SummaryPart | None:
    """Return the part without what rests on messages that are gone or edited; None when nothing is left of
    it.

    `read` has the version of each message by id. Points that name no message may rest on any, so they go as well,
    and so does the headline.
    """
    kept = tuple(cover for cover in part.covers if read.get(cover.id) == cover.version)
    if len(kept) == len(part.covers):
        return part
    gone = {cover.id for cover in part.covers} - {item.id for item in kept}
    points = {
        section: left
        for section, item in part.points.items()
        if (left := tuple(point for point in item if point.rests_on and gone.isdisjoint(point.rests_on)))
    }
    if not kept or not points:
        return None
    return replace(part, id=part_id(kept), headline="", points=points, covers=kept)


def within(part: SummaryPart, begins_at: datetime | None) -> bool:
    """Return whether a part tells of nothing before a time."""
    return begins_at is None or all(cover.at >= begins_at for cover in part.covers)


def chosen(parts: Sequence[SummaryPart]) -> list[SummaryPart]:
    """Parts that cover no message twice, the larger ones first chosen, in the order of their first messages."""
    taken: set[str] = set()
    kept: list[SummaryPart] = []
    for part in sorted(parts, key=lambda each: (-len(each.covers), each.id)):
        ids = {cover.id for cover in part.covers}
        if taken.isdisjoint(ids):
            taken |= ids
            kept.append(part)
    return sorted(kept, key=lambda each: each.covers[0].at)


def stitched(parts: Sequence[SummaryPart]) -> SummaryPart:
    """Parts one behind the other as one; the headlines of later ones follow the first."""
    covers = tuple(cover for part in parts for cover in part.covers)
    points = {
        section: joined
        for section in Section
        if (joined := tuple(point for part in parts for point in part.points.get(section, ())))
    }
    headline = next((item.headline for item in parts if item.headline), "")
    return SummaryPart(id=part_id(covers), headline=headline, points=points, covers=covers)


def told(part: SummaryPart, number_of: Callable[[str], int]) -> str:
    """Return a part in the form in which the model writes one, with the numbers of this summary."""
    lines = [f"Headline: {part.headline}"] if part.headline else []
    for section, points in part.points.items():
        lines.append(TITLES[section])
        for point in points:
            numbers = "".join(f" [{number_of(id)}]" for id in point.rests_on)
            lines.append(f"- {point.text}{numbers}")
    return "\n".join(lines)
