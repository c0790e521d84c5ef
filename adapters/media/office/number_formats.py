"""Show numbers of cells and charts as their number format does (ECMA-376 part 1, section 18.8.31). Pure.

Dates are shown as ISO 8601 has them, which nobody takes for another day; of a time what the format shows of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Final

GENERAL: Final = "General"
_ISO: Final = "yyyy-mm-dd"
BUILT_IN: Final[Mapping[int, str]] = MappingProxyType(  # section 18.8.30; what is not here is shown as it is
    {
        1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
        18: "h:mm", 19: "h:mm:ss", 20: "h:mm", 21: "h:mm:ss", 22: f"{_ISO} h:mm", 32: "h:mm", 33: "h:mm:ss",
        37: "#,##0;(#,##0)", 38: "#,##0;(#,##0)", 39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;(#,##0.00)", 41: "#,##0",
        42: "#,##0", 43: "#,##0.00", 44: "#,##0.00", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss", 48: "##0.0E+0", 49: "@",
    } | dict.fromkeys((*range(14, 18), *range(27, 32), *range(34, 37), *range(50, 59)), _ISO)
)  # fmt: skip
_PIECES: Final = re.compile(r'"[^"]*"?|\\.|_.|\*.|\[[^\]]*\]|AM/PM|A/P|General|E[+-]|.', re.IGNORECASE | re.DOTALL)
_DATE_PARTS: Final = frozenset("ymdhs")
_DIGITS: Final = frozenset("0#?")
_ELAPSED: Final = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_CURRENCY: Final = re.compile(r"\[\$([^\]-]*)(?:-[^\]]*)?\]")
_CONDITION: Final = re.compile(r"\[(<=|>=|<>|<|>|=)(-?[\d.]+)\]")
_FRACTION_OF_SECONDS: Final = re.compile(r"s\]?\.(0+)")
_LONGEST: Final = 255  # characters of a number format that any program writes
_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - cells have no time zone; a day early for 1900's leap day
_EPOCH_1904: Final = datetime(1904, 1, 1)  # noqa: DTZ001 - the same
_FALSE_LEAP_DAY: Final = 60  # 29 February 1900, which never was
_SECONDS_PER_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class _Section:
    """One part of a format, for positive numbers, negative ones, zero or by condition."""

    pieces: tuple[str, ...]
    condition: tuple[str, float] | None

    @property
    def is_date(self) -> bool:
        return any(piece.lower() in _DATE_PARTS or _ELAPSED.fullmatch(piece) for piece in self.pieces)

    @property
    def letters(self) -> str:
        """Return what of a date and time it shows, in order."""
        return "".join(piece.lower() for piece in self.pieces if piece.lower() in _DATE_PARTS)

    @property
    def decimals(self) -> int:
        """Return how many decimals of a second it shows."""
        found = _FRACTION_OF_SECONDS.search("".join(self.pieces).lower())
        return 0 if found is None else min(len(found[1]), 3)


def shown(value: float, code: str, *, from_1904: bool = False) -> str:
    """Return a number as a cell of that format shows it."""
    sections = _sections(code[:_LONGEST])
    section, is_signed = _chosen(sections, value)
    if section is None or not math.isfinite(value):
        return plain(value)
    if section.is_date:
        return _moment(value, section, from_1904=from_1904)
    if not any(piece in _DIGITS for piece in section.pieces):
        if any(piece.lower() in {"general", "@"} for piece in section.pieces) or not (section.pieces or is_signed):
            return _literal(section.pieces, plain(abs(value) if is_signed else value))
        if said := _literal(section.pieces, "").strip():
            return said
        return "" if is_signed and value == 0 else plain(value)  # a format without words, as ";;;", hides what is there
    return _number(abs(value), section.pieces, sign="-" if value < 0 and not is_signed else "")


def plain(value: float) -> str:
    """Return a number as it was typed: 0.1 is stored as 0.10000000000000001."""
    return f"{value:.15g}" if not float(value).is_integer() or abs(value) >= 1e15 else f"{value:.0f}"


def is_date(code: str) -> bool:
    """Return whether a format shows dates or times."""
    return any(section.is_date for section in _sections(code[:_LONGEST]))


@lru_cache(maxsize=512)
def _sections(code: str) -> tuple[_Section, ...]:
    parts: list[list[str]] = [[]]
    for piece in _PIECES.findall(code):
        if piece == ";":
            parts.append([])
        else:
            parts[-1].append(piece)
    return tuple(_section(part) for part in parts)


def _section(pieces: Sequence[str]) -> _Section:
    condition = next((found for piece in pieces if (found := _CONDITION.fullmatch(piece))), None)
    limit = None
    if condition is not None:
        try:
            limit = (condition[1], float(condition[2]))
        except ValueError:
            limit = None
    return _Section(tuple(map(_meaning, pieces)), limit)


def _meaning(piece: str) -> str:
    """Return a piece as it is shown: literals as `'text`, nothing for colours, fills and places kept free."""
    if piece[0] in '"\\':
        return f"'{piece.strip(chr(34)) if piece[0] == chr(34) else piece[1:]}"
    if piece[0] in "_*" and len(piece) > 1:
        return "'"
    if currency := _CURRENCY.fullmatch(piece):
        return f"'{currency[1]}"
    if piece[0] == "[" and len(piece) > 1 and not _ELAPSED.fullmatch(piece):
        return "'"
    return piece


def _chosen(sections: Sequence[_Section], value: float) -> tuple[_Section | None, bool]:
    """Return the section for a value, and whether it says the sign itself."""
    conditional = [section for section in sections if section.condition]
    if conditional:
        for section in sections:
            if section.condition is None or _holds(value, *section.condition):
                return section, False
        return None, False
    numbers = sections[:3]
    if value < 0 and len(numbers) > 1:
        return numbers[1], True
    if value == 0 and len(numbers) > 2:
        return numbers[2], True
    return numbers[0], False


def _holds(value: float, sign: str, limit: float) -> bool:
    return {
        "<": value < limit, ">": value > limit, "<=": value <= limit, ">=": value >= limit, "=": value == limit,
        "<>": value != limit,
    }[sign]  # fmt: skip


def _literal(pieces: Sequence[str], general: str) -> str:
    if not pieces:
        return general
    return "".join(general if piece.lower() in {"general", "@"} else piece.removeprefix("'") for piece in pieces)


def _number(value: float, pieces: Sequence[str], *, sign: str) -> str:
    places = [place for place, piece in enumerate(pieces) if piece in _DIGITS]
    first, last = places[0], places[-1]
    percents = sum(piece == "%" for piece in pieces)
    core = "".join(piece for piece in pieces[first : last + 1] if not piece.startswith("'"))
    after = 0
    while last + 1 + after < len(pieces) and pieces[last + 1 + after] == ",":
        after += 1
    scaled = value * 100**percents / 1_000**after
    written = _scientific(scaled, core) or _fraction(scaled, core) or _decimal(scaled, core)
    before, behind = _literal(pieces[:first], ""), _literal(pieces[last + 1 + after :], "")
    if any(_is_literal(piece) for piece in pieces[first : last + 1]):  # as in telephone numbers
        written = _among(scaled, pieces[first : last + 1])
    zero = not re.search(r"[1-9]", written)
    return f"{'' if zero else sign}{before}{written}{behind}".strip()


def _is_literal(piece: str) -> bool:
    """Return whether something stands among the digits of a number that is no part of its form."""
    return (piece not in _DIGITS and piece != "'" and piece[0] not in ",.%/Ee +-") or piece == "-"


def _decimal(value: float, core: str) -> str:
    whole, _, part = core.partition(".")
    wanted = sum(character in _DIGITS for character in part)
    needed = sum(character == "0" for character in whole)
    least = sum(character == "0" for character in part)
    rounded = (
        Decimal(repr(value)).quantize(Decimal(1).scaleb(-min(wanted, 30)), ROUND_HALF_UP)
        if value < 1e25
        else Decimal(value)
    )
    number, _, decimals = f"{rounded:f}".partition(".")
    while len(decimals) > least and decimals.endswith("0"):
        decimals = decimals[:-1]
    number = number.lstrip("0").rjust(needed, "0")
    if "," in whole:
        number = re.sub(r"(?<=\d)(?=(?:\d{3})+$)", ",", number) if len(number) < 40 else number
    return f"{number}.{decimals}" if decimals or (part == "" and "." in core) else number or ("0" if needed else "")


def _scientific(value: float, core: str) -> str:
    found = re.fullmatch(r"([^Ee]*)[Ee]([+-])([0#?]+)", core)
    if found is None:
        return ""
    decimals = sum(character in _DIGITS for character in found[1].partition(".")[2])
    mantissa, _, exponent = f"{value:.{decimals}E}".partition("E")
    power = int(exponent)
    mark = "-" if power < 0 else "+" if found[2] == "+" else ""
    return f"{mantissa}E{mark}{str(abs(power)).rjust(found[3].count('0'), '0')}"


def _fraction(value: float, core: str) -> str:
    if "/" not in core:
        return ""
    from fractions import Fraction  # noqa: PLC0415 - hardly any sheet shows fractions

    denominator = core.rpartition("/")[2].strip()
    most = int(denominator) if denominator.isdecimal() and int(denominator) else 10 ** min(len(denominator), 4) - 1
    if denominator.isdecimal() and int(denominator):
        part = Fraction(round(value * most), most)
        whole, rest = divmod(round(value * most), most)
        return f"{whole} {rest}/{most}" if whole and rest else f"{rest}/{most}" if rest or not whole else str(whole)
    part = Fraction(value).limit_denominator(max(1, most))
    whole, rest = divmod(part.numerator, part.denominator)
    if not rest:
        return str(whole)
    return f"{whole} {rest}/{part.denominator}" if whole else f"{rest}/{part.denominator}"


def _among(value: float, pieces: Sequence[str]) -> str:
    """Return a whole number whose digits stand among literals, from the last one on."""
    digits = list(f"{round(value):d}")
    written: list[str] = []
    for piece in reversed(pieces):
        if piece in _DIGITS:
            written.append(digits.pop() if digits else ("0" if piece == "0" else ""))
        elif piece not in {",", "."}:
            written.append(piece.removeprefix("'"))
    return "".join(digits) + "".join(reversed(written))


def _moment(value: float, section: _Section, *, from_1904: bool) -> str:
    elapsed = next((found for piece in section.pieces if (found := _ELAPSED.fullmatch(piece))), None)
    letters = section.letters
    if elapsed is not None:
        return _duration(value, elapsed[1].lower()[0], section)
    has_day = any(letter in letters for letter in "yd") or (
        "m" in letters and "h" not in letters and "s" not in letters
    )
    has_time = "h" in letters or "s" in letters
    seconds, fraction = _seconds(value, section.decimals)
    if not has_time:
        seconds = math.floor(value) * _SECONDS_PER_DAY
    days, rest = divmod(seconds, _SECONDS_PER_DAY)
    hours = f"{rest // 3_600:02}:" if "h" in letters else ""
    clock = f"{hours}{rest // 60 % 60:02}" + (f":{rest % 60:02}{fraction}" if "s" in letters else "")
    if not has_day or (has_time and not days and not from_1904):
        return clock
    day = _day(days, from_1904=from_1904)
    return f"{day} {clock}" if day and has_time else day or plain(value)


def _day(days: int, *, from_1904: bool) -> str:
    """Return the day of a serial number; "" for what no program shows as one."""
    if not from_1904 and days == _FALSE_LEAP_DAY:
        return "1900-02-29"
    late = 1 if not from_1904 and days < _FALSE_LEAP_DAY else 0
    try:
        return f"{(_EPOCH_1904 if from_1904 else _EPOCH) + timedelta(days=days + late):%Y-%m-%d}" if days >= 0 else ""
    except OverflowError:
        return ""


def _duration(value: float, unit: str, section: _Section) -> str:
    """Return a length of time as its format counts it: 36:00 is a day and a half in hours and minutes."""
    seconds, fraction = _seconds(abs(value), section.decimals)
    sign = "-" if value < 0 and (seconds or fraction.strip(".0")) else ""
    if unit == "s":
        return f"{sign}{seconds}{fraction}"
    behind = f":{seconds % 60:02}{fraction}" if "s" in section.letters else ""
    if unit == "m":
        return f"{sign}{seconds // 60}{behind}"
    minutes = f":{seconds // 60 % 60:02}" if "m" in section.letters else ""
    return f"{sign}{seconds // 3_600}{minutes}{behind}"


def _seconds(days: float, decimals: int) -> tuple[int, str]:
    """Return days in whole seconds, and the decimals behind them: ".5"."""
    seconds, fraction = divmod(round(days * _SECONDS_PER_DAY * 10**decimals), 10**decimals)
    return seconds, f".{fraction:0{decimals}}" if decimals else ""
