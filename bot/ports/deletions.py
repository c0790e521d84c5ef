"""Deletions, edits and forgetting, followed to every copy of what people wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from typing import Protocol

from bot.types import ConversationKey, DeletionOutcome, Edit, Incoming, TurnId, Within


class DeletionStore(Protocol):
    """Deletions and edits, followed to every copy of a message, each in one transaction. Can raise `StorageError`.

    Copies are: the turn with its attachments, draft and whatever was asked again of it; the entries of every
    conversation of the channel; the notes made of them; parts of summaries and the summaries told since; edits that
    wait; commands and answers that are still owed; messages of the playground. What was used and paid stays in sums.
    """

    async def delete_messages(self, channel: ConversationKey, ids: Sequence[str]) -> DeletionOutcome:
        """Delete messages of the channel that `channel` lies in, people's or the bot's own.

        Questions that wait go; what is being answered is withdrawn, and others of the same burst are asked anew. One
        that is still to come is never taken. A closed turn whose answer was shown is open again once all its questions
        are gone, withdrawn, so that its runner takes the answer back. Of an answer that somebody removed the text is
        dropped and the turn ends.
        """
        ...

    async def delete_answer(self, turn: TurnId) -> DeletionOutcome:
        """Delete the answer of a turn that somebody was found to have removed, as if their deletion had been told."""
        ...

    async def delete_place(self, place: Within) -> DeletionOutcome:
        """Delete all that was said in a thread, a channel or a workspace that is gone, and its digests.

        What was said there before and comes late is not taken.
        """
        ...

    async def edit_message(self, channel: ConversationKey, edit: Edit, *, is_awaited: bool = False) -> None:
        """Follow an edit of a message in the channel that `channel` lies in; of several the newest counts.

        The text of a question that waits changes. One that is being answered, or was, is followed by the correction.
        An edit of a message that is not known is kept for it where that `is_awaited`: where it may still come, and
        would be taken. The `posted` message of an edit that counts is stored with it.
        """
        ...

    async def drop_context(self, incoming: Incoming) -> bool:
        """Forget that a message is remembered for the next question, so that it can be asked; return whether it was.

        Where it was sent with a question already, its entry stays.
        """
        ...

    async def unsent_messages(self, key: ConversationKey, *, limit: int) -> Sequence[str]:
        """Return the ids of the newest messages of a conversation that are still to be sent to the model, oldest first.

        Those are its open questions, what is answered together with them, and what is remembered for the next one.
        """
        ...

    async def set_aside(self, incoming: Incoming) -> bool:
        """Remember a question for the next one in place of asking it; return whether that was possible.

        It is as long as it waits and nothing of an answer was begun.
        """
        ...

    async def edit_waiting(self, channel: ConversationKey, edit: Edit, *, asked: bool = False) -> None:
        """Follow a change of a message that waits for the next question, or as one where `asked`.

        It is sent as it reads then. One that is being answered where `asked` is followed by the correction.
        """
        ...

    async def forget_memory(self, key: ConversationKey) -> bool:
        """Drop the notes of a conversation; return whether there were any."""
        ...


class ForgetStore(Protocol):
    """Forgetting: text, media and names go; what was used and paid stays in sums. Any method can raise `StorageError`.

    Open turns are withdrawn, so that nothing of them comes back when they end.
    """

    async def forget_conversation(self, key: ConversationKey, *, rested: bool = False) -> DeletionOutcome:
        """Forget a conversation, which can go on; if it `rested`, only when no turn of it is open."""
        ...

    async def shrink(self) -> None:
        """Give the space of what was deleted back to the disk, where the database does not do so by itself."""
        ...

    async def authors(self, key: ConversationKey) -> Set[str]:
        """Return the ids of the people whose words are lost when a conversation is forgotten.

        Those who asked, those whose messages were read, and in the playground those who wrote. Neither bots nor
        who was forgotten are among them.
        """
        ...

    async def forget_person(self, platform: str, id: str) -> DeletionOutcome:
        """Forget somebody, and every conversation in which they asked; what others wrote in the playground stays."""
        ...

    async def inactive_since(self, before: datetime) -> Mapping[ConversationKey, datetime]:
        """Return the conversations with text in which nothing was asked since `before`, and when the last
        question was.
        """
        ...
