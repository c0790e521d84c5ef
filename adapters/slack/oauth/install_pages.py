"""Pages of the OAuth flow that installs the app in a workspace.

https://docs.slack.dev/authentication/installing-with-oauth
"""

from __future__ import annotations

import hmac
import logging
from datetime import timedelta
from typing import Final, Protocol
from urllib.parse import urlencode

from slack_sdk.oauth.installation_store.models.bot import Bot
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from adapters.slack.api.client import SlackClient
from adapters.slack.api.errors import SlackApiError, SlackUnknownOutcome
from adapters.slack.connection.http_server import only
from adapters.slack.manifest import RETURN_PATH, SCOPES
from adapters.slack.oauth.installation_store import Installations
from adapters.slack.oauth.token_rotation import AppSecrets, expiry
from adapters.slack.payloads import Authorization
from adapters.slack.settings import PLATFORM
from bot.access.audit_trail import person_key
from bot.errors import StorageError
from bot.one_time_secrets import OneTimeSecrets
from bot.ports import AdapterStateStore, AuditStore, Clock
from bot.types import AuditRecord

logger = logging.getLogger(__name__)

INSTALL_PATH: Final = "/slack/install"
AUTHORIZE_URL: Final = "https://slack.com/oauth/v2/authorize"
STATE_LIFETIME: Final = timedelta(minutes=10)
COOKIE: Final = "seedling_slack_install"
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class States(OneTimeSecrets):
    """The secrets of installations under way; each works once, in the browser that began."""

    def __init__(self, state: AdapterStateStore, clock: Clock) -> None:
        super().__init__(state, clock, platform=PLATFORM, prefix="state/", lifetime=STATE_LIFETIME)


class InstallStore(AdapterStateStore, AuditStore, Protocol):
    """Stores that an installation is written to."""


class InstallPages:
    """Two pages: one that leads to Slack, one that Slack leads back to; `url` is Slack's page of consent."""

    def __init__(
        self, installations: Installations, store: InstallStore, calls: SlackClient, app: AppSecrets, clock: Clock
    ) -> None:
        self._installations = installations
        self._states = States(store, clock)
        self._audit = store
        self._calls = calls
        self._app = app
        self._clock = clock
        self.url = AUTHORIZE_URL

    def routes(self) -> list[Route]:
        """Return where they are; looking with HEAD neither begins nor ends anything."""
        return [only("GET", INSTALL_PATH, self.begin), only("GET", RETURN_PATH, self.end)]

    async def begin(self, request: Request) -> Response:
        """Lead to Slack's page of consent."""
        try:
            state = await self._states.issue()
        except StorageError:
            return _page("The database cannot be reached. Please try again in a moment.", status=503)
        query = {"client_id": self._app.client_id, "scope": ",".join(SCOPES), "state": state}
        response = Response(status_code=302, headers={**_HEADERS, "Location": f"{self.url}?{urlencode(query)}"})
        secure = request.url.scheme == "https" or request.headers.get("X-Forwarded-Proto") == "https"
        age = int(STATE_LIFETIME.total_seconds())
        response.set_cookie(COOKIE, state, max_age=age, httponly=True, secure=secure, samesite="lax")
        return response

    async def end(self, request: Request) -> Response:
        """Take what Slack gives for the consent."""
        state, cookie = request.query_params.get("state", ""), request.cookies.get(COOKIE, "")
        try:
            if not state or not hmac.compare_digest(state.encode(), cookie.encode()):
                return _page("This link belongs to another browser. Please begin again.", status=400)
            if not await self._states.use_up(state):
                return _page("This link was used already, or is too old. Please begin again.", status=400)
            if "error" in request.query_params:
                return _page("Nothing was installed.", status=200)
            return await self._install(request.query_params.get("code", ""))
        except StorageError:
            return _page("The database cannot be reached. Please try again in a moment.", status=503)

    async def _install(self, code: str) -> Response:
        arguments = {
            "client_id": self._app.client_id,
            "client_secret": self._app.client_secret,
            "code": code,
        }
        try:
            told = Authorization.read(await self._calls.call("oauth.v2.access", arguments, patience=10))
        except (SlackApiError, SlackUnknownOutcome) as error:
            logger.warning("the app was not installed", extra={"error": str(error)})
            return _page("Slack did not accept this. Please begin again.", status=502)
        await self._installations.async_save_bot(_bot(told, self._clock))
        team = told.team.id or told.enterprise.id
        who = person_key(PLATFORM, told.authed_user.id)
        place = f"{PLATFORM}/{team}"
        await self._audit.record_audit(
            AuditRecord(at=self._clock(), who=who, place=place, action="install", after=told.scope, via="web")
        )
        logger.info("the app was installed", extra={"team": team})
        return _page("Seedling is installed. Go back to Slack and say hello to it.", status=200)


def _bot(told: Authorization, clock: Clock) -> Bot:
    return Bot(
        app_id=told.app_id,
        enterprise_id=told.enterprise.id or None,
        enterprise_name=told.enterprise.name or None,
        team_id=told.team.id or None,
        team_name=told.team.name or None,
        bot_token=told.access_token,
        bot_id="",  # told by auth.test
        bot_user_id=told.bot_user_id,
        bot_scopes=told.scope,
        bot_refresh_token=told.refresh_token or None,
        bot_token_expires_at=expiry(told, clock),
        is_enterprise_install=told.is_enterprise_install,
        installed_at=clock().timestamp(),
    )


def _page(text: str, *, status: int) -> Response:
    body = f"<!doctype html><html lang=en><title>Seedling</title><p>{text}</p></html>"
    return HTMLResponse(body, status, headers=dict(_HEADERS))
