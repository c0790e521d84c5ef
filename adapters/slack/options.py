"""Options of the connection to Slack."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from adapters.slack.api.directory import ROLE_SECONDS
from adapters.slack.api.limits import MINUTE_SECONDS, STREAM_SECONDS
from adapters.slack.connection.socket_mode import SocketModeOptions
from adapters.slack.settings import SlackSettings
from bot.settings import Settings, plain

HTTP_SECONDS: Final = 15.0
"""How long one call of the Web API may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackOptions:
    """Options of the connection to Slack: one workspace by `bot_token`, or many by `client_id` and `client_secret`.

    With `app_token` deliveries come over Socket Mode, else over HTTP at `host` and `port`, signed with
    `signing_secret`. `secret_key` encrypts stored tokens, and `secret_key_before` has until it came. `api_url` is
    another server than Slack's. `minute` is how many seconds a minute of Slack's limits lasts, `role_seconds` how long
    it is believed that somebody is an administrator, `code_entities` whether Slack shows `&lt;` in code as `<`.
    """

    bot_token: str | None = field(default=None, repr=False)
    app_token: str | None = field(default=None, repr=False)
    signing_secret: str | None = field(default=None, repr=False)
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    secret_key_before: str | None = field(default=None, repr=False)
    host: str = "127.0.0.1"
    port: int = 3000
    api_url: str | None = None
    http_seconds: float = HTTP_SECONDS
    stream_seconds: float = STREAM_SECONDS
    minute: float = MINUTE_SECONDS
    role_seconds: float = ROLE_SECONDS
    code_entities: bool = True
    sockets: SocketModeOptions = field(default_factory=SocketModeOptions)


def options_of(settings: SlackSettings, core: Settings) -> SlackOptions:
    """Return how Slack is joined as the settings say."""
    return SlackOptions(
        bot_token=plain(settings.slack_bot_token),
        app_token=plain(settings.slack_app_token),
        signing_secret=plain(settings.slack_signing_secret),
        client_id=settings.slack_client_id,
        client_secret=plain(settings.slack_client_secret),
        secret_key=plain(core.secret_key),
        secret_key_before=plain(core.secret_key_before),
        host=settings.slack_host or core.host,
        port=settings.slack_port,
        api_url=settings.slack_api_url,
        code_entities=settings.slack_code_entities,
    )
