"""The prefix cache: which beginning of a prompt was seen within its lifetime."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from hashlib import blake2b

from tests.emulators.clock import MovableClock

MINIMUM_TOKENS = 1_024  # a shorter prompt is never cached; also the block size (API reference, section 2)
LIFETIME_S = 600.0  # "about 10 minutes", product page of `enable_caching`
KEPT_BLOCKS = 100_000


class PrefixCache:
    """Remembers prompts block by block; a hit is the longest known run of whole blocks from the beginning.

    Each request that may use the cache renews all blocks of its own prompt. At least one token of a prompt is
    always read afresh. Old blocks are dropped beyond `KEPT_BLOCKS`.
    """

    def __init__(
        self, clock: MovableClock, *, block_tokens: int = MINIMUM_TOKENS, lifetime_s: float = LIFETIME_S
    ) -> None:
        self._clock = clock
        self._block_tokens = block_tokens
        self._lifetime_s = lifetime_s
        self._expiry: OrderedDict[bytes, float] = OrderedDict()

    def take(self, tokens: Sequence[str]) -> int:
        """How many tokens at the beginning of `tokens` are known; afterwards all its whole blocks are."""
        if len(tokens) < MINIMUM_TOKENS:
            return 0
        now = self._clock.time()
        names = list(self._names(tokens))
        known = 0
        for name in names:
            if self._expiry.get(name, 0.0) <= now:
                break
            known += 1
        self._remember(names, now + self._lifetime_s)
        most = (len(tokens) - 1) // self._block_tokens
        hit = min(known, most) * self._block_tokens
        return hit if hit >= MINIMUM_TOKENS else 0

    def clear(self) -> None:
        """Forget everything."""
        self._expiry.clear()

    def _remember(self, names: Sequence[bytes], expiry: float) -> None:
        for name in names:
            self._expiry[name] = expiry
            self._expiry.move_to_end(name)
        while len(self._expiry) > KEPT_BLOCKS:
            self._expiry.popitem(last=False)

    def _names(self, tokens: Sequence[str]) -> Iterator[bytes]:
        """A name for each whole block that depends on everything before it."""
        chain = blake2b(digest_size=16)
        for start in range(0, len(tokens) - self._block_tokens + 1, self._block_tokens):
            for token in tokens[start : start + self._block_tokens]:
                chain.update(token.encode("utf-8", "surrogatepass") + b"\0")
            yield chain.copy().digest()
