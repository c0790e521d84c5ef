"""How calls are made: tokens, arguments, scopes, and who and what there is."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.emulators.slack import Options, RunningSlack, running_slack
from tests.integration.slack_emulator.apps import refusal, web_client


async def test_the_bot_learns_who_it_is(slack: RunningSlack, client: AsyncWebClient) -> None:
    told = await client.auth_test()
    assert (told["user_id"], told["bot_id"]) == (slack.bot.id, slack.bot.bot_id)
    assert (told["team_id"], told["team"]) == (slack.team.id, slack.team.name)


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"params": {"user": "U"}}, id="query"),
        pytest.param({"data": {"user": "U"}}, id="form"),
        pytest.param({"params": {"token": "", "user": "U"}}, id="token-in-query"),
        pytest.param({"data": {"token": "", "user": "U"}}, id="token-in-form"),
    ],
)
async def test_arguments_come_by_query_and_form(slack: RunningSlack, how: dict[str, Any]) -> None:
    (values,) = how.values()
    values["user"] = slack.ada.id
    headers = {"Authorization": f"Bearer {slack.options.bot_token}"}
    if "token" in values:
        values["token"], headers = slack.options.bot_token, {}
    async with aiohttp.ClientSession(headers=headers) as session:
        method = session.get if "params" in how else session.post
        async with method(f"{slack.api_url}users.info", **how) as response:
            assert (await response.json())["user"]["real_name"] == "Ada"
    assert slack.options.bot_token not in json.dumps([dict(request.arguments) for request in slack.requests])


async def test_json_is_for_methods_that_write(slack: RunningSlack, client: AsyncWebClient) -> None:
    place = {"channel": slack.general.id}
    assert (await client.api_call("chat.postMessage", json={**place, "text": "a"}))["ok"]
    assert await refusal(client.api_call("conversations.history", json=place)) == "invalid_arguments"
    assert (await client.api_call("conversations.history", params=place))["ok"]


@pytest.mark.parametrize(
    ("token", "method", "error"),
    [
        pytest.param("", "auth.test", "not_authed", id="none"),
        pytest.param("xoxb-wrong", "auth.test", "invalid_auth", id="wrong"),
        pytest.param("xapp-wrong", "apps.connections.open", "invalid_auth", id="wrong-app-token"),
        pytest.param("xoxb-emulator-1", "apps.connections.open", "not_allowed_token_type", id="bot-for-app"),
        pytest.param("xoxb-emulator-1", "chat.whisper", "unknown_method", id="unknown-method"),
    ],
)
async def test_who_may_not_call_is_told_why(slack: RunningSlack, token: str, method: str, error: str) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{slack.api_url}{method}") as response,
    ):
        assert response.status == 200
        assert (await response.json())["error"] == error


async def test_a_body_that_is_no_json_is_refused(slack: RunningSlack) -> None:
    headers = {"Authorization": f"Bearer {slack.options.bot_token}", "Content-Type": "application/json"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for body, error in ((b"{", "invalid_json"), (b"[]", "json_not_object")):
            async with session.post(f"{slack.api_url}auth.test", data=body) as response:
                assert (await response.json())["error"] == error


async def test_a_scope_that_was_not_granted_is_named() -> None:
    async with running_slack(Options(scopes=("chat:write", "im:history"))) as slack, web_client(slack) as client:
        with pytest.raises(SlackApiError) as raised:
            await client.users_info(user=slack.ada.id)
        told = raised.value.response
        assert (told["error"], told["needed"]) == ("missing_scope", "users:read")
        assert await refusal(client.conversations_history(channel=slack.general.id)) == "missing_scope"
        assert (await client.conversations_history(channel=slack.direct(slack.ada).id))["ok"]


async def test_people_have_a_language_only_when_it_is_asked_for(slack: RunningSlack, client: AsyncWebClient) -> None:
    clara = slack.person("Clara", locale="de-DE", tz="Asia/Tokyo", is_admin=True)
    told = (await client.users_info(user=clara.id, include_locale=True))["user"]
    assert (told["locale"], told["tz"], told["tz_offset"], told["is_admin"]) == ("de-DE", "Asia/Tokyo", 32_400, True)
    assert "locale" not in (await client.users_info(user=clara.id))["user"]
    assert await refusal(client.users_info(user="U404")) == "user_not_found"


async def test_lists_come_in_pages(slack: RunningSlack, client: AsyncWebClient) -> None:
    for number in range(5):
        slack.person(f"Person {number}")
    names: list[str] = []
    async for page in await client.users_list(limit=3):
        assert len(page["members"]) <= 3
        names += [member["real_name"] for member in page["members"]]
    assert names == ["Seedling", "Ada", "Ben", *(f"Person {number}" for number in range(5))]
    assert await refusal(client.users_list(limit=2_000)) == "invalid_limit"
    assert await refusal(client.users_list(cursor="not a cursor")) == "invalid_cursor"


async def test_a_bot_knows_public_channels_and_those_it_is_in(slack: RunningSlack, client: AsyncWebClient) -> None:
    slack.channel("elsewhere", bot=False)
    hidden = slack.channel("hidden", kind="private", bot=False)
    slack.channel("secret", kind="private")
    slack.direct(slack.ada)
    kinds = "public_channel,private_channel,im,mpim"
    told = (await client.conversations_list(types=kinds))["channels"]
    assert [item.get("name") for item in told] == ["general", "elsewhere", "secret", None]
    assert [item.get("is_member") for item in told] == [True, False, True, None]
    assert await refusal(client.conversations_info(channel=hidden.id)) == "channel_not_found"


async def test_a_bot_joins_public_channels_only(slack: RunningSlack, client: AsyncWebClient) -> None:
    elsewhere = slack.channel("elsewhere", bot=False)
    assert await refusal(client.conversations_history(channel=elsewhere.id)) == "not_in_channel"
    assert (await client.conversations_join(channel=elsewhere.id))["channel"]["is_member"]
    assert (await client.conversations_members(channel=elsewhere.id))["members"] == elsewhere.members
    secret = slack.channel("secret", kind="private")
    assert await refusal(client.conversations_join(channel=secret.id)) == "method_not_supported_for_channel_type"


async def test_a_direct_message_is_opened_once(slack: RunningSlack, client: AsyncWebClient) -> None:
    opened = (await client.conversations_open(users=[slack.ada.id]))["channel"]["id"]
    assert opened == slack.direct(slack.ada).id
    assert (await client.conversations_open(users=slack.ada.id, return_im=True))["channel"]["user"] == slack.ada.id
    group = (await client.conversations_open(users=[slack.ada.id, slack.ben.id]))["channel"]["id"]
    assert slack.world.channels[group].kind == "mpim"


async def test_groups_have_members(slack: RunningSlack, client: AsyncWebClient) -> None:
    group = slack.group("gardeners", slack.ben)
    assert (await client.usergroups_users_list(usergroup=group))["users"] == [slack.ben.id]
    assert await refusal(client.usergroups_users_list(usergroup="S404")) == "no_such_subteam"


async def test_a_reaction_stands_once(slack: RunningSlack, client: AsyncWebClient) -> None:
    message = await slack.say(slack.ada, slack.general, "hello")
    place = {"channel": slack.general.id, "timestamp": message.ts, "name": "seedling"}
    await client.reactions_add(**place)
    assert message.reactions == {"seedling": [slack.bot.id]}
    assert await refusal(client.reactions_add(**place)) == "already_reacted"
    await client.reactions_remove(**place)
    assert await refusal(client.reactions_remove(**place)) == "no_reaction"


async def test_workspaces_do_not_see_each_other(slack: RunningSlack, client: AsyncWebClient) -> None:
    other = slack.workspace("Other Works")
    cleo = slack.person("Cleo", team=other)
    lounge = slack.channel("lounge", team=other)
    async with web_client(slack, other.token) as second:
        assert (await second.auth_test())["team_id"] == other.id
        assert (await second.chat_postMessage(channel=lounge.id, text="hello"))["ok"]
        assert await refusal(second.users_info(user=slack.ada.id)) == "user_not_found"
    assert await refusal(client.chat_postMessage(channel=lounge.id, text="hello")) == "channel_not_found"
    assert await refusal(client.users_info(user=cleo.id)) == "user_not_found"


async def test_after_uninstalling_the_token_is_dead(slack: RunningSlack, client: AsyncWebClient) -> None:
    await slack.uninstall()
    assert await refusal(client.auth_test()) == "account_inactive"
    assert [item.payload["event"]["type"] for item in slack.deliveries.log] == ["tokens_revoked", "app_uninstalled"]


async def test_people_of_another_organisation_are_known_where_they_share_a_channel(
    slack: RunningSlack, client: AsyncWebClient
) -> None:
    other = slack.workspace("Other Works")
    cleo = slack.person("Cleo", team=other)
    assert await refusal(client.users_info(user=cleo.id)) == "user_not_found"
    shared = slack.channel("shared", slack.ada, cleo)
    told = (await client.users_info(user=cleo.id))["user"]
    assert (told["is_stranger"], told["team_id"]) == (True, other.id)
    await slack.say(cleo, shared, "hello")
    payload = slack.deliveries.log[-1].payload
    assert payload["event"]["user_team"] == other.id
    assert payload["is_ext_shared_channel"]
    assert (await client.conversations_info(channel=shared.id))["channel"]["is_ext_shared"]
