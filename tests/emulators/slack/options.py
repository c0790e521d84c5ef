"""What the emulator can be told at its start."""

from __future__ import annotations

from dataclasses import dataclass

APP_ID = "A0SEEDLING"
APP_TOKEN = "xapp-1-A0SEEDLING-emulator"
SIGNING_SECRET = "emulator-signing-secret"
CLIENT_ID = "100.200"
CLIENT_SECRET = "emulator-client-secret"
EVERY_SCOPE = (
    "app_mentions:read", "assistant:write", "channels:history", "channels:read", "chat:write", "commands",
    "files:read", "files:write", "groups:history", "groups:read", "im:history", "im:read", "im:write",
    "mpim:history", "mpim:read", "reactions:read", "usergroups:read", "users:read",
)  # fmt: skip
VERIFICATION_TOKEN = "emulator-verification-token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options of the emulator.

    `request_url`: where events and interactions are posted, signed; "" is Socket Mode.
    `limits`: whether rate limits hold. `minute_s`: how many seconds a minute of the rate limits lasts.
    `ack_s`: how long the app may take to acknowledge. `retry_delays_s`: the pauses before each further post.
    `redeliveries`, `redeliver_after_s`: how often an envelope is sent again, and after which pause, which doubles each
    time up to `redeliver_longest_s`; with 0 there it stays as it is.
    `scopes`: what the bot's token may do; () is everything but posting where the bot is not.
    `tells_scopes`: whether answers tell what the token may do, which other servers do not.
    `events`: what the app subscribes to, as in its manifest (`message.im`); () is all.
    `stream_limit_s`: after how long Slack ends a stream. `history_lag_s`: how late a posted message is found.
    `history_page`: the most messages of one page of a history, 0 is as many as Slack gives an app of one's own; those
    that are distributed get 15 (docs.slack.dev/reference/methods/conversations.history).
    `token_lifetime_s`: 0 is a token without rotation. `most_connections`: open at once, of one app.
    """

    app_token: str = APP_TOKEN
    bot_token: str = "xoxb-emulator-1"
    signing_secret: str = SIGNING_SECRET
    request_url: str = ""
    limits: bool = True
    minute_s: float = 60.0
    ack_s: float = 3.0  # Slack waits three seconds (Events API, Socket Mode)
    retry_delays_s: tuple[float, ...] = (0.0, 60.0, 300.0)  # at once, after one minute, after five (Events API)
    redeliver_after_s: float = 0.0
    redeliver_longest_s: float = 0.0
    redeliveries: int = 3
    scopes: tuple[str, ...] = ()
    tells_scopes: bool = True
    events: tuple[str, ...] = ()
    stream_limit_s: float = 300.0  # reported as about five minutes (slackapi/python-slack-sdk#1859)
    history_lag_s: float = 0.0
    history_page: int = 0
    token_lifetime_s: int = 0
    most_connections: int = 10  # per app (Socket Mode)
    keep_requests: int = 50_000
