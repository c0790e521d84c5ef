"""Read JSON of unknown shape: every function takes anything and never raises."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.surrogates import without_halves

MOST = 10**12  # of anything that is counted or paid: beyond it a figure is a mistake, and databases take no more digits
LEAST_EXPONENT = -18  # of money: smaller parts of a dollar are a mistake as well

_NUMBER = re.compile(r"[0-9]{1,13}")
_NOTHING: Mapping[str, Any] = {}


def mapping(value: object) -> Mapping[str, Any]:
    """`value` when it is an object, else an empty one."""
    return value if isinstance(value, dict) else _NOTHING


def items(value: object) -> Sequence[Any]:
    """`value` when it is an array, else an empty one."""
    return value if isinstance(value, list) else ()


def text(value: object) -> str:
    """`value` when it is a string, in whole characters, else ""."""
    return without_halves(value) if isinstance(value, str) else ""


def count(value: object) -> int | None:
    """`value`, a number or its text, as a number of things; None when it is not one."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return int(value) if 0 <= value <= MOST else None


def money(value: object) -> Decimal | None:
    """`value`, a number or its text, as an amount that is not negative; None when it is not one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value).strip().removeprefix("$").replace(",", ""))
    except (InvalidOperation, ValueError):  # also integers of more than 4,300 digits
        return None
    if not amount.is_finite() or not 0 <= amount <= MOST:
        return None
    exponent = amount.as_tuple().exponent
    return amount if isinstance(exponent, int) and exponent >= LEAST_EXPONENT else None
