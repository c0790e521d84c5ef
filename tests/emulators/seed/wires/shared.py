"""What more than one wire reads or writes in the same way."""

from __future__ import annotations

from typing import Any

from bot.types import Usage
from tests.emulators.seed import search, validation
from tests.emulators.seed.completion import Completion
from tests.emulators.seed.errors import invalid
from tests.emulators.seed.options import Options

_FORMATS = ("text", "json_object", "json_schema")


def wants_json(value: object, param: str) -> bool:
    """Whether a response format asks for JSON. Raises `ApiError` for an unknown one."""
    if value is None:
        return False
    kind = validation.mapping(value, param).get("type")
    if kind not in _FORMATS:
        raise invalid(f"{param}.type", f"expected one of {', '.join(_FORMATS)}")
    return bool(kind != "text")


def cost_fields(used: Usage, options: Options, prefix: str) -> dict[str, Any]:
    """The cost under the name that `options` choose, when it belongs under `prefix` ("usage." or "")."""
    if options.cost == "none" or used.reported_cost is None or ("." in options.cost) != bool(prefix):
        return {}
    return {options.cost.removeprefix(prefix): float(used.reported_cost)}


def source_fields(completion: Completion, options: Options) -> dict[str, Any]:
    """Sources at the top level of a body, in the form that `options` choose."""
    if not completion.pages:
        return {}
    match options.sources:
        case "citations":
            return {"citations": [page.url for page in completion.pages]}
        case "search_results":
            return {"search_results": search.result_rows(completion.pages)}
        case "references":
            return {"references": search.reference_rows(completion.pages)}
        case _:
            return {}
