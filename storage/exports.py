"""Read from a database what operators take out of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlmodel import Session, col, select

from bot.ports.exports import THREAD_LENGTH
from bot.types import (
    ConversationKey,
    Entry,
    KeptFile,
    KeptMessage,
    PersonData,
    Purpose,
    RatedAnswer,
    Rating,
    Task,
    TurnId,
)
from storage.codec import as_utc
from storage.database import SqlPart, chunks, unit_of_work
from storage.exact_sum import exact_sum
from storage.tables import (
    IS_ASKED,
    ChannelMessageRow,
    ConversationRow,
    EntryMediaRow,
    EntryRow,
    FeedbackRow,
    LedgerRow,
    PersonRow,
    PlaygroundFileRow,
    ScheduleRow,
    SummaryMarkRow,
    TurnRow,
    is_of,
)
from storage.turn_rules import PLAYGROUND, posted


class SqlExports(SqlPart):
    """An `ExportStore` over a database."""

    @unit_of_work
    def rated_answers(self, session: Session, *, since: datetime, limit: int) -> Sequence[RatedAnswer]:
        return _rated(session, col(FeedbackRow.at) >= as_utc(since), limit=limit)

    @unit_of_work
    def person_data(self, session: Session, platform: str, id: str) -> PersonData:
        theirs = select(TurnRow).where(TurnRow.platform == platform, TurnRow.author_id == id)
        turns = session.exec(theirs.order_by(col(TurnRow.at), col(TurnRow.id))).all()
        asked = [_asked(session, row) for row in turns]
        read = _read(session, platform, id, {(row.key, f"m:{row.dedupe_key}") for row in turns})
        posts = _posts(session, id, asked) if platform == PLAYGROUND else []
        digests = select(ScheduleRow).where(ScheduleRow.platform == platform, ScheduleRow.author_id == id)
        marks = select(SummaryMarkRow).where(SummaryMarkRow.platform == platform, SummaryMarkRow.person == id)
        return PersonData(
            names=_names(session, platform, id, turns),
            messages=tuple(sorted((*asked, *read, *posts), key=lambda message: message.sent_at)),
            ratings=_ratings(session, platform, id),
            digests=tuple(row.to_schedule() for row in session.exec(digests.order_by(col(ScheduleRow.id)))),
            files=_files(session, id) if platform == PLAYGROUND else (),
            summaries_until={row.key: row.until for row in session.exec(marks)},
        )


def _rated(session: Session, *which: sa.ColumnElement[bool], limit: int | None = None) -> Sequence[RatedAnswer]:
    newest = (col(FeedbackRow.at).desc(), col(FeedbackRow.turn_id).desc(), col(FeedbackRow.person).desc())
    answers = select(FeedbackRow, TurnRow).join(TurnRow, col(TurnRow.id) == col(FeedbackRow.turn_id))
    rows = session.exec(answers.where(*which).order_by(*newest).limit(limit)).all()
    ids = {turn.id for _, turn in rows}
    asked, paid = _asked_with(session, ids), _requests(session, ids)
    rated = []
    for rating, turn in reversed(rows):
        draft, questions, lines = turn.to_turn().draft, [turn, *asked[turn.id]], paid[turn.id]
        rated.append(
            RatedAnswer(
                turn=turn.id,
                key=turn.key,
                person=rating.person,
                good=rating.good,
                at=rating.at,
                question="\n\n".join(filter(None, (row.text for row in questions))),
                answer="" if draft is None else draft.text,
                model=lines[-1].model if lines else "",
                parameters=turn.parameters,
                cost=exact_sum(Decimal(line.cost or 0) for line in lines),
                thread=_thread_before(session, questions),
            )
        )
    return rated


def _asked_with(session: Session, ids: set[TurnId]) -> Mapping[TurnId, list[TurnRow]]:
    """Return the questions that were answered together with these, in order."""
    found: defaultdict[TurnId, list[TurnRow]] = defaultdict(list)
    for some in chunks(sorted(ids)):
        merged = select(TurnRow).where(col(TurnRow.merged_into).in_(some), IS_ASKED)
        for row in session.exec(merged.order_by(col(TurnRow.at), col(TurnRow.id))):
            found[row.merged_into or 0].append(row)
    return found


def _requests(session: Session, ids: set[TurnId]) -> Mapping[TurnId, list[LedgerRow]]:
    """Return the requests that were made for these turns' answers, in order."""
    found: defaultdict[TurnId, list[LedgerRow]] = defaultdict(list)
    for some in chunks(sorted(ids)):
        lines = select(LedgerRow).where(col(LedgerRow.turn_id).in_(some), col(LedgerRow.purpose) != Purpose.NOTES)
        for line in session.exec(lines.order_by(col(LedgerRow.id))):
            found[line.turn_id].append(line)
    return found


