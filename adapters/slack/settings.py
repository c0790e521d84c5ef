"""Settings of Slack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from pydantic import Field, SecretStr

from bot.settings import HttpUrl, PlatformSettings

PLATFORM: Final = "slack"
"""The part of Slack in a conversation key."""


class SlackSettings(PlatformSettings):
    """One workspace by its bot token, or many by installing the app."""

    joined_by: ClassVar[Sequence[str]] = ("slack_bot_token", "slack_client_id")

    slack_bot_token: SecretStr | None = Field(None, description="xoxb-...: joins that Slack workspace")
    slack_app_token: SecretStr | None = Field(None, description="xapp-...: Socket Mode")
    slack_signing_secret: SecretStr | None = Field(None, description="for events over HTTP")
    slack_client_id: str | None = Field(None, description="of the Slack app, to install it in many workspaces")
    slack_client_secret: SecretStr | None = Field(None, description="goes with SLACK_CLIENT_ID")
    slack_host: str | None = Field(None, description="address for Slack's events over HTTP, that of HOST if empty")
    slack_port: int = Field(3000, ge=0, le=65_535, description="port for Slack's events over HTTP, 0 for a free one")
    slack_code_entities: bool = Field(
        True,
        description="no where Slack shows &lt; in the code of answers as it is (docs/first-day.md tells how to see)",
    )
    slack_api_url: HttpUrl | None = Field(None, description="another server in place of Slack's Web API")

    @property
    def retention_days(self) -> int | None:
        """Return 30 where the app is installed in many workspaces: Slack's API terms forbid keeping for ever there.

        https://slack.com/terms-of-service/api
        """
        return None if self.slack_client_id is None else 30

    @property
    def is_begun(self) -> bool:
        """Return whether an operator means to join Slack: one of two tokens is worth a word."""
        return self.is_joined or self.slack_app_token is not None or self.slack_signing_secret is not None
