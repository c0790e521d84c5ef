"""Describe what commands take.

The grammar of what people type, usage lines, Discord's options, completion and docs are derived from these.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from bot.errors import InvalidInput, UsageError
from bot.language import gettext
from bot.parameters import FIXED_BY_SERVER, PARAMETERS, UNSET_WORDS, find
from bot.typed_values import unquoted
from bot.types import EMPTY

Kind = Literal["choice", "number", "parameter", "value", "topic", "words", "text", "flag", "file", "overrides"]
"""What an argument takes:

* choice     one of `choices`
* number     a whole number from `low` to `high`
* parameter  the name of a parameter
* value      the rest of the line, a value of the parameter that was named before it
* topic      the name of a parameter, or one of `choices`
* words      the rest of the line, in a grammar of the command's own
* text       the rest of the line, whatever it says
* flag       yes or no; a matter of forms, people type it among the words
* file       a file beside the command
* overrides  parameters for this answer alone, as name=value before the text
"""

NO_VALUE: Final = ""
"""What a value is read as that is to be taken away: no word, since every word can be a value in quotes."""

REST: Final = frozenset({"value", "words", "text"})
OF_FORMS: Final = frozenset({"flag", "file"})

_NAMED = re.compile(
    r"(?P<name>[a-z_-]{1,40}+)\s*+=\s*+(?:[\"“„](?P<quoted>[^\"“”]*+)[\"“”]|«(?P<angled>[^»]*+)»|(?P<plain>\S++))\s*+",
    re.IGNORECASE,
)


_EQUALS: Final = re.compile(r"^(?:=|:(?=\s))")
_TO: Final = re.compile(r"^(?:to|auf)\s+", re.IGNORECASE)
MOST_WORDS: Final = 3
"""Of a parameter's name, where they are written apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arg:
    """One argument of a command, in the order in which it is typed.

    `label` is how it stands in a usage line. `synonyms` are other words for `choices`, `units` words that may follow a
    number. `named` says that it is typed as name=value before the text. `suggestions` are examples of words.
    `further` are more words for a topic, known once all commands are.
    `is_clear` tells of words whether they are meant for the command even where its mark is missing.
    """

    name: str
    kind: Kind
    help: str = ""
    required: bool = False
    label: str = ""
    choices: tuple[str, ...] = ()
    synonyms: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    low: int = 0
    high: int = 0
    units: tuple[str, ...] = ()
    named: bool = False
    suggestions: tuple[str, ...] = ()
    further: Callable[[], Sequence[str]] = tuple
    is_clear: Callable[[str], bool] = bool

    @property
    def usage(self) -> str:
        """Return how it stands in a usage line, as in "[thread|channel]"; "" for what is not typed by itself."""
        if self.kind in OF_FORMS or self.named:
            return ""
        shown = self.label or "|".join(self.choices) or self.name
        return shown if self.required else f"[{shown}]"

    def read(self, word: str) -> str | None:
        """Return what a word means for this argument, None when it does not fit. Raises `InvalidInput`."""
        lowered = word.lower()
        match self.kind:
            case "choice":
                found = self.synonyms.get(lowered, lowered)
                return found if found in self.choices else None
            case "number":
                digits = word.replace(",", "")
                return digits if digits.isdecimal() and self.low <= int(digits[:12]) <= self.high else None
            case "parameter":
                return find(word).name
            case "topic":
                topic = lowered.lstrip("/!")
                return topic if topic in (*self.choices, *self.further()) else find(topic).name
            case _:
                return None