def _thread_before(session: Session, questions: Sequence[TurnRow]) -> tuple[Entry, ...]:
    """Return the end of what stood in the transcript before these questions and their answer."""
    here = sa.select(col(ConversationRow.id)).where(is_of(ConversationRow, questions[0].key)).scalar_subquery()
    names = [f"a:{questions[0].id}", *(f"m:{row.dedupe_key}" for row in questions)]
    begin = (
        sa.select(sa.func.min(EntryRow.position))
        .where(col(EntryRow.conversation_id) == here, col(EntryRow.entry_id).in_(names))
        .scalar_subquery()
    )
    before = select(EntryRow).where(col(EntryRow.conversation_id) == here, col(EntryRow.position) < begin)
    rows = session.exec(before.order_by(col(EntryRow.position).desc()).limit(THREAD_LENGTH)).all()
    return tuple(row.to_entry(()).entry for row in reversed(rows))


# ---------------------------------------------------------------- what is kept of somebody


def _names(session: Session, platform: str, id: str, turns: Sequence[TurnRow]) -> tuple[str, ...]:
    names = {row.author_name for row in turns}
    if platform == PLAYGROUND:
        names.update(session.exec(select(PersonRow.name).where(PersonRow.id == id)))
        names.update(session.exec(select(ChannelMessageRow.author_name).where(ChannelMessageRow.author_id == id)))
    return tuple(sorted(names - {""}))


def _files(session: Session, person: str) -> tuple[KeptFile, ...]:
    row = PlaygroundFileRow
    names = ("id", "workspace", "channel", "name", "media_type", "at")
    columns = [*(col(getattr(row, name)) for name in names), sa.func.length(col(row.data)).label("size")]
    theirs = sa.select(*columns).where(col(row.author) == person).order_by(col(row.at), col(row.id))
    return tuple(
        KeptFile(
            id=found["id"],
            channel=ConversationKey(
                platform=PLAYGROUND, workspace=found["workspace"], channel=found["channel"], thread=""
            ),
            name=found["name"],
            media_type=found["media_type"],
            size=found["size"],
            at=as_utc(found["at"]),
        )
        for found in session.connection().execute(theirs).mappings()
    )


def _asked(session: Session, row: TurnRow) -> KeptMessage:
    carrier = row if row.merged_into is None else session.get(TurnRow, row.merged_into)
    draft = None if carrier is None or row.task is Task.CONTEXT else carrier.to_turn().draft
    return KeptMessage(
        key=row.key,
        message_id=row.source_id,
        sent_at=row.at,
        kind=row.task.value,
        text=row.text,
        files=tuple(file.name for file in row.to_incoming().attachments),
        parameters=row.overrides,
        answer="" if draft is None else draft.text,
    )


def _read(session: Session, platform: str, id: str, known: Set[tuple[ConversationKey, str]]) -> list[KeptMessage]:
    """Return what was read of somebody in threads and is no turn of theirs."""
    theirs = (col(ConversationRow.platform) == platform, col(EntryRow.author) == id)
    uses = (
        select(EntryMediaRow).join(EntryRow).join(ConversationRow).where(*theirs).order_by(col(EntryMediaRow.ordinal))
    )
    files: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
    for use in session.exec(uses):
        files[use.conversation_id, use.position].append(use.name)
    rows = session.exec(
        select(ConversationRow, EntryRow)
        .join(EntryRow)
        .where(*theirs)
        .order_by(col(EntryRow.at), col(EntryRow.entry_id))
    )
    return [
        KeptMessage(
            key=place.key,
            message_id=row.source_id,
            sent_at=row.at,
            kind="read",
            text=row.text,
            files=tuple(files[row.conversation_id, row.position]),
        )
        for place, row in rows
        if (place.key, row.entry_id) not in known
    ]


def _posts(session: Session, id: str, asked: Sequence[KeptMessage]) -> list[KeptMessage]:
    """Return what somebody wrote in the playground and is no turn of theirs."""
    row = ChannelMessageRow
    rows = session.exec(select(row).where(row.author_id == id).order_by(col(row.at), col(row.id)))
    return posted((row.to_message() for row in rows), asked)


def _ratings(session: Session, platform: str, id: str) -> tuple[Rating, ...]:
    rated = select(FeedbackRow, TurnRow).join(TurnRow, col(TurnRow.id) == col(FeedbackRow.turn_id))
    theirs = rated.where(FeedbackRow.person == id, TurnRow.platform == platform)
    rows = session.exec(theirs.order_by(col(FeedbackRow.at), col(FeedbackRow.turn_id)))
    return tuple(Rating(turn=turn.id, key=turn.key, good=item.good, at=item.at) for item, turn in rows)
