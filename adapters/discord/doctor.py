"""Check token, intents and gateway over REST, without connecting to the gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from adapters.discord.api.client import DiscordClient, DiscordOptions, may_read_content
from adapters.discord.api.rate_limits import DiscordLimits
from adapters.discord.payloads import ApplicationInfo, GatewayBot
from bot.checks import Check, within
from bot.errors import ConfigError, PlatformError

FEW_STARTS: Final = 50
"""Of the 1,000 sessions that may be started a day (platform reference, 2.7)."""

USER_INSTALL: Final = "1"
"""The key of installing for oneself in `integration_types_config`."""

PORTAL: Final = "discord.com/developers/applications"
AWAY: Final = "see that this machine reaches discord.com, and try again"


async def examine(options: DiscordOptions, *, seconds: float) -> AsyncIterator[Check]:
    """Yield row after row, each within `seconds`; the later ones only if the token is good. Raises nothing."""
    checks: dict[str, Callable[[DiscordClient], Awaitable[Check]]] = {
        "Discord token": _check_token,
        "message content": _check_content,
        "who adds it": _check_public,
        "gateway": _check_gateway,
    }
    rest = DiscordClient(options, DiscordLimits())
    try:
        for name, check in checks.items():
            found = await within(seconds, _checked(name, check(rest)), name=name, fix=AWAY)
            yield found
            if found.ok is False:
                return
    finally:
        await rest.aclose()


async def _checked(name: str, check: Awaitable[Check]) -> Check:
    try:
        return await check
    except ConfigError as error:
        return Check(name=name, ok=False, detail="the token was refused", fix=str(error))
    except PlatformError as error:
        return Check(name=name, ok=False, detail=str(error), fix=AWAY)


async def _check_token(rest: DiscordClient) -> Check:
    client = await rest.login()
    return Check(name="Discord token", ok=True, detail=f"logged in as {client.user}, id {await rest.user_id()}")


async def _check_content(rest: DiscordClient) -> Check:
    content = may_read_content((await rest.application()).flags)
    return Check(
        name="message content",
        ok=True if content else None,
        detail="the bot reads its threads and channels" if content else "mentions, replies and commands only",
        fix="" if content else f"switch on 'Message Content Intent' on the Bot page at {PORTAL}",
    )


async def _check_public(rest: DiscordClient) -> Check:
    """Tell who may add the bot, and so spend: `bot_public` and the ways of installing (resources/application)."""
    told = ApplicationInfo.read(await rest.call("GET", "/applications/@me"))
    to_people = USER_INSTALL in told.integration_types_config
    if told.bot_public:
        detail = "anybody on Discord can add this bot, and its answers are on your bill"
        fix = f"switch off 'Public Bot' on the Bot page at {PORTAL}"
        return Check(name="who adds it", ok=None, detail=detail, fix=fix)
    if to_people:
        detail = "only you add it to servers; it can also be installed for use outside of them"
        fix = f"switch off 'User Install' on the Installation page at {PORTAL}, if nobody is to"
        return Check(name="who adds it", ok=None, detail=detail, fix=fix)
    return Check(name="who adds it", ok=True, detail="only you, to servers")


async def _check_gateway(rest: DiscordClient) -> Check:
    starts = GatewayBot.read(await rest.call("GET", "/gateway/bot")).session_start_limit
    few = starts.remaining < FEW_STARTS
    return Check(
        name="gateway",
        ok=not few,
        detail=f"{starts.remaining} of {starts.total} sessions may still be started today",
        fix="look for a process that starts again and again" if few else "",
    )


async def application_id(options: DiscordOptions) -> str:
    """Return the id of the application behind a token. Raises `ConfigError` and `PlatformError`."""
    rest = DiscordClient(options, DiscordLimits())
    try:
        return str((await rest.application()).id)
    finally:
        await rest.aclose()
