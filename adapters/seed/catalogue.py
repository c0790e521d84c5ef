"""Read a server's list of models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from adapters.seed import json_coerce
from adapters.seed.api_errors import ProblemError
from adapters.seed.http import SeedHttp

NO_SUCH_ADDRESS = frozenset({400, 404, 405, 501})


def model_path(name: str) -> str:
    """Return the address of the model's own row."""
    return f"/models/{quote(name, safe='')}"


async def model_rows(http: SeedHttp, name: str) -> Sequence[Any]:
    """Return the model's row from its own address, or all rows of the list where a server has only that.

    Raises `ProblemError`.
    """
    try:
        told = await http.get(model_path(name))
    except ProblemError as trouble:
        if trouble.problem.status not in NO_SUCH_ADDRESS:
            raise
        told = await http.get("/models")
    listed = json_coerce.mapping(told).get("data", told)
    return [listed] if isinstance(listed, dict) else json_coerce.items(listed)


def row_of(rows: Sequence[Any], name: str) -> Any:
    """Return the row of the model with that name, None where it is not listed."""
    return next((row for row in rows if json_coerce.mapping(row).get("id", name) == name), None)
