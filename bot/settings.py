"""The operator's settings: the only reader of the environment and of `.env`.

Names are those that people know from the platforms. A wrong or missing setting raises `ConfigError`, which names the
variable and the fix and never shows a value.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import ConfigError

SEED_BASE_URL = "https://api.empiriolabs.ai/v1"
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})

Wire = Literal["chat", "responses", "messages"]
DocsMode = Literal["extract", "pages", "file_part"]


class Settings(BaseSettings):
    """Everything an operator can set; frozen, read once, handed down as plain arguments."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    seed_api_key: SecretStr | None = Field(None, description="key of the Seed API, sk-...")
    seed_base_url: str | None = Field(None, description=f"an OpenAI-compatible API, by default {SEED_BASE_URL}")
    seed_model: str = Field("seed-2-0-lite", description="name of the model at that API")
    seed_wire: Wire = Field("chat", description="chat, responses or messages")
    seed_context_tokens: int | None = Field(
        None, ge=256, le=100_000_000, description="tokens that question and answer may have together, asked of the API"
    )
    docs_mode: DocsMode = Field(
        "extract",
        description="PDFs: extract (their text), pages (pictures of them) or file_part (the file itself), both dearer",
    )
    database_url: str = Field("sqlite:///seedling.db", description="sqlite:///FILE or postgresql://...")
    stop_grace_seconds: float = Field(25, ge=0, description="how long running answers may go on after SIGTERM")
    burst_pause_seconds: float = Field(
        1.5, ge=0, le=10, description="wait so long for more before answering, and answer it together, in order"
    )
    retention_days: int | None = Field(None, ge=1, description="forget conversations that rested so long")
    slack_bot_token: SecretStr | None = Field(None, description="xoxb-...: joins that Slack workspace")
    slack_app_token: SecretStr | None = Field(None, description="xapp-...: Socket Mode")
    slack_signing_secret: SecretStr | None = Field(None, description="for events over HTTP")
    slack_client_id: str | None = Field(None, description="of the Slack app, to install it in many workspaces")
    slack_client_secret: SecretStr | None = Field(None, description="goes with SLACK_CLIENT_ID")
    slack_port: int = Field(3000, ge=0, le=65_535, description="port for Slack's events over HTTP, 0 for a free one")
    slack_api_url: str | None = Field(None, description="another server in place of Slack's Web API")
    discord_token: SecretStr | None = Field(None, description="joins Discord as that bot")
    discord_api_url: str | None = Field(None, description="another server in place of Discord's REST API")
    discord_gateway_url: str | None = Field(None, description="another server in place of Discord's gateway")
    host: str = Field("127.0.0.1", description="address that the playground listens on")
    port: int = Field(8080, ge=0, le=65_535, description="port of the playground, 0 for a free one")
    console_password: SecretStr | None = Field(
        None, description="password of the playground, needed when HOST is not loopback"
    )
    secret_key: SecretStr | None = Field(None, description="signs the playground's sessions and encrypts stored tokens")

    @field_validator("seed_base_url", "slack_api_url", "discord_api_url")
    @classmethod
    def _is_http_url(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"https?://[^\s/]+", value):
            raise ValueError("must be a URL that starts with http:// or https://")
        return value.rstrip("/") if value else value

    @field_validator("discord_gateway_url")
    @classmethod
    def _is_websocket_url(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"wss?://[^\s/]+", value):
            raise ValueError("must be a URL that starts with ws:// or wss://")
        return value

    @field_validator("database_url")
    @classmethod
    def _is_database_url(cls, value: str) -> str:
        if not re.match(r"(sqlite|postgres(ql)?)(\+\w+)?://", value):
            raise ValueError("must start with sqlite:/// or postgresql://")
        return value

    @property
    def joins_slack(self) -> bool:
        """Whether Slack is joined: one workspace by its bot token, or many by installing the app."""
        return self.slack_bot_token is not None or self.slack_client_id is not None

    @property
    def joins_discord(self) -> bool:
        """Whether Discord is joined."""
        return self.discord_token is not None

    @property
    def uses_local_model(self) -> bool:
        """Whether the embedded model answers: there is neither a key nor another server."""
        return self.seed_api_key is None and self.seed_base_url is None

    @property
    def model_url(self) -> str:
        """The base URL of the model API."""
        return self.seed_base_url or SEED_BASE_URL

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches the playground."""
        return self.host in LOOPBACK_HOSTS


def load_settings(env_file: Path | None = Path(".env")) -> Settings:
    """The settings from the environment and `env_file`. Raises `ConfigError` for the first one that is wrong."""
    try:
        settings = Settings(_env_file=env_file)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        variable = str(first["loc"][0]).upper() if first["loc"] else "settings"
        raise ConfigError(variable, _explain(variable, first["msg"])) from None
    except UnicodeDecodeError:
        raise ConfigError(str(env_file), "is not a UTF-8 text file; write NAME=value lines") from None
    if not settings.is_loopback and settings.console_password is None:
        raise ConfigError("CONSOLE_PASSWORD", f"must be set, because HOST={settings.host} lets other machines in")
    return settings


def _explain(variable: str, message: str) -> str:
    field = Settings.model_fields[variable.lower()]
    return f"{message.removeprefix('Value error, ').lower()} ({field.description})"
