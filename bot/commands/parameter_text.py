"""Describe parameters to people: their values, where these come from, and the table of all of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from bot.language import gettext, gettext_noop
from bot.parameters import PARAMETERS, UNSET, Effective, Parameter, Scope, find
from bot.types import ParameterValue

ORIGINS: Final[Mapping[str, str]] = {
    "default": gettext_noop("default"),
    "workspace": gettext_noop("set for the workspace"),
    "channel": gettext_noop("set for this channel"),
    "conversation": gettext_noop("set in this thread"),
    "turn": gettext_noop("for this answer"),
}
PLACES: Final[Mapping[str, str]] = {
    "workspace": gettext_noop("the whole workspace"),
    "channel": gettext_noop("this channel"),
    "conversation": gettext_noop("this thread"),
}
CELL_CHARACTERS: Final = 60
SENTENCE_CHARACTERS: Final = 200
"""Of a value that stands within a sentence."""

_BACKTICKS: Final = re.compile("`+")


def show_text(effective: Mapping[str, Effective], name: str = "") -> str:
    """Return a table of every parameter's value and origin, or one parameter in full."""
    if name:
        shown = effective[find(name).name]
        parameter = shown.parameter
        told = value_sentence(
            gettext("**{name}** is").format(name=parameter.name), parameter, shown.value, f"({origin_text(shown)})"
        )
        return gettext("{told}\n\n{help} It takes {allowed}.").format(
            told=told, help=gettext(parameter.help), allowed=parameter.allowed
        )
    rows = [f"| {shown.parameter.name} | {_cell(shown)} | {origin_text(shown)} |" for shown in effective.values()]
    return "\n".join((gettext("| parameter | value | from |"), "|---|---|---|", *rows))


def parameters_table() -> str:
    """Return the table of parameters as Markdown, as it stands in docs/parameters.md."""
    rows = [
        f"| {parameter.name} | {parameter.allowed} | {parameter.format(parameter.default)} | {parameter.help} |"
        for parameter in PARAMETERS.values()
    ]
    return "\n".join(("| name | takes | default | what it does |", "|---|---|---|---|", *rows))


def value_sentence(begin: str, parameter: Parameter, value: ParameterValue | None, end: str) -> str:
    """Return a sentence about a value: within it, or below it as it is where it is long or has lines."""
    if value is None:
        return f"{begin} {UNSET} {end}."
    text = parameter.format(value)
    if len(text) <= SENTENCE_CHARACTERS and "\n" not in text:
        return f"{begin} {in_code(text)} {end}."
    fence = "`" * max(3, 1 + max(map(len, _BACKTICKS.findall(text)), default=0))
    return gettext("{begin} this {end}:\n\n{fence}\n{text}\n{fence}").format(
        begin=begin, end=end, fence=fence, text=text
    )


def in_code(text: str) -> str:
    """Return a text of one line as Markdown shows it unchanged."""
    runs = set(map(len, _BACKTICKS.findall(text)))
    mark = "`" * next(length for length in range(1, len(runs) + 2) if length not in runs)
    return (
        f"{mark} {text} {mark}" if text.startswith(("`", " ")) or text.endswith(("`", " ")) else f"{mark}{text}{mark}"
    )


def origin_text(effective: Effective) -> str:
    """Return where a value comes from, in words."""
    return gettext(ORIGINS[effective.origin])


def place_text(scope: Scope) -> str:
    """Return the place that a scope stands for, in words."""
    return gettext(PLACES.get(scope.kind, PLACES["conversation"]))


def _cell(shown: Effective) -> str:
    text = shown.parameter.format(shown.value)
    short = text if len(text) <= CELL_CHARACTERS else f"{text[: CELL_CHARACTERS - 3]}..."
    return _on_one_line(short).replace("|", "\\|")


def _on_one_line(text: str) -> str:
    return " ".join(text.replace("`", "'").split())
