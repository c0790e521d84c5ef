"""Whether what the app gets looks like what Slack was recorded to send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema_rs
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.emulators.slack import Message, RunningSlack
from tests.integration.slack_emulator.apps import socket

Json = dict[str, Any]

# Newer than the recordings, or of kinds whose insides the specification checks.
LATER = {"context_team_id", "context_enterprise_id", "app_context", "blocks", "tab"}

# Events that came after the recordings; the specification knows them.
UNRECORDED = {"AppContextChangedPayload", "AgentSessionStoppedPayload", "AgentSessionTitleChangedPayload"}


@pytest.fixture(scope="module")
def recorded(shared_data: Path) -> Path:
    return shared_data / "slack_payloads"


def strays(made: Any, real: Any, place: str = "") -> Iterator[str]:
    """Where `made` has a field, or a type of value, that `real` never had."""
    if made is None or real is None or real == {}:  # the recordings blank maps
        return
    if isinstance(made, dict) and isinstance(real, dict):
        for name, value in made.items():
            if name in LATER:
                continue
            if name not in real:
                yield f"{place}/{name} is unknown"
            else:
                yield from strays(value, real[name], f"{place}/{name}")
    elif isinstance(made, list) and isinstance(real, list):
        for item in made:
            yield from strays(item, real[0] if real else None, f"{place}[]")
    elif type(made) is not type(real):
        yield f"{place} is {type(made).__name__}, not {type(real).__name__}"


def load(folder: Path, name: str) -> Any:
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


async def everything(slack: RunningSlack, client: AsyncWebClient) -> dict[str, Json]:
    """One of each event, by the name of its recording."""
    file = slack.file(slack.ada, "a.txt", b"a")
    first = await slack.say(slack.ada, slack.general, f"{slack.mention()} hello")
    shared = await slack.say(slack.ada, slack.general, "look", files=[file])
    await slack.say(slack.ben, slack.general, "reply", thread_ts=shared.ts)
    await slack.edit(first, "hello there")
    await slack.delete(first)
    await slack.open_app_home(slack.ada)
    await slack.react(slack.ada, slack.messages(slack.general)[0], "seedling")
    clara = slack.person("Clara")
    await slack.join(slack.general, clara)
    await slack.leave(slack.general, clara)
    await slack.change_context(slack.ada, [{"type": "slack#/types/channel_id", "value": slack.general.id}])
    root = await slack.say(slack.ada, slack.general, "why?")
    session: Json = {"channel_id": slack.general.id, "thread_ts": root.ts}
    await client.agents_sessions_setStatus(**session, status="processing", title="Rain")
    await slack.press_stop(slack.ada, root)
    await slack.rename_session(slack.ada, root, "Weather")
    await slack.uninstall()
    names = (
        "Message", "AppMention", "MessageFileShare", "Message", "MessageChanged", "MessageDeleted", "AppHomeOpened",
        "ReactionAdded", "MemberJoinedChannel", "MemberLeftChannel", "AppContextChanged", "Message",
        "AgentSessionStopped", "AgentSessionTitleChanged", "TokensRevoked", "AppUninstalled",
    )  # fmt: skip
    made = [dict(item.payload) for item in slack.deliveries.log]
    return dict(zip((f"{name}Payload" for name in names), made, strict=True))


async def test_events_look_as_recorded(slack: RunningSlack, client: AsyncWebClient, recorded: Path) -> None:
    for name, made in (await everything(slack, client)).items():
        if not (recorded / "events" / f"{name}.json").is_file():
            assert name in UNRECORDED
            continue
        real = load(recorded / "events", name)
        if name == "MessageFileSharePayload":
            real["event"]["client_msg_id"] = ""  # Bolt's recorded body has it
        assert list(strays(made, real)) == [], name


async def test_events_have_what_the_specification_requires(
    slack: RunningSlack, client: AsyncWebClient, shared_data: Path
) -> None:
    text = (shared_data / "specs" / "slack_event.schema.json").read_text(encoding="utf-8")
    definitions = json.loads(text)["definitions"]
    kinds = {
        "MessagePayload": "GenericMessageEvent",
        "AppMentionPayload": "AppMentionEvent",
        "MessageFileSharePayload": "FileShareMessageEvent",
        "MessageChangedPayload": "MessageChangedEvent",
        "MessageDeletedPayload": "MessageDeletedEvent",
        "AppHomeOpenedPayload": "AppHomeOpenedEvent",
        "ReactionAddedPayload": "ReactionAddedEvent",
        "MemberJoinedChannelPayload": "MemberJoinedChannelEvent",
        "AppContextChangedPayload": "AppContextChangedEvent",
        "AgentSessionStoppedPayload": "AgentSessionStoppedEvent",
        "AgentSessionTitleChangedPayload": "AgentSessionTitleChangedEvent",
    }
    made = await everything(slack, client)
    for name, kind in kinds.items():
        assert set(definitions[kind]["required"]) <= set(made[name]["event"]), name


async def controls(slack: RunningSlack, client: AsyncWebClient) -> Message:
    button = {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "A"}, "value": "1"}
    await client.chat_postMessage(
        channel=slack.general.id, text="a", blocks=[{"type": "actions", "elements": [button]}]
    )
    return slack.answers(slack.general)[-1]


async def test_interactions_look_as_recorded(slack: RunningSlack, client: AsyncWebClient, recorded: Path) -> None:
    message = await controls(slack, client)
    folder = recorded / "interactive"
    pressed = await slack.press(slack.ada, message, "a")
    assert list(strays(pressed.payload, load(folder / "interactive-components", "BlockActionPayload"))) == []
    chosen = await slack.shortcut(slack.ada, "s", message)
    real = load(folder / "interactive-components", "MessageShortcutPayload")
    real["user"]["username"] = ""  # Bolt's recorded bodies have it
    assert list(strays(chosen.payload, real)) == []
    typed = await slack.slash(slack.ada, slack.general, "/seed", "help")
    real = load(folder / "slash-commands", "SlashCommandPayload")
    real["is_enterprise_install"] = ""  # a form has only text
    assert list(strays(typed.payload, real)) == []


async def test_answers_look_as_recorded(slack: RunningSlack, client: AsyncWebClient, recorded: Path) -> None:
    folder = recorded / "api"
    place: Json = {"channel": slack.general.id}
    question = await slack.say(slack.ada, slack.general, "why?")
    answers = {
        "auth.test": await client.auth_test(),
        "bots.info": await client.bots_info(bot=slack.bot.bot_id),
        "conversations.info": await client.conversations_info(**place, include_num_members=True),
        "conversations.members": await client.conversations_members(**place),
        "users.info": await client.users_info(user=slack.ada.id, include_locale=True),
        "chat.getPermalink": await client.chat_getPermalink(**place, message_ts=question.ts),
        "chat.postEphemeral": await client.chat_postEphemeral(**place, user=slack.ada.id, text="a"),
    }
    for name, answer in answers.items():
        assert isinstance(answer.data, dict)
        assert list(strays(answer.data, load(folder, name))) == [], name


async def test_blocks_of_people_follow_the_specification(slack: RunningSlack, shared_data: Path) -> None:
    text = (shared_data / "specs" / "slack_blocks.schema.json").read_text(encoding="utf-8")
    validator = jsonschema_rs.Draft7Validator(json.loads(text))
    message = await slack.say(slack.ada, slack.general, f"hello {slack.mention()} there")
    assert [str(error) for error in validator.iter_errors(message.blocks)] == []


async def test_envelopes_look_as_recorded(slack: RunningSlack, recorded: Path) -> None:
    lines = (recorded / "socket_mode_envelopes.jsonl").read_text(encoding="utf-8").splitlines()
    real = next(line for line in map(json.loads, lines) if line["type"] == "events_api")
    async with aiohttp.ClientSession() as session, socket(slack, session) as connection:
        await slack.say(slack.ada, slack.general, "hello")
        envelope = await connection.frame()
        assert set(envelope) == set(real)
        assert set(real["payload"]) <= set(envelope["payload"])
        await connection.acknowledge(envelope)
        await slack.settled()
