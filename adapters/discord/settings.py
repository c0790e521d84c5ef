"""Settings of Discord."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field, SecretStr

from bot.settings import HttpUrl, PlatformSettings, WebsocketUrl


class DiscordSettings(PlatformSettings):
    """One bot by its token."""

    joined_by: ClassVar[Sequence[str]] = ("discord_token",)

    discord_token: SecretStr | None = Field(None, description="joins Discord as that bot")
    discord_api_url: HttpUrl | None = Field(None, description="another server in place of Discord's REST API")
    discord_gateway_url: WebsocketUrl | None = Field(None, description="another server in place of Discord's gateway")
