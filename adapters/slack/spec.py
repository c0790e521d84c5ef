"""Slack as a `PlatformSpec`; its SDK is imported only where it is used."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.slack.command_line import add_commands
from adapters.slack.settings import PLATFORM, SlackSettings
from bot.checks import Check
from bot.ports import Joining, ListeningPlatform, PlatformSpec
from bot.settings import Settings


@asynccontextmanager
async def _open(joining: Joining[SlackSettings]) -> AsyncIterator[ListeningPlatform]:
    from adapters.slack.options import options_of  # noqa: PLC0415 - the SDK is loaded only where joined
    from adapters.slack.platform import open_slack  # noqa: PLC0415 - the same

    options = options_of(joining.settings, joining.core)
    async with open_slack(options, joining.store, clock=joining.clock) as platform:
        yield platform


async def _check(settings: SlackSettings, core: Settings, seconds: float) -> AsyncIterator[Check]:
    from adapters.slack.doctor import examine  # noqa: PLC0415 - the same
    from adapters.slack.options import options_of  # noqa: PLC0415 - the same

    async for check in examine(options_of(settings, core), seconds=seconds):
        yield check


async def _try_out(settings: SlackSettings, core: Settings, channel: str, seconds: float) -> AsyncIterator[Check]:
    from adapters.slack.live_check import try_out  # noqa: PLC0415 - the same
    from adapters.slack.options import options_of  # noqa: PLC0415 - the same

    async for check in try_out(options_of(settings, core), channel, seconds=seconds):
        yield check


SPEC = PlatformSpec(
    name=PLATFORM,
    title="Slack",
    guide="docs/slack.md",
    settings=SlackSettings,
    open=_open,
    check=_check,
    try_out=_try_out,
    add_commands=add_commands,
)
