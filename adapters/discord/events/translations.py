"""The commands in German; English is what they are written in. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

ENGLISH: Final = frozenset({discord.Locale.american_english, discord.Locale.british_english})
NAMES_AT: Final = frozenset({Location.command_name, Location.parameter_name})

GERMAN_NAMES: Final[Mapping[str, str]] = {
    "ask": "frage",
    "search": "suche",
    "summarise": "zusammenfassen",
    "digest": "überblick",
    "set": "setze",
    "unset": "zurücksetzen",
    "show": "zeige",
    "settings": "einstellungen",
    "usage": "verbrauch",
    "forget": "vergiss",
    "stop": "stopp",
    "help": "hilfe",
    "question": "frage",
    "private": "privat",
    "file": "datei",
    "query": "suchbegriff",
    "depth": "tiefe",
    "parameter": "parameter",
    "value": "wert",
    "where": "wo",
    "what": "was",
    "of": "von",
    "days": "tage",
    "topic": "thema",
    "words": "worte",
    "Ask about this": "Dazu etwas fragen",
    "Summarise from here": "Ab hier zusammenfassen",
}
"""Names of commands, menus and options. Parameters are called the same in every language."""

GERMAN_TEXTS: Final[Mapping[str, str]] = {
    # Commands.
    "Ask a question; parameters named before it hold for this answer only.": (
        "Stelle eine Frage; Parameter gelten nur für diese Antwort."
    ),
    "Ask with web search on for this answer; its sources are listed under it.": (
        "Frage mit Websuche; die Quellen stehen unter der Antwort."
    ),
    "Set a parameter for this thread, or for the whole channel or workspace.": (
        "Setze einen Parameter für diesen Thread, den Kanal oder den ganzen Server."
    ),
    "Take a setting back, so that the wider one holds again.": (
        "Nimm eine Einstellung zurück, sodass wieder die weiter gefasste gilt."
    ),
    "Tell what was said in this thread or channel, with links to the messages that each point rests on.": (
        "Sage, was in diesem Thread oder Kanal gesagt wurde, mit Links zu den Nachrichten."
    ),
    "Summarise this channel by myself, every day or week at a time of yours.": (
        "Fasse diesen Kanal von selbst zusammen, täglich oder wöchentlich, wann du willst."
    ),
    "Show each parameter and where it comes from; `show context` and `show memory` tell what I see here.": (
        "Zeige jeden Parameter und woher er kommt; `context` und `memory` sagen, was ich hier sehe."
    ),
    "Tell what was used and what it cost: here, in the channel, in the workspace, or by you.": (
        "Sage, was verbraucht wurde und was es kostete: hier, im Kanal, auf dem Server oder von dir."
    ),
    "Drop my notes on what is out of view, all of this conversation, or everything you asked anywhere.": (
        "Lösche meine Notizen, diese ganze Unterhaltung oder alles, was du je gefragt hast."
    ),
    "Stop the answer that is being written here.": "Halte die Antwort an, die hier gerade geschrieben wird.",
    "Explain the commands and parameters.": "Erkläre die Befehle und Parameter.",
    "See and change what holds here.": "Sieh und ändere, was hier gilt.",
    # Options.
    "What you want to know.": "Was du wissen möchtest.",
    "Only you see the answer.": "Nur du siehst die Antwort.",
    "A picture, video or document to ask about.": "Ein Bild, Video oder Dokument, um das es geht.",
    "What to look for.": "Wonach gesucht werden soll.",
    "How thoroughly to search.": "Wie gründlich gesucht werden soll.",
    "This thread, or the channel around it.": "Dieser Thread oder der Kanal um ihn herum.",
    "For example: last 50, since yesterday 9am, since my last message.": (
        "Zum Beispiel: last 50, since yesterday 9am, since my last message (auf Englisch)."
    ),
    "As in: add daily|weekly [DAY] [at] TIME | list | pause N | resume N | remove N": (
        "Auf Englisch: add daily|weekly [DAY] [at] TIME | list | pause N | resume N | remove N"
    ),
    "Which parameter.": "Welcher Parameter.",
    "Where it holds: this thread, the channel, or the whole server.": (
        "Wo es gilt: in diesem Thread, im Kanal oder auf dem ganzen Server."
    ),
    "The value that it is to have.": "Der Wert, den er haben soll.",
    "A parameter, `context` or `memory`; everything if you leave it out.": (
        "Ein Parameter, `context` oder `memory`; alles, wenn du nichts angibst."
    ),
    "A command or a parameter.": "Ein Befehl oder ein Parameter.",
    "Whose usage: of a place, or your own.": "Wessen Verbrauch: der eines Ortes oder dein eigener.",
    "How many days to look back; 30 if left out.": "Wie viele Tage zurück; 30, wenn du nichts angibst.",
    "My notes, all of this conversation, or everything you asked.": (
        "Meine Notizen, diese ganze Unterhaltung oder alles, was du gefragt hast."
    ),
    # Parameters.
    "The most tokens that an answer may have, reasoning included.": (
        "So viele Token darf eine Antwort höchstens haben, das Nachdenken mitgezählt."
    ),
    "Above 0 the answer repeats the same words less; sent only when set.": (
        "Über 0 wiederholt die Antwort Wörter seltener; nur gesendet, wenn gesetzt."
    ),
    "Above 0 the answer turns to new topics sooner; sent only when set.": (
        "Über 0 wendet sich die Antwort eher Neuem zu; nur gesendet, wenn gesetzt."
    ),
    "Strings at which the answer ends; sent only when set.": (
        "Zeichenfolgen, bei denen die Antwort endet; nur gesendet, wenn gesetzt."
    ),
    "Whether the model reasons before it answers.": "Ob das Modell nachdenkt, bevor es antwortet.",
    "How long the model reasons; not sent when thinking is off.": (
        "Wie lange das Modell nachdenkt; nicht gesendet, wenn das Nachdenken aus ist."
    ),
    "Whether the model may search the web for every answer; `search` does it for one.": (
        "Ob das Modell für jede Antwort im Web suchen darf; `suche` tut es für eine."
    ),
    "Whether repeated beginnings of a conversation are kept in the provider's prefix cache.": (
        "Ob gleiche Anfänge einer Unterhaltung beim Anbieter im Präfix-Cache bleiben."
    ),
    "How closely pictures are looked at; more detail costs more tokens.": (
        "Wie genau Bilder angesehen werden; mehr Genauigkeit kostet mehr Token."
    ),
    "Frames per second that are looked at in a video; sent only when set.": (
        "Wie viele Bilder je Sekunde eines Videos angesehen werden; nur gesendet, wenn gesetzt."
    ),
    # Choices.
    "quick": "schnell",
    "normal": "normal",
    "deep": "gründlich",
    "thread": "Thread",
    "channel": "Kanal",
    "workspace": "Server",
    "me": "ich",
    "memory": "Notizen",
    "here": "hier",
}


class Translations(app_commands.Translator):
    """German, and English under its own name."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContext[Any, Any],
    ) -> str | None:
        """Return the string in that language, None where it is the same or the language is not known."""
        if locale in ENGLISH:
            return string.message
        if locale is not discord.Locale.german:
            return None
        return german(string.message, is_name=context.location in NAMES_AT)


def german(text: str, *, is_name: bool) -> str | None:
    """Return a name or a text in German; None for what is called the same."""
    return (GERMAN_NAMES if is_name else GERMAN_TEXTS).get(text)