class ArgumentReader:
    """Reads the words behind a command's name into its arguments."""

    def __init__(self, args: Sequence[Arg], usage: str) -> None:
        self._usage = usage
        self._named = {arg.name: arg for arg in args if arg.named}
        self._overrides = any(arg.kind == "overrides" for arg in args)
        self._open = [arg for arg in args if not (arg.named or arg.kind in OF_FORMS or arg.kind == "overrides")]
        self._values: dict[str, str] = {}

    def read(self, text: str) -> Mapping[str, str]:
        """Return the arguments by name, overrides under their parameters' names.

        Raises `UsageError` for what does not fit, and `InvalidInput` for a parameter or value that is none.
        """
        rest = self._read_named(text.strip())
        while rest:
            rest = self._read_next(rest)
        missing = next((arg for arg in self._open if arg.required), None)
        if missing is not None and missing.kind != "text":
            raise self._missing(missing)
        return self._values

    def _read_named(self, text: str) -> str:
        at = 0
        while match := _NAMED.match(text, at):
            name = match["name"].lower().replace("-", "_")
            value = next(text for text in (match["quoted"], match["angled"], match["plain"]) if text is not None)
            if name in self._named:
                read = self._named[name].read(value)
                if read is None:
                    raise UsageError(
                        gettext("{name} takes {names}, not {value!r}.").format(
                            name=name, names=" or ".join(self._named[name].choices), value=value
                        )
                    )
                self._values[name] = read
            elif self._overrides and is_parameter(name):
                parameter = find(name)
                if not parameter.is_for_turns:
                    raise InvalidInput(
                        gettext("{name} cannot be given for one answer: administrators set it.").format(
                            name=parameter.name
                        )
                    )
                self._values[parameter.name] = parameter.format(parameter.parse(value))
            else:
                break
            at = match.end()
        return text[at:]

    def _read_next(self, rest: str) -> str:
        """Give the next word, or all that is left, to the first argument that takes it; what is left then."""
        word, _, tail = rest.partition(" ") if "\n" not in rest else _first_word(rest)
        if self._expects_parameter(word):
            word, tail = _parameter_first(word, tail)
        for index, arg in enumerate(self._open):
            if arg.kind in REST:
                self._values[arg.name] = self._value(rest) if arg.kind == "value" else rest
                del self._open[: index + 1]
                return ""
            read = arg.read(word)
            if read is not None:
                self._values[arg.name] = read
                # What stood before a required argument comes no more; optional ones may come in any order.
                self._open = [other for other in self._open[0 if not arg.required else index :] if other is not arg]
                return _without_unit(tail.strip(), arg.units)
            if arg.required:
                break
        raise UsageError(gettext("{usage} I do not know {item!r}.").format(usage=self._usage, item=word[:60]))

    def _expects_parameter(self, word: str) -> bool:
        """Return whether a word can only be the name of a parameter: "channel" is a place before it begins a name."""
        others = [arg for arg in self._open if arg.kind not in REST and arg.kind != "parameter"]
        return any(arg.kind == "parameter" for arg in self._open) and not any(arg.read(word) for arg in others)

    def _value(self, text: str) -> str:
        parameter = find(self._values["parameter"])
        text = _EQUALS.sub("", text).strip()
        if text.lower() in UNSET_WORDS:
            return NO_VALUE
        if parameter.kind == "text":
            text = unquoted(text)
        elif parameter.kind != "list":
            text = _TO.sub("", text)
        return parameter.format(parameter.parse(text))

    def _missing(self, arg: Arg) -> InvalidInput:
        if arg.kind == "value" and "parameter" in self._values:
            parameter = find(self._values["parameter"])
            return UsageError(
                gettext("{name} takes {allowed}. {help}").format(
                    name=parameter.name, allowed=parameter.allowed, help=gettext(parameter.help)
                )
            )
        return UsageError(self._usage)


def parse_overrides(pairs: Sequence[str]) -> Mapping[str, str]:
    """Return parameters given as "name=value" as canonical text by name. Raises `InvalidInput`."""
    overrides = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise InvalidInput(
                gettext("{pair!r} is not of the form NAME=VALUE, for example reasoning_effort=high.").format(pair=pair)
            )
        parameter = find(name)
        overrides[parameter.name] = parameter.format(parameter.parse(value))
    return overrides


def is_parameter(name: str) -> bool:
    """Return whether a name is that of a parameter, also of one that the server fixes."""
    key = name.lower().replace("-", "_")
    return key in PARAMETERS or key in FIXED_BY_SERVER


def _parameter_first(word: str, tail: str) -> tuple[str, str]:
    """Return the name of a parameter and what follows it, however it is written: `a_b=1`, `a_b: 1`, `a b 1`."""
    name, mark, value = word.partition("=") if "=" in word else word.partition(":")
    if mark and is_parameter(name):
        return name, f"{value} {tail}".strip() if value else tail
    words = [word, *tail.split(None, MOST_WORDS - 1)]
    for count in range(2, min(MOST_WORDS, len(words)) + 1):
        name = "_".join(words[:count]).rstrip(":=")
        if is_parameter(name) and not is_parameter(word):
            return name, tail.split(None, count - 1)[count - 1] if len(words) > count else ""
    return word, tail


def _first_word(text: str) -> tuple[str, str, str]:
    word, *tail = text.split(None, 1)
    return word, " ", tail[0] if tail else ""


def _without_unit(rest: str, units: Sequence[str]) -> str:
    word, _, tail = rest.partition(" ")
    return tail.strip() if word.lower() in units else rest
