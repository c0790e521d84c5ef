"""What can be wrong between the bot and Discord, found out over REST without joining the gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from adapters.discord.rate_limits import DiscordLimits
from adapters.discord.rest import DiscordOptions, Rest, may_read_content
from bot.errors import ConfigError, PlatformError

FEW_STARTS: Final = 50
"""Of the 1,000 sessions that may be started a day (platform reference, 2.7)."""

PORTAL: Final = "discord.com/developers/applications"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; `ok` is None for what can be done without, `fix` "" where nothing is to be done."""

    name: str
    ok: bool | None
    detail: str
    fix: str = ""


async def examine(options: DiscordOptions) -> AsyncIterator[Finding]:
    """One finding after the other; the later ones only if the token is good."""
    rest = Rest(options, DiscordLimits())
    try:
        client = await rest.login()
        yield Finding(name="Discord", ok=True, detail=f"logged in as {client.user}, id {await rest.user_id()}")
        content = may_read_content((await rest.application()).flags)
        yield Finding(
            name="message content",
            ok=True if content else None,
            detail="the bot reads its threads and channels" if content else "mentions, replies and commands only",
            fix="" if content else f"switch on 'Message Content Intent' on the Bot page at {PORTAL}",
        )
        starts = (await rest.call("GET", "/gateway/bot"))["session_start_limit"]
        few = int(starts["remaining"]) < FEW_STARTS
        yield Finding(
            name="gateway",
            ok=not few,
            detail=f"{starts['remaining']} of {starts['total']} sessions may still be started today",
            fix="look for a process that starts again and again" if few else "",
        )
    except ConfigError as error:
        yield Finding(name="Discord", ok=False, detail="the token was refused", fix=str(error))
    except PlatformError as error:
        yield Finding(name="Discord", ok=False, detail=str(error), fix="try again when Discord can be reached")
    finally:
        await rest.aclose()


async def application_id(options: DiscordOptions) -> str:
    """The id of the application behind a token. Raises `ConfigError` and `PlatformError`."""
    rest = Rest(options, DiscordLimits())
    try:
        return str((await rest.application()).id)
    finally:
        await rest.aclose()
