"""The account's limits of requests and tokens per minute."""

from __future__ import annotations

from collections import deque

from tests.emulators.clock import MovableClock
from tests.emulators.seed.errors import gateway_error

MINUTE_S = 60.0


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
        while self._spent and self._spent[0][0] <= now - MINUTE_S:
            self._spent.popleft()
        requests = sum(tokens == 0 for _, tokens in self._spent)
        tokens = sum(tokens for _, tokens in self._spent)
        if (self._rpm is not None and requests >= self._rpm) or (self._tpm is not None and tokens >= self._tpm):
            raise gateway_error("rate_limit_exceeded", "Rate limit exceeded")
        if self._rpm is not None:
            self._spent.append((now, 0))

    def spend(self, tokens: int) -> None:
        """Count the tokens of a request that was answered."""
        if self._tpm is not None:
            self._spent.append((self._clock.time(), tokens))
