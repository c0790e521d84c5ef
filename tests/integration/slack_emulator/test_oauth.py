"""Installing the app, and tokens that grow old."""

from __future__ import annotations

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.emulators.slack import Options, RunningSlack, running_slack
from tests.emulators.slack.options import CLIENT_ID, CLIENT_SECRET
from tests.integration.slack_emulator.apps import refusal, web_client

# Slack's client still builds the header with what aiohttp 4 will drop.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")

KEYS = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


async def test_a_code_becomes_a_token_once(slack: RunningSlack, client: AsyncWebClient) -> None:
    other = slack.workspace("Other Works")
    cleo = slack.person("Cleo", team=other)
    code = await slack.authorise(cleo, "https://bot.example/oauth")
    told = await client.oauth_v2_access(**KEYS, code=code, redirect_uri="https://bot.example/oauth")
    assert (told["team"]["id"], told["authed_user"]["id"], told["bot_user_id"]) == (other.id, cleo.id, other.bot.id)
    async with web_client(slack, told["access_token"]) as second:
        assert (await second.auth_test())["team_id"] == other.id
    assert await refusal(client.oauth_v2_access(**KEYS, code=code)) == "invalid_code"


async def test_the_wrong_keys_and_addresses_are_refused(slack: RunningSlack, client: AsyncWebClient) -> None:
    wrong_secret = client.oauth_v2_access(client_id=CLIENT_ID, client_secret="x", code="c")
    assert await refusal(wrong_secret) == "bad_client_secret"
    wrong_id = client.oauth_v2_access(client_id="x", client_secret=CLIENT_SECRET, code="c")
    assert await refusal(wrong_id) == "invalid_client_id"
    code = await slack.authorise(slack.ada, "https://bot.example/oauth")
    elsewhere = client.oauth_v2_access(**KEYS, code=code, redirect_uri="https://evil.example/")
    assert await refusal(elsewhere) == "bad_redirect_uri"


async def test_a_token_expires_and_is_renewed_once() -> None:
    async with running_slack(Options(token_lifetime_s=43_200)) as slack, web_client(slack) as client:
        refresh = {**KEYS, "grant_type": "refresh_token", "refresh_token": slack.team.refresh_token}
        assert (await client.auth_test())["ok"]
        slack.clock.advance(43_200)
        assert await refusal(client.auth_test()) == "token_expired"
        told = await client.oauth_v2_access(**refresh)
        assert told["expires_in"] == 43_200
        async with web_client(slack, told["access_token"]) as renewed:
            assert (await renewed.auth_test())["ok"]
        assert await refusal(client.oauth_v2_access(**refresh)) == "invalid_refresh_token"
        for secret in (slack.team.token, refresh["refresh_token"], CLIENT_SECRET):
            assert secret not in str(slack.requests)


async def test_keys_are_taken_from_the_form_as_well(slack: RunningSlack, client: AsyncWebClient) -> None:
    code = await slack.authorise(slack.ada, "https://bot.example/oauth")
    assert (await client.api_call("oauth.v2.access", data={**KEYS, "code": code}))["ok"]
