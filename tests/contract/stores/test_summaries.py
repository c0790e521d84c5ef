"""What a store of summaries and schedules promises."""

from __future__ import annotations

import asyncio
from dataclasses import fields, replace
from datetime import time
from typing import Any

from bot.types import ConversationKey, Covered, NewSchedule, Point, Schedule, Section, SummaryPart
from tests.contract.stores.conftest import AnyStore
from tests.contract.stores.samples import ADA, KEY, OTHER, WORDS, at

CHANNEL = replace(KEY, thread="")
ELSEWHERE = replace(CHANNEL, channel="C2")


def part(name: str, *ids: str, seconds: float = 0) -> SummaryPart:
    covers = tuple(
        Covered(id=id, version=f"v-{id}", at=at(seconds + place), author="U1") for place, id in enumerate(ids)
    )
    points = {
        Section.MAIN: (Point(text=f"{WORDS} {name}", rests_on=ids), Point(text="nobody said so")),
        Section.ACTIONS: (Point(text="Ada: water the plants", rests_on=ids[:1]),),
    }
    return SummaryPart(id=name, headline=f"About {name}", points=points, covers=covers)


def schedule(key: ConversationKey = CHANNEL, **changes: Any) -> NewSchedule:
    wanted = NewSchedule(
        key=key, author=ADA, at=time(9, 30), weekday=None, time_zone="Europe/Berlin", next_at=at(60), since=at(0)
    )
    return replace(wanted, **changes)


# ---------------------------------------------------------------- parts


async def test_parts_come_back_whole_and_in_order(store: AnyStore) -> None:
    later, earlier = part("a", "m3", "m4", seconds=60), part("b", "m1", "m2")
    await store.put_part(CHANNEL, later)
    await store.put_part(CHANNEL, earlier)
    assert await store.get_parts(CHANNEL) == [earlier, later]
    assert await store.get_parts(KEY) == []
    assert await store.get_parts(ELSEWHERE) == []
    assert later.size == 3


async def test_a_part_takes_the_place_of_others(store: AnyStore) -> None:
    for name in ("a", "b", "c"):
        await store.put_part(CHANNEL, part(name, f"m-{name}"))
    both = part("ab", "m-a", "m-b", seconds=5)
    await store.put_part(CHANNEL, both, replaces=["a", "b", "unknown"])
    assert [item.id for item in await store.get_parts(CHANNEL)] == ["c", "ab"]
    await store.put_part(CHANNEL, replace(both, headline="Again"))
    assert [item.headline for item in await store.get_parts(CHANNEL)] == ["About c", "Again"]
    await store.remove_parts(CHANNEL, ["c", "unknown"])
    assert [item.id for item in await store.get_parts(CHANNEL)] == ["ab"]


async def test_a_message_is_forgotten_in_the_channel_and_its_threads(store: AnyStore) -> None:
    await store.put_part(CHANNEL, part("a", "m1", "m2"))
    await store.put_part(CHANNEL, part("b", "m3"))
    await store.put_part(KEY, part("c", "m2", "m9"))
    await store.put_part(ELSEWHERE, part("d", "m2"))
    await store.delete_messages(OTHER, ["m2"])
    assert [item.id for item in await store.get_parts(CHANNEL)] == ["b"]
    assert await store.get_parts(KEY) == []
    assert [item.id for item in await store.get_parts(ELSEWHERE)] == ["d"]


# ---------------------------------------------------------------- up to when the last one told


async def test_a_mark_is_everybodys_or_ones_own_and_never_goes_back(store: AnyStore) -> None:
    assert await store.get_mark(CHANNEL, "U1") is None
    await store.put_mark(CHANNEL, "", at(10))
    await store.put_mark(CHANNEL, "U1", at(20))
    await store.put_mark(CHANNEL, "U1", at(15))
    assert await store.get_mark(CHANNEL, "U1") == at(20)
    assert await store.get_mark(CHANNEL, "U2") == at(10)
    assert await store.get_mark(KEY, "U1") is None
    await store.put_mark(CHANNEL, "", at(30))
    assert await store.get_mark(CHANNEL, "U1") == at(30)


# ---------------------------------------------------------------- schedules


async def test_schedules_are_kept_by_channel(store: AnyStore) -> None:
    first = await store.add_schedule(schedule())
    second = await store.add_schedule(schedule(weekday=4, time_zone="UTC"))
    await store.add_schedule(schedule(ELSEWHERE))
    given = {field.name: getattr(schedule(), field.name) for field in fields(NewSchedule)}
    assert first == Schedule(id=first.id, **given)
    assert (first.rhythm, second.rhythm) == ("daily", "weekly")
    assert await store.get_schedules(KEY) == [first, second]
    await store.remove_schedule(first.id)
    assert await store.get_schedules(CHANNEL) == [second]


async def test_the_longest_due_comes_first_and_paused_ones_never(store: AnyStore) -> None:
    late = await store.add_schedule(schedule(next_at=at(50)))
    early = await store.add_schedule(schedule(ELSEWHERE, next_at=at(40)))
    await store.add_schedule(schedule(next_at=at(70)))
    paused = await store.add_schedule(schedule(next_at=at(30), paused=True))
    assert await store.due_schedules(at(60)) == [early, late]
    await store.pause_schedule(paused.id, paused=False, next_at=at(45))
    assert [item.id for item in await store.due_schedules(at(60))] == [early.id, paused.id, late.id]
    await store.pause_schedule(late.id, paused=True, next_at=at(50))
    assert [item.id for item in await store.due_schedules(at(60))] == [early.id, paused.id]


async def test_of_many_that_advance_a_schedule_one_does(store: AnyStore) -> None:
    due = await store.add_schedule(schedule())
    tries = (store.advance_schedule(due, next_at=at(120), since=at(60)) for _ in range(5))
    assert sum(await asyncio.gather(*tries)) == 1
    (now,) = await store.get_schedules(CHANNEL)
    assert (now.next_at, now.since) == (at(120), at(60))
    await store.remove_schedule(due.id)
    assert not await store.advance_schedule(now, next_at=at(180), since=at(120))


# ---------------------------------------------------------------- forgetting


async def test_whoever_is_forgotten_leaves_no_part_no_mark_and_no_digest(store: AnyStore) -> None:
    other = replace(part("b", "m9"), covers=(Covered(id="m9", version="v", at=at(9), author="U2"),))
    await store.put_part(CHANNEL, part("a", "m1", "m2"))
    await store.put_part(CHANNEL, other)
    await store.put_mark(CHANNEL, "U1", at(10))
    await store.add_schedule(schedule())
    await store.forget_person(CHANNEL.platform, "U1")
    assert await store.get_parts(CHANNEL) == [other]
    assert await store.get_mark(CHANNEL, "U1") is None
    assert await store.get_schedules(CHANNEL) == []


async def test_a_forgotten_conversation_leaves_no_part(store: AnyStore) -> None:
    await store.put_part(KEY, part("a", "m1"))
    await store.put_part(CHANNEL, part("b", "m2"))
    await store.forget_conversation(KEY)
    assert await store.get_parts(KEY) == []
    assert [item.id for item in await store.get_parts(CHANNEL)] == ["b"]
