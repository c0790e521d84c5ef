"""Stop an answer."""

from __future__ import annotations

from typing import Final

from bot.commands.command import Call, Command
from bot.effects import Effect, StopTurns
from bot.types import TurnId


def _told(stopped: tuple[TurnId, ...]) -> str:
    return "Stopped." if stopped else "Nothing is being answered here."


async def _stop(call: Call) -> Effect[tuple[TurnId, ...]]:
    return Effect(change=StopTurns(key=call.incoming.key), tell=_told)


COMMAND: Final = Command(name="stop", help="Stop the answer that is being written here.", group="tell", handler=_stop)
