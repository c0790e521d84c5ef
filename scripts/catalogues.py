"""Bring the message catalogues up to date with the sentences of the code: `python -m scripts.catalogues`.

What is new stands in each catalogue without a translation, what changed is marked as fuzzy until somebody has looked at
it, and what is gone goes. `python -m scripts.catalogues fr` begins a catalogue for a further language.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from bot.commands.command import all_commands
from bot.language import CATALOGUES

ROOT: Final = Path(__file__).parents[1]
METHODS: Final = [("bot/**.py", "python"), ("adapters/**.py", "python"), ("adapters/web/**.html", "jinja2")]
OPTIONS: Final = {"adapters/web/**.html": {"silent": "false"}}
KEYWORDS: Final = {
    "_": None,
    "_refused": None,
    "Said": None,
    "Unreadable": None,
    "gettext": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "pgettext_noop": ((1, "c"), 2),
}


UNUSED: Final = (
    b'"Project-Id-Version',
    b'"Report-Msgid-Bugs-To',
    b'"POT-Creation-Date',
    b'"PO-Revision-Date',
    b'"Last-Translator',
    b'"Language-Team',
    b'"Generated-By',
)
"""Lines of the header that would tell nothing, or differ with every run."""


def template() -> Catalog:
    """Return every sentence of the code, without translations."""
    catalog = Catalog(charset="utf-8", fuzzy=False)
    found = extract_from_dir(str(ROOT), METHODS, OPTIONS, keywords=KEYWORDS, comment_tags=("Translators:",))
    for _file, _line, message, comments, context in found:
        catalog.add(message, None, auto_comments=comments, context=context)
    for command in all_commands().values():  # some of these are made of several constants
        for text in (command.help, *(arg.help for arg in command.args)):
            if text:
                catalog.add(text, None)
    return catalog


def update(path: Path) -> Catalog:
    """Bring one catalogue up to date; what it lacks is begun."""
    language = path.stem
    if path.exists():
        with path.open("rb") as file:
            catalog = read_po(file, locale=language)
    else:
        catalog = Catalog(locale=language, charset="utf-8", fuzzy=False, project="Seedling")
    catalog.update(template(), no_fuzzy_matching=False)
    catalog.obsolete.clear()
    catalog.header_comment = f"# {catalog.locale.english_name} sentences of Seedling." if catalog.locale else ""
    written = BytesIO()
    write_po(written, catalog, sort_output=True, no_location=True, width=120, ignore_obsolete=True, omit_header=False)
    path.write_bytes(b"".join(line for line in written.getvalue().splitlines(True) if not line.startswith(UNUSED)))
    return catalog


def unfinished(catalog: Catalog) -> Sequence[str]:
    """Return the sentences that a catalogue does not translate, or whose translation nobody has looked at since."""
    left = []
    for message in catalog:
        forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if message.id and (message.fuzzy or not all(forms)):
            left.append(str(message.id))
    return left


if __name__ == "__main__":
    for path in [*sorted(CATALOGUES.glob("*.po")), *(CATALOGUES / f"{code}.po" for code in sys.argv[1:])]:
        left = unfinished(update(path))
        print(f"{path.name}: {len(left)} left to translate", *(f"  {text}" for text in left), sep="\n")  # noqa: T201
