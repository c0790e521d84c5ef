"""What the doctor says of Slack: token, scopes, app, socket; each wrong thing with what to do about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adapters.slack.doctor import examine
from adapters.slack.manifest import SCOPES
from adapters.slack.options import SlackOptions
from bot.checks import Check
from tests.emulators.slack import Options, RunningSlack, running_slack
from tests.integration.slack.scene import slack_options

SECRETS = ("xoxb-", "xapp-", "emulator-signing-secret")


async def checks(slack: RunningSlack, *, seconds: float = 10, **changes: Any) -> dict[str, Check]:
    found = [item async for item in examine(replace(slack_options(slack), **changes), seconds=seconds)]
    for item in found:
        assert bool(item.fix) is (item.ok is False), item
        assert not any(secret in item.detail for secret in SECRETS), item
    return {item.name: item for item in found}


async def test_all_is_well_over_socket_mode() -> None:
    async with running_slack() as slack:
        found = await checks(slack)
        assert {name: item.ok for name, item in found.items()} == {
            "Slack token": True,
            "Slack scopes": True,
            "Slack app": True,
            "Slack socket": True,
        }
        assert "Garden Works" in found["Slack token"].detail
        assert slack.sockets.opened == 0  # nothing that people write went to the doctor


@pytest.mark.parametrize("missing", ["im:history", "commands", "users:read"])
async def test_a_missing_scope_is_named_with_what_it_is_for(missing: str) -> None:
    granted = tuple(scope for scope in SCOPES if scope != missing)
    async with running_slack(Options(scopes=granted)) as slack:
        found = await checks(slack)
    assert found["Slack scopes"].ok is False
    assert found["Slack scopes"].detail == f"{missing} is missing ({SCOPES[missing]})"
    assert "Reinstall" in found["Slack scopes"].fix


async def test_scopes_beyond_the_manifest_are_no_fault() -> None:
    async with running_slack(Options(scopes=(*SCOPES, "reactions:read"))) as slack:
        assert (await checks(slack))["Slack scopes"].ok


async def test_a_server_that_tells_no_scopes_is_not_blamed() -> None:
    async with running_slack(Options(tells_scopes=False)) as slack:
        assert (await checks(slack))["Slack scopes"].ok is None


@pytest.mark.parametrize("token", ["xoxb-wrong", "xapp-1-A0SEEDLING-emulator", ""])
async def test_a_refused_bot_token_is_told_and_the_socket_still_looked_at(token: str) -> None:
    async with running_slack() as slack:
        found = await checks(slack, bot_token=token)
    assert {name: item.ok for name, item in found.items()} == {"Slack token": False, "Slack socket": True}
    assert "xoxb-..." in found["Slack token"].fix


async def test_without_a_bot_token_that_is_told() -> None:
    async with running_slack() as slack:
        found = await checks(slack, bot_token=None)
    assert "SLACK_BOT_TOKEN is not set" in found["Slack token"].detail


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"error": "invalid_auth"}, "SLACK_APP_TOKEN is refused (invalid_auth)"),
        ({"error": "missing_scope"}, "SLACK_APP_TOKEN is refused (missing_scope)"),
        ({"error": "internal_error"}, "opens no connection (internal_error)"),
        ({"http_status": 503}, "opens no connection"),
        ({"drop": True}, "could not be asked"),
    ],
    ids=lambda each: str(each)[:40],
)
async def test_a_socket_that_does_not_open_is_told(fault: dict[str, Any], words: str) -> None:
    async with running_slack() as slack:
        slack.fault("apps.connections.open", **fault)
        found = await checks(slack)
    assert found["Slack socket"].ok is False
    assert words in found["Slack socket"].detail


async def test_tokens_of_two_apps_are_told() -> None:
    async with running_slack(Options(app_token="xapp-1-A0OTHER-1-f")) as slack:
        found = await checks(slack)
    assert found["Slack app"].ok is False
    assert "A0OTHER" in found["Slack app"].detail


async def test_a_slack_that_says_nothing_ends_with_the_time_of_each_check() -> None:
    async with running_slack() as slack:
        slack.fault(delay_s=60, times=10)
        found = await checks(slack, seconds=0.2)
    assert {name: item.detail for name, item in found.items()} == {
        "Slack token": "stopped after 0.2 s without an answer",
        "Slack socket": "stopped after 0.2 s without an answer",
    }


async def test_a_slack_that_is_away_is_told() -> None:
    gone = SlackOptions(bot_token="xoxb-1", app_token="xapp-1", api_url="http://127.0.0.1:9/api")
    found = [item async for item in examine(gone, seconds=10)]
    assert [item.ok for item in found] == [False, False]
    assert all("could not be asked" in item.detail for item in found)


async def test_over_http_the_signing_secret_must_be_there() -> None:
    async with running_slack() as slack:
        assert (await checks(slack, app_token=None))["Slack events"].ok
        assert (await checks(slack, app_token=None, signing_secret=None))["Slack events"].ok is False


async def test_for_many_workspaces_the_secrets_must_be_there() -> None:
    async with running_slack() as slack:
        many: dict[str, Any] = {"bot_token": None, "client_id": "1.2"}
        found = await checks(slack, **many, client_secret=None, secret_key=None)
        assert "SLACK_CLIENT_SECRET and SECRET_KEY must be set" in found["Slack install"].detail
        assert (await checks(slack, **many, client_secret="c", secret_key="k"))["Slack install"].ok is None
