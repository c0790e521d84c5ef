"""Pigeon as the rest of the house knows it."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar

from pydantic import Field, SecretStr

from bot.checks import Check, within
from bot.errors import PlatformError
from bot.ports import Commands, Joining, ListeningPlatform, OpenStore, PlatformSpec
from bot.settings import HttpUrl, PlatformSettings, Settings, plain
from bot.standard_streams import say


class PigeonSettings(PlatformSettings):
    """One bot by its token."""

    joined_by: ClassVar[Sequence[str]] = ("pigeon_token",)

    pigeon_token: SecretStr | None = Field(None, description="joins Pigeon as that bot")
    pigeon_secret: SecretStr | None = Field(None, description="what Pigeon signs its webhooks with")
    pigeon_port: int = Field(3100, ge=0, le=65_535, description="port for Pigeon's webhooks, 0 for a free one")
    pigeon_api_url: HttpUrl = Field("https://pigeon.example/api", description="where Pigeon takes messages")


@asynccontextmanager
async def _open(joining: Joining[PigeonSettings]) -> AsyncIterator[ListeningPlatform]:
    from tests.third_platform.client import PigeonClient
    from tests.third_platform.platform import PigeonPlatform

    settings, address = joining.settings, (joining.core.host, joining.settings.pigeon_port)
    async with PigeonClient(settings.pigeon_api_url, plain(settings.pigeon_token)) as client:
        yield PigeonPlatform(client, secret=plain(settings.pigeon_secret), address=address, clock=joining.clock)


async def _check(settings: PigeonSettings, _core: Settings, seconds: float) -> AsyncIterator[Check]:
    name, fix = "Pigeon token", "put the token of your bot's page into PIGEON_TOKEN"
    yield await within(seconds, _check_token(settings, name, fix), name=name, fix="see that Pigeon can be reached")


async def _check_token(settings: PigeonSettings, name: str, fix: str) -> Check:
    from tests.third_platform.client import PigeonClient

    try:
        async with PigeonClient(settings.pigeon_api_url, plain(settings.pigeon_token)) as client:
            me = await client.call("GET", "/me")
    except PlatformError as error:
        return Check(name=name, ok=False, detail=str(error), fix=fix)
    return Check(name=name, ok=True, detail=f"the bot is {me['name']}")


def _add_commands(commands: Commands, _open_store: OpenStore) -> None:
    command = commands.add_parser("pigeon-events", help="print which webhooks to switch on for the bot")
    command.set_defaults(command=_print_events)


def _print_events(_: argparse.Namespace) -> int:
    say("message\nedit\ndeletion")
    return 0


SPEC = PlatformSpec(
    name="pigeon",
    title="Pigeon",
    guide="tests/third_platform",
    settings=PigeonSettings,
    open=_open,
    check=_check,
    add_commands=_add_commands,
)
