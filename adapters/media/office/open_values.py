"""Tell the values of cells that an OpenDocument sheet stores without the words that it shows (ODF 1.3 part 3, 19.385).

Programs that write sheets without calculating them leave the words out. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final
from xml.etree.ElementTree import Element

from adapters.media.office.number_formats import plain
from adapters.media.office.package import attribute

_STORED: Final = {"date": "date-value", "time": "time-value", "boolean": "boolean-value", "string": "string-value"}
_DURATION: Final = re.compile(r"(-?)P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,]\d+)?S)?")
_FORMULA: Final = re.compile(r"^(?:of|oooc|msoxl):=?|^=")


def stored_value(cell: Element) -> str:
    """Return the value of a cell as a sheet would show it; "" where it has none."""
    kind = attribute(cell, "value-type")
    value = attribute(cell, _STORED.get(kind, "value"))
    if kind == "currency":
        return f"{_number(value)} {attribute(cell, 'currency')}".strip()
    return _SHOWN.get(kind, _number)(value) if value else ""


def formula(cell: Element) -> str:
    """Return the formula of a cell: "=SUM([.A1:.A2])"; "" where it has none."""
    written = attribute(cell, "formula")
    return f"={_FORMULA.sub('', written)}" if written else ""


def _number(value: str, times: int = 1) -> str:
    try:
        return plain(float(value) * times)
    except (ValueError, ArithmeticError):
        return value


def _clock(value: str) -> str:
    """Return a duration as hours, minutes and seconds: "36:00:00" for "PT36H"."""
    found = _DURATION.fullmatch(value)
    if found is None:
        return value
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
    return f"{found[1]}{days * 24 + hours:02}:{minutes:02}:{seconds:02}"


_SHOWN: Final[Mapping[str, Callable[[str], str]]] = {
    "percentage": lambda value: f"{_number(value, 100)} %",
    "boolean": str.upper,
    "date": lambda value: value.replace("T", " "),
    "time": _clock,
    "string": str,
}
