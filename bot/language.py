"""Say things to people in their language: sentences from message catalogues, numbers and times by CLDR.

A sentence is written in English where it is said, as in `gettext("Deleted: {count}.").format(count=...)`, and looked up
in the catalogue of the language in which people are spoken to just now. Constants are marked by `gettext_noop` and
looked up where they are used. What the model reads is never translated: a request must stay the same, byte for byte.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal, localcontext
from functools import cache, lru_cache
from gettext import c2py
from pathlib import Path
from typing import Final

from babel import Locale, dates, numbers
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from bot.types.said import Said, fill

CATALOGUES: Final = Path(__file__).parent / "locale"
"""One file for each language but English, as in `de.po`; read as they are, so that nothing has to be compiled."""

ENGLISH: Final = "en"

_IN_CONTEXT: Final = "\x04"  # as gettext itself writes it

_current: ContextVar[str] = ContextVar("language", default=ENGLISH)


@cache
def languages() -> Sequence[str]:
    """Return the languages that there are, by their codes, English first."""
    return (ENGLISH, *sorted(path.stem for path in CATALOGUES.glob("*.po")))


@lru_cache(maxsize=256)  # a start on Discord asks ten thousand times, for thirty locales
def supported(locale: str) -> str:
    """Return the language of a locale as platforms and browsers write it ("de-DE", "de_AT", "de"), "" for none."""
    language = locale.replace("_", "-").partition("-")[0].lower()
    return language if language in languages() else ""


def language() -> str:
    """Return the language in which people are spoken to just now."""
    return _current.get()


def language_name(code: str) -> str:
    """Return what those who speak a language call it."""
    return capitalised(str(_locale(code).display_name))


def language_meant(typed: str) -> str:
    """Return the language that somebody means: by its code, or by its name in that language or in English."""
    word = typed.casefold()
    names = {name.casefold(): code for code in languages() for name in (language_name(code), _english_name(code))}
    return names.get(word) or supported(typed)


def _english_name(code: str) -> str:
    return str(_locale(code).get_display_name(ENGLISH))


@contextlib.contextmanager
def speaking(to: str) -> Iterator[None]:
    """Speak to people in this language within the block and in the tasks that it starts; "" leaves it as it is."""
    token = _current.set(to or _current.get())
    try:
        yield
    finally:
        _current.reset(token)


def speak(to: str) -> None:
    """Speak to people in this language from here on in the task and those that it starts; "" leaves it as it is."""
    _current.set(to or _current.get())


# ---------------------------------------------------------------- sentences


def gettext(message: str) -> str:
    """Return a sentence in the current language; what a catalogue lacks is said in English."""
    return _sentences(_current.get()).get(message, (message,))[0]


def ngettext(singular: str, plural: str, count: int) -> str:
    """Return the form of a sentence that goes with a count."""
    current = _current.get()
    forms = _sentences(current).get(singular)
    if forms is None or len(forms) < 2:
        return singular if count == 1 else plural
    return forms[_plural_form(current)(count)]


def pgettext(context: str, message: str) -> str:
    """Return a word in the current language that means several things, in the sense of `context`."""
    return _sentences(_current.get()).get(f"{context}{_IN_CONTEXT}{message}", (message,))[0]


def pgettext_noop(_context: str, message: str) -> str:
    """Mark a word that is looked up where it is used."""
    return message


def gettext_noop(message: str) -> str:
    """Mark a sentence that is looked up where it is used."""
    return message


@cache
def _catalogue(code: str) -> Catalog:
    with (CATALOGUES / f"{code}.po").open("rb") as file:
        return read_po(file, locale=code)


@cache
def _sentences(code: str) -> Mapping[str, Sequence[str]]:
    """Return the forms of each sentence in a language; {} for English, which stands in the code."""
    if code == ENGLISH:
        return {}
    found: dict[str, Sequence[str]] = {}
    for message in _catalogue(code):
        forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if message.id and all(forms):
            key = message.id[0] if isinstance(message.id, tuple | list) else message.id
            found[f"{message.context}{_IN_CONTEXT}{key}" if message.context else str(key)] = tuple(map(str, forms))
    return found


@cache
def _plural_form(code: str) -> Callable[[int], int]:
    """Return which form of a sentence goes with a count, as the catalogue's own header says."""
    choose: Callable[[int], int] = c2py(_catalogue(code).plural_expr)
    return choose


@cache
def _locale(code: str) -> Locale:
    return Locale.parse(code)


def told(words: str) -> str:
    """Return words that were kept until now, in the current language; names and the like stay as they are."""
    if not isinstance(words, Said):
        return words
    values = {name: told(value) if isinstance(value, str) else number(value) for name, value in words.values.items()}
    return fill(gettext(words.message), values)


# ---------------------------------------------------------------- numbers and times


def number(value: float | Decimal, *, places: int | None = None) -> str:
    """Return a number as people write it, with so many decimals; as many as it has, where none are named."""
    whole = "d" if isinstance(value, int) else ".0f"
    shown = format(value, f".{places}f") if places is not None else format(value, "g" if value % 1 else whole)
    pattern = _number_pattern(len(shown.partition(".")[2]))
    with localcontext() as rounding:
        rounding.prec = max(rounding.prec, len(shown))  # what has more digits could not be rounded
        return numbers.format_decimal(Decimal(shown), pattern, locale=_locale(_current.get()))


