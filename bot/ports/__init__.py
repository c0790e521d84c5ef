"""Ports of the core: each is a Protocol, and its docstrings are the contract.

Only values of `bot.types` cross a port and only errors of `bot.errors` come back through it. Every port has one
contract suite under `tests/contract/`, run over each of its implementations.
"""

from bot.ports.access import AccessStore, AuditStore, MembershipSource
from bot.ports.costs import BudgetStore, Ledger, SpendingReports
from bot.ports.deletions import DeletionStore, ForgetStore
from bot.ports.deliveries import DeliveryStore
from bot.ports.exports import ExportStore
from bot.ports.model import Clock, FileSource, MediaReader, Model, Rates, SoundReader
from bot.ports.pictures import ChartPainter
from bot.ports.platform_abilities import Acknowledging, ChangeReader, Notifying
from bot.ports.platforms import (
    TIME_STEP,
    Bot,
    ChannelReader,
    Commands,
    Joining,
    ListeningPlatform,
    OpenStore,
    Platform,
    PlatformSpec,
    Reply,
)
from bot.ports.reports import ConsoleStore, TurnReports
from bot.ports.stores import (
    AdapterStateStore,
    SettingStore,
    Store,
    TranscriptStore,
    TurnStore,
    WorkspaceStore,
)
from bot.ports.summaries import ScheduleStore, SummaryStore, TimeWords

__all__ = [
    "TIME_STEP",
    "AccessStore",
    "Acknowledging",
    "AdapterStateStore",
    "AuditStore",
    "Bot",
    "BudgetStore",
    "ChangeReader",
    "ChannelReader",
    "ChartPainter",
    "Clock",
    "Commands",
    "ConsoleStore",
    "DeletionStore",
    "DeliveryStore",
    "ExportStore",
    "FileSource",
    "ForgetStore",
    "Joining",
    "Ledger",
    "ListeningPlatform",
    "MediaReader",
    "MembershipSource",
    "Model",
    "Notifying",
    "OpenStore",
    "Platform",
    "PlatformSpec",
    "Rates",
    "Reply",
    "ScheduleStore",
    "SettingStore",
    "SoundReader",
    "SpendingReports",
    "Store",
    "SummaryStore",
    "TimeWords",
    "TranscriptStore",
    "TurnReports",
    "TurnStore",
    "WorkspaceStore",
]
