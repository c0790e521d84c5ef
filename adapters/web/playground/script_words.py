"""Hand the scripts of the page their sentences in its language: they stand in the catalogues as all others do."""

from __future__ import annotations

import json
from typing import Final

from bot.language import ENGLISH, gettext, gettext_noop, language

SCRIPT_WORDS: Final = (
    gettext_noop("Cancel"),
    gettext_noop("Copied"),
    gettext_noop("For the next answer:"),
    gettext_noop("Forget"),
    gettext_noop("Latest"),
    gettext_noop("New messages"),
    gettext_noop("New text"),
    gettext_noop("Remove {name}"),
    gettext_noop("Save"),
    gettext_noop("Sending {name}"),
    gettext_noop("Show earlier messages"),
    gettext_noop("Show later messages"),
    gettext_noop("That did not work. Try again."),
    gettext_noop("That was not saved. Try again in a moment."),
    gettext_noop("The connection is lost, so that was not sent. Try again in a moment."),
    gettext_noop("The connection is lost. It goes on by itself."),
    gettext_noop("The connection is lost. What you write is kept; it goes on by itself."),
    gettext_noop("The others see this; the bot answers what mentions it: <b>@seedling</b>."),
    gettext_noop("at {time}"),
    # Translators: these stand behind the name of a file.
    gettext_noop("could not be sent. Add it again."),
    gettext_noop("is empty, so it was not added."),
    gettext_noop("is larger than {size}, so it was not added."),
    gettext_noop("new messages"),
    gettext_noop("was not added: a message takes {files} files."),
    gettext_noop("was refused: {why}"),
)
"""What `say` of frame/static/language.js is called with."""


def script_words() -> str:
    """Return them by their English text, as JSON; nothing in English, which stands in the scripts."""
    words = {} if language() == ENGLISH else {sentence: gettext(sentence) for sentence in SCRIPT_WORDS}
    return json.dumps(words, ensure_ascii=False)
