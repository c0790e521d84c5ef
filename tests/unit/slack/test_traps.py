"""What was learnt about Slack and its SDK by experiment, held fast."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import Any

import pytest
from aiohttp import ClientSession, web

from adapters.slack.api.errors import SlackUnknownOutcome
from adapters.slack.api.workspace import Connector, Origin, SingleWorkspace
from adapters.slack.events.messages import read_message
from adapters.slack.options import SlackOptions
from adapters.slack.payloads import SlackMessage
from adapters.slack.platform import open_slack
from bot.errors import BotError, StorageUnavailable
from storage.in_memory.store import MemoryStore
from tests.fakes import ManualClock
from tests.integration.slack.scene import held, scene
from tests.unit.slack.quiet import BOT, TEAM, Desk

MESSAGE = {"type": "message", "channel": "C1", "user": "U1", "ts": "1700000000.000100", "text": "hi"}


def event(**changes: Any) -> dict[str, Any]:
    inner = {**MESSAGE, **changes}
    return {"type": "event_callback", "team_id": TEAM, "event_id": "Ev1", "event_time": 1, "event": inner}


async def test_all_calls_share_their_connections() -> None:
    ports: Counter[int] = Counter()

    async def answer(request: web.Request) -> web.Response:
        assert request.transport is not None
        ports[request.transport.get_extra_info("peername")[1]] += 1
        return web.json_response({"ok": True, "team_id": TEAM, "user_id": BOT})

    app = web.Application()
    app.add_routes([web.route("*", "/api/{method}", answer)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/api"
    async with ClientSession() as session:
        workspace = await SingleWorkspace(Connector(session, url=url), "xoxb-1").the()
        for _ in range(8):
            await workspace.calls.call("users.info", {"user": "U1"})
    await runner.cleanup()
    assert list(ports.values()) == [9]  # one connection, and who the bot is was asked once


async def test_who_the_bot_is_is_asked_once_however_many_events_come_at_once() -> None:
    async with scene() as play:
        slack = play.slack
        await asyncio.gather(*(slack.say(slack.ada, slack.general, f"{n}") for n in range(20)))
        await play.settled()
        assert len(slack.calls("auth.test")) == 1


async def test_answers_written_at_once_do_not_mix_their_streams() -> None:
    gate = asyncio.Event()
    async with scene(*(held(gate, f"start{n} ", f"end{n}") for n in range(4))) as play:
        slack = play.slack
        asked = [await slack.say(slack.ada, slack.general, f"{slack.mention()} {n}?") for n in range(4)]
        await play.until(lambda: len(slack.calls("chat.startStream")) == 4)
        gate.set()
        await play.settled()
        shown = [play.answers(item) for item in asked]
        assert [len(item) for item in shown] == [1, 1, 1, 1]
        for n in range(4):
            (text,) = (item[0] for item in shown if f"start{n} " in item[0])
            assert f"start{n} end{n}" in text


async def test_events_without_a_listener_are_acknowledged() -> None:
    desk = Desk()
    for kind in ("team_rename", "reaction_added", "assistant_thread_started", "", "x" * 300):
        assert await desk.deliver("events_api", event(type=kind))
    for body in (
        {"type": "block_actions", "team": {"id": TEAM}, "user": {"id": "U1"}, "actions": [{"action_id": "?"}]},
    ):
        assert await desk.deliver("interactive", body)
    await desk.aclose()


async def test_bodies_of_any_shape_raise_nothing() -> None:
    desk = Desk()
    bodies: tuple[Any, ...] = (None, [], "x", 7, {}, {"event": None}, {"event": []}, {"payload": "{"})
    for body in bodies:
        assert await desk.deliver("events_api", body)
    for text in ("", "null", "[]", "{", "payload={", "payload=null", "a=b"):
        for kind in ("application/json", "application/x-www-form-urlencoded"):
            assert (await desk.dispatcher.post(text, {"content-type": kind})).taken
    await desk.aclose()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"user": BOT}, id="itself"),
        pytest.param({"user": "USLACKBOT"}, id="slackbot"),
        pytest.param({"user": "USLACK"}, id="system"),
        pytest.param({"user": None}, id="nobody"),
        pytest.param({"subtype": "channel_join"}, id="notice"),
        pytest.param({"hidden": True}, id="hidden"),
        pytest.param({"ts": "soon"}, id="no-time"),
        pytest.param({"channel": "general; drop"}, id="no-channel"),
    ],
)
def test_what_nobody_else_said_is_not_read(changes: dict[str, Any]) -> None:
    assert read_message(SlackMessage.read(MESSAGE), bot_user=BOT) is not None
    assert read_message(SlackMessage.read({**MESSAGE, **changes}), bot_user=BOT) is None


@pytest.mark.parametrize(
    ("changes", "user", "name"),
    [
        pytest.param({}, MESSAGE["user"], "", id="person"),
        pytest.param({"bot_id": "B9", "bot_profile": {"name": "Deploys"}}, MESSAGE["user"], "Deploys", id="app"),
        pytest.param(
            {"bot_id": "B9", "user": None, "subtype": "bot_message", "username": "Report\n"},
            "B9",
            "Report",
            id="workflow",
        ),
        pytest.param({"bot_id": "B9", "user": None}, "B9", "B9", id="nameless"),
    ],
)
def test_apps_are_told_from_people(changes: dict[str, Any], user: str, name: str) -> None:
    said = read_message(SlackMessage.read({**MESSAGE, **changes}), bot_user=BOT)
    assert said is not None
    assert (said.user, said.bot_name) == (user, name)


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast", "me_message"])
def test_messages_of_people_come_with_subtypes_too(subtype: str) -> None:
    assert read_message(SlackMessage.read({**MESSAGE, "subtype": subtype}), bot_user=BOT) is not None


async def test_another_workspace_is_nobody_here(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    assert await desk.deliver("events_api", event() | {"team_id": "T9"})
    elsewhere = {"team_id": "T9", "command": "/seed", "text": "help", "response_url": "https://evil.example/"}
    assert await desk.deliver("slash_commands", elsewhere)  # a call to that address would be refused here, and logged
    assert desk.bot.heard == []
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert await desk.workspaces.find(Origin(team="T9")) is None
    await desk.aclose()


@pytest.mark.parametrize("trouble", [StorageUnavailable("away"), SlackUnknownOutcome("auth.test", "timeout")])
async def test_what_cannot_be_told_whose_it_is_comes_again(trouble: BotError, monkeypatch: pytest.MonkeyPatch) -> None:
    async def find(_origin: Origin) -> None:
        raise trouble

    desk = Desk()
    monkeypatch.setattr(desk.workspaces, "find", find)
    assert not await desk.deliver("events_api", event())
    monkeypatch.undo()
    assert await desk.deliver("events_api", event())
    assert len(desk.bot.heard) == 1
    await desk.aclose()


async def test_what_people_say_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    desk = Desk()
    for changes in ({}, {"type": "unknown_event"}, {"subtype": "message_changed"}, {"user": BOT}):
        await desk.deliver("events_api", event(text="very secret words", **changes))
    await desk.deliver("events_api", event(text="very secret words") | {"team_id": "T9"})
    await desk.deliver("interactive", {"type": "unknown", "text": "very secret words"})
    desk.bot.fails = True
    await desk.deliver("events_api", event(text="very secret words"))
    await desk.aclose()
    assert "very secret words" not in caplog.text


async def test_the_environment_does_not_reach_bolt(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET", "SLACK_BOT_TOKEN"):
        monkeypatch.setenv(name, "from-the-environment")
    desk = Desk()
    assert await desk.deliver("events_api", event())
    assert len(desk.bot.heard) == 1
    await desk.aclose()


async def test_nothing_is_asked_of_slack_before_it_is_needed() -> None:
    options = SlackOptions(bot_token="xoxb-1", app_token="xapp-1", api_url="http://127.0.0.1:1/api")
    async with open_slack(options, MemoryStore(clock=ManualClock()), clock=ManualClock()) as platform:
        assert platform.name == "slack"
