"""Many answers at once, as a busy workspace asks for them."""

from __future__ import annotations

import asyncio
from typing import Any

from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from tests.emulators.slack import Options, running_slack
from tests.integration.slack_emulator.apps import bolt, web_client

QUESTIONS = 60


async def test_sixty_answers_at_once_stay_within_the_limits_and_arrive_whole() -> None:
    async with running_slack(Options(minute_s=1.0)) as slack, web_client(slack) as client:
        client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=20))
        async with bolt(slack, client) as app:
            answered: set[asyncio.Task[None]] = set()

            @app.event("app_mention")
            async def mention(event: dict[str, Any]) -> None:
                answered.add(asyncio.create_task(answer(client, event)))

            @app.event("message")
            async def message() -> None:
                """The mentions come here too."""

            rooms = [slack.channel(f"room-{number}") for number in range(QUESTIONS)]
            questions = [await slack.say(slack.ada, room, f"{slack.mention()} {room.name}") for room in rooms]
            await slack.until(lambda: len([call for call in slack.calls("chat.stopStream") if call.ok]) == QUESTIONS)
            await asyncio.gather(*answered)
            await slack.settled()
        for room, question in zip(rooms, questions, strict=True):
            (given,) = slack.answers(room, question.ts)
            assert slack.shown(given) == f"about {room.name}, at length"
        assert slack.violations == []
        assert slack.deliveries.lost == []
        for use in slack.uses:
            assert use.busiest_minute <= use.allowed


async def answer(client: AsyncWebClient, event: dict[str, Any]) -> None:
    """Stream an answer in three parts."""
    place = {"channel": event["channel"], "thread_ts": event["ts"]}
    who = {"recipient_user_id": event["user"], "recipient_team_id": event["team"]}
    started = await client.chat_startStream(**place, **who, markdown_text="about ")
    own = {"channel": event["channel"], "ts": started["ts"]}
    await client.chat_appendStream(**own, markdown_text=event["text"].split()[-1])
    await client.chat_stopStream(**own, markdown_text=", at length")
