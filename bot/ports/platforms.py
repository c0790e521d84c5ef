"""Ports for chat platforms, and for the bot that their adapters pass events to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Generic, Protocol, TypeVar, runtime_checkable

from bot.access.roles import Permissions
from bot.checks import Check
from bot.errors import PlatformRefused
from bot.parameters import Effective, Scope
from bot.ports.model import Clock
from bot.ports.stores import Store
from bot.settings import PlatformSettings, Settings
from bot.types import (
    ConversationKey,
    DeletionOutcome,
    Draft,
    FollowUp,
    HandleResult,
    Incoming,
    PendingAnswer,
    Person,
    Place,
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

        Calls never overlap. Raises `PlatformRefused` for what would be refused again, `ReplyRemoved` when somebody
        has deleted the message meanwhile, and `PlatformError` for what may pass.
        """
        ...

    async def finish(self, draft: Draft, *, plain: bool = False) -> str:
        """As `show`, for the last time: the whole text stands complete when this returns.

        `plain` asks for the plainest form, after a richer one was refused: text alone, without buttons and without a
        reference to the question, in new messages where those that are there cannot be changed. `retract` with the
        reference that this returns takes those away.
        """
        ...

    async def retract(self, keep: str) -> None:
        """Take back the messages of this reply that the reference `keep` does not name, as when another runner has the
        turn; with "" all of them, as when the question was deleted.

        What cannot be deleted says in place of the answer that it was taken back. Nothing is shown here after that.
        Raises `PlatformError` when something stands as it was.
        """
        ...


class Platform(Protocol):
    """A place where people write and the bot answers."""

    @property
    def name(self) -> str:
        """The platform's part of a conversation key."""
        ...

    @property
    def min_update_interval(self) -> float:
        """The least number of seconds between two `show` of one reply."""
        ...

    async def open_reply(self, turn: Turn) -> Reply:
        """Return the reply of `turn`; continues the message that `turn` already has, never starts a second
        one.

        Finds what an earlier runner posted and could not note, which may take some seconds: nothing is looked for
        between the question whether the turn is still ours and the post that follows it. Raises `PlatformError`.
        """
        ...

    async def known_refusal(self, turn: Turn) -> PlatformRefused | None:
        """Return why no answer to `turn` could be shown, where that is known beforehand. Raises `PlatformError`."""
        ...

    async def tell(self, asked: Incoming, draft: Draft) -> None:
        """Show a finished draft to the author of `asked` alone, without buttons. Raises `PlatformError`.

        Where its key names no channel, nobody asked: it goes to their direct message. Where it names no workspace
        either, any one does that they are in.
        """
        ...

    async def read_thread(self, key: ConversationKey, *, limit: int) -> Sequence[ThreadMessage]:
        """Return the newest `limit` messages of a thread, oldest first, without the bot's own; [] when there
        is none.

        Raises `ThreadNotWhole` with those that could be read, and `PlatformError`.
        """
        ...

    async def describe(self, key: ConversationKey) -> Place:
        """Return what people call the channel that `key` lies in, whatever its thread. Raises `PlatformError`.

        Asked before every answer, so what was told before is remembered.
        """
        ...


TIME_STEP: Final = timedelta(milliseconds=1)
"""The finest that every platform tells times apart by: Discord's ids count milliseconds."""


@runtime_checkable
class ChannelReader(Protocol):
    """A platform whose channels can be read on demand. Any method can raise `PlatformError`."""

    async def read_channel(
        self, key: ConversationKey, *, since: datetime | None = None, before: datetime | None = None, limit: int
    ) -> Sequence[ReadMessage]:
        """Return the newest `limit` messages outside threads of the channel that `key` lies in, oldest
        first.

        Replies that were sent to the channel as well are among them, with the name of their `thread`.
        Only messages at or after `since` and before `before` count. Everybody's messages are among them, the bot's
        too; what was deleted is not, and what was edited has its newest text.
        """
        ...

    async def read_replies(
        self, key: ConversationKey, thread: str, *, since: datetime | None = None, limit: int
    ) -> Sequence[ReadMessage]:
        """Return the newest `limit` messages of one thread of that channel, without its root, oldest first."""
        ...

    async def link(self, key: ConversationKey, message: ReadMessage) -> str:
        """Return the address under which people open a message; "" where there is none."""
        ...

    async def may_read(self, key: ConversationKey, person: Person) -> bool:
        """Return whether somebody may read the channel that `key` lies in; False when that cannot be told."""
        ...

    async def is_public(self, key: ConversationKey) -> bool:
        """Return whether everybody in the workspace may read that channel."""
        ...


