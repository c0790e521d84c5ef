"""A day of a real channel at speed, over connections that fail: nothing is lost, nothing is done twice."""

from __future__ import annotations

import asyncio
import csv
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from adapters.slack.connection.socket_mode import SocketModeOptions
from bot.types import Turn
from tests.emulators.slack import Message, Options, RunningSlack
from tests.integration.slack.scene import scene

DAY_S = 86_400.0
SPEED = 20_000  # a day in about four seconds, beside what the work itself takes


def busiest_day(path: Path) -> list[tuple[float, str, str]]:
    """When which conversation got a message from whom, in seconds since the day began."""
    days: dict[int, list[tuple[float, str, str]]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            at = float(row["seconds"])
            days[int(at // DAY_S)].append((at % DAY_S, row["conversation"], row["author"]))
    busiest = max(days, key=lambda number: len(days[number]))
    return sorted(days[busiest])


def is_heard(turns: Callable[[], list[Turn]], text: str) -> bool:
    return any(turn.incoming.text == text for turn in turns())


async def trouble(slack: RunningSlack, chance: random.Random) -> None:
    """Connections are ended, dropped and refused, again and again."""
    while True:
        await asyncio.sleep(0.3)
        match chance.randrange(4):
            case 0:
                await slack.sockets.disconnect("refresh_requested")
            case 1:
                await slack.sockets.drop()
            case 2:
                slack.sockets.refuse = 1
                await slack.sockets.drop(chance.choice(slack.sockets.connections or [None]))
            case _:
                await slack.sockets.disconnect("warning")


@pytest.mark.slow
async def test_a_day_over_failing_connections_loses_and_doubles_nothing(shared_data: Path) -> None:
    day = busiest_day(shared_data / "traces" / "racket-2018.csv")
    emulator = Options(limits=False, ack_s=1.0, redeliveries=50)
    rules = SocketModeOptions(heartbeat=1.0, handshake=2.0)
    async with scene(emulator=emulator, sockets=rules) as play:
        slack = play.slack
        slack.deliveries.copies = 2

        def turns() -> list[Turn]:
            return list(play.store._turns.values())

        people = {author: slack.person(f"Person {author}") for _, _, author in day}
        slack.general.members += [person.id for person in people.values()]
        storm = asyncio.create_task(trouble(slack, random.Random(5)))
        roots: dict[str, Message] = {}
        before = 0.0
        for number, (at, conversation, author) in enumerate(day):
            await asyncio.sleep((at - before) / SPEED)
            before = at
            root = roots.get(conversation)
            text = f"message {number}" if root else f"{slack.mention()} message {number}"
            said = await slack.say(people[author], slack.general, text, thread_ts=root.ts if root else "")
            roots.setdefault(conversation, said)
            if root is None:  # a follow-up is one only once the bot takes part
                await play.until(partial(is_heard, turns, f"message {number}"))
        storm.cancel()
        async with asyncio.timeout(100):
            await slack.settled()
            while await play.store.open_conversations():
                await asyncio.sleep(0.05)
        heard = Counter(turn.incoming.text for turn in turns())
        assert heard == Counter(f"message {number}" for number in range(len(day)))
        assert slack.deliveries.lost == []
        answered = sum(len(slack.answers(slack.general, root.ts)) for root in roots.values())
        closed = [turn for turn in turns() if turn.reply_ref]
        assert answered == len(closed) > 0
        assert slack.violations == []
