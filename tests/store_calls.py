"""A call of every method of the stores, as the running bot makes it, over a filled database.

Whoever adds a method to a store adds a call of it to `CALLS`, and to `LARGER` the reason why it may meet more rows
than a conversation has, if it may.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import time, timedelta
from decimal import Decimal
from itertools import count

from bot.chat.follow_ups import TALK_LENGTH
from bot.parameter_resolver import scopes_of
from bot.turns.effects import SetParameters
from bot.types import (
    INSTALLATION,
    AuditRecord,
    Budget,
    Charge,
    Condensation,
    Conversation,
    ConversationKey,
    Covered,
    Dimension,
    Draft,
    Edit,
    Incoming,
    NewRule,
    NewSchedule,
    Period,
    Person,
    PlaceKind,
    PlaygroundEvent,
    PlaygroundFile,
    RuleKind,
    RulePlace,
    Subject,
    SubjectKind,
    SummaryPart,
    Task,
    Turn,
    TurnFilter,
    TurnState,
    Usage,
    Within,
)
from storage.sql import SqlStore
from tests.contract.stores.samples import CHANNELS, WORKSPACE, entry, message, pay, picture, remembered, settlement
from tests.fakes import START, incoming
from tests.filled_database import LONG, ONE_IN, author_of, key_of

MONTH_AGO = START - timedelta(days=30)
WEEK_AGO = START - timedelta(days=7)
LATER = START + timedelta(hours=1)
PERSON = author_of(1)
LEAVING = author_of(2_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Scene of a call: the store, a turn of it that is claimed, and the turn's conversation."""

    store: SqlStore
    turn: Turn

    @property
    def key(self) -> ConversationKey:
        return self.turn.incoming.key


Call = Callable[[Scene], Awaitable[object]]


async def make_scene(store: SqlStore, number: int) -> Scene:
    """A scene in a conversation of its own that has a history, by its number."""
    key = key_of(number * ONE_IN + 1)
    await store.enqueue(asked(key, f"scene {number}"))
    turn = await store.claim(key, worker="w")
    assert turn is not None
    return Scene(store=store, turn=turn)


def asked(key: ConversationKey, name: str) -> Incoming:
    """A question of today."""
    return Incoming(
        key=key, dedupe_key=name, author=Person(id=PERSON, name="Ada"), text="Who waters it?", sent_at=START
    )


def _settled(key: ConversationKey) -> object:
    name = f"{key.thread} new"
    return settlement(
        entry(f"q {name}", media=(picture(b"x"),)),
        entry(f"a {name}"),
        conversation=remembered(),
    )


def _condensed(key: ConversationKey) -> Condensation:
    return Condensation(revision=0, begin=0, until=1, notes=f"n {key}")


def _place(key: ConversationKey) -> ConversationKey:
    return ConversationKey(platform=key.platform, workspace=key.workspace, channel=key.channel, thread="")


def _part(name: str) -> SummaryPart:
    return SummaryPart(id=name, headline="h", covers=(Covered(id="m1", version="", at=START, author=PERSON),))


def _schedule(key: ConversationKey) -> NewSchedule:
    return NewSchedule(
        key=_place(key),
        author=Person(id=PERSON, name="Ada"),
        at=time(9),
        weekday=None,
        time_zone="UTC",
        next_at=LATER,
        since=START,
    )


async def _recorded(scene: Scene) -> None:
    await scene.store.record(scene.turn, _settled(scene.key))  # type: ignore[arg-type]  # made above
    await scene.store.record_memory(scene.turn, _condensed(scene.key))
    await scene.store.close(scene.turn)


async def _paid(scene: Scene) -> None:
    charge = Charge(usage=Usage(input=1), cost=Decimal("0.1"))
    id = await pay(scene.store, scene.turn, charge.usage, charge.cost)
    await scene.store.note_progress(id, charge)
    await scene.store.drop_request(id)


def _budget() -> Budget:
    return Budget(scope=INSTALLATION, period=Period.DAY, amount=Decimal(5), time_zone="UTC")


async def _budgeted(scene: Scene) -> None:
    await scene.store.put_budget(_budget())
    await _paid(scene)


async def _budgets(scene: Scene) -> None:
    await scene.store.put_budget(_budget())
    (use, *_) = await scene.store.budget_uses(INSTALLATION)
    await scene.store.note_budget_step(use, 1)
    await scene.store.take_budget_warnings()
    await scene.store.remove_budget(INSTALLATION, Period.DAY)