class Bot(Protocol):
    """Receiver of an adapter's events.

    Whatever has an effect names who wants it and by which delivery (`asked`), and the same delivery twice is done
    once. What is REPLIED, and what an `InvalidInput` says, is owed to the author until `mark_answered` is called: after
    a crash it comes back from the same delivery, and from `take_pending_answers`.
    """

    async def handle(self, incoming: Incoming) -> HandleResult:
        """Take one incoming: store a question, carry out a command ("/set ..." or "!set ..."), or pass it over.

        What is ANSWERING or REPLIED is durable on return, so the platform may be told. Raises `InvalidInput` with a
        message for the author, and `StorageError` when nothing was stored and the platform must not be told. The
        `posted` message of an incoming is stored with whatever comes of it, also of what is refused or passed over.
        """
        ...

    async def begin(self, asked: Incoming) -> bool:
        """Store what the platform is about to be told is under way; False when it is, or was, handled elsewhere.

        Everything that was begun is handled, or ends with `mark_answered`. Raises `StorageError`.
        """
        ...

    async def refuse(self, asked: Incoming) -> HandleResult | None:
        """Tell whoever uses a command or a control that it is not open to them; None when it is.

        Raises `StorageError`.
        """
        ...

    async def reply(self, asked: Incoming, text: str) -> HandleResult:
        """Answer an incoming with `text` and nothing else. Raises `StorageError`."""
        ...

    async def mark_answered(self, asked: Incoming) -> None:
        """Note that the author of an incoming was told what there is to tell; later where the database is away."""
        ...

    async def take_pending_answers(self, platform: str) -> Sequence[PendingAnswer]:
        """Take over what a crash kept from its authors, oldest first; each ends with `mark_answered`.

        Raises `StorageError`.
        """
        ...

    async def stop(self, key: ConversationKey, *, asked: Incoming, stopped: str = "", idle: str = "") -> HandleResult:
        """Stop what is being answered to the author of `asked`, or to anybody for a manager.

        The author is told `stopped`, or `idle` if there was nothing. Raises `InvalidInput` when only others' questions
        are being answered, and `StorageError`.
        """
        ...

    async def on_message_edited(self, message: Incoming, *, at: datetime, by_platform: bool = False) -> HandleResult:
        """Follow the edit of a message, edited at `at`; `message` is as it came in, with its new text.

        What the edit makes a question is answered, once; ANSWERING says so. `by_platform` says that nobody edited it,
        and the platform has added previews: what waits takes them in, what is being answered is followed by them, and
        nothing else follows. Raises `StorageError`.
        """
        ...

    async def on_reaction(self, message: Incoming, *, asked: Incoming) -> HandleResult:
        """Answer a message that was left alone, since the author of `asked` reacts to it with the bot's emoji; once.

        `message` is as if its author had meant it for the bot. Raises `StorageError`.
        """
        ...

    async def on_message_deleted(self, channel: ConversationKey, *ids: str) -> DeletionOutcome:
        """Messages of a channel were deleted, people's or the bot's own; nothing of them is kept, sent or answered.

        Raises `StorageError`.
        """
        ...

    async def on_workspace_joined(self, workspace: Within, *, by: str) -> None:
        """Record that the bot was added to a workspace, by somebody's id, "" where the platform does not tell."""
        ...

    async def on_place_deleted(self, place: Within) -> DeletionOutcome:
        """Follow the end of a thread, a channel or a whole workspace, with all that was said there.

        Raises `StorageError`.
        """
        ...

    async def remove_channel(self, key: ConversationKey, *, asked: Incoming) -> HandleResult:
        """Remove a channel of the playground with all that was said and set there; that is audited.

        Raises `OthersWrote` for who neither administers the workspace nor is the only person there, and `StorageError`.
        """
        ...

    async def follow_up(self, id: TurnId, how: FollowUp, *, asked: Incoming) -> HandleResult:
        """Go on with a turn that has ended, once however often that is asked. Raises `InvalidInput` and `StorageError`.

        Only who asked it, or a manager of the channel, may. A retry and another answer are written into the message of
        the turn, the rest of an answer into a new one.
        """
        ...

    async def feedback(self, id: TurnId, *, good: bool, asked: Incoming, answer: str = "") -> HandleResult:
        """Remember whether somebody found an answer good, who is told `answer`. Raises `StorageError`."""
        ...

    async def turn(self, id: TurnId) -> Turn | None:
        """Return a turn as it stands, for whoever acts on its reply: its conversation, author and state."""
        ...

    async def get_parameters(self, key: ConversationKey) -> Mapping[str, Effective]:
        """Every parameter as it holds in a conversation, with where its value comes from."""
        ...

    async def permissions(self, asked: Incoming) -> Permissions:
        """Return what the author of `asked` may set where it stands. Raises `StorageError`."""
        ...

    async def set_parameters(
        self,
        scope: Scope,
        values: Mapping[str, str | None],
        *,
        asked: Incoming,
        answer: str = "",
        expected: Mapping[str, str | None] | None = None,
    ) -> HandleResult:
        """Set parameters by name at a scope, or unset them with None: all or none; the author is told `answer`.

        `expected` are the values that its author saw at this scope. Raises `ChangedMeanwhile` where they are others by
        now, `InvalidInput` before any is changed, also for those who may not, and `StorageError`.
        """
        ...

    async def usage(self, asked: Incoming) -> str:
        """Return what somebody's own questions used and cost, as Markdown. Raises `StorageError`."""
        ...

    async def recent_conversations(self, platform: str, *, since: datetime) -> Mapping[ConversationKey, datetime]:
        """Return the conversations with questions since then, and when the newest was asked: where to catch up after a
        gap.
        """
        ...

    async def kept_messages(self, key: ConversationKey, *, limit: int) -> Sequence[str]:
        """Return the ids of the newest messages of people that are kept of a conversation and would be sent again.

        Oldest first. Raises `StorageError`.
        """
        ...

    async def request_history(self, key: ConversationKey, *, limit: int) -> Sequence[RequestRecord]:
        """Return the newest `limit` requests of a conversation in figures, oldest first. Raises `StorageError`."""
        ...


