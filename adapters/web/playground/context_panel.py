"""Present the requests of a conversation: a summary, a chart and a table of plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from adapters.web.playground.context_chart import Bar, Layout, Prompt, lay_out, prompt_of
from adapters.web.playground.message_view import Json
from bot.commands.context_report import break_reason
from bot.context.cache_breaks import CacheBreak
from bot.language import quantity
from bot.types import RequestFigures, RequestRecord

BREAK_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        CacheBreak.FIRST: "First request",
        CacheBreak.TRIM: "History trimmed",
        CacheBreak.COLD: "History trimmed after a pause",
        CacheBreak.PROMPT_CHANGED: "System prompt changed",
        CacheBreak.MODE_CHANGED: "Thinking or search switched",
        CacheBreak.DELETED: "Message deleted",
        CacheBreak.DROPPED: "Question without an answer dropped",
        CacheBreak.MEDIA: "Older pictures left out",
    }
)


def present_context(records: Sequence[RequestRecord]) -> Json:
    """Return the requests of a conversation, oldest first; lengths are percent of the plot, all else is text
    to show.
    """
    prompts = [prompt_of(record) for record in records]
    layout = lay_out(prompts)
    return {
        "trouble": "",
        "summary": _summary(records, prompts),
        "slot_width": layout.slot_width,
        "bar_width": layout.bar_width,
        "ticks": [{"y": tick.y, "label": tokens_label(tick.tokens)} for tick in layout.ticks],
        "bars": _present_bars(records, prompts, layout),
        "breaks": [
            _present_break(kind) for kind in BREAK_WORDS if any(record.figures.broken == kind for record in records)
        ],
        "estimated": any(prompt.estimated for prompt in prompts),
        "system_new": any(prompt.cached < prompt.system for prompt in prompts),
    }


def _present_bars(records: Sequence[RequestRecord], prompts: Sequence[Prompt], layout: Layout) -> list[Json]:
    count = len(records)
    return [
        _named(f"Request {number} of {count}", record, _present_bar(record, prompt, bar))
        for number, (record, prompt, bar) in enumerate(zip(records, prompts, layout.bars, strict=True), 1)
    ]


def _named(title: str, record: RequestRecord, bar: Json) -> Json:
    """Return a bar with all that it shows in words, for those who do not see it."""
    facts = bar["facts"]
    words = (
        f"{title}: {facts['total']} tokens in, {facts['cached']} cached, {facts['fresh']} not cached, "
        f"system prompt about {facts['system']}, {facts['messages']}."
    )
    if bar["break"]:
        words += f" {bar['break']['label']}: {bar['break']['text']}"
    if bar["failed"]:
        words += " It failed."
    return {**bar, "title": title, "at": record.at.isoformat(), "name": words}


def _present_bar(record: RequestRecord, prompt: Prompt, bar: Bar) -> Json:
    figures = record.figures
    return {
        "slot": bar.slot,
        "x": bar.x,
        "segments": [{"kind": segment.kind, "y": segment.y, "height": segment.height} for segment in bar.segments],
        "estimated": prompt.estimated,
        "break": {**_present_break(figures.broken), "text": break_text(figures)} if figures.broken else None,
        "failed": record.usage is None,
        "facts": {
            "total": _count(prompt.total, estimated=prompt.estimated),
            "cached": _count(prompt.cached, estimated=prompt.estimated),
            "fresh": _count(prompt.fresh, estimated=prompt.estimated),
            "system": f"{prompt.system:,}",
            "entries": f"{figures.entries:,}",
            "messages": quantity(figures.entries, "message"),
        },
    }


def _present_break(kind: str) -> Json:
    return {"kind": kind.replace(" ", "-"), "label": BREAK_WORDS[kind]}


def break_text(figures: RequestFigures) -> str:
    """Return why a request could not use the cache of the one before, as a sentence."""
    reason = break_reason(figures)
    return f"{reason[:1].upper()}{reason[1:]}."


def _summary(records: Sequence[RequestRecord], prompts: Sequence[Prompt]) -> list[str]:
    """Return the last request and what is ahead, in parts of one line."""
    if not records:
        return []
    figures, prompt = records[-1].figures, prompts[-1]
    share = 100 * prompt.cached // prompt.total if prompt.total else 0
    return [
        quantity(figures.entries, "message"),
        f"{_count(prompt.total, estimated=prompt.estimated)} tokens in",
        f"{share}% from the cache",
        f"history trimmed in about {quantity(figures.until_trim, 'token')}",
        _last_break(records),
    ]


def _last_break(records: Sequence[RequestRecord]) -> str:
    for ago, record in enumerate(reversed(records)):
        if record.figures.broken:
            word = BREAK_WORDS[record.figures.broken].lower()
            when = "just now" if ago == 0 else f"{quantity(ago, 'request')} ago"
            return f"last cache break: {word}, {when}"
    return f"no cache break in the last {quantity(len(records), 'request')}"


def _count(tokens: int, *, estimated: bool) -> str:
    return f"about {tokens:,}" if estimated else f"{tokens:,}"


def tokens_label(tokens: int) -> str:
    """Return a round number of tokens, short: 500, 2K, 1.5M."""
    for unit, letter in ((1_000_000, "M"), (1_000, "K")):
        if tokens >= unit:
            return f"{tokens / unit:g}{letter}"
    return str(tokens)
