"""Offer ways to go on with a half-typed command. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.commands.arguments import Arg
from bot.commands.command import Command, all_commands, commands_by_spelling
from bot.language import gettext
from bot.parameters import PARAMETERS, Parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One way to go on typing: `insert` replaces the whole text."""

    insert: str
    label: str
    help: str


def complete(text: str) -> Sequence[Completion]:
    """Return the ways to go on with a half-typed command; [] for plain text and for finished ones."""
    mark, typed = text[:1], text[1:]
    if mark not in ("/", "!"):
        return []
    name, space, rest = typed.partition(" ")
    if not space:
        return [
            Completion(insert=f"{mark}{spelling} ", label=f"{mark}{command.usage}", help=gettext(command.help))
            for command in all_commands().values()
            for spelling in command.names
            if spelling == name.lower() or (spelling == command.name and spelling.startswith(name.lower()))
        ]
    command = commands_by_spelling().get(name.lower())
    if command is None:
        return []
    return _complete_arguments(command, f"{mark}{name.lower()} ", rest)


def _complete_arguments(command: Command, before: str, rest: str) -> Sequence[Completion]:
    """Complete the word that is being typed, after those that are whole."""
    open_args = [arg for arg in command.args if arg.kind in {"choice", "parameter", "value", "topic", "words"}]
    *whole, typed = rest.split(" ")
    last = open_args[-1] if open_args else None
    parameter: Parameter | None = None
    for word in whole:
        taken = next((arg for arg in open_args if _takes(arg, word)), None)
        if taken is None:
            break
        if taken.kind == "parameter":
            parameter = PARAMETERS.get(word.lower())
        open_args = open_args[open_args.index(taken) + 1 :]
        before = f"{before}{word.lower()} "
        rest = rest[len(word) + 1 :]
    found: list[Completion] = []
    for arg in open_args:
        found += _values(arg, before, rest if arg.kind in {"value", "words"} else typed, parameter, last=arg is last)
        if arg.required:
            break
    return found


def _takes(arg: Arg, word: str) -> bool:
    if arg.kind == "choice":
        return word.lower() in (*arg.choices, *arg.synonyms)
    return arg.kind in {"parameter", "topic"} and word.lower() in PARAMETERS


def _values(arg: Arg, before: str, typed: str, parameter: Parameter | None, *, last: bool) -> list[Completion]:
    end = "" if last else " "
    lowered = typed.lower()
    match arg.kind:
        case "parameter" | "topic":
            words = [(other, gettext(arg.help)) for other in (*arg.choices, *arg.further())]
            names = [(name, gettext(item.help)) for name, item in PARAMETERS.items()]
            offered = [*names, *words]
        case "value" if parameter is not None:
            values = ("yes", "no") if parameter.kind == "boolean" else parameter.choices
            offered = [(value, gettext(parameter.help)) for value in values if value != lowered]
        case "choice":
            offered = [(choice, gettext(arg.help)) for choice in arg.choices]
        case "words":
            offered = [(words, gettext(arg.help)) for words in arg.suggestions if words != lowered]
        case _:
            offered = []
    return [
        Completion(insert=f"{before}{word}{end}", label=word, help=help)
        for word, help in offered
        if word.startswith(lowered)
    ]
