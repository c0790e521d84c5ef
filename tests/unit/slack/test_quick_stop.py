"""Calls that are under way when the process ends."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack.api.client import SlackClient
from adapters.slack.api.errors import SlackUnknownOutcome


class LeavingSlack(AsyncWebClient):
    """Is left while a call is under way."""

    async def api_call(self, api_method: str, **_: Any) -> AsyncSlackResponse:
        assert self.session is not None
        await self.session.close()
        await self.session.post(self.base_url + api_method)
        raise AssertionError


async def test_a_call_that_is_under_way_when_slack_is_left_was_not_done() -> None:
    async def token() -> str:
        return "xoxb-1"

    slack = LeavingSlack(base_url="https://slack.test/api/", session=aiohttp.ClientSession())
    with pytest.raises(SlackUnknownOutcome, match="was left") as told:
        await SlackClient(slack, token).call("chat.postMessage", {"channel": "C1", "text": "hi"})
    assert not told.value.maybe_done
