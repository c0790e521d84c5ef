"""Recorded deliveries, and what becomes of them when they are bent: all acknowledged, nothing raised."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from adapters.slack.events.messages import read_message
from adapters.slack.payloads import SlackMessage
from tests.data import data_folder
from tests.examples import examples
from tests.unit.slack.quiet import BOT, TEAM, Desk

TS = "1700000000.000100"
PLANTED = {
    "team_id": TEAM,
    "channel": "C111",
    "user": "U111",
    "ts": TS,
    "event_ts": "1700000001.000100",
    "deleted_ts": TS,
    "text": f"<@{BOT}> what about <@U2|ben> in <#C2>?",
}
KINDS = {"slash-commands": "slash_commands", "events": "events_api"}


def recorded() -> list[tuple[str, str, Any]]:
    """Every recorded payload with its name and kind."""
    folder = data_folder() / "slack_payloads"
    found: list[tuple[str, str, Any]] = []
    for path in sorted(folder.glob("events/*.json")) + sorted(folder.glob("interactive/**/*.json")):
        kind = next((KINDS[item] for item in KINDS if item in path.parts), "interactive")
        found.append((path.stem, kind, json.loads(path.read_text(encoding="utf-8"))))
    bodies = folder / "bolt_python_test_bodies.json"
    if bodies.is_file():
        for name, body in json.loads(bodies.read_text(encoding="utf-8")).items():
            found.append((name, "events_api" if "event" in body else "interactive", body))
    return found


RECORDED = recorded()


def planted(payload: Any) -> Any:
    """The payload with ids and texts that mean something here: the values of most recordings are blank."""
    payload = copy.deepcopy(payload)
    if not isinstance(payload, dict):
        return payload
    if isinstance(payload.get("event"), dict):
        payload |= {"type": "event_callback", "team_id": TEAM, "authorizations": [], "enterprise_id": None}
        event = payload["event"]
        event.update({name: value for name, value in PLANTED.items() if isinstance(event.get(name), str)})
        for name in ("bot_id", "hidden", "thread_ts", "app_id"):
            event.pop(name, None)
        for inner in ("message", "previous_message"):
            if isinstance(event.get(inner), dict):
                event[inner].update({"ts": TS, "user": "U111", "text": f"{inner} text"})
                event[inner].pop("bot_id", None)
    elif isinstance(payload.get("team"), dict):
        payload["team"]["id"] = TEAM
        payload["enterprise"] = None
    else:
        payload["team_id"] = TEAM
        payload.pop("enterprise_id", None)
    return payload


@pytest.fixture
def no_bugs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What a delivery raises is logged: there must be nothing."""
    yield
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.skipif(not RECORDED, reason="there is no test data")
@pytest.mark.usefixtures("no_bugs")
@pytest.mark.parametrize("changed", [False, True], ids=["as-recorded", "planted"])
async def test_every_recorded_delivery_is_acknowledged(changed: bool) -> None:
    desk = Desk()
    for name, kind, payload in RECORDED:
        body = planted(payload) if changed else payload
        assert await desk.deliver(kind, body), name
    await desk.aclose()
    if changed:
        assert desk.bot.heard
        assert desk.bot.edits
        assert desk.bot.deletions
        assert desk.workspaces.uninstalls >= 1


async def test_recorded_envelopes_are_read(shared_data: Path) -> None:
    desk = Desk()
    lines = (shared_data / "slack_payloads" / "socket_mode_envelopes.jsonl").read_text(encoding="utf-8").splitlines()
    envelopes = [json.loads(line) for line in lines]
    for envelope in envelopes:
        assert (await desk.dispatcher.envelope(envelope)).taken
    await desk.aclose()


async def test_what_recorded_mentions_threads_edits_and_deletions_do() -> None:
    bodies = {name: planted(body) for name, _, body in RECORDED}
    if "test_app.app_mention_event_body" not in bodies:
        pytest.skip("there is no test data")
    desk = Desk()
    await desk.deliver("events_api", bodies["test_app.app_mention_event_body"])
    (mention,) = desk.bot.heard
    assert mention.is_directed
    assert mention.is_top_level
    assert mention.key.thread == TS
    assert mention.text == "what about @ada in #general?"
    assert mention.time_zone == "Europe/Berlin"
    await desk.deliver("events_api", bodies["test_message_thread_broadcast.event_payload"])
    await desk.deliver("events_api", bodies["test_message_changed.event_payload"])
    await desk.deliver("events_api", bodies["test_message_deleted.event_payload"])
    assert {item.text for item in desk.bot.edits} == {"updated message"}
    assert {source for _, source in desk.bot.deletions} == {TS}
    await desk.aclose()


async def test_what_cannot_be_stored_is_not_acknowledged() -> None:
    bodies = {name: planted(body) for name, _, body in RECORDED}
    if "test_message.message_body" not in bodies:
        pytest.skip("there is no test data")
    desk = Desk()
    desk.bot.fails = True
    assert not await desk.deliver("events_api", bodies["test_message.message_body"])
    await desk.aclose()


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), st.text(max_size=20),
    st.just([]), st.just({}), st.just(["x", None]), st.just({"type": 7}), st.just("\ud800"), st.just("\x00"),
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a payload, from the outside in."""
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        found += places(item, (*path, name))
    return found


def bend(payload: Any, path: tuple[Any, ...], junk: Any, *, remove: bool) -> Any:
    """The payload with something else, or nothing, in one place."""
    payload = copy.deepcopy(payload)
    at = payload
    for name in path[:-1]:
        at = at[name]
    if remove:
        del at[path[-1]]
    else:
        at[path[-1]] = junk
    return payload


@pytest.mark.skipif(not RECORDED, reason="there is no test data")
@examples(300, suppress=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_bent_delivery_is_acknowledged(data: st.DataObject, caplog: pytest.LogCaptureFixture) -> None:
    _, kind, payload = data.draw(st.sampled_from(RECORDED))
    body = planted(payload) if data.draw(st.booleans()) else payload
    for _ in range(data.draw(st.integers(1, 3))):
        found = places(body)
        if found:
            body = bend(body, data.draw(st.sampled_from(found)), data.draw(JUNK), remove=data.draw(st.booleans()))
    caplog.clear()
    asyncio.run(_deliver(kind, body))
    bugs = [
        record for record in caplog.records if record.levelno >= logging.ERROR and record.name.startswith("adapters")
    ]
    assert [bug.getMessage() for bug in bugs if "could not be read" not in bug.getMessage()] == []


@pytest.mark.parametrize("type", [["message"], {"message": 1}, None, 7])
def test_a_type_that_is_no_text_is_nothing_said(type: Any) -> None:
    event = {"type": type, "channel": "C1", "user": "U1", "ts": "1700000000.000100", "text": "hi"}
    assert read_message(SlackMessage.read(event), bot_user="U0BOT") is None


async def _deliver(kind: str, body: Any) -> None:
    desk = Desk()
    assert await desk.deliver(kind, body)
    if isinstance(body, dict):
        assert (await desk.dispatcher.post(json.dumps(body), {"content-type": ["application/json"]})).taken
    await desk.aclose()
