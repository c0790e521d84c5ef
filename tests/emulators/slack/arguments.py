"""The arguments of a Web API call, however they were sent: query, form or JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tests.emulators.slack.errors import SlackError, missing

_BEARER, _BASIC = "bearer ", "basic "


class Arguments:
    """Named values; in forms all of them are strings, structures as JSON."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        """A string; a number is taken as its digits. Raises `SlackError` for a structure."""
        value = self.values.get(name)
        if value is None:
            return default
        if isinstance(value, bool | dict | list):
            raise SlackError("invalid_arguments", f"must be a string: {name}")
        return str(value)

    def need(self, name: str) -> str:
        """A string that must be there. Raises `SlackError`."""
        value = self.text(name)
        if not value:
            raise missing(name)
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean; forms write it as 1 and 0 or as true and false."""
        value = self.values.get(name)
        if value is None:
            return default
        return str(value).lower() in {"1", "true"}

    def number(self, name: str, default: int, most: int) -> int:
        """An integer between 1 and `most`. Raises `SlackError` (invalid_limit)."""
        try:
            value = int(self.text(name) or default)
        except ValueError:
            raise SlackError("invalid_limit") from None
        if not 1 <= value <= most:
            raise SlackError("invalid_limit", f"must be between 1 and {most}: {name}")
        return value

    def structure(self, name: str, code: str = "invalid_arguments") -> Any:
        """A list or object, also when it was sent as a JSON string; None when absent. Raises `SlackError`."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise SlackError(code, f"must be valid JSON: {name}") from None

    def names(self, name: str) -> list[str]:
        """A list of ids, sent as a list or with commas."""
        value = self.values.get(name)
        if isinstance(value, str) and value.startswith("["):
            value = self.structure(name)
        if isinstance(value, list):
            return [str(item) for item in value]
        return [part for part in str(value or "").split(",") if part]


async def read_arguments(request: web.Request, *, takes_json: bool) -> tuple[str, dict[str, Any]]:
    """The token and the arguments of a call. Raises `SlackError` for a body that cannot be read."""
    values: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json" and not takes_json:
        return _token(request, values), values
    if request.content_type == "application/json":
        raw = await request.text()
        try:
            body = json.loads(raw) if raw else {}
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        values |= body
    elif request.can_read_body:
        values |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    return _token(request, values), values


def _token(request: web.Request, values: dict[str, Any]) -> str:
    """Take the token out of header or arguments; keys from the header of `oauth.v2.access` become arguments."""
    given = values.pop("token", None)
    header = request.headers.get("Authorization", "")
    if header.lower().startswith(_BASIC):
        values |= _keys(header[len(_BASIC) :])
    return header[len(_BEARER) :] if header.lower().startswith(_BEARER) else str(given or "")


def _keys(credentials: str) -> dict[str, str]:
    """The app's keys as `oauth.v2.access` takes them in a header."""
    try:
        id, _, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
    except ValueError:
        raise SlackError("invalid_client_id") from None
    return {"client_id": id, "client_secret": secret}
