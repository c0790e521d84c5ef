"""Show tokens and cost."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.access.roles import Role
from bot.commands.arguments import Arg
from bot.commands.command import Call, Command
from bot.commands.usage_report import DAYS, MOST_DAYS, WHERE, last_days, this_month, usage_chart, usage_text
from bot.language import gettext, gettext_noop
from bot.turns.effects import Effect, telling
from bot.types import Picture

PICTURE: Final = "usage.png"


async def _usage(call: Call) -> Effect[None]:
    incoming, services = call.incoming, call.services
    place = call.values.get("of") or ("channel" if incoming.is_top_level else "thread")
    call.require(place, gettext("see the usage of the whole workspace. `/usage me` shows your own."))
    now, days = services.clock(), int(call.values.get("days", DAYS))
    span = this_month(now) if "period" in call.values else last_days(days, now)
    effect = telling(await usage_text(place, span, incoming, services.store, services.rates.card()))
    if services.charts is None:
        return effect
    chart = await usage_chart(place, span, incoming, services.store)
    if chart is None:
        return effect
    picture = Picture(name=PICTURE, data=await services.charts.paint(chart), alt=chart.alt)
    return replace(effect, picture=picture)


COMMAND: Final = Command(
    name="usage",
    help=gettext_noop("Show the tokens and cost of this thread, the channel, the workspace or your own questions."),
    group="tell",
    args=(
        Arg(
            name="of",
            kind="choice",
            choices=tuple(WHERE),
            help=gettext_noop("Whose usage: that of a place, or your own."),
        ),
        Arg(
            name="days",
            kind="number",
            low=1,
            high=MOST_DAYS,
            units=("day", "days"),
            help=f"How many days to look back ({DAYS} if left out).",
        ),
        Arg(
            name="period",
            kind="choice",
            choices=("month",),
            help=gettext_noop("This month in place of some days, as the console counts it."),
        ),
    ),
    example="/usage channel 7",
    roles={"workspace": Role.ADMINISTRATOR, "everywhere": Role.ADMINISTRATOR},
    handler=_usage,
)
