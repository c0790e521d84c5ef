"""Show the settings of a place, what is sent to the model and what is remembered."""

from __future__ import annotations

from typing import Final

from bot.commands import context_report
from bot.commands.arguments import Arg
from bot.commands.command import Call, Command
from bot.commands.parameter_text import show_text
from bot.language import gettext_noop
from bot.parameter_resolver import effective_parameters
from bot.turns.effects import Effect, telling


async def _show(call: Call) -> Effect[None]:
    topic, store, key = call.values.get("what", ""), call.services.store, call.incoming.key
    shown = show_text(await effective_parameters(call.incoming, store), topic)
    if topic == "context":
        return telling(f"{shown}\n\n{await context_report.context_text(key, store, call.services.rates.card())}")
    if topic == "memory":
        return telling(f"{shown}\n\n{await context_report.memory_text(key, store)}")
    return telling(shown)


COMMAND: Final = Command(
    name="show",
    help=gettext_noop("Show every parameter and where its value comes from. Also: show context, show memory."),
    group="settings",
    args=(
        Arg(
            name="what",
            kind="topic",
            label="parameter",
            choices=("context", "memory"),
            help=gettext_noop("A parameter, context or memory. Leave it out to see everything."),
        ),
    ),
    handler=_show,
)
