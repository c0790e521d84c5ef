"""Decide which model is asked: the first, or the one in its place while the first is away."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.errors import ModelAccessDenied, ModelUnavailable
from bot.language import gettext, gettext_noop
from bot.ports import Clock, Model, Rates

logger = logging.getLogger(__name__)

AWAY: Final = timedelta(minutes=1)
"""How long the first model is left alone after it failed; then one request tries it before the fallback."""

REPLACEABLE: Final = (ModelUnavailable, ModelAccessDenied)
"""Failures that another model is likely not to share; both are raised before any text."""

NOTICE: Final = gettext_noop("{first} is not answering right now, so {fallback} answered in its place.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedModel:
    """A model with its own prices."""

    model: Model
    rates: Rates


class ModelChoice:
    """The models of one process, and whether the first of them is away."""

    def __init__(self, first: PricedModel, fallback: PricedModel | None, *, clock: Clock) -> None:
        self.first = first
        self._fallback = fallback
        self._clock = clock
        self._away_until: datetime | None = None

    def order(self) -> Sequence[PricedModel]:
        """Return the models to ask for one request, each if the one before fails."""
        if self._fallback is None or self._away_until is None:
            return (self.first,)
        if self._clock() < self._away_until:
            return (self._fallback,)
        self._away_until = self._clock() + AWAY  # whoever asks meanwhile need not wait for what comes of this try
        return (self.first, self._fallback)

    def give_up(self, error: Exception) -> bool:
        """Leave the first model alone after a failure; return whether there is one to ask in its place from now on."""
        if self._fallback is None or self._away_until is not None or not isinstance(error, REPLACEABLE):
            return False
        self._away_until = self._clock() + AWAY
        logger.warning("%s is away; %s answers in its place", self.first.model.name, self._fallback.model.name)
        return True

    def note_words(self, asked: PricedModel) -> None:
        """Take in that a model answers: the first one is back with its first word."""
        if asked is self.first and self._away_until is not None:
            self._away_until = None
            logger.warning("%s is back", self.first.model.name)

    def notices(self, asked: PricedModel | None) -> Sequence[str]:
        """Return what people are told of an answer by this model."""
        if asked is None or asked is self.first:
            return ()
        return (gettext(NOTICE).format(first=self.first.model.name, fallback=asked.model.name),)
