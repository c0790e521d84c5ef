"""The platforms that people write on, and what their adapters hand events to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from bot.parameters import Effective, Scope
from bot.types import (
    Again,
    ConversationKey,
    DeletionOutcome,
    Draft,
    Handled,
    Incoming,
    Person,
    ReadMessage,
    RequestRecord,
    ThreadMessage,
    Turn,
    TurnId,
    Within,
)


class Reply(Protocol):
    """The visible answer to one turn: one or more messages that change until they are finished."""

    @property
    def messages(self) -> Sequence[str]:
        """The messages that it has now, by the platform's ids, in order; () where they cannot be named."""
        ...

    async def show(self, draft: Draft) -> str:
        """Make `draft` visible in place of what was; return the reference of the first visible message.

        Calls never overlap. Raises `PlatformError`.
        """
        ...

    async def finish(self, draft: Draft) -> str:
        """As `show`, for the last time: the whole text stands complete when this returns."""
        ...

    async def withdraw(self, keep: str) -> None:
        """Take back the messages of this reply that the reference `keep` does not name: another runner has the turn.

        With "" all of them are taken back, because the question was deleted; what cannot be deleted says so in place
        of the answer. Nothing is shown here after that. Raises `PlatformError`.
        """
        ...


class Platform(Protocol):
    """A place where people write and the bot answers."""

    @property
    def name(self) -> str:
        """The platform's part of a conversation key."""
        ...

    @property
    def pace(self) -> float:
        """The least number of seconds between two `show` of one reply."""
        ...

    async def open_reply(self, turn: Turn) -> Reply:
        """The reply of `turn`; continues the message that `turn` already has, never starts a second one.

        Finds what an earlier runner posted and could not note, which may take some seconds: nothing is looked for
        between the question whether the turn is still ours and the post that follows it. Raises `PlatformError`.
        """
        ...

    async def read_thread(self, key: ConversationKey, *, limit: int) -> Sequence[ThreadMessage]:
        """The newest `limit` messages of a thread, oldest first, without the bot's own; [] when there is none."""
        ...


@runtime_checkable
class ChannelReader(Protocol):
    """A platform whose channels can be read on demand. Any method can raise `PlatformError`."""

    async def read_channel(
        self, key: ConversationKey, *, since: datetime | None = None, before: datetime | None = None, limit: int
    ) -> Sequence[ReadMessage]:
        """The newest `limit` messages outside threads of the channel that `key` lies in, oldest first.

        Only messages at or after `since` and before `before` count. Everybody's messages are among them, the bot's
        too; what was deleted is not, and what was edited has its newest text.
        """
        ...

    async def read_replies(
        self, key: ConversationKey, thread: str, *, since: datetime | None = None, limit: int
    ) -> Sequence[ReadMessage]:
        """The newest `limit` messages of one thread of that channel, without its root, oldest first."""
        ...

    async def link(self, key: ConversationKey, message: ReadMessage) -> str:
        """The address under which people open a message; "" where there is none."""
        ...

    async def may_read(self, key: ConversationKey, person: Person) -> bool:
        """Whether somebody may read the channel that `key` lies in; False when that cannot be told."""
        ...

    async def is_public(self, key: ConversationKey) -> bool:
        """Whether everybody in the workspace may read that channel."""
        ...


class Bot(Protocol):
    """What an adapter hands its events to."""

    async def handle(self, incoming: Incoming) -> Handled:
        """Take one incoming: store a question, carry out a command ("/set ..." or "!set ..."), or pass it over.

        What is ANSWERING is durable on return, so the platform may be told. Raises `InvalidInput` with a
        message for the author, and `StorageError` when nothing was stored and the platform must not be told.
        """
        ...

    async def stop(self, key: ConversationKey) -> bool:
        """Stop what is being answered in a conversation; whether there was anything."""
        ...

    async def edited(
        self, channel: ConversationKey, message: ThreadMessage, *, at: datetime, is_directed: bool = False
    ) -> None:
        """A message of a channel was edited at `at`; `message` has its new text and original time.

        `is_directed` says that it is meant for the bot by itself. Raises `StorageError`.
        """
        ...

    async def deleted(self, channel: ConversationKey, *ids: str) -> DeletionOutcome:
        """Messages of a channel were deleted, people's or the bot's own; nothing of them is kept, sent or answered.

        Raises `StorageError`.
        """
        ...

    async def place_deleted(self, place: Within) -> DeletionOutcome:
        """A thread, a channel or a whole workspace is gone, with all that was said there. Raises `StorageError`."""
        ...

    async def again(self, id: TurnId, how: Again, *, by: Person, at: datetime) -> Handled:
        """Go on with a turn that has ended; the same twice is done once. Raises `InvalidInput` and `StorageError`.

        A retry and another answer are written into the message of the turn, the rest of an answer into a new one.
        """
        ...

    async def feedback(self, id: TurnId, *, by: Person, good: bool) -> None:
        """Remember whether somebody found an answer good. Raises `StorageError`."""
        ...

    async def turn(self, id: TurnId) -> Turn | None:
        """A turn as it stands, for whoever acts on its reply: its conversation, author and state."""
        ...

    async def effective(self, key: ConversationKey) -> Mapping[str, Effective]:
        """Every parameter as it holds in a conversation, with where its value comes from."""
        ...

    async def change(self, scope: Scope, values: Mapping[str, str | None]) -> None:
        """Set parameters by name at a scope, or unset them with None. Raises `InvalidValue` before any is changed."""
        ...

    async def active(self, platform: str, *, since: datetime) -> Mapping[ConversationKey, datetime]:
        """The conversations with questions since then, and when the newest was asked: where to catch up after a gap."""
        ...

    async def requests(self, key: ConversationKey, *, limit: int) -> Sequence[RequestRecord]:
        """The newest `limit` requests of a conversation in figures, oldest first. Raises `StorageError`."""
        ...
