"""The workspaces of an installation: the one of its token, or those in which the app is installed."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import Route

from adapters.slack.api.workspace import Connector, SingleWorkspace, Workspaces
from adapters.slack.oauth.install_pages import InstallPages, InstallStore
from adapters.slack.oauth.installation_store import Installations, cipher_of
from adapters.slack.oauth.installed_workspaces import InstalledWorkspaces
from adapters.slack.oauth.token_rotation import AppSecrets, Rotation
from adapters.slack.options import SlackOptions
from bot.errors import ConfigError
from bot.ports import Clock


def make_workspaces(
    options: SlackOptions, connector: Connector, state: InstallStore, clock: Clock
) -> tuple[Workspaces, Sequence[Route]]:
    """One workspace, or those in which the app is installed, with the pages that install it. Raises `ConfigError`."""
    if options.client_id is None:
        if options.bot_token is None:
            raise ConfigError("SLACK_BOT_TOKEN", "must be set, or SLACK_CLIENT_ID to install the app in workspaces")
        return SingleWorkspace(connector, options.bot_token), ()
    for name, value in (("SLACK_CLIENT_SECRET", options.client_secret), ("SECRET_KEY", options.secret_key)):
        if value is None:
            raise ConfigError(name, "must be set beside SLACK_CLIENT_ID, to install the app and keep its tokens")
    app = AppSecrets(client_id=options.client_id, client_secret=options.client_secret or "")
    before = list(filter(None, [options.secret_key_before]))
    installations = Installations(state, cipher_of(options.secret_key or "", *before), renews=bool(before))

    async def no_token() -> str:
        return ""

    calls = connector.calls(no_token)
    rotation = Rotation(installations, state, calls, app, clock)
    pages = InstallPages(installations, state, calls, app, clock)
    if options.api_url is not None:
        pages.url = f"{options.api_url.removesuffix('/api')}/oauth/v2/authorize"
    return InstalledWorkspaces(connector, installations, rotation), pages.routes()