class ListeningPlatform(Platform, Protocol):
    """A platform that can also be listened to."""

    async def run(self, bot: Bot) -> None:
        """Hand what people write to `bot`, until cancelled. Raises `ConfigError` for what an operator must mend."""
        ...

    async def wait_ready(self) -> None:
        """Wait until what people write arrives here."""
        ...


OwnSettings = TypeVar("OwnSettings", bound=PlatformSettings)

Commands = Any  # argparse has no public name for what `add_subparsers` gives
OpenStore = Callable[[Settings], AbstractAsyncContextManager[Store]]
"""Opens the database that the settings name, at the newest schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining(Generic[OwnSettings]):
    """Arguments of opening a platform: its settings, those of the core, and whether the model can search the web."""

    settings: OwnSettings
    core: Settings
    store: Store
    clock: Clock
    searches: bool


def _add_none(_commands: Commands, _open_store: OpenStore) -> None:
    """Leave the command line as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSpec(Generic[OwnSettings]):
    """All that the rest of the house knows of a chat platform before it is joined.

    `name` is that of its conversations and of its command (`seedling NAME`), `title` is the name as people write it,
    and `guide` says where it is told how to join.

    `open` gives a platform that can answer, and that listens once it is run; it raises `ConfigError`. `check` gives
    one row for each thing that can be wrong, each found within so many seconds, and raises nothing. `try_out` does
    the same for what it tries in a channel, whose id it is given; None where there is nothing to try. `add_commands`
    adds further commands, under names that no other platform has. The module of a spec imports no SDK: these
    functions do, when they are called.
    """

    name: str
    title: str
    guide: str
    settings: type[OwnSettings]
    open: Callable[[Joining[OwnSettings]], AbstractAsyncContextManager[ListeningPlatform]]
    check: Callable[[OwnSettings, Settings, float], AsyncIterator[Check]]
    try_out: Callable[[OwnSettings, Settings, str, float], AsyncIterator[Check]] | None = None
    add_commands: Callable[[Commands, OpenStore], None] = _add_none
