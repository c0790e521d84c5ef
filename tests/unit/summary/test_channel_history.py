"""Channels are read in pages, newest first, whole and in order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.summary.channel_history import PAGE, ChannelHistory, HistoryReader
from bot.summary.request import SummaryRequest
from bot.types import ReadMessage
from tests.fakes import ADA, START
from tests.unit.summary.channel import APP, ASKED_AT, BEA, CHANNEL, ReadableChannel, said, talk


async def read(channel: ReadableChannel, wanted: SummaryRequest | None = None, **changes: Any) -> ChannelHistory:
    given: dict[str, Any] = {"platform": channel, "key": CHANNEL, "person": ADA, "until": ASKED_AT}
    mark = changes.pop("mark", None)
    return await HistoryReader(**(given | changes)).read(
        wanted or SummaryRequest(thread=False, last=10_000), mark, lambda _: None
    )


def ids(reading: ChannelHistory) -> list[str]:
    return [message.message_id for message in reading.messages]


async def test_pages_are_put_together_oldest_first() -> None:
    channel = ReadableChannel(talk(PAGE * 2 + 30))
    counts: list[int] = []
    reader = HistoryReader(platform=channel, key=CHANNEL, person=ADA, until=ASKED_AT)
    reading = await reader.read(SummaryRequest(thread=False, last=10_000), None, counts.append)
    assert ids(reading) == [message.message_id for message in channel.messages]
    assert counts == [100, 199, 230] or counts == sorted(counts)
    assert channel.calls <= 4


@given(st.lists(st.integers(0, 4), min_size=1, max_size=250))
async def test_messages_of_the_same_instant_are_neither_lost_nor_doubled(minutes: list[int]) -> None:
    messages = [said(f"m{number:03}", minutes=minute) for number, minute in enumerate(minutes)]
    counts = [minutes.count(minute) for minute in set(minutes)]
    found = ids(await read(ReadableChannel(messages)))
    assert len(found) == len(set(found))
    if max(counts) < PAGE:
        assert set(found) == {message.message_id for message in messages}


async def test_a_reply_that_was_sent_to_the_channel_is_read_once_and_also_without_its_thread() -> None:
    channel = ReadableChannel(
        [
            *(said("a", minutes=1), said("b", minutes=5), said("a1", minutes=7, thread="a")),
            *(said(f"b{n}", minutes=5 + n, thread="b") for n in (1, 2, 3)),
        ]
    )
    channel.also_in_channel = {"a1", "b2"}
    assert ids(await read(channel)) == ["a", "a1", "b", "b1", "b2", "b3"]
    since = SummaryRequest(thread=False, since=START + timedelta(minutes=4))
    assert ids(await read(channel, since)) == ["b", "b1", "b2", "b3", "a1"]


async def test_replies_follow_what_they_hang_on() -> None:
    channel = ReadableChannel(
        [
            said("a", minutes=1),
            said("c", minutes=5),
            said("b1", minutes=3, thread="a"),
            said("b2", minutes=9, thread="a"),
        ]
    )
    assert ids(await read(channel)) == ["a", "b1", "b2", "c"]


async def test_bots_are_left_out_unless_they_are_wanted_and_so_are_empty_messages_and_the_question() -> None:
    empty = replace(said("e", minutes=3), text=" ")
    asked = said("q", minutes=4, author=ADA)
    later = said("z", minutes=60 * 24 * 11)
    channel = ReadableChannel([said("a", minutes=1), said("b", minutes=2, author=APP), empty, asked, later])
    assert ids(await read(channel, message_id="q")) == ["a"]
    assert ids(await read(channel, message_id="q", bots=True)) == ["a", "b"]


async def test_a_number_counts_messages_with_their_replies() -> None:
    channel = ReadableChannel([*talk(5), said("r1", minutes=6, thread="m4"), said("r2", minutes=7, thread="m4")])
    reading = await read(channel, SummaryRequest(thread=False, last=3))
    assert ids(reading) == ["r1", "r2", "m5"]
    assert not reading.is_cut


async def test_a_time_is_where_reading_begins() -> None:
    since = START + timedelta(minutes=3)
    reading = await read(ReadableChannel(talk(6)), SummaryRequest(thread=False, since=since))
    assert (ids(reading), reading.begins_at) == (["m3", "m4", "m5", "m6"], since)


async def test_ones_own_last_message_is_where_reading_begins() -> None:
    mine = [said("mine", minutes=2.5, author=ADA), said("asking", minutes=9, author=ADA)]
    channel = ReadableChannel([*talk(6), *mine])
    reading = await read(channel, SummaryRequest(thread=False, after_own=True), message_id="asking")
    assert ids(reading) == ["m3", "m4", "m5", "m6"]
    assert ids(await read(ReadableChannel(talk(3)), SummaryRequest(thread=False, after_own=True))) == ["m1", "m2", "m3"]


async def test_behind_the_last_summary() -> None:
    channel = ReadableChannel(talk(6))
    wanted = SummaryRequest(thread=False, after_summary=True)
    assert ids(await read(channel, wanted, mark=START + timedelta(minutes=4))) == ["m5", "m6"]
    assert ids(await read(channel, wanted)) == [f"m{number}" for number in range(1, 7)]


async def test_a_message_named_by_id_or_link_is_where_reading_begins() -> None:
    channel = ReadableChannel([*talk(4), said("1767600000.000100", minutes=4.5), *talk(2, first=5)])
    for start in ("1767600000.000100", "https://x.slack.com/archives/C1/p1767600000000100?thread_ts=1"):
        assert ids(await read(channel, SummaryRequest(thread=False, start=start))) == ["1767600000.000100", "m5", "m6"]
    assert ids(await read(channel, SummaryRequest(thread=False, start="1767600000.000999"))) == []


async def test_a_thread_is_read_with_its_root_and_with_nothing_of_the_channel() -> None:
    channel = ReadableChannel(
        [*talk(3), said("r1", minutes=4, thread="m2"), said("r2", minutes=5, thread="m2", author=BEA)]
    )
    key = replace(CHANNEL, thread="m2")
    reading = await read(channel, SummaryRequest(thread=True), key=key)
    assert ids(reading) == ["m2", "r1", "r2"]
    assert [message.thread for message in reading.messages] == ["", "m2", "m2"]
    assert ids(await read(channel, SummaryRequest(thread=True, last=1), key=key)) == ["r2"]


async def test_beyond_the_most_that_is_read_it_says_so() -> None:
    many: list[ReadMessage] = talk(20_050, every=0.01)
    reading = await read(ReadableChannel(many), SummaryRequest(thread=False, since=START))
    assert reading.is_cut
    assert len(reading.messages) == 20_000
