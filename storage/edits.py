"""Apply edits of messages: before their message, while it waits, is answered, or was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, delete, or_, select, update

from bot.context.transcript import CORRECTION_ID, corrects_nothing
from bot.types import ConversationKey, Edit, NewEntry, Task, Turn, TurnState
from storage.codec import as_utc
from storage.database import put
from storage.deletion_fences import Changes, hold_alone, hold_together
from storage.tables import (
    HAS_SOURCE,
    IS_REMEMBERED,
    IS_WAITING,
    ConversationRow,
    EntryRow,
    MessageChangeRow,
    TurnRow,
    in_channel,
)
from storage.transcripts import append


def edit_message(session: Session, channel: ConversationKey, edit: Edit, *, is_awaited: bool, now: datetime) -> bool:
    """Follow an edit to the question, and to the conversations that carry the message; of several the newest counts.

    Return whether it counts.
    """
    hold_alone(session, channel.platform, channel.workspace)
    turns = asked_in(session, channel, [edit.message_id])
    before = Changes(session, channel, [edit.message_id]).messages.get(edit.message_id)
    known_at = [turn.edited_at for turn in turns if turn.edited_at is not None] + ([before.at] if before else [])
    if (before is not None and before.deleted) or max(known_at, default=edit.at) > edit.at:
        return False
    says_more = before is not None or any(row.text != edit.text for row in turns)
    waits = True in [_edit_turn(session, row, edit) for row in turns]  # each of them is edited
    corrected = _correct(session, channel, edit)
    if (waits and says_more) or ((is_awaited or before) and not turns and not corrected):
        put(session, MessageChangeRow, [MessageChangeRow.from_edit(channel, edit, kept_at=now).model_dump()])
    return True


def edit_waiting(session: Session, channel: ConversationKey, edit: Edit, *, asked: bool, now: datetime) -> None:
    """Follow an edit to what no request has carried yet: context, and questions where `asked`.

    What is being answered where `asked` is corrected once its answer is recorded.
    """
    hold_together(session, channel)
    is_queued = (col(TurnRow.state) == TurnState.QUEUED) & (col(TurnRow.task) == Task.ANSWER)
    waits = or_(IS_REMEMBERED, is_queued) if asked else IS_REMEMBERED
    is_newer = or_(col(TurnRow.edited_at).is_(None), col(TurnRow.edited_at) <= as_utc(edit.at))
    changed = (
        update(TurnRow)
        .where(*in_channel(TurnRow, channel), col(TurnRow.source_id) == edit.message_id, HAS_SOURCE, waits)
        .where(col(TurnRow.text) != "", is_newer)
        .values(text=edit.text, edited_at=as_utc(edit.at))
    )
    session.exec(changed.execution_options(synchronize_session=False))
    rows = [row for row in asked_in(session, channel, [edit.message_id]) if row.text != edit.text] if asked else []
    found = [(row, _answering(session, row)) for row in rows]
    under_way = [(row, answering) for row, answering in found if _is_being_answered(row, answering)]
    before = Changes(session, channel, [edit.message_id]).messages.get(edit.message_id) if under_way else None
    if not under_way or (before is not None and (before.deleted or before.at > edit.at)):
        return
    for row, answering in under_way:
        _note_edit(row, answering, edit)
    put(session, MessageChangeRow, [MessageChangeRow.from_edit(channel, edit, kept_at=now).model_dump()])


def _edit_turn(session: Session, row: TurnRow, edit: Edit) -> bool:
    """Change the text of a question; return whether the correction has to wait until its answer is recorded."""
    answering = _answering(session, row)
    _note_edit(row, answering, edit)
    if _is_being_answered(row, answering):
        return True
    if row.text and row.task is not Task.SUMMARY:
        row.text = edit.text
    return False


def _note_edit(row: TurnRow, answering: TurnRow, edit: Edit) -> None:
    """Note when a question was edited, and with the turn that answers it that one of its questions was."""
    row.edited_at = as_utc(edit.at)
    if answering.edited_at is None:
        answering.edited_at = answering.at  # earlier than any edit of its own


def _answering(session: Session, row: TurnRow) -> TurnRow:
    """Return the turn that answers a question, locked until the commit: itself, or the one that took it in."""
    return row if row.merged_into is None else session.get(TurnRow, row.merged_into, with_for_update=True) or row


def _is_being_answered(row: TurnRow, answering: TurnRow) -> bool:
    return answering.state is TurnState.RUNNING and answering.outcome is None and row.text != ""


def _correct(session: Session, channel: ConversationKey, edit: Edit) -> bool:
    """Append the correction wherever the message is in view; return whether it is in any transcript."""
    carried = session.exec(
        select(ConversationRow, EntryRow)
        .join(EntryRow)
        .where(
            *in_channel(ConversationRow, channel),
            col(EntryRow.source_id) == edit.message_id,
            HAS_SOURCE,
        )
    ).all()
    for row in {row.id: row for row, _ in carried}.values():
        here = [entry for of, entry in carried if of.id == row.id]
        in_view = any(entry.position >= row.window_start for entry in here)
        newer = any(entry.entry_id.startswith(CORRECTION_ID) and entry.at > as_utc(edit.at) for entry in here)
        last = max(here, key=lambda entry: entry.position)
        if in_view and not newer and not corrects_nothing(edit.correction, last.entry_id, last.text):
            append(session, row.key, [edit.correction])
    return bool(carried)


def overtake(row: TurnRow, change: Changes) -> MessageChangeRow | None:
    """Give a new message the text of the edit that came before it; return that edit, None for none."""
    edit = change.messages.get(row.source_id)
    if edit is None or edit.deleted:
        return None
    if row.task is not Task.SUMMARY:
        row.text = edit.text
    row.edited_at = edit.at
    return edit


def settle_edits(session: Session, turn: Turn) -> Sequence[NewEntry]:
    """Change the text of a turn's questions to what they say now; return the corrections of what was sent."""
    its_own = or_(col(TurnRow.id) == turn.id, col(TurnRow.merged_into) == turn.id)
    rows = session.exec(select(TurnRow).where(its_own, col(TurnRow.source_id) != "")).all()
    changes = Changes(session, turn.incoming.key, {row.source_id for row in rows})
    edits = [message for message in changes.messages.values() if not message.deleted]
    texts = {edit.message_id: edit.text for edit in edits}
    corrections = [edit.to_correction() for edit in sorted(edits, key=lambda each: each.at)]
    for row in rows:
        if row.source_id in texts and row.text and row.task is not Task.SUMMARY:
            row.text = texts[row.source_id]
    for edit in edits:
        session.delete(edit)
    return corrections


def forget_edits(session: Session, *whose: sa.ColumnElement[bool]) -> None:
    """Drop edits that wait for their messages."""
    session.exec(delete(MessageChangeRow).where(*whose, IS_WAITING))


def asked_in(session: Session, channel: ConversationKey, ids: Sequence[str]) -> list[TurnRow]:
    """Return the questions of a channel that came as these messages, locked until the commit."""
    theirs = select(TurnRow).where(*in_channel(TurnRow, channel), col(TurnRow.source_id).in_(ids), HAS_SOURCE)
    return list(session.exec(theirs.order_by(col(TurnRow.id)).with_for_update()))
