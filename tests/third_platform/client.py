"""Pigeon's HTTP interface; what it refuses is sorted here and nowhere else."""

from __future__ import annotations

from typing import Any

import httpx

from bot.errors import PlatformError, PlatformRefused


class Missing(PlatformRefused):
    """Something that was asked for is not there any more."""


class PigeonClient(httpx.AsyncClient):
    """Calls of one bot."""

    def __init__(self, url: str, token: str | None) -> None:
        super().__init__(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=10.0)

    async def call(self, method: str, path: str, **body: Any) -> Any:
        """Ask for something. Raises `PlatformError`, `PlatformRefused` and `Missing`."""
        what = f"{method} {path}"
        try:
            response = await self.request(method, path, json=body or None)
        except httpx.HTTPError as error:
            raise PlatformError(f"Pigeon could not be asked for {what}: {type(error).__name__}") from error
        status = response.status_code
        if status == 404:
            raise Missing(f"Pigeon has no {what}", reason="the message or room is not there any more")
        if status == 429 or status >= 500:
            raise PlatformError(f"Pigeon put {what} off with {status}")
        if status >= 400:
            raise PlatformRefused(f"Pigeon refused {what} with {status}", reason="Pigeon does not let me write here")
        return response.json()
