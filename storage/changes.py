"""What each change of `bot.effects` does to a database, within the session of a larger unit of work."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from sqlmodel import Session

from bot.context.window import without_notes
from bot.effects import (
    AcceptTurns,
    AddDigest,
    Change,
    ForgetConversation,
    ForgetNotes,
    ForgetPerson,
    NoteFeedback,
    Nothing,
    PauseDigest,
    RemoveDigest,
    SetParameters,
    StopTurns,
)
from bot.types import Schedule, TurnId
from storage.database import within
from storage.settings import SqlSettings
from storage.summaries import SqlSchedules
from storage.transcripts import SqlTranscripts
from storage.turns import SqlTurns
from storage.upkeep import SqlUpkeep


class SqlChanges(SqlTurns, SqlTranscripts, SqlSettings, SqlSchedules, SqlUpkeep):
    """The stores that commands, buttons and forms change."""


@singledispatch
def changed(change: Change[Any], store: SqlChanges, session: Session) -> Any:  # noqa: ARG001 - what each one gets
    """Make a change, part of a larger unit of work; what comes of it."""
    raise TypeError(f"{type(change).__name__} is no change that is known here")


@changed.register
def _(_change: Nothing, _store: SqlChanges, _session: Session) -> None:
    return None


@changed.register
def _(change: SetParameters, store: SqlChanges, session: Session) -> int:
    rows = 0
    for name, value in change.values.items():
        if value is None:
            rows += within(SqlSettings.remove_setting)(store, session, change.scope, name)
        else:
            within(SqlSettings.put_setting)(store, session, change.scope, name, value)
            rows += 1
    return rows


@changed.register
def _(change: AddDigest, store: SqlChanges, session: Session) -> Schedule:
    return within(SqlSchedules.add_schedule)(store, session, change.schedule)


@changed.register
def _(change: PauseDigest, store: SqlChanges, session: Session) -> None:
    within(SqlSchedules.pause_schedule)(store, session, change.id, paused=change.paused, next_at=change.next_at)


@changed.register
def _(change: RemoveDigest, store: SqlChanges, session: Session) -> None:
    within(SqlSchedules.remove_schedule)(store, session, change.id)


@changed.register
def _(change: ForgetNotes, store: SqlChanges, session: Session) -> bool:
    removed = within(SqlTranscripts.remove_entries)(store, session, change.key, source_id=change.source_id)
    conversation = within(SqlTranscripts.get_conversation)(store, session, change.key)
    without = without_notes(conversation, removed=removed)
    if without is not None:
        within(SqlTranscripts.save_conversation)(store, session, change.key, without)
    return without is not None


@changed.register
def _(change: ForgetConversation, store: SqlChanges, session: Session) -> int:
    return within(SqlUpkeep.forget_conversation)(store, session, change.key)


@changed.register
def _(change: ForgetPerson, store: SqlChanges, session: Session) -> int:
    return within(SqlUpkeep.forget_person)(store, session, change.platform, change.id)


@changed.register
def _(change: StopTurns, store: SqlChanges, session: Session) -> tuple[TurnId, ...]:
    return tuple(within(SqlTurns.request_stop)(store, session, change.key, author=change.author))


@changed.register
def _(change: NoteFeedback, store: SqlChanges, session: Session) -> None:
    within(SqlTurns.note_feedback)(store, session, change.turn, change.person, good=change.good)


@changed.register
def _(change: AcceptTurns, store: SqlChanges, session: Session) -> tuple[TurnId | None, ...]:
    return tuple(within(SqlTurns.accept)(store, session, each) for each in change.questions)
