"""Keep everything: tables, migrations, the stores over them, and the queue."""

from storage.backup import back_up, copy_database
from storage.clock import open_clock
from storage.database import is_sqlite, parse_url
from storage.schema import migrate
from storage.single_instance import refuse_taken, single_conversation, single_instance
from storage.sql import SqlStore, open_store

__all__ = [
    "SqlStore",
    "back_up",
    "copy_database",
    "has_queue",
    "migrate",
    "open_clock",
    "open_store",
    "refuse_taken",
    "single_conversation",
    "single_instance",
]


def has_queue(database_url: str) -> bool:
    """Return whether turns are handed to processes by a queue, in any number of them: on PostgreSQL."""
    return not is_sqlite(parse_url(database_url))
