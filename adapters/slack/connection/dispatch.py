"""Pass events of either connection to Bolt; acknowledge them once they are stored or irrelevant."""

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

from bot.event_errors import EventErrors

logger = logging.getLogger(__name__)

NOT_STORED: Final = "seedling.not_stored"
"""In a request's context: the bot could not store it, so Slack must deliver it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """The answer to one delivery; `taken` False asks Slack to deliver it again."""

    taken: bool = True
    payload: Any = None


class EventDispatcher:
    """Dispatches deliveries; nothing in one of them can raise."""

    def __init__(self, app: AsyncApp, errors: EventErrors) -> None:
        self._app = app
        self._errors = errors

    async def envelope(self, envelope: Mapping[str, Any]) -> Acknowledgement:
        """Return what came over Socket Mode."""
        if not isinstance(envelope.get("payload"), dict):
            return Acknowledgement()  # the SDK would raise for some of these
        request = SocketModeRequest.from_dict(dict(envelope))
        if request is None:
            return Acknowledgement()
        return await self._dispatch(body=request.payload, headers=build_headers(request) or {}, mode="socket_mode")

    async def post(self, body: str, headers: Mapping[str, Any]) -> Acknowledgement:
        """Return what came over HTTP, its signature checked."""
        return await self._dispatch(body=body, headers=dict(headers), mode="http")

    async def _dispatch(self, *, body: Any, headers: Mapping[str, Any], mode: str) -> Acknowledgement:
        parsed: Any = None
        try:
            request = AsyncBoltRequest(mode=mode, body=_with_team(body), headers=dict(headers))
            parsed = request.body  # Bolt parses whatever is JSON
            if not isinstance(parsed, dict):
                return Acknowledgement()
            response = await self._app.async_dispatch(request)
            if request.context.get(NOT_STORED):
                return Acknowledgement(taken=False)
            if response.status != 200:
                extra = {"event": kind_of(parsed), "status": response.status}
                logger.info("event from Slack not handled", extra=extra)
                return Acknowledgement()
            return Acknowledgement(payload=_payload(response.body, response.first_headers().get("content-type", "")))
        except Exception as error:  # noqa: BLE001 - told by its kind; the next delivery is taken
            self._errors.note(kind_of(parsed), error)
            return Acknowledgement()


def _with_team(body: Any) -> Any:
    """Return a delivery with its workspace where Bolt looks for it: in the first of `authorizations`, if there are any.

    Slack says that the list holds one that is visible to the app, not all that there is to know of it:
    https://docs.slack.dev/apis/events-api/#authorizations
    """
    parsed = json.loads(body) if isinstance(body, str) and body.startswith("{") else body
    team = parsed.get("team_id") if isinstance(parsed, Mapping) else None
    given = parsed.get("authorizations") if team else None
    if given is None:
        return body
    first = given[0] if isinstance(given, list) and given else None
    if isinstance(first, Mapping) and first.get("team_id"):
        return body
    told = [{**first, "team_id": team}] if isinstance(first, Mapping) else []
    fixed = {**parsed, "authorizations": told}
    return json.dumps(fixed) if isinstance(body, str) else fixed


def kind_of(body: object) -> str:
    """Return what a delivery is, in Slack's words: an event with its subtype, an interaction, a slash command."""
    if not isinstance(body, Mapping):
        return "delivery"
    event = body.get("event")
    if isinstance(event, Mapping):
        return ".".join(str(event[name]) for name in ("type", "subtype") if event.get(name))
    return str(body.get("type") or ("slash_commands" if "command" in body else "delivery"))


def _payload(body: str, content_type: str) -> Any:
    if not body:
        return None
    return json.loads(body) if content_type.startswith("application/json") else body
