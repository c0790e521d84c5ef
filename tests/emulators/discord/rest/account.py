"""Who the bot is, and where its gateway is."""

from __future__ import annotations

from tests.emulators.discord import payloads
from tests.emulators.discord.core import Core
from tests.emulators.discord.errors import unknown
from tests.emulators.discord.gateway import SESSION_STARTS_A_DAY
from tests.emulators.discord.rest.call import Call, Reply, Routes

_DAY_MS = 86_400_000


def me(core: Core, call: Call) -> Reply:
    """The bot's account."""
    return Reply(body=payloads.own_user(core.bot))


def application(core: Core, call: Call) -> Reply:
    """The application."""
    return Reply(body=core.application())


def gateway(core: Core, call: Call) -> Reply:
    """Where the gateway is."""
    return Reply(body={"url": core.gateway_url})


def gateway_bot(core: Core, call: Call) -> Reply:
    """Where the gateway is, how many shards to use and how many sessions may still be started."""
    limit = {
        "total": SESSION_STARTS_A_DAY,
        "remaining": core.gateway.starts_left(),
        "reset_after": _DAY_MS,
        "max_concurrency": core.options.max_concurrency,
    }
    return Reply(body={"url": core.gateway_url, "shards": core.options.shards, "session_start_limit": limit})


def user(core: Core, call: Call) -> Reply:
    """Any user."""
    found = core.users.get(call.id("user_id"))
    if found is None:
        raise unknown("User")
    return Reply(body=payloads.user(found))


def direct(core: Core, call: Call) -> Reply:
    """The channel of direct messages with somebody."""
    found = core.users.get(int(call.body.get("recipient_id") or 0))
    if found is None:
        raise unknown("User")
    return Reply(body=payloads.channel(core.direct(found)))


def guilds(core: Core, call: Call) -> Reply:
    """The guilds that the bot is in, in order of their ids."""
    after = int(call.query.get("after", 0))
    mine = [one for one in core.guilds.values() if core.bot.id in one.members and one.id > after]
    shown = mine[: int(call.query.get("limit", 200))]
    return Reply(
        body=[
            {
                "id": str(one.id),
                "name": one.name,
                "icon": None,
                "banner": None,
                "owner": False,
                "permissions": str(one.roles[one.id].permissions),
                "features": [],
            }
            for one in shown
        ]
    )


ROUTES: Routes = {
    ("GET", "/users/@me"): me,
    ("GET", "/users/@me/guilds"): guilds,
    ("POST", "/users/@me/channels"): direct,
    ("GET", "/users/{user_id}"): user,
    ("GET", "/applications/@me"): application,
    ("GET", "/oauth2/applications/@me"): application,
    ("GET", "/gateway"): gateway,
    ("GET", "/gateway/bot"): gateway_bot,
}
