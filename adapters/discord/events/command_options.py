"""Derive slash command options from the table of parameters: types, ranges, choices, suggestions. Pure."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, Optional

from discord import app_commands

from adapters.discord.api.limits import AUTOCOMPLETED, DESCRIPTION
from bot.parameters import PARAMETERS, Parameter

CHOICE: Final = 100
"""Characters of a suggestion's name and value (application-commands)."""

FOR_ONE_ANSWER: Final = tuple(name for name, item in PARAMETERS.items() if item.wire)
"""The parameters that `/ask` and `/search` take for one answer: those that the model reads."""


def option_type(parameter: Parameter) -> Any:
    """Return the annotation that discord.py makes Discord's own type, range and choices of."""
    match parameter.kind:
        case "integer":
            return app_commands.Range[int, int(parameter.low or 0), int(parameter.high or 0)]
        case "number":
            return app_commands.Range[float, float(parameter.low or 0), float(parameter.high or 0)]
        case "boolean":
            return bool
        case "choice":
            return Literal[parameter.choices]
        case "list" | "text":
            return app_commands.Range[str, 1, min(6_000, 100 * int(parameter.high or 1))]


def as_text(parameter: Parameter, value: object) -> str:
    """Return a given option in the parameter's own words. Raises `InvalidValue` when it is out of range."""
    return parameter.format(parameter.parse("yes" if value is True else "no" if value is False else str(value)))


def overrides_of(values: Mapping[str, object]) -> dict[str, str]:
    """Return the parameters among the options of a command, as text by name. Raises `InvalidValue`."""
    return {
        name: as_text(PARAMETERS[name], value)
        for name, value in values.items()
        if name in PARAMETERS and value is not None
    }


def short(text: str, limit: int = DESCRIPTION) -> str:
    """Return a help text as a description: as many whole clauses as fit."""
    if len(text) <= limit:
        return text
    for mark in ("; ", ". ", ": ", ", "):
        head = text[:limit].rpartition(mark)[0]
        if len(head) >= limit // 3:
            return head.rstrip(".;:,") + "."
    return f"{text[: limit - 1].rsplit(' ', 1)[0]}…"


def suggestions(name: str, typed: str) -> Sequence[str]:
    """Values of a parameter that begin as somebody has typed, or the range when that tells more."""
    parameter = PARAMETERS.get(name.strip().lower())
    if parameter is None:
        return []
    match parameter.kind:
        case "boolean":
            values: Sequence[str] = ("yes", "no")
        case "choice":
            values = parameter.choices
        case "integer" | "number":
            values = _numbers(parameter)
        case _:
            values = ()
    found = [value for value in values if value.startswith(typed.strip().lower())]
    return found[:AUTOCOMPLETED]


def _numbers(parameter: Parameter) -> Sequence[str]:
    low, high = parameter.low or 0, parameter.high or 0
    values = [low, *([parameter.default] if isinstance(parameter.default, int | float) else []), high]
    return list(dict.fromkeys(f"{value:g}" if parameter.kind == "number" else f"{int(value)}" for value in values))


def parameter_names(typed: str, further: Sequence[str] = ()) -> Sequence[str]:
    """Return the parameters, and other words, that contain what somebody has typed."""
    return [parameter for parameter in (*PARAMETERS, *further) if typed.strip().lower() in parameter][:AUTOCOMPLETED]


def choices(values: Sequence[str]) -> list[app_commands.Choice[str]]:
    """Suggestions as Discord takes them."""
    return [app_commands.Choice(name=value[:CHOICE], value=value[:CHOICE]) for value in values]


def signature(options: Mapping[str, tuple[Any, bool]]) -> inspect.Signature:
    """Return the signature of a command's callback: each option with its type and whether it must be given."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("interaction", kind)]
    for name, (annotation, required) in options.items():
        given = annotation if required else Optional[annotation]  # noqa: UP045 - a type made while running
        default = inspect.Parameter.empty if required else None
        parameters.append(inspect.Parameter(name, kind, annotation=given, default=default))
    return inspect.Signature(parameters)
