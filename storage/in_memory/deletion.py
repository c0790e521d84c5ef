"""Remove what people wrote from the stores in memory: the twin of `storage.deletion`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.context.transcript import CORRECTION_ID, corrects_nothing
from bot.ports import Clock
from bot.turns.followups import follow_up_keys
from bot.types import (
    OPEN_STATES,
    THREAD_EXPORT,
    ChannelMessage,
    ConversationKey,
    DeletionOutcome,
    Edit,
    PlaygroundEvent,
    Task,
    Turn,
    TurnId,
    TurnState,
    Within,
)
from storage.codec import as_utc
from storage.deletion import KEPT
from storage.in_memory.events import MemoryPlayground, post
from storage.in_memory.message_changes import ChangeName, MessageChange, channel_of, name_of
from storage.in_memory.removal import MemoryRemoval, blank
from storage.in_memory.summaries import lies_in
from storage.in_memory.workspaces import MemoryAdapterState
from storage.playground_rules import events_of
from storage.turn_rules import FORGOTTEN, PLAYGROUND, stands_in


class MemoryDeletion(MemoryRemoval, MemoryAdapterState, MemoryPlayground):
    """A `DeletionStore` and a `ForgetStore` in memory."""

    _clock: Clock
    _edited_at: dict[TurnId, datetime]
    _messages: defaultdict[tuple[str, str], dict[str, ChannelMessage]]

    async def delete_messages(self, channel: ConversationKey, ids: Sequence[str]) -> DeletionOutcome:
        ids = sorted(set(ids) - {""})
        self._begin()
        self._remember_deletion([name_of(channel, id) for id in ids])
        asked = [item.id for item in self._in_channel(channel) if item.incoming.message_id in ids]
        questions = [id for id in asked if self._turns[id].incoming.task is not Task.CONTEXT]
        carriers = sorted({self._merged.get(id, id) for id in questions})
        for id in (*asked, *self._follow_ups(questions)):
            self._remove_question(id)
        for turn in self._in_channel(channel):
            named = self._messages_of.get(turn.id, ())
            if set(ids) & set(named[:1] if turn.state in OPEN_STATES else named):
                self._remove_answer(turn.id)
        gone = [id for id in carriers if not self._stays_asked(self._turns[id])]
        for id in (*gone, *self._follow_ups(gone)):
            self._remove_shown(id)
        self._forget_elsewhere(channel, ids)
        keys = [key for key in self._entries if _is_within(key, channel)]
        self._remove_replies(self._in_channel(channel), keys, ids)
        self._forget_deliveries(of=lambda incoming: _is_within(incoming.key, channel) and incoming.message_id in ids)
        if channel.platform == PLAYGROUND:
            there = self._messages[channel.workspace, channel.channel]
            emptied = there.keys() & set(ids)
            for message in emptied:
                self._forget_files(there[message])
                there[message] = replace(there[message], text="", attachments=(), answer=None)
            self._forget_in_events(channel.workspace, channel.channel)
            self._record(events_of([there[message] for message in sorted(emptied)], emptied))
        return self._outcome()

    async def delete_answer(self, turn: TurnId) -> DeletionOutcome:
        self._begin()
        if turn in self._turns:
            self._remove_answer(turn)
        return self._outcome()

    async def delete_place(self, place: Within) -> DeletionOutcome:
        self._begin()
        self._remember_deletion([(place.platform, place.workspace, place.channel, place.thread, "")])
        self._forget_turns(turn for turn in self._turns.values() if lies_in(turn.incoming.key, place))
        for key in [key for key in {*self._entries, *self._parts} if lies_in(key, place)]:
            self._forget_transcript(key)
        if not place.thread:
            self._forget_schedules_in(place)
            self._forget_places_in(place)
        self._forget_deliveries(of=lambda incoming: lies_in(incoming.key, place))
        self._forget_edits(lambda name, _: lies_in(channel_of(name), replace(place, thread="")))
        self._forget_marks_in(place)
        return self._outcome()

    async def edit_message(self, channel: ConversationKey, edit: Edit, *, is_awaited: bool = False) -> None:
        edit = replace(edit, at=as_utc(edit.at))
        name = name_of(channel, edit.message_id)
        asked = [turn for turn in self._in_channel(channel) if turn.incoming.message_id == edit.message_id != ""]
        before = self._changes.get(name)
        known_at = [self._edited_at[item.id] for item in asked if item.id in self._edited_at]
        known_at += [before.at] if before else []
        if (before is not None and before.deleted) or max(known_at, default=edit.at) > edit.at:
            return
        await post(self, edit.posted)
        says_more = before is not None or any(turn.incoming.text != edit.text for turn in asked)
        waits = True in [self._edit_turn(turn, edit) for turn in asked]  # each of them is edited
        corrected = await self._correct(channel, edit)
        if (waits and says_more) or ((is_awaited or before) and not asked and not corrected):
            self._keep_edit(name, edit)

    def _keep_edit(self, name: ChangeName, edit: Edit) -> None:
        self._changes[name] = MessageChange(
            deleted=False,
            at=edit.at,
            kept_at=as_utc(self._clock()),
            text=edit.text,
            author=edit.correction.author,
            correction=edit.correction,
        )

    def _is_being_answered(self, turn: Turn) -> bool:
        answering = self._turns[self._merged.get(turn.id, turn.id)]
        return answering.state is TurnState.RUNNING and answering.outcome is None and turn.incoming.text != ""

    def _edit_turn(self, turn: Turn, edit: Edit) -> bool:
        self._edited_at[turn.id] = edit.at
        asked = turn.incoming
        if self._is_being_answered(turn):
            return True
        if asked.text and asked.task is not Task.SUMMARY:
            self._keep(replace(turn, incoming=replace(asked, text=edit.text)))
        return False

    async def edit_waiting(self, channel: ConversationKey, edit: Edit, *, asked: bool = False) -> None:
        states, at = {TurnState.REMEMBERED, *((TurnState.QUEUED,) if asked else ())}, as_utc(edit.at)
        for turn in [item for item in self._in_channel(channel) if item.state in states]:
            said = turn.incoming
            is_it = said.message_id == edit.message_id != "" and said.text and said.task is not Task.SUMMARY
            if is_it and self._edited_at.get(turn.id, at) <= at:
                self._edited_at[turn.id] = at
                self._keep(replace(turn, incoming=replace(said, text=edit.text)))
        theirs = [turn for turn in self._in_channel(channel) if turn.incoming.message_id == edit.message_id != ""]
        corrected = [turn for turn in theirs if turn.incoming.text != edit.text and self._is_being_answered(turn)]
        before = self._changes.get(name_of(channel, edit.message_id))
        if asked and corrected and (before is None or (not before.deleted and before.at <= at)):
            self._edited_at |= dict.fromkeys((turn.id for turn in corrected), at)
            self._keep_edit(name_of(channel, edit.message_id), replace(edit, at=at))

    async def _correct(self, channel: ConversationKey, edit: Edit) -> bool:
        found = False
        for key in [key for key in self._entries if _is_within(key, channel)]:
            here = [entry for entry in self._entries[key].values() if entry.message_id == edit.message_id]
            found = found or bool(here)
            in_view = any(item.position >= self._conversations[key].window_start for item in here)
            newer = any(item.id.startswith(CORRECTION_ID) and item.at > edit.at for item in here)
            last = max(here, key=lambda item: item.position, default=None)
            says_more = last is not None and not corrects_nothing(edit.correction, last.id, last.entry.text)
            if in_view and not newer and says_more:
                await self.append_entries(key, [edit.correction])
        return found

    async def forget_memory(self, key: ConversationKey) -> bool:
        if key not in self._conversations:
            return False
        known = self._conversations[key]
        emptied = replace(known, memory="", condensed_until=known.window_start, condensed_in_vain=0)
        self._conversations[key] = replace(emptied, revision=known.revision + 1)
        self._notes_from[key], self._notes_until[key] = known.window_start, 0
        return bool(known.memory)

    async def forget_conversation(self, key: ConversationKey, *, rested: bool = False) -> DeletionOutcome:
        self._begin()
        theirs = [turn for turn in self._turns.values() if turn.incoming.key == key]
        if not (rested and any(turn.state in OPEN_STATES for turn in theirs)):
            kept = {turn.incoming.message_id for turn in theirs}
            kept |= {entry.message_id for entry in self._entries[key].values()}
            self._forget_turns(theirs)
            self._forget_transcript(key)
            if not rested:
                self._forget_elsewhere(key, kept - {""})
            self._forget_edits(lambda name, _: name[:3] == name_of(key, "")[:3])
            if key.platform == PLAYGROUND:
                self._forget_standing(key)
        return self._outcome()

    def _forget_standing(self, key: ConversationKey) -> None:
        """Delete what stands in a conversation of the playground, and let its pages read the channel anew."""
        there = self._messages[key.workspace, key.channel]
        for message in [item for item in there.values() if stands_in(item, key)]:
            self._forget_files(message)
            del there[message.id]
        self._forget_in_events(key.workspace, key.channel)
        self._record([PlaygroundEvent(kind="place", workspace=key.workspace, channel=key.channel)])

    async def forget_person(self, platform: str, id: str) -> DeletionOutcome:
        self._begin()
        wrote = [turn for turn in self._turns.values() if turn.incoming.author.id == id]
        theirs = [turn for turn in wrote if turn.incoming.key.platform == platform]
        keys = {turn.incoming.key for turn in theirs if turn.incoming.task is not Task.CONTEXT}
        self._forget_turns(turn for turn in self._turns.values() if turn.incoming.key in keys)
        for key in keys:
            self._forget_transcript(key)
        for said in [turn for turn in theirs if turn.incoming.task is Task.CONTEXT]:
            self._remove_question(said.id)
            self._keep(replace(self._turns[said.id], incoming=blank(said.incoming)))
        self._forget_person_in_parts(platform, id)
        self._forget_schedules_of(platform, id)
        for changed in [place for place in self._setting_changes if place[:2] == (platform, id)]:
            del self._setting_changes[changed]
        self._forget_deliveries(of=lambda incoming: (incoming.key.platform, incoming.author.id) == (platform, id))
        for key in [key for key in self._entries if key.platform == platform]:
            written = [name for name, entry in self._entries[key].items() if entry.author == id]
            self._remove_entries(key, written)
        self._forget_edits(lambda name, change: name[0] == platform and change.author == id)
        return self._outcome()

    async def inactive_since(self, before: datetime) -> Mapping[ConversationKey, datetime]:
        latest: dict[ConversationKey, tuple[bool, datetime]] = {}
        asked_since: set[ConversationKey] = set()
        for id, turn in self._turns.items():
            key, at, is_asked = turn.incoming.key, self._accepted_at[id], turn.incoming.task is not Task.CONTEXT
            if turn.incoming.author.id == FORGOTTEN:
                continue
            if at < as_utc(before):
                latest[key] = max(latest.get(key, (is_asked, at)), (is_asked, at))
            elif is_asked:
                asked_since.add(key)
        open_keys = {turn.incoming.key for turn in self._turns.values() if turn.state in OPEN_STATES}
        return {key: at for key, (_, at) in latest.items() if key not in open_keys | asked_since}

    # ------------------------------------------------------------ what is where

    def _in_channel(self, channel: ConversationKey) -> list[Turn]:
        return [turn for turn in self._turns.values() if _is_within(turn.incoming.key, channel)]

    def _follow_ups(self, asked: Sequence[TurnId]) -> list[TurnId]:
        found: list[TurnId] = []
        newest = list(asked)
        while newest:
            names = {name for id in newest for name in follow_up_keys(self._merged.get(id, id))}
            known = {*asked, *found}
            newest = [id for id, turn in self._turns.items() if turn.incoming.dedupe_key in names and id not in known]
            found += newest
        return found

    def _forget_elsewhere(self, channel: ConversationKey, ids: Collection[str]) -> None:
        """Remove what was told of messages, and quoted of them, anywhere in their channel."""
        if ids:
            self._remove_from_summaries(channel, ids)
        for key in [key for key in self._entries if _is_within(key, channel)]:
            names = [name for name, entry in self._entries[key].items() if entry.message_id in ids]
            self._remove_entries(key, names)

    def _remove_from_summaries(self, channel: ConversationKey, ids: Collection[str]) -> None:
        written_at = self._forget_in_parts(channel, ids)
        for turn in [item for item in self._in_channel(channel) if item.incoming.task is Task.SUMMARY]:
            self._begin_anew(turn)
            is_since = written_at is not None and turn.incoming.sent_at >= written_at
            if turn.outcome is not None and (is_since or turn.incoming.text == THREAD_EXPORT):
                self._remove_summary(turn)

    def _remember_deletion(self, names: Iterable[ChangeName]) -> None:
        now = as_utc(self._clock())
        self._changes = {name: item for name, item in self._changes.items() if item.kept_at >= now - KEPT}
        self._changes |= {name: MessageChange(deleted=True, at=now, kept_at=now) for name in names}


def _is_within(key: ConversationKey, channel: ConversationKey) -> bool:
    return replace(key, thread="") == replace(channel, thread="")
