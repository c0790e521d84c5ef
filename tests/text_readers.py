"""Everything that reads a whole text of people or of a model, by group: for tests and benchmarks of its time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from adapters.discord.dialect import to_discord
from adapters.discord.reading import no_names, readable, without_address
from adapters.discord.rendering import Renderer, plain_pages, sources_text
from adapters.seed.halves import Joiner, without_halves
from adapters.seed.inline import InlineReasoning
from adapters.seed.problems import presentable
from adapters.seed.sse import EventParser
from adapters.seed.wires.sources import sources_in_text
from adapters.slack.incoming.reading import command_in, without_mention
from adapters.slack.mrkdwn import to_markdown, to_plain
from adapters.slack.replies.rendering import PIECE_CHARACTERS, escape_markdown, escape_mrkdwn, fallback_text, in_slack_words
from adapters.web.markdown import render_markdown
from adapters.web.writing import spoken, suggest
from bot.answer import same_page
from bot.commands import complete, parse, parse_question
from bot.context.memory import combined
from bot.context.tokens import estimate
from bot.context.transcript import file_text, plain_name, plain_text
from bot.delivery import Splitter, defang, settled, settled_tables, split, tables_as_text, urls_in
from bot.delivery.addresses import bare_address, looks_like_address, pretends, visible
from bot.delivery.safety import as_code
from bot.errors import BotError
from bot.summary.form import read_form
from bot.summary.harmless import addresses, harmless, repeats_rules
from bot.summary.rendering import plain
from bot.types import Source

Reader = Callable[[str], object]


def _refusing(read: Reader) -> Reader:
    def reading(text: str) -> object:
        try:
            return read(text)
        except BotError as error:
            return str(error)
    return reading

def _inline(text):
    r = InlineReasoning()
    out = []
    for i in range(0, len(text), 4):
        out.append(r.feed(text[i:i+4]))
    out.append(r.end())
    return out

def _joined(text):
    r = Joiner()
    out = [r.feed(text[i:i+4]) for i in range(0, len(text), 4)]
    return out

def _sse(text):
    p = EventParser()
    data = text.encode("utf-8","surrogatepass")
    out = []
    for i in range(0, len(data), 64):
        out.append(p.feed(data[i:i+64]))
    return out, p.end()

def slack_size(text): return len(escape_markdown(text))
none = lambda _: False
every = lambda _: True

READERS = {
 "delivery": {
  "defang": lambda t: defang(t, allowed=none),
  "defang-known": lambda t: defang(t, allowed=every),
  "settled": settled,
  "split-2000": lambda t: split(t, limit=2000),
  "split-60": lambda t: split(t, limit=60),
  "split-slack": lambda t: split(t, limit=PIECE_CHARACTERS, size=slack_size),
  "tables_as_text": tables_as_text,
  "settled_tables": settled_tables,
  "urls_in": urls_in,
  "bare_address": bare_address,
  "pretends": lambda t: pretends(t, "https://a.b"),
  "looks_like": looks_like_address,
  "visible": visible,
  "as_code": as_code,
 },
 "summary": {
  "harmless": lambda t: harmless(t, frozenset()),
  "addresses": addresses,
  "repeats_rules": repeats_rules,
  "read_form": read_form,
  "plain": plain,
 },
 "slack": {
  "to_markdown": lambda t: to_markdown(t, {}),
  "to_plain": lambda t: to_plain(t, {}),
  "escape_markdown": escape_markdown,
  "escape_mrkdwn": escape_mrkdwn,
  "fallback_text": fallback_text,
  "in_slack_words": in_slack_words,
  "without_mention": lambda t: without_mention(t, "UBOT"),
  "command_in": lambda t: command_in(t, addressed=True),
 },
 "discord": {
  "to_discord": lambda t: to_discord(t, allowed=none),
  "to_discord-growing": lambda t: to_discord(t, allowed=every, growing=True),
  "plain_pages": plain_pages,
  "sources_text": lambda t: sources_text([Source(url="https://a.b", title=t)]),
  "sources_text-url": lambda t: sources_text([Source(url="https://" + t, title="")]),
  "readable": lambda t: readable(t, no_names),
  "without_address": lambda t: without_address(t, frozenset({"1", "2"})),
 },
 "web": {
  "render_markdown": lambda t: render_markdown.__wrapped__(t),
  "spoken": spoken,
  "suggest": lambda t: suggest(t, ["Ada"], complete),
 },
 "context": {
  "plain_text": plain_text,
  "plain_name": plain_name,
  "file_text": lambda t: file_text("a", t),
  "estimate": estimate,
  "combined": lambda t: combined("", t, most_tokens=800),
  "same_page": lambda t: same_page("https://a.b/?" + t),
 },
 "commands": {
  "parse": _refusing(lambda t: parse("/ask " + t)),
  "parse-plain": _refusing(parse),
  "parse_question": _refusing(parse_question),
  "complete": complete,
 },
 "seed": {
  "inline": _inline, "joined": _joined, "sse": _sse, "halves": without_halves,
  "sources_in_text": sources_in_text, "presentable": presentable,
 },
}
