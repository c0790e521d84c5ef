"""Summarise a thread or channel."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.commands.arguments import Arg
from bot.commands.ask import PRIVATE
from bot.commands.command import Call, Command
from bot.language import gettext_noop
from bot.summary.request import RANGES, is_range, read_wanted
from bot.types import Incoming, Task


async def _summarise(call: Call) -> Incoming:
    """Return the request in exact words, for those who may read the channel."""
    incoming = call.incoming
    wanted, private = await read_wanted(
        call.arguments,
        now=incoming.sent_at,
        time_zone=incoming.time_zone,
        outside=incoming.is_top_level or not incoming.key.thread,
        times=call.services.times,
    )
    await call.services.check_may_summarise(incoming)
    private = private or incoming.private
    return replace(incoming, text=str(wanted), task=Task.SUMMARY, private=private, attachments=(), is_directed=True)


COMMAND: Final = Command(
    name="summarise",
    help=gettext_noop("Summarise this thread or channel, with links to the messages behind each point."),
    group="ask",
    aliases=("summarize",),
    args=(
        Arg(
            name="where",
            kind="choice",
            choices=("thread", "channel"),
            help=gettext_noop("This thread, or the channel around it."),
        ),
        Arg(
            name="what",
            kind="words",
            label="last N|since yesterday 9am|since my last message|since last summary|from MESSAGE] [private",
            help=gettext_noop("For example: last 50, since yesterday 9am, since my last message."),
            high=200,
            suggestions=RANGES,
            is_clear=is_range,
        ),
        PRIVATE,
    ),
    private=False,
    asks_model=True,
    elsewhere=(
        gettext_noop(
            "I am not a member here, so I cannot read what was said. "
            "For a summary, whoever manages this place has to invite me; `/ask` works without that."
        )
    ),
    handler=_summarise,
)
