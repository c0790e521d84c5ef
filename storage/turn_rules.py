"""What holds for turns in every store."""

from __future__ import annotations

from bot.errors import StorageError
from bot.types import Turn, TurnState, takes_others


def is_plain(turn: Turn) -> bool:
    """Whether a queued question can be answered together with another: it asks for nothing of its own."""
    incoming = turn.incoming
    return takes_others(incoming) and not incoming.overrides and not incoming.reply_ref and not turn.stop


def ending(turn: Turn, error: str = "", cancelled: bool = False) -> TurnState:
    """The state in which a turn is closed. Raises `StorageError` when nothing was recorded that it could end in."""
    if cancelled:
        return TurnState.CANCELLED
    if error:
        return TurnState.FAILED
    if turn.outcome is None:
        raise StorageError(f"Turn {turn.id} has no recorded outcome to be closed with.")
    return turn.outcome
