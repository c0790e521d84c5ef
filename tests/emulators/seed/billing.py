"""The account: prices by tier, a balance, and an event for each request."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bot.pricing import SEED_CARD, RateCard
from bot.types import Usage
from tests.emulators.seed.options import CachedPrice

KEPT_EVENTS = 10_000
WHISPER_MINUTE = Decimal("0.006")  # OpenAI, pricing of whisper-1, which gateways resell
ANSWERED = 200
PAGE_EVENTS = 25  # default `limit` of the account usage API


def price_card(cached: CachedPrice) -> RateCard:
    """The prices that the emulator bills by: those of the product page, cached input as told."""
    if cached == "full":
        return SEED_CARD
    share = SEED_CARD.cached_share
    return replace(SEED_CARD, tiers=tuple(replace(tier, cached=tier.input * share) for tier in SEED_CARD.tiers))


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageEvent:
    """One request as the account usage API tells it."""

    id: str
    at: datetime
    model: str
    endpoint: str
    usage: Usage
    cost: Decimal
    status_code: int = ANSWERED
    error: str | None = None

    @property
    def status(self) -> str:
        """Whether it was answered, in a word: a request without any status was cut off."""
        return "success" if self.status_code == ANSWERED else "error"

    def to_json(self) -> dict[str, Any]:
        """The documented fields of an event."""
        tokens = {
            "input": self.usage.input,
            "output": self.usage.output,
            "cached": self.usage.cached,
            "total": self.usage.input + self.usage.output,
        }
        metadata: dict[str, Any] = {
            "list_cost": float(self.cost),
            "billed_cost": float(self.cost),
            "discount_amount": 0.0,
        }
        if self.usage.tools:
            metadata["tool_usage"] = dict(self.usage.tools)
        return {
            "id": self.id,
            "object": "usage_event",
            "created_at": self.at.isoformat().replace("+00:00", "Z"),
            "source": "api",
            "model": self.model,
            "endpoint": self.endpoint,
            "tokens": tokens,
            "cost": {"amount": float(self.cost), "currency": "USD"},
            "status": self.status,
            "status_code": self.status_code,
            "error": self.error,
            "output_urls": [],
            "metadata": metadata,
        }


class Account:
    """Account that pays: a balance in US dollars and the latest `KEPT_EVENTS` events."""

    def __init__(self, card: RateCard, balance: Decimal) -> None:
        self.card = card
        self.balance = balance
        self._events: deque[UsageEvent] = deque(maxlen=KEPT_EVENTS)

    @property
    def events(self) -> tuple[UsageEvent, ...]:
        """All kept events, the oldest first."""
        return tuple(self._events)

    def record(self, event: UsageEvent) -> None:
        """Take an event and its cost; the balance may fall below zero once."""
        self.balance -= event.cost
        self._events.append(event)

    def page(self, query: Mapping[str, str]) -> dict[str, Any]:
        """The balance and the newest events that `query` asks for (limit, from, to, before, model, status, source).

        `from` and `to` are ISO 8601 times, `before` is the id of an event. Raises `ValueError` for a bad value.
        """
        since = _moment(query["from"]) if "from" in query else datetime.min.replace(tzinfo=UTC)
        until = _moment(query["to"]) if "to" in query else datetime.max.replace(tzinfo=UTC)
        events = [event for event in reversed(self._events) if since <= event.at <= until and _matches(event, query)]
        if query.get("before"):
            ids = [event.id for event in events]
            events = events[ids.index(query["before"]) + 1 :]
        limit = int(query.get("limit", PAGE_EVENTS))
        if not 1 <= limit <= KEPT_EVENTS:
            raise ValueError("limit is out of range")
        return {
            "object": "list",
            "balance": {"amount": float(self.balance), "currency": "USD"},
            "data": [event.to_json() for event in events[:limit]],
            "has_more": len(events) > limit,
        }


def _matches(event: UsageEvent, query: Mapping[str, str]) -> bool:
    return (
        query.get("model", event.model) == event.model
        and query.get("status", event.status) == event.status
        and query.get("source", "api") in {"api", "all"}
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs its offset from UTC")
    return moment
