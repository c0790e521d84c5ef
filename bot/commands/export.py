"""Give a thread or a summary as a Markdown file."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.commands.arguments import Arg
from bot.commands.command import Call, Command
from bot.errors import InvalidInput
from bot.language import gettext, gettext_noop
from bot.summary.request import RANGES, is_range, read_wanted
from bot.types import THREAD_EXPORT, Incoming, Task

NO_THREAD: Final = gettext_noop(
    "There is no thread here. Use this inside a thread, or `/export summary` for a summary of the channel."
)


async def _export(call: Call) -> Incoming:
    """Return the request in exact words, for those who may read the channel."""
    incoming = call.incoming
    outside = not incoming.is_direct and (incoming.is_top_level or not incoming.key.thread)
    if call.values.get("what") == "summary":
        wanted, _ = await read_wanted(
            call.values.get("range", ""),
            now=incoming.sent_at,
            time_zone=incoming.time_zone,
            outside=incoming.is_top_level or not incoming.key.thread,
            times=call.services.times,
        )
        text = str(replace(wanted, as_file=True))
    elif outside:
        raise InvalidInput(gettext(NO_THREAD))
    else:
        text = THREAD_EXPORT
    await call.services.check_may_summarise(incoming)
    return replace(incoming, text=text, task=Task.SUMMARY, attachments=(), is_directed=True)


COMMAND: Final = Command(
    name="export",
    help=gettext_noop("Give this thread, or a summary, as a Markdown file."),
    group="ask",
    args=(
        Arg(
            name="what",
            kind="choice",
            choices=("thread", "summary"),
            help=gettext_noop("The thread as it is, or a summary."),
        ),
        Arg(
            name="range",
            kind="words",
            label="as for /summarise",
            help=gettext_noop("What a summary is about, as with /summarise."),
            high=200,
            suggestions=RANGES,
            is_clear=is_range,
        ),
    ),
    private=False,
    asks_model=True,
    elsewhere=gettext_noop(
        "I am not a member here, so I cannot read what was said. Whoever manages this place has to invite me."
    ),
    handler=_export,
)
