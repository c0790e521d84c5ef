"""Events and interactions over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import Clock, SignatureVerifier

from tests.emulators.slack import Options, RunningSlack, running_slack
from tests.integration.slack_emulator.apps import Receiver, receiver, web_client


@asynccontextmanager
async def posting(options: Options | None = None) -> AsyncIterator[tuple[RunningSlack, Receiver]]:
    """An emulator that posts to a receiver."""
    async with receiver() as app, running_slack(replace(options or Options(), request_url=app.url)) as slack:
        yield slack, app


class _Clock(Clock):
    """The emulator's time for the verifier."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now

    def now(self) -> float:
        return self._now()


async def test_every_request_is_signed() -> None:
    async with posting() as (slack, app):
        slack.clock.advance(86_400)
        await slack.say(slack.ada, slack.general, "hello ü")
        await slack.slash(slack.ada, slack.general, "/seed", "help")
        await slack.settled()
        right = SignatureVerifier(slack.options.signing_secret, _Clock(slack.clock.time))
        wrong = SignatureVerifier("another secret", _Clock(slack.clock.time))
        for headers, body in app.requests:
            assert right.is_valid_request(body, headers)
            assert not wrong.is_valid_request(body, headers)
        (_, event), (_, command) = app.requests
        assert json.loads(event)["event"]["text"] == "hello ü"
        assert parse_qs(command)["command"] == ["/seed"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(lambda _: web.Response(status=500), "http_error", id="error"),
        pytest.param(lambda _: web.Response(status=302, headers={"Location": "/x"}), "http_error", id="redirect"),
    ],
)
async def test_an_event_is_posted_four_times_at_most(answer: Callable[[str], web.StreamResponse], reason: str) -> None:
    async with posting(Options(retry_delays_s=(0, 0, 0))) as (slack, app):
        app.answer = answer
        await slack.say(slack.ada, slack.general, "hello")
        await slack.settled()
        told = [(item.get("x-slack-retry-num"), item.get("x-slack-retry-reason")) for item, _ in app.requests]
        assert told == [(None, None), ("1", reason), ("2", reason), ("3", reason)]
        assert len({json.loads(body)["event_id"] for _, body in app.requests}) == 1
        assert len(slack.deliveries.lost) == 1


async def test_retries_come_at_once_then_after_one_and_five_minutes() -> None:
    async with posting() as (slack, app):
        app.answer = lambda _: web.Response(status=503)
        await slack.say(slack.ada, slack.general, "hello")
        for posted, pause in ((2, 60), (3, 300)):
            async with asyncio.timeout(10):
                while len(slack.deliveries.log[0].answers) < posted:
                    await asyncio.sleep(0)
            assert len(app.requests) == posted
            slack.clock.advance(pause)
        await slack.settled()
        assert len(app.requests) == 4


async def test_an_app_that_is_too_slow_is_asked_again() -> None:
    async with posting(Options(retry_delays_s=(0,))) as (slack, app):
        hold = asyncio.Event()

        class Slow(web.StreamResponse):
            async def prepare(self, request: web.BaseRequest) -> None:
                await hold.wait()

        app.answer = lambda _: Slow() if len(app.requests) == 1 else web.Response()
        await slack.say(slack.ada, slack.general, "hello")
        async with asyncio.timeout(10):
            while not app.requests:
                await asyncio.sleep(0)
        slack.clock.advance(slack.options.ack_s)
        await slack.settled()
        hold.set()
        assert app.requests[1][0]["x-slack-retry-reason"] == "http_timeout"
        assert slack.deliveries.log[0].acknowledged


async def test_an_app_can_ask_for_no_retries() -> None:
    async with posting() as (slack, app):
        app.answer = lambda _: web.Response(status=500, headers={"X-Slack-No-Retry": "1"})
        await slack.say(slack.ada, slack.general, "hello")
        await slack.settled()
        assert len(app.requests) == 1


async def test_an_app_that_is_not_there_loses_events() -> None:
    async with running_slack(Options(request_url="http://127.0.0.1:9/", retry_delays_s=())) as slack:
        await slack.say(slack.ada, slack.general, "hello")
        await slack.settled()
        assert slack.deliveries.lost[0].retry_reason == "connection_failed"


async def test_the_address_is_verified_by_a_challenge() -> None:
    async with posting() as (slack, app):
        app.answer = lambda body: web.json_response({"challenge": json.loads(body)["challenge"]})
        assert await slack.webhooks.verify("c1")
        app.answer = lambda body: web.Response(text=json.loads(body)["challenge"])
        assert await slack.webhooks.verify("c2")
        app.answer = lambda _: web.Response(text="no")
        assert not await slack.webhooks.verify("c3")


async def test_only_subscribed_events_are_sent() -> None:
    async with posting(Options(events=("app_mention", "message.im"))) as (slack, app):
        await slack.say(slack.ada, slack.general, "nobody hears")
        await slack.say(slack.ada, slack.general, f"{slack.mention()} hello")
        await slack.say(slack.ada, slack.direct(slack.ada), "psst")
        await slack.settled()
        assert [json.loads(body)["event"]["type"] for _, body in app.requests] == ["app_mention", "message"]


async def test_bolt_takes_events_and_commands_over_http() -> None:
    async with receiver() as app, running_slack(Options(request_url=app.url)) as slack, web_client(slack) as client:
        bolt = AsyncApp(client=client, signing_secret=slack.options.signing_secret)

        @bolt.event("app_mention")
        async def mention(event: dict[str, str], say: Callable[..., Awaitable[None]]) -> None:
            await say(text="here", thread_ts=event["ts"])

        @bolt.event("message")
        async def message() -> None:
            """The mention comes here too, and so does the answer."""

        @bolt.command("/seed")
        async def command(ack: Callable[..., Awaitable[None]]) -> None:
            await ack("at once")

        async def handle(request: web.Request) -> web.StreamResponse:
            return await to_aiohttp_response(await bolt.async_dispatch(await to_bolt_request(request)))

        app.handler = handle
        question = await slack.say(slack.ada, slack.general, f"{slack.mention()} hello")
        (answer,) = await slack.until(lambda: slack.answers(slack.general, question.ts))
        assert answer.text == "here"
        assert (await slack.slash(slack.ada, slack.general, "/seed")).acknowledged
        assert slack.whispers[-1].text == "at once"
        await slack.settled()
        assert slack.deliveries.lost == []
