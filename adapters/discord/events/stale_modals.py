"""Forms that were opened by an earlier process, which nobody here waits for: who filled one in is told."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any, Final

import discord

from adapters.discord.events.requests import Interaction, whisper
from bot.language import gettext, gettext_noop

PROCESS: Final = secrets.token_hex(4)
"""What tells the forms of this process from those of others."""

PREFIX: Final = "form:"
TYPED: Final = 1_500  # characters that are given back of what somebody typed

RESTARTED: Final = gettext_noop(
    "I was restarted while this form was open, so what you entered did not arrive. Please open it again."
)
GIVEN_BACK: Final = gettext_noop("This is what you entered:")


def form_id() -> str:
    """Return an id for a form that is opened here; it differs for each, as several may be open at once."""
    return f"{PREFIX}{PROCESS}:{secrets.token_hex(8)}"


def is_of_earlier_process(interaction: Interaction) -> bool:
    """Return whether a form of ours comes in that another process has opened."""
    data: Any = interaction.data or {}
    id = str(data.get("custom_id") or "")
    is_form = interaction.type is discord.InteractionType.modal_submit and id.startswith(PREFIX)
    return is_form and not id.startswith(f"{PREFIX}{PROCESS}:")


async def give_back(interaction: Interaction) -> None:
    """Tell who filled the form in, with what they typed."""
    typed = "\n".join(_values(interaction.data)).strip()[:TYPED]
    await whisper(
        interaction, f"{gettext(RESTARTED)}\n\n{gettext(GIVEN_BACK)}\n\n{typed}" if typed else gettext(RESTARTED)
    )


def _values(data: Any) -> Iterator[str]:
    """Yield the texts that were typed, wherever they stand among the components."""
    if isinstance(data, Mapping):
        if isinstance(value := data.get("value"), str):
            yield value
        for name in ("components", "component"):
            yield from _values(data.get(name))
    elif isinstance(data, list):
        for item in data:
            yield from _values(item)
