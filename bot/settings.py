"""The operator's settings: the only reader of the environment and of `.env`.

Names are those that people know from the platforms. A wrong or missing setting raises `ConfigError`, which names the
variable and the fix and never shows a value. What one platform alone needs is a `PlatformSettings` in its own folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from bot.errors import ConfigError
from bot.time_zones import find_zone
from bot.types import EMPTY
from bot.types.budget_use import MOST_DOLLARS

SEED_BASE_URL = "https://api.empiriolabs.ai/v1"
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
ENV_FILE: Final = Path(".env")
MOST_GRACE_SECONDS: Final = 86_400
MOST_RETENTION_DAYS: Final = 36_500  # a date that long ago can still be reckoned with
DEFAULT_HEALTH_PORT: Final = 8081
LEAST_PASSWORD: Final = 12
"""Characters of a password of the web."""

Wire = Literal["chat", "responses", "messages"]
Dialect = Literal["gateway", "ark", "plain"]
DocsMode = Literal["auto", "text", "pages", "file_part"]

ENVIRONMENT: Final = SettingsConfigDict(
    env_file=str(ENV_FILE), env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
)
"""How every settings model reads the environment."""


def _check_http_url(value: str) -> str:
    if not _names_a_server(value, ("http", "https")):
        raise ValueError("must be a URL that starts with http:// or https:// and names a server")
    return value.rstrip("/")


def _check_websocket_url(value: str) -> str:
    if not _names_a_server(value, ("ws", "wss")):
        raise ValueError("must be a URL that starts with ws:// or wss:// and names a server")
    return value


def _names_a_server(value: str, schemes: Sequence[str]) -> bool:
    """Return whether a URL can be asked at all; white space in it would only fail once it is."""
    try:
        parts = urlsplit(value)
        has_port = parts.port != 0  # raises for one that is no number or too large
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname) and has_port and not re.search(r"\s", value)


def _check_text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("must be UTF-8 text") from None
    return value


_DATABASE_URL: Final = re.compile(r"sqlite(\+(aiosqlite|pysqlite))?://|postgres(ql)?(\+(asyncpg|psycopg|psycopg2))?://")
"""Drivers are those that other programs write there; ours takes their place."""

_CREDENTIALS: Final = re.compile(r"(?<=\w)://[^/@\s]*@")

_NAMES_OF_FILES: Final = frozenset({"database_url", "state_folder"})
"""Settings in which any bytes may stand: names of files are no text."""

HttpUrl = Annotated[str, AfterValidator(_check_http_url)]
WebsocketUrl = Annotated[str, AfterValidator(_check_websocket_url)]


class SecretFiles(PydanticBaseSettingsSource):
    """Secrets from files, as containers mount them: NAME_FILE names the file of what NAME would hold."""

    def __init__(self, kind: type[BaseSettings], told: Mapping[str, str | None]) -> None:
        super().__init__(kind)
        self._told = told

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return what a secret's file holds, None where no file is named. Raises `ConfigError`."""
        variable = f"{field_name}_file".upper()
        path = self._told.get(variable.lower())
        if not path or not _is_secret(field_name, field):
            return None, field_name, False
        if self._told.get(field_name):
            raise ConfigError(variable, f"must not be set beside {field_name.upper()}; keep one of the two")
        try:
            return Path(path).read_text(encoding="utf-8").strip() or None, field_name, False
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
            raise ConfigError(variable, f"names a file that cannot be read: {why}") from None

    def __call__(self) -> dict[str, Any]:
        """Return every secret that a file holds, by name."""
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def _is_secret(name: str, field: FieldInfo) -> bool:
    """Return whether a setting is secret, as a whole or in a part as an address with a password is."""
    return name == "database_url" or SecretStr in (field.annotation, *get_args(field.annotation))


class EnvironmentSettings(BaseSettings):
    """Settings as every part reads them: from the environment, `.env`, and files of secrets; no secret is printed."""

    model_config = ENVIRONMENT

    @field_validator("*", mode="before")
    @classmethod
    def _is_text(cls, value: Any, info: ValidationInfo) -> Any:
        return _check_text(value) if isinstance(value, str) and info.field_name not in _NAMES_OF_FILES else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - one folder with all secrets is not used
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return where settings come from, what counts first in front."""
        told: dict[str, str | None] = {}
        for source in (dotenv_settings, env_settings):
            if isinstance(source, EnvSettingsSource):
                told |= source.env_vars
        return init_settings, env_settings, dotenv_settings, SecretFiles(settings_cls, told)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Yield what is printed: of addresses without the name and password in them."""
        for name, value in super().__repr_args__():
            yield name, _CREDENTIALS.sub("://***@", value) if isinstance(value, str) else value


