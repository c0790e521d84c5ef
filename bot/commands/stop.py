"""Stop an answer."""

from __future__ import annotations

from typing import Final

from bot.access.roles import Role
from bot.commands.command import Call, Command
from bot.language import gettext, gettext_noop
from bot.ports import Store
from bot.turns.effects import Effect, StopTurns
from bot.turns.ownership import check_stop
from bot.types import ConversationKey, Entrance, Incoming, TurnId


async def stop_turns(key: ConversationKey, asked: Incoming, role: Role, store: Store) -> StopTurns:
    """Return the change that stops what is answered to the author of `asked`, or all of it for a manager.

    Raises `InvalidInput` when only others' questions are being answered.
    """
    until = asked.sent_at if asked.entrance is Entrance.BUTTON else None  # of commands not every platform tells when
    if role >= Role.MANAGER:
        return StopTurns(key=key, until=until)
    check_stop(asked.author, await store.stoppable_by(key))
    return StopTurns(key=key, author=asked.author.id, until=until)


def _told(stopped: tuple[TurnId, ...]) -> str:
    return gettext("Stopped.") if stopped else gettext("Nothing is being answered here.")


async def _stop(call: Call) -> Effect[tuple[TurnId, ...]]:
    incoming, role = call.incoming, call.permissions.role
    return Effect(change=await stop_turns(incoming.key, incoming, role, call.services.store), tell=_told)


COMMAND: Final = Command(
    name="stop", help=gettext_noop("Stop the answer being written here."), group="tell", handler=_stop
)
