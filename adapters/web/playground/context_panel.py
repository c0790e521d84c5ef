"""Present the requests of a conversation: a summary, a chart and a table of plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from adapters.web.playground.context_chart import Layout, Prompt, RequestBar, lay_out, prompt_of
from adapters.web.playground.message_view import Json
from bot.commands.context_report import break_reason
from bot.context.window import CacheBreak
from bot.language import capitalised, gettext, gettext_noop, number, quantity
from bot.types import RequestFigures, RequestRecord

BREAK_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        CacheBreak.FIRST: gettext_noop("First request"),
        CacheBreak.TRIM: gettext_noop("History trimmed"),
        CacheBreak.COLD: gettext_noop("History trimmed after a pause"),
        CacheBreak.PROMPT_CHANGED: gettext_noop("System prompt changed"),
        CacheBreak.MODE_CHANGED: gettext_noop("Thinking or search switched"),
        CacheBreak.DELETED: gettext_noop("Message deleted"),
        CacheBreak.DROPPED: gettext_noop("Question without an answer dropped"),
        CacheBreak.MEDIA: gettext_noop("Older pictures left out"),
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
        "label": gettext("Tokens of the newest {requests}, oldest first; arrow keys move").format(
            requests=quantity(len(records), "request")
        ),
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
        _named(
            gettext("Request {number} of {count}").format(number=place, count=count),
            record,
            _present_bar(record, prompt, bar),
        )
        for place, (record, prompt, bar) in enumerate(zip(records, prompts, layout.bars, strict=True), 1)
    ]


def _named(title: str, record: RequestRecord, bar: Json) -> Json:
    """Return a bar with all that it shows in words, for those who do not see it."""
    facts = bar["facts"]
    words = gettext(
        "{title}: {total} tokens in, {cached} cached, {fresh} not cached, system prompt about {system}, {messages}."
    ).format(title=title, **facts)
    if bar["break"]:
        words += f" {bar['break']['label']}: {bar['break']['text']}"
    if bar["failed"]:
        words += " " + gettext("It failed.")
    return {**bar, "title": title, "at": record.at.isoformat(), "name": words}


def _present_bar(record: RequestRecord, prompt: Prompt, bar: RequestBar) -> Json:
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
            "system": number(prompt.system),
            "entries": number(figures.entries),
            "messages": quantity(figures.entries, "message"),
        },
    }


def _present_break(kind: str) -> Json:
    return {"kind": kind.replace(" ", "-"), "label": gettext(BREAK_WORDS[kind])}


def break_text(figures: RequestFigures) -> str:
    """Return why a request could not use the cache of the one before, as a sentence."""
    reason = break_reason(figures)
    return f"{capitalised(reason)}."


def _summary(records: Sequence[RequestRecord], prompts: Sequence[Prompt]) -> list[str]:
    """Return the last request and what is ahead, in parts of one line."""
    if not records:
        return []
    figures, prompt = records[-1].figures, prompts[-1]
    share = 100 * prompt.cached // prompt.total if prompt.total else 0
    return [
        quantity(figures.entries, "message"),
        gettext("{count} tokens in").format(count=_count(prompt.total, estimated=prompt.estimated)),
        gettext("{share}% from the cache").format(share=share),
        gettext("history trimmed in about {tokens}").format(tokens=quantity(figures.until_trim, "token")),
        _last_break(records),
    ]


def _last_break(records: Sequence[RequestRecord]) -> str:
    for ago, record in enumerate(reversed(records)):
        if record.figures.broken:
            why = gettext(BREAK_WORDS[record.figures.broken])
            if ago == 0:
                return gettext("last cache break: “{why}”, just now").format(why=why)
            since = quantity(ago, "request")
            return gettext("last cache break: “{why}”, {since} ago").format(why=why, since=since)
    return gettext("no cache break in the last {requests}").format(requests=quantity(len(records), "request"))


def _count(tokens: int, *, estimated: bool) -> str:
    return gettext("about {count}").format(count=number(tokens)) if estimated else number(tokens)


def tokens_label(tokens: int) -> str:
    """Return a round number of tokens, short: 500, 2K, 1.5M."""
    for unit, letter in ((1_000_000, "M"), (1_000, "K")):
        if tokens >= unit:
            return f"{number(tokens / unit)}{letter}"
    return str(tokens)
