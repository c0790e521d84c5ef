"""Everything that reads a whole text of people or of a model, by group: what has to take linear time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, cast

from adapters.discord.events.parse import no_names, readable, without_address
from adapters.discord.message_content import read_content as read_discord
from adapters.discord.payloads import Message
from adapters.discord.replies.markdown import DiscordRenderer
from adapters.discord.replies.rendering import sources_text
from adapters.discord.replies.reply_placement import thread_name
from adapters.seed.api_errors import presentable
from adapters.seed.inline import InlineReasoning
from adapters.seed.protocols.sources import sources_in_text
from adapters.seed.sse import EventParser
from adapters.slack.block_kit import readable as readable_mrkdwn
from adapters.slack.events.messages import mentioned, without_mention
from adapters.slack.message_content import mentions
from adapters.slack.message_content import read_content as read_slack
from adapters.slack.mrkdwn import to_markdown, to_plain
from adapters.slack.payloads import SlackMessage
from adapters.slack.replies.markdown import MrkdwnRenderer, SlackRenderer, escape_mrkdwn, with_native_table
from adapters.slack.replies.rendering import escape_markdown, fallback_text, in_slack_words
from adapters.web.playground.composer import spoken, suggest
from adapters.web.playground.markdown_html import render_afresh
from bot.chat.follow_ups import reason_for_silence
from bot.chat.message_markdown import beginning, render, repeats
from bot.chat.reactions import is_reaction
from bot.commands.completion import complete
from bot.commands.parser import parse, question_in
from bot.context.condensed_notes import combined
from bot.context.tokens import estimate
from bot.context.transcript import file_text, plain_name, plain_text, without_label
from bot.delivery import IncrementalRenderer, MarkdownRenderer, split, urls_in
from bot.delivery.accumulator import same_page
from bot.delivery.addresses import bare_address, looks_like_address, pretends
from bot.delivery.formulas import readable_formula
from bot.delivery.incremental import settled_running
from bot.delivery.renderer import PlainRenderer
from bot.errors import BotError
from bot.ports import ScheduleStore
from bot.summary import digests
from bot.summary.numbered_lines import plain
from bot.summary.parse_output import read_form
from bot.summary.request import IsoTimes, read_wanted
from bot.summary.sanitize import addresses, harmless, repeats_rules
from bot.surrogates import Joiner, without_halves
from bot.types import ConversationKey, Incoming, Person, Source, Utterance
from bot.types.content import Card, MessageContent, Passage, Quote, Table

Read = Callable[[str], object]

NOTES_TOKENS: Final = 100
PIECE_OF_STREAM: Final = 16
NOW: Final = datetime(2026, 11, 22, 14, 3, tzinfo=UTC)
ASKED: Final = Incoming(
    key=ConversationKey(platform="local", workspace="w", channel="c", thread="t"),
    dedupe_key="d",
    author=Person(id="u", name="Ada"),
    text="",
    sent_at=NOW,
)


def _or_told_why_not(read: Read) -> Read:
    """What raises an error that people read has read the text, too."""

    def reading(text: str) -> object:
        try:
            return read(text)
        except BotError as error:
            return str(error)

    return reading


def _pieces(text: str) -> Iterator[str]:
    """A text as it is streamed."""
    return (text[at : at + PIECE_OF_STREAM] for at in range(0, len(text), PIECE_OF_STREAM))


def _without_reasoning(text: str) -> object:
    inline = InlineReasoning()
    return [*map(inline.feed, _pieces(text)), inline.end()]


def _joined(text: str) -> object:
    joiner = Joiner()
    return [*map(joiner.feed, _pieces(text)), joiner.end()]


def _growing(renderer: type[MarkdownRenderer]) -> Read:
    return lambda text: IncrementalRenderer(renderer()).render(text, allowed=lambda _: True, growing=True)


def _events(text: str) -> object:
    parser = EventParser()
    return [*(parser.feed(piece.encode("utf-8", "replace")) for piece in _pieces(text)), parser.end()]


def _wanted(text: str) -> object:
    return asyncio.run(read_wanted(text, now=NOW, time_zone="UTC", outside=False, times=IsoTimes()))


def _digest(text: str) -> object:
    nowhere = cast("ScheduleStore", None)  # nothing of these texts is a time, so that nothing is stored
    return asyncio.run(digests.decide(f"add {text}", ASKED, nowhere, manages=True, now=NOW))


def _whole(text: str) -> object:
    """A message whose every part is the same long text."""
    inner = MessageContent(text=text, parts=(Card(title=text, text=text), Table(rows=((text, text),))))
    return render(MessageContent(text=text, parts=(Passage(text=text), Quote(content=inner, author=text))), most=10**9)


def _slack(text: str) -> object:
    words = [{"type": "text", "text": text, "style": {"bold": True}}]
    kinds = ("rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted")
    blocks = [{"type": "rich_text", "elements": [{"type": kind, "elements": words} for kind in kinds]}]
    card = {"title": text, "text": text, "fields": [{"title": text, "value": text}]}
    message = {"text": text, "bot_id": "B1", "blocks": blocks, "attachments": [card, card | {"is_share": True}]}
    told, plain = SlackMessage.read(message), SlackMessage(text=text)
    return [read_slack(told, {}, bot_user="UBOT"), read_slack(plain, {}, bot_user="1"), mentions(told)]


def _discord(text: str) -> object:
    card = {"title": text, "description": text, "fields": [{"name": text, "value": text}]}
    inner = {"content": text, "embeds": [card], "components": [{"type": 10, "content": text}]}
    message = inner | {"type": 19, "referenced_message": inner, "message_snapshots": [{"message": inner}]}
    return read_discord(Message.read(message), no_names, bot_ids=frozenset({"1"}))


READERS: Final[Mapping[str, Mapping[str, Read]]] = {
    "delivery": {
        "rendered": lambda text: MarkdownRenderer().render(text),
        "rendered, nothing known": lambda text: MarkdownRenderer(lambda _: False).render(text),
        "rendered, growing": _growing(MarkdownRenderer),
        "plain": lambda text: PlainRenderer().render(text),
        "settled": lambda text: settled_running(text, is_paragraph=True),
        "formula": readable_formula,
        "split": lambda text: split(text, limit=120),
        "split, as Slack counts": lambda text: split(text, limit=120, size=lambda each: len(escape_markdown(each))),
        "urls_in": urls_in,
        "bare_address": bare_address,
        "pretends": lambda text: pretends(text, "https://a.b"),
        "looks_like_address": looks_like_address,
    },
    "summary": {
        "harmless": lambda text: harmless(text, frozenset()),
        "addresses": addresses,
        "repeats_rules": repeats_rules,
        "read_form": read_form,
        "plain": plain,
        "read_wanted": _or_told_why_not(_wanted),
        "digest": _or_told_why_not(_digest),
    },
    "chat": {
        "reason_for_silence": lambda text: reason_for_silence(
            Utterance(speaker="u", text=text), [Utterance(speaker="v", name=text, text=text)]
        ),
        "is_reaction": is_reaction,
        "without_label": without_label,
        "render": _whole,
        "beginning": lambda text: beginning(MessageContent(text=text)),
        "repeats": lambda text: repeats(text, text),
    },
    "Slack": {
        "mentioned": mentioned,
        "rendered": lambda text: SlackRenderer().render(text),
        "rendered, growing": _growing(SlackRenderer),
        "rendered as mrkdwn": lambda text: MrkdwnRenderer().render(text),
        "with_native_table": with_native_table,
        "to_markdown": lambda text: to_markdown(text, {}),
        "to_plain": lambda text: to_plain(text, {}),
        "escape_markdown": escape_markdown,
        "escape_mrkdwn": escape_mrkdwn,
        "fallback_text": fallback_text,
        "in_slack_words": in_slack_words,
        "without_mention": lambda text: without_mention(text, "UBOT"),
        "readable": lambda text: readable_mrkdwn(text, {}),
        "read_content": _slack,
    },
    "Discord": {
        "rendered": lambda text: DiscordRenderer(lambda _: False).render(text),
        "rendered, growing": _growing(DiscordRenderer),
        "sources_text": lambda text: sources_text([Source(url="https://a.b", title=text)]),
        "readable": lambda text: readable(text, no_names),
        "without_address": lambda text: without_address(text, frozenset({"1", "2"})),
        "read_content": _discord,
        "thread_name": thread_name,
    },
    "web": {
        "render_markdown": render_afresh,
        "spoken": spoken,
        "suggest": lambda text: suggest(text, ["Ada"], complete),
    },
    "context": {
        "plain_text": plain_text,
        "plain_name": plain_name,
        "file_text": lambda text: file_text("a", text),
        "estimate": estimate,
        "notes": lambda text: combined("", text, most_tokens=NOTES_TOKENS),
        "same_page": lambda text: same_page(f"https://a.b/?{text}"),
    },
    "commands": {
        "parse": parse,
        "parse, with a name": lambda text: parse(f"/ask {text}"),
        "parse, without a mark": lambda text: parse(f"summarise {text}"),
        "question_in": lambda text: question_in(f"/ask {text}"),
        "complete": complete,
    },
    "seed": {
        "inline reasoning": _without_reasoning,
        "halves, in pieces": _joined,
        "halves": without_halves,
        "events": _events,
        "sources_in_text": sources_in_text,
        "presentable": presentable,
    },
}
