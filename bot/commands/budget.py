"""Show and set budgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.access.budget_text import change_text, period_text, read_amount, read_period, uses_text, whose
from bot.access.roles import Role
from bot.access.rule_words import Word, read_subject, read_words
from bot.commands.access import name_of
from bot.commands.arguments import Arg
from bot.commands.command import Call, Command
from bot.errors import InvalidInput, UsageError
from bot.language import gettext, gettext_noop
from bot.turns.effects import Effect, RemoveBudget, SetBudget, telling
from bot.types import Budget, BudgetScope, Incoming, Mention, Period, SubjectKind

GRAMMAR: Final = "[channel|workspace|person @NAME] [DOLLARS|off|remove] [day|month]"
SCOPES: Final = ("channel", "workspace", "person")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Words of a budget command: `amount` "" only shows it, "remove" takes it away. `person` is named in it, or ""."""

    scope: str
    person: Word = ""
    amount: str = ""
    period: Period = Period.DAY


def read_wanted(text: str, mentions: Mapping[str, Mention]) -> Wanted:
    """Return what the words behind the command mean; `mentions` are what the platform knows as such among them.

    Raises `UsageError` and `InvalidInput`, naming what is wrong.
    """
    words = read_words(text, mentions)
    scope = str(words.pop(0)).lower() if words and str(words[0]).lower() in SCOPES else "channel"
    if scope == "person" and not words:
        raise UsageError(gettext("Name the person, as in `/budget person @Ada 1 day`."))
    person = words.pop(0) if scope == "person" else ""
    amount = str(words.pop(0)) if words else ""
    period = read_period(str(words.pop(0))) if words else Period.DAY
    if period is None or words:
        raise UsageError(
            gettext("Usage: `/budget {grammar}`, for example `/budget workspace 50 month`.").format(grammar=GRAMMAR)
        )
    if amount.lower() != "remove" and amount:
        read_amount(amount)
    return Wanted(scope=scope, person=person, amount=amount, period=period)


def is_budget_command(text: str) -> bool:
    """Return whether these words are meant for the command even where its mark is missing."""
    try:
        return bool(read_wanted(text, {}).amount)
    except InvalidInput:
        return False


async def _budget(call: Call) -> Effect[None] | Effect[Budget | None]:
    wanted = read_wanted(call.values.get("words", ""), call.incoming.mentions)
    if not wanted.amount:
        uses = await call.services.store.budget_uses(_scope(call.incoming, "channel", call.incoming.author.id))
        return telling(uses_text(uses))
    call.require(wanted.scope, gettext("set budgets. `/budget` shows those that hold here."))
    person = await _person(wanted.person, call) if wanted.person else ""
    scope = _scope(call.incoming, wanted.scope, person)
    if wanted.amount.lower() == "remove":
        gone = gettext("The budget of {whose} a {period} is removed.").format(
            whose=whose(scope), period=period_text(wanted.period)
        )
        none = gettext("There is no budget of {whose} a {period}.").format(
            whose=whose(scope), period=period_text(wanted.period)
        )
        change = RemoveBudget(scope=scope, period=wanted.period)
        return Effect(change=change, tell=lambda before: gone if before else none)
    amount, zone = read_amount(wanted.amount), call.incoming.time_zone or "UTC"
    budget = Budget(scope=scope, period=wanted.period, amount=amount, time_zone=zone)
    return Effect(change=SetBudget(budget=budget), tell=lambda _: change_text(budget))


async def _person(word: Word, call: Call) -> str:
    """Return the id of the person whom a word means. Raises `InvalidInput` for a group, and for nobody known."""
    key = call.incoming.key
    subject = read_subject(word, key)
    if subject.kind is not SubjectKind.PERSON:
        raise InvalidInput(gettext("A budget is for a person, a channel or the workspace. Name one person with @."))
    await name_of(subject, key, call.services.access)
    return subject.id.partition("/")[2]


def _scope(incoming: Incoming, kind: str, person: str = "") -> BudgetScope:
    key = incoming.key
    channel = key.channel if kind == "channel" else ""
    return BudgetScope(platform=key.platform, workspace=key.workspace, channel=channel, person=person)


COMMAND: Final = Command(
    name="budget",
    help=gettext_noop("Show what may be spent here, or set it for this channel, the workspace or a person."),
    group="administer",
    args=(
        Arg(
            name="words",
            kind="words",
            label=GRAMMAR,
            help=f"As in: {GRAMMAR}",
            high=200,
            is_clear=is_budget_command,
        ),
    ),
    example="/budget workspace 50 month",
    roles=dict.fromkeys(SCOPES, Role.ADMINISTRATOR),
    handler=_budget,
)
