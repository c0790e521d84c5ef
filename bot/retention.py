"""Retention of conversations, in days, by workspace, channel and conversation. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from bot.parameter_resolver import scopes_of
from bot.parameters import Scope, find
from bot.types import ConversationKey

PARAMETER: Final = "retention"
NO_TERMS: Final[Mapping[str, int]] = MappingProxyType({})


class Retention:
    """Retention set at scopes, as stored text, and the days that apply where nothing is set (None: for ever).

    `terms` are the days that platforms by name ask for where the operator has set none.
    """

    def __init__(self, values: Mapping[Scope, str], days: int | None, terms: Mapping[str, int] = NO_TERMS) -> None:
        parameter = find(PARAMETER)
        self._days = {scope: int(text) for scope, text in values.items() if parameter.accepts(text)}
        self._default = days or 0
        self._terms = {} if days else terms

    @property
    def shortest(self) -> timedelta | None:
        """The shortest time that anything is kept; None when everything is kept for ever."""
        days = [day for day in (*self._days.values(), *self._terms.values(), self._default) if day]
        return timedelta(days=min(days)) if days else None

    def is_over(self, key: ConversationKey, asked_at: datetime, now: datetime) -> bool:
        """Return whether a conversation last asked in at `asked_at` is to be forgotten; the narrowest scope counts."""
        set_here = [self._days[scope] for scope in scopes_of(key) if scope in self._days]
        days = set_here[-1] if set_here else self._terms.get(key.platform, self._default)
        return days > 0 and asked_at < now - timedelta(days=days)
