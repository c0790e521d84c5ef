"""The playground as the core's platform: idempotent replies, stored at a calm pace, and threads without the bot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from adapters.listeners import listen, url_of
from adapters.web.frame import FrameOptions
from adapters.web.playground.differences import NOTHING, grown
from adapters.web.playground.live_reply import BOT, open_reply
from adapters.web.playground.platform import Playground, PlaygroundOptions
from bot.commands.completion import complete
from bot.errors import ConfigError, PlatformError, StorageUnavailable
from bot.types import (
    Channel,
    ChannelMessage,
    ConversationKey,
    Draft,
    Incoming,
    Person,
    PlaygroundEvent,
    Turn,
    TurnState,
    Workspace,
)
from storage.in_memory.store import MemoryStore
from tests.browser.driven_bot import DrivenBot
from tests.fakes import ManualClock

ADA = Person(id="ada", name="Ada")
KEY = ConversationKey(platform="local", workspace="w", channel="c", thread="root")
OPTIONS = PlaygroundOptions(
    frame=FrameOptions(host="127.0.0.1", password="leaf", secret="bark"),
    port=0,
    model_name="m",
    notice="",
    complete=complete,
)


class CountingStore(MemoryStore):
    """Counts what is stored, and can be away."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock=clock)
        self.stored: list[str] = []
        self.away = False

    async def put_messages(self, messages: Sequence[ChannelMessage]) -> int:
        if self.away:
            raise StorageUnavailable("away")
        self.stored += [item.text for item in messages]
        return await super().put_messages(messages)


@pytest.fixture
async def store(clock: ManualClock) -> CountingStore:
    store = CountingStore(clock)
    await store.put_workspace(Workspace(id="w", name="W"), [Channel(workspace="w", id="c", name="c")], [ADA])
    return store


def _turn(clock: ManualClock) -> Turn:
    incoming = Incoming(key=KEY, dedupe_key="d", author=ADA, text="why?", sent_at=clock())
    return Turn(id=7, incoming=incoming, state=TurnState.RUNNING, epoch=1, attempt=1)


def _writing(text: str) -> Draft:
    return Draft(status="writing", text=text)


class Heard:
    """Record of what pages are told, and what they make of it."""

    def __init__(self, known: Draft = NOTHING) -> None:
        self.events: list[PlaygroundEvent] = []
        self.seen: list[str] = []
        self._draft = known

    async def __call__(self, event: PlaygroundEvent | None) -> None:
        if event is not None:
            self.events.append(event)
            draft = grown(self._draft, event)
            assert draft is not None
            self._draft = draft
            self.seen.append(draft.text)


async def test_every_draft_is_told_by_what_is_new_and_about_one_a_second_is_stored(
    store: CountingStore, clock: ManualClock
) -> None:
    heard = Heard()
    reply = await open_reply(store, heard, clock, _turn(clock))
    texts = ["x" * number for number in range(25)]
    for text in texts:
        assert await reply.show(_writing(text)) == "turn-7"
        clock.advance(0.1)
    await reply.finish(Draft(status="done", text="end"))
    assert [len(text) for text in store.stored] == [0, 10, 20, 3]
    assert heard.seen == texts[1:]
    assert {event.draft.text for event in heard.events if event.draft} == {"x"}


async def test_a_reply_taken_up_again_goes_on_in_the_same_message(store: CountingStore, clock: ManualClock) -> None:
    first = await open_reply(store, Heard(), clock, _turn(clock))
    await first.show(_writing("half"))
    began = clock()
    clock.advance(60)
    again = await open_reply(store, Heard(), clock, _turn(clock))
    await again.finish(Draft(status="done", text="whole"))
    messages = await store.get_thread("w", "c", "root", limit=10)
    assert [(item.id, item.text, item.at, item.author) for item in messages] == [("turn-7", "whole", began, BOT)]


async def test_a_store_that_is_away_for_a_moment_costs_no_answer(store: CountingStore, clock: ManualClock) -> None:
    reply = await open_reply(store, Heard(_writing("a")), clock, _turn(clock))
    await reply.show(_writing("a"))
    store.away = True
    clock.advance(2)
    await reply.show(_writing("ab"))
    with pytest.raises(PlatformError):
        await reply.finish(Draft(status="done", text="abc"))
    store.away = False
    await reply.finish(Draft(status="done", text="abc"))
    assert store.stored == ["a", "abc"]


