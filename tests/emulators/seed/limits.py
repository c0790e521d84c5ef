"""The account's limits of requests and tokens per minute."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import Literal

from tests.emulators.clock import MovableClock
from tests.emulators.seed.errors import gateway_error

MINUTE_S = 60.0
Style = Literal["openai", "anthropic"]


class MinuteLimit:
    """Counts the last minute by the emulator's clock; None is no limit."""

    def __init__(self, clock: MovableClock, *, rpm: int | None, tpm: int | None) -> None:
        self._clock = clock
        self._rpm = rpm
        self._tpm = tpm
        self._spent: deque[tuple[float, int]] = deque()

    def enter(self) -> None:
        """Let one more request in. Raises `ApiError` (429) when the minute is full."""
        now = self._clock.time()
        requests, tokens = self._used(now)
        if (self._rpm is not None and requests >= self._rpm) or (self._tpm is not None and tokens >= self._tpm):
            raise gateway_error("rate_limit_exceeded", "Rate limit exceeded")
        if self._rpm is not None:
            self._spent.append((now, 0))

    def _used(self, now: float) -> tuple[int, int]:
        while self._spent and self._spent[0][0] <= now - MINUTE_S:
            self._spent.popleft()
        return sum(tokens == 0 for _, tokens in self._spent), sum(tokens for _, tokens in self._spent)

    def headers(self, style: Style) -> dict[str, str]:
        """What OpenAI's or Anthropic's servers tell of the limits with every answer."""
        now = self._clock.time()
        reset = self._spent[-1][0] + MINUTE_S - now if self._spent else 0.0
        told: dict[str, str] = {}
        for what, limit, used in zip(("requests", "tokens"), (self._rpm, self._tpm), self._used(now), strict=True):
            if limit is not None:
                values = {"limit": str(limit), "remaining": str(max(0, limit - used))}
                if style == "openai":
                    told |= {f"x-ratelimit-{name}-{what}": value for name, value in values.items()}
                    told[f"x-ratelimit-reset-{what}"] = f"{reset:.3f}s"
                else:
                    at = datetime.fromtimestamp(now + reset, UTC).isoformat().replace("+00:00", "Z")
                    told |= {f"anthropic-ratelimit-{what}-{name}": value for name, value in values.items()}
                    told[f"anthropic-ratelimit-{what}-reset"] = at
        return told

    def spend(self, tokens: int) -> None:
        """Count the tokens of a request that was answered."""
        if self._tpm is not None:
            self._spent.append((self._clock.time(), tokens))
