"""Mishaps on purpose."""

from __future__ import annotations

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.emulators.slack import RunningSlack
from tests.integration.slack_emulator.apps import refusal


async def test_a_fault_happens_as_often_as_it_was_told(slack: RunningSlack, client: AsyncWebClient) -> None:
    slack.fault("auth.test", error="internal_error", times=2, skip=1)
    assert (await client.auth_test())["ok"]
    for _ in range(2):
        assert await refusal(client.auth_test()) == "internal_error"
    assert (await client.auth_test())["ok"]
    assert [request.fault for request in slack.requests] == [False, True, True, False]
    assert slack.violations == []


@pytest.mark.parametrize(("status", "code"), [(429, "ratelimited"), (500, "internal_error"), (503, "internal_error")])
async def test_a_status_can_be_answered(slack: RunningSlack, client: AsyncWebClient, status: int, code: str) -> None:
    slack.fault(http_status=status, retry_after=7)
    with pytest.raises(SlackApiError) as raised:
        await client.auth_test()
    assert (raised.value.response.status_code, raised.value.response["error"]) == (status, code)
    assert raised.value.response.headers.get("Retry-After") == ("7" if status == 429 else None)


@pytest.mark.parametrize(("when", "posted"), [("before", 0), ("after", 1)])
async def test_a_connection_breaks_before_or_after_the_effect(
    slack: RunningSlack, client: AsyncWebClient, when: str, posted: int
) -> None:
    slack.fault("chat.postMessage", drop=True, when=when)
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.chat_postMessage(channel=slack.general.id, text="a")
    assert len(slack.messages(slack.general)) == posted
    assert slack.requests[-1].error == "dropped"


async def test_a_delay_is_on_the_emulators_clock(slack: RunningSlack, client: AsyncWebClient) -> None:
    slack.fault("auth.test", delay_s=0.01)
    assert (await client.auth_test())["ok"]


@pytest.mark.parametrize(
    ("method", "error"),
    [
        ("chat.startStream", "feature_not_enabled"),
        ("chat.startStream", "unknown_method"),
        ("agents.sessions.setStatus", "feature_disabled"),
    ],
)
async def test_what_a_workspace_does_not_have(
    slack: RunningSlack, client: AsyncWebClient, method: str, error: str
) -> None:
    slack.fault(method, error=error)
    assert await refusal(client.api_call(method, json={})) == error


def test_a_fault_that_does_nothing_is_a_mistake(slack: RunningSlack) -> None:
    with pytest.raises(ValueError, match="needs an error"):
        slack.fault("auth.test")
