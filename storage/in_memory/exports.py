"""Read from memory what operators take out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from bot.ports.exports import THREAD_LENGTH
from bot.types import (
    ChannelMessage,
    ConversationKey,
    Entry,
    KeptFile,
    KeptMessage,
    Person,
    PersonData,
    PlaygroundFile,
    Purpose,
    RatedAnswer,
    Rating,
    Schedule,
    ScheduleId,
    Settlement,
    Task,
    Turn,
    TurnId,
)
from storage.codec import as_utc
from storage.exact_sum import exact_sum
from storage.in_memory.ledger import LedgerLine
from storage.in_memory.talk import MemoryTalk
from storage.turn_rules import FORGOTTEN, PLAYGROUND, posted


class MemoryExports(MemoryTalk):
    """An `ExportStore` in memory."""

    lines: dict[int, LedgerLine]
    settlements: dict[TurnId, Settlement]
    feedback: dict[tuple[TurnId, str], bool]
    _people: defaultdict[str, dict[str, Person]]
    _messages: defaultdict[tuple[str, str], dict[str, ChannelMessage]]
    _schedules: dict[ScheduleId, Schedule]
    _marks: dict[tuple[ConversationKey, str], datetime]
    _rated_at: dict[tuple[TurnId, str], datetime]
    _files: dict[str, PlaygroundFile]

    async def rated_answers(self, *, since: datetime, limit: int) -> Sequence[RatedAnswer]:
        rated = [self._rated(id, person) for (id, person), at in self._rated_at.items() if at >= as_utc(since)]
        return sorted(rated, key=lambda item: (item.at, item.turn, item.person))[max(0, len(rated) - limit) :]

    def _rated(self, id: TurnId, person: str) -> RatedAnswer:
        turn = self._with_merged(self._turns[id])
        asked = [turn.incoming, *turn.coalesced]
        lines = [line for line in self.lines.values() if line.turn == id and line.purpose is not Purpose.NOTES]
        is_kept = turn.incoming.author.id != FORGOTTEN and id in self.settlements
        return RatedAnswer(
            turn=id,
            key=turn.incoming.key,
            person=person,
            good=self.feedback[id, person],
            at=self._rated_at[id, person],
            question="\n\n".join(filter(None, (item.text for item in asked))),
            answer=turn.draft.text if turn.draft else "",
            model=lines[-1].model if lines else "",
            parameters=self.settlements[id].parameters if is_kept else {},
            cost=exact_sum(line.charge.cost for line in lines),
            thread=self._thread_before(turn),
        )

    def _thread_before(self, turn: Turn) -> tuple[Entry, ...]:
        names = {f"a:{turn.id}", *(f"m:{item.dedupe_key}" for item in (turn.incoming, *turn.coalesced))}
        entries = sorted(self._entries[turn.incoming.key].values(), key=lambda entry: entry.position)
        begin = next((number for number, entry in enumerate(entries) if entry.id in names), 0)
        before = entries[max(0, begin - THREAD_LENGTH) : begin]
        return tuple(Entry(role=item.entry.role, text=item.entry.text) for item in before)

    async def person_data(self, platform: str, id: str) -> PersonData:
        wrote = [turn for turn in self._turns.values() if turn.incoming.author.id == id]
        turns = [turn for turn in wrote if turn.incoming.key.platform == platform]
        asked = [self._asked_in(turn) for turn in turns]
        messages = [*asked, *self._read_of(platform, id, turns)]
        names = {turn.incoming.author.name for turn in turns}
        if platform == PLAYGROUND:
            theirs = [item for part in self._messages.values() for item in part.values() if item.author.id == id]
            messages += posted(theirs, asked)
            known = (people[id] for people in self._people.values() if id in people)
            names |= {person.name for person in (*known, *(item.author for item in theirs))}
        digests = (item for item in self._schedules.values() if (item.key.platform, item.author.id) == (platform, id))
        return PersonData(
            names=tuple(sorted(names - {""})),
            messages=tuple(sorted(messages, key=lambda message: message.sent_at)),
            ratings=self._ratings_of(platform, id),
            digests=tuple(digests),
            files=self._files_of(id) if platform == PLAYGROUND else (),
            summaries_until={
                key: until for (key, who), until in self._marks.items() if (key.platform, who) == (platform, id)
            },
        )

    def _files_of(self, person: str) -> tuple[KeptFile, ...]:
        theirs = sorted((file for file in self._files.values() if file.author == person), key=lambda f: (f.at, f.id))
        return tuple(
            KeptFile(
                id=file.id,
                channel=ConversationKey(platform=PLAYGROUND, workspace=file.workspace, channel=file.channel, thread=""),
                name=file.name,
                media_type=file.media_type,
                size=len(file.data),
                at=file.at,
            )
            for file in theirs
        )

    def _asked_in(self, turn: Turn) -> KeptMessage:
        asked, draft = turn.incoming, self._turns[self._merged.get(turn.id, turn.id)].draft
        return KeptMessage(
            key=asked.key,
            message_id=asked.message_id,
            sent_at=asked.sent_at,
            kind=asked.task.value,
            text=asked.text,
            files=tuple(file.name for file in asked.attachments),
            parameters=asked.overrides,
            answer="" if draft is None or asked.task is Task.CONTEXT else draft.text,
        )

    def _read_of(self, platform: str, id: str, turns: Sequence[Turn]) -> list[KeptMessage]:
        known = {(turn.incoming.key, f"m:{turn.incoming.dedupe_key}") for turn in turns}
        return [
            KeptMessage(
                key=key,
                message_id=item.message_id,
                sent_at=item.at,
                kind="read",
                text=item.entry.text,
                files=tuple(media.name for media in item.entry.media),
            )
            for key, entries in self._entries.items()
            for item in entries.values()
            if key.platform == platform and item.author == id and (key, item.id) not in known
        ]

    def _ratings_of(self, platform: str, id: str) -> tuple[Rating, ...]:
        rated = [
            Rating(turn=turn, key=self._turns[turn].incoming.key, good=good, at=self._rated_at[turn, who])
            for (turn, who), good in self.feedback.items()
            if who == id and self._turns[turn].incoming.key.platform == platform
        ]
        return tuple(sorted(rated, key=lambda item: (item.at, item.turn)))
