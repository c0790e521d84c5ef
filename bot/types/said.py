"""Keep words for people until it is known in which language they are told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Self

Value = int | float | str

_NAME = re.compile(r"\{(\w+)\}")


class Said(str):
    """Words that are English as a text, as the model reads them, and that `bot.language.told` says to people.

    `message` is the sentence of the catalogues, `values` are what its {names} stand for: numbers, names, and words of
    the same kind. It may come from a process that met hostile files, so nothing but names is filled in.
    """

    message: str
    values: Mapping[str, Value]

    def __new__(cls, message: str, /, **values: Value) -> Self:
        """Keep a sentence with its values."""
        said = super().__new__(cls, fill(message, {name: _in_english(value) for name, value in values.items()}))
        said.message, said.values = message, values
        return said


def fill(message: str, texts: Mapping[str, str]) -> str:
    """Return a sentence with texts in the places of their names."""
    return _NAME.sub(lambda found: texts.get(found[1], found[0]), message)


def joined(separator: str, parts: Sequence[str]) -> str:
    """Return several words as one, each once; "" for none."""
    single = list(dict.fromkeys(piece for part in parts for piece in _pieces(separator, part)))
    if len(single) < 2:
        return single[0] if single else ""
    values = {f"part{number}": piece for number, piece in enumerate(single)}
    return Said(_places(separator, values), **values)


def _pieces(separator: str, words: str) -> Sequence[str]:
    """Return what words were joined of."""
    if isinstance(words, Said) and words.values and words.message == _places(separator, words.values):
        return [value for value in words.values.values() if isinstance(value, str)]
    return [words] if words else []


def _places(separator: str, values: Mapping[str, Value]) -> str:
    return separator.join(f"{{{name}}}" for name in values)


def _in_english(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:,}".removesuffix(".0")
