"""A platform as people chat on it, with the bot among them; each platform fills this in over its emulator."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from adapters.dates import DateWords
from adapters.media.charts import PillowCharts
from bot.errors import InvalidInput
from bot.parameters import Scope, find
from bot.turns.conversation_manager import ConversationManager
from bot.turns.dispatcher import Dispatcher
from bot.turns.inbox import Inbox
from bot.types import (
    FollowUp,
    HandleResult,
    Incoming,
    NewRule,
    Outcome,
    PlaceKind,
    RuleKind,
    RulePlace,
    Subject,
    SubjectKind,
    TextDelta,
    Turn,
    TurnId,
)
from storage.in_memory.store import MemoryStore
from tests.fakes import FixedRates, ScriptedModel, services, words

PATIENCE_S = 20
REFUSED = HandleResult(outcome=Outcome.REPLIED)


def now() -> datetime:
    return datetime.now(UTC)


class NotingInbox(Inbox):
    """The front door, noting what became of each message and which were changed, by id, and what it has decided."""

    heard: defaultdict[str, list[HandleResult]]
    changed: set[str]
    decided: set[str]

    async def on_message_edited(self, message: Incoming, *, at: datetime, by_platform: bool = False) -> HandleResult:
        """Follow a change as ever."""
        handled = await super().on_message_edited(message, at=at, by_platform=by_platform)
        self.changed.add(message.message_id)
        return handled

    async def feedback(self, id: TurnId, *, good: bool, asked: Incoming, answer: str = "") -> HandleResult:
        """Note it as ever."""
        handled = await super().feedback(id, good=good, asked=asked, answer=answer)
        self.decided.add(asked.dedupe_key)
        return handled

    async def handle(self, incoming: Incoming) -> HandleResult:
        """Handle it as ever; an error that is to be told counts as such."""
        handled = REFUSED
        try:
            handled = await super().handle(incoming)
        except InvalidInput as error:
            handled = replace(REFUSED, text=str(error))
            raise
        finally:
            self.heard[incoming.message_id or incoming.dedupe_key].append(handled)
            self.decided.add(incoming.dedupe_key)
        return handled

    async def refuse(self, asked: Incoming) -> HandleResult | None:
        """Refuse it as ever."""
        if handled := await super().refuse(asked):
            self.decided.add(asked.dedupe_key)
        return handled

    async def on_reaction(self, message: Incoming, *, asked: Incoming) -> HandleResult:
        """Take a reaction as ever."""
        handled = await super().on_reaction(message, asked=asked)
        self.decided.add(asked.dedupe_key)
        return handled

    async def follow_up(self, id: TurnId, how: FollowUp, *, asked: Incoming) -> HandleResult:
        """Go on as ever; an error that is to be told counts as such."""
        handled = REFUSED
        try:
            handled = await super().follow_up(id, how, asked=asked)
        finally:
            self.decided.add(asked.dedupe_key)
        return handled


@dataclass(kw_only=True)
class Said:
    """A message of somebody; `native` is the platform's own of it, `id` its name in the core."""

    id: str
    native: Any


