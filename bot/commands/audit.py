"""Show who changed what."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Final

from bot.access.roles import Role
from bot.commands.arguments import Arg
from bot.commands.command import Call, Command
from bot.language import gettext, gettext_noop, quantity
from bot.summary.request import zone_of
from bot.turns.effects import Effect, telling
from bot.types import AuditRecord

DAYS: Final = 7
MOST_DAYS: Final = 3_650
SHOWN: Final = 30
VALUE_CHARACTERS: Final = 60


async def _audit(call: Call) -> Effect[None]:
    call.require("workspace", gettext("see who changed what."))
    incoming, services = call.incoming, call.services
    days, key = int(call.values.get("days", DAYS)), incoming.key
    since: datetime = services.clock() - timedelta(days=days)
    trail = await services.store.audit_trail(since=since, within=key.workspace_key, limit=SHOWN)
    if not trail:
        return telling(gettext("Nothing was changed here in the last {count}.").format(count=quantity(days, "day")))
    zone = await zone_of(incoming.time_zone)
    lines = [f"- {audit_line(record, zone)}" for record in trail]
    more = (
        gettext("\n\nThese are the newest {shown}; `seedling audit` shows all of them.").format(shown=SHOWN)
        if len(trail) == SHOWN
        else ""
    )
    return telling("\n".join(lines) + more)


def audit_line(record: AuditRecord, zone: tzinfo) -> str:
    """Return a record on one line: when, who, what, from, to, where and by what way."""
    what = " ".join(filter(None, (record.action, record.what)))
    change = ""
    if record.before or record.after:
        change = f": {_value(record.before)} → {_value(record.after)}"
    at = f"{record.at.astimezone(zone):%Y-%m-%d %H:%M}"
    return f"{at} {record.who} {what}{change} (in {record.place}, by {record.via})"


def _value(text: str) -> str:
    short = " ".join(text.replace("`", "'").split())
    short = short if len(short) <= VALUE_CHARACTERS else f"{short[: VALUE_CHARACTERS - 1]}…"
    return f"`{short}`" if short else "nothing"


COMMAND: Final = Command(
    name="audit",
    help=gettext_noop("Show who changed settings, rules and digests here, and who deleted what."),
    group="administer",
    args=(
        Arg(
            name="days",
            kind="number",
            low=1,
            high=MOST_DAYS,
            units=("day", "days"),
            help=f"How many days to look back ({DAYS} if left out).",
        ),
    ),
    example="/audit 30",
    roles={"workspace": Role.ADMINISTRATOR},
    elsewhere=gettext_noop("I am not a member here, so nothing is changed here."),
    handler=_audit,
)