async def test_the_first_draft_is_not_shown_when_it_cannot_be_stored(store: CountingStore, clock: ManualClock) -> None:
    heard = Heard()
    store.away = True
    reply = await open_reply(store, heard, clock, _turn(clock))
    with pytest.raises(PlatformError):
        await reply.show(_writing("a"))
    assert not heard.events


async def test_a_thread_is_read_with_its_root_and_without_the_bot(store: CountingStore, clock: ManualClock) -> None:
    def message(id: str, text: str, thread: str = "root", author: Person = ADA) -> ChannelMessage:
        clock.advance(1)
        return ChannelMessage(workspace="w", channel="c", id=id, author=author, text=text, at=clock(), thread=thread)

    await store.put_messages([message("root", "@seedling root", thread="")])
    await store.put_messages([message(f"r{number}", f"{number}") for number in range(250)])
    await store.put_messages([message(f"b{number}", "I said", author=BOT) for number in range(120)])
    playground = Playground(store, options=OPTIONS, clock=clock)
    whole = await playground.read_thread(KEY, limit=1000)
    assert [item.text for item in whole] == ["root", *map(str, range(250))]
    assert [item.text for item in await playground.read_thread(KEY, limit=3)] == ["247", "248", "249"]


@pytest.mark.parametrize(
    ("thread", "limit"),
    [pytest.param("", 5, id="no-thread"), pytest.param("gone", 5, id="gone"), pytest.param("root", 0, id="none")],
)
async def test_where_there_is_no_thread_nothing_is_read(
    store: CountingStore, clock: ManualClock, thread: str, limit: int
) -> None:
    playground = Playground(store, options=OPTIONS, clock=clock)
    key = ConversationKey(platform="local", workspace="w", channel="c", thread=thread)
    assert await playground.read_thread(key, limit=limit) == []


async def test_other_machines_are_not_let_in_without_a_password(store: CountingStore, clock: ManualClock) -> None:
    playground = Playground(
        store, options=replace(OPTIONS, frame=FrameOptions(host="0.0.0.0", secret="bark")), clock=clock
    )
    with pytest.raises(ConfigError) as caught:
        await playground.run(DrivenBot())
    assert caught.value.variable == "CONSOLE_PASSWORD"


def test_the_options_show_no_secret() -> None:
    assert "leaf" not in repr(OPTIONS)
    assert "bark" not in repr(OPTIONS)


def test_a_port_in_use_is_named() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        assert url_of("127.0.0.1", taken) == f"http://127.0.0.1:{port}"
        assert url_of("0.0.0.0", taken) == f"http://localhost:{port}"
        assert url_of("::1", taken) == f"http://[::1]:{port}"
        with pytest.raises(ConfigError) as caught:
            listen("127.0.0.1", port)
    assert caught.value.variable == "PORT"
    assert str(port) in caught.value.fix


@pytest.mark.parametrize("host", ["192.0.2.1", "a..b", "a b"])
def test_an_address_of_no_part_of_this_machine_is_refused(host: str) -> None:
    with pytest.raises(ConfigError) as caught:
        listen(host, 0)
    assert caught.value.variable == "HOST"


async def test_a_channel_is_described_as_people_know_it(store: CountingStore, clock: ManualClock) -> None:
    playground = Playground(store, options=OPTIONS, clock=clock)
    channels = [
        Channel(workspace="w", id="c", name="greenhouse", topic="Pumps"),
        Channel(workspace="w", id="d", name="Seedling", topic="Just you and the bot", direct=True),
    ]
    await store.put_workspace(Workspace(id="w", name="Kew"), channels, [BOT])
    described = await playground.describe(KEY)
    assert (described.workspace, described.channel, described.topic) == ("Kew", "#greenhouse", "Pumps")
    direct = await playground.describe(replace(KEY, channel="d"))
    assert (direct.is_direct, direct.channel, direct.topic) == (True, "", "")
    assert (await playground.describe(replace(KEY, channel="gone"))).channel == ""
