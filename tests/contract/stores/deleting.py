"""Questions and answers that tell a secret, for the suites about deletions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.types import (
    ConversationKey,
    Draft,
    Entry,
    NewEntry,
    Turn,
    TurnId,
    TurnState,
)
from tests.contract.stores.conftest import AnyStore, claim
from tests.contract.stores.samples import (
    KEY,
    at,
    entry,
    incoming,
    picture,
    remembered,
    settlement,
)
from tests.fakes import settle

CHANNEL = replace(KEY, thread="")
SECRET = "hunter2"


def asked(name: str, **changes: Any) -> Any:
    given: dict[str, Any] = {"text": f"{SECRET} {name}", "message_id": f"s-{name}", "seconds": 1}
    return incoming(name, **(given | changes))


def answer_of(turn: Turn) -> NewEntry:
    return NewEntry(id=f"a:{turn.id}", entry=Entry(role="assistant", text=SECRET), tokens=1, at=at(9))


async def under_way(store: AnyStore, *names: str) -> Turn:
    """A claimed turn of these questions together."""
    for seconds, name in enumerate(names):
        await store.enqueue(asked(name, seconds=seconds))
    return await store.coalesce(await claim(store))


async def answered(store: AnyStore, name: str, **changes: Any) -> Turn:
    """A question that was answered and closed; question and answer tell the secret."""
    await store.enqueue(asked(name, **changes))
    turn = await claim(store, changes.get("key", KEY))
    await store.set_reply_ref(turn, f"ref-{name}", [f"r-{name}", f"r-{name}-2"])
    question = entry(name, text=SECRET, media=(picture(SECRET.encode()),))
    draft = Draft(status="done", text=SECRET)
    after = remembered(memory="", window_start=0)
    ended = settlement(question, answer_of(turn), draft=draft, conversation=after)
    await settle(store, turn, ended)
    return turn


async def now(store: AnyStore, turn: Turn) -> Turn:
    found = await store.get_turn(turn.id)
    assert found is not None
    return found


async def texts(store: AnyStore, key: ConversationKey = KEY) -> list[str]:
    return [item.entry.text for item in await store.get_entries(key, start=0)]


async def taken_back(store: AnyStore) -> list[TurnId]:
    """Take back what is to be, as a runner does; return the turns."""
    turns = []
    while await store.open_conversations():
        turn = await claim(store)
        assert (turn.withdrawn, turn.outcome, turn.draft, turn.attempt) == (True, TurnState.DONE, None, 1)
        assert turn.reply_ref
        await store.close(turn, retracted=True)
        turns.append(turn.id)
    return turns
