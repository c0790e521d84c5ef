"""Describe parameters to people: their values, where these come from, and the table of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.parameters import PARAMETERS, Effective, Parameter, Scope, find
from bot.types import ParameterValue

ORIGINS: Final[Mapping[str, str]] = {
    "default": "default",
    "workspace": "set for the workspace",
    "channel": "set for this channel",
    "conversation": "set in this thread",
    "turn": "for this answer",
}
PLACES: Final[Mapping[str, str]] = {
    "workspace": "the whole workspace",
    "channel": "this channel",
    "conversation": "this thread",
}
CELL_CHARACTERS: Final = 60


def show_text(effective: Mapping[str, Effective], name: str = "") -> str:
    """Return a table of every parameter's value and origin, or one parameter in full."""
    if name:
        shown = effective[find(name).name]
        parameter = shown.parameter
        return (
            f"**{parameter.name}** is {value_text(parameter, shown.value)} ({origin_text(shown)}).\n\n"
            f"{parameter.help} It takes {parameter.allowed}."
        )
    rows = [f"| {shown.parameter.name} | {_cell(shown)} | {origin_text(shown)} |" for shown in effective.values()]
    return "\n".join(("| parameter | value | from |", "|---|---|---|", *rows))


def parameters_table() -> str:
    """Return the table of parameters as Markdown, as it stands in docs/parameters.md."""
    rows = [
        f"| {parameter.name} | {parameter.allowed} | {parameter.format(parameter.default)} | {parameter.help} |"
        for parameter in PARAMETERS.values()
    ]
    return "\n".join(("| name | takes | default | what it does |", "|---|---|---|---|", *rows))


def value_text(parameter: Parameter, value: ParameterValue | None) -> str:
    """Return a value as people read it in a sentence."""
    return "unset" if value is None else f"`{_on_one_line(parameter.format(value))}`"


def origin_text(effective: Effective) -> str:
    """Return where a value comes from, in words."""
    return ORIGINS[effective.origin]


def place_text(scope: Scope) -> str:
    """Return the place that a scope stands for, in words."""
    return PLACES.get(scope.kind, PLACES["conversation"])


def _cell(shown: Effective) -> str:
    text = shown.parameter.format(shown.value)
    short = text if len(text) <= CELL_CHARACTERS else f"{text[: CELL_CHARACTERS - 3]}..."
    return _on_one_line(short).replace("|", "\\|")


def _on_one_line(text: str) -> str:
    return " ".join(text.replace("`", "'").split())