async def _scheduled(scene: Scene) -> None:
    schedule = await scene.store.add_schedule(_schedule(scene.key))
    await scene.store.get_schedules(_place(scene.key))
    await scene.store.advance_schedule(schedule, next_at=LATER + timedelta(days=1), since=START)
    await scene.store.pause_schedule(schedule.id, paused=True, next_at=LATER)
    await scene.store.remove_schedule(schedule.id)


async def _governed(scene: Scene) -> None:
    key = scene.key
    place = RulePlace(kind=PlaceKind.CHANNEL, key=f"{key.platform}/{key.workspace}/{key.channel}")
    rule = NewRule(kind=RuleKind.DENY, subject=Subject(kind=SubjectKind.GUESTS), place=place)
    await scene.store.remove_rule((await scene.store.add_rule(rule)).id)
    await scene.store.put_role(f"{key.platform}/{key.workspace}", "persona", "managers")
    await scene.store.record_audit(
        AuditRecord(at=START, who="operator", place=place.key, action="setting", what="persona", via="command")
    )
    await scene.store.audit_trail(since=START, limit=5)


async def _installed(scene: Scene) -> None:
    """What an installation and its pages do with what adapters remember."""
    await scene.store.put_state("slack", "installation/T1", "x")
    await scene.store.get_state("slack", "installation/T1")
    await scene.store.list_state("slack", prefix="installation/")
    await scene.store.swap_state("slack", "installation/T1", before="x", after="y")
    await scene.store.swap_state("slack", "installation/T1", before="y", after=None)
    await scene.store.swap_state("slack", "installation/T2", before=None, after="y")


async def _set(scene: Scene) -> None:
    scopes = scopes_of(scene.key)
    await scene.store.get_settings(scopes)
    await scene.store.last_change("slack", PERSON, scopes)
    await scene.store.put_setting(scopes[-1], "context", "long")
    await scene.store.remove_setting(scopes[-1], "context")


def _first(key: ConversationKey, kind: str = "m") -> str:
    """The id of the first question of a conversation, or with "r" of the first answer."""
    return next(f"{kind}{turn}" for turn in count() if key_of(turn) == key)


def _within(key: ConversationKey) -> Within:
    return Within(platform=key.platform, workspace=key.workspace, channel=key.channel, thread=key.thread)


def _edit(id: str) -> Edit:
    return Edit(message_id=id, text="And in May?", at=LATER, correction=replace(entry(f"e:{id}"), message_id=id))


async def _summarised(scene: Scene) -> None:
    """Somebody deletes what a summary was made of, while another one is being made."""
    await scene.store.enqueue(replace(asked(scene.key, "summary"), task=Task.SUMMARY, message_id="s"))
    await scene.store.put_part(_place(scene.key), _part("new"))
    await scene.store.delete_messages(scene.key, ["m1"])


async def _heard(scene: Scene, key: ConversationKey) -> None:
    """Somebody says something between two questions."""
    await scene.store.enqueue(
        replace(asked(key, f"said in {key}, {scene.key}"), task=Task.CONTEXT, message_id=f"said {scene.key}")
    )


async def _gathered(scene: Scene) -> None:
    """What was said is taken along by a turn that fails, so that it waits again, and somebody deletes it."""
    await _heard(scene, scene.key)
    turn = await scene.store.coalesce(scene.turn)
    await scene.store.record(turn, settlement(state=TurnState.FAILED))
    await scene.store.delete_messages(scene.key, [f"said {scene.key}"])


async def _gathered_long(scene: Scene) -> None:
    """A question in the long conversation, where much was said since the last one."""
    await scene.store.enqueue(replace(asked(LONG, f"after {scene.key}"), sent_at=START - timedelta(days=360)))
    turn = await scene.store.claim(LONG, worker="w")
    assert turn is not None
    await scene.store.coalesce(turn)


async def _retracted(scene: Scene) -> None:
    await scene.store.delete_answer(scene.turn.id)
    await scene.store.record(scene.turn, _settled(scene.key))  # type: ignore[arg-type]  # made above
    await scene.store.close(scene.turn, retracted=True)


async def _carried_out(scene: Scene) -> None:
    """A command that is answered, one that is only begun, and what is told and dropped of them later."""
    set_here = SetParameters(scope=scopes_of(scene.key)[-1], values={"context": "long"})
    await scene.store.begin(asked(scene.key, "begun"))
    await scene.store.carry_out(asked(scene.key, "done"), set_here, str)
    await scene.store.take_answer(asked(scene.key, "done"))
    await scene.store.take_pending_answers(scene.key.platform, since=WEEK_AGO)
    await scene.store.mark_answered(scene.key.platform, "done")
    await scene.store.prune_deliveries(WEEK_AGO, untold=WEEK_AGO)


