"""How well texts of before Unicode are read: files in folders named after their encodings, or tables that are made.

    python -m benchmarks.media_encodings [FOLDER] [--list]

Without a folder the names of countries, languages and currencies are written in every code page of each language that
has one, as tables; Babel, which ships those names, has to be installed. chardet's own tests are such a folder
("iso-8859-2-polish/...": what follows the encoding is the language); the source distributions of chardet up to 5.2 ship
them. Nothing is copied. A text is right if no more than two of a thousand
characters differ, told if it is not and people are told so, and else wrong.
"""

from __future__ import annotations

import argparse
import codecs
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice, zip_longest
from pathlib import Path
from typing import Final

from adapters.media import ReadingRules
from adapters.media.kinds import kind_of
from adapters.media.read_file import read_file
from adapters.media.web_pages import page_text
from bot.types import FileTerms, ReadFile

SUPERSETS: Final = {  # what the names of folders mean in practice
    "tis-620": "cp874", "gb2312": "gb18030", "shift_jis": "cp932", "euc-kr": "cp949", "big5": "big5hkscs",
    "iso-8859-1": "cp1252", "maccyrillic": "mac_cyrillic", "macroman": "mac_roman",
}  # fmt: skip
PAGES: Final = {  # encodings that texts of a language were written in
    "de": ("cp1252", "iso8859-15", "cp850", "mac_roman"), "fr": ("cp1252", "iso8859-15", "mac_roman"),
    "es": ("cp1252", "cp850"), "pt": ("cp1252",), "sv": ("cp1252",), "da": ("cp1252",), "it": ("cp1252",),
    "nl": ("cp1252",), "pl": ("cp1250", "iso8859-2", "cp852"), "cs": ("cp1250", "iso8859-2"), "hu": ("cp1250",),
    "ro": ("cp1250",), "hr": ("cp1250",), "lt": ("cp1257",), "lv": ("cp1257",), "tr": ("cp1254",),
    "el": ("cp1253", "iso8859-7"),
    "ru": ("cp1251", "koi8-r", "cp866", "iso8859-5"), "uk": ("cp1251", "koi8-u"), "bg": ("cp1251",), "he": ("cp1255",),
    "ar": ("cp1256", "iso8859-6"), "th": ("cp874",), "ja": ("cp932", "euc_jp", "iso2022_jp"), "ko": ("cp949",),
    "zh": ("gb18030",), "zh_TW": ("big5",),
}  # fmt: skip
LINES: Final = 30
TERMS: Final = FileTerms(text_tokens=1_000_000, media_tokens=1_000_000)
MOST_DIFFERENT: Final = 0.002
_NOT_COMPARED: Final = re.compile(r"[\x00-\x1f\x7f\ufeff\ufffd\s]+")


def encoding_of(name: str) -> str:
    """Return the codec that the name of a folder begins with; "" for none that Python has."""
    parts = name.casefold().replace("windows-", "cp").replace("ibm", "cp").split("-")
    for end in range(len(parts), 0, -1):
        label = "-".join(parts[:end])
        label = SUPERSETS.get(label, label)
        try:
            return codecs.lookup(label).name
        except LookupError:
            continue
    return ""


def texts_in(folder: Path) -> Iterator[tuple[str, bytes, str]]:
    """Yield the files with their encodings."""
    for inner in sorted(item for item in folder.iterdir() if item.is_dir()):
        if encoding := encoding_of(inner.name):
            yield from ((str(path), path.read_bytes(), encoding) for path in sorted(inner.iterdir()) if path.is_file())


def tables() -> Iterator[tuple[str, bytes, str]]:
    """Yield tables of names in many languages and encodings, each under a name."""
    from babel import Locale  # noqa: PLC0415 - of no use to anything else here

    for language, encodings in PAGES.items():
        locale = Locale.parse(language)
        for what in ("territories", "languages", "currencies"):
            names = getattr(locale, what)
            text = "".join(f"{code};{name}\n" for code, name in islice(sorted(names.items()), LINES))
            for encoding in encodings:
                yield f"{language} {what} {encoding}", text.encode(encoding, errors="ignore"), encoding


def verdict_on(name: str, data: bytes, encoding: str) -> str:
    """Return whether a file is read right, told or wrong; what is neither text nor a page says nothing here."""
    kind = kind_of(data).room
    if kind not in {"html", "text"}:
        return "another kind"
    meant = data.decode(encoding, errors="replace")
    found = read_file(name, data, TERMS, ReadingRules())
    if not isinstance(found, ReadFile):
        return "told"
    wanted, seen = (_NOT_COMPARED.sub("", text) for text in (page_text(meant) if kind == "html" else meant, found.text))
    different = sum(one != other for one, other in zip_longest(wanted, seen))
    if different <= len(wanted) * MOST_DIFFERENT:
        return "right"
    return "told" if found.note else "wrong"


def main() -> None:
    """Read all files, and print what came of it."""
    parser = argparse.ArgumentParser(description="How well texts of known encodings are read.")
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--list", action="store_true", help="name the files that were not read right")
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    texts = texts_in(given.folder) if given.folder else tables()
    for name, data, encoding in texts:
        verdict = verdict_on(name, data, encoding)
        counts[verdict] += 1
        if given.list and verdict != "right":
            print(f"{verdict:14}{encoding:14}{name}")
    for verdict in ("right", "told", "wrong", "another kind"):
        print(f"{verdict:14}{counts[verdict]:6,}")
    print(f"{'right of all':14}{counts['right'] / max(1, counts.total() - counts['another kind']):6.1%}")


if __name__ == "__main__":
    main()
