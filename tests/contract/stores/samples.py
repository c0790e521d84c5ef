"""Values that the suite stores."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from bot.ports import Ledger
from bot.types import (
    Channel,
    ChannelMessage,
    Charge,
    Conversation,
    ConversationKey,
    Costs,
    CostSplit,
    Draft,
    Entry,
    Footer,
    Incoming,
    Media,
    NewEntry,
    Person,
    Purpose,
    RequestId,
    SentRequest,
    Settlement,
    Source,
    Turn,
    TurnState,
    Usage,
    Workspace,
)
from tests.fakes import START

KEY = ConversationKey(platform="slack", workspace="T1", channel="C1", thread="171.0001")
OTHER = ConversationKey(platform="slack", workspace="T1", channel="C1", thread="171.0002")
ADA = Person(id="U1", name="Ada")
WORDS = "Grüße, 世界 🌱 \u200b\n\t'\";--"

WORKSPACE = Workspace(id="W", name="Garden")
GENERAL = Channel(workspace="W", id="C1", name="general", topic=WORDS)
CHANNELS = (GENERAL, Channel(workspace="W", id="C2", name="random"))


EVERYTHING = Draft(
    status="writing",
    text=WORDS,
    reasoning="because",
    sources=(Source(url="https://example.org/?a=1&b=2", title=WORDS), Source(url="https://example.com")),
    notices=("one", "two"),
    footer=Footer(
        model="seed-2-0-lite",
        usage=Usage(
            input=128_001,
            cached=64_000,
            output=9,
            reasoning=4,
            estimated=True,
            tools={"web_search": 2},
            reported_cost=Decimal("0.000000310000000000000001"),
        ),
        cost=Decimal("0.10"),
        seconds=1.1,
        show_cost=False,
        split=CostSplit(read=Decimal("0.0398"), cached=Decimal("1E-21"), tools=Decimal(2)),
    ),
)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def incoming(name: str, *, seconds: float = 0, key: ConversationKey = KEY, **changes: Any) -> Incoming:
    fields: dict[str, Any] = {"author": ADA, "text": f"question {name}", "sent_at": at(seconds)}
    return Incoming(key=key, dedupe_key=name, **(fields | changes))


def entry(name: str, *, seconds: float = 0, media: tuple[Media, ...] = (), text: str = "") -> NewEntry:
    rendered = Entry(role="user", text=text or f"text {name}", media=media)
    return NewEntry(id=name, entry=rendered, tokens=7, at=at(seconds), author="U1", message_id=f"s-{name}")


def picture(data: bytes, name: str = "leaf.png") -> Media:
    return Media(kind="image", media_type="image/png", name=name, data=data, tokens=81)


def settlement(*entries: NewEntry, state: TurnState = TurnState.DONE, **changes: Any) -> Settlement:
    fields: dict[str, Any] = {"draft": Draft(status="done", text="answer")}
    return Settlement(state=state, entries=entries, **(fields | changes))


def sent(turn: Turn, likely: str = "0", greatest: str = "0", **changes: Any) -> SentRequest:
    """A request for a turn, which will probably cost `likely`."""
    fields: dict[str, Any] = {
        "purpose": Purpose.ANSWER,
        "model": "seed-2-0-lite",
        "charge": Charge(usage=Usage(input=1, estimated=True), cost=Decimal(0)),
        "costs": Costs(likely=Decimal(likely), greatest=Decimal(greatest)),
    }
    return SentRequest(turn=turn, **(fields | changes))


async def pay(
    store: Ledger, turn: Turn, usage: Usage, cost: Decimal = Decimal(0), *, model: str = "seed-2-0-lite"
) -> RequestId:
    """Send a request for a turn and settle it."""
    id = await store.open_request(sent(turn, model=model))
    await store.settle_request(id, Charge(usage=usage, cost=cost))
    return id


def remembered(**changes: Any) -> Conversation:
    fields: dict[str, Any] = {
        "window_start": 3,
        "last_request_at": at(60),
        "prompt_digest": "abc",
        "token_ratio": 1.0937,
        "memory": WORDS,
    }
    return Conversation(**(fields | changes))


def message(id: str, *, seconds: float = 0, thread: str = "", channel: str = "C1", **changes: Any) -> ChannelMessage:
    fields: dict[str, Any] = {"author": ADA, "text": f"text {id}"}
    return ChannelMessage(workspace="W", channel=channel, id=id, at=at(seconds), thread=thread, **(fields | changes))
