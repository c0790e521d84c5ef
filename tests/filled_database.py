"""A database as it is after a year: what the plans of queries are looked at with.

Questions in 40 channels of 4 workspaces on three platforms, five to a conversation, but one conversation has far more;
all but a few turns have ended. Rows are written past the stores, which would take too long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import islice
from typing import Any

import sqlalchemy as sa

from bot.parameter_resolver import scopes_of
from bot.types import ConversationKey, Incoming, Person
from storage.database import is_sqlite, parse_url
from storage.schema import migration_connection
from storage.tables import NOTHING_OWED, BaseTable, key_columns
from storage.tables.deliveries import owing

Row = dict[str, Any]

PLACES = (("slack", "T1"), ("slack", "T2"), ("discord", "G1"), ("local", "W"))
CHANNELS = 10
TURNS_IN_A_CONVERSATION = 5
TURNS_OF_A_PERSON = 50
ONE_IN = 10  # one turn of so many is of the long conversation, has a picture, an opinion, a part of a summary, a digest
OPEN = 5
SUMMARIES = 50  # one turn of so many is a summary
SAID = 21  # one turn of so many is what somebody said between questions
WAITING = 500  # one change of a message of so many is an edit that waits, one delivery of so many is still owed
DAYS = 365
ROWS = 5_000  # written at a time
WORDS = "What do the notes of the last meeting say about the roof garden, and who waters it in August? "
FIGURES = dict.fromkeys(("entries", "removed", "head", "question", "total", "cached", "until_trim"), 9) | {"broken": ""}
DRAFT: Row = {
    "status": "done",
    "text": WORDS,
    "reasoning": "",
    "sources": [],
    "notices": [],
    "footer": None,
    "is_cut": False,
}

SUMMED = ("requests", "input", "cached", "output", "reasoning")

LONG = ConversationKey(platform="slack", workspace="T1", channel="C0", thread="")


def fill(url: str, turns: int, *, now: datetime) -> None:
    """Fill an empty, migrated database with so many turns and what hangs on them; blocks.

    A PostgreSQL server is told what it holds, as its autovacuum would; a SQLite file is never analysed.
    """
    with migration_connection(parse_url(url)) as connection:
        for name, rows in _tables(turns, now).items():
            insert = BaseTable.metadata.tables[name].insert()
            while some := list(islice(rows, ROWS)):
                connection.execute(insert, some)
        if not is_sqlite(parse_url(url)):
            for table in ("turn", "conversation", "schedule"):
                connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {turns + 1})")
    if not is_sqlite(parse_url(url)):
        engine = sa.create_engine(parse_url(url), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
        engine.dispose()


def key_of(turn: int) -> ConversationKey:
    """The conversation of a turn, by its number from 0."""
    if turn % ONE_IN == 0:
        return LONG
    conversation = turn // TURNS_IN_A_CONVERSATION
    platform, workspace = PLACES[conversation % len(PLACES)]
    channel = f"C{conversation // len(PLACES) % CHANNELS}"
    return ConversationKey(platform=platform, workspace=workspace, channel=channel, thread=f"t{conversation}")


def author_of(turn: int) -> str:
    """Who asked it."""
    return f"U{turn // TURNS_OF_A_PERSON}"


def _tables(turns: int, now: datetime) -> dict[str, Iterator[Row]]:
    keys = dict.fromkeys(key_of(turn) for turn in range(turns))
    ids = {key: number for number, key in enumerate(keys, 1)}
    begin, step = now - timedelta(days=DAYS), timedelta(days=DAYS) / turns
    every = [(number, begin + number * step) for number in range(turns)]
    rare = every[::ONE_IN]
    positions = dict.fromkeys(ids.values(), 0)
    return {
        "workspace": iter([{"id": "W", "name": "Garden"}]),
        "channel": (
            {"workspace": "W", "id": f"C{n}", "name": "c", "topic": "", "direct": False} for n in range(CHANNELS)
        ),
        "person": ({"workspace": "W", "id": name, "name": name, "is_bot": False} for name in _people(turns)),
        "conversation": ({**key_columns(key), "id": id, "next_position": turns} for key, id in ids.items()),
        "turn": (_turn(number, at, is_open=number >= turns - OPEN) for number, at in every),
        "ledger": (_line(number, at) for number, at in every),
        "spending_day": _sums(_line(number, at) for number, at in every),
        "entry": (row for number, at in every for row in _exchange(number, at, ids[key_of(number)], positions)),
        "media": ({"digest": _digest(number), "content": b"x" * 2_000} for number, _ in rare),
        "entry_media": (_use(number, ids[LONG]) for number, _ in enumerate(rare)),
        "feedback": ({"turn_id": number + 1, "person": "U1", "good": True, "at": at} for number, at in rare),
        "setting": (_setting(key) for key in keys),
        "setting_change": (_setting_change(number, at) for number, at in every),
        "adapter_state": ({"platform": "slack", "name": f"state/{number:07}", "value": "x"} for number, _ in every),
        "channel_message": (_message(number, at) for number, at in every),
        "playground_event": (_event(number, now) for number, _ in rare),
        "playground_file": (_file(number, at) for number, at in rare),
        "reply_message": (_answer(number) for number, _ in every),
        "message_change": (_change(number, now) for number, _ in every),
        "delivery": (_delivery(number, now) for number, _ in every),
        "summary_part": (_part(number, at) for number, at in rare),
        "summary_mark": ({**key_columns(key_of(n + 1)), "person": author_of(n), "until": at} for n, at in rare),
        "schedule": (_schedule(number, now) for number, _ in rare),
    }


def _people(turns: int) -> Iterable[str]:
    return dict.fromkeys(author_of(number) for number in range(turns))


def _turn(number: int, at: datetime, *, is_open: bool) -> Row:
    state = "queued" if is_open else "failed" if number % 50 == 7 else "done"
    task = "summary" if number % SUMMARIES == 8 else "answer"
    if number % SAID == 11 and not is_open:
        state, task = "remembered", "context"
    return {
        **key_columns(key_of(number)),
        "id": number + 1,
        "dedupe_key": f"m{number}",
        "author_id": author_of(number),
        "author_name": "Somebody",
        "author_is_bot": False,
        "text": WORDS,
        "at": at,
        "source_id": f"m{number}",
        "attachments": [],
        "overrides": {},
        "addressed": True,
        "starts_thread": False,
        "task": task,
        "private": False,
        "administers": False,
        "time_zone": "",
        "details": {},
        "first_ref": "",
        "state": state,
        "outcome": None if is_open else state,
        "attempt": 0 if is_open else 1,
        "draft": None if is_open else DRAFT,
        "request": None if is_open else FIGURES,
        "accepted_at": at,
        "recorded_at": None if is_open else at,
        "ended_at": None if is_open else at,
    }


def _line(number: int, at: datetime) -> Row:
    return {
        **key_columns(key_of(number)),
        "turn_id": number + 1,
        "purpose": "answer",
        "author_id": author_of(number),
        "at": at,
        "settled_at": at,
        "model": "seed-2-0-lite",
        "requests": 1,
        "input": 4_000 + number,
        "cached": 3_000,
        "output": 300,
        "reasoning": 100,
        "estimated": False,
        "tools": {},
        "cost": f"0.00{number:07}",
    }


def _sums(lines: Iterable[Row]) -> Iterator[Row]:
    """The sums by day of lines, as the ledger keeps them."""
    sums: dict[tuple[str, date, str], Row] = {}
    for line in lines:
        workspace = f"{line['platform']}/{line['workspace']}"
        keys = {
            "total": "",
            "workspace": workspace,
            "channel": f"{workspace}/{line['channel']}",
            "person": f"{line['platform']}/{line['author_id']}",
            "kind": line["purpose"],
            "model": line["model"],
        }
        for dimension, key in keys.items():
            place = (dimension, line["at"].date(), key)
            row = sums.setdefault(place, dict.fromkeys(SUMMED, 0) | {"cost": Decimal(0)})
            for name in SUMMED:
                row[name] += line[name]
            row["cost"] += Decimal(line["cost"])
    for (dimension, day, key), row in sums.items():
        yield {"dimension": dimension, "day": day, "key": key, **row, "cost": str(row["cost"]), "estimated": "0"}


def _exchange(number: int, at: datetime, conversation: int, positions: dict[int, int]) -> Iterator[Row]:
    """A question and its answer in their transcript."""
    for role, name, author in (("user", f"m:m{number}", author_of(number)), ("assistant", f"a:{number}", "")):
        yield {
            "conversation_id": conversation,
            "position": positions[conversation],
            "entry_id": name,
            "role": role,
            "text": WORDS * 3,
            "tokens": 60,
            "at": at,
            "author": author,
            "source_id": f"m{number}" if author else "",
        }
        positions[conversation] += 1


def _answer(number: int) -> Row:
    key = key_of(number)
    place = {"platform": key.platform, "workspace": key.workspace}
    return {**place, "message_id": f"r{number}", "turn_id": number + 1, "ordinal": 0}


def _change(number: int, now: datetime) -> Row:
    """What people deleted yesterday, and few edits."""
    place, yesterday = {**key_columns(key_of(number)), "thread": ""}, now - timedelta(days=1)
    times = {"at": yesterday, "kept_at": yesterday}
    told: Row = {"text": "", "author": "", "correction": None}
    if number % WAITING == 8:
        told = {"text": WORDS, "author": author_of(number), "correction": {"id": "e", "text": WORDS, "tokens": 9}}
    return {**place, "message_id": f"d{number}", "deleted": not told["text"], **times, **told}


def _delivery(number: int, now: datetime) -> Row:
    """The commands of yesterday, and few that are still to be told."""
    is_owed = number % WAITING == 8
    asked = Incoming(
        key=key_of(number),
        dedupe_key=f"c{number}",
        author=Person(id=author_of(number), name="Somebody"),
        text="",
        sent_at=now - timedelta(days=1),
    )
    owed: Row = {**owing(asked), "answer": WORDS, "due": now, "teller": "x"}
    told = owed if is_owed else NOTHING_OWED
    return {**key_columns(key_of(number)), "dedupe_key": f"c{number}", "at": now - timedelta(days=1), **told}


def _digest(number: int) -> str:
    return sha256(str(number).encode()).hexdigest()


def _use(number: int, conversation: int) -> Row:
    """A picture beside a question of the long conversation, whose exchanges are all the rare turns."""
    return {
        "conversation_id": conversation,
        "position": number * 2,
        "ordinal": 0,
        "digest": _digest(number * ONE_IN),
        "kind": "image",
        "media_type": "image/png",
        "name": "leaf.png",
        "tokens": 81,
    }


def _setting(key: ConversationKey) -> Row:
    place = "/".join((key.platform, key.workspace, key.channel, key.thread))
    return {"scope_kind": "conversation", "scope_key": place, "name": "context", "value": "long"}


def _setting_change(number: int, at: datetime) -> Row:
    scope = scopes_of(key_of(number))[-1]
    return {
        "platform": key_of(number).platform,
        "person": author_of(number),
        "scope_kind": scope.kind,
        "scope_key": f"{scope.key}/{number}",
        "before": {"context": None},
        "after": {"context": "long"},
        "at": at,
    }


def _message(number: int, at: datetime) -> Row:
    """A message of the playground: each tenth begins a thread that the next nine hang on."""
    return {
        "workspace": "W",
        "channel": f"C{number // 10 % CHANNELS}",
        "id": f"{number:07}",
        "author_id": author_of(number),
        "author_name": "Somebody",
        "author_is_bot": False,
        "text": WORDS,
        "at": at,
        "thread": f"{number // 10 * 10:07}" if number % 10 else "",
        "attachments": [],
        "turn_id": 0,
    }


def _event(number: int, at: datetime) -> Row:
    """What open pages hear of: of the last hour alone, since older ones are pruned."""
    return {
        "at": at,
        "kind": "message",
        "workspace": "W",
        "channel": f"C{number // 10 % CHANNELS}",
        "thread": "",
        "message": f"{number:07}",
        "person": "",
        "is_new": True,
        "is_open": False,
        "draft": None,
        "text_from": 0,
        "reasoning_from": 0,
    }


def _file(number: int, at: datetime) -> Row:
    return {
        "id": f"f{number}",
        "workspace": "W",
        "channel": f"C{number // 10 % CHANNELS}",
        "author": author_of(number),
        "name": "a.txt",
        "media_type": "text/plain",
        "data": b"x" * 500,
        "at": at,
        "is_sent": True,
    }


def _part(number: int, at: datetime) -> Row:
    covers = [{"id": f"m{number}", "version": "", "at": at.isoformat(), "author": author_of(number)}]
    place = {**key_columns(key_of(number + 1)), "part_id": f"p{number}"}
    return {**place, "first_at": at, "headline": "", "points": {}, "covers": covers}


def _schedule(number: int, now: datetime) -> Row:
    platform, workspace = PLACES[number // ONE_IN % len(PLACES)]
    return {
        "platform": platform,
        "workspace": workspace,
        "channel": f"C{number}",
        "author_id": author_of(number),
        "author_name": "Somebody",
        "at": "09:00",
        "time_zone": "UTC",
        "next_at": now + timedelta(hours=number + 1),
        "since": now,
        "paused": False,
    }
