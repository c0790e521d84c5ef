"""Ports for the stores over one database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from typing import Protocol

from bot.parameters import Scope, SettingChange
from bot.ports.access import AccessStore, AuditStore
from bot.ports.costs import BudgetStore, Ledger
from bot.ports.deletions import DeletionStore, ForgetStore
from bot.ports.deliveries import DeliveryStore
from bot.ports.exports import ExportStore
from bot.ports.summaries import ScheduleStore, SummaryStore
from bot.types import (
    Channel,
    ChannelMessage,
    Condensation,
    Conversation,
    ConversationKey,
    Draft,
    Incoming,
    NewEntry,
    Person,
    PlaygroundEvent,
    PlaygroundFile,
    QueueFigures,
    Recorded,
    RequestRecord,
    Settlement,
    StoredEntry,
    Turn,
    TurnId,
    Utterance,
    Waiting,
    Workspace,
)


class TurnStore(Protocol):
    """The durable inbox and queue. Any method can raise `StorageError`; each is one transaction."""

    async def enqueue(self, incoming: Incoming, *, again: bool = False) -> TurnId | None:
        """Store an incoming as a queued turn; None when its dedupe key is known. Durable on return.

        None as well for a question that was read before it was told, and so stands in a request that is answered, or
        being answered: it is stored as one of those that this answer is for, unless it is asked `again`, on purpose.
        Its `posted` message is stored with it.

        With the task `CONTEXT` it is remembered until the next question of its conversation takes it along: it is never
        claimed and counts as nothing that was asked. Of all but the newest 50 of these the words are dropped.
        """
        ...

    async def is_known(self, incoming: Incoming) -> bool:
        """Return whether an incoming was stored as a question before, by its dedupe key."""
        ...

    async def turn_of(self, incoming: Incoming) -> TurnId | None:
        """Return the turn that answers an incoming, maybe with others, by its dedupe key; None where it is no turn."""
        ...

    async def claim(self, key: ConversationKey, *, worker: str) -> Turn | None:
        """Take the oldest open turn of a conversation and make it running; None when there is none.

        Raises its epoch and attempt. A turn that was already running is taken over: the caller must know
        that no other runner works on this conversation. Requests that an earlier runner left open are settled as they
        stand.
        """
        ...

    async def begin_post(self, turn: Turn) -> None:
        """Remember that a new message of the answer is about to be posted, until `set_reply_ref` notes where it stands.

        Whoever claims the turn next knows by it that there may be one to find. Raises `ClaimLost`.
        """
        ...

    async def set_reply_ref(self, turn: Turn, ref: str, messages: Sequence[str] = ()) -> bool:
        """Remember where the answer stands; return whether the turn is to be stopped. Raises `ClaimLost`.

        `messages` are all messages of the answer by id, in order: when somebody deletes one, the turn is found by it.
        """
        ...

    async def save_draft(self, turn: Turn, draft: Draft) -> bool:
        """Remember how far the reply has come; whether it is to be stopped. Raises `ClaimLost`.

        The draft of a recorded turn stays: one that comes later is not remembered.
        """
        ...

    async def check_claim(self, turn: Turn) -> bool:
        """Return whether a turn that is still ours is to be stopped. Changes nothing. Raises `ClaimLost`."""
        ...

    async def coalesce(self, turn: Turn) -> Turn:
        """Return the turn with every other queued question of its conversation taken into its `burst`, in
        order.

        Those become done with it and are never claimed; questions with parameters of their own, or marked to
        be stopped, stay turns. What was said until the last of these questions and not answered is taken into its
        `context`; it is remembered again when the turn ends without an answer. Idempotent. Raises `ClaimLost`.
        """
        ...

    async def was_added_to(self, turn: Turn) -> bool:
        """Return whether those who asked a claimed turn have asked more since, which `coalesce` would take in."""
        ...

    async def record(self, turn: Turn, settlement: Settlement) -> Recorded:
        """Write how a turn ended before it is shown: transcript, conversation, draft and outcome together.

        What was deleted meanwhile is not written; what was edited meanwhile is followed by its correction. The turn
        stays running until `close`. Raises `ClaimLost`.
        """
        ...

    async def record_memory(self, turn: Turn, condensation: Condensation) -> None:
        """Write what was condensed after a recorded turn: conversation and transcript together.

        Done twice it counts once. When something of the conversation was removed since the turn was recorded, nothing
        is written. Raises `ClaimLost`.
        """
        ...

    async def close(self, turn: Turn, *, error: str = "", retracted: bool = False) -> bool:
        """End a recorded turn in its outcome, or as failed with an `error` for operators. Raises `ClaimLost`.

        Return False, and leave it running, when it was withdrawn and what is shown is not `retracted` yet, or is to be
        answered anew, since one of its questions was deleted after it was recorded.
        """
        ...

    async def reschedule(self, turn: Turn, until: datetime) -> None:
        """Hand a turn back to the queue, to be claimed from `until` on. Raises `ClaimLost`.

        Counts as one more of its `retries` until an answer is recorded, and as one of its `showings` from then on.
        """
        ...

    async def release(self, turn: Turn) -> None:
        """Hand a turn back to the queue as if this claim had not been, for any runner. Raises `ClaimLost`."""
        ...

    async def get_turn(self, id: TurnId) -> Turn | None:
        """Return a turn as it stands, or None."""
        ...

    async def waiting(self, key: ConversationKey) -> Waiting | None:
        """Return what is known of the open turns of a conversation; None when there is none."""
        ...

    async def queue_figures(self) -> QueueFigures:
        """Return the whole queue in figures."""
        ...

    async def recent_requests(self, key: ConversationKey, *, limit: int) -> Sequence[RequestRecord]:
        """Return the newest `limit` requests of a conversation, oldest first."""
        ...

    async def request_stop(
        self, key: ConversationKey, *, author: str = "", until: datetime | None = None
    ) -> Sequence[TurnId]:
        """Mark every open turn of a conversation to be stopped, and let none wait; the ids, oldest first.

        With an `author`, by id, only those whose question they asked, and with `until` only those asked by then. For a
        turn whose answer is recorded it is too late: it is neither marked nor told.
        """
        ...

    async def stoppable_by(self, key: ConversationKey) -> Set[str]:
        """Return the ids of those who asked the open turns of a conversation that can still be stopped."""
        ...

    async def has_participated(self, key: ConversationKey) -> bool:
        """Return whether anything was asked in the conversation, answered or not."""
        ...

    async def recent_talk(self, key: ConversationKey, *, limit: int, without: str = "") -> Sequence[Utterance]:
        """Return what was said in a conversation lately, oldest first: questions and answers, and what was read there.

        At most `limit` messages of the transcript, then what is not in it yet: questions without an answer, and what is
        remembered for the next one. Long texts are cut. The message with the id `without` is left out.
        """
        ...

    async def asked_by_bots(self, key: ConversationKey, *, limit: int) -> int:
        """Return how many of the newest `limit` turns of a conversation bots have asked since a person did."""
        ...

    async def active_conversations(self, platform: str, *, since: datetime) -> Mapping[ConversationKey, datetime]:
        """Return the conversations of a platform with questions since then, and when the newest was asked in each."""
        ...

    async def note_feedback(self, id: TurnId, person: str, *, good: bool) -> None:
        """Remember whether somebody, by id, found an answer good; the last word counts."""
        ...

    async def open_conversations(self) -> Sequence[ConversationKey]:
        """Every conversation with an open turn, the longest waiting first."""
        ...


class TranscriptStore(Protocol):
    """The append-only history of each conversation. Any method can raise `StorageError`."""

    async def get_conversation(self, key: ConversationKey) -> Conversation | None:
        """Return what is remembered of a conversation; None when it is new."""
        ...

    async def get_entries(self, key: ConversationKey, *, start: int) -> Sequence[StoredEntry]:
        """Return the entries from position `start` on, in order; reads no earlier one."""
        ...

    async def append_entries(self, key: ConversationKey, entries: Sequence[NewEntry]) -> Sequence[StoredEntry]:
        """Append those entries whose id is new, in order, creating the conversation; the new ones. Messages that wait
        as questions there are left out: they enter with their answers.
        """
        ...

    async def save_conversation(self, key: ConversationKey, conversation: Conversation) -> None:
        """Replace what is remembered of a conversation that has been used before."""
        ...


class SettingStore(Protocol):
    """Parameter values as people set them, as canonical text. Any method can raise `StorageError`."""

    async def get_settings(self, scopes: Sequence[Scope]) -> Mapping[Scope, Mapping[str, str]]:
        """Return the values set at each of these scopes; a scope without any maps to {}."""
        ...

    async def put_setting(self, scope: Scope, name: str, value: str) -> None:
        """Set one value, replacing the one before."""
        ...

    async def remove_setting(self, scope: Scope, name: str) -> bool:
        """Unset one value; whether there was one."""
        ...

    async def get_everywhere(self, name: str) -> Mapping[Scope, str]:
        """Return the values of one parameter at every scope where it is set."""
        ...

    async def last_change(self, platform: str, person: str, scopes: Sequence[Scope]) -> SettingChange | None:
        """Return what somebody changed last at one of these scopes, unless it was undone; the last at each is kept for
        seven days.
        """
        ...


class AdapterStateStore(Protocol):
    """State of adapters between starts, as text by platform and name: installations, what was seen last.

    Secrets are encrypted before they come here. Any method can raise `StorageError`.
    """

    async def get_state(self, platform: str, name: str) -> str | None:
        """One value, or None."""
        ...

    async def list_state(self, platform: str, *, prefix: str = "") -> Mapping[str, str]:
        """Return the values whose names begin with `prefix`, in the order of their names."""
        ...

    async def put_state(self, platform: str, name: str, value: str) -> None:
        """Remember one value, replacing the one before."""
        ...

    async def swap_state(self, platform: str, name: str, *, before: str | None, after: str | None) -> bool:
        """Replace a value only if it still is `before`, atomically among all processes; whether it was.

        None stands for no value: `before` None adds, `after` None removes.
        """
        ...


class WorkspaceStore(Protocol):
    """The playground's own workspaces. Any method can raise `StorageError`."""

    async def put_workspace(self, workspace: Workspace, channels: Sequence[Channel], people: Sequence[Person]) -> None:
        """Store a workspace with channels and people; what is there under the same id is replaced."""
        ...

    async def add_channel(self, channel: Channel, *, most: int | None = None) -> bool:
        """Add a channel to a workspace, unless one has its id; False where its maker has made `most` already."""
        ...

    async def put_messages(self, messages: Sequence[ChannelMessage]) -> int:
        """Store messages of existing channels; what has the same id is replaced; the number of new ones.

        `replies` and `last_reply_at` are not read: the store derives them.
        """
        ...

    async def get_workspaces(self) -> Sequence[Workspace]:
        """All workspaces by name."""
        ...

    async def get_channels(self, workspace: str) -> Sequence[Channel]:
        """Return the channels of a workspace by name, direct ones last."""
        ...

    async def get_people(self, workspace: str) -> Sequence[Person]:
        """Return the people of a workspace by name."""
        ...

    async def get_message(self, workspace: str, channel: str, id: str) -> ChannelMessage | None:
        """One message, or None."""
        ...

    async def get_messages(
        self,
        workspace: str,
        channel: str,
        *,
        before: ChannelMessage | None = None,
        after: ChannelMessage | None = None,
        limit: int,
    ) -> Sequence[ChannelMessage]:
        """Return the newest `limit` messages outside threads, earlier than `before`, oldest first.

        With `after` they are the oldest ones that are later than that.
        """
        ...

    async def get_thread(
        self,
        workspace: str,
        channel: str,
        thread: str,
        *,
        before: ChannelMessage | None = None,
        after: ChannelMessage | None = None,
        limit: int,
    ) -> Sequence[ChannelMessage]:
        """Return the same of the messages inside a thread, without its root."""
        ...

    async def search_messages(
        self, places: Sequence[tuple[str, str]], words: Sequence[str], *, limit: int
    ) -> Sequence[ChannelMessage]:
        """Return the newest `limit` messages of channels (workspace, id) that have all words, newest first.

        Upper and lower case of ASCII letters are the same.
        """
        ...

    async def put_playground_file(self, file: PlaygroundFile) -> None:
        """Keep a file, until its message is deleted; what has the same id is replaced."""
        ...

    async def get_playground_file(self, id: str) -> PlaygroundFile | None:
        """Return a file, or None."""
        ...

    async def add_playground_events(self, events: Sequence[PlaygroundEvent]) -> None:
        """Let open pages hear of something that is not stored otherwise: answers that grow, and what is private.

        Stored messages and deletions add their events themselves, in the same transaction.
        """
        ...

    async def get_playground_events(self, after: int, *, limit: int) -> Sequence[PlaygroundEvent]:
        """Return the oldest `limit` events behind a position, in order; none is committed before them later."""
        ...

    async def get_playground_positions(self) -> tuple[int, int]:
        """Return the positions of the oldest event that is kept and of the newest; (0, 0) before the first one."""
        ...

    async def prune_playground(self, before: datetime) -> None:
        """Delete the events that are older, and files that were not sent since.

        The newest event stays, so that positions never come again.
        """
        ...


class Store(
    TurnStore,
    TranscriptStore,
    SettingStore,
    AdapterStateStore,
    Ledger,
    BudgetStore,
    WorkspaceStore,
    DeletionStore,
    ForgetStore,
    SummaryStore,
    ScheduleStore,
    DeliveryStore,
    AccessStore,
    AuditStore,
    ExportStore,
    Protocol,
):
    """All stores over one database."""