def _spent(**names: str) -> Call:
    within = Within(platform="slack", workspace="T1", **names)
    return lambda scene: scene.store.usage_totals(since=MONTH_AGO, until=START, within=within)


async def _heard_of(scene: Scene) -> None:
    """What open pages of the playground hear of."""
    store, event = scene.store, PlaygroundEvent(kind="place", workspace="W")
    await store.add_playground_events([event])
    _, newest = await store.get_playground_positions()
    await store.get_playground_events(newest - 1, limit=10)
    await store.prune_playground(MONTH_AGO)


async def _filed(scene: Scene) -> None:
    file = PlaygroundFile(
        id="f", workspace="W", channel="C1", author=PERSON, name="a.txt", media_type="text/plain", data=b"x", at=START
    )
    await scene.store.put_playground_file(file)
    await scene.store.get_playground_file("f")


CALLS: Mapping[str, Call] = {
    "add_playground_events, get_playground_positions, get_playground_events, prune_playground": _heard_of,
    "put_playground_file, get_playground_file": _filed,
    "search_messages": lambda scene: scene.store.search_messages([("W", "C1")], ["roof", "garden"], limit=20),
    "accept": lambda scene: scene.store.enqueue(asked(scene.key, "new")),
    "accept a redelivery": lambda scene: scene.store.enqueue(asked(scene.key, "m1")),
    "accept what is only said": lambda scene: _heard(scene, scene.key),
    "accept what is only said, the long one": lambda scene: _heard(scene, LONG),
    "claim": lambda scene: scene.store.claim(scene.key, worker="w"),
    "claim nothing": lambda scene: scene.store.claim(LONG, worker="w"),
    "waiting": lambda scene: scene.store.waiting(scene.key),
    "was_added_to": lambda scene: scene.store.was_added_to(scene.turn),
    "open_request, note_progress, settle_request, drop_request": _paid,
    "open_request, under budgets": _budgeted,
    "budgets": _budgets,
    "settle_abandoned": lambda scene: scene.store.settle_abandoned(before=LATER),
    "gather": lambda scene: scene.store.coalesce(scene.turn),
    "gather, with what was said": _gathered,
    "gather, the long one": _gathered_long,
    "begin_post": lambda scene: scene.store.begin_post(scene.turn),
    "set_reply_ref": lambda scene: scene.store.set_reply_ref(scene.turn, "r", ["r", "s"]),
    "save_draft": lambda scene: scene.store.save_draft(scene.turn, Draft(status="writing", text="A")),
    "check_claim": lambda scene: scene.store.check_claim(scene.turn),
    "record, record_memory, close": _recorded,
    "reschedule": lambda scene: scene.store.reschedule(scene.turn, LATER),
    "release": lambda scene: scene.store.release(scene.turn),
    "get_turn": lambda scene: scene.store.get_turn(scene.turn.id),
    "turn_of": lambda scene: scene.store.turn_of(incoming("", 1)),
    "is_known": lambda scene: scene.store.is_known(incoming("", 1)),
    "has_participated": lambda scene: scene.store.has_participated(scene.key),
    "has_participated, a stranger": lambda scene: scene.store.has_participated(replace(scene.key, thread="nobody")),
    "has_participated, the long one": lambda scene: scene.store.has_participated(LONG),
    "recent_talk": lambda scene: scene.store.recent_talk(scene.key, limit=TALK_LENGTH),
    "recent_talk, the long one": lambda scene: scene.store.recent_talk(LONG, limit=TALK_LENGTH),
    "recent_requests": lambda scene: scene.store.recent_requests(scene.key, limit=10),
    "asked_by_bots": lambda scene: scene.store.asked_by_bots(scene.key, limit=3),
    "asked_by_bots, the long one": lambda scene: scene.store.asked_by_bots(LONG, limit=3),
    "recent_requests, the long one": lambda scene: scene.store.recent_requests(LONG, limit=10),
    "request_stop": lambda scene: scene.store.request_stop(scene.key),
    "request_stop, the long one": lambda scene: scene.store.request_stop(LONG),
    "stoppable_by": lambda scene: scene.store.stoppable_by(scene.key),
    "open_conversations": lambda scene: scene.store.open_conversations(),
    "active_conversations": lambda scene: scene.store.active_conversations("slack", since=WEEK_AGO),
    "queue_figures": lambda scene: scene.store.queue_figures(),
    "note_feedback": lambda scene: scene.store.note_feedback(scene.turn.id, PERSON, good=True),
    "get_conversation": lambda scene: scene.store.get_conversation(scene.key),
    "get_entries": lambda scene: scene.store.get_entries(scene.key, start=2),
    "append_entries": lambda scene: scene.store.append_entries(scene.key, [entry("new", media=(picture(b"y"),))]),
    "save_conversation": lambda scene: scene.store.save_conversation(scene.key, Conversation()),
    "get_settings, put_setting, remove_setting, last_change": _set,
    "get_everywhere": lambda scene: scene.store.get_everywhere("retention"),
    "get_state, list_state, put_state, swap_state": _installed,
    "spent, a thread": _spent(channel="C0", thread="t0"),
    "spent, a channel": _spent(channel="C1"),
    "spent, a person": _spent(author_id=PERSON),
    "spent, a workspace": _spent(),
    "spent, all": lambda scene: scene.store.usage_totals(since=MONTH_AGO, until=START),
    "cost_by_day": lambda scene: scene.store.cost_by_day(since=MONTH_AGO, until=START),
    "put_workspace": lambda scene: scene.store.put_workspace(WORKSPACE, CHANNELS, []),
    "add_channel": lambda scene: scene.store.add_channel(replace(CHANNELS[0], id="made", maker="U1"), most=9),
    "put_messages": lambda scene: scene.store.put_messages([message("new"), message("in it", thread="new")]),
    "get_workspaces": lambda scene: scene.store.get_workspaces(),
    "get_channels": lambda scene: scene.store.get_channels("W"),
    "get_people": lambda scene: scene.store.get_people("W"),
    "get_message": lambda scene: scene.store.get_message("W", "C1", "0000010"),
    "get_messages": lambda scene: scene.store.get_messages("W", "C1", before=message("1"), limit=30),
    "get_thread": lambda scene: scene.store.get_thread("W", "C1", "0000010", before=message("1"), limit=30),
    "delete_messages": lambda scene: scene.store.delete_messages(scene.key, [_first(scene.key), "new"]),
    "delete_messages, the long one": lambda scene: scene.store.delete_messages(LONG, ["m20"]),
    "delete_messages, an answer": lambda scene: scene.store.delete_messages(scene.key, [_first(scene.key, "r")]),
    "delete_messages of the playground": lambda scene: scene.store.delete_messages(key_of(16), ["0000010"]),
    "delete_messages, a summary": _summarised,
    "delete_answer": _retracted,
    "delete_place, a thread": lambda scene: scene.store.delete_place(_within(scene.key)),
    "delete_place, a channel": lambda scene: scene.store.delete_place(replace(_within(key_of(6)), thread="")),
    "edit_message": lambda scene: scene.store.edit_message(scene.key, _edit(_first(scene.key))),
    "edit_message, the long one": lambda scene: scene.store.edit_message(LONG, _edit("m20")),
    "edit_message, too early": lambda scene: scene.store.edit_message(scene.key, _edit("new"), is_awaited=True),
    "drop_context": lambda scene: scene.store.drop_context(asked(scene.key, "new")),
    "unsent_messages": lambda scene: scene.store.unsent_messages(scene.key, limit=10),
    "unsent_messages, the long one": lambda scene: scene.store.unsent_messages(LONG, limit=10),
    "set_aside": lambda scene: scene.store.set_aside(asked(scene.key, "new")),
    "edit_waiting": lambda scene: scene.store.edit_waiting(scene.key, _edit("m20"), asked=True),
    "edit_waiting, the long one": lambda scene: scene.store.edit_waiting(LONG, _edit("m20"), asked=True),
    "forget_memory": lambda scene: scene.store.forget_memory(scene.key),
    "forget_memory, the long one": lambda scene: scene.store.forget_memory(LONG),
    "begin, carry_out, take_answer, take_owed, told, prune_deliveries": _carried_out,
    "shrink": lambda scene: scene.store.shrink(),
    "authors": lambda scene: scene.store.authors(scene.key),
    "authors of the playground": lambda scene: scene.store.authors(key_of(16)),
    "forget_conversation": lambda scene: scene.store.forget_conversation(scene.key),
    "forget_conversation of the playground": lambda scene: scene.store.forget_conversation(key_of(16)),
    "forget_person": lambda scene: scene.store.forget_person("discord", LEAVING),
    "forget_person of the playground": lambda scene: scene.store.forget_person("local", LEAVING),
    "inactive_since": lambda scene: scene.store.inactive_since(START - timedelta(days=364)),
    "get_parts": lambda scene: scene.store.get_parts(scene.key),
    "put_part": lambda scene: scene.store.put_part(scene.key, _part("new"), replaces=["old", "older"]),
    "remove_parts": lambda scene: scene.store.remove_parts(scene.key, ["p0"]),
    "get_mark": lambda scene: scene.store.get_mark(_place(scene.key), PERSON),
    "put_mark": lambda scene: scene.store.put_mark(_place(scene.key), PERSON, START),
    "add_schedule, get_schedules, advance_schedule, pause_schedule, remove_schedule": _scheduled,
    "rules_for": lambda scene: scene.store.rules_for(scene.key),
    "rules_within": lambda scene: scene.store.rules_within("slack/"),
    "roles_in": lambda scene: scene.store.roles_in("slack/T1"),
    "add_rule, remove_rule, put_role, record_audit, audit_trail": _governed,
    "rated_answers": lambda scene: scene.store.rated_answers(since=MONTH_AGO, limit=10),
    "person_data": lambda scene: scene.store.person_data("local", LEAVING),
    "due_schedules": lambda scene: scene.store.due_schedules(START),
    "spending_by_day": lambda scene: scene.store.spending_by_day(since=MONTH_AGO.date(), until=START.date()),
    "spending_by_key": lambda scene: scene.store.spending_by_key(
        Dimension.PERSON, since=MONTH_AGO.date(), until=START.date()
    ),
    "recent_keys": lambda scene: scene.store.recent_keys(Dimension.CHANNEL, limit=100),
    "running_processes": lambda scene: scene.store.running_processes(),
    "turns": lambda scene: scene.store.turns(TurnFilter(), limit=51),
    "turns, of a person": lambda scene: scene.store.turns(TurnFilter(person=f"slack/{PERSON}"), limit=51),
    "turns, that failed": lambda scene: scene.store.turns(TurnFilter(state=TurnState.FAILED), limit=51),
    "turns, of a channel": lambda scene: scene.store.turns(TurnFilter(place="slack/T1/C1"), limit=51),
    "open_turns": lambda scene: scene.store.open_turns(limit=100),
    "failed_turns": lambda scene: scene.store.failed_turns(since=WEEK_AGO, limit=8),
    "turn_report": lambda scene: scene.store.turn_report(scene.turn.id),
    "names_of": lambda scene: scene.store.names_of([f"slack/{PERSON}", "slack/nobody"]),
    "sizes": lambda scene: scene.store.sizes(),
}

