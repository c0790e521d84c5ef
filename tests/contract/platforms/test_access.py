"""Who may come in by which way, and change what: every cell over every platform that has the way.

In each test one person tries all the ways in turn; what has become of each is compared with what their role allows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import pytest

from bot.access.control import DENIED
from bot.access.roles import Role
from bot.chat.message_policy import REFUSALS
from bot.parameters import Scope
from bot.summary.digests import Digests
from bot.types import ConversationKey, NewSchedule, Person, RuleKind, Subject, SubjectKind, Task
from tests.contract.platforms.chat import Chat, Said, now
from tests.contract.platforms.chats import CHATS
from tests.contract.platforms.playground_chat import playground
from tests.contract.platforms.rows import EVERYWHERE

HERE: Final = ("slack", "discord")
WITH_PAGES: Final = ("playground", *HERE)

DENIED_ROLE: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Standing of somebody: the role that it comes to, the rule that says so, and where the platform itself says it."""

    role: int
    rules: tuple[RuleKind, ...] = ()
    is_promoted: bool = False
    platforms: tuple[str, ...] = EVERYWHERE


STANDINGS: Final[Mapping[str, Standing]] = {
    "denied": Standing(role=DENIED_ROLE, rules=(RuleKind.DENY,)),
    "denied, though a manager": Standing(role=DENIED_ROLE, rules=(RuleKind.DENY, RuleKind.MANAGER)),
    "member": Standing(role=Role.MEMBER),
    "manager": Standing(role=Role.MANAGER, rules=(RuleKind.MANAGER,)),
    "administrator, by name and denied": Standing(
        role=Role.ADMINISTRATOR, rules=(RuleKind.ADMINISTRATOR, RuleKind.DENY)
    ),
    "administrator, by the platform and denied": Standing(
        role=Role.ADMINISTRATOR, rules=(RuleKind.DENY,), is_promoted=True, platforms=HERE
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way in: what Bob does with what Ada asked and with what she left alone, on which platforms there is such a
    way, and the role that it takes.
    """

    do: Callable[[Chat, Said, Said], Awaitable[object]]
    needs: Role
    platforms: tuple[str, ...] = EVERYWHERE
    is_heard: bool = True  # its end is known by what became of it; else `do` waits for it
    outside: tuple[str, ...] = ()  # where it lies in no workspace, so that nobody administers it

    def is_open(self, chat: Chat, who: Standing) -> bool:
        """Whether it is open to somebody there."""
        return who.role >= self.needs and not (chat.name in self.outside and RuleKind.DENY in who.rules)


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
    kept = await chat.store.add_schedule(scheduled)
    platforms = {chat.name: chat.platform}
    await Digests(chat.store, platforms, chat.dispatcher.wake, admits=chat.inbox.admits, clock=now).tick()
    await chat.store.remove_schedule(kept.id)


async def edit(chat: Chat) -> None:
    """Bob says something, and then to whom."""
    said = await chat.say("A heron?", by="bob")
    await chat.became(said)
    await chat.edit(said, f"{chat.mention} a heron?")
    await chat.until(lambda: said.id in chat.inbox.changed)


def typed(words: str, *, below: bool = False) -> Callable[[Chat, Said, Said], Awaitable[object]]:
    """Bob types a command behind a mention."""
    return lambda chat, asked, _left: chat.say(f"{chat.mention} /{words}", by="bob", below=asked if below else None)


WAYS: Final[Mapping[str, Way]] = {
    "message": Way(do=lambda chat, _asked, _left: chat.say(f"{chat.mention} why?", by="bob"), needs=Role.MEMBER),
    "message in a thread": Way(
        do=lambda chat, asked, _left: chat.say(f"{chat.mention} why?", by="bob", below=asked), needs=Role.MEMBER
    ),
    "direct message": Way(
        do=lambda chat, _asked, _left: chat.say("why?", by="bob", direct=True),
        needs=Role.MEMBER,
        platforms=WITH_PAGES,
        outside=("discord",),
    ),
    "edit": Way(do=lambda chat, _asked, _left: edit(chat), needs=Role.MEMBER, is_heard=False),
    "command": Way(
        do=lambda chat, _asked, _left: chat.command("set channel persona Pirate", by="bob"), needs=Role.MANAGER
    ),
    "command of the workspace": Way(
        do=lambda chat, _asked, _left: chat.command("set workspace persona Pirate", by="bob"),
        needs=Role.ADMINISTRATOR,
    ),
    "command by mention": Way(do=typed("set channel persona Pirate"), needs=Role.MANAGER),
    "command that asks": Way(do=typed("ask why?"), needs=Role.MEMBER),
    "export": Way(do=typed("export thread", below=True), needs=Role.MEMBER),
    "digest": Way(do=typed("digest add daily at 9:00"), needs=Role.MANAGER),
    "rule": Way(do=typed("access deny guests"), needs=Role.ADMINISTRATOR),
    "budget": Way(do=typed("budget 5"), needs=Role.ADMINISTRATOR),
    "form": Way(
        do=lambda chat, _asked, _left: chat.fill_in("persona", "Pirate", by="bob"),
        needs=Role.MANAGER,
        platforms=HERE,
        is_heard=False,
    ),
    "shortcut": Way(do=lambda chat, _asked, left: chat.shortcut(left, by="bob"), needs=Role.MEMBER, platforms=HERE),
    "ask about": Way(do=lambda chat, _asked, left: chat.ask_about(left, by="bob"), needs=Role.MEMBER, platforms=HERE),
    "reaction": Way(do=lambda chat, _asked, left: chat.react(left, by="bob"), needs=Role.MEMBER, platforms=HERE),
    "rating": Way(do=lambda chat, asked, _left: chat.rate(asked, by="bob"), needs=Role.MEMBER, platforms=WITH_PAGES),
    "button": Way(
        do=lambda chat, asked, _left: chat.regenerate(asked, by="bob"), needs=Role.MANAGER, platforms=WITH_PAGES
    ),
    "schedule": Way(do=lambda chat, _asked, _left: digest(chat), needs=Role.MEMBER, platforms=HERE, is_heard=False),
    "forgetting what others asked": Way(do=typed("forget here", below=True), needs=Role.MANAGER),
}


@pytest.fixture(params=EVERYWHERE)
async def chat(request: pytest.FixtureRequest) -> AsyncIterator[Chat]:
    """A platform with people on it."""
    async with CHATS[request.param]() as opened:
        yield opened


async def effects(chat: Chat, key: ConversationKey) -> object:
    """All that a way in can have an effect on."""
    store = chat.store
    return (
        [turn.id for turn in chat.turns if turn.incoming.task is not Task.CONTEXT],
        await store.get_everywhere("persona"),
        await store.rules_within(""),
        [use.budget for use in await store.budget_uses()],
        await store.get_schedules(key),
        dict(store.feedback),
        [entry.position for entry in await store.get_entries(key, start=0)],
    )


async def has_effect(chat: Chat, way: Way, asked: Said, left: Said) -> bool:
    """Do it, wait until it is decided, and tell whether it had its effect, which is taken back."""
    key = chat.turns[0].incoming.key
    before, rules = await effects(chat, key), await chat.store.rules_within("")
    decided = set(chat.inbox.decided)  # what comes in twice is decided once more, at any time
    await way.do(chat, asked, left)
    if way.is_heard:
        await chat.until(lambda: chat.inbox.decided - decided)
    await chat.answered()
    found = await effects(chat, key) != before
    for scope in await chat.store.get_everywhere("persona"):
        await chat.store.remove_setting(scope, "persona")
    for rule in set(await chat.store.rules_within("")) - set(rules):
        await chat.store.remove_rule(rule.id)
    for use in await chat.store.budget_uses():
        await chat.store.remove_budget(use.budget.scope, use.budget.period)
    return found


CELLS: Final = [
    pytest.param(platform, name, id=f"{platform}-{name}")
    for name, standing in STANDINGS.items()
    for platform in standing.platforms
]


@pytest.mark.parametrize(("chat", "standing"), CELLS, indirect=["chat"])
async def test_every_way_in_is_open_to_those_whose_role_allows_it(chat: Chat, standing: str) -> None:
    await chat.set(questions_per_minute="1000")
    asked = await chat.ask("one?")
    left = await chat.say("The pump is broken.")
    await chat.became(left)
    who = STANDINGS[standing]
    for kind in who.rules:
        await chat.rule(kind, "bob")
    if who.is_promoted:
        await chat.promote("bob")
    ways = {name: way for name, way in WAYS.items() if chat.name in way.platforms}
    found = {name: await has_effect(chat, way, asked, left) for name, way in ways.items()}
    assert found == {name: way.is_open(chat, who) for name, way in ways.items()}


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


async def test_in_the_playground_people_are_named_as_they_are_called() -> None:
    async with playground() as chat:
        for person in ("ada", "bob"):
            await chat.say("hello", by=person)  # from then on they are known
        await chat.rule(RuleKind.ADMINISTRATOR, "ada")
        for words in ("access deny @Bob channel", "budget person @Bob 1 day"):
            await chat.command(words, by="ada")
        (_, rule) = await chat.store.rules_within("")
        assert rule.subject == Subject(kind=SubjectKind.PERSON, id="local/bob")
        assert [use.budget.scope.person for use in await chat.store.budget_uses()] == ["bob"]
        before = len(chat.turns)
        await chat.say(f"{chat.mention} why?", by="bob")
        await chat.until_told(REFUSALS[DENIED][:50])
        assert len(chat.turns) == before
