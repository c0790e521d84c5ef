"""A named administrator hears that a budget is nearly spent, also of what was spent before the bot was started."""

from __future__ import annotations

from decimal import Decimal

from bot.access.budget_warnings import BudgetWarnings
from bot.app.clock import utc_now
from bot.types import (
    INSTALLATION,
    Budget,
    NewRule,
    Period,
    PlaceKind,
    RuleKind,
    RulePlace,
    Subject,
    SubjectKind,
    Usage,
)
from storage import migrate, open_store
from tests.contract.stores.samples import pay
from tests.fakes import KEY, RecordingPlatform, incoming
from tests.integration.discord.scene import Scene


async def test_it_is_said_in_a_direct_message_once_over_restarts(scene: Scene) -> None:
    url, ada = scene.settings.database_url, scene.ada
    await migrate(url)
    async with open_store(url, clock=utc_now) as store:
        her = Subject(kind=SubjectKind.PERSON, id=f"discord/{ada.id}")
        here = RulePlace(kind=PlaceKind.WORKSPACE, key=f"discord/{scene.guild.id}")
        await store.add_rule(NewRule(kind=RuleKind.ADMINISTRATOR, subject=her, place=here))
        await store.put_budget(Budget(scope=INSTALLATION, period=Period.MONTH, amount=Decimal(1), time_zone="UTC"))
        await store.enqueue(incoming("q"))
        turn = await store.claim(KEY, worker="w")
        assert turn is not None
        await pay(store, turn, Usage(input=1), Decimal("0.9"))
    async with scene.bot():
        (message,) = await scene.until(lambda: scene.discord.direct(ada).shown())
    assert "$0.90 of the $1.00 a month for this whole installation are spent" in message.content
    platform = RecordingPlatform()
    async with open_store(url, clock=utc_now) as store:
        await BudgetWarnings(store, {"discord": platform}, clock=utc_now).tick()
    assert platform.told == []
