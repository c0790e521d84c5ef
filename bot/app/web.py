"""Say what the web needs to know of the settings."""

from __future__ import annotations

from pathlib import Path

from adapters.web.frame import FrameOptions
from adapters.web.frame.accounts import Accounts
from adapters.web.frame.application import need_sign_in
from adapters.web.frame.openid import ProviderOptions
from adapters.web.roles import WebRole
from bot.app.database import open_database
from bot.errors import ConfigError
from bot.private_files import kept_secret
from bot.settings import Settings, plain

SECRET_NAME = Path("secret_key")
"""What signs cookies while SECRET_KEY is not set: made once, so that people stay who they are over a restart."""


def frame_options(settings: Settings) -> FrameOptions:
    """Return what the web needs to know. Raises `ConfigError` for half a provider."""
    return FrameOptions(
        host=settings.host,
        password=plain(settings.console_password),
        secret=plain(settings.secret_key) or kept_secret(settings.state_folder / SECRET_NAME),
        provider=_provider(settings),
    )


def _provider(settings: Settings) -> ProviderOptions | None:
    if settings.oidc_issuer is None:
        return None
    if settings.oidc_client_secret is None:
        raise ConfigError("OIDC_CLIENT_SECRET", "must be set beside OIDC_ISSUER")
    default = settings.oidc_default_role
    return ProviderOptions(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        default_role=WebRole[default.upper()] if default else WebRole.STRANGER,
    )


async def check_sign_in(settings: Settings, options: FrameOptions) -> None:
    """Raise `ConfigError` where the web would let other machines in without signing in."""
    if not settings.is_loopback and options.password is None and options.provider is None:
        async with open_database(settings) as store:
            await need_sign_in(options, Accounts(store))
