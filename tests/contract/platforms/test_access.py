"""Who may come in by which way, and change what: every cell over every platform that has the way.

In each test one person tries all the ways in turn; what has become of each is compared with what their role allows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import pytest

from bot.access.decision import DENIED
from bot.access.roles import Role
from bot.chat.message_policy import REFUSALS
from bot.parameters import Scope
from bot.summary.digests import Digests
from bot.types import NewSchedule, Person, RuleKind
from tests.contract.platforms.chat import Chat, Said, now
from tests.contract.platforms.chats import CHATS
from tests.contract.platforms.rows import EVERYWHERE

HERE: Final = ("slack", "discord")

DENIED_ROLE: Final = -1
STANDINGS: Final[Mapping[str, int]] = {
    "denied": DENIED_ROLE,
    "member": Role.MEMBER,
    "manager": Role.MANAGER,
    "administrator": Role.ADMINISTRATOR,
}
RULES: Final = {
    "denied": RuleKind.DENY,
    "manager": RuleKind.MANAGER,
    "administrator": RuleKind.ADMINISTRATOR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way in: what Bob does, on which platforms there is one, and the role that it takes."""

    do: Callable[[Chat, Said, Said], Awaitable[object]]
    needs: Role
    platforms: tuple[str, ...] = EVERYWHERE
    answers: bool = True  # asks the model; else it sets the persona


async def digest(chat: Chat) -> None:
    """A digest of Bob's is due."""
    due = now()
    scheduled = NewSchedule(
        key=chat.turns[0].incoming.key,
        author=Person(id=chat.id_of("bob"), name="Bob"),
        at=due.time(),
        weekday=None,
        time_zone="UTC",
        next_at=due,
        since=due - timedelta(days=1),
    )
    await chat.store.add_schedule(scheduled)
    platforms = {chat.name: chat.platform}
    await Digests(chat.store, platforms, chat.dispatcher.wake, admits=chat.inbox.admits, clock=now).tick()


WAYS: Final[Mapping[str, Way]] = {
    "message": Way(do=lambda chat, _asked, _left: chat.say(f"{chat.mention} why?", by="bob"), needs=Role.MEMBER),
    "command": Way(
        do=lambda chat, _asked, _left: chat.command("set channel persona Pirate", by="bob"),
        needs=Role.MANAGER,
        answers=False,
    ),
    "command of the workspace": Way(
        do=lambda chat, _asked, _left: chat.command("set workspace persona Pirate", by="bob"),
        needs=Role.ADMINISTRATOR,
        answers=False,
    ),
    "form": Way(
        do=lambda chat, _asked, _left: chat.fill_in("persona", "Pirate", by="bob"),
        needs=Role.MANAGER,
        platforms=HERE,
        answers=False,
    ),
    "shortcut": Way(do=lambda chat, _asked, left: chat.shortcut(left, by="bob"), needs=Role.MEMBER, platforms=HERE),
    "reaction": Way(do=lambda chat, _asked, left: chat.react(left, by="bob"), needs=Role.MEMBER, platforms=HERE),
    "button": Way(
        do=lambda chat, asked, _left: chat.regenerate(asked, by="bob"),
        needs=Role.MANAGER,
        platforms=("playground", *HERE),
    ),
    "schedule": Way(do=lambda chat, _asked, _left: digest(chat), needs=Role.MEMBER, platforms=HERE),
}


@pytest.fixture(params=EVERYWHERE)
async def chat(request: pytest.FixtureRequest) -> AsyncIterator[Chat]:
    """A platform with people on it."""
    async with CHATS[request.param]() as opened:
        yield opened


async def has_effect(chat: Chat, way: Way, asked: Said, left: Said) -> bool:
    """Do it, wait until it is decided, and tell whether it had its effect."""
    turns, decided = len(chat.turns), len(chat.inbox.results)
    await way.do(chat, asked, left)
    if way not in (WAYS["schedule"], WAYS["form"]):
        await chat.until(lambda: len(chat.inbox.results) > decided)
    await chat.answered()
    if way.answers:
        return len(chat.turns) > turns
    found = await chat.store.get_everywhere("persona")
    for scope in found:
        await chat.store.remove_setting(scope, "persona")
    return bool(found)


@pytest.mark.parametrize("standing", STANDINGS)
async def test_every_way_in_is_open_to_those_whose_role_allows_it(chat: Chat, standing: str) -> None:
    asked = await chat.ask("one?")
    left = await chat.say("The pump is broken.")
    await chat.became(left)
    if kind := RULES.get(standing):
        await chat.rule(kind, "bob")
    ways = {name: way for name, way in WAYS.items() if chat.name in way.platforms}
    found = {name: await has_effect(chat, way, asked, left) for name, way in ways.items()}
    assert found == {name: STANDINGS[standing] >= way.needs for name, way in ways.items()}


async def test_who_is_refused_is_told_alone_whom_to_ask_and_once_an_hour(chat: Chat) -> None:
    await chat.rule(RuleKind.DENY, "bob")
    for number in range(3):
        said = await chat.say(f"{chat.mention} why, {number}?", by="bob")
        await chat.became(said)
    await chat.until_told(REFUSALS[DENIED][:50])
    assert [REFUSALS[DENIED][:50] in text for text in chat.told()] == [True]
    assert chat.turns == []


async def test_what_an_administrator_opens_members_change(chat: Chat) -> None:
    await chat.store.put_role(f"{chat.name}/{chat.workspace}", "persona", "everyone")
    await chat.became(await chat.say(f"{chat.mention} set channel persona Pirate", by="bob"))
    assert await chat.store.get_everywhere("persona") == {
        Scope(kind="channel", key=f"{chat.name}/{chat.workspace}/{chat.channel}"): "Pirate"
    }
    await chat.store.put_role(f"{chat.name}/{chat.workspace}", "persona", "a word of a later version")
    handled = await chat.became(await chat.say(f"{chat.mention} set channel persona Sailor", by="bob"))
    assert "Only administrators can set persona" in handled.text
