"""What Slack delivers, by either way, handed to Bolt: acknowledged once it is stored, or when it is nothing to us."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.socket_mode.request import SocketModeRequest

logger = logging.getLogger(__name__)

NOT_STORED: Final = "seedling.not_stored"
"""In a request's context: the bot could not store it, so Slack must deliver it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """The answer to one delivery; `taken` False asks Slack to deliver it again."""

    taken: bool = True
    payload: Any = None


class Intake:
    """Dispatches deliveries; nothing in one of them can raise."""

    def __init__(self, app: AsyncApp) -> None:
        self._app = app

    async def envelope(self, envelope: Mapping[str, Any]) -> Acknowledgement:
        """What came over Socket Mode."""
        if not isinstance(envelope.get("payload"), dict):
            return Acknowledgement()  # the SDK would raise for some of these
        request = SocketModeRequest.from_dict(dict(envelope))
        if request is None:
            return Acknowledgement()
        return await self._dispatch(body=request.payload, headers=build_headers(request) or {}, mode="socket_mode")

    async def post(self, body: str, headers: Mapping[str, Any]) -> Acknowledgement:
        """What came over HTTP, its signature checked."""
        return await self._dispatch(body=body, headers=dict(headers), mode="http")

    async def _dispatch(self, *, body: Any, headers: Mapping[str, Any], mode: str) -> Acknowledgement:
        try:
            request = AsyncBoltRequest(mode=mode, body=body, headers=dict(headers))
            parsed: Any = request.body  # Bolt parses whatever is JSON
            if not isinstance(parsed, dict):
                return Acknowledgement()
            response = await self._app.async_dispatch(request)
        except Exception:
            logger.exception("a delivery of Slack could not be read")
            return Acknowledgement()
        if request.context.get(NOT_STORED):
            return Acknowledgement(taken=False)
        if response.status != 200:
            logger.info("a delivery of Slack was not handled", extra={"status": response.status})
            return Acknowledgement()
        return Acknowledgement(payload=_payload(response.body, response.first_headers().get("content-type", "")))


def _payload(body: str, content_type: str) -> Any:
    if not body:
        return None
    return json.loads(body) if content_type.startswith("application/json") else body