@cache
def _number_pattern(places: int) -> numbers.NumberPattern:
    return numbers.parse_pattern("#,##0" + (f".{'0' * places}" if places else ""))


@cache
def _dollar_pattern(code: str, places: int) -> numbers.NumberPattern:
    """Return the pattern of money, which Babel would read anew for each sum of a table."""
    pattern: str = _locale(code).currency_formats["standard"].pattern
    return numbers.parse_pattern(pattern.replace("0.00", f"0.{'0' * places}"))


def dollars(amount: Decimal, *, places: int) -> str:
    """Return US dollars with so many decimals."""
    code = _current.get()
    pattern = _dollar_pattern(code, places)
    return numbers.format_currency(amount, "USD", pattern, locale=_locale(code), currency_digits=False)


def day(at: datetime) -> str:
    """Return a day."""
    code = _current.get()
    return f"{at:%Y-%m-%d}" if code == ENGLISH else dates.format_date(at.date(), "short", locale=_locale(code))


def day_and_month(at: date) -> str:
    """Return a day without its year, as short as it can be read: "27 Nov", "27. Nov."."""
    return dates.format_skeleton("MMMd", at, locale=_locale(_current.get()))


def minute(at: datetime) -> str:
    """Return a day and a time of it, by the clock that `at` has."""
    code = _current.get()
    return f"{at:%Y-%m-%d %H:%M}" if code == ENGLISH else dates.format_datetime(at, "short", locale=_locale(code))


def weekday_and_minute(at: datetime) -> str:
    """Return a day with its weekday and month in words, and a time of it."""
    # The pattern is CLDR's (https://www.unicode.org/reports/tr35/tr35-dates.html), in the order of the language.
    return dates.format_datetime(at, gettext("EEEE dd MMMM, HH:mm"), locale=_locale(_current.get()))


def weekday(number_of: int) -> str:
    """Return a day of the week, 0 for Monday."""
    names: Mapping[int, str] = _locale(_current.get()).days["format"]["wide"]
    return names[number_of]


def capitalised(text: str) -> str:
    """Return a text that begins with a capital."""
    return text[:1].upper() + text[1:]


def listed(items: Sequence[str], *, either: bool = False) -> str:
    """Return items as a list in words, with "and", or "or", before the last."""
    if len(items) < 2:
        return "".join(items)
    last = gettext("{first} or {last}") if either else gettext("{first} and {last}")
    return last.format(first=", ".join(items[:-1]), last=items[-1])


def _read_all() -> None:
    """Read what there is when the program starts, and not in the event loop with the first answer."""
    for code in languages():
        _sentences(code)
        with speaking(code):
            minute(datetime(2000, 1, 1))  # noqa: DTZ001 - only to have the locale's data
            number(1), weekday(0)
            dollars(Decimal(1), places=2)


NOUNS: Final[Mapping[str, Callable[[int], str]]] = {
    "byte": lambda count: ngettext("{count} byte", "{count} bytes", count),
    "cached token": lambda count: ngettext("{count} cached token", "{count} cached tokens", count),
    "character": lambda count: ngettext("{count} character", "{count} characters", count),
    "day": lambda count: ngettext("{count} day", "{count} days", count),
    "hour": lambda count: ngettext("{count} hour", "{count} hours", count),
    "link": lambda count: ngettext("{count} link", "{count} links", count),
    "message": lambda count: ngettext("{count} message", "{count} messages", count),
    "minute": lambda count: ngettext("{count} minute", "{count} minutes", count),
    "more token": lambda count: ngettext("{count} more token", "{count} more tokens", count),
    "point": lambda count: ngettext("{count} point", "{count} points", count),
    "question": lambda count: ngettext("{count} question", "{count} questions", count),
    "reply": lambda count: ngettext("{count} reply", "{count} replies", count),
    "request": lambda count: ngettext("{count} request", "{count} requests", count),
    "row": lambda count: ngettext("{count} row", "{count} rows", count),
    "second": lambda count: ngettext("{count} second", "{count} seconds", count),
    "token": lambda count: ngettext("{count} token", "{count} tokens", count),
    "web search": lambda count: ngettext("{count} web search", "{count} web searches", count),
}
"""What people are told numbers of, by the word for one of them."""


def without_noun(text: str, name: str) -> str:
    """Return a number as it was typed without the noun behind it, as in "2000 tokens", where a name speaks of that."""
    for noun in NOUNS:
        for language in (ENGLISH, _current.get()) if noun in name else ():
            with speaking(language):
                forms = {NOUNS[noun](count).partition("}")[2].strip().casefold() for count in (1, 2)}
            if text.casefold().endswith(tuple(f" {form}" for form in forms)):
                return text.rpartition(" ")[0]
    return text


def quantity(count: int, noun: str) -> str:
    """Return a number with its noun in the language of people, as in "1 message" and "2,000 messages"."""
    return NOUNS[noun](count).format(count=number(count))


_read_all()