LARGER: Mapping[str, str] = {
    "active_conversations": "once a start of a platform: the questions since it was last there",
    "person_data": "an operator's command: reads all ratings, digests and marks to find somebody's",
    "rated_answers": "an operator's command: reads the ratings, which are few",
    "queue_figures": "an operator's command: counts all turns, from an index",
    "get_people": "shows all people of a workspace of the playground",
    "spent, a channel": "somebody's command: adds up its days, which the server may find by time alone",
    "spent, a workspace": "an administrator's command: adds up its days",
    "spent, all": "an operator's command: adds up its days",
    "cost_by_day": "somebody's command: adds up its days",
    "rules_for": "rules are written by hand, one by one: there are few, and one that cannot be read counts everywhere",
    "rules_within": "an administrator's command: shows the rules, of which there are few",
    "roles_in": "what administrators opened or closed: at most one row for each command and parameter",
    "add_rule, remove_rule, put_role, record_audit, audit_trail": "an administrator's commands",
    "open_request, note_progress, settle_request, drop_request": "reads the table of budgets, which are few",
    "open_request, under budgets": "the first time in a period: adds up its days; always: looks at what is under way",
    "budgets": "the same",
    "settle_abandoned": "once a minute: looks at the requests under way",
    "delete_place, a channel": "once in a channel's life: all that was said there",
    "forget_person": "once in a person's life: looks for them inside the kept parts of all summaries of a platform",
    "forget_person of the playground": "the same",
    "add_playground_events, get_playground_positions, get_playground_events, prune_playground": (
        "positions are the ends of an index, which a plan shows as all of it; pruned is once in a while"
    ),
    "search_messages": "somebody's search: reads a channel's messages until enough are found",
    "spending_by_day": "a page of the console: looks at the requests under way",
    "spending_by_key": "a page of the console: adds up its days, a row for each key",
    "recent_keys": "a page of the console: a row for each day and channel",
    "running_processes": "four times a minute: looks at the server's own locks and databases, which are few",
    "turns": "a page of the console: from the newest on until the page is full",
    "turns, that failed": "a page of the console: sorts the turns that failed, which are few beside all",
    "turns, of a channel": "a page of the console: sorts the turns of a channel",
    "open_turns": "a page of the console: sorts what is open, which is little beside all",
    "failed_turns": "a page of the console: looks through the turns that failed",
    "sizes": "a page of the console: counts rows, which SQLite has no other way for",
}
"""The calls that may meet more rows than a conversation has, and why."""
