"""How often methods may be called."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from tests.emulators.slack import Options, RunningSlack, running_slack
from tests.emulators.slack.limits import POST_BURST
from tests.integration.slack_emulator.apps import web_client


async def starting(slack: RunningSlack, client: AsyncWebClient, times: int) -> None:
    """Start so many streams below a new question."""
    question = await slack.say(slack.ada, slack.direct(slack.ada), "why?")
    for _ in range(times):
        await client.chat_startStream(channel=question.channel.id, thread_ts=question.ts)


async def test_a_tier_is_counted_by_method_within_a_minute(slack: RunningSlack, client: AsyncWebClient) -> None:
    await starting(slack, client, 20)
    with pytest.raises(SlackApiError) as raised:
        await starting(slack, client, 1)
    response = raised.value.response
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    wait = int(response.headers["Retry-After"])
    assert 0 < wait <= 60
    assert (await client.auth_test())["ok"]
    slack.clock.advance(wait)
    await starting(slack, client, 1)
    (use,) = [item for item in slack.uses if item.method == "chat.startStream"]
    assert (use.calls, use.refused, use.allowed) == (21, 1, 20)
    assert use.busiest_minute <= use.allowed


@pytest.mark.parametrize(
    ("method", "allowed"),
    [
        pytest.param("users.list", 20, id="tier-2"),
        pytest.param("conversations.info", 50, id="tier-3"),
        pytest.param("users.info", 100, id="tier-4"),
    ],
)
async def test_each_tier_has_its_number(slack: RunningSlack, client: AsyncWebClient, method: str, allowed: int) -> None:
    arguments: dict[str, Any] = {"user": slack.ada.id, "channel": slack.general.id}
    for _ in range(allowed):
        await client.api_call(method, params=arguments)
    with pytest.raises(SlackApiError) as raised:
        await client.api_call(method, params=arguments)
    assert raised.value.response.status_code == 429


async def test_each_workspace_is_counted_apart(slack: RunningSlack, client: AsyncWebClient) -> None:
    other = slack.workspace("Other Works")
    await starting(slack, client, 20)
    async with web_client(slack, other.token) as second:
        cleo = slack.person("Cleo", team=other)
        question = await slack.say(cleo, slack.direct(cleo), "why?")
        assert (await second.chat_startStream(channel=question.channel.id, thread_ts=question.ts))["ok"]


async def test_a_channel_takes_a_burst_of_posts_and_then_one_per_second(
    slack: RunningSlack, client: AsyncWebClient
) -> None:
    for number in range(POST_BURST):
        await client.chat_postMessage(channel=slack.general.id, text=f"{number}")
    with pytest.raises(SlackApiError) as raised:
        await client.chat_postMessage(channel=slack.general.id, text="too soon")
    assert raised.value.response.headers["Retry-After"] == "1"
    (use,) = slack.uses
    assert (use.calls, use.refused) == (POST_BURST, 1)
    assert (await client.chat_postMessage(channel=slack.direct(slack.ada).id, text="elsewhere"))["ok"]
    slack.clock.advance(1)
    assert (await client.chat_postMessage(channel=slack.general.id, text="later"))["ok"]


async def test_without_limits_calls_are_still_counted() -> None:
    async with running_slack(Options(limits=False)) as slack, web_client(slack) as client:
        await starting(slack, client, 25)
        (use,) = slack.uses
        assert (use.calls, use.refused, use.busiest_minute, use.allowed) == (25, 0, 25, 20)


async def test_a_short_minute_lets_a_patient_client_through() -> None:
    async with running_slack(Options(minute_s=1.0)) as slack, web_client(slack) as client:
        client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=3))
        await starting(slack, client, 25)
        (use,) = slack.uses
        assert use.calls == 25
        assert use.refused > 0
        assert use.busiest_minute <= use.allowed


async def test_refused_calls_are_no_violations(slack: RunningSlack, client: AsyncWebClient) -> None:
    await starting(slack, client, 20)
    with pytest.raises(SlackApiError):
        await starting(slack, client, 1)
    assert slack.violations == []
    assert slack.requests[-1].status == 429
