"""What Slack should never send, and bugs in listeners: told once by their kind; what comes next is answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from adapters.slack.connection.http_server import HEALTH_PATH
from adapters.slack.connection.socket_mode import SocketModeOptions
from bot.backoff import BackoffTimes
from bot.errors import ConfigError
from tests.emulators.slack import Options, running_slack
from tests.fakes import words
from tests.integration.slack.scene import PATIENCE_S, Scene, scene
from tests.integration.slack.test_connection import ask, over_http

AT_ONCE = SocketModeOptions(reconnect=BackoffTimes(first=0.01, longest=0.05, healthy=60), handshake=1.0)
SECRET = "what somebody wrote"


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """What the log says of events that could not be handled."""
    return [vars(record) for record in caplog.records if "could not be handled" in record.getMessage()]


def kinds(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [item["event"] for item in told(caplog)]


def envelope(payload: Any, kind: str = "events_api", **more: Any) -> str:
    return json.dumps(
        {"envelope_id": "e1", "type": kind, "payload": payload, "accepts_response_payload": False, **more}
    )


def event(**fields: Any) -> Mapping[str, Any]:
    return {"type": "event_callback", "team_id": "T1", "event_id": "E1", "event": fields}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        pytest.param("{", ["frame"], id="no-json"),
        pytest.param("[" * 100_000, ["frame"], id="deep"),
        pytest.param("[]", [], id="list"),
        pytest.param("null", [], id="null"),
        pytest.param('{"type": "news"}', [], id="unknown-type"),
        pytest.param('{"type": {"a": 1}, "envelope_id": 7}', [], id="types-of-types"),
        pytest.param(envelope(event(type="message"), "news"), [], id="unknown-envelope"),
        pytest.param(envelope(event(type="message"), kind=""), [], id="no-kind"),
        pytest.param(envelope(None), [], id="no-payload"),
        pytest.param(envelope([SECRET]), [], id="payload-is-a-list"),
        pytest.param(envelope(event(type=["message"], text=SECRET)), ["other"], id="event-type-is-a-list"),
        pytest.param(
            envelope({"type": "block_actions", "actions": None}, "interactive"), ["block_actions"], id="no-actions"
        ),
        pytest.param(envelope({"command": None, "text": SECRET}, "slash_commands"), [], id="command-is-null"),
        pytest.param(envelope(event(type="message"), retry_attempt={"a": 1}, retry_reason=[]), [], id="odd-retry"),
    ],
)
async def test_an_unreadable_frame_is_skipped_and_the_next_is_answered(
    text: str, kind: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with scene(words("Still here.")) as play:
        await play.slack.sockets.garble(text)
        assert "Still here." in (await ask(play, "there?"))[0]
        assert play.slack.sockets.opened == 2  # no connection was lost
    assert set(kinds(caplog)) == set(kind)
    assert SECRET not in caplog.text


@pytest.mark.parametrize("greeting", ["{", "[]", "null", '"hello"', "7", '{"type": "bye"}', "[" * 100_000])
async def test_a_greeting_that_is_none_is_no_connection(greeting: str) -> None:
    async with running_slack(Options(limits=False)) as slack:
        slack.sockets.greetings = [greeting] * 3
        async with scene(words("In."), slack=slack, sockets=AT_ONCE) as play:
            assert "In." in (await ask(play, "there?"))[0]


@pytest.mark.parametrize("address", [None, 7, "", "not an address", "http://127.0.0.1:9/", "ws://[", "wss://\u00ad"])
async def test_an_address_that_is_none_is_asked_for_again(address: Any) -> None:
    async with running_slack(Options(limits=False)) as slack:
        slack.sockets.addresses = [address] * 3
        async with scene(words("In."), slack=slack, sockets=AT_ONCE) as play:
            assert "In." in (await ask(play, "there?"))[0]
        assert len(slack.calls("apps.connections.open")) == 5


@pytest.mark.parametrize(
    "fault",
    [
        {"error": "internal_error"},
        {"error": "team_added_to_org"},
        {"error": "org_login_required"},
        {"http_status": 429, "retry_after": 0},
        {"http_status": 503},
        {"drop": True},
    ],
    ids=lambda fault: str(next(iter(fault.values()))),
)
async def test_what_passes_is_waited_for(fault: dict[str, Any]) -> None:
    async with running_slack(Options(limits=False)) as slack:
        slack.fault("apps.connections.open", times=3, **fault)
        async with scene(words("In."), slack=slack, sockets=AT_ONCE) as play:
            assert "In." in (await ask(play, "there?"))[0]


@pytest.mark.parametrize(
    "code", ["invalid_auth", "token_revoked", "missing_scope", "not_allowed_token_type", "forbidden_team"]
)
async def test_what_only_an_operator_can_mend_names_the_setting(code: str) -> None:
    async with running_slack(Options(limits=False)) as slack:
        slack.fault("apps.connections.open", error=code, times=100)
        async with scene(slack=slack, listens=False, sockets=AT_ONCE) as play:
            with pytest.raises(ConfigError, match="SLACK_APP_TOKEN"):
                await asyncio.wait_for(play.platform.run(play.inbox), PATIENCE_S)


async def test_connections_that_end_at_once_are_not_made_without_a_pause(caplog: pytest.LogCaptureFixture) -> None:
    async with scene(words("In."), sockets=AT_ONCE) as play:
        play.slack.sockets.brief = 6
        await play.slack.sockets.drop()
        await play.until(lambda: not play.slack.sockets.brief)
        assert "In." in (await ask(play, "there?"))[0]
    waits = [vars(record)["seconds"] for record in caplog.records if record.getMessage() == "no connection to Slack"]
    assert len(waits) >= 6  # each of them was followed by one


def broken(play: Scene, times: int) -> list[int]:
    """Let the next listeners fail with what people wrote; the numbers that are left."""
    handle, left = play.inbox.handle, list(range(times))

    async def breaking(incoming: Any) -> Any:
        if left:
            left.pop()
            raise ValueError(incoming.text)
        return await handle(incoming)

    play.inbox.handle = breaking  # type: ignore[method-assign]  # the bug
    return left


async def test_a_listener_with_a_bug_skips_its_event_alone(caplog: pytest.LogCaptureFixture) -> None:
    async with scene(words("Still here.")) as play:
        left = broken(play, 12)
        for _ in range(6):  # a mention arrives twice
            await play.slack.say(play.slack.ada, play.slack.general, f"{play.slack.mention()} {SECRET}")
        await play.until(lambda: not left)
        await play.slack.slash(play.slack.ada, play.slack.general, "/seed", "help")
        assert "Still here." in (await ask(play, "there?"))[0]
        assert play.slack.deliveries.lost == []
    assert sorted(kinds(caplog)) == ["app_mention", "message"]
    assert SECRET not in caplog.text


async def test_over_http_a_bug_skips_its_event_alone(caplog: pytest.LogCaptureFixture) -> None:
    emulator = Options(limits=False, request_url="http://127.0.0.1:1/slack/events")
    async with scene(words("Over HTTP."), emulator=emulator, listens=False, app_token=None) as play:
        listening = await over_http(play)
        left = broken(play, 2)
        await play.slack.say(play.slack.ada, play.slack.general, f"{play.slack.mention()} {SECRET}")
        await play.until(lambda: not left)
        for text in ("[" * 100_000, '{"type": "event_callback", "event": 7}', '{"event": {"type": []}}', "payload=%FF"):
            answer = await play.slack.webhooks.post(text, "application/json", {})
            assert not answer.failed, text
        await half_sent(str(play.slack.webhooks._url))
        assert "Over HTTP." in (await ask(play, "there?"))[0]
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    assert sorted(kinds(caplog)) == ["app_mention", "delivery", "event_callback", "message"]
    assert not [record for record in caplog.records if record.name in {"aiohttp.server", "slack_bolt"}]
    assert SECRET not in caplog.text


async def half_sent(url: str) -> None:
    """Two requests that break off; then the server answers as before."""
    host, port = url.split("/")[2].split(":")
    for body in (b"", b"5\r\nab"):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
        await writer.drain()
        writer.write_eof()
        await reader.read()
        writer.close()
    async with aiohttp.ClientSession() as session, session.get(f"http://{host}:{port}{HEALTH_PATH}") as response:
        assert response.status == 200
