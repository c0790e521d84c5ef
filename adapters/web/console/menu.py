"""All pages of the console, in the order of its menu."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from adapters.web.console.access import AccessPages
from adapters.web.console.budgets import BudgetPages
from adapters.web.console.data import DataPages
from adapters.web.console.formats import FILTERS
from adapters.web.console.operations import Console, Operations
from adapters.web.console.overview import OverviewPages
from adapters.web.console.queue import QueuePages
from adapters.web.console.settings import SettingPages
from adapters.web.console.spend import SpendingPages
from adapters.web.console.turns import TurnPages
from adapters.web.frame import Frame, NavigationItem, WebPart, WebRole
from adapters.web.frame.routes import PageRoute
from bot.language import gettext_noop
from bot.ports import Bot, Clock, ConsoleStore

ROOM: Final = Path(__file__).parent
NAVIGATION: Final = (
    NavigationItem(title=gettext_noop("Playground"), path="/"),
    NavigationItem(title=gettext_noop("Console"), path="/console", needs=WebRole.VIEWER),
)


def console_part(store: ConsoleStore, operations: Operations, clock: Clock) -> WebPart:
    """Return what the console adds to the web."""

    def routes(frame: Frame, bot: Bot) -> list[PageRoute]:
        return console_routes(Console(store=store, bot=bot, operations=operations, frame=frame, clock=clock))

    return WebPart(room=ROOM, routes=routes, navigation=NAVIGATION, filters=FILTERS)


def console_routes(console: Console) -> list[PageRoute]:
    """Return the addresses of every page."""
    return [
        *OverviewPages(console).routes(),
        *BudgetPages(console).routes(),
        *SpendingPages(console).routes(),
        *AccessPages(console).routes(),
        *SettingPages(console).routes(),
        *TurnPages(console).routes(),
        *QueuePages(console).routes(),
        *DataPages(console).routes(),
    ]
