"""German translations of the commands; they are written in English. Pure."""

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
    "export": "exportieren",
    "digest": "überblick",
    "set": "setze",
    "unset": "zurücksetzen",
    "undo": "rückgängig",
    "show": "zeige",
    "settings": "einstellungen",
    "usage": "verbrauch",
    "budget": "budget",
    "forget": "vergiss",
    "access": "zugang",
    "audit": "protokoll",
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
    "range": "bereich",
    "Ask about this": "Dazu etwas fragen",
    "Summarise from here": "Ab hier zusammenfassen",
}
"""Names of commands, menus and options. Parameters are called the same in every language."""

GERMAN_TEXTS: Final[Mapping[str, str]] = {
    # Commands.
    "Ask a question. Parameters named before it apply to this answer only.": (
        "Stelle eine Frage. Parameter davor gelten nur für diese Antwort."
    ),
    "Ask with web search for this answer. The sources are listed under it.": (
        "Frage mit Websuche. Die Quellen stehen unter der Antwort."
    ),
    "Set a parameter for this thread, the channel or the whole workspace.": (
        "Setze einen Parameter für diesen Thread, den Kanal oder den ganzen Server."
    ),
    "Take back your last change of a setting here.": "Nimm deine letzte Änderung einer Einstellung hier zurück.",
    "Remove a setting, so that the channel's, the workspace's or the default applies again.": (
        "Entferne eine Einstellung, sodass wieder die von Kanal oder Server oder der Standard gilt."
    ),
    "Summarise this thread or channel, with links to the messages behind each point.": (
        "Fasse diesen Thread oder Kanal zusammen, mit Links zu den Nachrichten hinter jedem Punkt."
    ),
    "Give this thread, or a summary, as a Markdown file.": (
        "Gib diesen Thread oder eine Zusammenfassung als Markdown-Datei aus."
    ),
    "The thread as it is, or a summary.": "Der Thread, wie er ist, oder eine Zusammenfassung.",
    "What a summary is about, as with /summarise.": "Worum es in der Zusammenfassung geht, wie bei /zusammenfassen.",
    "Post a summary of this channel every day or week, at a time you choose.": (
        "Poste täglich oder wöchentlich eine Zusammenfassung dieses Kanals, wann du willst."
    ),
    "Show every parameter and where its value comes from. Also: show context, show memory.": (
        "Zeige alle Parameter und woher ihre Werte kommen. Auch: zeige context, zeige memory."
    ),
    "Show the tokens and cost of this thread, the channel, the workspace or your own questions.": (
        "Zeige Token und Kosten dieses Threads, des Kanals, des Servers oder deiner Fragen."
    ),
    "Delete my notes on older messages, this whole conversation, or everything you ever asked.": (
        "Lösche meine Notizen zu älteren Nachrichten, diese Unterhaltung oder alle deine Fragen."
    ),
    "Say who may use me where, who manages a channel, and who may change which setting.": (
        "Sage, wer mich wo nutzen darf, wer einen Kanal verwaltet und wer was einstellen darf."
    ),
    "Show who changed settings, rules and digests here, and who deleted what.": (
        "Zeige, wer hier Einstellungen, Regeln und Überblicke geändert und wer was gelöscht hat."
    ),
    "How many days to look back (7 if left out).": "Wie viele Tage zurück (7 ohne Angabe).",
    "As in: deny guests | allow @team channel | manager @Ada | setting persona everyone | show": (
        "Auf Englisch: deny guests | allow @team channel | manager @Ada | setting persona everyone | show"
    ),
    "Stop the answer being written here.": "Halte die Antwort an, die hier gerade geschrieben wird.",
    "Explain the commands and parameters.": "Erkläre die Befehle und Parameter.",
    "See and change the settings that apply here.": "Sieh und ändere die Einstellungen, die hier gelten.",
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
    "Where it applies: this thread, the channel or the whole workspace.": (
        "Wo es gilt: in diesem Thread, im Kanal oder auf dem ganzen Server."
    ),
    "The new value.": "Der neue Wert.",
    "Only if it was this one.": "Nur, wenn es dieser war.",
    "A parameter, context or memory. Leave it out to see everything.": (
        "Ein Parameter, context oder memory. Ohne Angabe siehst du alles."
    ),
    "A command or a parameter.": "Ein Befehl oder ein Parameter.",
    "Show what may be spent here, or set it for this channel, the workspace or a person.": (
        "Zeigt, was hier ausgegeben werden darf, oder setzt es für Kanal, Arbeitsbereich oder eine Person."
    ),
    "As in: [channel|workspace|person @NAME] [DOLLARS|off|remove] [day|month]": (
        "Etwa: [channel|workspace|person @NAME] [DOLLAR|off|remove] [day|month]"
    ),
    "Whose usage: that of a place, or your own.": "Wessen Verbrauch: der eines Ortes oder dein eigener.",
    "How many days to look back (30 if left out).": "Wie viele Tage zurück (30 ohne Angabe).",
    "What to delete: my notes, this conversation, or everything you asked.": (
        "Was gelöscht wird: meine Notizen, diese Unterhaltung oder alles, was du gefragt hast."
    ),
    # Parameters.
    "The most tokens an answer may have, reasoning included.": (
        "Wie viele Token eine Antwort höchstens haben darf, das Nachdenken mitgezählt."
    ),
    "Above 0, the answer repeats the same words less. Sent only when set.": (
        "Über 0 wiederholt die Antwort Wörter seltener. Wird nur gesendet, wenn gesetzt."
    ),
    "Above 0, the answer moves on to new topics sooner. Sent only when set.": (
        "Über 0 wendet sich die Antwort eher Neuem zu. Wird nur gesendet, wenn gesetzt."
    ),
    "Texts at which the answer stops. Sent only when set.": (
        "Texte, bei denen die Antwort endet. Wird nur gesendet, wenn gesetzt."
    ),
    "Whether the model thinks before it answers.": "Ob das Modell nachdenkt, bevor es antwortet.",
    "How long the model thinks. Not sent when thinking is off.": (
        "Wie lange das Modell nachdenkt. Wird nicht gesendet, wenn das Nachdenken aus ist."
    ),
    "Whether the model may search the web for every answer. The search command does it for one.": (
        "Ob das Modell für jede Antwort im Web suchen darf. Der Befehl suche tut es für eine."
    ),
    "Whether the provider may cache what was sent before, which makes later answers cheaper.": (
        "Ob der Anbieter früher Gesendetes zwischenspeichern darf, was spätere Antworten billiger macht."
    ),
    "How closely pictures are looked at. More detail costs more tokens.": (
        "Wie genau Bilder angesehen werden. Mehr Genauigkeit kostet mehr Token."
    ),
    "How many frames per second of a video are looked at. Sent only when set.": (
        "Wie viele Bilder je Sekunde eines Videos angesehen werden. Wird nur gesendet, wenn gesetzt."
    ),
    # Choices.
    "quick": "schnell",
    "normal": "normal",
    "deep": "gründlich",
    "thread": "Thread",
    "channel": "Kanal",
    "workspace": "Server",
    "me": "ich",
    "summary": "Zusammenfassung",
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
