"""Connections, envelopes and acknowledgements."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.emulators.slack import Options, RunningSlack, running_slack
from tests.integration.slack_emulator.apps import bolt, socket


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


async def test_an_address_works_once(
    slack: RunningSlack, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    opened = await client.apps_connections_open(app_token=slack.options.app_token)
    async with session.ws_connect(opened["url"]) as ws:
        assert (await ws.receive_json())["type"] == "hello"
        with pytest.raises(aiohttp.WSServerHandshakeError) as raised:
            await session.ws_connect(opened["url"])
        assert raised.value.status == 409
    assert slack.sockets.refused == 1


async def test_an_event_is_sent_until_it_is_acknowledged(slack: RunningSlack, session: aiohttp.ClientSession) -> None:
    async with socket(slack, session) as connection:
        await slack.say(slack.ada, slack.general, "hello")
        first = await connection.frame()
        assert (first["type"], first["retry_attempt"], first["retry_reason"]) == ("events_api", 0, "")
        slack.clock.advance(3)
        second = await connection.frame()
        assert (second["retry_attempt"], second["retry_reason"]) == (1, "timeout")
        assert second["payload"]["event_id"] == first["payload"]["event_id"]
        assert second["envelope_id"] != first["envelope_id"]
        await connection.acknowledge(second)
        await slack.settled()
    (delivery,) = slack.deliveries.log
    assert (delivery.acknowledged, len(delivery.answers)) == (True, 2)


async def test_an_event_that_nobody_acknowledges_is_lost_at_last() -> None:
    async with (
        running_slack(Options(redeliveries=2, ack_s=0.01)) as slack,
        aiohttp.ClientSession() as session,
        socket(slack, session) as connection,
    ):
        await slack.say(slack.ada, slack.general, "hello")
        await slack.settled()
        attempts = [(await connection.frame())["retry_attempt"] for _ in range(3)]
        assert attempts == [0, 1, 2]
        assert len(slack.deliveries.lost) == 1


async def test_events_wait_for_a_connection(slack: RunningSlack, session: aiohttp.ClientSession) -> None:
    await slack.say(slack.ada, slack.general, "hello")
    async with socket(slack, session) as connection:
        envelope = await connection.frame()
        assert envelope["payload"]["event"]["text"] == "hello"
        await connection.acknowledge(envelope)
        await slack.settled()
    delivery = await slack.slash(slack.ada, slack.general, "/seed")
    assert not delivery.acknowledged
    assert 'failed with the error "dispatch_failed"' in slack.transcript(slack.general)


async def test_what_was_sent_over_a_broken_connection_comes_again(
    slack: RunningSlack, session: aiohttp.ClientSession
) -> None:
    async with socket(slack, session) as first:
        await slack.say(slack.ada, slack.general, "hello")
        sent = await first.frame()
        await slack.sockets.drop()
        async with socket(slack, session) as second:
            again = await second.frame()
            assert again["payload"]["event_id"] == sent["payload"]["event_id"]
            await second.acknowledge(again)
            await slack.settled()


async def test_each_event_goes_to_one_connection_in_turn(slack: RunningSlack, session: aiohttp.ClientSession) -> None:
    async with socket(slack, session) as first, socket(slack, session) as second:
        for number in range(4):
            await slack.say(slack.ada, slack.general, f"{number}")
        texts = {}
        for connection in (first, second):
            frames = [await connection.frame() for _ in range(2)]
            texts[connection.ws] = [item["payload"]["event"]["text"] for item in frames]
            for frame in frames:
                await connection.acknowledge(frame)
        assert sorted(text for item in texts.values() for text in item) == ["0", "1", "2", "3"]
        await slack.settled()


async def test_there_are_ten_connections_at_most(slack: RunningSlack, session: aiohttp.ClientSession) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(10):
            await stack.enter_async_context(socket(slack, session))
        eleventh = await stack.enter_async_context(socket(slack, session))
        told = await eleventh.frame()
        assert (told["type"], told["reason"]) == ("disconnect", "too_many_websockets")
        assert len(slack.sockets.connections) == 10


async def test_a_connection_that_has_to_go_gets_nothing_more(
    slack: RunningSlack, session: aiohttp.ClientSession
) -> None:
    async with socket(slack, session) as old:
        await slack.sockets.disconnect("warning")
        assert (await old.frame())["reason"] == "warning"
        await slack.sockets.disconnect("refresh_requested")
        assert (await old.frame())["reason"] == "refresh_requested"
        async with socket(slack, session) as new:
            await slack.say(slack.ada, slack.general, "hello")
            await new.acknowledge(await new.frame())
            await slack.settled()


async def test_a_muted_connection_stays_open_and_silent(slack: RunningSlack, session: aiohttp.ClientSession) -> None:
    async with socket(slack, session) as connection:
        slack.sockets.mute()
        await slack.say(slack.ada, slack.general, "hello")
        with pytest.raises(TimeoutError):
            await connection.ws.receive(timeout=0.05)
        assert not connection.ws.closed
        assert slack.deliveries.log[0].answers == []


async def test_handshakes_are_refused_or_never_answered(slack: RunningSlack, session: aiohttp.ClientSession) -> None:
    slack.sockets.refuse = 1
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await session.ws_connect(slack.sockets.new_address())
    slack.sockets.hang = 1
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await session.ws_connect(slack.sockets.new_address())
    async with socket(slack, session):
        assert slack.sockets.opened == 1


async def test_deliveries_are_doubled_held_and_turned_around(
    slack: RunningSlack, session: aiohttp.ClientSession
) -> None:
    async with socket(slack, session) as connection:
        slack.deliveries.copies = 2
        await slack.say(slack.ada, slack.general, "twice")
        pair = [await connection.frame() for _ in range(2)]
        assert pair[0]["payload"]["event_id"] == pair[1]["payload"]["event_id"]
        slack.deliveries.copies = 1
        slack.deliveries.hold()
        for text in ("one", "two"):
            await slack.say(slack.ada, slack.general, text)
        slack.deliveries.release(backwards=True)
        late = [await connection.frame() for _ in range(2)]
        assert [item["payload"]["event"]["text"] for item in late] == ["two", "one"]
        for item in pair + late:
            await connection.acknowledge(item)
        await slack.settled()


async def test_bolt_listens_and_comes_back_after_a_refresh(slack: RunningSlack, client: AsyncWebClient) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    async with bolt(slack, client) as app:

        @app.event("message")
        async def listen(event: dict[str, str]) -> None:
            await heard.put(event["text"])

        await slack.say(slack.ada, slack.direct(slack.ada), "before")
        assert await heard.get() == "before"
        await slack.settled()
        await slack.sockets.disconnect()
        await slack.say(slack.ada, slack.direct(slack.ada), "after")
        assert await heard.get() == "after"
        await slack.settled()
        assert slack.sockets.opened == 2
