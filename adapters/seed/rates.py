"""Current prices: read from the server every hour, kept on disk, and always available."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from adapters.seed import json_coerce
from adapters.seed.api_errors import ProblemError
from adapters.seed.catalogue import model_rows, row_of
from adapters.seed.client import SeedModel
from adapters.seed.pricelist import read_card
from bot.pricing import RateCard, Tier
from bot.private_files import make_private_folder
from bot.types import Observation

logger = logging.getLogger(__name__)

HOUR = 3600.0


class LiveRates:
    """The `Rates` of one model: the last card that the server told, else the one kept on disk, else the built-in.

    `told` says that the server has told prices since this was opened.
    """

    def __init__(self, model: SeedModel, file: Path | None) -> None:
        self._model = model
        self._file = file
        self._fallback = model.options.fallback_card
        self._card = self._fallback
        self._untold = ""
        self.told = False

    def card(self) -> RateCard:
        """Return the last good rate card."""
        return self._card

    def observe(self, _seen: Observation) -> None:
        """Take in nothing: these are the prices that the server tells."""

    async def recall(self) -> None:
        """Take the card that was kept on disk, if there is one for this model."""
        if self._file is not None:
            kept = await asyncio.to_thread(_load, self._file, self._model.name, self._fallback)
            self._card = kept or self._card

    async def refresh(self) -> bool:
        """Read the prices now; whether the server told any. What was in force stays when it did not."""
        try:
            told = await self.read()
        except ProblemError as trouble:
            status = trouble.problem.status
            reason = f"answered with HTTP {status}" if status is not None else "did not answer"
            self._say_untold(f"the model API {reason} when it was asked for its prices")
            return False
        if not told:
            self._say_untold("the model API publishes no prices")
        return told

    async def read(self) -> bool:
        """Read the prices now; whether the server told any. Raises `ProblemError`."""
        rows = await model_rows(self._model.http, self._model.name)
        at = self._model.options.surroundings.now()
        row = row_of(rows, self._model.name)
        card = read_card(row, origin=f"provider, {at:%Y-%m-%d %H:%M} UTC", fallback=self._fallback)
        if card is None:
            return False
        card = replace(card, as_of=at)
        self._card, self._untold, self.told = card, "", True
        if self._file is not None:
            with suppress(OSError):  # a card that cannot be kept is still in force
                await asyncio.to_thread(_save, self._file, self._model.name, card)
        return True

    def _say_untold(self, reason: str) -> None:
        """Log why there are no prices, once until that changes."""
        if reason != self._untold:
            self._untold = reason
            logger.info("%s; costs are counted with the prices known before (%s)", reason, self._card.origin)

    async def run(self, every: float) -> None:
        """Refresh now and every `every` seconds, until cancelled."""
        while True:
            await self.refresh()
            await self._model.options.surroundings.sleep(every)


@asynccontextmanager
async def open_rates(
    model: SeedModel, *, file: Path | None = None, every: float | None = HOUR
) -> AsyncIterator[LiveRates]:
    """Yield the prices of `model`, refreshed in the background; `file` keeps the last good ones (None: not
    kept).

    `every` None asks for none: the built-in ones hold for good.
    """
    rates = LiveRates(model, file)
    await rates.recall()
    if every is None:
        yield rates
        return
    task = asyncio.create_task(rates.run(every), name="seed rates")
    try:
        yield rates
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _save(file: Path, model: str, card: RateCard) -> None:
    """Keep a card, replacing the one before in one step."""
    tiers = [
        {
            "from_tokens": tier.from_tokens,
            "input": str(tier.input),
            "output": str(tier.output),
            "cached": None if tier.cached is None else str(tier.cached),
        }
        for tier in card.tiers
    ]
    make_private_folder(file.parent)
    fresh = file.with_name(f"{file.name}.{os.getpid()}.new")
    fresh.write_text(json.dumps({"model": model, "origin": card.origin, "tiers": tiers}, indent=2), encoding="utf-8")
    fresh.replace(file)


def _load(file: Path, model: str, fallback: RateCard) -> RateCard | None:
    """Return the card that was kept for `model`; None when there is none or it cannot be read."""
    try:
        kept = json_coerce.mapping(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError):
        return None
    tiers = [_tier(json_coerce.mapping(item)) for item in json_coerce.items(kept.get("tiers"))]
    whole = [tier for tier in tiers if tier is not None]
    if kept.get("model") != model or not whole or len(whole) != len(tiers) or whole[0].from_tokens != 0:
        return None
    origin = f"{json_coerce.text(kept.get('origin')) or 'provider'}, kept on disk"
    return replace(fallback, tiers=tuple(sorted(whole, key=lambda tier: tier.from_tokens)), origin=origin)


def _tier(body: Any) -> Tier | None:
    start, prices = (
        json_coerce.count(body.get("from_tokens")),
        [json_coerce.money(body.get(name)) for name in ("input", "output")],
    )
    if start is None or not all(isinstance(price, Decimal) for price in prices):
        return None
    return Tier(from_tokens=start, input=prices[0], output=prices[1], cached=json_coerce.money(body.get("cached")))  # type: ignore[arg-type]  # checked above
