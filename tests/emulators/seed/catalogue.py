"""The model's row in the catalogue: limits, parameters, capabilities and prices.

The names inside `pricing_rows` are not published; those used here are an assumption, and `pricing` chooses among the
forms that readers of this catalogue are known to meet.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bot.parameters import Parameter
from bot.pricing import MILLION, RateCard
from tests.emulators.seed.options import Options
from tests.emulators.seed.validation import WIRE_PARAMETERS

CREATED = 1_772_236_800  # 28 February 2026, the day in the name of the provider's snapshot
MOST_OUTPUT = 128_000

# Where the product page differs from what Seedling sets by itself.
_PUBLISHED_DEFAULTS = {"enable_caching": False}


def model_row(options: Options, card: RateCard) -> dict[str, Any]:
    """The model as `GET /v1/models/{id}` tells it."""
    row: dict[str, Any] = {
        "id": options.model,
        "object": "model",
        "created": CREATED,
        "owned_by": "bytedance",
        "name": "Seed 2.0 Lite",
        "context_length": options.context_tokens,
        "max_output_tokens": MOST_OUTPUT,
        "input_modalities": ["text", "image", "video", "file", *(["audio"] if options.sound == "model" else [])],
        "output_modalities": ["text"],
        "supported_endpoints": ["/v1/chat/completions", "/v1/responses", "/v1/messages"],
        "supported_parameters": [_parameter_row(parameter) for parameter in WIRE_PARAMETERS.values()],
        "capabilities": {
            "streaming": True,
            "system_prompt": True,
            "tool_calling": True,
            "vision": True,
            "video_input": True,
            "web_search": True,
            "thinking": True,
            "citations": True,
        },
        "regions": ["ap-southeast"],
        "status": "ok",
    }
    published = options.cached_price == "published"
    match options.pricing:
        case "rows" | "rows_per_token":
            row["pricing_rows"] = _rows(card, per_token=options.pricing == "rows_per_token", cached=published)
        case "pricing":
            row["pricing"] = _pricing(card, cached=published)
        case "none":
            pass
    return row


def _parameter_row(parameter: Parameter) -> dict[str, Any]:
    row: dict[str, Any] = {"name": parameter.name, "type": "string" if parameter.choices else parameter.kind}
    if parameter.kind == "list":
        row["type"] = "string"
    default = _PUBLISHED_DEFAULTS.get(parameter.name, parameter.default)
    if default is not None:
        row["default"] = default
    if parameter.choices:
        row["enum"] = list(parameter.choices)
    elif parameter.kind in {"integer", "number"}:
        row["range"] = [parameter.low, parameter.high]
    return row


def _rows(card: RateCard, *, per_token: bool, cached: bool) -> list[dict[str, Any]]:
    """A row for each price: kind, tier by prompt tokens (`to` absent in the last), price and its unit."""
    rows = []
    ends = [tier.from_tokens for tier in card.tiers[1:]] + [None]
    for tier, end in zip(card.tiers, ends, strict=True):
        prices = {"input": tier.input, "output": tier.output, "cached_input": tier.cached if cached else None}
        for kind, price in prices.items():
            if price is None:
                continue
            row: dict[str, Any] = {"type": kind, "min_prompt_tokens": tier.from_tokens, "currency": "USD"}
            if end is not None:
                row["max_prompt_tokens"] = end
            row["unit"] = "token" if per_token else "1M tokens"
            row["price"] = str(price / MILLION) if per_token else float(price)
            rows.append(row)
    return rows


def _pricing(card: RateCard, *, cached: bool) -> dict[str, Any]:
    """Prices of the first tier in US dollars per token, as strings."""
    tier = card.tiers[0]
    prices: dict[str, Decimal | None] = {
        "prompt": tier.input,
        "completion": tier.output,
        "input_cache_read": tier.cached if cached else None,
    }
    return {name: f"{price / MILLION:f}" for name, price in prices.items() if price is not None}
