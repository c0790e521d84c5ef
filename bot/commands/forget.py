"""Forget notes, a conversation, or a person."""

from __future__ import annotations

from typing import Final

from bot.commands import context_report
from bot.commands.arguments import Arg
from bot.commands.command import Call, Command, Result


async def _forget(call: Call) -> Result:
    return await context_report.forget(call.values["what"], call.incoming, call.services.store)


COMMAND: Final = Command(
    name="forget",
    help="Drop my notes on what is out of view, all of this conversation, or everything you asked anywhere.",
    group="tell",
    args=(
        Arg(
            name="what",
            kind="choice",
            choices=("memory", "here", "me"),
            required=True,
            help="My notes, all of this conversation, or everything you asked.",
        ),
    ),
    example="/forget memory",
    handler=_forget,
)
