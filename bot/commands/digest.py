"""Add, list, pause, resume and remove digests."""

from __future__ import annotations

from typing import Final

from bot.access.roles import Role
from bot.commands.arguments import Arg
from bot.commands.command import Call, Command, Result
from bot.language import gettext, gettext_noop
from bot.summary.digests import GRAMMAR, adds_digest, decide, is_digest_command


async def _digest(call: Call) -> Result:
    services, manages = call.services, call.permissions.role >= Role.MANAGER
    if adds_digest(call.arguments):
        call.require(
            "channel", gettext("add digests here. An administrator changes that: `/access setting digest everyone`.")
        )
    return await decide(call.arguments, call.incoming, services.store, manages=manages, now=services.clock())


COMMAND: Final = Command(
    name="digest",
    help=gettext_noop("Post a summary of this channel every day or week, at a time you choose."),
    group="ask",
    args=(
        Arg(
            name="words",
            kind="words",
            label=GRAMMAR,
            help=f"As in: {GRAMMAR}",
            high=200,
            is_clear=is_digest_command,
        ),
    ),
    example="/digest add weekly friday at 16:00",
    roles={"channel": Role.MANAGER},
    elsewhere=(
        gettext_noop(
            "I am not a member here, so I can neither read nor post. "
            "For digests, whoever manages this place has to invite me."
        )
    ),
    handler=_digest,
)
