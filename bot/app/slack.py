"""Slack, joined as the settings say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from adapters.slack.doctor import examine
from adapters.slack.platform import SlackOptions, SlackPlatform, open_slack
from bot.checks import Check
from bot.ports import Clock, Store
from bot.settings import Settings


@asynccontextmanager
async def open_slack_platform(settings: Settings, store: Store, *, clock: Clock) -> AsyncIterator[SlackPlatform]:
    """Slack, joined as the settings say. Raises `ConfigError` for settings that do not go together."""
    async with open_slack(_options(settings), store, clock=clock) as platform:
        yield platform


def check_slack(settings: Settings, *, seconds: float) -> AsyncIterator[Check]:
    """One row for each thing that can be wrong with Slack."""
    return examine(_options(settings), seconds=seconds)


def _options(settings: Settings) -> SlackOptions:
    return SlackOptions(
        bot_token=_plain(settings.slack_bot_token),
        app_token=_plain(settings.slack_app_token),
        signing_secret=_plain(settings.slack_signing_secret),
        client_id=settings.slack_client_id,
        client_secret=_plain(settings.slack_client_secret),
        secret_key=_plain(settings.secret_key),
        host=settings.host,
        port=settings.slack_port,
        api_url=settings.slack_api_url,
    )


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
