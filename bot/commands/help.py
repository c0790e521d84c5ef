"""Explain commands and parameters."""

from __future__ import annotations

from typing import Final

from bot.chat.message_policy import EMOJI
from bot.commands.arguments import Arg
from bot.commands.command import Call, Command, all_commands, commands_by_spelling
from bot.language import gettext, gettext_noop
from bot.parameters import find
from bot.turns.effects import Effect, telling

ADMINISTER: Final = "administer"
"""The group of commands that members have no use for; they are named and not explained among all the others."""


async def _help(call: Call) -> Effect[None]:
    return telling(help_text(call.values.get("topic", "")))


def help_text(topic: str = "") -> str:
    """Return what can be typed: all commands, or one command or parameter in full. Raises `InvalidInput`."""
    word = topic.strip().lstrip("/!").lower()
    if command := commands_by_spelling().get(word):
        return f"`/{command.usage}`\n\n{gettext(command.help)}"
    if word:
        parameter = find(word)
        return gettext("**{name}**: {help} It takes {allowed}.").format(
            name=parameter.name, help=gettext(parameter.help), allowed=parameter.allowed
        )
    commands = all_commands().values()
    lines = [f"- `/{command.usage}`: {gettext(command.help)}" for command in commands if command.group != ADMINISTER]
    others = ", ".join(f"`/{command.name}`" for command in commands if command.group == ADMINISTER)
    return "\n".join(
        (
            gettext("Mention me in a channel, write to me, or go on in a thread where I answer."),
            gettext("Where I see reactions, I also answer a message that you put {emoji} on.").format(emoji=EMOJI),
            "",
            *lines,
            "",
            gettext("For administrators: {others}; `/help access` explains one.").format(others=others),
            "",
            gettext(
                "Inside threads `!set` and the others do the same. `/show` lists the parameters, "
                "`/help context` tells of one."
            ),
        )
    )


COMMAND: Final = Command(
    name="help",
    help=gettext_noop("Explain the commands and parameters."),
    group="tell",
    args=(
        Arg(
            name="topic",
            kind="topic",
            label="command|parameter",
            further=lambda: [name for command in all_commands().values() for name in command.names],
            help=gettext_noop("A command or a parameter."),
        ),
    ),
    handler=_help,
)
