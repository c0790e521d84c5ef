"""Names and descriptions of the commands as Discord shows them, in each language that there is a catalogue for."""

from __future__ import annotations

from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from bot.language import ENGLISH, gettext, pgettext, pgettext_noop, speaking, supported

NAMES_AT: Final = frozenset({Location.command_name, Location.parameter_name})

NAMES: Final = (
    pgettext_noop("name", "ask"),
    pgettext_noop("name", "search"),
    pgettext_noop("name", "summarise"),
    pgettext_noop("name", "export"),
    pgettext_noop("name", "digest"),
    pgettext_noop("name", "set"),
    pgettext_noop("name", "unset"),
    pgettext_noop("name", "undo"),
    pgettext_noop("name", "show"),
    pgettext_noop("name", "settings"),
    pgettext_noop("name", "usage"),
    pgettext_noop("name", "budget"),
    pgettext_noop("name", "forget"),
    pgettext_noop("name", "access"),
    pgettext_noop("name", "audit"),
    pgettext_noop("name", "stop"),
    pgettext_noop("name", "help"),
    pgettext_noop("name", "question"),
    pgettext_noop("name", "private"),
    pgettext_noop("name", "file"),
    pgettext_noop("name", "query"),
    pgettext_noop("name", "depth"),
    pgettext_noop("name", "parameter"),
    pgettext_noop("name", "value"),
    pgettext_noop("name", "where"),
    pgettext_noop("name", "what"),
    pgettext_noop("name", "of"),
    pgettext_noop("name", "days"),
    pgettext_noop("name", "period"),
    pgettext_noop("name", "topic"),
    pgettext_noop("name", "words"),
    pgettext_noop("name", "range"),
    pgettext_noop("name", "Ask about this"),
    pgettext_noop("name", "Summarise from here"),
)
"""Of commands, menus and options: in small letters and without spaces, but for menus. Parameters are called the same in
every language.
"""

CHOICES: Final = (
    pgettext_noop("choice", "quick"),
    pgettext_noop("choice", "normal"),
    pgettext_noop("choice", "deep"),
    pgettext_noop("choice", "thread"),
    pgettext_noop("choice", "channel"),
    pgettext_noop("choice", "workspace"),
    pgettext_noop("choice", "everywhere"),
    pgettext_noop("choice", "month"),
    pgettext_noop("choice", "me"),
    pgettext_noop("choice", "memory"),
    pgettext_noop("choice", "here"),
    pgettext_noop("choice", "summary"),
)
"""What an option is chosen from, as people read it."""


class Translations(app_commands.Translator):
    """Every language of ours, and English under its own name."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContext[Any, Any],
    ) -> str | None:
        """Return the string in that language, None where it is the same or the language is not known."""
        language = supported(locale.value)
        if language == ENGLISH:
            return string.message
        return translated(string.message, language, context.location) if language else None


def translated(text: str, language: str, location: Location) -> str | None:
    """Return a name, a choice or a description in a language; None for what is called the same."""
    with speaking(language):
        if location in NAMES_AT:
            found = pgettext("name", text)
        elif location is Location.choice_name:
            found = pgettext("choice", text)
        else:
            found = gettext(text)
    return None if found == text else found
