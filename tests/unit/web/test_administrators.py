"""The one-time link, the administrator's mark, and the channels that somebody sees."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from adapters.web.administrators import LINK_LIFETIME, OneTimeLinks
from adapters.web.channel_access import DIRECT, HOME, HOME_CHANNELS, direct_channel, is_for, seen_by
from adapters.web.playground import Address, Playground, PlaygroundOptions
from adapters.web.security import AccessRules
from adapters.web.visitors import DEFAULT_NAME, plain_name
from bot.commands.completion import complete
from bot.types import Channel, ConversationKey, Person, Workspace
from storage.in_memory.store import MemoryStore
from tests.fakes import ManualClock

ADA, EVE = Person(id="u-ada", name="Ada"), Person(id="u-eve", name="Eve")
RULES = AccessRules(loopback=False, password="leaf", secret="bark")
ENTERED = {"pass": RULES.pass_mark}


@pytest.fixture
def store(clock: ManualClock) -> MemoryStore:
    return MemoryStore(clock=clock)


# ---------------------------------------------------------------- links


async def test_a_link_works_once_in_whatever_process(store: MemoryStore, clock: ManualClock) -> None:
    first, second = OneTimeLinks(store, clock), OneTimeLinks(store, clock)
    secret = await first.issue()
    other = await second.issue()
    found = await asyncio.gather(*(item.use_up(secret) for item in (first, second) for _ in range(4)))
    assert sorted(found) == [False] * 7 + [True]
    assert await first.use_up(other)


async def test_a_link_ends_by_itself_and_is_then_dropped(store: MemoryStore, clock: ManualClock) -> None:
    links = OneTimeLinks(store, clock)
    old, older = await links.issue(), await links.issue()
    clock.advance(LINK_LIFETIME.total_seconds() + 1)
    assert not await links.use_up(old)
    assert len(await store.list_state("local")) == 1
    await links.issue()
    assert len(await store.list_state("local")) == 1
    assert not await links.use_up(older)


@pytest.mark.parametrize("secret", ["", "wrong", "x" * 4000, "é", "administrator-link/"])
async def test_nothing_else_is_a_link(store: MemoryStore, clock: ManualClock, secret: str) -> None:
    links = OneTimeLinks(store, clock)
    good = await links.issue()
    assert not await links.use_up(secret)
    assert not await links.use_up(good[:-1])
    assert not await links.use_up(next(iter(await store.list_state("local"))).partition("/")[2])
    assert await links.use_up(good)


async def test_what_is_stored_of_a_link_does_not_open_it(store: MemoryStore, clock: ManualClock) -> None:
    secret = await OneTimeLinks(store, clock).issue()
    assert secret not in str(await store.list_state("local"))
    assert len(secret) >= 43
    assert secret not in repr(Address(url="u", administrator=f"u/{secret}"))


def test_an_administrator_is_told_by_a_mark_that_cannot_be_made_up() -> None:
    mark = RULES.administrator_mark
    assert RULES.is_admin({**ENTERED, "administrator": mark})
    for session in (
        ENTERED,
        {"administrator": mark},
        {**ENTERED, "administrator": True},
        {**ENTERED, "administrator": ""},
    ):
        assert not RULES.is_admin(session)
    assert not RULES.is_admin({**ENTERED, "administrator": RULES.pass_mark})


def test_the_role_holds_in_every_process_and_ends_with_the_password() -> None:
    session = {**ENTERED, "administrator": RULES.administrator_mark}
    assert replace(RULES).is_admin(session)
    for other in (replace(RULES, password="twig"), replace(RULES, secret="root")):
        assert not other.is_admin(session)
        assert not other.is_admin({**session, "pass": other.pass_mark})
    loopback = AccessRules(loopback=True, password=None, secret="bark")
    assert not loopback.is_admin({})
    assert loopback.is_admin({"administrator": loopback.administrator_mark})


# ---------------------------------------------------------------- channels


def test_everybody_sees_the_channels_and_their_own_direct_conversation() -> None:
    stored = [*HOME_CHANNELS, direct_channel(ADA), direct_channel(EVE)]
    for person in (ADA, EVE):
        for is_admin in (False, True):
            seen = seen_by(person, HOME, stored, is_admin=is_admin)
            assert seen == [*HOME_CHANNELS, direct_channel(person)]
    assert seen_by(ADA, HOME, HOME_CHANNELS, is_admin=False)[-1] == direct_channel(ADA)


def test_an_imported_workspace_has_no_direct_conversation() -> None:
    channels = [Channel(workspace="irc", id="ubuntu", name="ubuntu")]
    assert seen_by(ADA, Workspace(id="irc", name="IRC"), channels, is_admin=True) == channels


def test_what_everybody_shared_once_is_kept_by_administrators_alone() -> None:
    shared = Channel(workspace=HOME.id, id=DIRECT, name="Seedling", direct=True)
    assert [item.id for item in seen_by(ADA, HOME, [shared], is_admin=True)] == [DIRECT, "direct-u-ada"]
    assert [item.id for item in seen_by(ADA, HOME, [shared], is_admin=False)] == ["direct-u-ada"]
    assert not is_for(shared, ADA)


async def test_nobody_has_somebody_else_s_direct_conversation_summarised(
    store: MemoryStore, clock: ManualClock
) -> None:
    options = PlaygroundOptions(
        host="127.0.0.1", port=0, password=None, secret="s", model_name="m", notice="", complete=complete
    )
    playground = Playground(store, options=options, clock=clock)
    await store.put_workspace(HOME, [*HOME_CHANNELS, direct_channel(ADA)], [])
    key = ConversationKey(platform="local", workspace=HOME.id, channel=direct_channel(ADA).id, thread="")
    assert await playground.may_read(key, ADA)
    assert not await playground.may_read(key, EVE)
    assert not await playground.is_public(key)
    assert await playground.may_read(replace(key, channel="general"), EVE)
    assert not await playground.may_read(replace(key, channel="nowhere"), EVE)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        pytest.param("Grace  Hopper\n", "Grace Hopper", id="spaces"),
        pytest.param("", DEFAULT_NAME, id="none"),
        pytest.param(" \t", DEFAULT_NAME, id="only-space"),
        pytest.param("x" * 99, "x" * 40, id="long"),
    ],
)
def test_names_are_one_line_and_never_empty(given: str, name: str) -> None:
    assert plain_name(given) == name