class Chat(ABC):
    """A channel with Ada, Bob and the bot; `mention` is what addresses it."""

    name: str
    workspace: str
    channel: str
    mention: str

    def __init__(self, platform: Any, store: MemoryStore) -> None:
        self.store = store
        self.model = ScriptedModel()
        self.platform = platform
        platforms = {platform.name: platform}
        manager = ConversationManager(store, self.model, FixedRates(), platforms, clock=now)
        self.dispatcher = Dispatcher(store, manager.answer, worker="w", clock=now)
        shown = {"times": DateWords(), "charts": PillowCharts()}
        self.inbox = NotingInbox(manager, self.dispatcher, services(store, manager, platforms, clock=now, **shown))
        self.inbox.heard, self.inbox.changed, self.inbox.decided = defaultdict(list), set(), set()

    # ------------------------------------------------------------ what a platform fills in

    @abstractmethod
    async def say(
        self,
        text: str,
        *,
        by: str = "ada",
        below: Said | None = None,
        direct: bool = False,
        file: bytes = b"",
    ) -> Said:
        """Somebody writes in the channel, in the thread of another message, or to the bot directly."""

    def id_of(self, person: str) -> str:
        """Somebody's id on the platform."""
        return person

    @abstractmethod
    def call(self, person: str) -> str:
        """How a message mentions somebody."""

    @abstractmethod
    async def say_again(self, said: Said) -> None:
        """The platform delivers it once more."""

    @abstractmethod
    async def edit(self, said: Said, text: str) -> None:
        """Its author changes it."""

    @abstractmethod
    async def delete(self, said: Said) -> None:
        """Its author deletes it."""

    @abstractmethod
    async def answers(self, said: Said) -> Sequence[str]:
        """The bot's answers below a message, as everybody sees them."""

    @abstractmethod
    def told(self) -> Sequence[str]:
        """What the bot told somebody beside its answers, alone where the platform can."""

    # ------------------------------------------------------------ the other ways in, as far as a platform has them

    async def command(self, text: str, *, by: str) -> None:
        """Somebody gives a command, by its own way where there is one."""
        await self.say(f"{self.mention} /{text}", by=by)

    async def regenerate(self, said: Said, *, by: str) -> None:
        """Somebody wants another answer to a question that was answered, by the button below it."""
        raise NotImplementedError

    async def rate(self, said: Said, *, by: str) -> None:
        """Somebody finds the answer to a question good, by the button below it."""
        raise NotImplementedError

    async def ask_about(self, said: Said, *, by: str) -> None:
        """Somebody asks about a message, by its menu and the form that opens, if one does; done when this returns."""
        raise NotImplementedError

    async def promote(self, person: str) -> None:
        """The platform makes somebody an administrator."""
        raise NotImplementedError

    async def fill_in(self, name: str, value: str, *, by: str) -> None:
        """Somebody sets a parameter of the channel in the form, if the form lets them; done when this returns."""
        raise NotImplementedError

    async def shortcut(self, said: Said, *, by: str) -> None:
        """Somebody has the channel summarised from a message on, by its menu."""
        raise NotImplementedError

    async def react(self, said: Said, *, by: str) -> None:
        """Somebody puts the bot's emoji on a message."""
        raise NotImplementedError

    # ------------------------------------------------------------ the same everywhere

    async def ask(self, text: str, **where: Any) -> Said:
        """Somebody asks, and is answered."""
        said = await self.say(f"{self.mention} {text}".strip(), **where)
        assert (await self.became(said)).outcome is Outcome.ANSWERING
        await self.answered()
        return said

    async def open_thread(self) -> Said:
        """Ada begins a thread without the bot."""
        said = await self.say("The pump is broken.")
        await self.became(said)
        return said

    async def became(self, said: Said, *, times: int = 1) -> HandleResult:
        """What became of a message at first, once it was delivered so often."""
        await self.until(lambda: len(self.inbox.heard[said.id]) >= times)
        return self.inbox.heard[said.id][0]

    async def is_passed_over(self, said: Said) -> bool:
        """Whether nothing becomes of a message that is heard: no answer, and nothing that somebody is told."""
        return await self.became(said) == HandleResult(outcome=Outcome.IGNORED)

    async def answered(self) -> None:
        """Wait until every turn has ended."""
        async with asyncio.timeout(PATIENCE_S):
            while await self.store.open_conversations():
                await asyncio.sleep(0.01)

    async def until(self, holds: Callable[[], Any]) -> Any:
        """Wait until something is so; what it is."""
        async with asyncio.timeout(PATIENCE_S):
            while not (found := holds()):
                await asyncio.sleep(0.01)
        return found

    async def until_told(self, text: str) -> None:
        """Wait until somebody is told something with this text in it."""
        await self.until(lambda: text in "\n".join(self.told()))

    async def set(self, **values: str) -> None:
        """Set parameters for the whole workspace. Raises `InvalidInput`."""
        for name, text in values.items():
            value = find(name).format(find(name).parse(text))
            await self.store.put_setting(Scope(kind="workspace", key=f"{self.name}/{self.workspace}"), name, value)

    async def rule(self, kind: RuleKind, person: str = "ada") -> None:
        """Keep a rule about somebody: a denial is everywhere, managers are of the channel, others of the workspace."""
        workspace = f"{self.name}/{self.workspace}"
        place = RulePlace(kind=PlaceKind.CHANNEL, key=f"{workspace}/{self.channel}")
        if kind is RuleKind.ADMINISTRATOR:
            place = RulePlace(kind=PlaceKind.WORKSPACE, key=workspace)
        elif kind is RuleKind.DENY:
            place = RulePlace(kind=PlaceKind.INSTALLATION)
        subject = Subject(kind=SubjectKind.PERSON, id=f"{self.name}/{self.id_of(person)}")
        await self.store.add_rule(NewRule(kind=kind, subject=subject, place=place))

    @property
    def turns(self) -> Sequence[Turn]:
        """Everything that was asked, in order."""
        return list(self.store._turns.values())

    def stored(self) -> str:
        """All that the store holds, as one text."""
        return str(vars(self.store))

    def sent(self, request: int = -1) -> str:
        """What was sent to the model, the last time if not told otherwise."""
        return "\n".join(entry.text for entry in self.model.asked[request].entries)

    async def asking(self, gate: asyncio.Event, text: str) -> Said:
        """Somebody asks, and the answer begins, to go on when the gate opens."""
        self.model.scripts.append([TextDelta("It "), gate, *words("is so.")])
        before = len(self.model.asked)
        said = await self.say(f"{self.mention} {text}")
        await self.until(lambda: len(self.model.asked) > before)
        return said


async def end(chat: Chat, running: Sequence[asyncio.Task[Any]]) -> None:
    """End what runs for a chat."""
    await chat.dispatcher.aclose(grace=PATIENCE_S)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
