"""Forget notes, a conversation, or a person."""

from __future__ import annotations

from typing import Final

from bot.commands import context_report
from bot.commands.arguments import Arg
from bot.commands.command import Call, Command, Result
from bot.language import gettext_noop


async def _forget(call: Call) -> Result:
    return await context_report.forget(call.values["what"], call.incoming, call.permissions.role, call.services.store)


COMMAND: Final = Command(
    name="forget",
    help=gettext_noop("Delete my notes on older messages, this whole conversation, or everything you ever asked."),
    group="tell",
    args=(
        Arg(
            name="what",
            kind="choice",
            choices=("memory", "here", "me"),
            required=True,
            help=gettext_noop("What to delete: my notes, this conversation, or everything you asked."),
        ),
    ),
    example="/forget memory",
    handler=_forget,
)
