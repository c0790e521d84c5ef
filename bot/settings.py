"""The operator's settings: the only reader of the environment and of `.env`.

Names are those that people know from the platforms. A wrong or missing setting raises `ConfigError`, which names the
variable and the fix and never shows a value. What one platform alone needs is a `PlatformSettings` in its own folder.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal, TypeVar

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import ConfigError
from bot.time_zones import find_zone
from bot.types.budgets import MOST_DOLLARS

SEED_BASE_URL = "https://api.empiriolabs.ai/v1"
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
ENV_FILE: Final = Path(".env")

Wire = Literal["chat", "responses", "messages"]
Dialect = Literal["gateway", "ark", "plain"]
DocsMode = Literal["extract", "pages", "file_part"]

ENVIRONMENT: Final = SettingsConfigDict(
    env_file=str(ENV_FILE), env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
)
"""How every settings model reads the environment."""


def _check_http_url(value: str) -> str:
    if not re.match(r"https?://[^\s/]+", value):
        raise ValueError("must be a URL that starts with http:// or https://")
    return value.rstrip("/")


def _check_websocket_url(value: str) -> str:
    if not re.match(r"wss?://[^\s/]+", value):
        raise ValueError("must be a URL that starts with ws:// or wss://")
    return value


HttpUrl = Annotated[str, AfterValidator(_check_http_url)]
WebsocketUrl = Annotated[str, AfterValidator(_check_websocket_url)]


class Settings(BaseSettings):
    """Everything an operator can set beside the platforms; frozen, read once, handed down as plain arguments."""

    model_config = ENVIRONMENT

    seed_api_key: SecretStr | None = Field(None, description="key of the Seed API, sk-...")
    seed_base_url: HttpUrl | None = Field(None, description=f"an OpenAI-compatible API, by default {SEED_BASE_URL}")
    seed_model: str = Field("seed-2-0-lite", description="name of the model at that API")
    seed_wire: Wire = Field("chat", description="chat, responses or messages")
    seed_dialect: Dialect | None = Field(
        None, description="gateway, ark or plain: how it wants the parameters, where its host does not tell"
    )
    seed_context_tokens: int | None = Field(
        None,
        ge=256,
        le=100_000_000,
        description="tokens that question and answer may have together; asked of the API if empty",
    )
    docs_mode: DocsMode = Field(
        "extract",
        description="PDFs: extract (their text), pages (pictures of them) or file_part (the file); both cost more",
    )
    database_url: str = Field("sqlite:///seedling.db", description="sqlite:///FILE or postgresql://...")
    stop_grace_seconds: float = Field(25, ge=0, description="how long answers may still run after SIGTERM")
    burst_pause_seconds: float = Field(
        0,
        ge=0,
        le=10,
        description="wait this long for further messages; those that come before the first word are answered anyway",
    )
    retention_days: int | None = Field(
        None, ge=1, description="delete conversations after this long without a question"
    )
    budget_usd_per_day: Decimal | None = Field(
        None, gt=0, le=MOST_DOLLARS, description="US dollars that may be spent in a day, as in 5 or 2.50"
    )
    budget_usd_per_month: Decimal | None = Field(
        None, gt=0, le=MOST_DOLLARS, description="US dollars that may be spent in a month"
    )
    budget_time_zone: str = Field("UTC", description="where such a day begins, as in Europe/Berlin")
    host: str = Field("127.0.0.1", description="address that the playground listens on")
    port: int = Field(8080, ge=0, le=65_535, description="port of the playground, 0 for a free one")
    console_password: SecretStr | None = Field(
        None, description="password of the playground, needed when HOST is not loopback"
    )
    secret_key: SecretStr | None = Field(None, description="signs the playground's sessions and encrypts stored tokens")

    @field_validator("database_url")
    @classmethod
    def _is_database_url(cls, value: str) -> str:
        if not re.match(r"(sqlite|postgres(ql)?)(\+\w+)?://", value):
            raise ValueError("must start with sqlite:/// or postgresql://")
        return value

    @field_validator("budget_time_zone")
    @classmethod
    def _is_time_zone(cls, value: str) -> str:
        if find_zone(value).key != value:
            raise ValueError("must be the name of a time zone")
        return value

    @property
    def uses_local_model(self) -> bool:
        """Return whether the embedded model answers: there is neither a key nor another server."""
        return self.seed_api_key is None and self.seed_base_url is None

    @property
    def model_url(self) -> str:
        """The base URL of the model API."""
        return self.seed_base_url or SEED_BASE_URL

    @property
    def is_loopback(self) -> bool:
        """Return whether only this machine reaches the playground."""
        return self.host in LOOPBACK_HOSTS


class PlatformSettings(BaseSettings):
    """Settings of one chat platform.

    The platform is joined as soon as one of the settings in `joined_by` is there.
    """

    model_config = ENVIRONMENT

    joined_by: ClassVar[Sequence[str]]

    @property
    def is_joined(self) -> bool:
        """Return whether the platform is joined."""
        return any(getattr(self, name) is not None for name in self.joined_by)

    @property
    def is_begun(self) -> bool:
        """Return whether an operator means to join the platform, so that what is missing is worth telling."""
        return self.is_joined

    def need_joined(self, command: str) -> None:
        """Raise `ConfigError` when the platform is not joined, which `seedling COMMAND` needs."""
        if not self.is_joined:
            raise ConfigError(self.joined_by[0].upper(), f"must be set for 'seedling {command}'")


AnySettings = TypeVar("AnySettings", bound=BaseSettings)
AnyPlatformSettings = TypeVar("AnyPlatformSettings", bound=PlatformSettings)


def load_settings(env_file: Path | None = ENV_FILE) -> Settings:
    """Return the settings from the environment and `env_file`. Raises `ConfigError` for the first one that is wrong."""
    settings = _load(Settings, env_file)
    if not settings.is_loopback and settings.console_password is None:
        raise ConfigError("CONSOLE_PASSWORD", f"must be set, because HOST={settings.host} lets other machines in")
    return settings


def load_platform_settings(kind: type[AnyPlatformSettings], env_file: Path | None = ENV_FILE) -> AnyPlatformSettings:
    """Return one platform's settings, read in the same way. Raises `ConfigError` for the first one that is wrong."""
    return _load(kind, env_file)


def plain(secret: SecretStr | None) -> str | None:
    """Return a secret as it is, None where it is not set."""
    return secret.get_secret_value() if secret else None


def _load(kind: type[AnySettings], env_file: Path | None) -> AnySettings:
    try:
        return kind(_env_file=env_file)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "settings"
        raise ConfigError(name.upper(), _explain(kind, name, first["msg"])) from None
    except UnicodeDecodeError:
        raise ConfigError(str(env_file), "is not a UTF-8 text file; write NAME=value lines") from None


def _explain(kind: type[BaseSettings], name: str, message: str) -> str:
    field = kind.model_fields.get(name.lower())
    meant = f" ({field.description})" if field is not None and field.description else ""
    return f"{message.removeprefix('Value error, ').lower()}{meant}"