class Settings(EnvironmentSettings):
    """Everything an operator can set beside the platforms; frozen, read once, handed down as plain arguments."""

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
    seed_requests_per_minute: int | None = Field(
        None, ge=1, le=1_000_000, description="most requests in a minute; by default 45, or what the API tells"
    )
    seed_tokens_per_minute: int | None = Field(
        None, ge=1_000, le=10**12, description="most tokens in a minute; by default 1,800,000, or what the API tells"
    )
    seed_requests_at_once: int = Field(
        64, ge=1, le=1_000, description="most requests at once; it begins at 16 and follows what the API takes"
    )
    seed_fallback_url: HttpUrl | None = Field(
        None, description="another OpenAI-compatible API, asked while the first one is away"
    )
    seed_fallback_model: str | None = Field(
        None, description="name of the model that answers then, by default SEED_MODEL; without a URL at the same API"
    )
    seed_fallback_api_key: SecretStr | None = Field(None, description="its key; at the same API by default that one")
    docs_mode: DocsMode = Field(
        "auto",
        description="PDFs: auto (text, and pictures of pages that need it), text, pages (all as pictures) or file_part",
    )
    database_url: str = Field("sqlite:///seedling.db", description="sqlite:///FILE or postgresql://...")
    state_folder: Path = Field(Path("var"), description="folder of small files: the last prices, a secret for sessions")
    stop_grace_seconds: float = Field(
        25, ge=0, le=MOST_GRACE_SECONDS, description="how long answers may still run after SIGTERM"
    )
    burst_pause_seconds: float = Field(
        0,
        ge=0,
        le=10,
        description="wait this long for further messages; those that come before the first word are answered anyway",
    )
    retention_days: int | None = Field(
        None, ge=1, le=MOST_RETENTION_DAYS, description="delete conversations after this long without a question"
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
        None,
        description=f"password of the administrator, at least {LEAST_PASSWORD} characters; the simplest way to sign in",
    )
    oidc_issuer: HttpUrl | None = Field(None, description="address of an OpenID Connect provider to sign in with")
    oidc_client_id: str = Field("seedling", description="what the provider calls Seedling")
    oidc_client_secret: SecretStr | None = Field(None, description="secret that the provider gave for it")
    oidc_default_role: Literal["member", "viewer", "operator"] | None = Field(
        None, description="role of people whom the provider knows and who have no account; empty: they stay outside"
    )
    health_host: str = Field("127.0.0.1", description="address for /healthz, /readyz and /metrics")
    health_port: int | None = Field(
        None,
        ge=0,
        le=65_535,
        description=f"port for these, 0 for a free one; {DEFAULT_HEALTH_PORT} where nothing is set and it is free",
    )
    log_format: Literal["text", "json"] = Field("text", description="text, or json: one JSON object on each line")
    secret_key: SecretStr | None = Field(None, description="signs the playground's sessions and encrypts stored tokens")
    secret_key_before: SecretStr | None = Field(
        None, description="the SECRET_KEY before, for one start: what it has encrypted is encrypted anew"
    )

    @field_validator("database_url")
    @classmethod
    def _is_database_url(cls, value: str) -> str:
        if not _DATABASE_URL.match(value):
            raise ValueError("must start with sqlite:/// or postgresql://")
        return value if value.startswith("sqlite") else _check_text(value)

    @field_validator("console_password")
    @classmethod
    def _is_long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < LEAST_PASSWORD:
            raise ValueError(f"must have at least {LEAST_PASSWORD} characters")
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
    def has_fallback(self) -> bool:
        """Return whether another model is asked while the first is away."""
        return self.seed_fallback_url is not None or self.seed_fallback_model is not None

    @property
    def is_loopback(self) -> bool:
        """Return whether only this machine reaches the playground."""
        return self.host in LOOPBACK_HOSTS


class PlatformSettings(EnvironmentSettings):
    """Settings of one chat platform.

    The platform is joined as soon as one of the settings in `joined_by` is there.
    """

    joined_by: ClassVar[Sequence[str]]

    @property
    def is_joined(self) -> bool:
        """Return whether the platform is joined."""
        return any(getattr(self, name) is not None for name in self.joined_by)

    @property
    def is_begun(self) -> bool:
        """Return whether an operator means to join the platform, so that what is missing is worth telling."""
        return self.is_joined

    @property
    def retention_days(self) -> int | None:
        """Return how long the platform's terms let text be kept without a question where nothing else is set."""
        return None

    def need_joined(self, command: str) -> None:
        """Raise `ConfigError` when the platform is not joined, which `seedling COMMAND` needs."""
        if not self.is_joined:
            raise ConfigError(self.joined_by[0].upper(), f"must be set for 'seedling {command}'")


AnySettings = TypeVar("AnySettings", bound=BaseSettings)
AnyPlatformSettings = TypeVar("AnyPlatformSettings", bound=PlatformSettings)


def load_settings(env_file: Path | None = ENV_FILE, *, given: Mapping[str, str] = EMPTY) -> Settings:
    """Return the settings from the environment and `env_file`. Raises `ConfigError` for the first one that is wrong.

    Variables that are `given` by name count before those.
    """
    if unknown := [name for name in given if name.lower() not in Settings.model_fields]:
        raise ConfigError(unknown[0], "is no setting")
    return _load(Settings, env_file, given)


def load_platform_settings(kind: type[AnyPlatformSettings], env_file: Path | None = ENV_FILE) -> AnyPlatformSettings:
    """Return one platform's settings, read in the same way. Raises `ConfigError` for the first one that is wrong."""
    return _load(kind, env_file)


def plain(secret: SecretStr | None) -> str | None:
    """Return a secret as it is, None where it is not set."""
    return secret.get_secret_value() if secret else None


def _load(kind: type[AnySettings], env_file: Path | None, given: Mapping[str, str] = EMPTY) -> AnySettings:
    values: dict[str, Any] = {name.lower(): value for name, value in given.items()}
    try:
        return kind(_env_file=env_file, **values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "settings"
        raise ConfigError(name.upper(), _explain(kind, name, first["msg"])) from None
    except UnicodeDecodeError:
        raise ConfigError(str(env_file), "is not a UTF-8 text file; write NAME=value lines") from None


def _explain(kind: type[BaseSettings], name: str, message: str) -> str:
    field = kind.model_fields.get(name.lower())
    meant = f" ({field.description})" if field is not None and field.description else ""
    message = message.removeprefix("Value error, ")
    return f"{message[:1].lower()}{message[1:]}{meant}"
