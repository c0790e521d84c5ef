"""Check tokens, scopes and Socket Mode over the Web API, without listening."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from adapters.slack.api.workspace import Connector
from adapters.slack.connection.socket_mode import OPEN, REFUSED
from adapters.slack.manifest import SCOPES
from adapters.slack.options import SlackOptions
from bot.checks import Check, within

GRANTED: Final = "x-oauth-scopes"
"""The header of every answer that lists what a token may do (https://docs.slack.dev/authentication/installing-with-oauth)."""

APPS: Final = "api.slack.com/apps"
AWAY: Final = "see that this machine reaches slack.com, and try again"
WRONG_BOT_TOKEN: Final = f"put the Bot User OAuth Token (xoxb-...) of the page 'OAuth & Permissions' at {APPS} there"
WRONG_APP_TOKEN: Final = (
    f"make an app-level token (xapp-...) with the scope connections:write on the page 'Basic Information' at {APPS}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiResult:
    """Result of one call: `error` is Slack's code, "" for none; `away` tells why there was no answer at all."""

    body: Mapping[str, Any]
    scopes: frozenset[str] | None = None
    error: str = ""
    away: str = ""


async def examine(options: SlackOptions, *, seconds: float) -> AsyncIterator[Check]:
    """Yield row after row, each within `seconds`; the later ones only if the token is good. Raises nothing."""
    async with aiohttp.ClientSession(trust_env=True) as session:
        connector = Connector(session, url=options.api_url, minute=options.minute)
        if options.client_id is not None:
            yield check_installing(options)
        elif options.bot_token is None:
            detail = "SLACK_BOT_TOKEN is not set, so Slack is not used"
            yield Check(name="Slack token", ok=False, detail=detail, fix=WRONG_BOT_TOKEN)
        else:
            answers: list[ApiResult] = []
            token = _check_token(connector, options.bot_token, answers)
            checked = await within(seconds, token, name="Slack token", fix=AWAY)
            yield checked
            if checked.ok:
                yield check_scopes(answers[0].scopes)
                yield await within(seconds, _check_app(connector, options, answers[0]), name="Slack app", fix=AWAY)
        if options.app_token is not None:
            yield await within(seconds, _check_socket(connector, options.app_token), name="Slack socket", fix=AWAY)
        else:
            yield check_signing(options)


# ---------------------------------------------------------------- what was heard, judged


def check_token(answer: ApiResult) -> Check:
    """Check whether Slack takes the bot's token, and whether it is a bot's."""
    name = "Slack token"
    if answer.away:
        return Check(name=name, ok=False, detail=answer.away, fix=AWAY)
    if answer.error:
        return Check(name=name, ok=False, detail=f"SLACK_BOT_TOKEN is refused ({answer.error})", fix=WRONG_BOT_TOKEN)
    if not answer.body.get("bot_id"):
        return Check(name=name, ok=False, detail="SLACK_BOT_TOKEN belongs to no bot", fix=WRONG_BOT_TOKEN)
    who, where = answer.body.get("user"), answer.body.get("team")
    return Check(name=name, ok=True, detail=f"the bot is @{who} in the workspace {where}")


def check_scopes(granted: frozenset[str] | None) -> Check:
    """Check what of the manifest's scopes the installed app lacks, and what each of those is for."""
    name = "Slack scopes"
    if granted is None:
        return Check(name=name, ok=None, detail="this server does not say what the token may do")
    missing = {scope: reason for scope, reason in SCOPES.items() if scope not in granted}
    if not missing:
        return Check(name=name, ok=True, detail=f"all {len(SCOPES)} of the manifest are granted")
    detail = "; ".join(f"{scope} is missing ({reason})" for scope, reason in missing.items())
    fix = f"paste the output of 'seedling manifest slack' on the page 'App Manifest' at {APPS}, then press 'Reinstall'"
    return Check(name=name, ok=False, detail=detail, fix=fix)


def check_socket(answer: ApiResult) -> Check:
    """Check whether Socket Mode lets the app in."""
    name = "Slack socket"
    if answer.away:
        return Check(name=name, ok=False, detail=answer.away, fix=AWAY)
    if answer.error in REFUSED:
        return Check(name=name, ok=False, detail=f"SLACK_APP_TOKEN is refused ({answer.error})", fix=WRONG_APP_TOKEN)
    if answer.error:
        fix = f"see that Socket Mode is on at {APPS}, and try again"
        return Check(name=name, ok=False, detail=f"Slack opens no connection ({answer.error})", fix=fix)
    return Check(name=name, ok=True, detail="Socket Mode lets the app in")


def check_app(ours: str, theirs: str) -> Check:
    """Check whether both tokens are of one app: events of another one would never come."""
    if not ours or not theirs:
        return Check(name="Slack app", ok=None, detail="Slack does not say which app the tokens belong to")
    if ours == theirs:
        return Check(name="Slack app", ok=True, detail=f"both tokens belong to {ours}")
    detail = f"SLACK_BOT_TOKEN belongs to {ours}, SLACK_APP_TOKEN to {theirs}: no messages would arrive"
    return Check(name="Slack app", ok=False, detail=detail, fix=f"take both tokens from one app at {APPS}")


def check_signing(options: SlackOptions) -> Check:
    """Check whether events over HTTP can be told from forged ones."""
    name = "Slack events"
    if options.signing_secret is None:
        fix = "set SLACK_APP_TOKEN for Socket Mode, or SLACK_SIGNING_SECRET for events over HTTP"
        return Check(name=name, ok=False, detail="there is no way to receive messages", fix=fix)
    detail = (
        f"over HTTP on port {options.port}, checked with SLACK_SIGNING_SECRET (whether it is right cannot be checked)"
    )
    return Check(name=name, ok=True, detail=detail)


def check_installing(options: SlackOptions) -> Check:
    """Check whether people can install the app in their workspaces."""
    values = {"SLACK_CLIENT_SECRET": options.client_secret, "SECRET_KEY": options.secret_key}
    missing = [name for name, value in values.items() if value is None]
    if missing:
        detail = f"{' and '.join(missing)} must be set beside SLACK_CLIENT_ID"
        return Check(name="Slack install", ok=False, detail=detail, fix="see docs/slack.md, 'Many workspaces'")
    detail = "people install the app; the token of each workspace is checked when it is used"
    return Check(name="Slack install", ok=None, detail=detail)


# ---------------------------------------------------------------- asking


async def _check_token(connector: Connector, token: str, answers: list[ApiResult]) -> Check:
    answers.append(await _ask(connector, "auth.test", token))
    return check_token(answers[0])


async def _check_socket(connector: Connector, token: str) -> Check:
    return check_socket(await _ask(connector, OPEN, token))


async def _check_app(connector: Connector, options: SlackOptions, who: ApiResult) -> Check:
    """Compare the apps of both tokens: bots.info tells that of a bot, an app-level token holds it (xapp-1-A...)."""
    if options.app_token is None:
        return Check(name="Slack app", ok=None, detail="there is one token only")
    asked = await _ask(connector, "bots.info", options.bot_token or "", bot=str(who.body["bot_id"]))
    bot = asked.body.get("bot")
    ours = str(bot.get("app_id") or "") if isinstance(bot, Mapping) else ""
    parts = options.app_token.split("-")
    return check_app(ours, parts[2] if len(parts) > 3 and parts[2].startswith("A") else "")


async def _ask(connector: Connector, method: str, token: str, **arguments: str) -> ApiResult:
    client = connector.client()
    client.token = token
    try:
        response = await client.api_call(method, data=arguments)
    except SlackApiError as error:
        body = error.response.data
        code = str(body.get("error", "")) if isinstance(body, dict) else ""
        return ApiResult(body={}, error=code or f"HTTP {error.response.status_code}")
    except (aiohttp.ClientError, SlackClientError, OSError, ValueError, AttributeError) as error:
        return ApiResult(body={}, away=f"Slack could not be asked ({type(error).__name__})")
    headers = {str(name).lower(): str(value) for name, value in response.headers.items()}
    told = headers.get(GRANTED)
    scopes = None if told is None else frozenset(part.strip() for part in told.split(","))
    return ApiResult(body=response.data if isinstance(response.data, dict) else {}, scopes=scopes)
