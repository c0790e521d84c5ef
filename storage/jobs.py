"""Queue jobs and notify inside the stores' own transactions; on SQLite there are none.

On PostgreSQL each accepted turn brings a job of procrastinate, whose lock is the conversation: a job means "somebody
see to this conversation, one at a time" and nothing else, so a job too many does no harm. Its queue is named after
the platform, so that a process takes up only what it can answer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from bot.types import ConversationKey, TurnId
from storage.tables import key_columns

TASK = "seedling.conversation"
STOP_CHANNEL = "seedling_stop"
PLAYGROUND_CHANNEL = "seedling_playground"
LIFE_LOCK = 0x5EED1
"""The class of the advisory locks that processes which run turns hold while they live, each under its worker's id."""

MOST_IDS = 500  # of one notification, whose payload PostgreSQL limits to 8,000 bytes

_ADD = sa.text(
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(CAST(:queue AS varchar), :task, 0, CAST(:lock AS text), "
    "NULL, CAST(:args AS jsonb), NULL)]::procrastinate_job_to_defer_v1[])"
)

# procrastinate tells workers of new jobs only. The next job of a conversation would wait for a poll when the lock
# becomes free: https://github.com/procrastinate-org/procrastinate/issues/213
_HAND_OVER = """
CREATE FUNCTION seedling_notify_next_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.lock IS NOT NULL
        AND EXISTS (SELECT 1 FROM procrastinate_jobs WHERE lock = OLD.lock AND status = 'todo')
    THEN
        PERFORM pg_notify(
            'procrastinate_queue_v1#' || OLD.queue_name,
            json_build_object('type', 'job_inserted', 'job_id', OLD.id)::text
        );
    END IF;
    RETURN NULL;
END;
$$;
CREATE TRIGGER seedling_job_updated AFTER UPDATE OF status ON procrastinate_jobs
    FOR EACH ROW WHEN (OLD.status = 'doing') EXECUTE FUNCTION seedling_notify_next_job();
CREATE TRIGGER seedling_job_deleted AFTER DELETE ON procrastinate_jobs
    FOR EACH ROW WHEN (OLD.status = 'doing') EXECUTE FUNCTION seedling_notify_next_job();
"""

_LIVING = sa.text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = :life AND objsubid = 2 "
    "AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_WRITING_EVENTS = sa.text(
    "SELECT tgname FROM pg_trigger WHERE tgrelid = 'procrastinate_jobs'::regclass AND tgenabled <> 'D' "
    "AND tgname IN ('procrastinate_trigger_status_events_insert_v1', 'procrastinate_trigger_status_events_update_v1')"
)


def install(connection: sa.Connection) -> None:
    """Make the queue's tables where there are none, and our triggers; part of the migration's transaction.

    Its history of each job, which nobody here reads and which goes with the job, is not written.
    """
    driver: Any = connection.connection.driver_connection
    if connection.scalar(sa.text("SELECT to_regclass('procrastinate_jobs')")) is None:
        # The package's own text, read as a file: importing the package here would cost every start on SQLite.
        driver.execute((resources.files("procrastinate") / "sql" / "schema.sql").read_text(encoding="utf-8"))
        driver.execute(_HAND_OVER)
    for name in connection.execute(_WRITING_EVENTS).scalars().all():
        connection.exec_driver_sql(f'ALTER TABLE procrastinate_jobs DISABLE TRIGGER "{name}"')


def living(session: Session) -> int:
    """Return how many processes run turns at this moment; one that was killed counts no more."""
    return int(session.connection().execute(_LIVING, {"life": LIFE_LOCK}).scalar_one())


def add(session: Session, key: ConversationKey) -> None:
    """See to it that a conversation is seen to, once the transaction is committed."""
    args = json.dumps(key_columns(key))
    add_job = _ADD.bindparams(queue=key.platform, task=TASK, lock=str(key), args=args)
    session.connection().execute(add_job)


def announce_stop(session: Session, key: ConversationKey, turns: Sequence[TurnId]) -> None:
    """Tell every process that these turns of a conversation are to be stopped, once the transaction is committed."""
    payload = json.dumps({**key_columns(key), "turns": list(turns)[:MOST_IDS]})
    _tell(session, STOP_CHANNEL, payload)


def announce_playground(session: Session) -> None:
    """Wake the processes that show the playground, once the transaction is committed."""
    _tell(session, PLAYGROUND_CHANNEL, "")


def _tell(session: Session, channel: str, payload: str) -> None:
    notify = sa.text("SELECT pg_notify(:channel, :payload)").bindparams(channel=channel, payload=payload)
    session.connection().execute(notify)
