"""Read the account's usage events, to compare them with our own ledger."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from adapters.seed import json_coerce
from adapters.seed.api_errors import Problem, ProblemError, to_error
from adapters.seed.client import SeedModel
from bot.errors import ModelError, ModelRejected

PAGE = 100
NO_SUCH_ENDPOINT = frozenset({404, 405, 501})
TIME_FIELDS = ("created_at", "timestamp", "created", "time", "date")


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageEvent:
    """One request as the provider billed it; `at` is None and `cost` zero where it does not tell."""

    id: str
    model: str
    endpoint: str
    at: datetime | None
    input: int
    cached: int
    output: int
    cost: Decimal
    status: str
    error: str
    tools: Mapping[str, int]


async def read_usage(
    model: SeedModel, *, since: datetime, until: datetime, page: int = PAGE
) -> AsyncGenerator[UsageEvent, None]:
    """Every event of the account for this model from `since` to `until` (aware), the newest first.

    Raises one of the `ModelError`s.
    """
    query = {"limit": str(page), "from": _moment(since), "to": _moment(until), "model": model.name, "source": "api"}
    seen: set[str] = set()
    while True:
        try:
            answer = json_coerce.mapping(await model.http.get("/account/usage", **query))
        except ProblemError as trouble:
            raise _account_error(trouble.problem) from trouble
        rows = json_coerce.items(answer.get("data") or answer.get("events"))
        fresh = [event for event in map(read_event, rows) if event is not None and event.id not in seen]
        for event in fresh:
            seen.add(event.id)
            yield event
        if not fresh or len(rows) < page or answer.get("has_more") is False:
            return
        query["before"] = json_coerce.text(answer.get("next_before")) or fresh[-1].id


def _account_error(problem: Problem) -> ModelError:
    """Return what a failure here means: most servers of this kind have no account to ask."""
    if problem.status in NO_SUCH_ENDPOINT:
        what = f"this server reports no account usage (HTTP {problem.status}), so there is nothing to compare with"
        return ModelRejected(what, status=problem.status, code=problem.code or None, request_id=problem.request_id)
    return to_error(problem)


async def read_balance(model: SeedModel) -> Decimal | None:
    """US dollars left on the account, None when the server does not tell. Raises one of the `ModelError`s."""
    try:
        answer = json_coerce.mapping(await model.http.get("/account/usage", limit="1"))
    except ProblemError as trouble:
        raise to_error(trouble.problem) from trouble
    raw = answer.get("balance", answer.get("current_balance"))
    return json_coerce.money(json_coerce.mapping(raw).get("amount", raw))


def read_event(raw: object) -> UsageEvent | None:
    """One event in the documented shape; None when it has no id."""
    body: Any = json_coerce.mapping(raw)
    if not isinstance(body.get("id"), str | int):
        return None
    tokens, cost = json_coerce.mapping(body.get("tokens")), json_coerce.mapping(body.get("cost"))
    tools = json_coerce.mapping(json_coerce.mapping(body.get("metadata")).get("tool_usage"))
    counts = {str(name): json_coerce.count(value) for name, value in tools.items()}
    return UsageEvent(
        id=str(body["id"]),
        model=json_coerce.text(body.get("model")),
        endpoint=json_coerce.text(body.get("endpoint")),
        at=next((at for name in TIME_FIELDS if (at := _time(body.get(name))) is not None), None),
        input=json_coerce.count(tokens.get("input")) or 0,
        cached=json_coerce.count(tokens.get("cached")) or 0,
        output=json_coerce.count(tokens.get("output")) or 0,
        cost=json_coerce.money(cost.get("amount", body.get("cost"))) or Decimal(0),
        status=json_coerce.text(body.get("status")),
        error=json_coerce.text(body.get("error")),
        tools=MappingProxyType({name: value for name, value in counts.items() if value}),
    )


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _time(raw: object) -> datetime | None:
    seconds = json_coerce.count(raw)
    try:
        if seconds is not None:
            return datetime.fromtimestamp(seconds, UTC)
        at = datetime.fromisoformat(json_coerce.text(raw))
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
