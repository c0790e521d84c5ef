"""Tables, with the conversion of rows to values and back."""

from storage.tables.access import AccessRuleRow, AuditRow, ChangeRoleRow, rule_columns
from storage.tables.base import KEY_COLUMNS, BaseTable, Keyed, in_channel, in_place, is_of, key_columns, place_of
from storage.tables.budgets import BudgetRow
from storage.tables.deletions import IS_WAITING, MessageChangeRow, ReplyMessageRow
from storage.tables.deliveries import NOTHING_OWED, DeliveryRow
from storage.tables.ledger import IS_UNSETTLED, LedgerRow, SpendingDayRow, charge_columns
from storage.tables.settings import AdapterStateRow, SettingChangeRow, SettingRow
from storage.tables.summaries import ScheduleRow, SummaryMarkRow, SummaryPartRow
from storage.tables.transcripts import (
    HAS_SOURCE,
    IS_REPLY,
    ConversationRow,
    EntryMediaRow,
    EntryRow,
    MediaRow,
    conversation_columns,
    media_rows,
)
from storage.tables.turns import (
    IS_ASKED,
    IS_CONTEXT,
    IS_KEPT,
    IS_MERGED,
    IS_OPEN,
    IS_REMARKABLE,
    IS_REMEMBERED,
    IS_SUMMARY,
    FeedbackRow,
    TurnRow,
)
from storage.tables.workspaces import (
    ChannelMessageRow,
    ChannelRow,
    PersonRow,
    PlaygroundEventRow,
    PlaygroundFileRow,
    WorkspaceRow,
    event_columns,
    message_columns,
)

__all__ = [
    "HAS_SOURCE",
    "IS_ASKED",
    "IS_CONTEXT",
    "IS_KEPT",
    "IS_MERGED",
    "IS_OPEN",
    "IS_REMARKABLE",
    "IS_REMEMBERED",
    "IS_REPLY",
    "IS_SUMMARY",
    "IS_UNSETTLED",
    "IS_WAITING",
    "KEY_COLUMNS",
    "NOTHING_OWED",
    "AccessRuleRow",
    "AdapterStateRow",
    "AuditRow",
    "BaseTable",
    "BudgetRow",
    "ChangeRoleRow",
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
    "MessageChangeRow",
    "PersonRow",
    "PlaygroundEventRow",
    "PlaygroundFileRow",
    "ReplyMessageRow",
    "ScheduleRow",
    "SettingChangeRow",
    "SettingRow",
    "SpendingDayRow",
    "SummaryMarkRow",
    "SummaryPartRow",
    "TurnRow",
    "WorkspaceRow",
    "charge_columns",
    "conversation_columns",
    "event_columns",
    "in_channel",
    "in_place",
    "is_of",
    "key_columns",
    "media_rows",
    "message_columns",
    "place_of",
    "rule_columns",
]
