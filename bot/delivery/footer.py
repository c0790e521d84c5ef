"""Write the line under an answer, in the same words on every platform. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Final

from bot.language import NOUNS, dollars, gettext, gettext_noop, languages, number, quantity, speaking
from bot.types import CostSplit, Footer

READ: Final = gettext_noop("{tokens} in{cached}")
CACHED: Final = gettext_noop(" ({cached} cached)")
WRITTEN: Final = gettext_noop("{output} out")
_TOKENS: Final = NOUNS["token"]

SEPARATOR: Final = " \u00b7 "
"""What stands between the parts of the small print."""

_NUMBER: Final = "[\\d.,\u00a0\u202f]+"
_REST: Final = "(?: \u00b7 [^\n]{1,200})?"


def is_footer(text: str) -> bool:
    """Return whether a line is the small print under an answer, as it comes back in forwards and quotes."""
    return any(pattern.fullmatch(text.strip()) for pattern in _patterns())


@cache
def _patterns() -> Sequence[re.Pattern[str]]:
    """Return what the beginning of the small print looks like, in each language."""
    return [_pattern(code) for code in languages()]


def _pattern(code: str) -> re.Pattern[str]:
    with speaking(code):
        cached = re.escape(gettext(CACHED)).replace(r"\{cached\}", _NUMBER)
        token, tokens = (re.escape(_TOKENS(count)).replace(r"\{count\}", _NUMBER) for count in (1, 2))
        read = re.escape(gettext(READ)).replace(r"\{tokens\}", f"(?:{tokens}|{token})")
        written = re.escape(gettext(WRITTEN)).replace(r"\{output\}", _NUMBER)
    read = read.replace(r"\{cached\}", f"(?:{cached})?")
    return re.compile(f"[^\n]{{1,200}}? \u00b7 {read} \u00b7 {written}{_REST}")


def footer_parts(footer: Footer) -> list[str]:
    """Return the small print under an answer, in the order it is read."""
    usage = footer.usage
    cached = gettext(CACHED).format(cached=number(usage.cached)) if usage.cached else ""
    parts = [
        footer.model,
        gettext(READ).format(tokens=quantity(usage.input, "token"), cached=cached),
        gettext(WRITTEN).format(output=number(usage.output)),
    ]
    if usage.requests > 1:
        parts.append(quantity(usage.requests, "request"))
    if searches := sum(usage.tools.values()):
        parts.append(quantity(searches, "web search"))
    if usage.estimated:
        parts.append(gettext("estimated"))
    if footer.show_cost and footer.cost is not None:
        parts.append(money(footer.cost))
    parts.append(duration(footer.seconds))
    return parts


def footer_details(footer: Footer) -> str:
    """Return what the cost is paid for, where a platform has room for more than the small print; "" for nothing."""
    if not footer.show_cost or footer.split is None:
        return ""
    return split_text(footer.split)


def split_text(split: CostSplit) -> str:
    """Return costs by what they are paid for; "" where nothing is paid."""
    parts = {
        gettext("read"): split.read,
        gettext("cached"): split.cached,
        gettext("reasoned"): split.reasoned,
        gettext("written"): split.written,
        gettext("searched"): split.tools,
    }
    return ", ".join(f"{name} {money(cost)}" for name, cost in parts.items() if cost)


def money(cost: Decimal) -> str:
    """US dollars as people read them: "free", two digits after the leading zeros of a small sum."""
    if cost == 0:
        return gettext("free")
    if cost >= 1:
        return dollars(cost, places=2)
    places = min(8, max(2, 1 - cost.adjusted()))
    return dollars(cost, places=places)


def duration(seconds: float) -> str:
    """Seconds with one digit, minutes from one minute on."""
    if seconds < 59.95:
        return gettext("{seconds} s").format(seconds=number(seconds, places=1))
    minutes, rest = divmod(round(seconds), 60)
    return gettext("{minutes} min {rest} s").format(minutes=minutes, rest=rest)
