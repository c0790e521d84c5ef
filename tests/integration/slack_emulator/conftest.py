"""What the tests of the emulator share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.emulators.slack import RunningSlack, running_slack
from tests.integration.slack_emulator.apps import web_client


@pytest.fixture
async def slack() -> AsyncIterator[RunningSlack]:
    """An emulator as it is without options."""
    async with running_slack() as running:
        yield running


@pytest.fixture
async def client(slack: RunningSlack) -> AsyncIterator[AsyncWebClient]:
    """Slack's client with the bot's token."""
    async with web_client(slack) as made:
        yield made
