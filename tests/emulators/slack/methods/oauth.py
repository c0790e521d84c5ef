"""oauth.v2.access: codes for tokens, and new tokens for old ones."""

from __future__ import annotations

from typing import Any

from tests.emulators.slack.calls import Call
from tests.emulators.slack.errors import SlackError
from tests.emulators.slack.options import APP_ID, CLIENT_ID, CLIENT_SECRET
from tests.emulators.slack.world import Workspace

Json = dict[str, Any]


def access(call: Call) -> Json:
    """oauth.v2.access."""
    args = call.args
    if args.text("client_id") != CLIENT_ID:
        raise SlackError("invalid_client_id")
    if args.text("client_secret") != CLIENT_SECRET:
        raise SlackError("bad_client_secret")
    if args.text("grant_type") == "refresh_token":
        return _refreshed(call, args.text("refresh_token"))
    grant = call.slack.codes.pop(args.text("code"), None)
    if grant is None:
        raise SlackError("invalid_code")
    if args.text("redirect_uri", grant.redirect_uri) != grant.redirect_uri:
        raise SlackError("bad_redirect_uri")
    workspace = grant.workspace
    workspace.installed = True
    call.slack.renew_token(workspace)
    return _tokens(call, workspace) | {
        "authed_user": {"id": grant.person.id},
        "is_enterprise_install": False,
        "enterprise": None,
    }


def _refreshed(call: Call, refresh_token: str) -> Json:
    """Each refresh token works once."""
    for workspace in call.slack.world.workspaces.values():
        if refresh_token and workspace.refresh_token == refresh_token and workspace.installed:
            call.slack.renew_token(workspace)
            return _tokens(call, workspace)
    raise SlackError("invalid_refresh_token")


def _tokens(call: Call, workspace: Workspace) -> Json:
    told: Json = {
        "app_id": APP_ID,
        "access_token": workspace.token,
        "token_type": "bot",
        "scope": ",".join(call.slack.options.scopes) or "chat:write",
        "bot_user_id": workspace.bot.id,
        "team": {"id": workspace.id, "name": workspace.name},
    }
    lifetime = call.slack.options.token_lifetime_s
    return told | ({"refresh_token": workspace.refresh_token, "expires_in": lifetime} if lifetime else {})
