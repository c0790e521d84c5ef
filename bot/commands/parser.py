"""Tell commands from questions in what people write. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bot.commands.command import Command
from bot.commands.registry import all_commands, find_command
from bot.errors import InvalidInput

_MARKED: Final = re.compile(r"(?P<mark>[/!])(?P<name>[a-z]+)(?:\s+(?P<arguments>.*))?", re.DOTALL | re.IGNORECASE)
_WORD: Final = re.compile(r"(?P<name>[a-z]+)(?:[^\S\n]+(?P<arguments>.*))?", re.IGNORECASE)

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
    if match is not None and (command := find_command(match["name"])) is not None:
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
    return match["name"].lower() if match and match["mark"] == "/" and find_command(match["name"]) is None else ""


def refuse_unknown(name: str) -> InvalidInput:
    """Return the error that tells which commands there are."""
    known = ", ".join(f"/{command}" for command in all_commands())
    return InvalidInput(f"There is no command /{name}. There are: {known}.")


def _unmarked(text: str) -> Invocation | None:
    match = _WORD.fullmatch(text)
    command = find_command(match["name"]) if match is not None else None
    if match is None or command is None:
        return None
    arguments = (match["arguments"] or "").strip()
    if not command.is_meant(arguments):
        return None
    return Invocation(command=command, arguments=arguments, marked=False)
