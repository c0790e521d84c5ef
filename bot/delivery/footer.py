"""Write the line under an answer, in the same words on every platform. Pure."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from bot.plurals import quantity
from bot.types import CostSplit, Footer

SEPARATOR: Final = " \u00b7 "
"""What stands between the parts of the small print."""

_FOOTER = re.compile(
    r"[^\n]{1,200}? \u00b7 [\d,]+ tokens? in(?: \([\d,]+ cached\))? \u00b7 [\d,]+ out(?: \u00b7 [^\n]{1,200})?"
)


def is_footer(text: str) -> bool:
    """Return whether a line is the small print under an answer, as it comes back in forwards and quotes."""
    return _FOOTER.fullmatch(text.strip()) is not None


def footer_parts(footer: Footer) -> list[str]:
    """Return the small print under an answer, in the order it is read."""
    usage = footer.usage
    cached = f" ({usage.cached:,} cached)" if usage.cached else ""
    parts = [footer.model, f"{quantity(usage.input, 'token')} in{cached}", f"{usage.output:,} out"]
    if usage.requests > 1:
        parts.append(quantity(usage.requests, "request"))
    if searches := sum(usage.tools.values()):
        parts.append(quantity(searches, "web search", "web searches"))
    if usage.estimated:
        parts.append("estimated")
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
        "read": split.read,
        "cached": split.cached,
        "reasoned": split.reasoned,
        "written": split.written,
        "searched": split.tools,
    }
    return ", ".join(f"{name} {money(cost)}" for name, cost in parts.items() if cost)


def money(cost: Decimal) -> str:
    """US dollars as people read them: "free", two digits after the leading zeros of a small sum."""
    if cost == 0:
        return "free"
    if cost >= 1:
        return f"${cost:,.2f}"
    places = min(8, max(2, 1 - cost.adjusted()))
    return f"${cost:.{places}f}"


def duration(seconds: float) -> str:
    """Seconds with one digit, minutes from one minute on."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
