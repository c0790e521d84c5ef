"""The tables, and how their rows become values and values become rows."""

from storage.tables.base import KEY_COLUMNS, Keyed, Table, in_place, is_of, key_columns, place_of
from storage.tables.deliveries import NOTHING_OWED, DeliveryRow
from storage.tables.settings import AdapterStateRow, SettingRow
from storage.tables.summaries import ScheduleRow, SummaryMarkRow, SummaryPartRow
from storage.tables.transcripts import (
    ConversationRow,
    EntryMediaRow,
    EntryRow,
    MediaRow,
    conversation_columns,
    media_rows,
)
from storage.tables.turns import (
    ANSWER,
    IS_KEPT,
    IS_OPEN,
    IS_REMARKABLE,
    FeedbackRow,
    LedgerRow,
    TurnRow,
)
from storage.tables.workspaces import ChannelMessageRow, ChannelRow, PersonRow, WorkspaceRow, message_columns

__all__ = [
    "ANSWER",
    "IS_KEPT",
    "IS_OPEN",
    "IS_REMARKABLE",
    "KEY_COLUMNS",
    "NOTHING_OWED",
    "AdapterStateRow",
    "ChannelMessageRow",
    "ChannelRow",
    "ConversationRow",
    "DeliveryRow",
    "EntryMediaRow",
    "EntryRow",
    "FeedbackRow",
    "Keyed",
    "LedgerRow",
    "MediaRow",
    "PersonRow",
    "ScheduleRow",
    "SettingRow",
    "SummaryMarkRow",
    "SummaryPartRow",
    "Table",
    "TurnRow",
    "WorkspaceRow",
    "conversation_columns",
    "in_place",
    "is_of",
    "key_columns",
    "media_rows",
    "message_columns",
    "place_of",
]
