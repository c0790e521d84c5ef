"""Read what a server's headers tell of the account's limits. Pure.

OpenAI and who follows it: `x-ratelimit-limit-requests`, `x-ratelimit-reset-requests` ("6m0s", "20ms", seconds), and the
same for tokens (https://platform.openai.com/docs/guides/rate-limits); some put the unit into the name
("x-ratelimit-limit-requests-minute").
Anthropic: `anthropic-ratelimit-requests-limit`, `-reset` as a time (https://docs.anthropic.com/en/api/rate-limits).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

MINUTE_SECONDS: Final = 60.0
ROUNDING_SECONDS: Final = 1.0  # of a reset that a server told in whole seconds

_MINUTELY: Final[Mapping[str, Sequence[str]]] = {
    "requests": ("x-ratelimit-limit-requests-minute", "x-ratelimit-limit-req-minute"),
    "tokens": ("x-ratelimit-limit-tokens-minute",),
}
"""Headers that name the minute themselves."""

_LIMITS: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    "requests": (
        ("x-ratelimit-limit-requests", "x-ratelimit-reset-requests"),
        ("anthropic-ratelimit-requests-limit", "anthropic-ratelimit-requests-reset"),
    ),
    "tokens": (
        ("x-ratelimit-limit-tokens", "x-ratelimit-reset-tokens"),
        ("anthropic-ratelimit-tokens-limit", "anthropic-ratelimit-tokens-reset"),
        ("anthropic-ratelimit-input-tokens-limit", "anthropic-ratelimit-input-tokens-reset"),
    ),
}
"""Headers of a limit, and of when all of it is free again."""

_UNITS: Final = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|[dhms])")
_SECONDS: Final = re.compile(r"\d{1,12}(\.\d{1,9})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLimits:
    """Requests and tokens that an account may have in a minute, None where nobody tells."""

    requests: int | None = None
    tokens: int | None = None


def limits_in(headers: Mapping[str, str], now: datetime) -> AccountLimits:
    """Return the limits of a minute that the headers of an answer tell.

    A limit that takes longer than a minute to be free again is one of an hour or a day, and tells nothing here.
    """
    return AccountLimits(requests=_limit(headers, "requests", now), tokens=_limit(headers, "tokens", now))


def _limit(headers: Mapping[str, str], what: str, now: datetime) -> int | None:
    for name in _MINUTELY[what]:
        if (told := _count(headers.get(name, ""))) is not None:
            return told
    for name, reset in _LIMITS[what]:
        told = _count(headers.get(name, ""))
        if told is not None:
            wait = seconds_in(headers.get(reset, ""), now)
            return told if wait is None or wait <= MINUTE_SECONDS + ROUNDING_SECONDS else None
    return None


def _count(text: str) -> int | None:
    number = text.strip()
    return int(number) if re.fullmatch(r"[1-9]\d{0,11}", number, re.ASCII) else None


def seconds_in(text: str, now: datetime) -> float | None:
    """Return the seconds that a reset is away: "1m30.5s", "20ms", a number of seconds, or a time of RFC 3339."""
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    parts = list(_DURATION.finditer(text))
    if parts and "".join(part[0] for part in parts) == text:
        return math.fsum(float(part[1]) * _UNITS[part[2]] for part in parts)
    try:
        return max(0.0, (datetime.fromisoformat(text) - now).total_seconds())
    except (ValueError, TypeError):  # a time without a zone cannot be compared
        return None
