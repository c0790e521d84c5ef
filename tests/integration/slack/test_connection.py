"""How deliveries come in: what is stored is acknowledged, nothing else is lost, over either way."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from adapters.slack.api.limits import REQUEST_BYTES
from adapters.slack.connection.socket_mode import SocketModeOptions
from adapters.slack.options import SlackOptions
from bot.errors import ConfigError, StorageUnavailable
from bot.types import Incoming, TurnId
from storage.in_memory.store import MemoryStore
from tests.emulators.slack import Options, running_slack
from tests.emulators.slack.options import SIGNING_SECRET
from tests.fakes import words
from tests.integration.slack.scene import PATIENCE_S, Scene, now, scene

FAST = SocketModeOptions(heartbeat=0.4, handshake=1.0)


class FailingStore(MemoryStore):
    """A store that refuses the first questions."""

    def __init__(self, failures: int) -> None:
        super().__init__(clock=now)
        self.failures = failures

    async def enqueue(self, incoming: Incoming, *, again: bool = False) -> TurnId | None:
        if self.failures > 0:
            self.failures -= 1
            raise StorageUnavailable("the disk is full")
        return await super().enqueue(incoming, again=again)


async def ask(play: Scene, text: str) -> list[str]:
    question = await play.slack.say(play.slack.ada, play.slack.general, f"{play.slack.mention()} {text}")
    await play.settled()
    return play.answers(question)


async def test_a_mention_arrives_as_two_events_and_is_one_question() -> None:
    async with scene(words("Once.")) as play:
        play.slack.deliveries.copies = 2
        answers = await ask(play, "how often?")
        assert len(answers) == 1
        assert len(play.model.asked) == 1
        kinds = [item.payload["event"]["type"] for item in play.slack.deliveries.log]
        assert kinds.count("app_mention") == kinds.count("message") - 2 * len(answers) == 2


async def test_what_is_not_stored_is_not_acknowledged_and_comes_again() -> None:
    options = Options(limits=False, ack_s=0.3, redeliveries=5)
    async with scene(words("At last."), store=FailingStore(2), emulator=options) as play:
        assert "At last." in (await ask(play, "again?"))[0]
        assert play.slack.deliveries.lost == []


async def test_events_that_nobody_waits_for_are_acknowledged() -> None:
    async with scene() as play:
        await play.slack.react(play.slack.ada, await play.slack.say(play.slack.ada, play.slack.general, "x"), "eyes")
        await play.slack.change_context(play.slack.ada, [])
        await play.settled()
        assert all(item.acknowledged for item in play.slack.deliveries.log)


@pytest.mark.parametrize("reason", ["refresh_requested", "warning", "too_many_websockets", "link_disabled"])
async def test_a_connection_that_slack_ends_is_replaced(reason: Any) -> None:
    async with scene(words("Still here.")) as play:
        await play.slack.sockets.disconnect(reason)
        await play.until(lambda: play.slack.sockets.opened >= 4)
        assert "Still here." in (await ask(play, "there?"))[0]


async def test_a_connection_that_hangs_is_replaced() -> None:
    async with scene(words("Awake."), sockets=FAST) as play:
        play.slack.sockets.mute()
        await play.until(lambda: play.slack.sockets.opened >= 4)
        assert "Awake." in (await ask(play, "there?"))[0]


async def test_refused_handshakes_are_tried_again_with_new_addresses() -> None:
    async with scene(words("Back."), sockets=FAST) as play:
        play.slack.sockets.refuse = 3
        play.slack.sockets.hang = 1
        await play.slack.sockets.drop()
        await play.until(lambda: play.slack.sockets.opened >= 4)
        tries = len(play.slack.calls("apps.connections.open"))
        assert tries >= play.slack.sockets.opened + 3  # each address lets in once
        assert "Back." in (await ask(play, "there?"))[0]


async def test_no_wrong_token_is_tried_for_ever() -> None:
    async with running_slack(Options(limits=False)) as slack, scene(slack=slack, listens=False) as play:
        with pytest.raises(ConfigError, match="SLACK_APP_TOKEN"):
            async with scene(slack=slack, listens=False, app_token="xapp-wrong") as wrong:
                await asyncio.wait_for(wrong.platform.run(play.inbox), PATIENCE_S)


async def test_people_are_heard_once_slack_has_let_the_bot_in() -> None:
    async with scene(listens=False, sockets=FAST) as play:
        play.slack.sockets.refuse = 3
        ready = asyncio.create_task(play.platform.wait_ready())
        listening = asyncio.create_task(play.platform.run(play.inbox))
        await asyncio.wait_for(ready, PATIENCE_S)
        assert play.slack.sockets.refuse == 0
        assert play.slack.sockets.connections
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


# ---------------------------------------------------------------- over HTTP


async def over_http(play: Scene) -> asyncio.Task[None]:
    """Listen over HTTP, and let the emulator post there."""
    listening = asyncio.create_task(play.platform.run(play.inbox))
    await asyncio.wait_for(play.platform.wait_ready(), PATIENCE_S)
    port = await asyncio.wait_for(play.platform.port(), PATIENCE_S)
    play.slack.webhooks._url = f"http://127.0.0.1:{port}/slack/events"
    assert await play.slack.webhooks.verify("a challenge")
    return listening


async def test_questions_commands_and_buttons_come_over_http_as_well() -> None:
    emulator = Options(limits=False, request_url="http://127.0.0.1:1/slack/events")
    async with scene(words("Over HTTP."), emulator=emulator, listens=False, app_token=None) as play:
        listening = await over_http(play)
        slack = play.slack
        assert "Over HTTP." in (await ask(play, "how?"))[0]
        await slack.slash(slack.ada, slack.general, "/seed", "settings")
        await play.until(lambda: slack.open_view(slack.ada))
        await slack.submit_view(slack.ada, {"max_tokens": "0"})
        view = slack.open_view(slack.ada)
        assert view is not None
        assert view.errors
        assert slack.deliveries.lost == []
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_only_what_slack_signed_is_looked_at() -> None:
    emulator = Options(limits=False, request_url="http://127.0.0.1:1/slack/events")
    async with scene(emulator=emulator, listens=False, app_token=None) as play:
        listening = await over_http(play)
        url = play.slack.webhooks._url
        body = json.dumps({"type": "url_verification", "challenge": "x"})
        async with aiohttp.ClientSession() as session:
            for headers in ({}, {"X-Slack-Request-Timestamp": "soon"}, {"X-Slack-Request-Timestamp": "1700000000"}):
                signed = {**headers, "X-Slack-Signature": "v0=0", "Content-Type": "application/json"}
                async with session.post(url, data=body, headers=signed) as response:
                    assert response.status == 401
            async with session.post(url, data="ssl_check=1&token=x") as response:
                assert response.status == 401
            async with session.post(url, data=b"x" * (REQUEST_BYTES + 1)) as response:
                assert response.status == 413
        for text in ("null", "[]", "{", '"x"', "7", '{"type": 7}'):
            answer = await play.slack.webhooks.post(text, "application/json", {})
            assert not answer.failed, text
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_no_way_to_hear_is_an_error_that_names_the_settings() -> None:
    async with scene(listens=False, app_token=None, signing_secret=None) as play:
        with pytest.raises(ConfigError, match="SLACK_SIGNING_SECRET"):
            await play.platform.run(play.inbox)


def test_options_show_no_secret() -> None:
    options = SlackOptions(bot_token="xoxb-secret", app_token="xapp-secret", secret_key="key-secret")
    assert "secret" not in repr(options).replace("signing_secret", "")


async def test_the_address_of_events_takes_signed_posts_and_nothing_else() -> None:
    emulator = Options(limits=False, request_url="http://127.0.0.1:1/slack/events")
    async with (
        scene(emulator=emulator, listens=False, app_token=None) as play,
        aiohttp.ClientSession() as session,
    ):
        listening = await over_http(play)
        port = await asyncio.wait_for(play.platform.port(), PATIENCE_S)
        for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "POST"):
            for path in ("/slack/events", "/slack/events/", "/slack/install", "/"):
                url = f"http://127.0.0.1:{port}{path}"
                async with session.request(method, url, allow_redirects=False) as response:
                    there = path == "/slack/events"
                    assert response.status == (401 if there and method == "POST" else 405 if there else 404)
                    assert response.headers.get("Allow") == ("POST" if response.status == 405 else None)
        assert not await play.store.list_state("slack", prefix="state/")
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_another_bot_token_takes_the_place_of_the_one_before_at_the_next_start() -> None:
    async with running_slack(Options(limits=False)) as slack:
        for token in (slack.team.token, "xoxb-another"):
            slack.team.token = token
            async with scene(words("Hi."), slack=slack, bot_token=token) as play:
                assert "Hi." in (await ask(play, "how?"))[0]


@pytest.mark.parametrize("secret", [SIGNING_SECRET, "the secret before"])
async def test_after_another_signing_secret_what_is_signed_with_the_one_before_is_refused(secret: str) -> None:
    emulator = Options(limits=False, request_url="http://127.0.0.1:1/slack/events")
    async with scene(emulator=emulator, listens=False, app_token=None, signing_secret=secret) as play:
        listening = asyncio.create_task(play.platform.run(play.inbox))
        port = await asyncio.wait_for(play.platform.port(), PATIENCE_S)
        play.slack.webhooks._url = f"http://127.0.0.1:{port}/slack/events"
        assert await play.slack.webhooks.verify("a challenge") == (secret == SIGNING_SECRET)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
