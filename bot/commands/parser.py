"""Tell commands from questions in what people write. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bot.commands.command import Command, all_commands, commands_by_spelling
from bot.errors import InvalidInput
from bot.language import gettext

_MARKED: Final = re.compile(r"(?P<mark>[/!])(?P<name>[a-z]+)(?:\s+(?P<arguments>.*))?", re.DOTALL | re.IGNORECASE)
_WORD: Final = re.compile(r"(?P<name>[a-z]+)(?:[^\S\n]+(?P<arguments>.*))?", re.IGNORECASE)

OFFERED_CHARACTERS: Final = 300
"""Of a question that is offered to be asked by command; a longer one people find again by themselves."""

all_commands()  # the files are read when the program starts, not in the event loop at the first message


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """A command as somebody typed it; `arguments` is the rest of the text, `marked` says that it began with a mark."""

    command: Command
    arguments: str
    marked: bool = True


def parse(text: str, *, directed: bool = True) -> Invocation | None:
    """Return the command that `text` is, None for plain text.

    With its mark ("/" or "!") any words may follow a command. Without it the whole text must fit its grammar and be
    meant for the bot (`directed`), and commands that take free text always need it.
    """
    stripped = text.strip()
    match = _MARKED.fullmatch(stripped)
    if match is not None and (command := commands_by_spelling().get(match["name"].lower())) is not None:
        return Invocation(command=command, arguments=(match["arguments"] or "").strip())
    return _unmarked(stripped) if directed else None


def question_in(text: str) -> str:
    """Return what a message asks: without the command and the parameters of "/ask" and "/search", else as it is."""
    invocation = parse(text, directed=False)
    asked = next((arg for arg in invocation.command.args if arg.kind == "text"), None) if invocation else None
    if invocation is None or asked is None:
        return text
    try:
        return invocation.command.read(invocation.arguments).get(asked.name, "")
    except InvalidInput:
        return text


def unknown_command(text: str) -> str:
    """Return the name of the command that `text` would be if there were one; "" for anything else.

    Only "/" counts: "!" starts ordinary sentences, too.
    """
    match = _MARKED.fullmatch(text.strip())
    name = match["name"].lower() if match and match["mark"] == "/" else ""
    return "" if name in commands_by_spelling() else name


def refuse_unknown(text: str) -> InvalidInput:
    """Return the error that tells how to ask what `text` says, and which commands there are."""
    known = ", ".join(f"/{command}" for command in all_commands())
    told = (
        gettext("There is no command /{unknown_command}.").format(unknown_command=unknown_command(text)),
        as_question(text),
        gettext("There are: {known}.").format(known=known),
    )
    return InvalidInput(" ".join(filter(None, told)))


def as_question(text: str) -> str:
    """Return how the words behind a mark are asked instead, "" for a single one, which is rather a slip of the pen."""
    words = text.strip()[1:].replace("`", "'").split()
    asked = " ".join(words)
    if len(words) < 2 and not asked.endswith("?"):
        return ""
    return gettext("To ask me that, write `/ask {value}`.").format(
        value=asked if len(asked) <= OFFERED_CHARACTERS else gettext("your question")
    )


def _unmarked(text: str) -> Invocation | None:
    match = _WORD.fullmatch(text)
    command = commands_by_spelling().get(match["name"].lower()) if match is not None else None
    if match is None or command is None:
        return None
    arguments = (match["arguments"] or "").strip()
    if not command.is_meant(arguments):
        return None
    return Invocation(command=command, arguments=arguments, marked=False)
