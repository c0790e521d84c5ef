"""Rate limits: buckets by route and channel, the bot's global limit, and the ban of an address.

Discord does not publish the numbers of its routes; those of messages are what libraries report (platform
reference, 2.5), the others are assumptions in the same order of magnitude.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from tests.emulators.clock import MovableClock
from tests.emulators.discord.options import Options

MESSAGES = "/channels/{channel_id}/messages"
MESSAGE = f"{MESSAGES}/{{message_id}}"
GLOBAL = (50, 1.0)  # platform reference, 2.5
INVALID_S = 600.0  # the same
_OTHER = (50, 1.0)

# Requests and seconds of a bucket.
BUCKETS: Mapping[tuple[str, str], tuple[int, float]] = {
    ("POST", MESSAGES): (5, 5.0),
    ("PATCH", MESSAGE): (5, 5.0),
    ("DELETE", MESSAGE): (5, 1.0),
    ("GET", MESSAGES): (5, 1.0),
    ("POST", "/channels/{channel_id}/typing"): (5, 5.0),
    ("POST", f"{MESSAGE}/threads"): (10, 10.0),
    ("POST", "/channels/{channel_id}/threads"): (10, 10.0),
    ("PUT", f"{MESSAGE}/reactions/{{emoji_name}}/@me"): (1, 0.25),
    ("PUT", "/applications/{application_id}/commands"): (2, 20.0),
    ("POST", "/webhooks/{webhook_id}/{webhook_token}"): (5, 2.0),
    ("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/@original"): (5, 2.0),
    ("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"): (5, 2.0),
}
RENAME = (2, 600.0)  # name or topic of a channel; platform reference, 2.5
_MAJOR = ("channel_id", "guild_id", "webhook_id", "webhook_token")
_NOT_GLOBAL = ("/interactions/", "/webhooks/{webhook_id}/{webhook_token}")


@dataclass(slots=True)
class _Window:
    ends: float = 0.0
    used: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Verdict on a request: the headers of its bucket, and how long to wait when it is refused."""

    headers: Mapping[str, str]
    retry_after: float | None = None
    scope: str = "user"


class Limits:
    """All windows, by the emulator's clock. Without `options.limits` nothing is refused and no header sent."""

    def __init__(self, options: Options, clock: MovableClock) -> None:
        self._options = options
        self._clock = clock
        self._windows: dict[tuple[str, ...], _Window] = {}
        self._invalid: deque[float] = deque()
        self.refused = 0
        self.invalid = 0

    def enter(self, method: str, template: str, path: Mapping[str, str]) -> Verdict:
        """Let a request in, or not."""
        if not self._options.limits:
            return Verdict(headers={})
        count, seconds = BUCKETS.get((method, template), _OTHER)
        verdict = self._enter(
            (method, template, *(path[name] for name in _MAJOR if name in path)), count, seconds, f"{method} {template}"
        )
        if verdict.retry_after is None and not template.startswith(_NOT_GLOBAL):
            whole = self._enter(("global",), *GLOBAL, "global")
            if whole.retry_after is not None:
                return Verdict(headers=verdict.headers, retry_after=whole.retry_after, scope="global")
        return verdict

    def rename(self, channel_id: int) -> float | None:
        """How long to wait before a channel may be renamed again, None for now."""
        return self._enter(("rename", str(channel_id)), *RENAME, "rename").retry_after if self._options.limits else None

    def _enter(self, key: tuple[str, ...], count: int, seconds: float, name: str) -> Verdict:
        now = self._clock.time()
        window = self._windows.setdefault(key, _Window())
        if now >= window.ends:
            window.ends, window.used = now + seconds * self._options.limit_scale, 0
        left = window.ends - now
        full = window.used >= count
        window.used += not full
        headers = {
            "X-RateLimit-Limit": str(count),
            "X-RateLimit-Remaining": str(count - window.used),
            "X-RateLimit-Reset": f"{window.ends:.3f}",
            "X-RateLimit-Reset-After": f"{left:.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(name.encode()).hexdigest()[:32],
        }
        self.refused += full
        return Verdict(headers=headers, retry_after=left if full else None)

    def note_status(self, status: int, *, shared: bool) -> None:
        """Count what Discord calls an invalid request."""
        if status in {401, 403} or (status == 429 and not shared):
            self.invalid += 1
            self._invalid.append(self._clock.time())

    @property
    def banned(self) -> bool:
        """Whether the address sent too many invalid requests."""
        while self._invalid and self._invalid[0] < self._clock.time() - INVALID_S:
            self._invalid.popleft()
        return len(self._invalid) >= self._options.invalid_requests
